//! Whom an entry may have reached that was taken back.

use egui::Ui;
use warproom_client::proto::calls::{Reached, Recipient};

use crate::model::markdown::visible;
use crate::model::moment;
use crate::views::Cx;
use crate::views::widgets::{heading, quiet};

pub(super) fn ui(ui: &mut Ui, cx: &Cx<'_>, reached: &Reached) {
    heading(ui, "May have reached");
    if let Some(at_ms) = reached.taken_back_at_ms {
        quiet(ui, cx.look, &format!("Taken back {}", moment::full(at_ms)));
    }
    if reached.recipients.is_empty() {
        ui.label("nobody but its author");
        return;
    }
    for one in &reached.recipients {
        ui.label(line(one));
    }
    quiet(
        ui,
        cx.look,
        "Everyone who could read it. The server does not keep what a client was sent, nor which files it \
         fetched.",
    );
}

fn line(one: &Recipient) -> String {
    let organisation = one.organisation_name.as_ref();
    let organisation = organisation.map_or_else(String::new, |name| format!(", {name}"));
    let gone = if one.here { "" } else { " (not in the room any more)" };
    let mut signs: Vec<_> = one.signs.iter().map(|sign| sign.in_words()).collect();
    if signs.is_empty() {
        signs.push("could read it; nothing tells whether they did");
    }
    visible(&format!("{}{organisation}{gone}: {}", one.name, signs.join("; ")))
}
