//! What waits to be sent and what was refused. Nothing leaves it but what the server has stored, and
//! what somebody lets go.

use warproom_client::Delivered;
use warproom_client::proto::{EntryId, Label, Principal, Seq};

use super::{Action, Draft, Sending, Waiting, draft};
use crate::Effect;
use crate::effect::Outgoing;
use crate::model::Model;
use crate::model::desk::{Confirm, Focus};
use crate::model::files::Attached;
use crate::news::Refusal;

/// What an entry on its way is, for whoever looks at the outbox.
pub struct Gist {
    /// Its label; none where it has none, or that of an entry which is not held.
    pub label: Option<Label>,
    /// What kind of entry it is, where it is not simply a post.
    pub what: Option<&'static str>,
    /// What it says.
    pub text: String,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
}

/// What an entry on its way is.
pub fn gist(model: &Model, outgoing: &Outgoing) -> Gist {
    let (what, label, text) = in_itself(outgoing);
    // What is about an entry goes where that entry went.
    let log = model.rooms.rooms.get(&outgoing.room()).map(|room| &room.log);
    let about = about(outgoing).and_then(|of| log?.shown(of));
    let exercise = match outgoing {
        Outgoing::Post(post) => post.exercise,
        Outgoing::PostWithFiles(with) => with.post.exercise,
        Outgoing::Alert(alert) => alert.exercise,
        _ => about.is_some_and(|shown| shown.entry.handling.exercise),
    };
    Gist { label: label.or(about.map(|shown| shown.label)), what, text, exercise }
}

/// The entry whose label it has, if it has that of another.
const fn about(outgoing: &Outgoing) -> Option<Seq> {
    match outgoing {
        Outgoing::Answer(answer) => Some(answer.of),
        Outgoing::Edit(edit) => Some(edit.of),
        Outgoing::React(react) => Some(react.of),
        _ => None,
    }
}

fn in_itself(outgoing: &Outgoing) -> (Option<&'static str>, Option<Label>, String) {
    match outgoing {
        Outgoing::Post(post) => (None, Some(post.label), post.text.to_string()),
        Outgoing::PostWithFiles(with) => {
            let files: Vec<_> = with.files.iter().map(Attached::in_words).collect();
            let text = format!("{}\nWith: {}", with.post.text, files.join("; "));
            (None, Some(with.post.label), text)
        }
        Outgoing::Alert(alert) => (Some("Alert"), Some(alert.label), alert.headline.to_string()),
        Outgoing::Answer(answer) => (Some("Answer"), answer.label, answer.choice.to_string()),
        Outgoing::Edit(edit) => (Some("Edit"), None, edit.text.to_string()),
        Outgoing::Retract(_) => (Some("Taking a post back"), None, String::new()),
        Outgoing::Relabel(relabel) => (Some("Another label"), Some(relabel.to), String::new()),
        Outgoing::React(react) if react.withdrawn => {
            (Some("Taking a reaction back"), None, react.reaction.to_string())
        }
        Outgoing::React(react) => (Some("Reaction"), None, react.reaction.to_string()),
        Outgoing::ChangeRoom(change) => {
            (Some("Settings of the room"), None, change.settings.name.to_string())
        }
        Outgoing::AddToRoom(_) => (Some("Bringing somebody into the room"), None, String::new()),
        Outgoing::RemoveFromRoom(_) => {
            (Some("Taking somebody out of the room"), None, String::new())
        }
    }
}

/// What a profile had in its outbox.
pub(super) fn restored(kept: &[(Outgoing, Option<Refusal>)]) -> Vec<Waiting> {
    let one = |(outgoing, refusal): &(Outgoing, Option<Refusal>)| Waiting {
        outgoing: outgoing.clone(),
        state: refusal.clone().map_or(Sending::Waiting, Sending::Refused),
        at_ms: made_at_ms(outgoing.id()),
        is_kept: true,
    };
    kept.iter().map(one).collect()
}

/// It is on disk. What has come further since stays there.
pub(super) fn kept(model: &mut Model, id: EntryId) {
    let Some(waiting) = find(model, id) else { return };
    waiting.is_kept = true;
    if waiting.state == Sending::Keeping {
        waiting.state = Sending::Waiting;
    }
}

fn set(model: &mut Model, id: EntryId, state: Sending) {
    if let Some(waiting) = find(model, id) {
        waiting.state = state;
    }
}

/// It could not be written to disk. The text goes back to where it can be kept: into the draft.
pub(super) fn not_kept(model: &mut Model, id: EntryId, refusal: &Refusal, out: &mut Vec<Effect>) {
    set(model, id, Sending::Refused(refusal.clone()));
    let Some(outgoing) = find(model, id).map(|waiting| waiting.outgoing.clone()) else { return };
    let room = outgoing.room();
    let is_free = model.compose.drafts.get(&room).is_none_or(|draft| *draft == Draft::default());
    let Some(restored) = rewritten(&outgoing).filter(|_| is_free) else { return };
    model.compose.drafts.insert(room, restored);
    draft::changed(model, room, out);
}

