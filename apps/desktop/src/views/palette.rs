//! The command palette: every action that is possible now, by its name, with its shortcut.

use egui::Ui;

use super::Cx;
use super::switcher::{Line, Picker};
use super::widgets::overlay;
use crate::Action as Any;
use crate::commands::{keys_name, offered};
use crate::model::desk::Overlay;
use crate::model::find::Action;

/// As wide as the longest name with its keys, in points.
const WIDTH: f32 = 640.0;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    overlay(ui, cx.look, "Do anything by its name", WIDTH, |ui| {
        let model = cx.model;
        let mut offered = offered(model);
        let lines: Vec<_> = offered
            .iter()
            .map(|(command, _)| Line {
                name: command.name.to_owned(),
                beside: command.keys.map(keys_name).unwrap_or_default(),
            })
            .collect();
        let picker = Picker {
            overlay: Overlay::Palette,
            name: "Do anything by its name",
            words: &model.find.palette.words,
            chosen: model.find.palette.chosen,
            nothing: "Nothing that is possible now is called so.",
        };
        let picked = picker.ui(ui, cx, &lines);
        if let Some(words) = picked.words {
            cx.act(Any::Find(Action::PaletteWords(words)));
        }
        for direction in picked.steps {
            cx.act(Any::Find(Action::PaletteStep(direction, lines.len())));
        }
        if let Some(place) = picked.taken.filter(|place| *place < offered.len()) {
            cx.act(Any::Find(Action::PaletteDone));
            cx.act(offered.swap_remove(place).1);
        }
    });
}
