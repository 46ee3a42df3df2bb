//! Whom the invitation is for, and how to be sure that it leads to the right server.

use egui::{Grid, RichText, Ui};
use warproom_client::proto::register::Role;

use super::form;
use crate::look::{size, space};
use crate::model::desk::Focus;
use crate::model::moment;
use crate::news::Invitation;
use crate::views::Cx;
use crate::views::widgets::{self, takes_focus};

/// The characters of a fingerprint that are read in one breath.
const GROUP: usize = 4;

/// The groups on one line.
const GROUPS: usize = 6;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, invitation: &Invitation) {
    let invited = &invitation.invited;
    widgets::title(ui, "Is this invitation yours?");
    ui.add_space(space::S);
    let lapses_ms = invited.expires_at_ms;
    let lapsed = if lapses_ms <= cx.model.now_ms { " (it has lapsed)" } else { "" };
    let lapses = format!("{}, {}{lapsed}", moment::day(lapses_ms), moment::time(lapses_ms));
    let rows = [
        ("WARP", invited.warp.to_string()),
        ("Organisation", invited.organisation.to_string()),
        ("Name", format!("{} (@{})", invited.name, invited.handle)),
        ("Role", role(invited.role).to_owned()),
        ("Lapses", lapses),
        ("Server", cx.model.welcome.server.clone()),
    ];
    widgets::card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        Grid::new("whom the invitation is for").num_columns(2).spacing([space::L, space::S]).show(
            ui,
            |ui| {
                for (what, value) in rows {
                    widgets::quiet(ui, cx.look, what);
                    ui.label(value);
                    ui.end_row();
                }
            },
        );
    });
    ui.add_space(space::M);
    widgets::heading(ui, "Fingerprint of this WARP's server");
    let written = invitation.fingerprint.to_string();
    for line in grouped(&written) {
        ui.label(RichText::new(line).monospace().size(size::HEADING));
    }
    let compare = "Before you go on, telephone the manager who invited you, on a number you already \
                   have, and have them read this to you from their own screen. Capital and small \
                   letters differ; - is a hyphen, _ an underscore. If it is not the same, stop: somebody \
                   may be sitting between you and the server.";
    widgets::quiet(ui, cx.look, compare);
    let next = form::buttons(ui, cx, "Yes, this is me, and the fingerprint is right", Some("Back"));
    takes_focus(cx, Focus::Field, &next);
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Manager => "manager: runs the WARP, invites and removes, opens rooms",
        Role::Officer => "officer: speaks for an organisation and may open rooms",
        Role::Guest => "guest: is in the rooms you are brought into, and sees nobody else",
    }
}

/// In groups for reading aloud, a few on each line.
fn grouped(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let groups: Vec<String> =
        characters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.chunks(GROUPS).map(|line| line.join(" ")).collect()
}
