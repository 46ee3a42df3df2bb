//! Files: chosen for a draft, brought up with its entry, and saved from an entry of somebody else's.
//!
//! A draft names files of this computer; they are read only when its entry is sent, by the world, and
//! the entry waits in the outbox until all of them are up. What is saved goes to a folder under its own
//! name or the next free one, and is never opened here: what a file is said to be is shown and decides
//! nothing. Its entry's label goes along wherever it is told of.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use warproom_client::proto::{EntryId, File, FileId, Label, RoomId, Seq, limits};

use crate::model::Model;
use crate::model::compose::{self, Draft};
use crate::model::desk::{Focus, Overlay};
use crate::model::markdown::visible;
use crate::{Effect, News};

/// What is going on with files.
#[derive(Clone, Default)]
pub struct Files {
    /// The path that is being typed, of a file to be attached.
    pub path: String,
    /// The folder that files are saved to; empty: the folder of downloads.
    pub folder: String,
    /// Why the last one was not attached.
    pub trouble: Option<String>,
    /// What is being brought up, by its entry: which file, and how far it is.
    pub up: BTreeMap<EntryId, (String, Moved)>,
    /// What is being saved, and how far it is.
    pub down: BTreeMap<(RoomId, Seq, FileId), Moved>,
}

/// How far a file has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// What is there.
    pub done_bytes: u64,
    /// How long it is.
    pub size_bytes: u64,
}

/// A file of this computer that an entry is to carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Where it lies.
    pub path: String,
    /// What it is called.
    pub name: String,
    /// How long it was when it was attached: another length means another file.
    pub size_bytes: u64,
    /// What the server knows it as, once it was announced there. Kept with the entry in the outbox, so that
    /// it goes up once whatever ends in between, and can be given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<Announced>,
}

/// A file that the server was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Its id there.
    pub file: FileId,
    /// Whether all of it is there.
    pub is_up: bool,
}

/// A file to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The room.
    pub room: RoomId,
    /// The entry that carries it.
    pub seq: Seq,
    /// The file.
    pub file: File,
    /// The label of the entry, and so of the file.
    pub label: Label,
    /// The folder; empty: the folder of downloads.
    pub folder: String,
}

impl Save {
    /// Which one it is.
    pub const fn key(&self) -> (RoomId, Seq, FileId) {
        (self.room, self.seq, self.file.file)
    }
}

/// What a person does with files.
#[derive(Clone, Debug)]
pub enum Action {
    /// The path is now this.
    Path(String),
    /// Attach the file whose path was typed.
    Attach,
    /// Attach these: they were dropped onto the room.
    Drop(Vec<String>),
    /// Take the file at this place out of the draft.
    TakeOut(usize),
    /// The folder to save to is now this.
    Folder(String),
    /// Save a file of an entry of the open room.
    Save(Seq, FileId),
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Path(path) => model.files.path = path,
        Action::Folder(folder) => model.files.folder = folder,
        Action::Attach => {
            let path = model.files.path.trim().to_owned();
            if !path.is_empty() {
                look_at(model, vec![path], out);
            }
        }
        Action::Drop(paths) => look_at(model, paths, out),
        Action::TakeOut(place) => take_out(model, place, out),
        Action::Save(seq, file) => save(model, seq, file, out),
    }
}

/// Has the world look at files, before they are attached to the draft of the open room.
fn look_at(model: &mut Model, paths: Vec<String>, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open else { return };
    model.files.trouble = None;
    if let Err(why) = may_attach(model, room) {
        return refuse(model, why);
    }
    out.extend(paths.into_iter().map(|path| Effect::LookAtFile { room, path }));
}

/// Whether files can be attached to what is being written in a room, or why not.
pub fn may_attach(model: &Model, room: RoomId) -> Result<(), &'static str> {
    let is_edit = model.compose.drafts.get(&room).is_some_and(|draft| draft.edit_of.is_some());
    if !model.may_write(room) {
        Err("You are not in this room any more, so nothing can be attached here.")
    } else if is_edit {
        Err("An edit changes the text alone: stop editing, and attach the file to a new entry.")
    } else {
        Ok(())
    }
}

