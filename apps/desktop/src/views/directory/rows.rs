//! A long list whose rows differ in height: only what is seen is drawn. The height of each row is
//! remembered from when it was drawn last.

use std::hash::Hash;

use egui::{Id, ScrollArea, Ui};

use crate::look::TARGET;

/// How far beyond what is seen rows are drawn, in points, so that Tab finds the next one.
const BEYOND: f32 = 160.0;

/// The heights of the rows that were drawn, in points.
type Heights = std::collections::HashMap<Id, f32>;

/// Draws those of these rows that are seen, scrolled to the one at `to` when another one is meant than
/// before.
pub fn rows<T: Copy + Hash + std::fmt::Debug>(
    ui: &mut Ui,
    name: &'static str,
    all: &[T],
    to: Option<usize>,
    mut draw: impl FnMut(&mut Ui, usize, T),
) {
    let key = Id::unique((name, "heights"));
    let mut heights = ui.data(|data| data.get_temp::<Heights>(key)).unwrap_or_default();
    let goal = goal(ui, name, to);
    ScrollArea::vertical().id_salt(name).auto_shrink([false, true]).show_viewport(
        ui,
        |ui, seen| {
            let seen = seen.y_range().expand(BEYOND);
            let top = ui.cursor().top();
            for (place, row) in all.iter().enumerate() {
                let id = Id::unique((name, row));
                let height = heights.get(&id).copied().unwrap_or(TARGET);
                let begin = ui.cursor().top();
                let is_seen = begin - top <= seen.max && begin - top + height >= seen.min;
                if is_seen {
                    let drawn = ui.push_id(id, |ui| draw(ui, place, *row)).response;
                    heights.insert(id, ui.cursor().top() - begin);
                    if goal == Some(place) {
                        drawn.scroll_to_me(None);
                    }
                } else {
                    let spacing = ui.spacing().item_spacing.y;
                    let hidden = ui.allocate_space(egui::vec2(1.0, (height - spacing).max(0.0))).1;
                    if goal == Some(place) {
                        ui.scroll_to_rect(hidden, None);
                    }
                }
            }
        },
    );
    ui.data_mut(|data| data.insert_temp(key, heights));
}

/// The row to scroll to, once after it is meant.
fn goal(ui: &Ui, name: &'static str, to: Option<usize>) -> Option<usize> {
    let key = Id::unique((name, "goal"));
    let before = ui.data(|data| data.get_temp::<Option<usize>>(key)).flatten();
    ui.data_mut(|data| data.insert_temp(key, to));
    to.filter(|_| to != before)
}
