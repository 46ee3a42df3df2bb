//! Properties of the codecs: what is encoded decodes to the same, bytes of nobody never panic, and
//! the chain notices every change.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::value::RawValue;
use warproom_proto::calls::{self, Call, Visitor};
use warproom_proto::entry::{Content, Entry, Handling, Kind, RoomRole, RoomSettings, Subject};
use warproom_proto::invitation::Invitation;
use warproom_proto::register::Act;
use warproom_proto::rpc::{Incoming, Request};
use warproom_proto::{
    Body, EntryId, FileName, Handle, Label, LogId, MediaType, MemberId, Name, PartData, Position,
    Principal, Record, Reporting, RoomId, Salt, Text, record,
};

fn label() -> impl Strategy<Value = Label> {
    (0_u8..5).prop_map(|strictness| Label::from_strictness(strictness).unwrap())
}

fn name() -> impl Strategy<Value = Name> {
    "[^\\p{C}\\p{Z}]([^\\p{C}\\p{Z}]| ){0,60}[^\\p{C}\\p{Z}]"
        .prop_filter_map("a name", |text| text.parse().ok())
}

/// As a plain string: the type itself has no `Debug`, on purpose.
fn text() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,200}".prop_filter("a text", |text| text.parse::<Text>().is_ok())
}

fn principal() -> impl Strategy<Value = Principal> {
    any::<[u8; 16]>().prop_map(|id| Principal::Member(MemberId::from_bytes(id)))
}

fn settings() -> impl Strategy<Value = RoomSettings> {
    (name(), label(), label(), any::<bool>(), any::<bool>()).prop_map(
        |(name, ceiling, default_label, typing, presence)| RoomSettings {
            name,
            ceiling,
            default_label,
            typing,
            presence,
        },
    )
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        any::<Option<u64>>().prop_map(|reply_to| Kind::Post { reply_to }),
        any::<u64>().prop_map(|of| Kind::Edit { of }),
        any::<u64>().prop_map(|of| Kind::Retract { of }),
        (any::<u64>(), label()).prop_map(|(of, to)| Kind::Relabel { of, to }),
        (any::<u64>(), any::<bool>()).prop_map(|(of, withdrawn)| Kind::React { of, withdrawn }),
        settings().prop_map(|settings| Kind::Opened { settings }),
        settings().prop_map(|settings| Kind::Changed { settings }),
        principal().prop_map(|who| Kind::Joined { who, role: RoomRole::Lead }),
        principal().prop_map(|who| Kind::Left { who }),
    ]
}

prop_compose! {
    fn entry()(
        id: [u8; 16], author in principal(), label in label(), kind in kind(),
        mention: Option<[u8; 16]>, vendor in proptest::option::of(name()), exercise: bool,
        text in proptest::option::of(text()),
    ) -> (Handling, Option<String>) {
        let handling = Handling {
            id: EntryId::from_bytes(id),
            author,
            label,
            kind,
            mentions: mention.map(MemberId::from_bytes).into_iter().collect(),
            subjects: vendor.map(Subject::Vendor).into_iter().collect(),
            ask: None,
            common_cause: Reporting::No,
            exercise,
            files: Vec::new(),
        };
        (handling, text)
    }
}

fn goldens() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// Every decoder there is, on any text.
fn decode_as_everything(text: &str) {
    struct Each<'a>(&'a str);
    impl Visitor for Each<'_> {
        fn call<C: Call>(&mut self) {
            let _ = serde_json::from_str::<C>(self.0);
            let _ = serde_json::from_str::<C::Reply>(self.0);
        }
    }
    calls::each(&mut Each(text));
    let _ = serde_json::from_str::<Entry>(text);
    let _ = serde_json::from_str::<Act>(text);
    let _ = Incoming::read(text);
    if let Ok(request) = Request::read(text) {
        let _ = request.params::<calls::PostEntry>();
    }
    let _ = text.parse::<Invitation>();
    let _ =
        (text.parse::<Name>(), text.parse::<Handle>(), text.parse::<Text>(), text.parse::<Label>());
}

