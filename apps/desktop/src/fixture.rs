//! A WARP made up for looking at screens and measuring them, without a server: what a model holds
//! after it has heard from one. Councils are those of the public story; the officers are invented.

pub mod acts;
pub mod audit;
pub mod disclosure;

use warproom_client::Delivered;
use warproom_client::proto::calls::{
    ListMembers, ListOrganisations, ListRegisterEntries, ListRooms, Me, MemberList,
    OrganisationList, RegisterEntryList, RoomList, RoomSummary,
};
use warproom_client::proto::register::{
    Dependency, Member, Organisation, RegisterEntry, Role, Standing,
};
use warproom_client::proto::{
    Alert, Ask, Body, Certainty, Content, DeviceId, Entry, EntryId, Handling, Head, Kind, Label,
    MemberId, Message, Name, OrganisationId, Position, Principal, Record, Reporting, RoomId,
    RoomRole, RoomSettings, Salt, Seq, Severity, Subject, Text, Urgency,
};

use crate::model::profile::ProfileName;
use crate::model::rooms;
use crate::news::{Connection, Opened, Page};
use crate::request::{Reply, Request};
use crate::{Action, Model, News};

/// A Sunday in January 2024, 14:00 UTC, in milliseconds since 1970.
pub const NOW_MS: i64 = 1_705_845_600_000;

/// The councils, by the last byte of their id from 1.
pub const ORGANISATIONS: [&str; 8] = [
    "Canterbury City Council",
    "Dover District Council",
    "Thanet District Council",
    "Ashford Borough Council",
    "Medway Council",
    "Swale Borough Council",
    "Folkestone & Hythe District Council",
    "Kent County Council",
];

/// Officers: name, handle, the place of their council in the list above.
pub const MEMBERS: [(&str, &str, u8, Role); 8] = [
    ("Ffion Gwŷn", "ffion", 1, Role::Officer),
    ("Dele Okafor", "dele", 2, Role::Officer),
    ("Mairéad Ní Dhomhnaill", "mairead", 3, Role::Officer),
    ("Tom Ashdown", "tom", 4, Role::Officer),
    ("Priya Raman", "priya", 5, Role::Manager),
    ("Jakub Lis", "jakub", 6, Role::Officer),
    ("Grace Holloway", "grace", 7, Role::Officer),
    ("Owen Penrose", "owen", 8, Role::Guest),
];

/// Rooms: name, ceiling, default label.
pub const ROOMS: [(&str, Label, Label); 6] = [
    ("Incident: East Kent Services", Label::Red, Label::AmberStrict),
    ("General", Label::Amber, Label::Green),
    ("Warnings", Label::Amber, Label::Green),
    ("Managers", Label::Red, Label::Amber),
    ("Exercise Sandgate", Label::Amber, Label::Amber),
    ("Good practice", Label::Green, Label::Clear),
];

/// The member of this number, from 1.
pub fn member(number: u8) -> MemberId {
    MemberId::from_bytes([number; 16])
}

/// The council of this number, from 1.
pub fn organisation(number: u8) -> OrganisationId {
    OrganisationId::from_bytes([number; 16])
}

/// The room of this number, from 1.
pub fn room(number: u16) -> RoomId {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [0x40; 16];
    bytes[14] = high;
    bytes[15] = low;
    RoomId::from_bytes(bytes)
}

/// A name. Fixtures are written here, so they are names.
pub fn name(text: &str) -> Name {
    parsed(text)
}

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("a fixture does not parse: {text}"))
}

/// A model that has opened a profile of Priya Raman (a manager, of Medway Council), is connected, and
/// has the rooms above, empty.
pub fn model() -> Model {
    signed_in(5)
}

