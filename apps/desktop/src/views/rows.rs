//! The rows of a page on which something can be done, where it is done by its name.

use egui::Ui;

use super::Cx;
use super::switcher::{Line, Picker};
use crate::Action as Any;
use crate::model::desk::Overlay;
use crate::model::find::{self, Action};
use crate::model::manage::{RowAct, RowOffer};

pub(super) fn ui(ui: &Ui, cx: &mut Cx<'_>, act: RowAct) {
    let model = cx.model;
    let line = |offer: RowOffer| Line { name: offer.name, beside: offer.beside };
    let lines: Vec<_> = find::shown_rows(model, act).into_iter().map(line).collect();
    let picker = Picker {
        overlay: Overlay::Row(act),
        name: act.question(),
        words: &model.find.row.words,
        chosen: model.find.row.chosen,
        nothing: "Nothing on this page fits.",
    };
    let picked = picker.ui(ui, cx, &lines);
    if let Some(words) = picked.words {
        cx.act(Any::Find(Action::RowWords(words)));
    }
    for direction in picked.steps {
        cx.act(Any::Find(Action::RowStep(act, direction)));
    }
    if let Some(place) = picked.taken {
        cx.act(Any::Find(Action::RowTake(act, place)));
    }
}
