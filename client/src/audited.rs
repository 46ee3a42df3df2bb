//! The records of the audit log in plain English, one sentence each: the words that every application
//! says them in. What ids stand for is the application's ([`Called`]), as for the acts of the register,
//! and so is making a text safe for where it is shown.

use warproom_proto::audit::{Acted, Event, KeyKind, Means, Reading, Record};
use warproom_proto::{Label, Principal};

use crate::acts::Called;

/// What happened, in one sentence without its full stop.
pub fn audited_in_words(record: &Record, called: &impl Called) -> String {
    let one = |who| called.person(who);
    let by = record.by.map_or_else(|| "Somebody".to_owned(), one);
    let from = record.from.map_or_else(String::new, |from| format!(" from {from}"));
    match &record.event {
        Event::SignedIn { means, device, count } => {
            let device = device.map_or_else(String::new, |id| format!(", {}", called.device(id)));
            let often = if *count == 1 { String::new() } else { format!(" {}", times(*count)) };
            format!("{by} signed in{often} by {}{device}{from}", means_of(*means))
        }
        Event::SignInRefused { means, of, count } => {
            let of =
                of.map_or_else(String::new, |of| format!(" as {}", one(Principal::Member(of))));
            let (attempts, were) =
                if *count == 1 { ("attempt", "was") } else { ("attempts", "were") };
            format!(
                "{count} {attempts} to sign in by {}{of} {were} refused{from}",
                means_of(*means)
            )
        }
        Event::Refused { call, code, count } => {
            format!("{by} was refused {call} {}: {}", times(*count), code.sentence())
        }
        Event::Act { log, seq, of, .. } => {
            let by = record.by.map_or_else(|| "The server".to_owned(), one);
            let of = of.map_or_else(String::new, |of| format!(", about {}", one(of)));
            let log = match log {
                Acted::Register => "the register".to_owned(),
                Acted::Room(room) => called.room(*room),
            };
            format!("{by} changed {log}: its record #{seq}{of}")
        }
        Event::ManagerRead { read } => format!("{by} read {}", reading(*read, called)),
        Event::Exported { room, first, last, records, strictest } => format!(
            "{by} exported {} of {}, of #{first} to #{last}{}",
            counted(*records),
            called.room(*room),
            up_to(*strictest)
        ),
        Event::BackupTaken { records, .. } => {
            format!("A backup of {} was taken", counted(*records))
        }
        Event::KeyRotated { key } => format!("{} was replaced", key_of(*key)),
        Event::RetentionChanged { room } => {
            let room = room.map_or_else(|| "the WARP".to_owned(), |room| called.room(room));
            format!("{by} changed how long things are kept in {room}")
        }
        Event::Disclosed { room, records, withheld, strictest, purpose, reference, .. } => {
            let of = room.map_or_else(String::new, |room| format!(" of {}", called.room(room)));
            let what = purpose.map_or_else(String::new, |what| format!(", for {}", what.as_str()));
            let number =
                reference.as_ref().map_or_else(String::new, |line| format!(" ({})", line.as_str()));
            let (records, up_to) = (counted(*records), up_to(*strictest));
            format!("{by} disclosed {records}{of}{up_to}{what}{number}; {withheld} withheld")
        }
        _ => "Something this version cannot show".to_owned(),
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn counted(records: u64) -> String {
    if records == 1 { "1 record".to_owned() } else { format!("{records} records") }
}

fn up_to(strictest: Option<Label>) -> String {
    strictest.map_or_else(String::new, |label| format!(", up to {label}"))
}

const fn means_of(means: Means) -> &'static str {
    match means {
        Means::Device => "a device's key",
        Means::Token => "a bot's token",
        Means::Invitation => "an invitation",
        Means::Password => "password and code",
        Means::Unknown => "a means this version does not know",
    }
}

const fn key_of(key: KeyKind) -> &'static str {
    match key {
        KeyKind::Master => "The master key",
        KeyKind::Audit => "The key of the audit log",
        KeyKind::Certificate => "The server's certificate",
        KeyKind::Authority => "The certificate authority",
        KeyKind::Unknown => "A key this version does not know",
    }
}

fn reading(read: Reading, called: &impl Called) -> String {
    match read {
        Reading::AllRooms => "the list of all rooms".to_owned(),
        Reading::RoomMembers { room } => format!("who is in {}", called.room(room)),
        Reading::Devices { member } => {
            format!("the devices of {}", called.person(Principal::Member(member)))
        }
        Reading::Invitations => "the open invitations".to_owned(),
        Reading::AuditLog => "the audit log".to_owned(),
        Reading::Unknown => "something this version does not know".to_owned(),
    }
}