/// The same for another member.
pub fn signed_in(number: u8) -> Model {
    let mut model = Model::default();
    let (called, handle, _, role) = MEMBERS[usize::from(number) - 1];
    let me = Me {
        principal: Principal::Member(member(number)),
        name: name(called),
        handle: Some(parsed(handle)),
        role: Some(role),
    };
    let opened = Opened {
        profile: ProfileName("kent-medway-warp".to_owned()),
        warp: name("Kent & Medway WARP"),
        me,
        device: DeviceId::from_bytes([9; 16]),
        address: "warproom://warp.example:7443/BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"
            .to_owned(),
        settings: crate::model::settings::Settings::default(),
        drafts: Vec::new(),
        outbox: Vec::new(),
    };
    for news in [
        News::Clock(NOW_MS),
        News::Opened(Ok(opened)),
        News::Answered(
            Request::ListOrganisations(ListOrganisations {}),
            Ok(Reply::ListOrganisations(organisations())),
        ),
        News::Answered(Request::ListMembers(ListMembers {}), Ok(Reply::ListMembers(members()))),
        News::Answered(Request::ListRooms(ListRooms { all: false }), Ok(Reply::ListRooms(rooms()))),
        News::Connection(Connection::Connected),
    ] {
        let _ = model.hear(&news);
    }
    model
}

fn organisations() -> OrganisationList {
    let one = |(number, called): (u8, &&str)| Organisation {
        organisation: organisation(number),
        name: name(called),
        aliases: Vec::new(),
        clients: Vec::new(),
    };
    OrganisationList { organisations: (1..).zip(&ORGANISATIONS).map(one).collect() }
}

fn members() -> MemberList {
    let one = |(number, (called, handle, of, role)): (u8, &(&str, &str, u8, Role))| Member {
        member: member(number),
        name: name(called),
        handle: parsed(handle),
        organisation: organisation(*of),
        role: *role,
        standing: Standing::Active,
    };
    MemberList { members: (1..).zip(&MEMBERS).map(one).collect() }
}

fn rooms() -> RoomList {
    let one = |(number, (called, ceiling, default_label)): (u16, &(&str, Label, Label))| {
        summary(number, called, *ceiling, *default_label)
    };
    RoomList { rooms: (1..).zip(&ROOMS).map(one).collect() }
}

/// A room of this number, with nothing in it.
pub fn summary(number: u16, called: &str, ceiling: Label, default_label: Label) -> RoomSummary {
    RoomSummary {
        room: room(number),
        settings: RoomSettings {
            name: name(called),
            ceiling,
            default_label,
            typing: true,
            presence: true,
        },
        role: Some(RoomRole::Lead),
        latest: Position { seq: 0, head: Head([0; 32]) },
        read: 0,
    }
}

/// A post, to be changed by whoever needs something else: its author is the member of this number.
pub fn post(author: u8, label: Label, text: &str) -> Entry {
    Entry {
        handling: Handling {
            id: EntryId::random(),
            author: Principal::Member(member(author)),
            label,
            kind: Kind::Post { reply_to: None },
            mentions: Vec::new(),
            subjects: Vec::new(),
            ask: None,
            common_cause: Reporting::No,
            exercise: false,
            files: Vec::new(),
        },
        content: Content::text(parsed::<Text>(text)),
    }
}

/// The same entry of another kind.
pub fn kind(mut entry: Entry, kind: Kind) -> Entry {
    entry.handling.kind = kind;
    entry
}

/// An alert.
pub fn alert(author: u8, label: Label, severity: Severity, headline: &str, text: &str) -> Entry {
    let mut entry = post(author, label, text);
    entry.handling.kind = Kind::Alert(Alert {
        severity,
        urgency: Urgency::Immediate,
        certainty: Certainty::Observed,
        message: Message::Alert,
        issued_at_ms: None,
        effective_at_ms: None,
        expires_at_ms: None,
        source: None,
        supersedes: None,
    });
    entry.handling.subjects = vec![Subject::Vendor(name("Civica"))];
    entry.content.headline = Some(parsed(headline));
    entry
}

/// The same entry, asking for something with these options within this many minutes of [`NOW_MS`].
pub fn asking(mut entry: Entry, options: &[&str], minutes: i64) -> Entry {
    let options = options.iter().map(|option| name(option)).collect();
    entry.handling.ask = Some(Ask { options, due_at_ms: Some(NOW_MS + minutes * 60_000) });
    entry
}

