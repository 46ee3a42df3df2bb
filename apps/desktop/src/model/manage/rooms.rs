//! Opening a room, its settings, and bringing people in.
//!
//! What changes a room is appended to its log, by way of the outbox. From here it is sent only with a
//! connection, and a refused one is taken out of the outbox again: the form still has what was typed.

use warproom_client::proto::calls::{
    AddToRoom, ChangeRoom, OpenRoom, Posted, RemoveFromRoom, RoomMembers, ShowRetention,
};
use warproom_client::proto::{
    EntryId, Label, MemberId, Name, Principal, RoomId, RoomRole, RoomSettings,
};

use super::{Asked, ManagePage, Shown, lists};
use crate::effect::Outgoing;
use crate::model::{Model, compose};
use crate::news::Refusal;
use crate::request::{Reply, Request};
use crate::{Action, Effect};

/// A room to be opened, or other settings for one.
#[derive(Clone)]
pub struct RoomForm {
    /// Which room is changed, and its settings when the form was filled; none: a new room.
    pub of: Option<(RoomId, RoomSettings)>,
    /// What it is called.
    pub name: String,
    /// The strictest label it may hold.
    pub ceiling: Label,
    /// The label offered to a writer: never above the ceiling.
    pub default_label: Label,
    /// Whether members see who is typing.
    pub typing: bool,
    /// Whether members see who is connected.
    pub presence: bool,
    /// How the form stands.
    pub asked: Asked,
}

impl Default for RoomForm {
    fn default() -> Self {
        Self {
            of: None,
            name: String::new(),
            ceiling: Label::Amber,
            default_label: Label::Amber,
            typing: true,
            presence: true,
            asked: Asked::NotYet,
        }
    }
}

impl RoomForm {
    fn of(room: RoomId, settings: &RoomSettings) -> Self {
        Self {
            of: Some((room, settings.clone())),
            name: settings.name.to_string(),
            ceiling: settings.ceiling,
            default_label: settings.default_label,
            typing: settings.typing,
            presence: settings.presence,
            asked: Asked::NotYet,
        }
    }

    fn settings(&self) -> Result<RoomSettings, String> {
        let name: Name = self
            .name
            .trim()
            .parse()
            .map_err(|_| "Write what the room is called: 1 to 80 characters.".to_owned())?;
        if self.default_label > self.ceiling {
            return Err("The label offered to a writer is stricter than the ceiling.".to_owned());
        }
        let Self { ceiling, default_label, typing, presence, .. } = *self;
        Ok(RoomSettings { name, ceiling, default_label, typing, presence })
    }
}

/// Somebody to be brought into the room that is open.
#[derive(Clone)]
pub struct Bringing {
    /// What is typed to find them.
    pub finding: String,
    /// Who.
    pub member: Option<MemberId>,
    /// As what.
    pub role: RoomRole,
    /// How the form stands.
    pub asked: Asked,
}

impl Default for Bringing {
    fn default() -> Self {
        Self {
            finding: String::new(),
            member: None,
            role: RoomRole::Participant,
            asked: Asked::NotYet,
        }
    }
}

/// Something appended from here that the server has not answered yet.
#[derive(Clone)]
pub(super) struct Appended {
    id: EntryId,
    by: By,
    /// What is told once it is done.
    said: String,
}

/// What asked for it, and hears of a refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Settings,
    Bringing,
    Deed,
}

/// A room as managing shows it.
#[derive(Clone, Copy)]
pub struct Managed<'a> {
    /// Its id.
    pub room: RoomId,
    /// What it is and allows.
    pub settings: &'a RoomSettings,
    /// Your part in it.
    pub part: Option<RoomRole>,
}

