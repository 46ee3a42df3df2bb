//! How strong a password is, in words. Advice and nothing more: what is refused is the server's rule.

use zxcvbn::zxcvbn;

/// What there is to say of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strength {
    /// From 0, the weakest, to 4.
    pub score: u8,
    /// The same as a word.
    pub word: &'static str,
    /// How long somebody would guess: a sentence.
    pub time: String,
    /// What would make it better: sentences.
    pub advice: Vec<String>,
}

impl Strength {
    /// Of a password that is tried at the server; `about` are words that are easily guessed of its
    /// owner. None if there is nothing to measure.
    pub fn of_password(password: &str, about: &[&str]) -> Option<Self> {
        Self::of(password, about, |times| {
            let time = times.online_throttling_100_per_hour();
            format!("Guessing it at the server, a hundred times an hour, would take {time}.")
        })
    }

    /// Of a passphrase that is tried on a stolen disk, where nobody slows the guessing.
    pub fn of_passphrase(passphrase: &str, about: &[&str]) -> Option<Self> {
        Self::of(passphrase, about, |times| {
            let time = times.offline_slow_hashing_1e4_per_second();
            format!(
                "Whoever has this computer's disk and guesses ten thousand a second needs {time}."
            )
        })
    }

    fn of(
        text: &str,
        about: &[&str],
        time: impl FnOnce(zxcvbn::time_estimates::CrackTimes) -> String,
    ) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let known: Vec<&str> = about.iter().flat_map(|text| text.split_whitespace()).collect();
        let measured = zxcvbn(text, &known);
        let score = u8::from(measured.score());
        let word = match score {
            0 => "very weak",
            1 => "weak",
            2 => "fair",
            3 => "good",
            _ => "very good",
        };
        let advice = measured.feedback().map(|feedback| {
            let warning = feedback.warning().map(|warning| warning.to_string());
            warning
                .into_iter()
                .chain(feedback.suggestions().iter().map(ToString::to_string))
                .collect()
        });
        let time = time(measured.crack_times());
        Some(Self { score, word, time, advice: advice.unwrap_or_default() })
    }
}
