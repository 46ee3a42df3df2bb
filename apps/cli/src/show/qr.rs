//! A QR code in half blocks: two rows of modules in one line of text.

use anstyle::{AnsiColor, Color, Style};
use anyhow::{Context as _, Result};
use fast_qr::{ECL, QRBuilder, QRCode};

/// The light border in modules. ISO/IEC 18004 asks for four; telephones read two, and a terminal has
/// few lines.
const BORDER: usize = 2;

/// Black on white whatever the terminal's own colours, which is what every reader understands.
const PAPER: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::Black)))
    .bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));

/// The text as a QR code, or an error if it is too long for one.
pub(crate) fn qr(text: &str) -> Result<String> {
    let code = QRBuilder::new(text)
        .ecl(ECL::L)
        .build()
        .ok()
        .context("the text is too long for a QR code")?;
    let side = code.size + 2 * BORDER;
    let mut lines = String::new();
    for row in (0..side).step_by(2) {
        let line: String = (0..side).map(|column| half_block(&code, row, column)).collect();
        lines.push_str(&super::styled(PAPER, &line));
        lines.push('\n');
    }
    Ok(lines)
}

fn half_block(code: &QRCode, row: usize, column: usize) -> char {
    match (is_dark(code, row, column), is_dark(code, row + 1, column)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

/// Counted with the border, where everything is light.
fn is_dark(code: &QRCode, row: usize, column: usize) -> bool {
    let inside = |at: usize| at.checked_sub(BORDER).filter(|at| *at < code.size);
    match (inside(row), inside(column)) {
        (Some(row), Some(column)) => code[row][column].value(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_light_border_and_its_finder_pattern() {
        let code = qr("otpauth://totp/x").unwrap();
        let plain = anstream::adapter::strip_str(&code).to_string();
        let lines: Vec<&str> = plain.lines().collect();
        assert!(lines[0].trim().is_empty());
        assert!(lines[1].starts_with("  █▀▀▀▀▀█ "), "{}", lines[1]);
        assert!(code.contains("\u{1b}[30m\u{1b}[107m"));
    }

    #[test]
    fn a_text_too_long_for_a_code_is_an_error() {
        assert!(qr(&"x".repeat(5000)).is_err());
    }
}
