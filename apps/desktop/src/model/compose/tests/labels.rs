//! The label of what is written.

use super::*;
use crate::fixture::{NOW_MS, delivered, post, room};
use crate::model::desk;
use crate::model::milder::Meant;
use warproom_client::proto::Kind;

#[test]
fn a_draft_has_the_rooms_default_until_another_is_chosen() {
    let mut model = incident();
    assert_eq!(label(&model), Label::AmberStrict);
    act(&mut model, Action::Label(Label::Red));
    assert_eq!(label(&model), Label::Red);
    assert_eq!(sent(&mut model, "for this room").label, Label::Red);
    assert_eq!(label(&model), Label::AmberStrict, "the next one begins anew");
}

#[test]
fn nothing_stricter_than_the_ceiling_can_be_chosen() {
    let mut model = general(Vec::new());
    act(&mut model, Action::Label(Label::Red));
    assert_eq!(label(&model), Label::Green);
    assert!(model.compose.trouble.as_ref().unwrap().contains("nothing stricter than TLP:AMBER"));
}

#[test]
fn a_label_above_a_ceiling_that_was_lowered_is_not_softened_and_not_sent() {
    let mut model = general(Vec::new());
    act(&mut model, Action::Write("for our organisations".to_owned(), 21));
    act(&mut model, Action::Label(Label::Amber));
    model.rooms.open_mut().unwrap().settings.ceiling = Label::Green;
    assert_eq!(label(&model), Label::Amber);
    act(&mut model, Action::Send);
    assert!(model.compose.outbox.is_empty());
    let trouble = model.compose.trouble.clone().unwrap();
    assert!(trouble.contains("nothing stricter than TLP:GREEN"), "{trouble}");
}

#[test]
fn an_answer_is_never_milder_than_what_it_answers() {
    let mut model = incident();
    act(&mut model, Action::Reply(Some(7)));
    assert_eq!(label(&model), Label::Red, "above the room's default");
    act(&mut model, Action::Label(Label::AmberStrict));
    assert_eq!(label(&model), Label::Red);
    assert!(model.compose.trouble.as_ref().unwrap().contains("TLP:RED or stricter"));
    let sent = sent(&mut model, "ours too");
    assert_eq!((sent.label, sent.reply_to), (Label::Red, Some(7)));
}

#[test]
fn an_answer_is_never_milder_than_the_beginning_of_its_thread() {
    let mut model = general(vec![post(1, Label::Amber, "first")]);
    let mut reply = post(2, Label::Amber, "second");
    reply.handling.kind = Kind::Post { reply_to: Some(1) };
    reply.handling.label = Label::Green;
    let _ = model.hear(&News::Entry(delivered(room(2), 2, NOW_MS, reply)));
    act(&mut model, Action::Reply(Some(2)));
    assert_eq!(label(&model), Label::Amber);
}

#[test]
fn an_answer_follows_what_it_answers_when_that_becomes_stricter() {
    let mut model = incident();
    act(&mut model, Action::Reply(Some(2)));
    assert_eq!(label(&model), Label::AmberStrict);
    let mut relabel = post(2, Label::Clear, "unused");
    relabel.handling.kind = Kind::Relabel { of: 2, to: Label::Red };
    let _ = model.hear(&News::Entry(delivered(room(1), 9, NOW_MS, relabel)));
    assert_eq!(label(&model), Label::Red);
}

#[test]
fn what_an_answer_answers_is_remembered_where_it_is_not_held() {
    let mut model = incident();
    act(&mut model, Action::Reply(Some(7)));
    model.rooms.open_mut().unwrap().log = crate::model::log::Log::default();
    assert_eq!(label(&model), Label::Red);
}

#[test]
fn an_edit_keeps_the_label_of_its_entry() {
    let mut model = general(vec![post(5, Label::Amber, "mine")]);
    act(&mut model, Action::EditLatest);
    assert_eq!(label(&model), Label::Amber);
    act(&mut model, Action::Label(Label::Clear));
    assert_eq!(label(&model), Label::Amber);
    assert!(model.compose.trouble.is_some());
    write(&mut model, "mine, mended");
    let out = act(&mut model, Action::Send);
    assert!(
        matches!(&out[..], [Effect::Send(Outgoing::Edit(edit)), ..] if edit.text.as_str() == "mine, mended")
    );
    assert!(model.desk.confirm.is_none(), "its audience stays what it was");
}

#[test]
fn something_milder_than_the_default_is_asked_about_once() {
    let mut model = incident();
    act(&mut model, Action::Label(Label::Green));
    write(&mut model, "The portal is down.");
    assert!(posts(&act(&mut model, Action::Send)).is_empty());
    let confirm = model.desk.confirm.clone().unwrap();
    assert!(confirm.title.contains("TLP:GREEN") && confirm.is_dangerous);
    assert!(confirm.what_it_does.contains("TLP:AMBER+STRICT unless somebody says otherwise"));
    assert!(confirm.what_it_does.contains("not on public channels"), "what the label allows");
    assert!(confirm.what_it_does.contains("everyone who comes later"), "who could read it");
    let out = model.act(crate::Action::Desk(desk::Action::Confirm));
    let [post] = posts(&out)[..] else { panic!("it is not sent") };
    assert_eq!(post.label, Label::Green);
    assert!(draft(&model).text.is_empty());
}

