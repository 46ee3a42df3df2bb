//! The commands, in the order in which they are listed.

use egui::{Key, KeyboardShortcut, Modifiers};
use warproom_client::proto::Label;

use super::{Command, entries, going, writing};
use crate::model::desk::{Focus, Overlay, Pane};
use crate::model::manage::ManagePage;
use crate::model::rooms::Direction;
use crate::model::settings::{Action as Set, Notify, SendWith, Theme};
use crate::model::{board, compose, desk, room, rooms, welcome};
use crate::{Action, Model};

const GO: &str = "Going";
const ROOM: &str = "Room";
const ENTRY: &str = "Chosen entry";
const WRITE: &str = "Writing";
const ASK: &str = "Asks and alerts";
const BOARD: &str = "Board";
const MANAGE: &str = "Managing";
/// What is about this computer, and so possible before somebody is signed in.
pub(super) const COMPUTER: &str = "This computer";
/// Likewise.
pub(super) const HELP: &str = "Help";

/// The groups, in the order in which they are listed.
pub const GROUPS: &[&str] = &[GO, ROOM, ENTRY, WRITE, ASK, BOARD, MANAGE, COMPUTER, HELP];

type Now = fn(&Model) -> Option<Action>;

const fn is(
    group: &'static str,
    name: &'static str,
    keys: Option<KeyboardShortcut>,
    action: Now,
) -> Command {
    Command { name, group, keys, action }
}

const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };
const ALT_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::ALT };

const fn by(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(modifiers, key)
}

const fn key(key: Key) -> KeyboardShortcut {
    by(Modifiers::NONE, key)
}

