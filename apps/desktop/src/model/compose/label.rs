//! Which label a draft will be sent under.
//!
//! What somebody chose, or the room's default; and never milder than what it answers. What is stricter
//! than the room holds by now is not sent, and not made milder either: somebody chooses again.

use warproom_client::proto::{Kind, Label, RoomId, Seq};

use super::{Draft, draft};
use crate::Effect;
use crate::model::Model;

pub(super) const NOT_YOURS: &str =
    "you are not in this room any more; what you were writing is kept on this computer";

/// Chooses a label, or says why not.
pub(super) fn choose(model: &mut Model, room: RoomId, label: Label, out: &mut Vec<Effect>) {
    let refusal = refusal(model, room, label);
    if refusal.is_none() {
        model.compose.drafts.entry(room).or_default().label = Some(label);
        draft::changed(model, room, out);
    }
    model.compose.trouble = refusal;
}

fn refusal(model: &Model, room: RoomId, label: Label) -> Option<String> {
    let ceiling = model.rooms.rooms.get(&room)?.settings.ceiling;
    let floor = model.draft_floor(room);
    let is_edit = model.compose.drafts.get(&room).is_some_and(|draft| draft.edit_of.is_some());
    if is_edit {
        Some("an edit keeps the label of its entry; give the entry itself another one".to_owned())
    } else if label > ceiling {
        Some(format!("this room holds nothing stricter than {ceiling}"))
    } else if floor.is_some_and(|floor| label < floor) {
        let floor = floor.unwrap_or(label);
        Some(format!("what answers a {floor} entry is {floor} or stricter itself"))
    } else {
        None
    }
}

impl Model {
    /// The label that the draft of a room will be sent under; none if the room is not known.
    pub fn draft_label(&self, room: RoomId) -> Option<Label> {
        let settings = &self.rooms.rooms.get(&room)?.settings;
        let draft = self.compose.drafts.get(&room);
        if let Some((draft, of)) = draft.and_then(|draft| Some((draft, draft.edit_of?))) {
            // An edit goes where its entry went.
            return self.label_of(room, of).or(draft.carried).or(Some(settings.default_label));
        }
        let default = draft.and_then(|draft| draft.begun).max(Some(settings.default_label))?;
        let chosen = draft.and_then(|draft| draft.label).unwrap_or(default);
        // Above a ceiling that was lowered meanwhile it stays what was chosen, and is not sent.
        Some(self.draft_floor(room).map_or(chosen, |floor| chosen.max(floor)))
    }

    /// The label that was the room's default when its draft was begun, where the default is more relaxed
    /// by now and the draft is not.
    pub fn draft_keeps(&self, room: RoomId) -> Option<Label> {
        let default = self.rooms.rooms.get(&room)?.settings.default_label;
        let draft = self.compose.drafts.get(&room)?;
        let is_by_default = draft.label.is_none() && draft.edit_of.is_none();
        draft.begun.filter(|begun| is_by_default && *begun > default)
    }

    /// The mildest label that the draft of a room may have: the strictest of what it answers.
    pub fn draft_floor(&self, room: RoomId) -> Option<Label> {
        let draft = self.compose.drafts.get(&room)?;
        let to = draft.reply_to?;
        let log = &self.rooms.rooms.get(&room)?.log;
        let thread = log.shown(to).and_then(|shown| match shown.entry.handling.kind {
            Kind::Post { reply_to: Some(first) } => self.label_of(room, first),
            _ => None,
        });
        draft.carried.max(self.label_of(room, to)).max(thread)
    }

    /// The label under which what is copied out of the draft of a room leaves it, where the draft holds what
    /// was said already: what it quotes, edits or answers. What is written anew has none yet.
    pub fn draft_said(&self, room: RoomId) -> Option<Label> {
        let draft = self.compose.drafts.get(&room)?;
        let said = draft.quoted.max(draft.carried)?;
        Some(self.draft_label(room).map_or(said, |label| label.max(said)))
    }

    /// Whether the draft of a room belongs to an exercise: by choice, or by what it answers.
    pub fn draft_is_exercise(&self, room: RoomId) -> bool {
        let Some(draft) = self.compose.drafts.get(&room) else { return false };
        let answered = draft.reply_to.and_then(|to| self.rooms.rooms.get(&room)?.log.shown(to));
        draft.exercise || answered.is_some_and(|shown| shown.entry.handling.exercise)
    }

    /// The label that a draft is asked about before it is sent under a milder one: the room's default,
    /// or that of what it quotes.
    pub(super) fn expected_label(&self, room: RoomId, draft: &Draft) -> Option<Label> {
        let default = self.rooms.rooms.get(&room)?.settings.default_label;
        Some(draft.quoted.map_or(default, |quoted| quoted.max(default)))
    }

    fn label_of(&self, room: RoomId, seq: Seq) -> Option<Label> {
        Some(self.rooms.rooms.get(&room)?.log.shown(seq)?.label)
    }
}
