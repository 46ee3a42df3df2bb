//! Buttons, fields and choices.

use egui::{Button, Response, RichText, Role, Stroke, TextEdit, Ui, WidgetInfo};

use crate::look::{Palette, strong_family};

/// A button.
pub fn button(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(text))
}

/// The button that does what the page is for.
pub fn primary_button(ui: &mut Ui, look: &Palette, text: &str) -> Response {
    let text = RichText::new(text).color(look.on_accent).family(strong_family());
    ui.add(Button::new(text).fill(look.accent))
}

/// A button that takes something away.
pub fn danger_button(ui: &mut Ui, look: &Palette, text: &str) -> Response {
    let label = RichText::new(text).color(look.danger).family(strong_family());
    ui.add(Button::new(label).stroke(Stroke::new(1.0, look.danger)))
}

/// A button that looks like a link: for what leads somewhere.
pub fn link_button(ui: &mut Ui, look: &Palette, text: &str) -> Response {
    ui.add(Button::new(RichText::new(text).color(look.accent)).frame(false))
}

/// One of several, chosen or not.
pub fn choice(ui: &mut Ui, text: &str, is_chosen: bool) -> Response {
    ui.add(Button::selectable(is_chosen, text))
}

/// A field of one line with its name above it. Answers the new text when it was changed.
pub fn field(ui: &mut Ui, name: &str, text: &str) -> (Response, Option<String>) {
    edit(ui, name, text, |edit| edit)
}

/// A field for a password: dots.
pub fn secret_field(ui: &mut Ui, name: &str, text: &str) -> (Response, Option<String>) {
    edit(ui, name, text, |edit| edit.password(true))
}

/// A field of several lines.
pub fn long_field(ui: &mut Ui, name: &str, text: &str, rows: usize) -> (Response, Option<String>) {
    let mut text = text.to_owned();
    ui.label(name);
    let response =
        ui.add(TextEdit::multiline(&mut text).desired_rows(rows).desired_width(f32::INFINITY));
    response.widget_info(|| WidgetInfo::labeled(Role::MultilineTextInput, true, name));
    let changed = response.changed().then_some(text);
    (response, changed)
}

fn edit(
    ui: &mut Ui,
    name: &str,
    text: &str,
    with: impl for<'t> FnOnce(TextEdit<'t>) -> TextEdit<'t>,
) -> (Response, Option<String>) {
    let mut text = text.to_owned();
    let label = ui.label(name);
    let field = with(TextEdit::singleline(&mut text).desired_width(f32::INFINITY));
    let response = ui.add(field).labelled_by(label.id);
    let changed = response.changed().then_some(text);
    (response, changed)
}
