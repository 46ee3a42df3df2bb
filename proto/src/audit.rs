//! The audit log: who came in, who was turned away, who changed what, who read or took out more than
//! their own. It never says what was read.
//!
//! A record names members by their ids and where somebody came from by the network at most. Every act
//! of the register, and every notice in a room, has a record here that names it by its log, number and
//! head: so each of them stands in the [Merkle tree](crate::merkle) over this log, whose leaves are the
//! [commitments](crate::record::commitment) of its records.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::disclosure::Purpose;
use crate::error::ErrorCode;
use crate::id::{DeviceId, MemberId, Principal, RoomId};
use crate::label::Label;
use crate::newtype::text_newtype;
use crate::record::{Head, Seq};
use crate::text::{Line, TextError};

/// One item of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AuditRecord")]
pub struct Record {
    /// Who; none for a stranger, the server itself, or its operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Principal>,
    /// The network they came from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Network>,
    /// When it happened, or first did, in milliseconds since 1970 UTC, where the log took it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Record {
    /// A record of what somebody did now.
    #[must_use]
    pub const fn by(who: Principal, event: Event) -> Self {
        Self { by: Some(who), from: None, since_ms: None, event }
    }

    /// A record of what the server or its operator did now.
    #[must_use]
    pub const fn of_server(event: Event) -> Self {
        Self { by: None, from: None, since_ms: None, event }
    }
}

const fn once() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_once(count: &u64) -> bool {
    *count == 1
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A connection was signed in.
    SignedIn {
        /// How.
        means: Means,
        /// With which device; none for a bot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<DeviceId>,
        /// How often, where the log took it later; else once.
        #[serde(default = "once", skip_serializing_if = "is_once")]
        count: u64,
    },
    /// Attempts to sign in were refused: as many as came from one network within a minute.
    SignInRefused {
        /// How it was tried.
        means: Means,
        /// The member it was tried for, if there is such a one. What was typed is not kept: it may be
        /// a password in the wrong field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<MemberId>,
        /// How many attempts.
        count: u64,
    },
    /// Calls were refused that somebody had no right to make: as many as there were within a minute.
    Refused {
        /// The call's name.
        call: String,
        /// How it was refused.
        code: ErrorCode,
        /// How many calls.
        count: u64,
    },
    /// An administrative act, or a notice in a room, which stands in its own log.
    Act {
        /// In which log.
        log: Acted,
        /// Its number there.
        seq: Seq,
        /// The head of that log at it.
        head: Head,
        /// Whom it is about, if one person or bot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Principal>,
    },
    /// A manager read what goes beyond a member's own. The same again within a minute counts once.
    ManagerRead {
        /// What.
        read: Reading,
    },
    /// Records of a room were exported.
    Exported {
        /// Which room.
        room: RoomId,
        /// The first of them, in the room's log.
        first: Seq,
        /// The last of them.
        last: Seq,
        /// How many were given out; what is withheld does not count.
        records: u64,
        /// The strictest label among them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strictest: Option<Label>,
    },
    /// A backup was taken.
    BackupTaken {
        /// Whether it is whole, or continues an earlier one.
        whole: bool,
        /// How many records it holds.
        records: u64,
    },
    /// A key of the server's was replaced.
    KeyRotated {
        /// Which.
        key: KeyKind,
    },
    /// How long things are kept was changed.
    RetentionChanged {
        /// In which room; none for the whole WARP.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
    },
    /// Records were disclosed: under freedom of information, or to whom they are about.
    Disclosed {
        /// Of which room; none for a selection across rooms.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// The first record of the room that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<Seq>,
        /// The last of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<Seq>,
        /// How many were given out.
        records: u64,
        /// How many were withheld whole. What is blacked out within those given out is not known here.
        withheld: u64,
        /// The strictest label among those given out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strictest: Option<Label>,
        /// The strictest label that was to be given out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        up_to: Option<Label>,
        /// What for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purpose: Option<Purpose>,
        /// The request's number, as the manager gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<Line>,
    },
    /// Something of a newer server.
    #[serde(other)]
    Unknown,
}

