//! What a link really leads to, before it is opened: the whole target, its host, and what is odd
//! about it.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontFamily, FontId, Id, Label, Response, Ui};

use super::markdown::link_label;
use super::widgets::{button, overlay, primary_button, quiet, title, trouble};
use super::{Cx, copying};
use crate::Action;
use crate::look::{READING_WIDTH, size, space};
use crate::model::markdown::{Target, defanged, visible};
use crate::model::{desk, label};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(link) = cx.model.desk.link.clone() else { return };
    overlay(ui, cx.look, "Where this link leads", READING_WIDTH, |ui| {
        copying::drawn(ui, link_label(ui, &link));
        title(ui, "Where this link leads");
        if let Some(target) = Target::parse(&link) {
            openable(ui, cx, &target);
        } else {
            trouble(ui, cx.look, "This is not an address that can be opened.");
            ui.add(Label::new(visible(&link)).wrap());
            cancel(ui, cx);
        }
    });
}

fn openable(ui: &mut Ui, cx: &mut Cx<'_>, target: &Target) {
    ui.add(Label::new(emphasised(cx, target)).wrap());
    quiet(ui, cx.look, &format!("It leads to {}", target.host()));
    for oddity in target.oddities() {
        trouble(ui, cx.look, oddity);
    }
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        if primary_button(ui, cx.look, "Open in the browser").clicked() {
            cx.act(Action::Desk(desk::Action::OpenLink));
        }
        let copy = button(ui, "Copy defanged");
        if copy.on_hover_text(defanged(target)).clicked() {
            let label = link_label(ui, target.as_str());
            let copied = label::copied(label, &defanged(target));
            cx.act(Action::Desk(desk::Action::Copy(copied)));
        }
        cancel(ui, cx);
    });
}

/// The harmless choice has the keyboard when this opens.
fn cancel(ui: &mut Ui, cx: &mut Cx<'_>) {
    let cancel = button(ui, "Cancel");
    focus_when_opened(&cancel);
    if cancel.clicked() {
        cx.act(Action::Desk(desk::Action::Back));
    }
}

fn focus_when_opened(response: &Response) {
    let key = Id::unique("link overlay drawn last");
    let now = response.ctx.cumulative_pass_nr();
    let last = response.ctx.data_mut(|data| {
        let last = data.get_temp::<u64>(key);
        data.insert_temp(key, now);
        last
    });
    if last.is_none_or(|last| last + 1 < now) {
        response.request_focus();
    }
}

/// The whole address, its host standing out.
fn emphasised(cx: &Cx<'_>, target: &Target) -> LayoutJob {
    let set = |color: Color32, points| {
        TextFormat::simple(FontId::new(points, FontFamily::Monospace), color)
    };
    let (before, host, after) = target.parts();
    let mut job = LayoutJob::default();
    job.append(before, 0.0, set(cx.look.quiet, size::MONO));
    job.append(host, 0.0, set(cx.look.text, size::HEADING));
    job.append(after, 0.0, set(cx.look.quiet, size::MONO));
    job
}