proptest! {
    #[test]
    fn an_entry_decodes_to_what_was_encoded((handling, text) in entry()) {
        let content = text.and_then(|text| text.parse().ok()).map_or_else(Content::default, Content::text);
        let entry = Entry { handling, content };
        let encoded = serde_json::to_string(&entry).unwrap();
        let decoded: Entry = serde_json::from_str(&encoded).unwrap();
        prop_assert!(decoded.handling == entry.handling && decoded.content == entry.content);
        prop_assert_eq!(serde_json::to_string(&decoded).unwrap(), encoded);
    }

    #[test]
    fn perturbed_bytes_never_panic(
        which: prop::sample::Index, at: prop::sample::Index, byte: u8, cut: prop::sample::Index, cuts: bool,
    ) {
        let all = goldens();
        let mut bytes = all[which.index(all.len())].clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        decode_as_everything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn texts_of_nobody_never_panic(text: String) {
        decode_as_everything(&text);
    }

    #[test]
    fn a_label_never_reads_milder_than_its_own_letters(text in "(?i)(tlp:)?(clear|green|amber|amber.strict|red|white)[ +-]?") {
        if let Ok(label) = text.parse::<Label>() {
            let spelled = text.to_ascii_uppercase();
            prop_assert_eq!(spelled.trim_start_matches("TLP:"), &label.as_str()[4..]);
        }
    }

    #[test]
    fn the_chain_notices_every_change(
        room: [u8; 16], salt: [u8; 16], at_ms: i64, other_ms: i64, seq_off in 1_u64..9,
    ) {
        let start = Position::start(LogId::room(RoomId::from_bytes(room)));
        let item = RawValue::from_string("{\"a\":1}".into()).unwrap();
        let other = RawValue::from_string("{\"a\":2}".into()).unwrap();
        let salt = Salt(salt);
        let next = start.next(&record::commitment(&salt, at_ms, item.get().as_bytes()));
        let record = |item: &RawValue, at_ms| Record {
            seq: next.seq,
            head: next.head,
            body: Body::Shown { at_ms, salt, item: item.to_owned(), label: None },
        };
        prop_assert!(record(&item, at_ms).follows(start));
        prop_assert!(!record(&other, at_ms).follows(start), "another text");
        prop_assert!(at_ms == other_ms || !record(&item, other_ms).follows(start), "another time");
        let withheld = Body::Withheld { commitment: record(&item, at_ms).body.commitment(), erased: false };
        let stub = Record { body: withheld, ..record(&item, at_ms) };
        prop_assert!(stub.follows(start), "a stub keeps the chain");
        prop_assert!(!Record { seq: next.seq + seq_off, ..stub }.follows(start), "another number");
    }
}

proptest! {
    /// What is read as a file's name is one component of a path on every system, shows as it is, and
    /// reads back.
    #[test]
    fn a_file_name_never_leads_elsewhere(text in ".{0,210}") {
        if let Ok(name) = text.parse::<FileName>() {
            prop_assert_eq!(name.as_str(), &text);
            for name in [name.to_string(), name.on_disk()] {
                let path = std::path::Path::new(&name);
                prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(&*name));
                prop_assert_eq!(path.components().count(), 1);
                let leads = ['/', '\\', ':', '\0', '\u{202e}'];
                prop_assert!(!name.contains(leads));
                prop_assert!(name.len() <= 255);
            }
            prop_assert!(!name.on_disk().starts_with(['.', '-', '~']));
        }
    }

    /// Whatever a file is called on a disk, there is a name for it, and a name stays as it is.
    #[test]
    fn the_nearest_file_name_is_one(text in proptest::collection::vec(any::<char>(), 0..300)) {
        let text: String = text.into_iter().collect();
        let nearest = FileName::nearest(&text);
        prop_assert_eq!(nearest.as_str().parse::<FileName>(), Ok(nearest.clone()));
        prop_assert_eq!(FileName::nearest(nearest.as_str()), nearest);
    }

    #[test]
    fn a_media_type_is_two_names_and_nothing_else(text in "[a-zA-Z0-9/;= .+-]{0,110}") {
        if let Ok(kind) = text.parse::<MediaType>() {
            prop_assert_eq!(kind.as_str().matches('/').count(), 1);
            prop_assert!(!kind.as_str().contains([' ', ';', '=']));
            prop_assert_eq!(kind.as_str(), text);
        }
    }

    #[test]
    fn a_part_reads_back_as_itself(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let part = PartData(bytes);
        prop_assert!(part.to_string().parse::<PartData>().is_ok_and(|read| read == part));
    }
}
