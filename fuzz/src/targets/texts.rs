//! Texts that are checked once, when they are read: ids, names, labels, invitations, and so on.

use std::fmt::Display;
use std::str::FromStr;

use warproom_proto::invitation::{Address, Fingerprint, Invitation};
use warproom_proto::register::{PublicKey, Signature};
use warproom_proto::{
    FileName, Handle, Head, Label, MediaType, MemberId, Name, PartData, RoomId, Salt, Sha256, Text,
    limits,
};
use warproom_proto::{Line, audit::Network};

use super::wire::must;

/// Any text, as each of them.
pub(super) fn any(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    exact::<RoomId>(text);
    exact::<MemberId>(text);
    exact::<Name>(text);
    exact::<Line>(text);
    exact::<Handle>(text);
    exact::<Text>(text);
    exact::<FileName>(text);
    exact::<MediaType>(text);
    exact::<Head>(text);
    exact::<Salt>(text);
    exact::<Sha256>(text);
    exact::<PublicKey>(text);
    exact::<Signature>(text);
    exact::<Fingerprint>(text);
    exact::<PartData>(text);
    exact::<Address>(text);
    exact::<Network>(text);
    label(text);
    invitation(text);
    file_name(text);
    if let Ok(part) = text.parse::<PartData>() {
        assert!(part.0.len() <= limits::PART_BYTES);
    }
}

/// There is one spelling of each value: what is read is written as it was.
fn exact<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text, "{}", std::any::type_name::<T>());
    }
}

/// A label is only read from its own letters: never a shorter word that stands in a stricter one.
fn label(text: &str) {
    let Ok(label) = text.parse::<Label>() else { return };
    let upper = text.to_ascii_uppercase();
    let word = upper.strip_prefix("TLP:").unwrap_or(&upper);
    assert_eq!(word, &label.as_str()[4..]);
}

fn invitation(text: &str) {
    let Ok(invitation) = text.parse::<Invitation>() else { return };
    let once = invitation.to_text();
    assert_eq!(once, text.trim());
    let again = must(once.parse::<Invitation>().ok(), "what was written is read");
    assert!(again.address == invitation.address && again.to_text() == once);
    // Nobody is led to another host or port than the one that is shown.
    let port = invitation.address.host_port.rsplit(':').next().unwrap_or_default();
    assert!(port.chars().all(|c| c.is_ascii_digit()), "{port}");
}

/// Whatever a file is called, it has a name here and one on a disk, and neither leads elsewhere.
fn file_name(text: &str) {
    let name = FileName::nearest(text);
    exact::<FileName>(name.as_str());
    assert!(name.as_str().parse::<FileName>().is_ok(), "its nearest name is none");
    let on_disk = name.on_disk();
    let leads = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    assert!(!on_disk.contains(leads) && !on_disk.starts_with('.') && !on_disk.is_empty());
}
