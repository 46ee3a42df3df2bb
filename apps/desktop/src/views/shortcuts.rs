//! Every shortcut, from the commands themselves, and the keys that mean something in one place only.

use egui::{Grid, Id, ScrollArea, Ui};

use super::Cx;
use super::switcher::is_on_top;
use super::widgets::{button, heading, overlay, strong, takes_focus, title};
use crate::Action as Any;
use crate::commands::here::{self, Row};
use crate::commands::{COMMANDS, GROUPS, keys_name};
use crate::look::space;
use crate::model::desk::{Action, Focus, Overlay};

/// As wide as two columns of names with their keys, in points.
const WIDTH: f32 = 900.0;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    overlay(ui, cx.look, "Shortcuts", WIDTH, |ui| {
        ui.horizontal(|ui| {
            title(ui, "Shortcuts");
            let close = button(ui, "Close");
            if is_on_top(cx, Overlay::Shortcuts) {
                takes_focus(cx, Focus::Field, &close);
            }
            if close.clicked() {
                cx.act(Any::Desk(Action::Toggle(Overlay::Shortcuts)));
            }
        });
        ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
            ui.columns_const(|[left, right]| {
                let groups = GROUPS.iter().map(|group| (*group, of_group(group)));
                let mut all: Vec<_> = groups.collect();
                all.extend(here::in_place(&cx.model.settings));
                let lines: usize = all.iter().map(|(_, rows)| rows.len() + 1).sum();
                let mut drawn = 0;
                for (group, rows) in &all {
                    // Both columns are about as long.
                    let is_left = drawn * 2 < lines;
                    drawn += rows.len() + 1;
                    table(if is_left { &mut *left } else { &mut *right }, group, rows);
                }
            });
        });
    });
}

fn of_group(group: &str) -> Vec<Row> {
    let in_group = COMMANDS.iter().filter(|command| command.group == group);
    in_group.filter_map(|command| Some((keys_name(command.keys?), command.name))).collect()
}

fn table(ui: &mut Ui, name: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    ui.add_space(space::XS);
    heading(ui, name);
    ui.spacing_mut().interact_size.y = 0.0;
    Grid::new(Id::unique(("shortcuts", name))).num_columns(2).striped(true).show(ui, |ui| {
        for (keys, name) in rows {
            strong(ui, keys);
            ui.label(*name);
            ui.end_row();
        }
    });
}
