//! What waits and what was refused: nothing is lost.

use super::*;
use crate::fixture::{NOW_MS, delivered, member, post, room};
use crate::model::desk;
use crate::news::{Connection, Opened};
use warproom_client::proto::calls::Posted;
use warproom_client::proto::{Head, Kind, Principal};

fn no() -> Refusal {
    Refusal::new("the disk is full", "make room")
}

fn posted() -> Posted {
    Posted { seq: 9, at_ms: NOW_MS, head: Head([0; 32]) }
}

fn states(model: &Model) -> Vec<&Sending> {
    model.compose.outbox.iter().map(|one| &one.state).collect()
}

#[test]
fn an_entry_goes_from_keeping_to_waiting_to_the_server() {
    let mut model = incident();
    let id = sent(&mut model, "We are affected").id;
    assert_eq!(states(&model), [&Sending::Keeping]);
    let _ = model.hear(&News::Kept(id, Ok(())));
    assert_eq!(states(&model), [&Sending::Waiting]);
    let _ = model.hear(&News::Sent(id, Ok(posted())));
    assert!(states(&model).is_empty());
}

#[test]
fn what_the_room_tells_of_it_counts_as_stored() {
    let mut model = incident();
    let id = sent(&mut model, "We are affected").id;
    let _ = model.hear(&News::Kept(id, Ok(())));
    let mut entry = post(1, Label::AmberStrict, "somebody else's");
    entry.handling.id = id;
    let _ = model.hear(&News::Entry(delivered(room(1), 9, NOW_MS, entry.clone())));
    assert_eq!(states(&model).len(), 1, "an id is its author's");
    entry.handling.author = Principal::Member(member(5));
    let _ = model.hear(&News::Entry(delivered(room(1), 10, NOW_MS, entry)));
    assert!(states(&model).is_empty());
}

#[test]
fn what_could_not_be_kept_goes_back_into_the_draft() {
    let mut model = incident();
    act(&mut model, Action::Reply(Some(2)));
    act(&mut model, Action::Label(Label::Red));
    let id = sent(&mut model, "ours too").id;
    let _ = model.hear(&News::Kept(id, Err(no())));
    assert_eq!(states(&model), [&Sending::Refused(no())]);
    let back = draft(&model);
    assert_eq!((back.text.as_str(), back.reply_to), ("ours too", Some(2)));
    assert_eq!(label(&model), Label::Red);

    let out = act(&mut model, Action::Send);
    assert!(matches!(&out[1], Effect::Send(Outgoing::Post(post)) if post.id != id));
    assert!(matches!(&out[0], Effect::Discard(one) if *one == id));
    assert_eq!(states(&model), [&Sending::Keeping], "it is there once");
}

#[test]
fn what_could_not_be_kept_does_not_overwrite_what_is_being_written() {
    let mut model = incident();
    let id = sent(&mut model, "first").id;
    write(&mut model, "second");
    let _ = model.hear(&News::Kept(id, Err(no())));
    assert_eq!(draft(&model).text, "second");
    assert!(
        matches!(&model.compose.outbox[0].outgoing, Outgoing::Post(post) if post.text.as_str() == "first")
    );
}

#[test]
fn sending_again_sends_the_same_once() {
    let mut model = incident();
    let id = sent(&mut model, "first").id;
    let _ = model.hear(&News::Kept(id, Err(no())));
    let out = act(&mut model, Action::SendAgain(id));
    let [again] = posts(&out)[..] else { panic!("it is not sent") };
    assert_eq!((again.id, again.text.as_str()), (id, "first"));
    assert_eq!(draft(&model).text, "", "it is not in the draft as well");
    assert!(act(&mut model, Action::SendAgain(id)).is_empty(), "it is under way");
}

#[test]
fn what_the_server_refuses_stays_with_its_reason() {
    let mut model = incident();
    let id = sent(&mut model, "first").id;
    let _ = model.hear(&News::Kept(id, Ok(())));
    let _ = model.hear(&News::Sent(id, Err(no())));
    assert_eq!(states(&model), [&Sending::Refused(no())]);
    assert_eq!(draft(&model).text, "", "it waits in the outbox alone");
    assert!(model.desk.notices.is_empty(), "it is in sight");
    assert_eq!(posts(&act(&mut model, Action::SendAgain(id))).len(), 1);
}

