//! How bad an advisory says it is, and how sure.
//!
//! EXTREME is never given here: it interrupts every officer at night, and a score is no such thing.
//! CRITICAL (CVSS 9.0 and above) is severe. HIGH is moderate, for two in five vulnerabilities are
//! HIGH, unless it is being exploited; then it is severe. The stricter of the aggregate severity and the
//! highest score counts, in any version of CVSS.
//!
//! A document in which nothing is affected (a VEX that says so) is minor, whatever the score.

use warproom_client::proto::{Certainty, Severity, Urgency};

use super::json::Node;

/// The standing of what a document is about.
pub(super) struct Standing {
    rating: Rating,
    exploited: bool,
    vulnerable: bool,
    nothing_affected: bool,
}

/// The words of CVSS for a score, mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rating {
    Unknown,
    Low,
    Medium,
    High,
    Critical,
}

/// The lists of products that something is to be done for.
const AFFECTED: [&str; 6] = [
    "known_affected",
    "first_affected",
    "last_affected",
    "under_investigation",
    "recommended",
    "unknown",
];

impl Standing {
    pub(super) fn of(root: &Node) -> Self {
        let vulnerabilities = root.at("vulnerabilities").each();
        let aggregate = word(root.path(&["document", "aggregate_severity", "text"]).text());
        let listed =
            |list: &str| !root.every(&["vulnerabilities", "product_status", list]).is_empty();
        Self {
            rating: vulnerabilities
                .iter()
                .map(|one| rating(one))
                .max()
                .map_or(aggregate, |most| most.max(aggregate)),
            exploited: vulnerabilities.iter().any(|one| exploited(one)),
            vulnerable: !vulnerabilities.is_empty(),
            nothing_affected: listed("known_not_affected")
                && !AFFECTED.iter().any(|list| listed(list))
                && !listed("fixed")
                && !listed("first_fixed"),
        }
    }

    pub(super) fn severity(&self) -> Severity {
        if self.nothing_affected {
            return Severity::Minor;
        }
        match self.rating {
            Rating::Critical => Severity::Severe,
            Rating::High if self.exploited => Severity::Severe,
            Rating::High | Rating::Medium => Severity::Moderate,
            Rating::Low => Severity::Minor,
            Rating::Unknown => Severity::Unknown,
        }
    }

    pub(super) fn certainty(&self) -> Certainty {
        match (self.exploited, self.vulnerable) {
            _ if self.nothing_affected => Certainty::Unlikely,
            (true, _) => Certainty::Observed,
            (false, true) => Certainty::Possible,
            (false, false) => Certainty::Unknown,
        }
    }

    pub(super) fn urgency(&self) -> Urgency {
        match (self.exploited, self.vulnerable) {
            _ if self.nothing_affected => Urgency::Unknown,
            (true, _) => Urgency::Immediate,
            (false, true) => Urgency::Future,
            (false, false) => Urgency::Unknown,
        }
    }
}

/// The highest rating of a vulnerability: 2.0 has `scores`, 2.1 `metrics` with a `content`.
fn rating(vulnerability: &Node) -> Rating {
    let mut most = Rating::Unknown;
    let scores = vulnerability.at("scores").each();
    let metrics = vulnerability.every(&["metrics", "content"]);
    for score in scores.into_iter().chain(metrics) {
        for version in ["cvss_v2", "cvss_v3", "cvss_v4"] {
            let cvss = score.at(version);
            let number = cvss.at("baseScore").number().map(of_score);
            most = most.max(number.unwrap_or_else(|| word(cvss.at("baseSeverity").text())));
        }
        most = most.max(word(score.at("qualitative_severity_rating").text()));
    }
    for threat in vulnerability.at("threats").each() {
        if threat.at("category").text() == "impact" {
            most = most.max(word(threat.at("details").text()));
        }
    }
    most
}

/// The bands of CVSS 3 and 4 (FIRST, "Qualitative Severity Rating Scale"), for version 2 as well.
fn of_score(score: f64) -> Rating {
    match score {
        9.0.. => Rating::Critical,
        7.0.. => Rating::High,
        4.0.. => Rating::Medium,
        _ if score > 0.0 => Rating::Low,
        _ => Rating::Unknown,
    }
}

/// The words that issuers use. Anything else is unknown.
fn word(word: &str) -> Rating {
    match word.to_ascii_lowercase().as_str() {
        "critical" => Rating::Critical,
        "high" | "important" => Rating::High,
        "medium" | "moderate" => Rating::Medium,
        "low" | "minor" => Rating::Low,
        _ => Rating::Unknown,
    }
}

/// Whether a vulnerability is said to be exploited.
fn exploited(vulnerability: &Node) -> bool {
    !vulnerability.at("first_known_exploitation_dates").each().is_empty()
        || vulnerability.at("threats").each().iter().any(|threat| {
            threat.at("category").text() == "exploit_status"
                && says_exploited(threat.at("details").text())
        })
}

/// Whether the words of an exploit status say that it happens. "Exploited:No" and "not known to be
/// exploited" do not, and neither does an exploit that merely exists.
fn says_exploited(details: &str) -> bool {
    /// Words that turn a sentence around, or make it a forecast.
    const TURNS: [&str; 13] = [
        "no", "not", "none", "never", "without", "unaware", "unlikely", "could", "can", "may",
        "might", "if", "likely",
    ];
    let says = details.to_lowercase();
    // One issuer writes a list of answers, `Exploited:Yes` among them.
    if let Some((_, answer)) = says.split_once("exploited:") {
        return answer.trim_start().starts_with("yes");
    }
    details.split(['.', ';', '\n']).any(|sentence| {
        let says = sentence.to_lowercase();
        let tells = says.contains("exploited")
            || says.contains("in the wild")
            || says.contains("active exploitation")
            || says.contains("known exploitation");
        // The month is written "May", and turns nothing.
        let mut words = sentence
            .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
            .filter(|word| *word != "May")
            .map(str::to_lowercase);
        tells && !words.any(|word| TURNS.contains(&word.as_str()) || word.ends_with("n't"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_say_so_mean_exploited() {
        for details in [
            "Publicly Disclosed:Yes;Exploited:Yes;Latest Software Release:Exploitation Detected",
            "This vulnerability is exploited in the wild.",
            "The vendor is aware of active exploitation of this issue.",
            "Exploitation was not seen at first. It has been exploited since May.",
        ] {
            assert!(says_exploited(details), "{details}");
        }
        for details in [
            "Publicly Disclosed:No;Exploited:No;Latest Software Release:Exploitation More Likely",
            "Publicly Disclosed:No;Exploited:N/A;Latest Software Release:N/A",
            "No known public exploitation specifically targets this vulnerability.",
            "A proof of concept is public.",
            "This has not been exploited in the wild",
            "It isn't exploited",
            "The vulnerability can be exploited remotely.",
            "",
        ] {
            assert!(!says_exploited(details), "{details}");
        }
    }

    #[test]
    fn scores_fall_into_the_bands_of_first() {
        for (score, rating) in [
            (10.0, Rating::Critical),
            (9.0, Rating::Critical),
            (8.9, Rating::High),
            (7.0, Rating::High),
            (6.9, Rating::Medium),
            (4.0, Rating::Medium),
            (3.9, Rating::Low),
            (0.1, Rating::Low),
            (0.0, Rating::Unknown),
            (-1.0, Rating::Unknown),
        ] {
            assert!(of_score(score) == rating, "{score}");
        }
    }
}
