//! The views through their accessible names, as a screen reader or a switch device meets them.
//!
//! Each test draws the whole window of a model in a scripted world. The tests of each part are in the
//! file of its name below.

mod ask;
mod beside;
mod board;
mod commands;
mod compose;
mod entry;
mod find;
mod manage;
mod markdown;
mod names;
mod rooms;
mod timeline;
mod welcome;
mod whole;

use egui_kittest::Harness;

use crate::controller::Controller;
use crate::fixture::Script;
use crate::{Model, look, views};

/// A window of this many points showing a model.
pub(crate) type Screen = Harness<'static, Controller<Script>>;

/// A window of the usual size.
pub(crate) fn screen(model: Model) -> Screen {
    sized(model, 1280.0, 800.0)
}

/// A window of this size, in points.
pub(crate) fn sized(model: Model, width: f32, height: f32) -> Screen {
    let mut has_fonts = false;
    let controller = Controller { model, world: Script::default() };
    Harness::builder().with_size(egui::vec2(width, height)).build_ui_state(
        move |ui, controller: &mut Controller<Script>| {
            if !has_fonts {
                // From the next frame on.
                look::load_fonts(ui.ctx());
                ui.ctx().add_plugin(views::Copying::default());
                has_fonts = true;
                ui.ctx().request_repaint();
                return;
            }
            controller.turn();
            for action in views::ui(ui, &controller.model) {
                controller.act(action);
                ui.ctx().request_repaint();
            }
        },
        controller,
    )
}