/// An entry as the server delivers it, logged at a time in milliseconds since 1970 UTC.
///
/// # Panics
///
/// Never: every entry is JSON.
pub fn delivered(room: RoomId, seq: Seq, at_ms: i64, entry: Entry) -> Delivered {
    let item = serde_json::value::to_raw_value(&entry).unwrap_or_else(|_| panic!("it is JSON"));
    let body = Body::Shown { at_ms, salt: Salt([1; 16]), item, label: None };
    let record = Record { seq, head: Head([1; 32]), body };
    Delivered { room, seq, at_ms: Some(at_ms), entry: Some(entry), record }
}

/// A record that is withheld.
pub fn withheld(room: RoomId, seq: Seq) -> Delivered {
    let body = Body::Withheld { commitment: Head([2; 32]), erased: false };
    let record = Record { seq, head: Head([1; 32]), body };
    Delivered { room, seq, at_ms: None, entry: None, record }
}

/// What the council of this number depends on: this supplier, also called so.
pub fn depends_on(number: u8, supplier: &str) -> RegisterEntry {
    let one = Dependency { subject: Subject::Vendor(name(supplier)), aliases: Vec::new() };
    RegisterEntry {
        organisation: organisation(number),
        depends_on: vec![one],
        shown: false,
        deputies: Vec::new(),
    }
}

/// The server tells what that council depends on.
pub fn told_of(entry: RegisterEntry) -> News {
    let entries = RegisterEntryList { entries: vec![entry] };
    let call = Request::ListRegisterEntries(ListRegisterEntries {});
    News::Answered(call, Ok(Reply::ListRegisterEntries(entries)))
}

/// Puts entries into a room after what is there, a minute apart, the last one at [`NOW_MS`].
pub fn fill(model: &mut Model, room: RoomId, entries: Vec<Entry>) {
    let first = model.rooms.rooms.get(&room).map_or(0, |room| room.log.latest) + 1;
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    for (place, entry) in (0..).zip(entries) {
        let at_ms = NOW_MS - (count - 1 - place) * 60_000;
        let seq = first + place.unsigned_abs();
        let _ = model.hear(&News::Entry(delivered(room, seq, at_ms, entry)));
    }
}

/// Texts of a usual length, for a crowd.
const SAYINGS: [&str; 5] = [
    "Nothing unusual here this morning.",
    "Our proxy blocked **two** attempts on `update[.]example`; the rule is in the good-practice room.",
    "Can somebody confirm whether the portal is back for them?",
    "Patched on all four gateways at 06:40. No sign of anything before that in the logs we keep.",
    "Thanks, that helped.",
];

/// Fills a room with this many posts after what is there, a minute apart, the last one at [`NOW_MS`],
/// and opens nothing: the room keeps as many of them as it may.
pub fn crowd(model: &mut Model, room: RoomId, count: u64) {
    let first = model.rooms.rooms.get(&room).map_or(0, |room| room.log.latest) + 1;
    for place in 0..count {
        let minutes = i64::try_from(count - 1 - place).unwrap_or_default();
        let at_ms = NOW_MS - minutes * 60_000;
        let _ = model.hear(&News::Entry(delivered(room, first + place, at_ms, said(place))));
    }
}

/// A page of that crowd's room: the posts of these numbers.
pub fn crowd_page(room: RoomId, numbers: std::ops::RangeInclusive<Seq>, latest: Seq) -> Page {
    let one = |seq: Seq| {
        let minutes = i64::try_from(latest.saturating_sub(seq)).unwrap_or_default();
        delivered(room, seq, NOW_MS - minutes * 60_000, said(seq - 1))
    };
    Page { entries: numbers.map(one).collect(), amendments: Vec::new(), latest }
}

fn said(place: u64) -> Entry {
    let author = u8::try_from(place % 4).unwrap_or_default() + 1;
    let saying = usize::try_from(place % 5).unwrap_or_default();
    post(author, Label::Green, &format!("{place}: {}", SAYINGS[saying]))
}

