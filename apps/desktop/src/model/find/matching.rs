//! How well something fits the words that were written: every word must be found, in any order.
//!
//! A word is found at the beginning of a word, as initials (`ieks` finds "Incident: East Kent
//! Services"), or anywhere; case and marks do not matter (`gwyn` finds "Gwŷn").

/// The words that were written.
pub struct Wanted {
    words: Vec<String>,
}

/// How far off a match is: 0 is the best.
type Distance = u32;

impl Wanted {
    /// The words of a text.
    pub fn new(text: &str) -> Self {
        Self { words: text.split_whitespace().map(folded).collect() }
    }

    /// Whether there are none: everything fits.
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether every word is found in a name, or in what else is known of it.
    pub fn fits(&self, name: &str, also: &str) -> bool {
        self.distance(name, also).is_some()
    }

    /// Those of a list that fit by their name and what else is known of them, the best first. Equal
    /// ones keep their order.
    pub fn best_first<'n, T>(
        &self,
        list: Vec<T>,
        known: impl Fn(&T) -> (&'n str, &'n str),
    ) -> Vec<T> {
        let near = |one: T| {
            let (name, also) = known(&one);
            Some((self.distance(name, also)?, one))
        };
        let mut fitting: Vec<_> = list.into_iter().filter_map(near).collect();
        fitting.sort_by_key(|(distance, _)| *distance);
        fitting.into_iter().map(|(_, one)| one).collect()
    }

    fn distance(&self, name: &str, also: &str) -> Option<Distance> {
        let (name, also) = (Text::new(name), Text::new(also));
        self.words.iter().try_fold(0, |sum, word| {
            let found = name.distance(word);
            // Whatever is in the name is nearer than whatever is not.
            let found = found.or_else(|| also.distance(word).map(|distance| distance + 4));
            Some(sum + found?)
        })
    }
}

/// A text to find words in.
struct Text {
    folded: String,
    initials: String,
}

impl Text {
    fn new(text: &str) -> Self {
        let folded = folded(text);
        let initials = words(&folded).filter_map(|word| word.chars().next()).collect();
        Self { folded, initials }
    }

    fn distance(&self, word: &str) -> Option<Distance> {
        let mut begin = words(&self.folded).map(|one| one.starts_with(word));
        if begin.next() == Some(true) || self.folded.starts_with(word) {
            Some(0)
        } else if begin.any(|begins| begins) {
            Some(1)
        } else if word.chars().nth(1).is_some() && self.initials.contains(word) {
            Some(2)
        } else {
            self.folded.contains(word).then_some(3)
        }
    }
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A text as it is compared: without case, and without the marks of Welsh, Gaelic and the languages
/// near them, which not every keyboard has.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(without_mark).collect()
}

const fn without_mark(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ś' | 'š' => 's',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ŵ' | 'ẁ' | 'ẃ' | 'ẅ' => 'w',
        'ŷ' | 'ỳ' | 'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "Incident: East Kent Services";

    #[test]
    fn words_are_found_in_any_order_by_their_beginnings_and_by_initials() {
        for words in ["east incident", "kent", "ieks", "IEKS", "eks", "serv inc", "ident", ""] {
            assert!(Wanted::new(words).fits(ROOM, ""), "{words}");
        }
        for words in ["west", "kent west", "iks", "ekx"] {
            assert!(!Wanted::new(words).fits(ROOM, ""), "{words}");
        }
    }

    #[test]
    fn marks_do_not_stand_in_the_way() {
        assert!(Wanted::new("gwyn").fits("Ffion Gwŷn", ""));
        assert!(Wanted::new("Mairéad").fits("Mairead", ""));
    }

    #[test]
    fn beginnings_come_before_initials_and_those_before_the_middle_of_words() {
        let names = vec!["Rogue", "Great offers", "Good things of ours", "Ogham"];
        let found = Wanted::new("og").best_first(names, |name| (*name, ""));
        assert_eq!(found, ["Ogham", "Rogue"]);
        let names = vec!["Rage", "Good East", "The germ", "Gear"];
        let found = Wanted::new("ge").best_first(names, |name| (*name, ""));
        assert_eq!(found, ["Gear", "The germ", "Good East", "Rage"]);
    }

    #[test]
    fn the_name_comes_before_what_else_is_known() {
        let list = vec![("Zoom in", "Room"), ("Room list", "Go to")];
        let found = Wanted::new("room").best_first(list, |(name, group)| (*name, *group));
        assert_eq!(found[0].0, "Room list");
        assert_eq!(found.len(), 2);
    }
}
