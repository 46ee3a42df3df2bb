//! The JSON-RPC 2.0 envelope (<https://www.jsonrpc.org/specification>), one object per text frame.
//!
//! Ids are numbers; batches are refused; a client sends requests only, a server answers them and
//! sends notifications.

mod sentence;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::calls::Call;
use crate::error::{Error, ErrorCode};
use crate::notice::Notice;

/// The version every frame names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version2;

impl Serialize for Version2 {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("2.0")
    }
}

impl<'de> Deserialize<'de> for Version2 {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let version = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        if version == "2.0" {
            Ok(Self)
        } else {
            Err(serde::de::Error::custom("jsonrpc must be \"2.0\""))
        }
    }
}

/// A request as the server first reads it: the call's fields stay text until its name is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request<'a> {
    /// Always `"2.0"`.
    pub jsonrpc: Version2,
    /// The client's number for the request; the reply carries it.
    pub id: u64,
    /// The call's name.
    #[serde(borrow)]
    pub method: std::borrow::Cow<'a, str>,
    /// The call's fields, by name.
    #[serde(borrow, default)]
    pub params: Option<&'a RawValue>,
}

impl<'a> Request<'a> {
    /// Reads a frame.
    pub fn read(frame: &'a str) -> Result<Self, Error> {
        let request = serde_json::from_str(frame).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => ErrorCode::NotARequest,
            _ => ErrorCode::NotJson,
        })?;
        if is_by_position(frame) { Err(ErrorCode::NotARequest.into()) } else { Ok(request) }
    }

    /// The fields as those of a call.
    pub fn params<C: Call>(&self) -> Result<C, Error> {
        let text = self.params.map_or("{}", RawValue::get);
        if is_by_position(text) {
            let sentence = format!("{}: fields go by name, in an object", C::METHOD);
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        let refuse =
            |problem: String| Error::new(ErrorCode::BadParams, format!("{}: {problem}", C::METHOD));
        // Nested types are shared with replies, where unknown fields are passed over; so what a
        // request says too much is noticed here, at any depth.
        let mut surplus = None;
        let mut from = serde_json::Deserializer::from_str(text);
        let call = serde_ignored::deserialize(&mut from, |path| {
            surplus.get_or_insert_with(|| match path {
                serde_ignored::Path::Map { parent, key } => {
                    sentence::surplus(&parent.to_string(), &key)
                }
                other => format!("unknown field `{other}`"),
            });
        });
        let call = call.map_err(|error| refuse(sentence::of(&error.to_string())))?;
        surplus.map_or(Ok(call), |problem| Err(refuse(problem)))
    }
}

/// Whether a text is an array, which serde would read as an object's fields by position. A frame with
/// one must not mean something else once a field is added.
fn is_by_position(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

/// A request as a client writes it.
pub fn request_text<C: Call>(id: u64, call: &C) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Frame<'a, C> {
        jsonrpc: Version2,
        id: u64,
        method: &'static str,
        params: &'a C,
    }
    serde_json::to_string(&Frame { jsonrpc: Version2, id, method: C::METHOD, params: call })
}

/// A reply as the server writes it. `id` is `None` where the request could not be read.
pub fn reply_text<R: Serialize>(id: Option<u64>, reply: &Result<R, Error>) -> String {
    #[derive(Serialize)]
    struct Frame<'a, R> {
        jsonrpc: Version2,
        id: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<&'a R>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Error>,
    }
    let frame =
        Frame { jsonrpc: Version2, id, result: reply.as_ref().ok(), error: reply.as_ref().err() };
    encode(&frame)
}

/// A notification as the server writes it.
#[must_use]
pub fn notice_text(notice: &Notice) -> String {
    #[derive(Serialize)]
    struct Frame<'a> {
        jsonrpc: Version2,
        #[serde(flatten)]
        notice: &'a Notice,
    }
    encode(&Frame { jsonrpc: Version2, notice })
}

/// What a client reads from a frame.
pub enum Incoming {
    /// The answer to one of its requests.
    Reply {
        /// The request's number; `None` when the server could not read one.
        id: Option<u64>,
        /// The call's reply as text, or the refusal.
        result: Result<Box<RawValue>, Error>,
    },
    /// Something happened.
    Notice(Notice),
    /// A notification from a newer server.
    UnknownNotice,
}

impl Incoming {
    /// Reads a frame. Fields this version does not know are passed over.
    pub fn read(frame: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Frame<'a> {
            #[serde(rename = "jsonrpc")]
            _jsonrpc: Version2,
            id: Option<u64>,
            #[serde(borrow)]
            method: Option<&'a str>,
            #[serde(borrow)]
            params: Option<&'a RawValue>,
            result: Option<Box<RawValue>>,
            error: Option<Error>,
        }
        let frame: Frame = serde_json::from_str(frame)?;
        if let Some(method) = frame.method {
            let params = frame.params.map_or("{}", RawValue::get);
            return Ok(Notice::read(method, params)?.map_or(Self::UnknownNotice, Self::Notice));
        }
        let result = match (frame.result, frame.error) {
            (_, Some(error)) => Err(error),
            (Some(result), None) => Ok(result),
            (None, None) => Ok(RawValue::NULL.to_owned()),
        };
        Ok(Self::Reply { id: frame.id, result })
    }
}

/// Encodes one of our own types.
fn encode(frame: &impl Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "our types have no maps with odd keys and no failing impls"
    )]
    serde_json::to_string(frame).expect("a protocol type encodes as JSON")
}
