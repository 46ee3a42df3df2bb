//! Every action that has a name: for the palette, the keyboard and the list of shortcuts.
//!
//! A command is a name and a function of the model that says which action it is now, or that there is
//! none. It does nothing by itself, so that a key, the palette and a test do exactly the same.

mod entries;
mod going;
pub mod here;
mod interrupting;
mod keys;
mod list;
mod managing;
pub mod placed;
mod writing;

#[cfg(test)]
mod tests;

use egui::KeyboardShortcut;

use crate::model::desk::Overlay;
use crate::model::find::Wanted;
use crate::model::settings::Settings;
use crate::{Action, Model};

pub use keys::{keys, keys_name};
pub use list::{COMMANDS, GROUPS};

/// Something that can be done without further input.
pub struct Command {
    /// What the palette shows, in plain words: "Go to a room…". The dots say that it asks for more.
    pub name: &'static str,
    /// What it is about.
    pub group: &'static str,
    /// The keys that do it wherever the keyboard is, if there are any.
    pub keys: Option<KeyboardShortcut>,
    /// The action that it is now; none: it is not possible now.
    pub action: fn(&Model) -> Option<Action>,
}

impl Command {
    /// The action that it is now: before somebody is signed in, only what is about this computer.
    pub fn now(&self, model: &Model) -> Option<Action> {
        let is_of_desk = ![list::COMPUTER, list::HELP].contains(&self.group);
        if is_of_desk && model.session.is_none() {
            return None;
        }
        (self.action)(model)
    }

    /// The keys that do it: everywhere, or else in one place, which is said.
    pub fn keys_name(&self, settings: &Settings) -> String {
        match self.keys {
            Some(keys) => keys_name(keys),
            None => here::key_in_place(self.name, settings).unwrap_or_default(),
        }
    }
}

/// What lies on top but for the palette: what a command is about that is taken from it.
fn top(model: &Model) -> Option<Overlay> {
    model.desk.overlays.iter().rev().find(|overlay| **overlay != Overlay::Palette).copied()
}

/// What the palette offers: what is possible now and fits the words, the best match first.
pub fn offered(model: &Model) -> Vec<(&'static Command, Action)> {
    let possible = COMMANDS.iter().filter_map(|command| Some((command, command.now(model)?)));
    let wanted = Wanted::new(&model.find.palette.words);
    wanted.best_first(possible.collect(), |(command, _)| (command.name, command.group))
}
