//! Writing and the outbox.

mod drafts;
mod labels;
mod mentions;
mod outbox;

use warproom_client::proto::Entry;
use warproom_client::proto::calls::PostEntry;

use super::*;
use crate::fixture;
use crate::model::rooms;

/// Officer number 5, Priya, in the incident room (default AMBER+STRICT), which is open and has the
/// entries of the incident: 4 is an alert, 5 answers it, 7 is RED.
fn incident() -> Model {
    fixture::incident_model()
}

/// The same in the room General: default GREEN, ceiling AMBER.
fn general(entries: Vec<Entry>) -> Model {
    let mut model = fixture::model();
    fixture::fill(&mut model, fixture::room(2), entries);
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(fixture::room(2))));
    model
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(crate::Action::Compose(action))
}

fn write(model: &mut Model, text: &str) -> Vec<Effect> {
    act(model, Action::Write(text.to_owned(), text.len()))
}

fn draft(model: &Model) -> Draft {
    let room = model.rooms.open.unwrap();
    model.compose.drafts.get(&room).cloned().unwrap_or_default()
}

fn label(model: &Model) -> Label {
    model.draft_label(model.rooms.open.unwrap()).unwrap()
}

/// The posts among the effects.
fn posts(out: &[Effect]) -> Vec<&PostEntry> {
    let post = |effect| match effect {
        &Effect::Send(Outgoing::Post(ref post)) => Some(post),
        _ => None,
    };
    out.iter().filter_map(post).collect()
}

/// Writes and sends, and says what was sent.
fn sent(model: &mut Model, text: &str) -> PostEntry {
    write(model, text);
    let out = act(model, Action::Send);
    let [post] = posts(&out)[..] else { panic!("it is not sent: {:?}", model.compose.trouble) };
    post.clone()
}
