//! The commands, in the order in which they are listed.

use egui::{Key, KeyboardShortcut, Modifiers};
use warproom_client::proto::register::{Role, Standing};
use warproom_client::proto::{Label, Severity};

use super::interrupting::{self, prefer};
use super::{Command, entries, going, managing, writing};
use crate::model::credentials::What;
use crate::model::desk::{Focus, Overlay, Pane};
use crate::model::manage::{self, Deed, ManagePage, Part, Purpose, RowAct};
use crate::model::room::Act;
use crate::model::rooms::Direction;
use crate::model::settings::{Action as Set, Notify, SendWith, Theme};
use crate::model::{board, compose, desk, find, room, rooms, welcome};
use crate::{Action, Model};

const GO: &str = "Going";
const ROOM: &str = "Room";
const ENTRY: &str = "Chosen entry";
const WRITE: &str = "Writing";
const ASK: &str = "Asks and alerts";
const BOARD: &str = "Board";
const MANAGE: &str = "Managing";
const TELL: &str = "What interrupts";
/// What is about this computer, and so possible before somebody is signed in.
pub(super) const COMPUTER: &str = "This computer";
/// Likewise.
pub(super) const HELP: &str = "Help";

/// The groups, in the order in which they are listed.
pub const GROUPS: &[&str] = &[GO, ROOM, ENTRY, WRITE, ASK, BOARD, MANAGE, TELL, COMPUTER, HELP];

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
    is(GO, "To what stands beside the timeline", None, |m| going::part(m, Focus::Beside)),
    is(GO, "Show the room", None, |m| going::show(m, Pane::Room)),
    is(GO, "Show the member directory", None, |m| going::show(m, Pane::Directory)),
    is(GO, "Show the outbox, or go back from it", Some(by(CTRL, Key::O)), |m| Some(going::show_or_leave(m, Pane::Outbox))),
    is(GO, "Show the settings, or go back from them", Some(by(CTRL, Key::Comma)), |m| Some(going::show_or_leave(m, Pane::Settings))),
    is(GO, "Take the latest notice away", None, going::dismiss),
    is(GO, "Search for what is written", None, |m| going::search(m, find::Action::Search)),
    is(GO, "Search on: more results", None, going::search_on),
    is(GO, "Search only in the open room", None, |m| going::search_in(m, Some(m.rooms.open?))),
    is(GO, "Search in all my rooms", None, |m| going::search_in(m, None)),
    is(GO, "Open the link that is looked at", None, going::open_link),
    is(GO, "Believe the register as it is now…", None, going::register),

    is(ROOM, "Room above", Some(by(Modifiers::ALT, Key::ArrowUp)), |m| going::rooms(m, rooms::Action::Step(Direction::Back))),
    is(ROOM, "Room below", Some(by(Modifiers::ALT, Key::ArrowDown)), |m| going::rooms(m, rooms::Action::Step(Direction::On))),
    is(ROOM, "Next room with something unread", Some(by(ALT_SHIFT, Key::ArrowDown)), |m| going::rooms(m, rooms::Action::NextUnread)),
    is(ROOM, "Room that was open before", Some(by(Modifiers::ALT, Key::ArrowLeft)), going::previous_room),
    is(ROOM, "Mark the room as read", None, |m| m.rooms.open.map(|id| Action::Rooms(rooms::Action::MarkRead(id)))),
    is(ROOM, "Go to the newest entry", None, |m| going::room(m, room::Action::ToLatest)),
    is(ROOM, "Go to the first entry", None, entries::first),
    is(ROOM, "Go to the unread line", None, |m| going::room(m, room::Action::ToUnread)),
    is(ROOM, "Show who is in the room", None, |m| going::room(m, room::Action::Beside(Some(room::Beside::People)))),
    is(ROOM, "Close what stands beside the timeline", None, going::close_beside),
    is(ROOM, "Export this room…", None, managing::export),
    is(ROOM, "Leave the room…", None, |m| going::room(m, room::Action::Leave)),
    is(ROOM, "Settings and people of this room…", None, managing::room),
    is(ROOM, "Load again what did not come", None, going::retry),
    is(ROOM, "Believe this room's history as it is now…", None, going::history),

    is(ENTRY, "Choose the entry above", None, |m| going::room(m, room::Action::Choose(Direction::Back))),
    is(ENTRY, "Choose the entry below", None, |m| going::room(m, room::Action::Choose(Direction::On))),
    is(ENTRY, "Choose no entry", None, |m| { m.rooms.open()?.reading.chosen?; Some(room::Action::ChooseEntry(None).into()) }),
    is(ENTRY, "Reply to the chosen entry", None, |m| entries::act(m, Act::Reply)),
    is(ENTRY, "Open the thread of the chosen entry", None, |m| entries::act(m, Act::Thread)),
    is(ENTRY, "Quote the chosen entry", None, |m| entries::act(m, Act::Quote)),
    is(ENTRY, "Copy the chosen entry with its label", None, |m| entries::act(m, Act::Copy)),
    is(ENTRY, "Copy the indicators of the chosen entry with its label", None, |m| {
        entries::act(m, Act::CopyIndicators)
    }),
    is(ENTRY, "React to the chosen entry…", None, entries::react),
    is(ENTRY, "Answer the chosen ask…", None, writing::answer_chosen),
    is(ENTRY, "Save the files of the chosen entry…", None, entries::files),
    is(ENTRY, "Edit the chosen entry", None, |m| entries::act(m, Act::Edit)),
    is(ENTRY, "Take the chosen entry back…", None, |m| entries::act(m, Act::TakeBack)),
    is(ENTRY, "Propose to erase the chosen entry…", None, |m| entries::act(m, Act::Erase)),
    is(ENTRY, "Update the chosen alert…", None, |m| entries::act(m, Act::Update)),
    is(ENTRY, "Say that the chosen alert holds no more…", None, |m| entries::act(m, Act::Cancel)),
    is(ENTRY, "Go to the alert that the chosen one is about", None, entries::earlier),
    is(ENTRY, "Show who has read the chosen entry, and its history", None, |m| entries::act(m, Act::Details)),
    is(ENTRY, "Look at the first link of the chosen entry…", None, |m| entries::link(m, 0)),
    is(ENTRY, "Look at the second link of the chosen entry…", None, |m| entries::link(m, 1)),
    is(ENTRY, "Label the chosen entry TLP:CLEAR", None, |m| entries::act(m, Act::Label(Label::Clear))),
    is(ENTRY, "Label the chosen entry TLP:GREEN", None, |m| entries::act(m, Act::Label(Label::Green))),
    is(ENTRY, "Label the chosen entry TLP:AMBER", None, |m| entries::act(m, Act::Label(Label::Amber))),
    is(ENTRY, "Label the chosen entry TLP:AMBER+STRICT", None, |m| entries::act(m, Act::Label(Label::AmberStrict))),
    is(ENTRY, "Label the chosen entry TLP:RED", None, |m| entries::act(m, Act::Label(Label::Red))),

    is(WRITE, "Label what I write TLP:CLEAR", Some(by(Modifiers::ALT, Key::Num1)), |m| writing::label(m, Label::Clear)),
    is(WRITE, "Label what I write TLP:GREEN", Some(by(Modifiers::ALT, Key::Num2)), |m| writing::label(m, Label::Green)),
    is(WRITE, "Label what I write TLP:AMBER", Some(by(Modifiers::ALT, Key::Num3)), |m| writing::label(m, Label::Amber)),
    is(WRITE, "Label what I write TLP:AMBER+STRICT", Some(by(Modifiers::ALT, Key::Num4)), |m| writing::label(m, Label::AmberStrict)),
    is(WRITE, "Label what I write TLP:RED", Some(by(Modifiers::ALT, Key::Num5)), |m| writing::label(m, Label::Red)),
    is(WRITE, "Put in an emoji…", Some(by(CTRL, Key::E)), |m| going::in_room(m, going::open(m, Overlay::Emoji { react_to: None })?)),
    is(WRITE, "Attach a file…", None, writing::attach),
    is(WRITE, "Take out the file attached last", None, writing::take_out),
    is(WRITE, "Call somebody by name…", None, |m| writing::write(m, compose::Action::Mention)),
    is(WRITE, "Mark what I write as exercise, or as real", None, writing::exercise),
    is(WRITE, "Send what I wrote", None, |m| writing::written(m).and_then(|_| writing::write(m, compose::Action::Send))),
    is(WRITE, "Let go what I wrote…", None, writing::clear),
    is(WRITE, "Stop replying: write to the room again", None, writing::no_reply),
    is(WRITE, "Reply in the thread that is open", None, writing::reply_in_thread),
    is(WRITE, "Copy what I wrote, with its label", None, writing::copy),
    is(WRITE, "Edit my latest entry", None, writing::edit_latest),
    is(WRITE, "Send again what was refused first", None, writing::send_again),
    is(WRITE, "Discard what was refused first…", None, writing::discard_refused),
    is(WRITE, "Discard what waits first…", None, writing::discard_waiting),
    is(WRITE, "Send the form that is open", None, managing::form),

    is(ASK, "Next ask that waits", Some(by(CTRL, Key::J)), writing::next_waiting),
    is(ASK, "Answer what waits first, with a note…", None, writing::answer),
    is(ASK, "Go to what waits first, in its room", None, writing::go_to_waiting),
    is(ASK, "Show the board of what waits first", None, writing::board_of_waiting),
    is(ASK, "Put the newest common cause away", None, writing::put_away),
    is(ASK, "New ask…", Some(by(CTRL_SHIFT, Key::A)), |m| going::in_room(m, going::open(m, Overlay::NewAsk)?)),
    is(ASK, "New alert: warn the room…", Some(by(CTRL_SHIFT, Key::W)), |m| going::in_room(m, going::open(m, Overlay::NewAlert)?)),
    is(ASK, "Write a new alert instead of the update", None, writing::new_alert),

    is(BOARD, "Show the board, or close it", Some(by(CTRL, Key::B)), entries::board),
    is(BOARD, "Sort the board by answer", None, |m| entries::on_board(m, board::Action::Sort(board::Sort::Answer))),
    is(BOARD, "Sort the board by organisation", None, |m| entries::on_board(m, board::Action::Sort(board::Sort::Organisation))),
    is(BOARD, "Sort the board by time", None, |m| entries::on_board(m, board::Action::Sort(board::Sort::Time))),
    is(BOARD, "Copy the board with its label", None, |m| entries::on_board(m, board::Action::CopyMarkdown)),
    is(BOARD, "Write the board to a file", None, |m| entries::on_board(m, board::Action::ExportCsv)),
    is(BOARD, "Answer the ask of the board…", None, entries::answer_board),
    is(BOARD, "Show what my organisation answered before, or close it", None, entries::history),
    is(BOARD, "Read the board again", None, entries::board_again),

    is(MANAGE, "Manage rooms", None, |m| managing::page(m, ManagePage::Rooms)),
    is(MANAGE, "Manage members", None, |m| managing::page(m, ManagePage::Members)),
    is(MANAGE, "Manage invitations", None, |m| managing::page(m, ManagePage::Invitations)),
    is(MANAGE, "Manage organisations", None, |m| managing::page(m, ManagePage::Organisations)),
    is(MANAGE, "Manage devices", None, |m| managing::page(m, ManagePage::Devices)),
    is(MANAGE, "Manage bots", None, |m| managing::page(m, ManagePage::Bots)),
    is(MANAGE, "Show what waits for a second manager", None, |m| managing::page(m, ManagePage::Proposals)),
    is(MANAGE, "Read the log of acts", None, |m| managing::page(m, ManagePage::Acts)),
    is(MANAGE, "Read the audit log", None, |m| managing::page(m, ManagePage::Audit)),
    is(MANAGE, "Answer a request for information…", None, |m| managing::page(m, ManagePage::Disclosure)),
    is(MANAGE, "Write the disclosure that is shown", None, managing::write_disclosure),
    is(MANAGE, "Answer another request for information", None, managing::another_disclosure),
    is(MANAGE, "Read the audit log again", None, |m| managing::audit(m, manage::Action::RefreshAudit)),
    is(MANAGE, "Look further back in the audit log", None, managing::older_audit),
    is(MANAGE, "Show in the audit log what does not concern me, or hide it", None, managing::audit_stubs),
    is(MANAGE, "Prove the record of the audit log that is shown", None, managing::prove),
    is(MANAGE, "Copy the audit log's checkpoint", None, |m| managing::checkpoint(m, manage::Action::CopyCheckpoint)),
    is(MANAGE, "Copy the audit log's key", None, |m| managing::checkpoint(m, manage::Action::CopyAuditKey)),
    is(MANAGE, "Take somebody out of the room that is shown…", None, |m| managing::row(m, RowAct::TakeOut)),
    is(MANAGE, "Give somebody another part in the room that is shown…", None, |m| managing::row(m, RowAct::GivePart)),
    is(MANAGE, "Take an invitation back…", None, |m| managing::row(m, RowAct::RevokeInvitation)),
    is(MANAGE, "Revoke a device of the page…", None, |m| managing::row(m, RowAct::RevokeDevice)),
    is(MANAGE, "Open a new room…", None, |m| managing::new(m, ManagePage::Rooms)),
    is(MANAGE, "Invite somebody…", None, |m| managing::new(m, ManagePage::Invitations)),
    is(MANAGE, "Add an organisation…", None, |m| managing::new(m, ManagePage::Organisations)),
    is(MANAGE, "Add a bot…", None, |m| managing::new(m, ManagePage::Bots)),
    is(MANAGE, "Propose something that takes two managers…", None, |m| managing::new(m, ManagePage::Proposals)),
    is(MANAGE, "Propose how long the room that is shown keeps its entries…", None, |m| managing::propose(m, Purpose::Retention)),
    is(MANAGE, "Put the room that is shown under a legal hold…", None, |m| managing::propose(m, Purpose::Hold)),
    is(MANAGE, "Propose to lift the legal hold on the room that is shown…", None, |m| managing::propose(m, Purpose::LiftHold)),
    is(MANAGE, "What my organisation depends on…", None, managing::entry),
    is(MANAGE, "Back to the list of the page", None, managing::list),
    is(MANAGE, "Bring in who is chosen", None, managing::bring),
    is(MANAGE, "Suspend the member that is shown…", None, |m| managing::about_member(m, Some(Standing::Active), Deed::Suspend)),
    is(MANAGE, "Reinstate the member that is shown…", None, |m| managing::about_member(m, Some(Standing::Suspended), Deed::Reinstate)),
    is(MANAGE, "Remove the member that is shown…", None, |m| managing::about_member(m, None, Deed::Remove)),
    is(MANAGE, "Make the member that is shown a manager…", None, |m| managing::role(m, Role::Manager)),
    is(MANAGE, "Make the member that is shown an officer…", None, |m| managing::role(m, Role::Officer)),
    is(MANAGE, "Make the member that is shown a guest…", None, |m| managing::role(m, Role::Guest)),
    is(MANAGE, "Give the bot that is shown another token…", None, managing::rotate),
    is(MANAGE, "Revoke the bot that is shown…", None, managing::revoke),
    is(MANAGE, "Copy the invitation that is shown once", None, |m| managing::once(m, Part::Invitation)),
    is(MANAGE, "Copy the token that is shown once", None, |m| managing::once(m, Part::Token)),
    is(MANAGE, "Copy the webhook's address that is shown once", None, |m| managing::once(m, Part::Hook)),
    is(MANAGE, "Put away what is shown once", None, managing::put_away),
    is(MANAGE, "Copy the server's address, for another device", None, managing::address),
    is(MANAGE, "Change my password…", None, |m| managing::credentials(m, What::Password)),
    is(MANAGE, "Set up a new authenticator…", None, |m| managing::credentials(m, What::Authenticator)),
    is(MANAGE, "Copy the new authenticator's secret", None, managing::new_secret),
    is(MANAGE, "Sign out: close this profile", None, |_| Some(Action::Welcome(welcome::Action::SignOut))),
    is(MANAGE, "Destroy this profile on this computer…", None, managing::destroy),

    is(TELL, "Quiet hours, or none", None, |m| prefer(m, interrupting::quiet)),
    is(TELL, "Every entry interrupts, or not", None, |m| prefer(m, |p| p.all = !p.all)),
    is(TELL, "What concerns us interrupts, or not", None, |m| prefer(m, |p| p.concerns_us = !p.concerns_us)),
    is(TELL, "No alert interrupts but an extreme one", None, |m| prefer(m, |p| p.severity = None)),
    is(TELL, "Alerts interrupt from severe on", None, |m| prefer(m, |p| p.severity = Some(Severity::Severe))),
    is(TELL, "Alerts interrupt from moderate on", None, |m| prefer(m, |p| p.severity = Some(Severity::Moderate))),
    is(TELL, "Alerts interrupt from minor on", None, |m| prefer(m, |p| p.severity = Some(Severity::Minor))),

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
