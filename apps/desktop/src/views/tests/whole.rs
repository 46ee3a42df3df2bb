//! Whole stories in the whole window, by accessible name and by keyboard, with the world answering as
//! the real one would. Each ends in exactly what was asked of the world.

mod going;
mod joining;
mod managing;
mod writing;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::{EntryId, Head};

use super::{Screen, screen};
use crate::effect::Outgoing;
use crate::{Effect, Model, News, fixture};

const FIELD: &str = "Your message";

/// A window on this model, drawn and looked at.
fn begin(mut model: Model) -> Screen {
    model.desk.is_looked_at = true;
    let mut screen = screen(model);
    screen.run_ok();
    screen.state_mut().world.asked.clear();
    screen
}

fn incident() -> Screen {
    begin(fixture::incident_model())
}

fn press(screen: &mut Screen, modifiers: Modifiers, key: Key) {
    screen.key_press_modifiers(modifiers, key);
    screen.run_ok();
}

/// Types into whatever has the keyboard.
fn write(screen: &mut Screen, text: &str) {
    screen.event(egui::Event::Text(text.to_owned()));
    screen.run_ok();
}

fn tell(screen: &mut Screen, news: News) {
    screen.state_mut().world.to_tell.push_back(news);
    screen.run_ok();
}

fn click(screen: &mut Screen, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

fn has_keyboard(screen: &Screen, name: &str) -> bool {
    screen.get_by_label(name).is_focused()
}

/// Goes by Tab until this control has the keyboard.
fn tab_to(screen: &mut Screen, name: &str) {
    for _ in 0..200 {
        if screen.query_all_by_label(name).any(|node| node.is_focused()) {
            return;
        }
        press(screen, Modifiers::NONE, Key::Tab);
    }
    panic!("Tab does not reach {name}");
}

/// What was to be sent, in order.
fn sent(screen: &Screen) -> Vec<&Outgoing> {
    let asked = screen.state().world.asked.iter();
    asked
        .filter_map(|effect| match effect {
            Effect::Send(outgoing) => Some(outgoing),
            _ => None,
        })
        .collect()
}

/// The only thing that was to be sent.
fn only_sent(screen: &Screen) -> &Outgoing {
    match sent(screen)[..] {
        [one] => one,
        ref all => panic!("{} were to be sent", all.len()),
    }
}

/// The server has stored what was sent, as this number, and the room is told.
fn stored(screen: &mut Screen, id: EntryId, seq: u64, entry: warproom_client::proto::Entry) {
    let at_ms = fixture::NOW_MS + 1_000;
    let posted = warproom_client::proto::calls::Posted { seq, at_ms, head: Head([1; 32]) };
    tell(screen, News::Sent(id, Ok(posted)));
    let mut entry = entry;
    entry.handling.id = id;
    tell(screen, News::Entry(fixture::delivered(fixture::room(1), seq, at_ms, entry)));
}
