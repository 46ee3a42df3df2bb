//! Who and what: one newtype per kind of id, so that a room is never handed where a member is
//! meant. All are `UUIDv7` (RFC 9562): unique without asking anyone, and roughly in order of time.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::newtype::text_newtype;
use crate::text::TextError;

macro_rules! id {
    ($(#[$doc:meta])* $type:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Uuid);

        impl $type {
            /// A new id, made of the present time and 74 random bits.
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id whose sixteen bytes these are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes, in network order.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, to)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, to)
            }
        }

        impl FromStr for $type {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                // One spelling only, so that an id compares equal as text wherever it is kept.
                let id = Uuid::try_parse(text).map_err(|_| TextError::NotAnId)?;
                if id.as_hyphenated().to_string() == text { Ok(Self(id)) } else { Err(TextError::NotAnId) }
            }
        }

        text_newtype!(
            $type,
            $name,
            "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            "A UUID in lower case with hyphens; version 7 where the sender makes it."
        );
    };
}

id!(
    /// A WARP: the club that one server serves.
    WarpId, "WarpId"
);
id!(
    /// A member council or partner.
    OrganisationId, "OrganisationId"
);
id!(
    /// A person acting for one organisation.
    MemberId, "MemberId"
);
id!(
    /// A member's enrolled client, which holds its own key.
    DeviceId, "DeviceId"
);
id!(
    /// A program with a narrow grant.
    BotId, "BotId"
);
id!(
    /// A common cause: a supplier or product that several organisations name.
    CauseId, "CauseId"
);
id!(
    /// Something that waits for a second manager.
    ProposalId, "ProposalId"
);
id!(
    /// A room.
    RoomId, "RoomId"
);
id!(
    /// An invitation for one named person.
    InvitationId, "InvitationId"
);
id!(
    /// What an author's client chose to call its entry. Appending again under the same id answers
    /// with the first result, so a client that lost the answer may simply ask again.
    EntryId, "EntryId"
);
id!(
    /// A file, from the moment it is announced. The server makes it, at random.
    FileId, "FileId"
);

/// Who acts: a member or a bot.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// A person.
    Member(MemberId),
    /// A program.
    Bot(BotId),
}

impl Principal {
    /// The member, if it is one.
    #[must_use]
    pub const fn member(self) -> Option<MemberId> {
        match self {
            Self::Member(id) => Some(id),
            Self::Bot(_) => None,
        }
    }

    /// A form for keys and seals: one byte for the kind, then the id.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 17] {
        let (kind, id) = match &self {
            Self::Member(id) => (0, id.as_bytes()),
            Self::Bot(id) => (1, id.as_bytes()),
        };
        let mut bytes = [kind; 17];
        bytes[1..].copy_from_slice(id);
        bytes
    }

    /// The inverse of [`Principal::to_bytes`]; `None` for a kind this version does not know.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 17]) -> Option<Self> {
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[1..]);
        match bytes[0] {
            0 => Some(Self::Member(MemberId::from_bytes(id))),
            1 => Some(Self::Bot(BotId::from_bytes(id))),
            _ => None,
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => write!(to, "member {id}"),
            Self::Bot(id) => write!(to, "bot {id}"),
        }
    }
}
