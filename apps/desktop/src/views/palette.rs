//! The command palette: every action that is possible now, by its name, with its shortcut.

use egui::Ui;

use super::Cx;
use super::switcher::{Line, Picker};
use crate::Action as Any;
use crate::commands::offered;
use crate::model::desk::Overlay;
use crate::model::find::Action;

pub(super) fn ui(ui: &Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let mut offered = offered(model);
    let line = |command: &crate::commands::Command| Line {
        name: command.name.to_owned(),
        beside: command.keys_name(&model.settings),
    };
    let lines: Vec<_> = offered.iter().map(|(command, _)| line(command)).collect();
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
}
