//! JSON as feeds write it: numbers as strings, one thing where a list should be, nulls anywhere.
//!
//! What it is: a tree read once, bounded in size and depth, and asked leniently; CSAF, STIX and MISP
//! all read it. What it is not: a schema. Typed structures would refuse a whole document for one odd
//! field, and the map of the JSON library keeps only the last of two fields with the same name: here
//! both stay, so that a second `label` cannot hide the first.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::formats::{Refusal, json_text};

/// The most values in one document. The largest advisories have a third of a million; a tree of this
/// many takes some 150 MB for a moment.
const VALUES: usize = 1_500_000;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::formats) enum Node {
    Null,
    Truth(bool),
    /// Text, or a number as it would be written.
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Reads a document.
pub(in crate::formats) fn read(document: &[u8], format: &'static str) -> Result<Node, Refusal> {
    let text = json_text(document, format)?;
    let left = Cell::new(VALUES);
    let mut json = serde_json::Deserializer::from_str(text);
    Seed(&left)
        .deserialize(&mut json)
        .and_then(|node| json.end().map(|()| node))
        .map_err(|error| Refusal::Unreadable { format, reason: error.to_string() })
}

impl Node {
    /// The field's first value that is not null; null where there is none.
    pub(in crate::formats) fn at(&self, field: &str) -> &Self {
        self.fields()
            .iter()
            .find(|(name, value)| name == field && *value != Self::Null)
            .map_or(&Self::Null, |(_, value)| value)
    }

    /// The value of a field of a field.
    pub(in crate::formats) fn path(&self, fields: &[&str]) -> &Self {
        fields.iter().fold(self, |node, field| node.at(field))
    }

    /// All values at the end of a path, through lists and through fields that stand twice.
    pub(in crate::formats) fn every(&self, fields: &[&str]) -> Vec<&Self> {
        let Some((field, rest)) = fields.split_first() else {
            return self.each();
        };
        self.each()
            .into_iter()
            .flat_map(Self::fields)
            .filter(|(name, _)| name == field)
            .flat_map(|(_, value)| value.every(rest))
            .collect()
    }

    /// The fields of a map.
    pub(in crate::formats) fn fields(&self) -> &[(String, Self)] {
        if let Self::Map(fields) = self { fields } else { &[] }
    }

    pub(in crate::formats) const fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// The items of a list without nulls; a value that is no list is a list of itself, null of
    /// nothing. A map whose fields are `0`, `1`… is how PHP writes a list with a hole.
    pub(in crate::formats) fn each(&self) -> Vec<&Self> {
        let counts =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Null => Vec::new(),
            Self::List(items) => items.iter().filter(|item| **item != Self::Null).collect(),
            Self::Map(fields)
                if !fields.is_empty() && fields.iter().all(|(name, _)| counts(name)) =>
            {
                fields.iter().map(|(_, value)| value).filter(|item| **item != Self::Null).collect()
            }
            _ => vec![self],
        }
    }

    /// The text or number, without white space around it; empty for anything else.
    pub(in crate::formats) fn text(&self) -> &str {
        if let Self::Text(text) = self { text.trim() } else { "" }
    }

    pub(in crate::formats) fn number(&self) -> Option<f64> {
        self.text().parse().ok().filter(|number: &f64| number.is_finite())
    }

    pub(in crate::formats) fn whole(&self) -> Option<i64> {
        self.text().parse().ok()
    }

    /// `true`, `"true"`, `1` and `"1"` are true, their opposites false.
    pub(in crate::formats) fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" => Some(true),
                "0" | "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Calls `with` for each field of this tree, at any depth, its parent's path unknown; where it
    /// says `false`, nothing below that field is looked at. The depth is bounded by the reader.
    pub(in crate::formats) fn visit<'a>(&'a self, with: &mut dyn FnMut(&str, &'a Self) -> bool) {
        match self {
            Self::List(items) => items.iter().for_each(|item| item.visit(with)),
            Self::Map(fields) => {
                for (name, value) in fields {
                    if with(name, value) {
                        value.visit(with);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Reads a value while there are values left to read.
struct Seed<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0.set(
            left.ok_or_else(|| D::Error::custom(format_args!("it has more than {VALUES} values")))?,
        );
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Node, E> {
        Ok(Node::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(Seed(self.0))? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(Name(name)) = from.next_key()? {
            fields.push((name, from.next_value_seed(Seed(self.0))?));
        }
        Ok(Node::Map(fields))
    }
}

/// The name of a field.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Node {
        read(json.as_bytes(), "JSON").unwrap()
    }

    #[test]
    fn a_field_that_stands_twice_is_found_twice() {
        let tree = tree(r#"{"a":{"l":"RED"},"a":[{"l":"CLEAR"},null,{"l":["GREEN"]}]}"#);
        let all: Vec<_> = tree.every(&["a", "l"]).iter().map(|node| node.text()).collect();
        assert_eq!(all, ["RED", "CLEAR", "GREEN"]);
        assert_eq!(tree.path(&["a", "l"]).text(), "RED");
    }

    #[test]
    fn numbers_and_truths_are_read_however_they_are_written() {
        let tree = tree(r#"{"a":"9.8","b":9.8,"c":"1465681801","d":-3,"e":"1","f":false,"g":{}}"#);
        assert_eq!(tree.at("a").number(), Some(9.8));
        assert_eq!(tree.at("b").number(), Some(9.8));
        assert_eq!(tree.at("c").whole(), Some(1_465_681_801));
        assert_eq!(tree.at("d").whole(), Some(-3));
        assert_eq!(tree.at("e").truth(), Some(true));
        assert_eq!(tree.at("f").truth(), Some(false));
        assert_eq!(tree.at("g").truth(), None);
    }

    #[test]
    fn a_list_with_a_hole_a_lone_item_and_nulls_are_lists() {
        assert_eq!(tree(r#"{"0":1,"2":null,"3":2}"#).each().len(), 2);
        assert_eq!(tree("[null,1,null]").each().len(), 1);
        assert_eq!(tree(r#"{"a":1}"#).each().len(), 1);
        assert_eq!(tree("{}").each().len(), 1);
        assert_eq!(tree("null").each().len(), 0);
    }

    #[test]
    fn what_is_too_deep_too_many_or_no_json_is_refused() {
        for document in ["[".repeat(100_000), "{\"a\":".repeat(100_000), String::new()] {
            assert!(matches!(
                read(document.as_bytes(), "JSON"),
                Err(Refusal::Unreadable { format: "JSON", .. })
            ));
        }
        let many = format!("[{}0]", "0,".repeat(VALUES));
        let Err(Refusal::Unreadable { reason, .. }) = read(many.as_bytes(), "JSON") else {
            panic!("{VALUES} values and more were read");
        };
        assert!(reason.contains("more than 1500000 values"), "{reason}");
        assert_eq!(read(b"\xef\xbb\xbf[1]", "JSON"), Ok(tree("[1]")));
        assert_eq!(read(b" <!DOCTYPE html><html>", "JSON"), Err(Refusal::WebPage));
        assert!(matches!(read(b"{} {}", "JSON"), Err(Refusal::Unreadable { .. })));
    }
}
