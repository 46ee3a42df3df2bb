//! Drafts: kept for each room, given back.

use super::*;
use crate::effect::Effect;
use crate::fixture::{NOW_MS, post, room, withheld};
use crate::model::settings::SendWith;
use crate::request::Request;
use warproom_client::proto::limits;

/// The texts that were put on disk.
fn kept(out: &[Effect]) -> Vec<&str> {
    let mut texts = Vec::new();
    for effect in out {
        if let Effect::KeepDraft { draft, .. } = effect {
            texts.push(draft.text.as_str());
        }
    }
    texts
}

fn told_typing(out: &[Effect]) -> usize {
    let is_typing = |effect: &&Effect| matches!(effect, Effect::Call(Request::TypeInRoom(_)));
    out.iter().filter(is_typing).count()
}

#[test]
fn drafts_are_kept_at_most_once_a_second() {
    let mut model = incident();
    assert_eq!(kept(&write(&mut model, "W")), ["W"]);
    assert!(kept(&write(&mut model, "We")).is_empty());
    assert!(kept(&model.hear(&News::Clock(NOW_MS + 999))).is_empty());
    assert!(model.compose.has_unkept());
    assert_eq!(kept(&model.hear(&News::Clock(NOW_MS + 1_000))), ["We"]);
    assert!(!model.compose.has_unkept());
    assert!(kept(&model.hear(&News::Clock(NOW_MS + 5_000))).is_empty(), "nothing has changed");
}

#[test]
fn each_room_has_its_own_draft() {
    let mut model = incident();
    write(&mut model, "for");
    write(&mut model, "for the incident");
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(2))));
    assert_eq!(draft(&model).text, "");
    assert!(model.compose.has_unkept_elsewhere(room(2)));
    assert_eq!(kept(&act(&mut model, Action::Keep)), ["for the incident"]);
    write(&mut model, "for all");
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(1))));
    assert_eq!(draft(&model).text, "for the incident");
}

#[test]
fn what_is_sent_goes_out_of_the_draft_after_it_is_in_the_outbox() {
    let mut model = incident();
    write(&mut model, "Anyone else?\n");
    let out = act(&mut model, Action::Send);
    let [Effect::Send(Outgoing::Post(post)), Effect::KeepDraft { draft: kept, .. }] = &out[..]
    else {
        panic!("not in this order");
    };
    assert_eq!(post.text.as_str(), "Anyone else?");
    assert_eq!(*kept, Draft::default());
    assert_eq!(draft(&model), Draft::default());
    assert_eq!(model.compose.outbox[0].state, Sending::Keeping);
}

#[test]
fn nothing_is_sent_of_nothing() {
    let mut model = incident();
    assert!(act(&mut model, Action::Send).is_empty());
    write(&mut model, "  \n ");
    assert!(posts(&act(&mut model, Action::Send)).is_empty());
}

#[test]
fn what_is_too_long_is_said_and_stays() {
    let mut model = incident();
    let long = "x".repeat(limits::TEXT_BYTES + 1);
    write(&mut model, &long);
    assert!(posts(&act(&mut model, Action::Send)).is_empty());
    assert!(model.compose.trouble.as_ref().unwrap().contains("65537 bytes"));
    assert_eq!(draft(&model).text, long);
}

#[test]
fn others_are_told_of_typing_every_three_seconds_at_most() {
    let mut model = incident();
    assert_eq!(told_typing(&write(&mut model, "W")), 1);
    assert_eq!(told_typing(&write(&mut model, "We")), 0);
    let _ = model.hear(&News::Clock(NOW_MS + 3_000));
    assert_eq!(told_typing(&write(&mut model, "We ")), 1);
    let _ = model.hear(&News::Clock(NOW_MS + 9_000));
    assert_eq!(told_typing(&write(&mut model, "")), 0, "who deletes does not type");
    model.rooms.open_mut().unwrap().settings.typing = false;
    assert_eq!(told_typing(&write(&mut model, "W")), 0, "the room does not tell");
    model.rooms.open_mut().unwrap().settings.typing = true;
    model.connection = crate::news::Connection::Connecting;
    assert_eq!(told_typing(&write(&mut model, "We")), 0, "nobody is there to be told");
}

