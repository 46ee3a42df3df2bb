//! Taking a room's records out: to a file that the person names, under the label of what is in it.
//!
//! What it will hold and who sees that it was done is said before. The reading, the forms and the rule
//! that `TLP:RED` leaves no room are the client crate's and the server's; nothing is read here.

#[cfg(test)]
pub(crate) mod tests;

use warproom_client::Called;
use warproom_client::proto::{DeviceId, Label, OrganisationId, Principal, RoomId, Seq, Subject};

use crate::model::board::slug;
use crate::model::desk::{Focus, Overlay};
use crate::model::directory::Directory;
use crate::model::{Model, label, manage, moment};
use crate::news::Refusal;
use crate::{Effect, News};

/// A room being taken out.
#[derive(Clone, Default)]
pub struct Exporting {
    /// Which; none: no form is open, and nothing is under way.
    pub room: Option<RoomId>,
    /// In which form.
    pub form: Form,
    /// The file: its name in the folder of downloads, or its whole path.
    pub file: String,
    /// How far it is, while it is under way: the record it has come to, and the last one.
    pub under_way: Option<(Seq, Seq)>,
    /// Why it was not done.
    pub trouble: Option<String>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Plain text, for people.
    #[default]
    Text,
    /// Lines of JSON, for programs.
    Json,
}

impl Form {
    /// What the name of its file ends with.
    const fn ending(self) -> &'static str {
        match self {
            Self::Text => ".txt",
            Self::Json => ".jsonl",
        }
    }
}

/// A room to be taken out.
#[derive(Clone)]
pub struct Wish {
    /// Which.
    pub room: RoomId,
    /// In which form.
    pub form: Form,
    /// The file: a name in the folder of downloads, or a whole path.
    pub file: String,
    /// What the room and those in it are called.
    pub names: Names,
}

/// What was taken out, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: String,
    /// The strictest label of what is in it.
    pub label: Label,
    /// How many records it has.
    pub records: usize,
    /// How many of them are withheld.
    pub withheld: usize,
}

/// What a person does with it.
#[derive(Clone, Debug)]
pub enum Action {
    /// Open the form, for this room.
    Begin(RoomId),
    /// The form is now this.
    Form(Form),
    /// The file is now this.
    File(String),
    /// Do it: what it does stands in the form.
    Export,
}

/// Whether a room can be taken out by who is signed in: they are in it.
pub fn may_export(model: &Model, room: RoomId) -> bool {
    model.rooms.rooms.get(&room).is_some_and(|room| room.role.is_some())
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Begin(room) => begin(model, room),
        Action::Form(form) => {
            let exporting = &mut model.export;
            if let Some(stem) = exporting.file.strip_suffix(exporting.form.ending()) {
                exporting.file = format!("{stem}{}", form.ending());
            }
            exporting.form = form;
        }
        Action::File(file) => model.export.file = file,
        Action::Export => export(model, out),
    }
}

fn begin(model: &mut Model, room: RoomId) {
    if !may_export(model, room) {
        return;
    }
    // What is under way is shown, and not begun a second time.
    if model.export.under_way.is_none() {
        let form = Form::default();
        let name = slug(&model.managed_room_name(room));
        let at = slug(&moment::short(model.now_ms));
        let file = format!("export-{name}-{at}{}", form.ending());
        model.export = Exporting { room: Some(room), form, file, ..Exporting::default() };
    }
    model.desk.overlays.retain(|overlay| *overlay != Overlay::Export);
    model.desk.overlays.push(Overlay::Export);
    model.desk.give_focus(Focus::Field);
}

fn export(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(room) = model.export.room.filter(|_| model.export.under_way.is_none()) else { return };
    let file = model.export.file.trim().to_owned();
    model.export.trouble = if !model.is_connected() {
        Some("There is no connection to the server now, so nothing was taken out.".to_owned())
    } else if file.is_empty() {
        Some("Name the file that it is to be written to.".to_owned())
    } else {
        None
    };
    if model.export.trouble.is_some() {
        return;
    }
    model.export.under_way = Some((0, 0));
    let names = Names::new(model, room);
    out.push(Effect::Export(Box::new(Wish { room, form: model.export.form, file, names })));
}

pub(super) fn hear(model: &mut Model, news: &News, _: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(_)) => model.export = Exporting::default(),
        News::Exporting { room, done, latest } if model.export.room == Some(*room) => {
            if let Some(under_way) = &mut model.export.under_way {
                *under_way = (*done, *latest);
            }
        }
        News::Exported { room, written } if model.export.room == Some(*room) => {
            model.export.under_way = None;
            ended(model, *room, written);
        }
        _ => {}
    }
}

fn ended(model: &mut Model, room: RoomId, written: &Result<Written, Refusal>) {
    match written {
        Ok(written) => {
            model.tell(said(&model.managed_room_name(room), written));
            model.export = Exporting::default();
            model.desk.overlays.retain(|overlay| *overlay != Overlay::Export);
            model.desk.give_focus(Focus::Composer);
        }
        Err(refusal) => {
            model.export.trouble = Some(refusal.to_string());
            if !model.desk.overlays.contains(&Overlay::Export) {
                model.tell_trouble(refusal);
            }
        }
    }
}

fn said(room: &str, Written { path, label, records, withheld }: &Written) -> String {
    let meaning = label::meaning(*label);
    let records = if *records == 1 { "1 record".to_owned() } else { format!("{records} records") };
    format!(
        "{room} is written to {path}: {records}, {withheld} of them withheld. The file is {label}: {meaning}."
    )
}

/// What the room and those in it are called: of its own, because it goes to another thread.
#[derive(Clone)]
pub struct Names {
    directory: Directory,
    /// What the room is called.
    pub room_name: String,
}

impl Names {
    fn new(model: &Model, room: RoomId) -> Self {
        Self { directory: model.directory.clone(), room_name: model.managed_room_name(room) }
    }
}

impl Called for Names {
    fn person(&self, who: Principal) -> String {
        let name = self.directory.name(who);
        match self.directory.organisation_of(who) {
            Some(organisation) => format!("{name}, {organisation}"),
            None => name,
        }
    }

    fn organisation(&self, id: OrganisationId) -> String {
        self.directory.organisation(id)
    }

    fn room(&self, _: RoomId) -> String {
        self.room_name.clone()
    }

    fn device(&self, id: DeviceId) -> String {
        format!("device {id}")
    }

    fn subject(&self, subject: &Subject) -> String {
        manage::subject(subject)
    }

    fn moment(&self, at_ms: i64) -> String {
        moment::dated(at_ms)
    }
}