/// Every command.
#[rustfmt::skip] // One line each, so that keys and names are compared at a glance.
pub const COMMANDS: &[Command] = &[
    is(GO, "Go to a room…", Some(by(CTRL, Key::K)), |m| going::open(m, Overlay::Switcher)),
    is(GO, "Do anything by its name…", Some(by(CTRL_SHIFT, Key::P)), |m| going::open(m, Overlay::Palette)),
    is(GO, "Search…", Some(by(CTRL, Key::F)), |m| going::open(m, Overlay::Search)),
    is(GO, "Go to a day…", Some(by(CTRL, Key::G)), |m| going::in_room(m, going::open(m, Overlay::JumpToDate)?)),
    is(GO, "Back: close what is on top", Some(key(Key::Escape)), |_| Some(Action::Desk(desk::Action::Back))),
    is(GO, "Next part of the window", Some(key(Key::F6)), |m| going::next_part(m, Direction::On)),
    is(GO, "Previous part of the window", Some(by(Modifiers::SHIFT, Key::F6)), |m| going::next_part(m, Direction::Back)),
    is(GO, "To the list of rooms", None, |m| going::part(m, Focus::Rooms)),
    is(GO, "To what waits for an answer", None, |m| going::part(m, Focus::Waiting)),
    is(GO, "To the timeline", None, |m| going::part(m, Focus::Timeline)),
    is(GO, "To the composer", None, |m| going::part(m, Focus::Composer)),
    is(GO, "To the board", None, |m| going::part(m, Focus::Board)),
    is(GO, "Show the room", None, |m| going::show(m, Pane::Room)),
    is(GO, "Show the member directory", None, |m| going::show(m, Pane::Directory)),
    is(GO, "Show the outbox, or go back from it", Some(by(CTRL, Key::O)), |m| Some(going::show_or_leave(m, Pane::Outbox))),
    is(GO, "Show the settings, or go back from them", Some(by(CTRL, Key::Comma)), |m| Some(going::show_or_leave(m, Pane::Settings))),
    is(GO, "Take the latest notice away", None, going::dismiss),

    is(ROOM, "Room above", Some(by(Modifiers::ALT, Key::ArrowUp)), |m| going::rooms(m, rooms::Action::Step(Direction::Back))),
    is(ROOM, "Room below", Some(by(Modifiers::ALT, Key::ArrowDown)), |m| going::rooms(m, rooms::Action::Step(Direction::On))),
    is(ROOM, "Next room with something unread", Some(by(ALT_SHIFT, Key::ArrowDown)), |m| going::rooms(m, rooms::Action::NextUnread)),
    is(ROOM, "Room that was open before", Some(by(Modifiers::ALT, Key::ArrowLeft)), going::previous_room),
    is(ROOM, "Mark the room as read", None, |m| m.rooms.open.map(|id| Action::Rooms(rooms::Action::MarkRead(id)))),
    is(ROOM, "Go to the newest entry", None, |m| going::room(m, room::Action::ToLatest)),
    is(ROOM, "Go to the unread line", None, |m| going::room(m, room::Action::ToUnread)),
    is(ROOM, "Show who is in the room", None, |m| going::room(m, room::Action::Beside(Some(room::Beside::People)))),
    is(ROOM, "Close what stands beside the timeline", None, going::close_beside),
    is(ROOM, "Leave the room…", None, |m| going::room(m, room::Action::Leave)),

    is(ENTRY, "Choose the entry before", None, |m| going::room(m, room::Action::Choose(Direction::Back))),
    is(ENTRY, "Choose the next entry", None, |m| going::room(m, room::Action::Choose(Direction::On))),
    is(ENTRY, "Choose no entry", None, |m| entries::chosen(m).map(|_| Action::Room(room::Action::ChooseEntry(None)))),
    is(ENTRY, "Reply to the chosen entry", None, |m| entries::said(m).map(|it| Action::Compose(compose::Action::Reply(Some(it.thread))))),
    is(ENTRY, "Open the thread of the chosen entry", None, |m| entries::said(m).map(|it| Action::Room(room::Action::OpenThread(it.thread)))),
    is(ENTRY, "Quote the chosen entry", None, |m| entries::said(m).map(|it| Action::Compose(compose::Action::Quote(it.seq)))),
    is(ENTRY, "Copy the chosen entry with its label", None, |m| entries::said(m).map(|it| Action::Room(room::Action::CopyEntry(it.seq)))),
    is(ENTRY, "React to the chosen entry…", None, |m| going::open(m, Overlay::Emoji { react_to: Some(entries::said(m)?.seq) })),
    is(ENTRY, "Edit the chosen entry", None, entries::edit),
    is(ENTRY, "Take the chosen entry back…", None, entries::retract),
    is(ENTRY, "Show who has read the chosen entry, and its history", None, |m| entries::said(m).map(|it| Action::Room(room::Action::Beside(Some(room::Beside::Details(it.seq)))))),
    is(ENTRY, "Label the chosen entry TLP:CLEAR", None, |m| entries::relabel(m, Label::Clear)),
    is(ENTRY, "Label the chosen entry TLP:GREEN", None, |m| entries::relabel(m, Label::Green)),
    is(ENTRY, "Label the chosen entry TLP:AMBER", None, |m| entries::relabel(m, Label::Amber)),
    is(ENTRY, "Label the chosen entry TLP:AMBER+STRICT", None, |m| entries::relabel(m, Label::AmberStrict)),
    is(ENTRY, "Label the chosen entry TLP:RED", None, |m| entries::relabel(m, Label::Red)),

    is(WRITE, "Label what I write TLP:CLEAR", Some(by(Modifiers::ALT, Key::Num1)), |m| writing::label(m, Label::Clear)),
    is(WRITE, "Label what I write TLP:GREEN", Some(by(Modifiers::ALT, Key::Num2)), |m| writing::label(m, Label::Green)),
    is(WRITE, "Label what I write TLP:AMBER", Some(by(Modifiers::ALT, Key::Num3)), |m| writing::label(m, Label::Amber)),
    is(WRITE, "Label what I write TLP:AMBER+STRICT", Some(by(Modifiers::ALT, Key::Num4)), |m| writing::label(m, Label::AmberStrict)),
    is(WRITE, "Label what I write TLP:RED", Some(by(Modifiers::ALT, Key::Num5)), |m| writing::label(m, Label::Red)),
    is(WRITE, "Put in an emoji…", Some(by(CTRL, Key::E)), |m| going::in_room(m, going::open(m, Overlay::Emoji { react_to: None })?)),
    is(WRITE, "Mark what I write as exercise, or as real", None, writing::exercise),
    is(WRITE, "Send what I wrote", None, |m| writing::written(m).map(|_| Action::Compose(compose::Action::Send))),
    is(WRITE, "Let go what I wrote…", None, writing::clear),
    is(WRITE, "Stop replying: write to the room again", None, writing::no_reply),
    is(WRITE, "Edit my latest entry", None, |m| going::in_room(m, Action::Compose(compose::Action::EditLatest))),
    is(WRITE, "Send again what was refused first", None, writing::send_again),

    is(ASK, "Next ask that waits", Some(by(CTRL, Key::J)), writing::next_waiting),
    is(ASK, "Answer what waits first, with a note…", None, writing::answer),
    is(ASK, "New ask…", Some(by(CTRL_SHIFT, Key::A)), |m| going::in_room(m, going::open(m, Overlay::NewAsk)?)),
    is(ASK, "New alert: warn the room…", Some(by(CTRL_SHIFT, Key::W)), |m| going::in_room(m, going::open(m, Overlay::NewAlert)?)),

    is(BOARD, "Show the board, or close it", Some(by(CTRL, Key::B)), entries::board),
    is(BOARD, "Sort the board by answer", None, |m| entries::on_board(m, board::Action::Sort(board::Sort::Answer))),
    is(BOARD, "Sort the board by organisation", None, |m| entries::on_board(m, board::Action::Sort(board::Sort::Organisation))),
    is(BOARD, "Sort the board by time", None, |m| entries::on_board(m, board::Action::Sort(board::Sort::Time))),
    is(BOARD, "Copy the board with its label", None, |m| entries::on_board(m, board::Action::CopyMarkdown)),
    is(BOARD, "Write the board to a file", None, |m| entries::on_board(m, board::Action::ExportCsv)),

    is(MANAGE, "Manage rooms", None, |m| going::manage(m, ManagePage::Rooms)),
    is(MANAGE, "Manage members", None, |m| going::manage(m, ManagePage::Members)),
    is(MANAGE, "Manage invitations", None, |m| going::manage(m, ManagePage::Invitations)),
    is(MANAGE, "Manage organisations", None, |m| going::manage(m, ManagePage::Organisations)),
    is(MANAGE, "Manage devices", None, |m| going::manage(m, ManagePage::Devices)),
    is(MANAGE, "Manage bots", None, |m| going::manage(m, ManagePage::Bots)),
    is(MANAGE, "Sign out: close this profile", None, |_| Some(Action::Welcome(welcome::Action::SignOut))),

    is(COMPUTER, "Larger", Some(by(CTRL, Key::Plus)), |_| Some(Action::Settings(Set::ZoomIn))),
    is(COMPUTER, "Smaller", Some(by(CTRL, Key::Minus)), |_| Some(Action::Settings(Set::ZoomOut))),
    is(COMPUTER, "Size as the system has it", Some(by(CTRL, Key::Num0)), |_| Some(Action::Settings(Set::ZoomReset))),
    is(COMPUTER, "Theme as the system has it", None, |m| writing::set(m, |s| s.theme = Theme::System)),
    is(COMPUTER, "Light theme", None, |m| writing::set(m, |s| s.theme = Theme::Light)),
    is(COMPUTER, "Dark theme", None, |m| writing::set(m, |s| s.theme = Theme::Dark)),
    is(COMPUTER, "High-contrast theme", None, |m| writing::set(m, |s| s.theme = Theme::HighContrast)),
    is(COMPUTER, "Nothing moves by itself, or may again", None, |m| writing::set(m, |s| s.reduced_motion = !s.reduced_motion)),
    is(COMPUTER, "No notifications", None, |m| writing::set(m, |s| s.notify = Notify::Off)),
    is(COMPUTER, "Notifications without content", None, |m| writing::set(m, |s| s.notify = Notify::WithoutContent)),
    is(COMPUTER, "Notifications with content, never stricter than TLP:GREEN", None, |m| writing::set(m, |s| s.notify = Notify::WithContent)),
    is(COMPUTER, "Enter sends", None, |m| writing::set(m, |s| s.send_with = SendWith::Enter)),
    is(COMPUTER, "Ctrl+Enter sends", None, |m| writing::set(m, |s| s.send_with = SendWith::CtrlEnter)),

    is(HELP, "Every shortcut", Some(key(Key::F1)), |m| going::open(m, Overlay::Shortcuts)),
];