/// Brings in this many more rooms: every fourth with something unread (5,000 in the first of them),
/// every seventh with a name as long as a name may be.
pub fn many_rooms(model: &mut Model, count: u16) {
    for number in 0..count {
        let called = if number % 7 == 0 {
            let long =
                format!("Working group {number} on the procurement of shared services and what ");
            format!("{long}{}", "x".repeat(79 - long.chars().count() - 1))
        } else {
            format!("Working group {number}")
        };
        let mut summary = summary(100 + number, &called, Label::Amber, Label::Green);
        summary.latest.seq = match number {
            0 => 5_000,
            more if more % 4 == 0 => u64::from(more),
            _ => 0,
        };
        let _ = model.hear(&News::RoomJoined(summary));
    }
}

/// A post that is a wall of code: long lines, and many.
pub fn wall_of_code(author: u8) -> Entry {
    let line = |number: u32| {
        format!(
            "{number:04} GET /api/v1/planning/applications?cursor={number:032x}&limit=500 HTTP/1.1 200\n"
        )
    };
    let lines: String = (0..400).map(line).collect();
    post(author, Label::Amber, &format!("From the reverse proxy:\n\n```\n{lines}```"))
}

/// The incident of January 2024 as the room of this fixture might have had it.
pub fn incident() -> Vec<Entry> {
    let strict = Label::AmberStrict;
    let mut reply = post(
        4,
        strict,
        "Ashford here: ours is a **separate incident**, in the remote-access product. Not the shared service.",
    );
    reply.handling.kind = Kind::Post { reply_to: Some(4) };
    let mut mention = post(
        1,
        strict,
        "@priya can you take the call with the ICO at 15:00? Breach report as a *precaution*; no exfiltration found so far.",
    );
    mention.handling.mentions = vec![member(5)];
    vec![
        kind(
            post(5, strict, "opened"),
            Kind::Joined { who: Principal::Member(member(5)), role: RoomRole::Lead },
        ),
        post(
            1,
            strict,
            "Planning portal and online forms have been down since 11:40. Mail still works. Anyone else on the shared service seeing this?",
        ),
        post(2, strict, "Same at Dover. Supplier's desk does not pick up."),
        asking(
            alert(
                5,
                strict,
                Severity::Extreme,
                "Shared IT service of three councils is offline",
                "Canterbury, Dover and Thanet lost planning services and online forms **at once**. One supplier stands behind all three.",
            ),
            &Ask::ROLL_CALL,
            45,
        ),
        reply,
        post(
            3,
            strict,
            "Indicators from our proxy:\n\n```\nhxxps://update[.]civica-support[.]example/api\n203[.]0[.]113[.]77:8443\nSHA256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n```\n\nWe have blocked all of them. More at [the advisory](https://www.ncsc.gov.uk/guidance).",
        ),
        post(
            6,
            Label::Red,
            "For this room only: our managed-service account had a sign-in from outside the country on Thursday night.",
        ),
        mention,
    ]
}

/// The model of the incident: its room open, the rest with something in them.
pub fn incident_model() -> Model {
    let mut model = model();
    fill(&mut model, room(1), incident());
    fill(
        &mut model,
        room(2),
        vec![post(2, Label::Green, "Minutes of Thursday's meeting are in the usual place.")],
    );
    fill(
        &mut model,
        room(3),
        vec![alert(
            7,
            Label::Green,
            Severity::Severe,
            "Ivanti Connect Secure: two zero-days exploited",
            "CVE-2023-46805 and CVE-2024-21887, chained. Apply the mitigation today.",
        )],
    );
    let _ = model.act(Action::Rooms(rooms::Action::Open(room(1))));
    model
}

/// A world that does nothing but write down what it was asked, and tells what it was given.
#[derive(Default)]
pub struct Script {
    /// What was asked of it, in order.
    pub asked: Vec<crate::Effect>,
    /// What it will tell, in order.
    pub to_tell: std::collections::VecDeque<News>,
}

impl crate::controller::World for Script {
    fn perform(&mut self, effect: crate::Effect) {
        self.asked.push(effect);
    }

    fn news(&mut self) -> Option<News> {
        self.to_tell.pop_front()
    }
}
