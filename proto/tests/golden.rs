//! Golden vectors: one file for every wire type, decoded by its type and encoded back to the same
//! JSON. A change on the wire shows here as a changed file; a call, notice, entry kind or act without
//! a file fails.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use warproom_proto::calls::{self, Call, Visitor};
use warproom_proto::notice::Notice;
use warproom_proto::register::Act;
use warproom_proto::rpc::{self, Incoming, Request};
use warproom_proto::{Entry, ErrorCode, schema};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn golden(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{}: every wire type has a golden vector", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(prefix: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| Some(name.strip_prefix(prefix)?.strip_suffix(".json")?.to_owned()))
        .collect()
}

/// Decodes and encodes, from text, as it comes over the wire.
fn there_and_back<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    let decoded: T =
        serde_json::from_str(&value.to_string()).unwrap_or_else(|error| panic!("{error}: {value}"));
    serde_json::from_str(&serde_json::to_string(&decoded).unwrap()).unwrap()
}

/// The value with one field too many, in each of its objects in turn. (What holds one thing under
/// the name of its kind, as `{"member": id}`, is an enum and no object.)
fn with_surplus(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    if let Value::Object(fields) = value {
        let kinds = [
            "member",
            "bot",
            "vendor",
            "product",
            "cve",
            "cpe",
            "topic",
            "before",
            "device",
            "shown",
            "withheld",
            "set_retention",
            "erase_entries",
            "lift_hold",
            "remove_members",
        ];
        let is_enum = fields.len() == 1 && fields.keys().all(|name| kinds.contains(&name.as_str()));
        if !is_enum {
            let mut surplus = value.clone();
            surplus["surplus"] = json!(1);
            all.push(surplus);
        }
        for (name, inner) in fields.iter().filter(|(name, _)| *name != "item") {
            all.extend(with_surplus(inner).into_iter().map(|inner| {
                let mut outer = value.clone();
                outer[name] = inner;
                outer
            }));
        }
    }
    if let Value::Array(values) = value {
        for (n, inner) in values.iter().enumerate() {
            all.extend(with_surplus(inner).into_iter().map(|inner| {
                let mut outer = value.clone();
                outer[n] = inner;
                outer
            }));
        }
    }
    all
}

struct Calls(BTreeSet<String>);

impl Visitor for Calls {
    fn call<C: Call>(&mut self) {
        let vector = golden(&format!("call.{}", C::METHOD));
        let (request, reply) = (&vector["request"], &vector["reply"]);
        assert_eq!(there_and_back::<C>(request), *request, "{} request", C::METHOD);
        assert_eq!(there_and_back::<C::Reply>(reply), *reply, "{} reply", C::METHOD);

        for surplus in with_surplus(request) {
            let frame = json!({"jsonrpc": "2.0", "id": 1, "method": C::METHOD, "params": surplus});
            let frame = frame.to_string();
            let read = Request::read(&frame).and_then(|request| request.params::<C>());
            let code = read.err().map(|error| error.code);
            assert_eq!(code, Some(ErrorCode::BadParams), "{}: {surplus}", C::METHOD);
        }
        for surplus in with_surplus(reply) {
            let taken = serde_json::from_str::<C::Reply>(&surplus.to_string());
            assert!(taken.is_ok(), "{}: a reply's unknown fields are passed over", C::METHOD);
        }
        assert!(self.0.insert(C::METHOD.to_owned()), "{}: two calls of one name", C::METHOD);
    }
}

#[test]
fn every_call_and_reply_is_as_written_down() {
    let mut seen = Calls(BTreeSet::new());
    calls::each(&mut seen);
    assert_eq!(seen.0, names("call."), "a vector of a call that is gone");
}

#[test]
fn every_notice_is_as_written_down() {
    assert_eq!(names("notice."), Notice::METHODS.iter().map(ToString::to_string).collect());
    for method in Notice::METHODS {
        let vector = golden(&format!("notice.{method}"));
        let Ok(Incoming::Notice(notice)) = Incoming::read(&vector.to_string()) else {
            panic!("{method}: not read as a notice");
        };
        let text = rpc::notice_text(&notice);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), vector, "{method}");
    }
    let unknown = r#"{"jsonrpc":"2.0","method":"of_tomorrow","params":{"x":1}}"#;
    assert!(matches!(Incoming::read(unknown), Ok(Incoming::UnknownNotice)));
}

/// The tags of an enum, from its JSON Schema: so that a variant without a vector is noticed.
fn tags(schema: &Value, tag: &str, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(name) = fields.get("properties").and_then(|all| all[tag]["const"].as_str())
            {
                into.insert(name.to_owned());
            }
            fields.values().for_each(|value| tags(value, tag, into));
        }
        Value::Array(values) => values.iter().for_each(|value| tags(value, tag, into)),
        _ => {}
    }
}

fn all_as_written_down<T: DeserializeOwned + Serialize>(prefix: &str, schema: &str, tag: &str) {
    let mut expected = BTreeSet::new();
    tags(&schema::openrpc()["components"]["schemas"][schema], tag, &mut expected);
    assert!(expected.len() > 5, "{schema}: {expected:?}");
    assert_eq!(names(prefix), expected, "{schema}");
    for name in names(prefix) {
        let vector = golden(&format!("{prefix}{name}"));
        assert_eq!(there_and_back::<T>(&vector), vector, "{prefix}{name}");
    }
}

#[test]
fn every_kind_of_entry_is_as_written_down() {
    all_as_written_down::<Entry>("entry.", "Handling", "kind");
}

#[test]
fn every_act_is_as_written_down() {
    all_as_written_down::<Act>("act.", "Act", "event");
}

#[test]
fn what_a_newer_server_says_decodes_to_unknown() {
    let mut entry = golden("entry.post");
    entry["handling"]["kind"] = json!("of_tomorrow");
    let entry: Entry = serde_json::from_value(entry).unwrap();
    assert_eq!(entry.handling.kind, warproom_proto::Kind::Unknown);
    let act: Act = serde_json::from_value(json!({"event": "of_tomorrow", "x": 1})).unwrap();
    assert!(matches!(act.event, warproom_proto::register::Event::Unknown));
    let code: ErrorCode = serde_json::from_value(json!(999)).unwrap();
    assert_eq!(code, ErrorCode::Unknown(999));
}

#[test]
fn refusals_are_as_written_down() {
    for name in names("error.") {
        let vector = golden(&format!("error.{name}"));
        let Ok(Incoming::Reply { id, result: Err(error) }) = Incoming::read(&vector.to_string())
        else {
            panic!("{name}: not read as a refusal");
        };
        let text = rpc::reply_text::<()>(id, &Err(error));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), vector, "{name}");
    }
    let numbers: BTreeSet<i32> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
    assert_eq!(numbers.len(), ErrorCode::ALL.len(), "two codes of one number");
}

#[test]
fn every_record_of_the_audit_log_is_as_written_down() {
    all_as_written_down::<warproom_proto::audit::Record>("audit.", "AuditRecord", "event");
}
