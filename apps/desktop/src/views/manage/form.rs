//! What every form ends with: why it was refused, beside the button that sends it.

use egui::{Id, Ui, UiBuilder};

use super::super::Cx;
use super::super::widgets::{choice, danger_button, primary_button, quiet, strong, trouble};
use crate::model::manage::Asked;

/// A part of a form whose controls keep the keyboard whatever comes and goes above them.
pub(super) fn part<R>(ui: &mut Ui, key: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope_builder(UiBuilder::new().scope_id(Id::unique(("manage form", key))), add).inner
}

/// The button that sends the form. Answers whether it was pressed.
pub(super) fn send(ui: &mut Ui, cx: &Cx<'_>, asked: &Asked, verb: &str) -> bool {
    part(ui, verb, |ui| {
        let may = cx.model.is_connected() && *asked != Asked::Waiting;
        let is_pressed =
            ui.add_enabled_ui(may, |ui| primary_button(ui, cx.look, verb)).inner.clicked();
        match asked {
            Asked::NotYet => {}
            Asked::Waiting => {
                quiet(ui, cx.look, "Waiting for the server…");
            }
            Asked::Refused(sentence) => {
                trouble(ui, cx.look, sentence);
            }
        }
        is_pressed
    })
}

/// A button that takes something away: it asks first.
pub(super) fn danger(ui: &mut Ui, cx: &Cx<'_>, says: &str) -> bool {
    let is_on = cx.model.is_connected();
    ui.add_enabled_ui(is_on, |ui| danger_button(ui, cx.look, says)).inner.clicked()
}

/// One of a few, under a name. Answers the one that was chosen.
pub(super) fn one_of<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    all: &[(T, &str)],
    chosen: T,
) -> Option<T> {
    let mut picked = None;
    strong(ui, name);
    ui.horizontal_wrapped(|ui| {
        for (one, says) in all {
            if choice(ui, says, *one == chosen).clicked() && *one != chosen {
                picked = Some(*one);
            }
        }
    });
    picked
}

/// A switch. Answers how it stands when it was turned.
pub(super) fn switch(ui: &mut Ui, says: &str, is_on: bool) -> Option<bool> {
    let mut is_on = is_on;
    ui.checkbox(&mut is_on, says).changed().then_some(is_on)
}
