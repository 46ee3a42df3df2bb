//! What is posted to a webhook: Slack's and Mattermost's form, Alertmanager's, and Warproom's own.

use warproom_proto::Label;
use warproom_server::decoders::{self, Posted};

use super::wire;

/// A body. What is read from it is a call as any other, never milder than the webhook's own label nor
/// stricter than its bot may post; what is not read is refused as a mistake of its sender.
pub(super) fn webhook(bytes: &[u8]) {
    match decoders::webhook(bytes) {
        Posted::Call { label, request } => {
            assert!((Label::Green..=Label::Amber).contains(&label), "{label}");
            wire::request(request.as_bytes());
            assert!(request.len() <= warproom_proto::limits::FRAME_BYTES, "it is too long");
        }
        Posted::Refused { status } => assert!((400..=413).contains(&status), "{status}"),
    }
}