#[test]
fn an_edit_puts_the_draft_aside_and_gives_it_back() {
    let mut model = general(vec![post(5, Label::Green, "mine"), post(1, Label::Green, "theirs")]);
    write(&mut model, "half a thought");
    act(&mut model, Action::EditLatest);
    assert_eq!((draft(&model).text.as_str(), draft(&model).edit_of), ("mine", Some(1)));
    assert_eq!(model.compose.cursor_in(room(2)), 4, "at the end");
    act(&mut model, Action::Clear);
    assert_eq!((draft(&model).text.as_str(), draft(&model).edit_of), ("half a thought", None));
    act(&mut model, Action::Edit(1));
    write(&mut model, "mine, mended");
    act(&mut model, Action::Send);
    assert_eq!(draft(&model).text, "half a thought");
}

#[test]
fn only_ones_own_post_can_be_edited() {
    let mut model = general(vec![post(1, Label::Green, "theirs")]);
    act(&mut model, Action::Edit(1));
    assert_eq!(draft(&model).edit_of, None);
    assert!(model.compose.trouble.is_some());
    act(&mut model, Action::EditLatest);
    assert!(model.compose.trouble.as_ref().unwrap().contains("no post of yours"));
}

#[test]
fn an_edit_of_what_was_taken_back_is_not_sent() {
    let mut model = general(vec![post(5, Label::Green, "mine")]);
    act(&mut model, Action::Edit(1));
    write(&mut model, "mine, mended");
    let _ = model.hear(&News::Entry(withheld(room(2), 1)));
    let out = act(&mut model, Action::Send);
    assert!(!out.iter().any(|effect| matches!(effect, Effect::Send(_))));
    assert!(model.compose.trouble.as_ref().unwrap().contains("taken back"));
    assert_eq!(draft(&model).text, "mine, mended", "the text is kept");
}

#[test]
fn an_answer_can_be_called_off() {
    let mut model = incident();
    write(&mut model, "ours too");
    act(&mut model, Action::Reply(Some(2)));
    assert!(back(&mut model, &mut Vec::new()));
    assert_eq!((draft(&model).reply_to, draft(&model).text.as_str()), (None, "ours too"));
    assert!(!back(&mut model, &mut Vec::new()));
}

#[test]
fn what_cannot_be_read_cannot_be_answered() {
    let mut model = general(vec![post(1, Label::Green, "theirs")]);
    let _ = model.hear(&News::Entry(withheld(room(2), 2)));
    act(&mut model, Action::Reply(Some(2)));
    assert_eq!(draft(&model).reply_to, None);
    assert!(model.compose.trouble.is_some());
}

#[test]
fn something_is_put_in_at_the_cursor() {
    let mut model = incident();
    act(&mut model, Action::Write("Gwŷn here".to_owned(), 5));
    act(&mut model, Action::Insert("👍".to_owned()));
    assert_eq!(draft(&model).text, "Gwŷn👍 here");
    assert_eq!(model.compose.cursor_wish.0, "Gwŷn👍".len());
}

#[test]
fn a_room_that_is_not_yours_any_more_takes_nothing_and_keeps_the_draft() {
    let mut model = incident();
    write(&mut model, "half a thought");
    model.rooms.open_mut().unwrap().role = None;
    assert!(act(&mut model, Action::Send).is_empty());
    assert!(model.compose.trouble.as_ref().unwrap().contains("not in this room any more"));
    assert_eq!(draft(&model).text, "half a thought");
}

#[test]
fn a_draft_reads_back_from_disk_as_it_was() {
    let mut model = incident();
    model.settings.send_with = SendWith::CtrlEnter;
    act(&mut model, Action::Reply(Some(7)));
    write(&mut model, "ours too");
    let written = serde_json::to_string(&draft(&model)).unwrap();
    assert_eq!(serde_json::from_str::<Draft>(&written).unwrap(), draft(&model));
    assert_eq!(serde_json::from_str::<Draft>("{}").unwrap(), Draft::default(), "of an older one");
}