impl Model {
    /// A room that the one signed in is in, or sees as a manager.
    pub fn managed_room(&self, id: RoomId) -> Option<Managed<'_>> {
        let own = self.rooms.rooms.get(&id);
        let own = own.map(|room| Managed { room: id, settings: &room.settings, part: room.role });
        own.or_else(|| {
            let room = self.manage.rooms.iter().find(|room| room.room == id)?;
            Some(Managed { room: id, settings: &room.settings, part: room.role })
        })
    }

    /// Every such room, by name.
    pub fn managed_rooms(&self) -> Vec<Managed<'_>> {
        let own = self.rooms.rooms.keys();
        let others = self.manage.rooms.iter().map(|room| &room.room);
        let others = others.filter(|room| !self.rooms.rooms.contains_key(room));
        let mut rooms: Vec<_> =
            own.chain(others).filter_map(|room| self.managed_room(*room)).collect();
        rooms.sort_by_cached_key(|room| room.settings.name.folded());
        rooms
    }

    /// What a room is called.
    pub fn managed_room_name(&self, room: RoomId) -> String {
        let known = self.managed_room(room).map(|room| room.settings.name.to_string());
        known.unwrap_or_else(|| "a room you are not in".to_owned())
    }
}

/// Begins the form of a new room, or goes on with it.
pub(super) fn begin(model: &mut Model) {
    if model.manage.room.of.is_some() {
        model.manage.room = RoomForm::default();
    }
}

/// Opens a room's page.
pub(super) fn open(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    let form = model.managed_room(room).map(|known| RoomForm::of(room, known.settings));
    model.manage.room = form.unwrap_or_default();
    model.manage.bringing = Bringing::default();
    model.manage.people = None;
    if model.is_connected() {
        out.push(Effect::Call(RoomMembers { room }.into()));
        out.push(Effect::Call(ShowRetention { room: Some(room) }.into()));
    }
}

/// Opens the room of the form, or gives its settings to the one it is of.
pub(super) fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let form = &model.manage.room;
    let settings = match form.settings() {
        Ok(settings) => settings,
        Err(sentence) => return model.manage.room.asked = Asked::Refused(sentence),
    };
    let Some((room, before)) = form.of.clone() else {
        if model.manage.shown != Shown::New {
            // The page of a room whose settings are not known: nothing to change, and nothing new.
            return;
        }
        out.push(Effect::Call(OpenRoom { settings }.into()));
        model.manage.room.asked = Asked::Waiting;
        return;
    };
    let now = model.managed_room(room).map(|known| known.settings.clone());
    if let Some(now) = now.filter(|now| *now != before) {
        // The settings are replaced whole: what somebody else changed meanwhile would be undone.
        model.manage.room.of = Some((room, now));
        let sentence = "Somebody else changed this room's settings meanwhile. Look through yours, and save again to put them in their place.";
        model.manage.room.asked = Asked::Refused(sentence.to_owned());
    } else if settings == before {
        model.manage.room.asked = Asked::Refused("Nothing would change.".to_owned());
    } else {
        model.manage.room.asked = Asked::Waiting;
        let said = format!("The settings of {} are changed.", settings.name);
        let id = EntryId::random();
        append(
            model,
            Outgoing::ChangeRoom(ChangeRoom { room, id, settings }),
            (By::Settings, said),
            out,
        );
    }
}

/// Brings the chosen member into the room that is open.
pub(super) fn bring(model: &mut Model, out: &mut Vec<Effect>) {
    let Shown::Room(room) = model.manage.shown else { return };
    let Bringing { member, role, .. } = model.manage.bringing;
    let Some(member) = member else {
        let sentence = "Choose whom to bring in: find them by name, organisation or handle.";
        return model.manage.bringing.asked = Asked::Refused(sentence.to_owned());
    };
    model.manage.bringing.asked = Asked::Waiting;
    let name = model.directory.name(Principal::Member(member));
    let said = format!("{name} is in {}.", model.managed_room_name(room));
    let call = AddToRoom { room, id: EntryId::random(), member, role };
    append(model, Outgoing::AddToRoom(call), (By::Bringing, said), out);
}

