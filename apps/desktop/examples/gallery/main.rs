//! Draws the window of a made-up WARP in the states that matter, in each theme and at several sizes,
//! and writes a picture of each: for looking at, and for the README.
//!
//! ```text
//! cargo run -p warproom-desktop --features fixture --example gallery -- FOLDER [SCENE…]
//! ```
//!
//! It needs a display; a virtual one will do.

mod scenes;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use egui::{ColorImage, Ui, Vec2, ViewportCommand};
use scenes::Scene;
use warproom_desktop::controller::Controller;
use warproom_desktop::fixture::Script;
use warproom_desktop::{look, views};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().context("name a folder for the pictures")?);
    std::fs::create_dir_all(&folder)?;
    let wanted: Vec<String> = arguments.collect();
    let is_wanted =
        |scene: &Scene| wanted.is_empty() || wanted.iter().any(|part| scene.name.contains(part));
    let scenes: VecDeque<_> = scenes::all().into_iter().filter(is_wanted).collect();
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]),
        ..Default::default()
    };
    let gallery = |context: &eframe::CreationContext<'_>| {
        look::load_fonts(&context.egui_ctx);
        let pictures = mpsc::channel();
        let gallery = Gallery { scenes, folder, controller: None, frames: 0, pictures };
        Ok(Box::new(gallery) as Box<dyn eframe::App>)
    };
    eframe::run_native("Warproom gallery", options, Box::new(gallery))
        .map_err(|error| anyhow::anyhow!("the window failed: {error}"))
}

/// Frames drawn before the picture: layout settles, images are loaded, the window has its size.
const FRAMES: u32 = 12;

struct Gallery {
    scenes: VecDeque<Scene>,
    folder: PathBuf,
    /// The scene being drawn.
    controller: Option<Controller<Script>>,
    /// How many frames of it were drawn.
    frames: u32,
    /// Where its picture comes back.
    pictures: (mpsc::Sender<ColorImage>, mpsc::Receiver<ColorImage>),
}

impl eframe::App for Gallery {
    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        ui.ctx().request_repaint();
        if let Ok(picture) = self.pictures.1.try_recv() {
            self.keep(&picture);
        }
        let Some(scene) = self.scenes.front() else {
            return ui.ctx().send_viewport_cmd(ViewportCommand::Close);
        };
        let controller = self.controller.get_or_insert_with(|| {
            let [width, height] = scene.size;
            ui.ctx().send_viewport_cmd(ViewportCommand::InnerSize(Vec2::new(width, height)));
            ui.ctx().memory_mut(|memory| *memory = egui::Memory::default());
            Controller { model: (scene.model)(), world: Script::default() }
        });
        for action in views::ui(ui, &controller.model) {
            controller.act(action);
        }
        self.frames += 1;
        if self.frames == FRAMES {
            let picture = self.pictures.0.clone();
            // The other end goes only with the window.
            ui.ctx().request_screenshot(move |taken| drop(picture.send((*taken).clone())));
        }
    }
}

impl Gallery {
    fn keep(&mut self, picture: &ColorImage) {
        let Some(scene) = self.scenes.pop_front() else { return };
        let [width, height] = picture.size.map(|side| u32::try_from(side).unwrap_or_default());
        let path = self.folder.join(format!("{}.png", scene.name));
        let bytes = picture.as_raw();
        image::save_buffer(&path, bytes, width, height, image::ColorType::Rgba8)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.controller = None;
        self.frames = 0;
    }
}
