//! What monitoring says of machines by name, and must not be seen outside: which labels name one, and
//! texts without those names.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use aho_corasick::AhoCorasick;

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

/// What stands for a machine's name in a text.
const SOMEWHERE: &str = "[internal name]";

/// Whether a label names a machine: by what it is called, or because its value is an address.
pub fn is_internal(name: &str, value: &str) -> bool {
    INTERNAL.contains(&name.to_ascii_lowercase().as_str())
        || value.contains("://")
        || value.parse::<IpAddr>().is_ok()
        || value.parse::<SocketAddr>().is_ok()
}

/// The names of a notification's machines.
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
        // A set of names too large to search for is more than a body of this size can hold.
        Self(AhoCorasick::builder().ascii_case_insensitive(true).build(names).ok())
    }

    /// A text without them, wherever they stand as words of their own.
    pub fn without(&self, text: &str) -> String {
        let Some(names) = &self.0 else { return SOMEWHERE.to_owned() };
        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_word = |start: usize, end: usize| {
            !is_part(text[..start].chars().next_back()) && !is_part(text[end..].chars().next())
        };
        let found = names.find_overlapping_iter(text).map(|found| (found.start(), found.end()));
        let mut found: Vec<_> = found.filter(|(start, end)| is_word(*start, *end)).collect();
        found.sort_unstable();
        let mut kept = String::with_capacity(text.len());
        let mut from = 0;
        for (start, end) in found {
            if start >= from {
                kept.push_str(&text[from..start]);
                kept.push_str(SOMEWHERE);
            }
            from = end.max(from);
        }
        kept.push_str(&text[from..]);
        kept
    }
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
