//! The bounds both ends keep. The server's own (rates, queues, time-outs) are in its configuration;
//! these are part of the protocol.

/// The WebSocket sub-protocol this version speaks.
pub const SUBPROTOCOL: &str = "warproom.v1";

/// Earlier authorities of a WARP that a server still presents, so that who knows one of them comes to know
/// the present one: with two certificates each, ten in all, which is what Java's TLS takes
/// (`jdk.tls.client.maxInboundCertificateChainLength`).
pub const FORMER_AUTHORITIES: usize = 4;

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

/// The most options of one ask: a board must be read at a glance, and keys 1 to 8 answer it.
pub const ASK_OPTIONS: usize = 8;

/// The longest time to answer by, in milliseconds: 31 days.
pub const ASK_MS: i64 = 31 * 24 * 60 * 60 * 1000;

/// The longest note of an answer, in bytes, so that a board of a hundred organisations is one reply.
pub const NOTE_BYTES: usize = 2048;

/// How often one organisation may answer one ask: far more than minds change, and a bound on what a
/// board keeps in memory.
pub const ANSWERS: usize = 100;

/// The most references of one alert.
pub const REFERENCES: usize = 32;

/// The most suppliers, products and subjects one organisation depends on.
pub const DEPENDENCIES: usize = 256;

/// The most aliases of one of them.
pub const DEPENDENCY_ALIASES: usize = 8;

/// The most deputies of one organisation: they are reminded one after the other, and then the managers.
pub const DEPUTIES: usize = 4;

/// The fastest rate of one bot, in appends a minute.
pub const BOT_PER_MINUTE: u16 = 600;

/// The largest body of a webhook, in bytes: what Mattermost takes by default.
pub const HOOK_BYTES: usize = 100 * 1024;

/// The length of a part of a file, in bytes: what fits into a frame as base64, with room for the
/// envelope. A multiple of three, so that base64 needs no filling.
pub const PART_BYTES: usize = 90 * 1024;

/// The most files of one entry.
pub const FILES: usize = 16;

/// The longest name of a file, in bytes: file systems take 255, and a client may have to add to it.
pub const FILE_NAME_BYTES: usize = 200;

/// The longest media type, in bytes.
pub const MEDIA_TYPE_BYTES: usize = 100;