#[test]
fn the_answer_counts_for_the_label_that_was_asked_about() {
    let mut model = incident();
    act(&mut model, Action::Label(Label::Green));
    write(&mut model, "The portal is down.");
    act(&mut model, Action::Send);
    act(&mut model, Action::Label(Label::Clear));
    let meant = Meant { room: model.rooms.open.unwrap(), label: Label::Green };
    assert!(posts(&act(&mut model, Action::SendMilder(meant))).is_empty());
    assert!(model.desk.confirm.as_ref().unwrap().title.contains("TLP:CLEAR"), "asked again");
    act(&mut model, Action::Label(Label::Red));
    assert_eq!(posts(&act(&mut model, Action::Send)).len(), 1, "stricter is never asked about");
}

#[test]
fn what_was_meant_is_not_asked_again_while_it_stays_so() {
    let mut model = incident();
    act(&mut model, Action::Label(Label::Green));
    write(&mut model, "a\u{7}b");
    let room = model.rooms.open.unwrap();
    model.compose.drafts.get_mut(&room).unwrap().meant_milder = Some(Label::Green);
    act(&mut model, Action::Send);
    assert!(model.compose.trouble.as_ref().unwrap().contains("control character"));
    assert_eq!(
        posts(&{
            write(&mut model, "a b");
            act(&mut model, Action::Send)
        })
        .len(),
        1
    );
    assert!(model.desk.confirm.is_none());
    act(&mut model, Action::Label(Label::Green));
    write(&mut model, "another");
    assert!(posts(&act(&mut model, Action::Send)).is_empty(), "the next draft is asked about");
}

#[test]
fn a_quote_brings_its_label_along() {
    let mut model = incident();
    write(&mut model, "About this:");
    act(&mut model, Action::Quote(7));
    assert_eq!(label(&model), Label::Red);
    assert!(draft(&model).text.starts_with("About this:\n\n> For this room only:"));
    assert!(draft(&model).text.ends_with("\n\n"));
    act(&mut model, Action::Quote(2));
    assert_eq!(label(&model), Label::Red, "a milder quote does not lower it");
}

#[test]
fn a_quote_under_a_milder_label_is_asked_about() {
    let mut model = incident();
    act(&mut model, Action::Quote(7));
    act(&mut model, Action::Label(Label::AmberStrict));
    assert!(posts(&act(&mut model, Action::Send)).is_empty());
    assert!(
        model
            .desk
            .confirm
            .as_ref()
            .unwrap()
            .what_it_does
            .contains("quotes something that is TLP:RED")
    );
    model.desk.confirm = None;
    write(&mut model, "the quote is gone");
    assert_eq!(posts(&act(&mut model, Action::Send)).len(), 1);
}

#[test]
fn what_answers_or_quotes_an_exercise_belongs_to_it() {
    let mut drill = post(1, Label::Green, "Sandgate inject 1");
    drill.handling.exercise = true;
    let mut model = general(vec![drill]);
    act(&mut model, Action::Reply(Some(1)));
    act(&mut model, Action::Exercise(false));
    assert!(model.compose.trouble.is_some());
    assert!(sent(&mut model, "understood").exercise);
    act(&mut model, Action::Quote(1));
    assert!(draft(&model).exercise);
    act(&mut model, Action::Clear);
    act(&mut model, Action::Exercise(true));
    assert!(sent(&mut model, "inject 2").exercise);
    assert!(!sent(&mut model, "for real").exercise);
}

/// The open room's default becomes this.
fn default_becomes(model: &mut Model, label: Label) {
    let open = model.rooms.open().unwrap();
    let (id, seq) = (open.id, open.log.latest + 1);
    let mut settings = open.settings.clone();
    settings.default_label = label;
    let changed = fixture::kind(post(1, label, "-"), Kind::Changed { settings });
    let _ = model.hear(&News::Entry(delivered(id, seq, NOW_MS, changed)));
    assert_eq!(model.rooms.open().unwrap().settings.default_label, label);
}

#[test]
fn a_draft_does_not_become_more_relaxed_when_the_rooms_default_does() {
    let mut model = incident();
    write(&mut model, "The portal is down.");
    default_becomes(&mut model, Label::Green);
    let room = model.rooms.open.unwrap();
    assert_eq!(label(&model), Label::AmberStrict);
    assert_eq!(model.draft_keeps(room), Some(Label::AmberStrict), "and that is said");
    let kept = serde_json::to_string(&draft(&model)).unwrap();
    assert_eq!(serde_json::from_str::<Draft>(&kept).unwrap(), draft(&model), "also on disk");
    act(&mut model, Action::Label(Label::Green));
    assert_eq!((label(&model), model.draft_keeps(room)), (Label::Green, None));
    assert_eq!(sent(&mut model, "The portal is back.").label, Label::Green);
    assert_eq!(label(&model), Label::Green, "the next one begins with the room's default");
}

#[test]
fn a_draft_becomes_stricter_with_the_rooms_default() {
    let mut model = incident();
    default_becomes(&mut model, Label::Green);
    write(&mut model, "The portal is down.");
    default_becomes(&mut model, Label::Amber);
    assert_eq!(label(&model), Label::Amber);
}

#[test]
fn what_was_wrong_with_a_draft_is_not_said_in_another_room() {
    let mut model = incident();
    act(&mut model, Action::Reply(Some(99)));
    assert!(model.compose.trouble.is_some());
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(2))));
    assert_eq!(model.compose.trouble, None);
}
