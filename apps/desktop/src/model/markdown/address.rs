//! Addresses that may be opened: http, https and mailto, and nothing that a browser would read in
//! another way than it looks.

use super::token::is_steering;

/// An address that may be opened once somebody has looked at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    whole: String,
    /// The host, or for mail the address.
    host: String,
    /// Where the host stands in `whole`, in bytes.
    host_at: usize,
    /// Whether a name or password stands before the host, as in `https://bank.example@evil.example`.
    has_user: bool,
}

impl Target {
    /// Reads an address. None: it cannot be opened, and is only ever shown as text.
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().any(|c| c.is_whitespace() || is_steering(c)) {
            return None;
        }
        if let Some(rest) = after_scheme(text, "mailto:") {
            let host = rest.split(['?', '#']).next().unwrap_or_default();
            let host_at = text.len() - rest.len();
            let is_mail = host.contains('@') && !host.contains(['<', '>', '"', '\\', '/']);
            let new = || Self { whole: text.into(), host: host.into(), host_at, has_user: false };
            return is_mail.then(new);
        }
        let rest = after_scheme(text, "https://").or_else(|| after_scheme(text, "http://"))?;
        // Browsers end the host at a backslash too.
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        let user = authority.rfind('@').map_or(0, |at| at + 1);
        let host = without_port(&authority[user..]);
        let host_at = text.len() - rest.len() + user;
        let new =
            || Self { whole: text.into(), host: host.to_owned(), host_at, has_user: user > 0 };
        is_host(host).then(new)
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// The host that is asked, or for mail the address it goes to.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What stands before the host, the host, and what stands after it.
    pub fn parts(&self) -> (&str, &str, &str) {
        let (before, rest) = self.whole.split_at(self.host_at);
        let (host, after) = rest.split_at(self.host.len());
        (before, host, after)
    }

    /// What is odd about it, in sentences; mostly nothing.
    pub fn oddities(&self) -> Vec<&'static str> {
        let labels = || self.host.split(['.', '@']);
        let is_punycode = |label: &str| label.to_ascii_lowercase().starts_with("xn--");
        let last = labels().next_back().unwrap_or_default();
        let numbers = !last.is_empty() && last.chars().all(|c| c.is_ascii_digit());
        [
            (self.has_user, "Something stands before the host to make it look like another one."),
            (
                labels().any(is_punycode),
                "The host is written in punycode: it may look like another.",
            ),
            (!self.host.is_ascii(), "The host has letters that may look like others."),
            (numbers || self.host.starts_with('['), "The host is a number, not a name."),
        ]
        .into_iter()
        .filter_map(|(is_so, sentence)| is_so.then_some(sentence))
        .collect()
    }

    /// Whether a link that says this looks like one to somewhere else.
    pub(super) fn is_misled_by(&self, text: &str) -> bool {
        let own = bare(&self.host);
        let other = |word: &str| looks_like_host(word).is_some_and(|host| bare(&host) != own);
        self.has_user || text.split_whitespace().any(other)
    }
}

/// An address as it is written about: nobody's program makes a link of it.
pub fn defanged(target: &Target) -> String {
    let (before, host, after) = target.parts();
    // The scheme may be written in any case; `https` keeps its last letter.
    let before = match (after_scheme(before, "mailto:"), after_scheme(before, "http")) {
        (Some(rest), _) => rest.replace('@', "[@]"),
        (_, Some(rest)) => format!("hxxp{}", rest.replace('@', "[@]")),
        _ => before.replace('@', "[@]"),
    };
    let host = host.replace('.', "[.]").replace('@', "[@]");
    format!("{before}{host}{after}")
}

fn after_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let head = text.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
}

fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if host[colon + 1..].chars().all(|c| c.is_ascii_digit()) => &host[..colon],
        _ => host,
    }
}

/// Whether a browser asks the host that stands there: no escapes, no odd signs, nothing defanged.
fn is_host(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = inner {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    host.chars().any(char::is_alphanumeric) && host.chars().all(plain)
}

/// The host that a word looks like it names: `https://a.example/b`, `www.a.example`, `a.example`.
fn looks_like_host(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let rest = word.find("://").map_or(word, |at| &word[at + 3..]);
    let is_address = rest.len() < word.len();
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = without_port(authority);
    let host = if word.contains('@') && !is_address {
        host
    } else {
        host.rsplit('@').next().unwrap_or_default()
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_name = host.contains('.')
        && last.chars().count() >= 2
        && last.chars().all(|c| c.is_alphanumeric() || c == '-')
        && last.chars().any(char::is_alphabetic)
        && !host.split('.').any(str::is_empty);
    (is_address || is_name).then(|| host.to_lowercase())
}

fn bare(host: &str) -> String {
    let host = host.to_lowercase();
    host.strip_prefix("www.").unwrap_or(&host).trim_end_matches('.').to_owned()
}
