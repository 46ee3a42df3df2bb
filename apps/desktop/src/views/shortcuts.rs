//! Every shortcut, from the commands themselves, and the keys that mean something in one place only.

use egui::{Grid, Id, ScrollArea, Ui};

use super::Cx;
use super::switcher::is_on_top;
use super::widgets::{button, heading, overlay, strong, takes_focus, title};
use crate::Action as Any;
use crate::commands::{COMMANDS, GROUPS, keys_name};
use crate::look::space;
use crate::model::desk::{Action, Focus, Overlay};

/// As wide as two columns of names with their keys, in points.
const WIDTH: f32 = 900.0;

/// The keys that are read by one part of the window while it has the keyboard.
const IN_PLACE: &[(&str, &str)] = &[
    ("Next control, and the one before", "Tab, Shift+Tab"),
    ("Do what the control says", "Enter or Space"),
    ("Answer the ask that has the keyboard", "1 to 8"),
    ("Edit my latest entry, from an empty composer", "↑"),
    ("Choose an entry of the timeline", "↑, ↓"),
    ("Choose from what the composer offers", "↑, ↓, Enter"),
];

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
                let groups: Vec<_> = GROUPS.iter().map(|group| (*group, of_group(group))).collect();
                for (place, (group, rows)) in (0..).zip(groups.iter()) {
                    // The first two are as long as all the others.
                    table(if place < 2 { &mut *left } else { &mut *right }, group, rows);
                }
                let here = IN_PLACE.iter().map(|(name, keys)| (*name, (*keys).to_owned()));
                table(left, "In its place", &here.collect::<Vec<_>>());
            });
        });
    });
}

fn of_group(group: &str) -> Vec<(&'static str, String)> {
    let in_group = COMMANDS.iter().filter(|command| command.group == group);
    in_group.filter_map(|command| Some((command.name, keys_name(command.keys?)))).collect()
}

fn table(ui: &mut Ui, name: &str, rows: &[(&str, String)]) {
    if rows.is_empty() {
        return;
    }
    ui.add_space(space::XS);
    heading(ui, name);
    ui.spacing_mut().interact_size.y = 0.0;
    Grid::new(Id::unique(("shortcuts", name))).num_columns(2).striped(true).show(ui, |ui| {
        for (name, keys) in rows {
            strong(ui, keys);
            ui.label(*name);
            ui.end_row();
        }
    });
}
