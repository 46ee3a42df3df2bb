//! The closed list of things that can go wrong between client and server.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What went wrong, in a word a program can act on. Numbers below zero are JSON-RPC 2.0's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The frame is not JSON.
    NotJson,
    /// JSON, but not a JSON-RPC 2.0 request; batches too.
    NotARequest,
    /// No call has this name.
    NoSuchCall,
    /// The call's fields are wrong; the sentence names the first bad one.
    BadParams,
    /// The server failed. Its log knows why; the answer does not.
    ServerFault,
    /// The call needs a sign-in, or one of another kind.
    SignInRequired,
    /// Wrong invitation, handle, password, code, device, token or signature: never said which.
    SignInRefused,
    /// There is no such thing, or it is not yours to know of: always the same bytes.
    NotFound,
    /// You can see it, and may not do this to it.
    NotAllowed,
    /// It does not fit what is there: a name that is taken, a thing already done.
    Conflict,
    /// The label is stricter than the room or grant allows, or milder than what it would carry.
    LabelRefused,
    /// Too fast, or too many attempts; `retry_after_ms` says when to come again.
    SlowDown,
    /// The server's disk is full: nothing was stored, reading goes on.
    StorageFull,
    /// The server's store has failed and takes nothing more until it is restarted.
    StorageFailed,
    /// A code from a newer server.
    Unknown(i32),
}

impl ErrorCode {
    /// Every code of this version, in order.
    pub const ALL: [Self; 14] = [
        Self::NotJson,
        Self::NotARequest,
        Self::NoSuchCall,
        Self::BadParams,
        Self::ServerFault,
        Self::SignInRequired,
        Self::SignInRefused,
        Self::NotFound,
        Self::NotAllowed,
        Self::Conflict,
        Self::LabelRefused,
        Self::SlowDown,
        Self::StorageFull,
        Self::StorageFailed,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::NotJson => -32700,
            Self::NotARequest => -32600,
            Self::NoSuchCall => -32601,
            Self::BadParams => -32602,
            Self::ServerFault => -32603,
            Self::SignInRequired => 1,
            Self::SignInRefused => 2,
            Self::NotFound => 3,
            Self::NotAllowed => 4,
            Self::Conflict => 5,
            Self::LabelRefused => 6,
            Self::SlowDown => 7,
            Self::StorageFull => 8,
            Self::StorageFailed => 9,
            Self::Unknown(number) => number,
        }
    }

    /// The sentence said where there is nothing more to say.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotJson => "the frame is not JSON",
            Self::NotARequest => {
                "not a JSON-RPC 2.0 request with a number as id; batches are refused"
            }
            Self::NoSuchCall => "there is no call of this name",
            Self::BadParams => "the call's fields are wrong",
            Self::ServerFault => "the server failed; its operator finds the reason in its log",
            Self::SignInRequired => "sign in first",
            Self::SignInRefused => {
                "sign-in refused: check what you entered, or ask your WARP's manager for a new invitation"
            }
            Self::NotFound => "there is no such thing here, or it is not yours",
            Self::NotAllowed => "you may not do this",
            Self::Conflict => "this does not fit what is already there",
            Self::LabelRefused => "this label does not fit here",
            Self::SlowDown => "too many requests; wait a little",
            Self::StorageFull => {
                "the server's disk is full; nothing was stored, reading still works"
            }
            Self::StorageFailed => {
                "the server's store has failed; nothing was stored, its operator must look"
            }
            Self::Unknown(_) => "a refusal this client does not know; it may be too old",
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i32(self.number())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = i32::deserialize(from)?;
        let known = Self::ALL.into_iter().find(|code| code.number() == number);
        Ok(known.unwrap_or(Self::Unknown(number)))
    }
}

impl JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<_> = Self::ALL
            .iter()
            .map(|code| schemars::json_schema!({"const": code.number(), "description": code.sentence()}))
            .collect();
        schemars::json_schema!({"anyOf": codes})
    }
}

/// A refusal, as JSON-RPC 2.0 carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub struct Error {
    /// What a program acts on.
    pub code: ErrorCode,
    /// A sentence for a person. Never internal text.
    pub message: Cow<'static, str>,
    /// What else a program can use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
}

/// What else a program can use of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorData {
    /// Come again after so many milliseconds.
    pub retry_after_ms: u64,
}

impl Error {
    /// A refusal with a sentence of its own.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// A refusal to come again after.
    #[must_use]
    pub const fn slow_down(retry_after_ms: u64) -> Self {
        Self {
            code: ErrorCode::SlowDown,
            message: Cow::Borrowed(ErrorCode::SlowDown.sentence()),
            data: Some(ErrorData { retry_after_ms }),
        }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: Cow::Borrowed(code.sentence()), data: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.message)
    }
}