/// The server refused it. Somebody who is elsewhere by now is told.
pub(super) fn refused(model: &mut Model, id: EntryId, refusal: &Refusal) {
    set(model, id, Sending::Refused(refusal.clone()));
    let Some(room) = find(model, id).map(|waiting| waiting.outgoing.room()) else { return };
    if model.rooms.open != Some(room) {
        let name = model.rooms.rooms.get(&room).map(|room| room.settings.name.to_string());
        let place = name.map_or_else(String::new, |name| format!(" in {name}"));
        let told = format!("Something you sent{place} was refused: {}", refusal.sentence);
        model.tell_trouble(&Refusal::new(told, "it waits in the outbox (Ctrl+O)"));
    }
}

/// The server has stored it, and tells everyone: before the answer to the sender, at times.
pub(super) fn arrived(model: &mut Model, delivered: &Delivered) {
    let Some(entry) = &delivered.entry else { return };
    if Some(entry.handling.author) == model.me().map(Principal::Member) {
        model.compose.outbox.retain(|one| one.outgoing.id() != entry.handling.id);
    }
}

/// The same entry under the same id: the server takes it once, however often it comes.
pub(super) fn send_again(model: &mut Model, id: EntryId, out: &mut Vec<Effect>) {
    let Some(waiting) = find(model, id) else { return };
    if !matches!(waiting.state, Sending::Refused(_)) {
        return;
    }
    waiting.state = Sending::Keeping;
    let outgoing = waiting.outgoing.clone();
    let room = outgoing.room();
    out.push(Effect::Send(outgoing));
    // What was put back into the draft would otherwise be sent twice.
    if model.compose.drafts.get(&room).is_some_and(|draft| draft.took_over == Some(id)) {
        model.compose.drafts.remove(&room);
        draft::changed(model, room, out);
    }
}

/// Whether an entry can be let go of: what is being sent this moment cannot be called back, but for one
/// whose files are on their way.
pub fn may_discard(model: &Model, waiting: &Waiting) -> bool {
    let has_files = matches!(waiting.outgoing, Outgoing::PostWithFiles(_));
    matches!(waiting.state, Sending::Refused(_)) || has_files || !model.is_connected()
}

pub(super) fn ask_discard(model: &mut Model, id: EntryId) {
    let Some(waiting) = find(model, id) else { return };
    let files = if matches!(waiting.outgoing, Outgoing::PostWithFiles(_)) {
        " What the server has of its files is given up there; the files on this computer stay."
    } else {
        ""
    };
    let may_be_there = if matches!(waiting.state, Sending::Refused(_)) {
        "The server has not stored it."
    } else {
        "If it is just being sent, it may reach the room all the same."
    };
    model.desk.confirm = Some(Confirm {
        title: "Discard this entry unsent?".to_owned(),
        what_it_does: format!(
            "It is taken out of the outbox of this computer, and its text is gone.{files} {may_be_there}"
        ),
        verb: "Discard it",
        is_dangerous: true,
        then: Box::new(crate::Action::Compose(Action::DiscardNow(id))),
    });
}

pub(super) fn discard(model: &mut Model, id: EntryId, out: &mut Vec<Effect>) {
    model.compose.outbox.retain(|one| one.outgoing.id() != id);
    model.files.up.remove(&id);
    out.push(Effect::Discard(id));
    model.desk.give_focus(Focus::Composer);
}

fn find(model: &mut Model, id: EntryId) -> Option<&mut Waiting> {
    model.compose.outbox.iter_mut().find(|one| one.outgoing.id() == id)
}

/// The draft that an entry came from, where it came from one.
fn rewritten(outgoing: &Outgoing) -> Option<Draft> {
    let took_over = Some(outgoing.id());
    match outgoing {
        Outgoing::PostWithFiles(with) => {
            let draft = rewritten(&Outgoing::Post(with.post.clone()))?;
            Some(Draft { files: with.files.clone(), ..draft })
        }
        Outgoing::Post(post) => Some(Draft {
            text: post.text.to_string(),
            label: Some(post.label),
            reply_to: post.reply_to,
            mentions: post.mentions.clone(),
            exercise: post.exercise,
            took_over,
            ..Draft::default()
        }),
        Outgoing::Edit(edit) => Some(Draft {
            text: edit.text.to_string(),
            edit_of: Some(edit.of),
            took_over,
            ..Draft::default()
        }),
        _ => None,
    }
}

/// When an id was made: a `UUIDv7` begins with its milliseconds since 1970 UTC (RFC 9562 §5.7).
fn made_at_ms(id: EntryId) -> i64 {
    id.as_bytes()[..6].iter().fold(0, |at_ms, byte| at_ms << 8 | i64::from(*byte))
}
