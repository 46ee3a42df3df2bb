//! Choosing the label up to which something goes: spelled out on black, like every label.

use egui::{Button, Color32, Id, RichText, Role, Stroke, Ui, UiBuilder, WidgetInfo};

use super::super::Cx;
use super::super::widgets::{strong, typed_label};
use crate::look::{space, strong_family};
use crate::model::label;
use warproom_client::proto::Label;

/// What is chosen: a label, or nothing where that is offered.
pub(super) type Choice = Option<Label>;

/// The labels up to one, under a name; before them "nothing" where that is offered. Answers the one
/// that was chosen.
pub(super) fn choose(
    ui: &mut Ui,
    cx: &Cx<'_>,
    name: &str,
    chosen: Choice,
    (upto, nothing): (Label, Option<&str>),
) -> Option<Choice> {
    let key = Id::unique(("manage label", name));
    let builder = UiBuilder::new().scope_id(key).accessibility_role(Role::RadioGroup);
    ui.scope_builder(builder.accessibility_label(name), |ui| {
        let mut picked = None;
        strong(ui, name);
        let shown = ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            if let Some(word) = nothing {
                let button = ui.add(Button::selectable(chosen.is_none(), word));
                named(&button, name, word, chosen.is_none());
                picked = button.clicked().then_some(None);
            }
            for one in Label::ALL.into_iter().filter(|one| *one <= upto) {
                if label_button(ui, cx, name, (one, chosen == Some(one))) {
                    picked = Some(Some(one));
                }
            }
        });
        let typed = typed_label(ui, shown.response.rect).filter(|typed| *typed <= upto);
        picked.or(typed.map(Some)).filter(|picked| *picked != chosen)
    })
    .inner
}

fn label_button(ui: &mut Ui, cx: &Cx<'_>, name: &str, (one, is_chosen): (Label, bool)) -> bool {
    let [red, green, blue] = one.rgb();
    let says = if is_chosen { format!("✔ {one}") } else { one.to_string() };
    let text = RichText::new(says).color(Color32::from_rgb(red, green, blue));
    let line = if is_chosen { cx.look.accent } else { cx.look.line };
    let button = Button::new(text.family(strong_family()))
        .fill(Color32::BLACK)
        .stroke(Stroke::new(if is_chosen { 2.0 } else { 1.0 }, line));
    let response = ui.add(button);
    named(&response, name, one.as_str(), is_chosen);
    response.on_hover_text(label::meaning(one)).clicked()
}

fn named(response: &egui::Response, name: &str, says: &str, is_chosen: bool) {
    let name = format!("{name}: {says}");
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &name));
}
