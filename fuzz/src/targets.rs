//! The targets, one file for each kind of what is read.

mod certificates;
mod connection;
mod feeds;
mod keeping;
mod markdown;
mod proof;
mod remembered;
mod settings;
mod texts;
mod webhook;
mod wire;

use warproom_proto::limits;

use crate::Target;

/// What a document of a feed may have here: enough for every structure, far less than is taken.
const DOCUMENT_BYTES: usize = 64 * 1024;

/// What a file of settings, or one that is kept, may have here: no bound stands in their way.
const FILE_BYTES: usize = 16 * 1024;

/// All of them.
pub const TARGETS: &[Target] = &[
    // What comes over the wire.
    of("request", limits::FRAME_BYTES, wire::request),
    of("incoming", limits::FRAME_BYTES, wire::incoming),
    of("item", limits::FRAME_BYTES, wire::item),
    of("texts", FILE_BYTES, texts::any),
    of("note", FILE_BYTES, proof::note),
    of("tree", FILE_BYTES, proof::tree),
    of("webhook", limits::HOOK_BYTES, webhook::webhook),
    // What feeds bring.
    of("feed", DOCUMENT_BYTES, feeds::feed),
    of("kev", DOCUMENT_BYTES, feeds::kev),
    of("cap", DOCUMENT_BYTES, feeds::cap),
    of("csaf", DOCUMENT_BYTES, feeds::csaf),
    of("stix", DOCUMENT_BYTES, feeds::stix),
    of("misp", DOCUMENT_BYTES, feeds::misp),
    of("lists", DOCUMENT_BYTES, feeds::lists),
    of("taxii", DOCUMENT_BYTES, feeds::taxii),
    of("plain", DOCUMENT_BYTES, feeds::plain),
    of("label", 1024, feeds::label),
    // What is kept on a disk.
    of("stored", FILE_BYTES, keeping::stored),
    of("rows", FILE_BYTES, keeping::rows),
    of("sealed", FILE_BYTES, keeping::sealed),
    of("heads", FILE_BYTES, keeping::heads),
    of("manifest", FILE_BYTES, keeping::manifest),
    of("segment", FILE_BYTES, keeping::segment),
    of("files_list", FILE_BYTES, keeping::files_list),
    of("checkpoints", FILE_BYTES, keeping::checkpoints),
    of("certificate", FILE_BYTES, certificates::certificate),
    of("remembered", FILE_BYTES, remembered::heads),
    of("cursor", FILE_BYTES, remembered::cursor),
    of("vault", FILE_BYTES, remembered::vault),
    of("order", FILE_BYTES, settings::order),
    of("server_settings", FILE_BYTES, settings::of_server),
    of("relay_settings", FILE_BYTES, settings::of_relay),
    // What people see.
    of("markdown", limits::TEXT_BYTES, markdown::markdown),
    of("board", limits::FRAME_BYTES, markdown::board),
    // The connection as a whole.
    of("stranger", 2 * limits::FRAME_BYTES_BEFORE_SIGN_IN, connection::stranger),
    of("upgraded", limits::FRAME_BYTES, connection::upgraded),
    of("signed_in", limits::FRAME_BYTES, connection::signed_in),
];

const fn of(name: &'static str, most_bytes: usize, run: fn(&[u8])) -> Target {
    Target { name, most_bytes, run }
}
