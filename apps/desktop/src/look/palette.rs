//! The colours of each theme, by what they are for.

use egui::{Color32, CornerRadius, Stroke, Visuals};

use super::ROUND;

/// How much of the accent what is chosen has: seen at a glance, and quiet text on it still has 4.5 : 1.
const SELECTED: f32 = 0.22;

/// A theme's colours.
#[derive(Debug, PartialEq)]
pub struct Palette {
    /// Whether it is light on dark.
    pub is_dark: bool,
    /// How colours, lines and texts stand to each other.
    pub page: Color32,
    /// Behind lists, panels and cards.
    pub panel: Color32,
    /// Behind what is chosen or pointed at.
    pub raised: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Lines around what can be acted on. At least 3 : 1 on every background above (WCAG 2.2, 1.4.11).
    pub edge: Color32,
    /// What is read.
    pub text: Color32,
    /// What is read second: times, hints. At least 4.5 : 1 on every background above.
    pub quiet: Color32,
    /// What can be acted on, and what has the keyboard.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// What went wrong, or takes something away. Never alone: a word or sign stands beside it.
    pub danger: Color32,
    /// What wants attention.
    pub warning: Color32,
    /// Over the page, under what lies on it.
    pub shade: Color32,
}

impl Palette {
    /// egui's own colours, from these.
    pub fn visuals(&self) -> Visuals {
        let mut visuals = if self.is_dark { Visuals::dark() } else { Visuals::light() };
        visuals.override_text_color = Some(self.text);
        visuals.weak_text_color = Some(self.quiet);
        visuals.hyperlink_color = self.accent;
        visuals.panel_fill = self.page;
        visuals.window_fill = self.panel;
        visuals.window_stroke = Stroke::new(1.0, self.line);
        visuals.extreme_bg_color = self.page;
        visuals.faint_bg_color = self.panel;
        visuals.code_bg_color = self.raised;
        visuals.error_fg_color = self.danger;
        visuals.warn_fg_color = self.warning;
        visuals.selection.bg_fill = self.accent.gamma_multiply(SELECTED);
        visuals.selection.stroke = Stroke::new(2.0, self.accent);
        for (widget, fill, line) in [
            (&mut visuals.widgets.noninteractive, self.panel, self.line),
            (&mut visuals.widgets.inactive, self.raised, self.edge),
            (&mut visuals.widgets.hovered, self.raised, self.edge),
            (&mut visuals.widgets.active, self.raised, self.edge),
            (&mut visuals.widgets.open, self.raised, self.edge),
        ] {
            widget.bg_fill = fill;
            widget.weak_bg_fill = fill;
            widget.bg_stroke = Stroke::new(1.0, line);
            widget.fg_stroke = Stroke::new(1.0, self.text);
            widget.corner_radius = CornerRadius::same(ROUND);
            widget.expansion = 0.0;
        }
        visuals.widgets.hovered.bg_stroke = Stroke::new(1.0, self.quiet);
        visuals.widgets.active.bg_stroke = Stroke::new(2.0, self.accent);
        visuals
    }
}

/// Dark on light.
pub static LIGHT: Palette = Palette {
    is_dark: false,
    page: Color32::from_rgb(0xff, 0xff, 0xff),
    panel: Color32::from_rgb(0xf4, 0xf6, 0xf8),
    raised: Color32::from_rgb(0xe6, 0xea, 0xef),
    line: Color32::from_rgb(0xc8, 0xd0, 0xd9),
    edge: Color32::from_rgb(0x76, 0x83, 0x93),
    text: Color32::from_rgb(0x14, 0x1b, 0x24),
    quiet: Color32::from_rgb(0x4c, 0x59, 0x68),
    accent: Color32::from_rgb(0x0b, 0x5c, 0xad),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    danger: Color32::from_rgb(0xb4, 0x1f, 0x24),
    warning: Color32::from_rgb(0x85, 0x4d, 0x00),
    shade: Color32::from_black_alpha(70),
};

/// Light on dark.
pub static DARK: Palette = Palette {
    is_dark: true,
    page: Color32::from_rgb(0x12, 0x16, 0x1c),
    panel: Color32::from_rgb(0x1a, 0x20, 0x28),
    raised: Color32::from_rgb(0x27, 0x30, 0x3b),
    line: Color32::from_rgb(0x39, 0x45, 0x54),
    edge: Color32::from_rgb(0x6f, 0x7f, 0x94),
    text: Color32::from_rgb(0xe8, 0xed, 0xf3),
    quiet: Color32::from_rgb(0xa3, 0xb0, 0xc0),
    accent: Color32::from_rgb(0x6c, 0xb4, 0xff),
    on_accent: Color32::from_rgb(0x06, 0x16, 0x28),
    danger: Color32::from_rgb(0xff, 0x8a, 0x85),
    warning: Color32::from_rgb(0xff, 0xc1, 0x5c),
    shade: Color32::from_black_alpha(130),
};

/// White and yellow on black, with lines around everything.
pub static HIGH_CONTRAST: Palette = Palette {
    is_dark: true,
    page: Color32::BLACK,
    panel: Color32::BLACK,
    raised: Color32::from_rgb(0x22, 0x22, 0x22),
    line: Color32::WHITE,
    edge: Color32::WHITE,
    text: Color32::WHITE,
    quiet: Color32::from_rgb(0xe0, 0xe0, 0xe0),
    accent: Color32::from_rgb(0xff, 0xe6, 0x00),
    on_accent: Color32::BLACK,
    danger: Color32::from_rgb(0xff, 0x9d, 0x9d),
    warning: Color32::from_rgb(0xff, 0xd2, 0x7a),
    shade: Color32::from_black_alpha(170),
};
