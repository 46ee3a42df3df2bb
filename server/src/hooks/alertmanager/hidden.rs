//! What monitoring says of machines by name, and must not be seen outside: which labels name one, and
//! texts without those names.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::format::Notification;

/// Labels that name a machine, an address or a part of a network: left out, and their values are
/// taken out of every text. (`generatorURL`, `externalURL` and every annotation but those in
/// `TEXTS` of the reader, a runbook's address among them, name internal hosts as well and are never read.)
const INTERNAL: [&str; 28] = [
    "addr",
    "address",
    "container",
    "device",
    "endpoint",
    "exported_host",
    "exported_instance",
    "exported_node",
    "exported_pod",
    "fqdn",
    "host",
    "host_ip",
    "hostname",
    "instance",
    "internal_ip",
    "ip",
    "kubernetes_io_hostname",
    "mac",
    "machine",
    "node",
    "node_ip",
    "nodename",
    "pod",
    "pod_ip",
    "server",
    "target",
    "url",
    "vm",
];

/// How many bytes of names are looked for, all spellings of them together: more than the machines have
/// of which a body of this size tells. Beyond it no text is shown: learning more takes too long.
const NAMES_BYTES: usize = 32 * 1024;

/// How many names may be found in a text for each byte of it. Machines' names have more letters than
/// there are spellings of them; where more are found, within each other, the text is not shown.
const FOUND_PER_BYTE: usize = 2;

/// What stands for a machine's name in a text.
const SOMEWHERE: &str = "[internal name]";

/// Whether a label names a machine: by what it is called, or because its value is an address.
pub fn is_internal(name: &str, value: &str) -> bool {
    INTERNAL.contains(&name.to_ascii_lowercase().as_str())
        || value.contains("://")
        || value.parse::<IpAddr>().is_ok()
        || value.parse::<SocketAddr>().is_ok()
}

/// The names of a notification's machines; `None` if they are too many to look for.
pub struct Hidden(Option<AhoCorasick>);

impl Hidden {
    /// Those of its internal labels.
    pub fn of(notification: &Notification) -> Self {
        let all = notification.alerts.iter().flat_map(|one| &one.labels);
        let all = all.chain(&notification.common_labels);
        let mut names = BTreeSet::new();
        for (_, value) in all.filter(|(name, value)| is_internal(name, value)) {
            names.extend(spellings(value.trim()));
        }
        names.retain(|name| !name.is_empty());
        if names.iter().map(String::len).sum::<usize>() > NAMES_BYTES {
            return Self(None);
        }
        // Of the kinds there are, the one that takes little time to make, whatever the names are.
        let mut automaton = AhoCorasick::builder();
        automaton.kind(Some(AhoCorasickKind::NoncontiguousNFA)).ascii_case_insensitive(true);
        Self(automaton.build(names).ok())
    }

    /// A text without them, wherever they stand as words of their own. Nothing is shown of a text that
    /// would take long.
    pub fn without(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let shown = self.0.as_ref().and_then(|names| without(names, text));
        shown.unwrap_or_else(|| SOMEWHERE.to_owned())
    }
}

fn without(names: &AhoCorasick, text: &str) -> Option<String> {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_word = |start: usize, end: usize| {
        !is_part(text[..start].chars().next_back()) && !is_part(text[end..].chars().next())
    };
    let mut left = FOUND_PER_BYTE * text.len();
    let mut words = Vec::new();
    for found in names.find_overlapping_iter(text) {
        left = left.checked_sub(1)?;
        if is_word(found.start(), found.end()) {
            words.push((found.start(), found.end()));
        }
    }
    words.sort_unstable();
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end) in words {
        if start >= from {
            kept.push_str(&text[from..start]);
            kept.push_str(SOMEWHERE);
        }
        from = end.max(from);
    }
    kept.push_str(&text[from..]);
    Some(kept)
}

/// How a machine's name may stand in a text: as it is, without its port, and without its domain.
fn spellings(value: &str) -> Vec<String> {
    let without_port = match value.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => value,
    };
    let is_address = without_port.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let short = without_port.split('.').next().filter(|_| !is_address).unwrap_or_default();
    [value, without_port, without_port.trim_matches(['[', ']']), short].map(str::to_owned).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(values: &[&str]) -> Hidden {
        let labels: Vec<_> =
            values.iter().map(|value| serde_json::json!({"instance": value})).collect();
        let alerts: Vec<_> = labels
            .into_iter()
            .map(|labels| serde_json::json!({"status": "firing", "labels": labels}))
            .collect();
        let notification =
            serde_json::json!({"groupKey": "a", "status": "firing", "alerts": alerts});
        Hidden::of(&serde_json::from_value(notification).unwrap())
    }

    #[test]
    fn machines_are_not_named_in_any_spelling() {
        let hidden = hidden(&["db1.kent.example:9100", "10.1.2.3:80", "[fd00::1]:443", "ÄB"]);
        for (said, left) in [
            ("db1.kent.example:9100 is down", "[internal name] is down"),
            ("on DB1: disk full", "on [internal name]: disk full"),
            ("(db1.kent.example)", "([internal name])"),
            (
                "10.1.2.3 and 10.1.2.3:80, fd00::1",
                "[internal name] and [internal name], [internal name]",
            ),
            ("db12 and xdb1 are others", "db12 and xdb1 are others"),
            ("ÄB", "[internal name]"),
            ("", ""),
        ] {
            assert_eq!(hidden.without(said), left, "{said}");
        }
    }

    #[test]
    fn a_name_within_another_is_found_too() {
        assert_eq!(hidden(&["x-db", "db"]).without("yx-db"), "yx-[internal name]");
        assert_eq!(hidden(&["a-b", "b-c"]).without("a-b-c!"), "[internal name]!");
        assert_eq!(hidden(&[]).without("nothing to hide"), "nothing to hide");
        assert_eq!(hidden(&["", " ", ":9"]).without("a :9 b"), "a [internal name] b");
    }

    #[test]
    fn names_within_names_take_no_time_and_hide_the_text_that_holds_them() {
        let nested: Vec<_> = (1..150).map(|parts| "-a".repeat(parts)).collect();
        let nested: Vec<_> = nested.iter().map(String::as_str).collect();
        let hidden = hidden(&nested);
        let text = "-a".repeat(100_000);
        assert_eq!(hidden.without(&text), SOMEWHERE);
        assert_eq!(hidden.without("all is well, -a-a"), "all is well, [internal name]");
    }

    #[test]
    fn more_names_than_are_looked_for_hide_every_text() {
        let many: Vec<_> = (0..3_000).map(|number| format!("m{number:08}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let shown = hidden(&many).without("m00000005 is full");
        assert_eq!(shown, "[internal name] is full");
        assert_eq!(hidden(&[&*"x".repeat(NAMES_BYTES + 1)]).without("all is well"), SOMEWHERE);
    }

    #[test]
    fn a_label_names_a_machine_by_its_name_or_its_value() {
        for (name, value) in [
            ("instance", "x"),
            ("Host", "x"),
            ("who", "10.0.0.1"),
            ("who", "[::1]:80"),
            ("who", "http://x"),
        ] {
            assert!(is_internal(name, value), "{name}: {value}");
        }
        assert!(!is_internal("job", "node") && !is_internal("severity", "page"));
    }
}