/// How somebody signs in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// By a device's key.
    Device,
    /// By a bot's token.
    Token,
    /// By redeeming an invitation.
    Invitation,
    /// By handle, password and code, which enrols a device.
    Password,
    /// By a means of a newer server.
    #[serde(other)]
    Unknown,
}

/// The log that an act stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Acted {
    /// The register.
    Register,
    /// A room's log.
    Room(RoomId),
}

/// What a manager read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Reading {
    /// The list of all rooms.
    AllRooms,
    /// Who is in a room that the manager is not in.
    RoomMembers {
        /// Which room.
        room: RoomId,
    },
    /// The devices of another member.
    Devices {
        /// Whose.
        member: MemberId,
    },
    /// The invitations that can still be redeemed.
    Invitations,
    /// The audit log itself.
    AuditLog,
    /// Something of a newer server.
    #[serde(other)]
    Unknown,
}

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// The master key, from which those of the store come.
    Master,
    /// The key that signs checkpoints of this log.
    Audit,
    /// The server's certificate.
    Certificate,
    /// The certificate authority.
    Authority,
    /// A key of a newer server.
    #[serde(other)]
    Unknown,
}

/// Where somebody came from, no nearer than addresses are handed out: an IPv4 /24 or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network([u8; 8], bool);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let mut prefix = [0; 8];
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                prefix[..3].copy_from_slice(&v4.octets()[..3]);
                Self(prefix, false)
            }
            IpAddr::V6(v6) => {
                prefix.copy_from_slice(&v6.octets()[..8]);
                Self(prefix, true)
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(prefix, is_v6) = self;
        if *is_v6 {
            let mut octets = [0; 16];
            octets[..8].copy_from_slice(prefix);
            write!(to, "{}/64", Ipv6Addr::from(octets))
        } else {
            write!(to, "{}/24", Ipv4Addr::new(prefix[0], prefix[1], prefix[2], 0))
        }
    }
}

impl FromStr for Network {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let (address, _) = text.split_once('/').ok_or(TextError::NotANetwork)?;
        let network = Self::from(address.parse::<IpAddr>().map_err(|_| TextError::NotANetwork)?);
        // One spelling only, and nothing beyond the prefix.
        if network.to_string() == text { Ok(network) } else { Err(TextError::NotANetwork) }
    }
}

text_newtype!(
    Network,
    "Network",
    "^[0-9a-f.:]+/(24|64)$",
    "An IPv4 /24 or an IPv6 /64: where somebody came from, no nearer than that."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_tells_no_more_than_its_prefix() {
        for (address, network) in [
            ("198.51.100.7", "198.51.100.0/24"),
            ("::ffff:198.51.100.7", "198.51.100.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            let made = Network::from(address.parse::<IpAddr>().unwrap());
            assert_eq!(made.to_string(), network);
            assert_eq!(network.parse(), Ok(made));
        }
        for bad in ["198.51.100.7/24", "198.51.100.0", "198.51.100.0/32", "2001:db8::1/64", "x/24"]
        {
            assert_eq!(bad.parse::<Network>(), Err(TextError::NotANetwork), "{bad}");
        }
    }

    #[test]
    fn a_sign_in_says_how_often_where_that_is_not_once() {
        let once = r#"{"event":"signed_in","means":"device"}"#;
        let often = r#"{"event":"signed_in","means":"device","count":3}"#;
        for (text, expected) in [(once, 1), (often, 3)] {
            let event: Event = serde_json::from_str(text).unwrap();
            let Event::SignedIn { count, .. } = event else { panic!("{event:?}") };
            assert_eq!(count, expected);
            assert_eq!(serde_json::to_string(&event).unwrap(), text);
        }
    }

    #[test]
    fn an_event_of_a_newer_server_is_unknown() {
        let newer = r#"{"by":null,"event":"teleported","to":"mars"}"#;
        let record: Record = serde_json::from_str(newer).unwrap();
        assert_eq!(record.event, Event::Unknown);
        let read: Reading = serde_json::from_str(r#"{"what":"minds","whose":1}"#).unwrap();
        assert_eq!(read, Reading::Unknown);
    }
}
