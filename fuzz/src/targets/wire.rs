//! Frames of the protocol: requests as the server reads them, replies and notifications as clients do,
//! and the items that logs hold.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use warproom_proto::calls::{self, Call, Visitor};
use warproom_proto::register::Act;
use warproom_proto::rpc::{Incoming, Request, notice_text, request_text};
use warproom_proto::{Entry, Label, audit};

/// A request. One that is taken is written again as a request that is the same call, of the same fields.
pub(super) fn request(bytes: &[u8]) {
    let Ok(frame) = str::from_utf8(bytes) else { return };
    let Ok(request) = Request::read(frame) else { return };
    calls::each(&mut Asked(&request));
}

struct Asked<'a, 'r>(&'a Request<'r>);

impl Visitor for Asked<'_, '_> {
    fn call<C: Call>(&mut self) {
        let Self(request) = self;
        if C::METHOD != request.method {
            return;
        }
        let Ok(call) = request.params::<C>() else { return };
        let again = json(request_text(request.id, &call));
        let read = must(Request::read(&again).ok(), "what was taken is a request");
        assert!(read.id == request.id && read.method == request.method, "it became another call");
        let call = must(read.params::<C>().ok(), "what was taken is taken again");
        assert_eq!(json(request_text(read.id, &call)), again, "it is written in two ways");
        let fields = |request: &Request| {
            let text = request.params.map_or("{}", |params| params.get());
            serde_json::from_str::<Value>(text).unwrap_or_default()
        };
        let (before, after) = (fields(request), fields(&read));
        assert!(says_the_same(&before, &after), "{before} became {after}");
    }
}

/// Whether what was read says all that was sent: what has gone said nothing, and what was added are
/// defaults.
fn says_the_same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before.iter().all(|(name, value)| {
            after.get(name).map_or_else(|| says_nothing(value), |again| says_the_same(value, again))
        }),
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| says_the_same(before, after))
        }
        // A label may be written shorter, by people at a keyboard.
        (Value::String(before), Value::String(after)) => {
            before == after || before.parse::<Label>().is_ok_and(|label| label.as_str() == after)
        }
        _ => before == after,
    }
}

/// Whether a field might as well not be there.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(says_nothing),
        Value::String(word) => word == "no" || word.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Bool(true) => false,
    }
}

/// A frame as a client reads it: what it says is the same once it is written and read again.
pub(super) fn incoming(bytes: &[u8]) {
    let Ok(frame) = str::from_utf8(bytes) else { return };
    match Incoming::read(frame) {
        Ok(Incoming::Reply { result: Ok(result), .. }) => {
            calls::each(&mut Answered(result.get()));
        }
        Ok(Incoming::Reply { result: Err(refusal), .. }) => {
            assert!(serde_json::to_string(&refusal).is_ok(), "a refusal is written");
        }
        Ok(Incoming::Notice(notice)) => {
            let again = notice_text(&notice);
            let Ok(Incoming::Notice(notice)) = Incoming::read(&again) else {
                panic!("a notification became something else: {again}");
            };
            assert_eq!(notice_text(&notice), again);
        }
        Ok(Incoming::UnknownNotice) | Err(_) => {}
    }
}

struct Answered<'a>(&'a str);

impl Visitor for Answered<'_> {
    fn call<C: Call>(&mut self) {
        settles::<C::Reply>(self.0);
    }
}

/// What logs hold: entries, acts of the register, and what the audit log notes.
pub(super) fn item(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    settles::<Entry>(text);
    settles::<Act>(text);
    settles::<audit::Record>(text);
}

/// What is read is written in one way, and read from that as the same.
pub(super) fn settles<T: Serialize + DeserializeOwned>(text: &str) {
    let Ok(read) = serde_json::from_str::<T>(text) else { return };
    let once = json(serde_json::to_string(&read));
    let again = serde_json::from_str::<T>(&once);
    let again = must(again.ok(), "what was written is read");
    assert_eq!(json(serde_json::to_string(&again)), once, "it is written in two ways");
}

fn json(written: serde_json::Result<String>) -> String {
    must(written.ok(), "what was read is written")
}

/// The value, which must be there.
pub(super) fn must<T>(value: Option<T>, why: &str) -> T {
    value.unwrap_or_else(|| panic!("this does not hold: {why}"))
}
