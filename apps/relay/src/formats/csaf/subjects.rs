//! The subjects of an item, within their bound: vendors, products, vulnerabilities and topics, as
//! members follow them.

use std::collections::HashSet;

use warproom_client::proto::{Name, Subject};

use super::write::{Body, MOST, cut, once};
use crate::formats::{cves, is_cve};
use crate::plain::name;

/// The most characters of a topic: those of a name.
const TOPIC_CHARS: usize = 80;

/// How many of a kind are read; a source that has no good name among so many has none.
const TRIED: usize = 500;

/// By how many characters two names are told apart. A name keeps 80.
const KEY_CHARS: usize = 100;

/// Subjects by kind; each kind gets its share of the bound before any gets more.
#[derive(Default)]
pub(in crate::formats) struct Subjects {
    kinds: [Vec<Subject>; 5],
    /// How many of each kind were taken for a subject, whether they are one or not.
    tried: [usize; 5],
    /// What was named, by kind; past the bound it is only counted.
    seen: HashSet<(usize, String)>,
}

impl Subjects {
    pub(in crate::formats) fn vendor(&mut self, text: &str) {
        self.put(0, text, Subject::Vendor);
    }

    pub(in crate::formats) fn product(&mut self, text: &str) {
        self.put(3, text, Subject::Product);
    }

    /// A CPE name in either form; others are passed over.
    pub(in crate::formats) fn cpe(&mut self, text: &str) {
        self.put(1, &vendor_and_product(text).unwrap_or_default(), Subject::Cpe);
    }

    /// A CVE id; anything else is passed over.
    pub(in crate::formats) fn cve(&mut self, text: &str) {
        self.put(2, &cve(text).unwrap_or_default(), Subject::Cve);
    }

    /// The vulnerabilities that a headline names.
    pub(in crate::formats) fn named(&mut self, headline: &str) {
        for id in cves(headline, MOST) {
            self.put(2, &id, Subject::Cve);
        }
    }

    /// A topic. What is too long for a name is a sentence, which nobody follows.
    pub(in crate::formats) fn topic(&mut self, text: &str) {
        if text.chars().nth(TOPIC_CHARS).is_none() {
            self.put(4, text, Subject::Topic);
        }
    }

    fn put(&mut self, kind: usize, text: &str, of: fn(Name) -> Subject) {
        let text = text.trim();
        if text.is_empty() || !self.seen.insert((kind, cut(text, KEY_CHARS))) {
            return;
        }
        self.tried[kind] += 1;
        if self.kinds[kind].len() < MOST
            && self.tried[kind] <= TRIED
            && let Some(subject) = name(text).map(of)
        {
            once(&mut self.kinds[kind], subject);
        }
    }

    /// The subjects within their bound, vendors first; the body says how many more there are.
    pub(in crate::formats) fn finish(self, body: &mut Body) -> Vec<Subject> {
        let mut share = MOST / self.kinds.len();
        let count =
            |share: usize| self.kinds.iter().map(|kind| kind.len().min(share)).sum::<usize>();
        while share < MOST && count(share + 1) <= MOST {
            share += 1;
        }
        let taken = |kind: &Vec<Subject>| kind.iter().take(share).cloned().collect::<Vec<_>>();
        let subjects: Vec<Subject> = self.kinds.iter().flat_map(taken).collect();
        let more = self.seen.len().saturating_sub(subjects.len());
        if more > 0 && subjects.len() + self.kinds.len() > MOST {
            body.note(&format!(
                "Vendors, products and vulnerabilities named here, and {more} more."
            ));
        }
        subjects
    }
}

/// A CVE id in capitals.
fn cve(text: &str) -> Option<String> {
    let upper = text.trim().to_ascii_uppercase();
    is_cve(&upper).then_some(upper)
}

/// The two parts of a CPE 2.3 name or of a CPE 2.2 URI that name vendor and product, in lower case.
fn vendor_and_product(cpe: &str) -> Option<String> {
    let cpe = cpe.trim();
    let lower = cpe.get(..cpe.len().min(1000)).unwrap_or_default().to_lowercase();
    let (parts, formatted) = match lower.strip_prefix("cpe:2.3:") {
        Some(parts) => (parts, true),
        None => (lower.strip_prefix("cpe:/")?, false),
    };
    let mut fields = vec![String::new()];
    let mut escaped = false;
    for letter in parts.chars() {
        match letter {
            '\\' if formatted && !escaped => escaped = true,
            ':' if !escaped => fields.push(String::new()),
            _ => {
                escaped = false;
                fields.last_mut()?.push(letter);
            }
        }
    }
    let part = |at: usize| {
        let field = fields.get(at)?;
        let field = if formatted { field.clone() } else { unescape(field)? };
        (!matches!(field.as_str(), "" | "*" | "-") && !field.contains(':')).then_some(field)
    };
    Some(format!("{}:{}", part(1)?, part(2)?))
}

/// A text with `%20` and the like read.
fn unescape(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let code = piece.get(..2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_cpe_give_vendor_and_product() {
        for (cpe, found) in [
            ("cpe:2.3:a:Ivanti:connect_secure:9.1:*:*:*:*:*:*:*", Some("ivanti:connect_secure")),
            (
                "cpe:/a:csaf-tools:cvrf-csaf-converter:1.0.0-rc1",
                Some("csaf-tools:cvrf-csaf-converter"),
            ),
            ("cpe:/o:redhat:rhel_eus:8.1::baseos", Some("redhat:rhel_eus")),
            ("cpe:2.3:a:foo\\!bar:c\\+\\+:*:*:*:*:*:*:*:*", Some("foo!bar:c++")),
            ("cpe:/a:foo%21bar:c%2b%2b", Some("foo!bar:c++")),
            ("cpe:2.3:a:foo\\:bar:x:*:*:*:*:*:*:*:*", None),
            ("cpe:2.3:a:*:x", None),
            ("cpe:/a:foo", None),
            ("cpe:/a:foo%zz:bar", None),
            ("ivanti:connect_secure", None),
        ] {
            assert_eq!(vendor_and_product(cpe).as_deref(), found, "{cpe}");
        }
    }

    #[test]
    fn only_what_is_a_cve_id_is_one() {
        assert_eq!(cve(" cve-2024-21887 ").as_deref(), Some("CVE-2024-21887"));
        for text in ["CVE-2024-123", "CVE-24-12345", "CVE-2024-12a45", "GHSA-2024-12345", "CVE-"] {
            assert_eq!(cve(text), None, "{text}");
        }
    }

    #[test]
    fn every_kind_of_subject_gets_its_share() {
        let mut subjects = Subjects::default();
        (0..300).for_each(|number| subjects.cve(&format!("CVE-2024-{number:05}")));
        subjects.vendor("Ivanti");
        subjects.product("Connect Secure");
        subjects.product("Connect Secure");
        let mut body = Body::default();
        let found = subjects.finish(&mut body);
        assert_eq!(found.len(), MOST);
        assert_eq!(found[0], Subject::Vendor("Ivanti".parse().unwrap()));
        assert!(found.contains(&Subject::Product("Connect Secure".parse().unwrap())));
        let (text, _) = body.finish();
        assert_eq!(text, "Vendors, products and vulnerabilities named here, and 270 more.");
    }
}
