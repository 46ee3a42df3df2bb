//! The bounds both ends keep. The server's own (rates, queues, time-outs) are in its configuration;
//! these are part of the protocol.

/// The WebSocket sub-protocol this version speaks.
pub const SUBPROTOCOL: &str = "warproom.v1";

/// The largest frame before sign-in: enough for an invitation's redemption, too little to hoard.
pub const FRAME_BYTES_BEFORE_SIGN_IN: usize = 16 * 1024;

/// The largest frame after sign-in. Files go in parts.
pub const FRAME_BYTES: usize = 128 * 1024;

/// The longest text of one entry: half a frame, which leaves room for escapes and the envelope.
pub const TEXT_BYTES: usize = 64 * 1024;

/// The longest password taken, in bytes: a limit on work, far above any real passphrase.
pub const PASSWORD_BYTES: usize = 1024;

/// The shortest password taken, in characters (NIST SP 800-63B-4 asks for 15 where a password stands
/// alone, 8 beside a second factor; ours is used so rarely that the longer costs little).
pub const PASSWORD_CHARS: usize = 12;

/// The most records in one page of history.
pub const PAGE: usize = 200;

/// The most bytes of records in one page, unless its first alone has more; its amendments may have as
/// many again. A client takes frames of 1 MiB.
pub const PAGE_BYTES: usize = 96 * 1024;

/// The most hits of one search call.
pub const SEARCH_HITS: usize = 100;

/// The most people one entry may mention.
pub const MENTIONS: usize = 64;

/// The most subjects (vendor, product, CVE) one entry may name.
pub const SUBJECTS: usize = 32;

/// The longest reaction, in bytes: one emoji with its modifiers.
pub const REACTION_BYTES: usize = 32;

/// The most aliases, and the most client relations, of one organisation.
pub const ORGANISATION_LIST: usize = 32;

/// The most rooms one bot's grant names.
pub const GRANT_ROOMS: usize = 64;