fn take_out(model: &mut Model, place: usize, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open else { return };
    let Some(draft) = model.compose.drafts.get_mut(&room) else { return };
    if place < draft.files.len() {
        draft.files.remove(place);
        compose::changed(model, room, out);
        model.desk.give_focus(Focus::Composer);
    }
}

fn save(model: &mut Model, seq: Seq, file: FileId, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open() else { return };
    let Some(shown) = room.log.shown(seq) else { return };
    let Some(file) = shown.entry.content.files.iter().find(|one| one.file == file) else { return };
    let folder = model.files.folder.trim().to_owned();
    let save = Save { room: room.id, seq, file: file.clone(), label: shown.label, folder };
    if !model.is_connected() {
        return model.tell("Not connected: a file is fetched from the server when it is saved.");
    }
    // Pressed twice, it is fetched once.
    if model.files.down.contains_key(&save.key()) {
        return;
    }
    let size_bytes = save.file.size_bytes;
    model.files.down.insert(save.key(), Moved { done_bytes: 0, size_bytes });
    out.push(Effect::SaveFile(save));
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(_)) => model.files = Files::default(),
        News::FileLookedAt { room, found: Ok(found) } => attach(model, *room, found, out),
        News::FileLookedAt { found: Err(refusal), .. } => refuse(model, &refusal.to_string()),
        News::FileUp { id, name, moved } => {
            model.files.up.insert(*id, (name.clone(), *moved));
        }
        News::Sent(id, _) => drop(model.files.up.remove(id)),
        News::FileDown { save, moved } => {
            if let Some(before) = model.files.down.get_mut(&save.key()) {
                *before = *moved;
            }
        }
        News::FileSaved { save, at } => {
            model.files.down.remove(&save.key());
            match at {
                Ok(path) => model.tell(saved(save, path)),
                Err(refusal) => model.tell_trouble(refusal),
            }
        }
        _ => {}
    }
}

fn saved(save: &Save, path: &str) -> String {
    let (name, label) = (visible(save.file.name.as_str()), save.label);
    format!(
        "{name} is {label} and was saved as {}. It is what its poster sent, which says nothing of whether it is safe to open.",
        visible(path)
    )
}

/// It was looked at: it is attached, or there is a reason against it.
fn attach(model: &mut Model, room: RoomId, found: &Attached, out: &mut Vec<Effect>) {
    if let Err(why) = may_attach(model, room) {
        return refuse(model, why);
    }
    let draft: &mut Draft = model.compose.drafts.entry(room).or_default();
    if draft.files.len() >= limits::FILES {
        let why = format!("One entry carries at most {} files: send another one.", limits::FILES);
        return refuse(model, &why);
    }
    if draft.files.iter().all(|one| one.path != found.path) {
        draft.files.push(found.clone());
        compose::changed(model, room, out);
    }
    model.files.path.clear();
    model.desk.overlays.retain(|overlay| *overlay != Overlay::AttachFile);
    if model.rooms.open == Some(room) {
        model.desk.give_focus(Focus::Composer);
    }
}

/// Said where it was asked for: in the form, or else in the composer.
fn refuse(model: &mut Model, why: &str) {
    if model.desk.overlays.last() == Some(&Overlay::AttachFile) {
        model.files.trouble = Some(why.to_owned());
    } else {
        model.compose.trouble = Some(why.to_owned());
    }
}

/// A size in the unit that fits it, rounded down: never more than there is.
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

impl Moved {
    /// How far it is, in words.
    pub fn in_words(self) -> String {
        format!("{} of {}", size(self.done_bytes), size(self.size_bytes))
    }
}

impl Attached {
    /// What it is called, and how long it is.
    pub fn in_words(&self) -> String {
        format!("{}, {}", visible(&self.name), size(self.size_bytes))
    }
}
