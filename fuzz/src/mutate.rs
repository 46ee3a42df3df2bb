//! Changes to inputs: of bytes, of words that decoders know, and of JSON as a tree, so that what comes
//! out is often still JSON. From one number follows one change: what failed can be had again.

use fastrand::Rng;
use serde_json::{Map, Value};

/// Words that decoders look for, or fall over.
const WORDS: &[&str] = &[
    "\"",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "-1",
    "0",
    "1e309",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5",
    "\"2.0\"",
    "\r\n",
    "\n\n",
    "\t",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{0}",
    "\u{2028}",
    "İ",
    "ß",
    "é",
    "\u{1f600}",
    "--",
    "..",
    "/",
    "\\",
    "%00",
    "TLP:RED",
    "TLP:AMBER+STRICT",
    "TLP:AMBER",
    "TLP:CLEAR",
    "tlp:white",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a [",
    "&lt;",
    "&#x202e;",
    "xmlns:a=\"b\"",
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "`",
    "```",
    "**",
    "[a](http://b.c)",
    "![",
    "|",
    "> ",
    "hxxp://a[.]b",
    "HtTp://a.b",
    "mailto:a@b.c",
    "https://a@b.c",
    "xn--",
    "=cmd|",
    "CVE-2024-21887",
    "@",
    "+",
    "—",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "kind",
    "unknown",
    "params",
    "method",
    "id",
    "Host: a\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
];

/// Numbers at the edges of what is taken.
const NUMBERS: &[i64] =
    &[0, 1, -1, 2, 7, 255, 256, 65_535, 65_536, i64::MAX, i64::MIN, 1 << 53, 1_705_572_720_000];

/// An input made from another one, no longer than is let through.
#[must_use]
pub fn mutated(from: &[u8], other: &[u8], most_bytes: usize, random: &mut Rng) -> Vec<u8> {
    let mut bytes = from.to_vec();
    for _ in 0..random.u8(1..=4) {
        if random.bool()
            && let Some(tree) = as_tree(&bytes, other, random)
        {
            bytes = tree;
        } else {
            as_bytes(&mut bytes, other, random);
        }
    }
    bytes.truncate(most_bytes);
    bytes
}

fn as_bytes(bytes: &mut Vec<u8>, other: &[u8], random: &mut Rng) {
    let at = random.usize(0..=bytes.len());
    let end = (at + 1 + random.usize(0..16)).min(bytes.len());
    match random.u8(0..8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
        1 if at < bytes.len() => bytes[at] = random.u8(..),
        2 => drop(bytes.splice(at..at, random.choice(WORDS).copied().unwrap_or_default().bytes())),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let part = bytes[at..end].to_vec();
            let times = random.usize(1..64);
            drop(bytes.splice(at..at, part.repeat(times)));
        }
        5 => bytes.truncate(at),
        6 => {
            let from = random.usize(0..=other.len());
            let to = (from + random.usize(0..64)).min(other.len());
            drop(bytes.splice(at..end, other[from..to].iter().copied()));
        }
        _ => bytes.insert(at, random.u8(..)),
    }
}

/// A change within one line of JSON, or within the whole; none where it is no JSON.
fn as_tree(bytes: &[u8], other: &[u8], random: &mut Rng) -> Option<Vec<u8>> {
    let text = str::from_utf8(bytes).ok()?;
    let donor: Value = serde_json::from_slice(other).unwrap_or_default();
    if let Ok(mut tree) = serde_json::from_str(text) {
        change(&mut tree, &donor, random);
        return serde_json::to_vec(&tree).ok();
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = random.choice(&mut lines)?;
    let mut tree = serde_json::from_str(line).ok()?;
    change(&mut tree, &donor, random);
    *line = tree.to_string();
    Some(lines.join("\n").into_bytes())
}

fn change(tree: &mut Value, donor: &Value, random: &mut Rng) {
    // The deeper a value stands, the more often it is the one.
    match tree {
        Value::Object(fields) if !fields.is_empty() && random.u8(0..4) > 0 => {
            let at = random.usize(0..fields.len());
            if let Some(value) = fields.values_mut().nth(at) {
                return change(value, donor, random);
            }
        }
        Value::Array(items) if !items.is_empty() && random.u8(0..4) > 0 => {
            let at = random.usize(0..items.len());
            return change(&mut items[at], donor, random);
        }
        _ => {}
    }
    match (random.u8(0..6), tree) {
        (0, Value::Object(fields)) => remove(fields, random),
        (1, Value::Object(fields)) => {
            let (name, value) = some_field(donor, random);
            fields.insert(name, value);
        }
        (0, Value::Array(items)) => items.truncate(random.usize(0..=items.len())),
        (1, Value::Array(items)) => {
            let times = random.usize(1..80);
            let item = items.first().cloned().unwrap_or_default();
            items.extend(std::iter::repeat_n(item, times));
        }
        (2, Value::String(text)) => {
            let mut bytes = std::mem::take(text).into_bytes();
            as_bytes(&mut bytes, b"", random);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        (3, Value::String(text)) => {
            text.push_str(random.choice(WORDS).copied().unwrap_or_default());
        }
        (_, tree) => *tree = some_value(donor, random),
    }
}

fn remove(fields: &mut Map<String, Value>, random: &mut Rng) {
    if !fields.is_empty() {
        let name = fields.keys().nth(random.usize(0..fields.len())).cloned();
        fields.remove(&name.unwrap_or_default());
    }
}

fn some_field(donor: &Value, random: &mut Rng) -> (String, Value) {
    let field = donor.as_object().and_then(|fields| random.choice(fields));
    field.map_or_else(
        || {
            (
                random.choice(WORDS).copied().unwrap_or_default().to_owned(),
                some_value(donor, random),
            )
        },
        |(name, value)| (name.clone(), value.clone()),
    )
}

fn some_value(donor: &Value, random: &mut Rng) -> Value {
    match random.u8(0..8) {
        0 => Value::Null,
        1 => Value::Bool(random.bool()),
        2 | 3 => Value::from(random.choice(NUMBERS).copied().unwrap_or_default()),
        4 => Value::from(random.choice(WORDS).copied().unwrap_or_default()),
        5 => Value::from("a".repeat(1 << random.u8(0..12))),
        6 => Value::Array(vec![some_value(&Value::Null, random); random.usize(0..4)]),
        _ => donor.clone(),
    }
}
