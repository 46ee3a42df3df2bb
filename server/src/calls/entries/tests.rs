//! How often an entry is changed and reacted to, through the calls themselves.

use serde_json::{Value, json};
use warproom_proto::EntryId;

use super::*;
use crate::calls::Session;
use crate::context::alone::{Alone, nothing};
use crate::domain::Summary;
use crate::domain::tests::{ROOM, person, with_room};
use crate::store::Draft;
use warproom_proto::Label;

/// A room with officer 10 in it, which has come to its third record.
fn room() -> Alone {
    Alone::with(with_room(Label::Red), &[(LogId::room(ROOM), 3)])
}

/// A call on the room, made of what else it says.
fn call<T: serde::de::DeserializeOwned>(more: &Value) -> T {
    let mut call = json!({"room": ROOM, "id": EntryId::random()});
    call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(call).unwrap()
}

async fn relabel_to(session: &Session, of: Seq, to: &str) -> Result<Posted, Error> {
    relabel(session, call(&json!({"of": of, "to": to}))).await
}

/// Relabels in turns, to the stricter label and back, so many times.
async fn relabel_often(session: &Session, of: Seq, times: usize) {
    for to in ["TLP:AMBER", "TLP:GREEN"].into_iter().cycle().take(times) {
        relabel_to(session, of, to).await.unwrap();
    }
}

/// What is possible with an entry of one's own under TLP:GREEN that was changed as often as one may be.
async fn only_tightening_and_taking_back_is_left(session: &Session, of: Seq) {
    let refused = relabel_to(session, of, "TLP:CLEAR").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.message.contains("1,000 times"), "{}", refused.message);
    relabel_to(session, of, "TLP:AMBER").await.unwrap();
    let refused = relabel_to(session, of, "TLP:GREEN").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    retract(session, call(&json!({"of": of}))).await.unwrap();
}

#[tokio::test]
async fn a_post_takes_a_thousand_edits_and_relabellings_and_then_only_its_label_is_tightened() {
    let alone = room();
    let session = alone.session(person(10));
    let of = post(&session, call(&json!({"label": "TLP:GREEN", "text": "x"}))).await.unwrap().seq;
    let edit_again = || edit(&session, call(&json!({"of": of, "text": "y"})));
    for _ in 0..CHANGES / 2 {
        edit_again().await.unwrap();
    }
    relabel_often(&session, of, CHANGES / 2).await;
    let refused = edit_again().await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.message.contains("1,000 times"), "{}", refused.message);
    only_tightening_and_taking_back_is_left(&session, of).await;
}

#[tokio::test]
async fn a_thousand_alerts_and_relabellings_change_an_alert_and_then_only_its_label_is_tightened() {
    let alone = room();
    let session = alone.session(person(10));
    let send = |supersedes: Option<Seq>| {
        let message = if supersedes.is_some() { "update" } else { "alert" };
        let alert = json!({
            "severity": "severe", "urgency": "unknown", "certainty": "unknown",
            "message": message, "supersedes": supersedes,
        });
        alert_of(&session, alert)
    };
    let of = send(None).await.unwrap().seq;
    for _ in 0..CHANGES / 2 {
        send(Some(of)).await.unwrap();
    }
    relabel_often(&session, of, CHANGES / 2).await;
    let refused = send(Some(of)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.message.contains("1,000 times"), "{}", refused.message);
    only_tightening_and_taking_back_is_left(&session, of).await;
}

async fn alert_of(session: &Session, mut says: Value) -> Result<Posted, Error> {
    says.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let all = json!({"label": "TLP:GREEN", "alert": says, "headline": "x"});
    alert(session, call(&all)).await
}

/// A room in which a post, the fourth record, has reactions by these. Each is as long as one with the longest
/// reaction there is, 32 quotation marks.
fn reacted(by: impl Iterator<Item = u8>) -> Alone {
    let log = LogId::room(ROOM);
    let entry = |kind, author, refers_to: Option<(Seq, u8)>, bytes| {
        let carries = refers_to.map(|(of, _)| of).into_iter().collect();
        let (label, author) = (Label::Green, person(author));
        let summary = Summary { label, kind, exercise: false, author, carries }.to_bytes();
        Draft { summary, item: vec![b'x'; bytes], refers_to, ..nothing(log) }
    };
    let mut drafts: Vec<_> = std::iter::repeat_with(|| nothing(log)).take(3).collect();
    drafts.push(entry(KindTag::Post, 10, None, 10));
    let reaction = |by| entry(KindTag::React, by, Some((4, KindTag::React as u8)), 245);
    drafts.extend(by.map(reaction));
    Alone::holding(with_room(Label::Red), drafts)
}

async fn react_to_it(alone: &Alone) -> Result<Posted, Error> {
    let session = alone.session(person(10));
    react(&session, call(&json!({"of": 4, "reaction": "\"".repeat(32)}))).await
}

#[tokio::test]
async fn long_reactions_count_as_short_ones_do() {
    let alone = reacted(std::iter::repeat_n(20, REACTIONS_BY_ALL - 1));
    let given = react_to_it(&alone).await.unwrap().seq;
    let stored = alone.context.store.read(LogId::room(ROOM), given).unwrap().unwrap();
    assert!(stored.item.len() >= 245, "{}", stored.item.len());
    let refused = react_to_it(&alone).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.message.contains("512 reactions"), "{}", refused.message);
}

#[tokio::test]
async fn ones_own_reactions_count_behind_those_of_many_others() {
    let alone = reacted(std::iter::repeat_n(20, 450).chain(std::iter::repeat_n(10, 15)));
    react_to_it(&alone).await.unwrap();
    let refused = react_to_it(&alone).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.message.contains("16 times"), "{}", refused.message);
}
