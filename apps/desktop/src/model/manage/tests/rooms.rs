//! Rooms: opening, changing, bringing in, taking out.

use serde_json::json;
use warproom_client::proto::calls::{Posted, RoomOpened};
use warproom_client::proto::{EntryId, Label, Principal, RoomRole};

use super::super::{Action, Asked, Bringing, Deed, ManagePage, RoomForm, Shown};
use super::{answer, calls, does, managing, no, said};
use crate::fixture::{self, member, room};
use crate::model::desk;
use crate::model::manage;
use crate::news::Refusal;
use crate::request::Reply;
use crate::{Model, News};

/// The id of what was appended last.
fn appended(model: &Model) -> EntryId {
    model.compose.outbox.last().unwrap().outgoing.id()
}

fn sent(model: &mut Model, result: Result<(), Refusal>) -> Vec<serde_json::Value> {
    let id = appended(model);
    let posted: Result<Posted, Refusal> = result.map(|()| {
        let posted = json!({"seq": 9, "at_ms": fixture::NOW_MS, "head": "01".repeat(32)});
        serde_json::from_value(posted).unwrap()
    });
    super::asked(&model.hear(&News::Sent(id, posted)))
}

#[test]
fn a_room_is_opened_with_the_settings_of_the_form_and_its_page_follows() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::New));
    let form = RoomForm {
        name: " Incident: Housing ".into(),
        ceiling: Label::Red,
        default_label: Label::AmberStrict,
        presence: false,
        ..model.manage.room.clone()
    };
    does(&mut model, Action::FillRoom(form));
    let asked = does(&mut model, Action::SubmitRoom);
    let expected = json!({"OpenRoom": {"settings": {
        "name": "Incident: Housing", "ceiling": "TLP:RED", "default_label": "TLP:AMBER+STRICT",
        "typing": true, "presence": false,
    }}});
    assert_eq!(asked, [expected]);
    let opened = RoomOpened { room: room(50) };
    let asked = answer(&mut model, &asked[0], Ok(Reply::OpenRoom(opened)));
    assert_eq!(model.manage.shown, Shown::Room(room(50)));
    assert!(calls(&asked).contains(&"ListRooms"));
    assert_eq!(said(&model), "Incident: Housing is open, and you lead it.");
}

#[test]
fn a_room_that_is_refused_keeps_its_form() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::New));
    does(&mut model, Action::SubmitRoom);
    assert!(
        matches!(&model.manage.room.asked, Asked::Refused(why) if why.contains("what the room is called"))
    );
    let form = RoomForm { name: "General".into(), ..RoomForm::default() };
    does(&mut model, Action::FillRoom(form));
    let asked = does(&mut model, Action::SubmitRoom);
    answer(&mut model, &asked[0], Err(no()));
    assert_eq!(model.manage.room.asked, Asked::Refused("this does not fit".into()));
    assert_eq!(model.manage.room.name, "General");
}

#[test]
fn settings_are_changed_whole_and_only_if_something_changes() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::Room(room(2))));
    assert!(does(&mut model, Action::SubmitRoom).is_empty());
    assert_eq!(model.manage.room.asked, Asked::Refused("Nothing would change.".into()));
    let form = RoomForm { ceiling: Label::Green, ..model.manage.room.clone() };
    does(&mut model, Action::FillRoom(form));
    let asked = does(&mut model, Action::SubmitRoom);
    let expected = json!({"ChangeRoom": {"room": room(2), "id": appended(&model), "settings": {
        "name": "General", "ceiling": "TLP:GREEN", "default_label": "TLP:GREEN",
        "typing": true, "presence": true,
    }}});
    assert_eq!(asked, [expected]);
    sent(&mut model, Ok(()));
    assert_eq!(model.manage.room.asked, Asked::NotYet);
    assert_eq!(said(&model), "The settings of General are changed.");
}

#[test]
fn settings_that_somebody_else_changed_meanwhile_are_not_overwritten_unseen() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::Room(room(2))));
    let summary = fixture::summary(2, "General talk", Label::Amber, Label::Green);
    let _ = model.hear(&News::RoomJoined(summary));
    let form = RoomForm { typing: false, ..model.manage.room.clone() };
    does(&mut model, Action::FillRoom(form));
    assert!(does(&mut model, Action::SubmitRoom).is_empty());
    assert!(
        matches!(&model.manage.room.asked, Asked::Refused(why) if why.starts_with("Somebody else"))
    );
    assert_eq!(calls(&does(&mut model, Action::SubmitRoom)), ["ChangeRoom"]);
}