/// Gives a member another part in a room.
pub(super) fn give_part(
    model: &mut Model,
    (room, member, role): (RoomId, MemberId, RoomRole),
    out: &mut Vec<Effect>,
) {
    let name = model.directory.name(Principal::Member(member));
    let said = format!("{name} is {} of {} now.", super::part(role), model.managed_room_name(room));
    let call = AddToRoom { room, id: EntryId::random(), member, role };
    append(model, Outgoing::AddToRoom(call), (By::Deed, said), out);
}

/// Takes somebody out of a room, or leaves it.
pub(super) fn take_out(model: &mut Model, room: RoomId, who: Principal, out: &mut Vec<Effect>) {
    let called = model.managed_room_name(room);
    let said = if who.member().is_some() && who.member() == model.me() {
        format!("You have left {called}.")
    } else {
        format!("{} is out of {called}.", model.directory.name(who))
    };
    let call = RemoveFromRoom { room, id: EntryId::random(), who };
    append(model, Outgoing::RemoveFromRoom(call), (By::Deed, said), out);
}

fn append(model: &mut Model, outgoing: Outgoing, (by, said): (By, String), out: &mut Vec<Effect>) {
    model.manage.appended.push(Appended { id: outgoing.id(), by, said });
    model.send(outgoing, out);
}

/// The server took something appended, or refused it.
pub(super) fn sent(
    model: &mut Model,
    id: EntryId,
    result: &Result<Posted, Refusal>,
    out: &mut Vec<Effect>,
) {
    match result {
        Ok(_) => done(model, id, out),
        Err(refusal) => refused(model, id, refusal, out),
    }
}

fn done(model: &mut Model, id: EntryId, out: &mut Vec<Effect>) {
    let Some(Appended { by, said, .. }) = take(model, id) else { return };
    match by {
        By::Settings => {
            let form = &mut model.manage.room;
            form.asked = Asked::NotYet;
            if let (Some((room, _)), Ok(settings)) = (form.of.clone(), form.settings()) {
                form.of = Some((room, settings));
            }
        }
        By::Bringing => model.manage.bringing = Bringing::default(),
        By::Deed => {}
    }
    model.tell(said);
    lists::refresh(model, out);
}

/// Something appended was refused, or could not even be kept.
pub(super) fn refused(model: &mut Model, id: EntryId, refusal: &Refusal, out: &mut Vec<Effect>) {
    let Some(Appended { by, .. }) = take(model, id) else { return };
    match by {
        By::Settings => model.manage.room.asked = Asked::refused(refusal),
        By::Bringing => model.manage.bringing.asked = Asked::refused(refusal),
        By::Deed if model.manage.is_up => model.manage.trouble = Some(refusal.to_string()),
        By::Deed => model.tell_trouble(refusal),
    }
    out.extend(model.act(Action::Compose(compose::Action::Discard(id))));
}

fn take(model: &mut Model, id: EntryId) -> Option<Appended> {
    let appended = &mut model.manage.appended;
    let place = appended.iter().position(|one| one.id == id)?;
    Some(appended.remove(place))
}

pub(super) fn answered(
    model: &mut Model,
    request: &Request,
    result: &Result<Reply, Refusal>,
    out: &mut Vec<Effect>,
) {
    match (request, result) {
        (Request::OpenRoom(call), Ok(Reply::OpenRoom(opened))) => {
            model.manage.room = RoomForm::default();
            model.tell(format!("{} is open, and you lead it.", call.settings.name));
            let manage = &model.manage;
            if manage.is_up && (manage.page, manage.shown) == (ManagePage::Rooms, Shown::New) {
                super::open(model, Shown::Room(opened.room), out);
                model.manage.room = RoomForm::of(opened.room, &call.settings);
            }
            lists::refresh(model, out);
        }
        (Request::OpenRoom(_), Err(refusal)) => model.manage.room.asked = Asked::refused(refusal),
        _ => {}
    }
}
