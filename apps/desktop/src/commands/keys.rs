//! The keys that have a meaning wherever the keyboard is, and what they are called.
//!
//! They are taken before any widget sees them, together with the character that a system may send
//! along: Alt+1 must not write a 1 into the draft.

use egui::{Context, Event, Key, KeyboardShortcut, ModifierNames, Modifiers};

use super::COMMANDS;
use crate::model::{desk, welcome};
use crate::{Action, Model};

/// Takes the keys that have a meaning wherever the keyboard is, and says what they do.
pub fn keys(context: &Context, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    context.input_mut(|input| {
        let mut was_taken = false;
        input.events.retain(|event| {
            let keep = match event {
                Event::Key { key, pressed: true, modifiers, .. } => {
                    let meaning = meaning(model, *modifiers, *key);
                    was_taken = !matches!(meaning, Meaning::None);
                    if let Meaning::Does(action) = meaning {
                        actions.push(*action);
                    }
                    !was_taken
                }
                Event::Text(_) => !std::mem::take(&mut was_taken),
                _ => true,
            };
            was_taken &= !matches!(event, Event::Key { pressed: false, .. });
            keep
        });
    });
    actions
}

/// What keys mean.
enum Meaning {
    /// Nothing: they are left to whatever has the keyboard.
    None,
    /// What is not possible now. They are taken, so that they mean the same everywhere.
    NotNow,
    /// This.
    Does(Box<Action>),
}

impl From<Option<Action>> for Meaning {
    fn from(action: Option<Action>) -> Self {
        action.map_or(Self::None, |action| Self::Does(Box::new(action)))
    }
}

fn meaning(model: &Model, pressed: Modifiers, key: Key) -> Meaning {
    if key == Key::Escape {
        return escape(model, pressed).into();
    }
    if model.desk.confirm.is_some() {
        return Meaning::None;
    }
    let is_meant = |shortcut: &KeyboardShortcut| matches(pressed, key, *shortcut);
    let mut commands = COMMANDS.iter();
    let Some(command) = commands.find(|command| command.keys.as_ref().is_some_and(is_meant)) else {
        return Meaning::None;
    };
    match command.now(model) {
        // What lies over a room is about that room, and would be about another one.
        Some(Action::Rooms(_)) if !model.desk.overlays.is_empty() => Meaning::NotNow,
        Some(action) => Meaning::Does(Box::new(action)),
        // Before somebody is signed in, most keys are the form's.
        None if model.session.is_none() => Meaning::None,
        None => Meaning::NotNow,
    }
}

/// Escape goes back by one step, unless the composer has offers to close first.
fn escape(model: &Model, pressed: Modifiers) -> Option<Action> {
    if pressed.any() {
        return None;
    }
    let is_clear = model.desk.confirm.is_none() && model.desk.overlays.is_empty();
    if is_clear && model.session.is_none() {
        return Some(Action::Welcome(welcome::Action::Back));
    }
    let is_composing = model.desk.pane == desk::Pane::Room && model.compose.completing.is_some();
    (!(is_clear && is_composing)).then_some(Action::Desk(desk::Action::Back))
}

/// Whether these keys are those of the shortcut, and no more: `AltGr`, which Windows reports as Ctrl
/// with Alt, is neither of them.
pub(super) fn matches(pressed: Modifiers, key: Key, shortcut: KeyboardShortcut) -> bool {
    let KeyboardShortcut { modifiers, logical_key } = shortcut;
    // The key that has the plus has the equals sign too, and some keyboards want Shift for a digit.
    let is_key = key == logical_key || (key, logical_key) == (Key::Equals, Key::Plus);
    let is_shift = pressed.shift == modifiers.shift || (pressed.shift && is_sign(logical_key));
    is_key && is_shift && pressed.alt == modifiers.alt && pressed.cmd_ctrl_matches(modifiers)
}

/// Whether the key writes a digit or another sign, so that Shift may be needed to reach it.
const fn is_sign(key: Key) -> bool {
    use Key::{Comma, Minus, Num0, Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Plus};
    let is_digit = matches!(key, Num0 | Num1 | Num2 | Num3 | Num4 | Num5 | Num6 | Num7 | Num8);
    is_digit || matches!(key, Comma | Minus | Plus)
}

/// What keys are called, as on the keyboard: `Ctrl+Shift+P`, `Alt+↓`.
pub fn keys_name(shortcut: KeyboardShortcut) -> String {
    let key = match shortcut.logical_key {
        Key::ArrowUp => "↑",
        Key::ArrowDown => "↓",
        Key::ArrowLeft => "←",
        Key::ArrowRight => "→",
        Key::Comma => ",",
        Key::Escape => "Esc",
        key => key.name(),
    };
    let is_mac = cfg!(target_os = "macos");
    let modifiers = ModifierNames::NAMES.format(&shortcut.modifiers, is_mac);
    if modifiers.is_empty() { key.to_owned() } else { format!("{modifiers}+{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortcut(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
        KeyboardShortcut::new(modifiers, key)
    }

    #[test]
    fn alt_gr_is_neither_ctrl_nor_alt() {
        let alt_gr = Modifiers { alt: true, ctrl: true, command: true, ..Modifiers::NONE };
        for (pattern, key) in [(Modifiers::ALT, Key::Num1), (Modifiers::COMMAND, Key::E)] {
            assert!(!matches(alt_gr, key, shortcut(pattern, key)));
            assert!(matches(pattern, key, shortcut(pattern, key)));
        }
    }

    #[test]
    fn shift_makes_another_shortcut_but_for_signs() {
        let shifted = Modifiers { shift: true, ..Modifiers::ALT };
        assert!(!matches(shifted, Key::ArrowDown, shortcut(Modifiers::ALT, Key::ArrowDown)));
        assert!(!matches(Modifiers::ALT, Key::ArrowDown, shortcut(shifted, Key::ArrowDown)));
        assert!(matches(shifted, Key::Num1, shortcut(Modifiers::ALT, Key::Num1)));
        let ctrl_shift = Modifiers { shift: true, ..Modifiers::COMMAND };
        assert!(matches(ctrl_shift, Key::Plus, shortcut(Modifiers::COMMAND, Key::Plus)));
        assert!(matches(Modifiers::COMMAND, Key::Equals, shortcut(Modifiers::COMMAND, Key::Plus)));
    }

    #[test]
    fn keys_are_called_as_on_the_keyboard() {
        let ctrl_shift = Modifiers { shift: true, ..Modifiers::COMMAND };
        assert_eq!(keys_name(shortcut(ctrl_shift, Key::P)), "Ctrl+Shift+P");
        assert_eq!(keys_name(shortcut(Modifiers::ALT, Key::ArrowDown)), "Alt+↓");
        assert_eq!(keys_name(shortcut(Modifiers::NONE, Key::F1)), "F1");
        assert_eq!(keys_name(shortcut(Modifiers::COMMAND, Key::Plus)), "Ctrl+Plus");
    }
}
