//! The views through their accessible names, as a screen reader or a switch device meets them.
//!
//! Each test draws the whole window of a model in a scripted world. The tests of each part are in the
//! file of its name below.

mod above;
mod acts;
mod ask;
mod audit;
mod beside;
mod board;
mod commands;
mod compose;
mod disclosure;
mod entry;
mod export;
mod files;
mod find;
mod focus;
mod manage;
mod markdown;
mod names;
mod proposals;
mod rooms;
mod settings;
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

/// A part of the window alone, with the copying of a whole one.
pub(crate) fn alone(model: Model, draw: fn(&mut egui::Ui, &mut views::Cx<'_>)) -> Screen {
    let mut has_fonts = false;
    let controller = Controller { model, world: Script::default() };
    Harness::builder().with_size(egui::vec2(1024.0, 700.0)).build_ui_state(
        move |ui, controller: &mut Controller<Script>| {
            if !has_fonts {
                look::load_fonts(ui.ctx());
                ui.ctx().add_plugin(views::Copying::default());
                has_fonts = true;
                ui.ctx().request_repaint();
                return;
            }
            controller.turn();
            let look = look::apply(ui.ctx(), &controller.model.settings);
            let mut actions = Vec::new();
            draw(ui, &mut views::Cx { model: &controller.model, look, actions: &mut actions });
            views::copying::all_drawn(ui);
            for action in actions {
                controller.act(action);
                ui.ctx().request_repaint();
            }
        },
        controller,
    )
}
