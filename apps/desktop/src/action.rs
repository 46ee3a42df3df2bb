//! What a person can do, whatever they do it with: a key, the mouse, the palette, a screen reader.
//!
//! Each part of the model has its own actions beside it; this is their sum. Nothing here knows keys or
//! widgets.

use crate::model::{
    ask, board, compose, credentials, desk, export, files, find, manage, room, rooms, settings,
    welcome,
};

/// Something a person did.
#[derive(Clone)]
pub enum Action {
    /// The first minutes, unlocking, another device.
    Welcome(welcome::Action),
    /// What is open: panes, overlays, focus, leaving.
    Desk(desk::Action),
    /// The list of rooms.
    Rooms(rooms::Action),
    /// Reading the open room: its timeline, threads, an entry of it.
    Room(room::Action),
    /// Writing: draft, label, reply, sending, the outbox.
    Compose(compose::Action),
    /// Files: attached to a draft, saved from an entry.
    Files(files::Action),
    /// Asks that wait, answering, asking, alerting.
    Ask(ask::Action),
    /// The situation board.
    Board(board::Action),
    /// Switcher, palette, search, directory, jumping to a date.
    Find(find::Action),
    /// What managers and leads do.
    Manage(manage::Action),
    /// How this computer shows and tells things.
    Settings(settings::Action),
    /// Another password, another authenticator.
    Credentials(credentials::Action),
    /// Taking a room's records out.
    Export(export::Action),
}

macro_rules! parts {
    ($($part:ident: $module:ident),* $(,)?) => { $(
        impl From<$module::Action> for Action {
            fn from(action: $module::Action) -> Self {
                Self::$part(action)
            }
        }
    )* };
}

parts! {
    Welcome: welcome,
    Desk: desk,
    Rooms: rooms,
    Room: room,
    Compose: compose,
    Files: files,
    Ask: ask,
    Board: board,
    Find: find,
    Manage: manage,
    Settings: settings,
    Credentials: credentials,
    Export: export,
}
