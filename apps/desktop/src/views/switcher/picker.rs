//! A field that narrows a list, and the list: for the switcher and the palette. The keyboard stays in
//! the field; arrows choose, Enter takes.

use egui::{Button, Id, Rect, Role, ScrollArea, TextEdit, Ui, Vec2, WidgetInfo, accesskit};

use crate::commands::here;
use crate::look::{TARGET, space};
use crate::model::desk::{Focus, Overlay};
use crate::model::rooms::Direction;
use crate::views::Cx;
use crate::views::widgets::{overlay, quiet, takes_focus};

/// As wide as the longest name with what stands beside it, in points.
const WIDTH: f32 = 640.0;

/// The rows that are seen at once: more than are read before one writes another letter.
const ROWS: f32 = 10.0;

/// A field that narrows a list.
pub struct Picker<'a> {
    /// The overlay it is in.
    pub overlay: Overlay,
    /// What the field is called.
    pub name: &'static str,
    /// What is written in it.
    pub words: &'a str,
    /// The place of the chosen line.
    pub chosen: usize,
    /// What is said where nothing fits.
    pub nothing: &'static str,
}

/// A line of the list.
#[derive(Default)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// What stands at its right.
    pub beside: String,
}

impl Line {
    fn spoken(&self) -> String {
        if self.beside.is_empty() {
            self.name.clone()
        } else {
            format!("{}, {}", self.name, self.beside)
        }
    }
}

/// What the person did.
#[derive(Default)]
pub struct Picked {
    /// The new words.
    pub words: Option<String>,
    /// The steps to other lines.
    pub steps: Vec<Direction>,
    /// The line that was taken.
    pub taken: Option<usize>,
}

/// Whether nothing lies over this overlay, so that keys are meant for it.
pub fn is_on_top(cx: &Cx<'_>, overlay: Overlay) -> bool {
    cx.model.desk.overlays.last() == Some(&overlay) && cx.model.desk.confirm.is_none()
}

impl Picker<'_> {
    /// Draws it over the window, with these lines.
    pub fn ui(&self, ui: &Ui, cx: &Cx<'_>, lines: &[Line]) -> Picked {
        let mut picked = Picked::default();
        overlay(ui, cx.look, self.name, WIDTH, |ui| picked = self.within(ui, cx, lines));
        picked
    }

    fn within(&self, ui: &mut Ui, cx: &Cx<'_>, lines: &[Line]) -> Picked {
        let mut picked = Picked::default();
        // The list may have become shorter by itself.
        let place = self.chosen.min(lines.len().saturating_sub(1));
        let chosen = lines.get(place);
        let taken = chosen.map(|_| place);
        self.field(ui, cx, taken, &mut picked);
        let Some(chosen) = chosen else {
            quiet(ui, cx.look, self.nothing);
            return picked;
        };
        let told = format!("{} of {}: {}", place + 1, lines.len(), chosen.spoken());
        let told = quiet(ui, cx.look, &told);
        // The keyboard stays in the field, so what is chosen is told.
        let is_live = |node: &mut accesskit::Node| node.set_live(accesskit::Live::Polite);
        ui.ctx().accesskit_node_builder(told.id, is_live);
        self.list(ui, cx, place, lines, &mut picked);
        picked
    }

    fn field(&self, ui: &mut Ui, cx: &Cx<'_>, chosen: Option<usize>, picked: &mut Picked) {
        let id = Id::unique((self.name, "field"));
        let is_on_top = is_on_top(cx, self.overlay);
        if is_on_top {
            picked.steps = here::taken(ui, here::PICKER);
        }
        let has_keyboard = is_on_top && ui.memory(|memory| memory.has_focus(id));
        if has_keyboard && !here::taken(ui, here::FIELD).is_empty() {
            picked.taken = chosen;
        }
        let mut words = self.words.to_owned();
        let label = ui.label(self.name);
        let edit = TextEdit::singleline(&mut words).id(id).desired_width(f32::INFINITY);
        let response = ui.add(edit).labelled_by(label.id);
        if is_on_top {
            takes_focus(cx, Focus::Field, &response);
        }
        picked.words = response.changed().then_some(words);
    }

    fn list(&self, ui: &mut Ui, cx: &Cx<'_>, chosen: usize, lines: &[Line], picked: &mut Picked) {
        let height = TARGET + ui.spacing().item_spacing.y;
        let most = (height * ROWS).min(ui.available_height() - space::M);
        let is_other = self.is_other(ui, cx, chosen);
        let area = ScrollArea::vertical().max_height(most).auto_shrink([false, true]);
        area.show_rows(ui, TARGET, lines.len(), |ui, visible| {
            if is_other {
                let top = ui.max_rect().top() - place_in(visible.start, height);
                let begin = egui::pos2(ui.max_rect().left(), top + place_in(chosen, height));
                ui.scroll_to_rect(Rect::from_min_size(begin, Vec2::new(1.0, height)), None);
            }
            for place in visible {
                let Some(line) = lines.get(place) else { continue };
                if row(ui, line, place == chosen) {
                    picked.taken = Some(place);
                }
            }
        });
    }

    /// Whether another line is chosen than before, or the list was opened anew.
    fn is_other(&self, ui: &Ui, cx: &Cx<'_>, chosen: usize) -> bool {
        let key = Id::unique((self.name, "chosen"));
        let now = (chosen, cx.model.desk.focus.1);
        let before = ui.data(|data| data.get_temp::<(usize, u64)>(key));
        ui.data_mut(|data| data.insert_temp(key, now));
        before != Some(now)
    }
}

fn row(ui: &mut Ui, line: &Line, is_chosen: bool) -> bool {
    let size = Vec2::new(ui.available_width(), TARGET);
    let button = Button::selectable(is_chosen, line.name.as_str())
        .shortcut_text(line.beside.as_str())
        .truncate()
        .min_size(size);
    let response = ui.add(button);
    let spoken = line.spoken();
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &spoken));
    response.clicked()
}

/// How far down a line begins, in points.
#[expect(clippy::cast_precision_loss, reason = "a list of a million lines would be off by a point")]
fn place_in(place: usize, height: f32) -> f32 {
    place as f32 * height
}
