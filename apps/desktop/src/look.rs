//! Every size and colour that the views use: one spacing scale, one type scale, and a palette of
//! tokens for each theme. Views name a token, never a number or a colour.
//!
//! The colours of labels are FIRST's and the same in every theme: the chip is always on black.

mod fonts;
mod palette;
#[cfg(test)]
mod tests;

use egui::style::ScrollAnimation;
use egui::{Context, FontFamily, FontId, Margin, TextStyle, Vec2};

use crate::model::settings::{Settings, Theme};

pub use palette::Palette;

/// The spacing scale, in points: each step is what separates things of one more level.
pub mod space {
    /// Between a word and its chip.
    pub const XS: f32 = 4.0;
    /// Within a control.
    pub const S: f32 = 8.0;
    /// Between controls.
    pub const M: f32 = 12.0;
    /// Between groups.
    pub const L: f32 = 16.0;
    /// Between parts of a page.
    pub const XL: f32 = 24.0;
    /// Around a page.
    pub const XXL: f32 = 32.0;
}

/// The type scale, in points.
pub mod size {
    /// Times, counts, hints.
    pub const SMALL: f32 = 12.0;
    /// What is read.
    pub const BODY: f32 = 14.0;
    /// A heading within a page.
    pub const HEADING: f32 = 16.0;
    /// The heading of a page.
    pub const TITLE: f32 = 22.0;
    /// Code and indicators.
    pub const MONO: f32 = 13.0;
}

/// The corners of controls and panels, in points.
pub const ROUND: u8 = 6;

/// The widest a text is set, in points: some 90 characters, as many as are read with ease.
pub const READING_WIDTH: f32 = 760.0;

/// The widest a row of controls is set, in points: on a large screen what belongs together stays
/// together.
pub const WORKING_WIDTH: f32 = 1040.0;

/// The width of the list of rooms, in points.
pub const ROOMS_WIDTH: f32 = 248.0;

/// The least width of what stands beside a timeline, in points.
pub const BESIDE_WIDTH: f32 = 360.0;

/// The width of what stands beside a timeline in a window of this width, in points: a large screen
/// gives it more, as far as it is read with ease.
pub const fn beside_width(window: f32) -> f32 {
    (window * 0.2).clamp(BESIDE_WIDTH, READING_WIDTH)
}

/// The smallest height of what is clicked, in points (WCAG 2.2, 2.5.8: at least 24).
pub const TARGET: f32 = 28.0;

/// The family of semibold text, for names and headings.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// The family of italic text.
pub fn italic_family() -> FontFamily {
    FontFamily::Name("italic".into())
}

/// The palette of a theme; `dark` is what the system prefers.
pub const fn palette(theme: Theme, dark: bool) -> &'static Palette {
    match (theme, dark) {
        (Theme::Light, _) | (Theme::System, false) => &palette::LIGHT,
        (Theme::Dark, _) | (Theme::System, true) => &palette::DARK,
        (Theme::HighContrast, _) => &palette::HIGH_CONTRAST,
    }
}

/// Loads the fonts. Once, when the window opens.
pub fn load_fonts(context: &Context) {
    context.set_fonts(fonts::definitions());
}

/// Makes egui draw as the settings say. Cheap where nothing changed.
pub fn apply(context: &Context, settings: &Settings) -> &'static Palette {
    let dark = context.system_theme().is_none_or(|theme| theme == egui::Theme::Dark);
    let palette = palette(settings.theme, dark);
    let key = egui::Id::unique("look applied");
    let wish = (std::ptr::from_ref(palette) as usize, settings.reduced_motion);
    let applied = context.data(|data| data.get_temp::<(usize, bool)>(key));
    if applied != Some(wish) {
        context.data_mut(|data| data.insert_temp(key, wish));
        context.all_styles_mut(|style| restyle(style, palette, settings));
    }
    if (context.zoom_factor() - settings.zoom).abs() > f32::EPSILON {
        context.set_zoom_factor(settings.zoom);
    }
    palette
}

fn restyle(style: &mut egui::Style, palette: &Palette, settings: &Settings) {
    style.text_styles = [
        (TextStyle::Small, FontId::new(size::SMALL, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(size::BODY, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(size::BODY, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(size::HEADING, strong_family())),
        (TextStyle::Monospace, FontId::new(size::MONO, FontFamily::Monospace)),
        (TextStyle::Name("title".into()), FontId::new(size::TITLE, strong_family())),
        (TextStyle::Name("strong".into()), FontId::new(size::BODY, strong_family())),
    ]
    .into();
    style.spacing.item_spacing = Vec2::splat(space::S);
    style.spacing.button_padding = Vec2::new(space::M, space::XS);
    style.spacing.interact_size.y = TARGET;
    style.spacing.window_margin = Margin::same(16);
    style.spacing.menu_margin = Margin::same(8);
    // Where there is more to scroll to is seen without pointing at it.
    style.spacing.scroll.dormant_handle_opacity = 0.6;
    style.spacing.scroll.floating_allocated_width = space::S;
    style.animation_time = if settings.reduced_motion { 0.0 } else { 0.1 };
    style.scroll_animation =
        if settings.reduced_motion { ScrollAnimation::none() } else { ScrollAnimation::default() };
    style.visuals = palette.visuals();
    // A cursor that blinks would draw the window twice a second for nothing else.
    style.visuals.text_cursor.blink = false;
}
