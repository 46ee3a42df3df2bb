//! The fonts in the executable: Latin with Welsh and Gaelic marks, symbols, emoji, and one for code.
//! Their licences lie beside them in `apps/desktop/fonts`.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

use super::{italic_family, strong_family};

/// Which font for what, and what stands in where it lacks a sign.
pub(super) fn definitions() -> FontDefinitions {
    let files: [(&str, &'static [u8]); 6] = [
        ("Inter", include_bytes!("../../fonts/Inter-Regular.otf")),
        ("Inter SemiBold", include_bytes!("../../fonts/Inter-SemiBold.otf")),
        ("Inter Italic", include_bytes!("../../fonts/Inter-Italic.otf")),
        ("Hack", include_bytes!("../../fonts/Hack-Regular.ttf")),
        ("Noto Emoji", include_bytes!("../../fonts/NotoEmoji-Regular.ttf")),
        ("emoji icons", include_bytes!("../../fonts/emoji-icon-font.ttf")),
    ];
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    for (family, first) in [
        (FontFamily::Proportional, "Inter"),
        (strong_family(), "Inter SemiBold"),
        (italic_family(), "Inter Italic"),
        (FontFamily::Monospace, "Hack"),
    ] {
        let rest = ["Inter", "Hack", "Noto Emoji", "emoji icons"];
        let names = std::iter::once(first).chain(rest.into_iter().filter(|name| *name != first));
        fonts.families.insert(family, names.map(str::to_owned).collect());
    }
    fonts
}
