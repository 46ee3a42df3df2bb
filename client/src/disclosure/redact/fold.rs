//! A text as it is compared: every way of writing a character is one character, and what cannot be seen
//! is not there.
//!
//! Case, width, marks over and under letters, letters of other scripts that look the same, HTML
//! references (`&#64;`) and percent-encoding (`%40`) are one. Each folded character knows which bytes of
//! the text it stands for, so that what is found is blacked out where it stands.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

/// A folded character, and the bytes it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) c: char,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether it was written as a capital: a name may begin there in the middle of a word.
    pub(super) is_capital: bool,
    /// Whether it was spelled out, as ` dot ` is.
    pub(super) is_spelled: bool,
}

/// Folds a text.
pub(super) fn fold(text: &str) -> Vec<Atom> {
    let mut atoms = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (decoded, taken) =
            encoded(&text[at..]).unwrap_or_else(|| (c.to_string(), c.len_utf8()));
        for c in decoded.chars() {
            push(&mut atoms, c, (at, at + taken));
        }
        at += taken;
    }
    atoms
}

fn push(atoms: &mut Vec<Atom>, c: char, (from, to): (usize, usize)) {
    let is_capital = c.is_uppercase();
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(std::iter::once(c));
    // Twice, because what is taken apart may be a capital, and a capital may be taken apart.
    let lower: String = decomposed.flat_map(char::to_lowercase).collect();
    for c in DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(lower.chars()) {
        if !is_unseen(c) {
            atoms.extend(plain(c).chars().map(|c| Atom {
                c,
                from,
                to,
                is_capital,
                is_spelled: false,
            }));
        }
    }
}