#[test]
fn settings_of_a_room_that_is_not_known_open_no_room() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::Room(room(77))));
    let form = RoomForm { name: "General".into(), ..model.manage.room.clone() };
    does(&mut model, Action::FillRoom(form));
    assert!(does(&mut model, Action::SubmitRoom).is_empty());
}

#[test]
fn refused_settings_keep_the_form_and_say_why_beside_it() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::Room(room(2))));
    let form = RoomForm { name: "Managers".into(), ..model.manage.room.clone() };
    does(&mut model, Action::FillRoom(form));
    does(&mut model, Action::SubmitRoom);
    sent(&mut model, Err(no()));
    assert_eq!(model.manage.room.asked, Asked::Refused("this does not fit".into()));
    assert_eq!(model.manage.room.name, "Managers");
}

#[test]
fn somebody_is_brought_in_as_what_was_chosen() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::Room(room(2))));
    assert!(does(&mut model, Action::Bring).is_empty());
    assert!(
        matches!(&model.manage.bringing.asked, Asked::Refused(why) if why.contains("Choose whom"))
    );
    let bringing =
        Bringing { member: Some(member(4)), role: RoomRole::Lead, ..Bringing::default() };
    does(&mut model, Action::FillBringing(bringing));
    let asked = does(&mut model, Action::Bring);
    let id = appended(&model);
    let expected =
        json!({"AddToRoom": {"room": room(2), "id": id, "member": member(4), "role": "lead"}});
    assert_eq!(asked, [expected]);
    sent(&mut model, Err(no()));
    assert_eq!(model.manage.bringing.member, Some(member(4)));
    does(&mut model, Action::Bring);
    let asked = sent(&mut model, Ok(()));
    assert!(calls(&asked).contains(&"RoomMembers"));
    assert_eq!(model.manage.bringing.member, None);
    assert_eq!(said(&model), "Tom Ashdown is in General.");
}

#[test]
fn taking_out_is_asked_about_in_words_and_then_done() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Open(Shown::Room(room(2))));
    let who = Principal::Member(member(4));
    assert!(does(&mut model, Action::Ask(Deed::TakeOut { room: room(2), who })).is_empty());
    let confirm = model.desk.confirm.as_ref().unwrap();
    assert_eq!(confirm.title, "Take Tom Ashdown out of General?");
    assert!(confirm.what_it_does.contains("at once, on every device"));
    assert!(confirm.is_dangerous);
    let asked = super::asked(&model.act(crate::Action::Desk(desk::Action::Confirm)));
    let id = appended(&model);
    assert_eq!(asked, [json!({"RemoveFromRoom": {"room": room(2), "id": id, "who": who}})]);
    sent(&mut model, Ok(()));
    assert_eq!(said(&model), "Tom Ashdown is out of General.");
}

#[test]
fn a_part_is_given_and_a_room_is_left() {
    let mut model = managing(ManagePage::Rooms);
    let deed = Deed::GivePart { room: room(2), member: member(4), role: RoomRole::Participant };
    let asked = does(&mut model, Action::Do(deed));
    assert_eq!(asked[0]["AddToRoom"]["role"], "participant");
    let asked = does(&mut model, Action::Do(Deed::Leave(room(3))));
    assert_eq!(asked[0]["RemoveFromRoom"]["who"], json!(Principal::Member(member(5))));
    sent(&mut model, Ok(()));
    assert_eq!(said(&model), "You have left Warnings.");
}

#[test]
fn a_refused_deed_says_why_on_its_page() {
    let mut model = managing(ManagePage::Rooms);
    does(&mut model, Action::Do(Deed::Leave(room(3))));
    sent(&mut model, Err(no()));
    assert_eq!(model.manage.trouble.as_deref(), Some("this does not fit"));
}

#[test]
fn a_ceiling_says_what_it_does_and_what_lowering_it_does_to_what_is_there() {
    assert!(
        manage::ceiling(Label::Amber).contains("Nothing stricter than TLP:AMBER can be posted")
    );
    let lowered = manage::changed_ceiling(Label::Red, Label::Amber).unwrap();
    assert!(lowered.contains("neither edited nor answered"));
    assert!(manage::changed_ceiling(Label::Amber, Label::Red).unwrap().contains("up to TLP:RED"));
    assert_eq!(manage::changed_ceiling(Label::Red, Label::Red), None);
}
