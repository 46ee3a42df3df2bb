//! Labels named in words: `TLP:AMBER` in the text of an advisory. A hint may raise a label and never
//! lowers it, so it is read towards the strict side.

use super::spelling;

/// How many are taken from one text. They raise to the strictest, and there are five.
const MOST: usize = 16;

/// The labels that a text names, as `TLP:…`, each once, in the order of their appearance.
///
/// `TLP` and the name may be apart by anything that is no letter or digit; `STRICT` right after AMBER
/// belongs to it.
#[must_use]
pub fn hints(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut found: Vec<String> = Vec::new();
    let mut words = spelling::words(&lower).into_iter().peekable();
    while let Some(word) = words.next() {
        let Some(rest) = word.strip_prefix("tlp") else { continue };
        let name = if rest.is_empty() {
            words.next_if(|next| label_word(next).is_some())
        } else {
            Some(rest)
        };
        let Some(mut hint) = name.and_then(label_word) else { continue };
        // `AMBER+` is AMBER+STRICT, cut or left unfinished.
        let plus = name.and_then(|name| after(&lower, name)).is_some_and(|c| c == '+');
        if hint == "TLP:AMBER" && (words.next_if_eq(&"strict").is_some() || plus) {
            hint = "TLP:AMBER+STRICT";
        }
        if !found.iter().any(|known| known == hint) && found.len() < MOST {
            found.push(hint.to_owned());
        }
    }
    found
}

/// The character right after a word of a text.
fn after(text: &str, word: &str) -> Option<char> {
    let end = (word.as_ptr() as usize).checked_sub(text.as_ptr() as usize)? + word.len();
    text.get(end..)?.chars().next()
}

fn label_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "clear" | "white" => "TLP:CLEAR",
        "green" => "TLP:GREEN",
        "amber" => "TLP:AMBER",
        "amberstrict" => "TLP:AMBER+STRICT",
        "red" => "TLP:RED",
        _ => return None,
    })
}
