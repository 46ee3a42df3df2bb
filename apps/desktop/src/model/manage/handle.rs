//! A handle, suggested from a person's name: `Mairéad Ní Dhomhnaill` is `mairead`, and if there is one
//! already `mairead.nd`, `mairead.nd2`.

use std::collections::BTreeSet;

/// The most characters of a handle (see `Handle`), less room for a number.
const CHARS: usize = 28;

/// A handle for this name that is not among those taken; empty if the name has no Latin letter.
pub(super) fn suggested(name: &str, taken: &BTreeSet<&str>) -> String {
    let words: Vec<String> =
        name.split_whitespace().map(plain).filter(|word| !word.is_empty()).collect();
    let Some((first, rest)) = words.split_first() else { return String::new() };
    let first = cut(first);
    let initials: String = rest.iter().filter_map(|word| word.chars().next()).collect();
    let longer =
        if initials.is_empty() { first.clone() } else { cut(&format!("{first}.{initials}")) };
    let numbered = (2..).map(|number: u32| format!("{longer}{number}"));
    let candidates = [first.clone(), longer.clone()].into_iter().chain(numbered);
    let fits = |handle: &String| handle.len() >= 2 && !taken.contains(handle.as_str());
    candidates.into_iter().find(fits).unwrap_or_default()
}

fn cut(text: &str) -> String {
    text.chars().take(CHARS).collect()
}

/// The letters of a word as a handle has them: small, without marks.
fn plain(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).filter_map(letter).collect()
}

/// The Latin letter beneath the marks of the languages of these islands and their neighbours.
const fn letter(letter: char) -> Option<char> {
    Some(match letter {
        'a'..='z' => letter,
        'à'..='æ' | 'ā' | 'ă' | 'ą' | 'ạ' | 'ả' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'ẻ' | 'ẽ' | 'ẹ' | 'ế' => 'e',
        'ğ' | 'ģ' => 'g',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ķ' => 'k',
        'ł' | 'ľ' | 'ļ' => 'l',
        'ñ' | 'ń' | 'ň' | 'ņ' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'œ' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' | 'ß' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' | 'ẁ' | 'ẃ' | 'ẅ' => 'w',
        'ý' | 'ÿ' | 'ŷ' | 'ỳ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => return None,
    })
}
