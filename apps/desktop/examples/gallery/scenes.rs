//! The scenes of the gallery: the states that people meet, also those that hurt.
//!
//! Each is made from the fixture as the program would get there: by what a person does and by what
//! the world tells.

mod over;
mod pages;
mod reading;
mod trouble;
mod welcome;

use warproom_desktop::model::settings::{self, Settings, Theme};
use warproom_desktop::model::{desk, rooms};
use warproom_desktop::{Action, Model, News, fixture};

/// A picture to be made.
pub struct Scene {
    /// The name of its file.
    pub name: String,
    /// The size of the window, in points.
    pub size: [f32; 2],
    /// What it shows.
    pub model: Box<dyn Fn() -> Model>,
}

/// A size of the window, with its name.
type Size = (&'static str, [f32; 2]);

/// The smallest that must do.
const SMALL: Size = ("1024x700", [1024.0, 700.0]);

/// The usual one.
const USUAL: Size = ("1280x800", [1280.0, 800.0]);

/// A 4K screen that is not scaled.
const LARGE: Size = ("3840x2160", [3840.0, 2160.0]);

/// A theme, with its name.
type Colours = (&'static str, Theme);

const LIGHT: Colours = ("light", Theme::Light);
const DARK: Colours = ("dark", Theme::Dark);
const CONTRAST: Colours = ("contrast", Theme::HighContrast);

/// Every scene.
pub fn all() -> Vec<Scene> {
    let mut scenes = Scenes(Vec::new());
    reading::scenes(&mut scenes);
    trouble::scenes(&mut scenes);
    over::scenes(&mut scenes);
    pages::scenes(&mut scenes);
    welcome::scenes(&mut scenes);
    scenes.0
}

/// The scenes so far.
struct Scenes(Vec<Scene>);

impl Scenes {
    /// One that is looked at all day: in every theme and at every size.
    fn main(&mut self, name: &str, model: fn() -> Model) {
        for colours in [LIGHT, DARK, CONTRAST] {
            for size in [SMALL, USUAL, LARGE] {
                self.add(name, colours, size, model);
            }
        }
    }

    /// A form: nothing of it may be lost in a small window.
    fn form(&mut self, name: &str, colours: Colours, model: fn() -> Model) {
        self.add(name, colours, USUAL, model);
        self.add(name, colours, SMALL, model);
    }

    /// Any other.
    fn one(&mut self, name: &str, colours: Colours, model: fn() -> Model) {
        self.add(name, colours, USUAL, model);
    }

    fn add(&mut self, name: &str, colours: Colours, size: Size, model: fn() -> Model) {
        let theme = colours.1;
        let scene = Scene {
            name: format!("{name}-{}-{}", colours.0, size.0),
            size: size.1,
            model: Box::new(move || themed(model(), theme)),
        };
        self.0.push(scene);
    }
}

fn themed(mut model: Model, theme: Theme) -> Model {
    let settings = Settings { theme, ..model.settings.clone() };
    act(&mut model, Action::Settings(settings::Action::Set(settings)));
    model
}

/// A person does something.
fn act(model: &mut Model, action: Action) {
    let _ = model.act(action);
}

/// Something is told.
fn hear(model: &mut Model, news: &News) {
    let _ = model.hear(news);
}

fn toggle(model: &mut Model, overlay: desk::Overlay) {
    act(model, Action::Desk(desk::Action::Toggle(overlay)));
}

fn open(model: &mut Model, room: u16) {
    act(model, Action::Rooms(rooms::Action::Open(fixture::room(room))));
}
