//! That everything can be read: contrast in every theme, and a glyph for every sign that is used.

use egui::style::ScrollAnimation;
use egui::{Color32, FontFamily, FontId};
use warproom_client::proto::Label;

use super::palette::{DARK, HIGH_CONTRAST, LIGHT};
use super::{Palette, italic_family, size, strong_family};
use crate::model::compose::emoji;
use crate::model::settings::Settings;

/// Relative luminance (WCAG 2.2).
fn luminance(color: Color32) -> f64 {
    let linear = |channel: u8| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

/// The contrast of two colours, from 1 to 21 (WCAG 2.2, 1.4.3).
fn contrast(one: Color32, other: Color32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What is read, with its name, and what it is read on.
fn pairs(look: &Palette) -> Vec<(&'static str, Color32, &'static str, Color32)> {
    let inks = [
        ("text", look.text),
        ("quiet", look.quiet),
        ("accent", look.accent),
        ("danger", look.danger),
        ("warning", look.warning),
    ];
    let grounds = [("page", look.page), ("panel", look.panel), ("raised", look.raised)];
    let mut pairs: Vec<_> = inks
        .into_iter()
        .flat_map(|(ink, color)| grounds.map(|(ground, on)| (ink, color, ground, on)))
        .collect();
    pairs.push(("on accent", look.on_accent, "accent", look.accent));
    pairs
}

fn assert_contrast(theme: &str, look: &Palette, least: f64) {
    for (ink, color, ground, on) in pairs(look) {
        let is = contrast(color, on);
        assert!(is >= least, "{theme}: {ink} on {ground} is {is:.2} : 1, not {least} : 1");
    }
}

#[test]
fn contrast_is_measured_as_in_wcag() {
    assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
    assert!((contrast(Color32::from_gray(0x77), Color32::WHITE) - 4.48).abs() < 0.01);
}

#[test]
fn every_text_can_be_read_in_every_theme() {
    assert_contrast("light", &LIGHT, 4.5);
    assert_contrast("dark", &DARK, 4.5);
}

#[test]
fn the_high_contrast_theme_has_a_high_contrast() {
    assert_contrast("high contrast", &HIGH_CONTRAST, 7.0);
}

/// FIRST, TLP 2.0: the colours of the text, always on black.
#[test]
fn labels_have_the_colours_of_first() {
    let first = [
        (Label::Clear, 0xff_ffff),
        (Label::Green, 0x33_ff00),
        (Label::Amber, 0xff_c000),
        (Label::AmberStrict, 0xff_c000),
        (Label::Red, 0xff_2b2b),
    ];
    assert_eq!(first.map(|(label, _)| label).to_vec(), Label::ALL.to_vec());
    for (label, rgb) in first {
        let [red, green, blue] = label.rgb();
        assert_eq!(u32::from_be_bytes([0, red, green, blue]), rgb, "{label}");
        assert!(contrast(Color32::from_rgb(red, green, blue), Color32::BLACK) >= 4.5, "{label}");
    }
}

/// The letters with marks of Welsh (circumflex, diaeresis, acute, grave on every vowel, w and y among
/// them), Irish (acute, and the dot of the older spelling) and Scottish Gaelic (grave and acute).
const LETTERS: &str = "ÂÊÎÔÛŴŶâêîôûŵŷÄËÏÖÜẄŸäëïöüẅÿÁÉÍÓÚẂÝáéíóúẃýÀÈÌÒÙẀỲàèìòùẁỳ\
                       ḂĊḊḞĠṀṖṠṪḃċḋḟġṁṗṡṫ⁊";

/// Signs that the window itself writes, and that officers do.
const SIGNS: &str = "€£§©®°±×÷…–—‘’“”‹›«»•·†‡‰™←↑→↓↔⇒✓✔✖✗⚠⏰⏳⏺○●■□▲△▼▽◆◇☐☑★☆≤≥≠≈∞µ²³½¼¾";

/// The signs that this family of fonts has no glyph for.
fn missing(family: &FontFamily, signs: &str) -> Vec<char> {
    let context = egui::Context::default();
    super::load_fonts(&context);
    let font = FontId::new(size::BODY, family.clone());
    let mut missing = Vec::new();
    let mut output = context.run_ui(egui::RawInput::default(), |ui| {
        let has = |sign: &char| ui.ctx().fonts_mut(|fonts| fonts.has_glyph(&font, *sign));
        missing = signs.chars().filter(|sign| !has(sign)).collect();
    });
    // Nothing is drawn of it.
    output.textures_delta.clear();
    missing
}

#[test]
fn a_sign_without_a_glyph_is_noticed() {
    assert_eq!(missing(&FontFamily::Proportional, "a\u{10ffff}"), ['\u{10ffff}']);
}

#[test]
fn every_family_has_the_letters_of_these_islands_and_the_usual_signs() {
    let ascii: String = (' '..='~').collect();
    for family in
        [FontFamily::Proportional, strong_family(), italic_family(), FontFamily::Monospace]
    {
        for signs in [&ascii, LETTERS, SIGNS] {
            assert_eq!(missing(&family, signs), Vec::<char>::new(), "{family:?}");
        }
    }
}

/// An emoji may end in a sign that says how it is drawn, which has no glyph of its own.
#[test]
fn every_emoji_that_is_offered_has_a_glyph() {
    let all: String = emoji::ALL.iter().map(|(emoji, _)| *emoji).collect();
    let drawn = all.replace(['\u{fe0f}', '\u{200d}'], "");
    assert_eq!(missing(&FontFamily::Proportional, &drawn), Vec::<char>::new());
}

#[test]
fn with_reduced_motion_nothing_moves_by_itself() {
    let context = egui::Context::default();
    for is_reduced in [true, false] {
        let settings = Settings { reduced_motion: is_reduced, ..Settings::default() };
        super::apply(&context, &settings);
        let style = context.global_style();
        assert_eq!(style.animation_time <= 0.0, is_reduced);
        assert_eq!(style.scroll_animation == ScrollAnimation::none(), is_reduced);
    }
}