#[test]
fn somebody_elsewhere_is_told_of_a_refusal() {
    let mut model = incident();
    let id = sent(&mut model, "first").id;
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(2))));
    let _ = model.hear(&News::Sent(id, Err(no())));
    let [notice] = &model.desk.notices[..] else { panic!("nothing was told") };
    assert!(notice.is_trouble && notice.text.contains("Incident: East Kent Services"));
}

#[test]
fn discarding_asks_first() {
    let mut model = incident();
    let id = sent(&mut model, "first").id;
    let _ = model.hear(&News::Sent(id, Err(no())));
    assert!(act(&mut model, Action::Discard(id)).is_empty());
    assert_eq!(states(&model).len(), 1);
    assert!(model.desk.confirm.as_ref().unwrap().is_dangerous);
    let out = model.act(crate::Action::Desk(desk::Action::Confirm));
    assert!(matches!(&out[..], [Effect::Discard(one)] if *one == id));
    assert!(states(&model).is_empty());
}

#[test]
fn the_outbox_and_the_drafts_come_back_with_the_profile() {
    let mut before = incident();
    let waiting = sent(&mut before, "waiting");
    let refused = sent(&mut before, "refused");
    let session = before.session.clone().unwrap();
    let mut model = Model::default();
    let half = Draft { text: "half a thought".to_owned(), ..Draft::default() };
    let _ = model.hear(&News::Opened(Ok(Opened {
        profile: session.profile,
        warp: session.warp,
        me: session.me,
        device: session.device,
        address: session.address,
        settings: before.settings.clone(),
        drafts: vec![(room(1), half.clone())],
        outbox: vec![(Outgoing::Post(waiting), None), (Outgoing::Post(refused), Some(no()))],
    })));
    assert_eq!(states(&model), [&Sending::Waiting, &Sending::Refused(no())]);
    assert!(model.compose.outbox[0].at_ms > NOW_MS, "its id says when it was written");
    assert_eq!(model.compose.drafts[&room(1)], half);
    assert_eq!(model.connection, Connection::None);
}

#[test]
fn what_waits_has_the_label_of_what_it_is_about() {
    let mut model = general(vec![post(5, Label::Amber, "mine")]);
    act(&mut model, Action::Edit(1));
    write(&mut model, "mine, mended");
    act(&mut model, Action::Send);
    let gist = gist(&model, &model.compose.outbox[0].outgoing);
    assert_eq!((gist.label, gist.what), (Some(Label::Amber), Some("Edit")));
}

#[test]
fn news_of_keeping_that_comes_late_does_not_hide_a_refusal() {
    let mut model = incident();
    let id = sent(&mut model, "first").id;
    let _ = model.hear(&News::Sent(id, Err(no())));
    let _ = model.hear(&News::Kept(id, Ok(())));
    assert_eq!(states(&model), [&Sending::Refused(no())]);
}

#[test]
fn an_edit_that_could_not_be_kept_is_an_edit_again() {
    let mut model = general(vec![post(5, Label::Green, "mine")]);
    act(&mut model, Action::Edit(1));
    write(&mut model, "mine, mended");
    act(&mut model, Action::Send);
    let id = model.compose.outbox[0].outgoing.id();
    let _ = model.hear(&News::Kept(id, Err(no())));
    assert_eq!((draft(&model).edit_of, draft(&model).text.as_str()), (Some(1), "mine, mended"));
    let shown = model.rooms.open().unwrap().log.shown(1).unwrap();
    assert!(matches!(shown.entry.handling.kind, Kind::Post { .. }));
}

#[test]
fn what_was_on_disk_once_is_told_from_what_never_was() {
    let mut model = incident();
    let id = sent(&mut model, "ours too").id;
    let _ = model.hear(&News::Kept(id, Err(no())));
    assert!(!model.compose.outbox[0].is_kept);
    act(&mut model, Action::SendAgain(id));
    let _ = model.hear(&News::Kept(id, Ok(())));
    let _ = model.hear(&News::Sent(id, Err(no())));
    assert!(model.compose.outbox[0].is_kept, "the server refused it, and it is on disk");
}