/// What a reference of HTML or a percent-encoding stands for, and how long it is.
fn encoded(text: &str) -> Option<(String, usize)> {
    if let Some(rest) = text.strip_prefix('&') {
        // The longest there is: seven digits and a sign or two.
        let end = rest.bytes().take(12).position(|b| b == b';')?;
        let name = &rest[..end];
        let decoded = match name.strip_prefix('#') {
            Some(number) => {
                let hexadecimal = number.strip_prefix(['x', 'X']);
                let code = match hexadecimal {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)?
            }
            None => match name {
                "commat" => '@',
                "period" => '.',
                "colon" => ':',
                "sol" => '/',
                "plus" => '+',
                "hyphen" | "dash" | "ndash" | "mdash" => '-',
                "shy" | "zwj" | "zwnj" => '\u{ad}',
                "nbsp" => ' ',
                "apos" | "rsquo" | "lsquo" => '\'',
                "lowbar" => '_',
                "szlig" => 'ß',
                _ => accented(name)?,
            },
        };
        return Some((decoded.to_string(), end + 2));
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [b'%', high, low, more @ ..] = rest {
        let digit = |b: &u8| char::from(*b).to_digit(16);
        let Some(byte) = digit(high).zip(digit(low)).map(|(high, low)| high * 16 + low) else {
            break;
        };
        bytes.extend(u8::try_from(byte).ok());
        rest = more;
    }
    let taken = 3 * bytes.len();
    let decoded = String::from_utf8(bytes).ok()?;
    (taken > 0).then_some((decoded, taken))
}

/// The letter of a reference as `&eacute;`: what is over it is not compared.
fn accented(name: &str) -> Option<char> {
    const MARKS: [&str; 8] = ["acute", "grave", "circ", "uml", "tilde", "cedil", "ring", "slash"];
    let letter = name.chars().next().filter(char::is_ascii_alphabetic)?;
    MARKS.contains(&&name[1..]).then_some(letter)
}

/// Whether nothing of it is seen, or only over and under another: marks, joiners, signs that steer.
fn is_unseen(c: char) -> bool {
    CanonicalCombiningClassMapBorrowed::new().get_u8(c) != 0
        || matches!(c,
            // Marks that combine in no order.
            '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}'
            | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
            | '\u{302a}'..='\u{302f}' | '\u{3099}'..='\u{309a}' | '\u{fe20}'..='\u{fe2f}'
            // Unicode's Default_Ignorable_Code_Point.
            | '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The plain letters, digits and signs that a character looks like (a part of Unicode UTS #39).
fn plain(c: char) -> String {
    let plain = match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' | 'ο' | 'о' | 'օ' | 'ᴏ' => "o",
        'đ' | 'ð' | 'ԁ' | 'ᴅ' => "d",
        'ħ' | 'һ' | 'ʜ' => "h",
        'ı' | 'і' | 'ι' | 'ɪ' | 'ӏ' => "i",
        'ł' | 'ʟ' => "l",
        'þ' => "th",
        'α' | 'а' | 'ɑ' | 'ᴀ' => "a",
        'в' | 'ʙ' => "b",
        'с' | 'ϲ' | 'ᴄ' => "c",
        'е' | 'ε' | 'є' | 'ᴇ' => "e",
        'ɡ' | 'ɢ' => "g",
        'ј' | 'ᴊ' => "j",
        'κ' | 'к' | 'ᴋ' => "k",
        'м' | 'ᴍ' => "m",
        'η' | 'п' | 'ո' | 'ɴ' => "n",
        'ρ' | 'р' | 'ᴘ' => "p",
        'ԛ' => "q",
        'г' | 'ʀ' => "r",
        'ѕ' | 'ꜱ' => "s",
        'τ' | 'т' | 'ᴛ' => "t",
        'υ' | 'ս' | 'ᴜ' => "u",
        'ν' | 'ѵ' | 'ᴠ' => "v",
        'ω' | 'ԝ' | 'ᴡ' => "w",
        'χ' | 'х' => "x",
        'у' | 'γ' | 'ʏ' => "y",
        'ᴢ' => "z",
        '。' | '｡' | '·' | '•' | '∙' | '⋅' | '‧' | '・' | '۔' | '܁' | '܂' | 'ꓸ' => {
            "."
        }
        '‐'..='―' | '−' | '⁃' | '˗' | '֊' | '־' | '᠆' | '⸺' | '⸻' | '➖' => "-",
        '’' | '‘' | 'ʼ' | 'ʻ' | 'ʹ' | '′' | '´' => "'",
        '⁄' | '∕' => "/",
        '∶' | '꞉' | 'ː' | '։' | '׃' => ":",
        _ => return in_a_row(c).or_else(|| digit(c)).unwrap_or(c).to_string(),
    };
    plain.to_owned()
}

/// The letter in a circle or a square, or of a flag: Unicode has each alphabet in a row.
fn in_a_row(c: char) -> Option<char> {
    let a = ['\u{1f150}', '\u{1f170}', '\u{1f1e6}'].into_iter().rfind(|a| *a <= c)?;
    let letter = u8::try_from(u32::from(c) - u32::from(a)).ok().filter(|n| *n < 26)?;
    Some(char::from(b'a' + letter))
}

/// The digit that a character of another script is: Unicode has each script's ten in a row.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 24] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
        0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    ];
    let code = u32::from(c);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).iter().map(|atom| atom.c).collect()
    }

    #[test]
    fn one_word_in_many_ways_is_one_word() {
        for text in [
            "smith",
            "SMITH",
            "Ｓｍｉｔｈ",
            "s\u{200b}mi\u{ad}th",
            "śmïth",
            "ｓＭ&#105;th",
            "𝓼𝓶𝓲𝓽𝓱",
            "ѕmіth",
            "Ⓢⓜⓘⓣⓗ",
            "%73mith",
            "s\u{202e}mith",
        ] {
            assert_eq!(folded(text), "smith", "{text:?}");
        }
        assert_eq!(folded("Straße %C3%A9 ٠٢٠"), "strasse e 020");
        assert_eq!(folded("100% & more; &unknown; %zz"), "100% & more; &unknown; %zz");
    }

    #[test]
    fn every_character_knows_where_it_stands() {
        let text = "aÉ\u{200b}&#64;ﬁ";
        let at = |c: char| fold(text).into_iter().find(|atom| atom.c == c).unwrap();
        assert_eq!(&text[at('e').from..at('e').to], "É");
        assert_eq!(&text[at('@').from..at('@').to], "&#64;");
        assert_eq!(&text[at('f').from..at('i').to], "ﬁ");
        assert!(at('e').is_capital && !at('a').is_capital);
    }
}
