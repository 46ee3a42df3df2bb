//! What interrupts whom, as tables.

use super::*;
use warproom_proto::calls::QuietHours;
use warproom_proto::{
    Certainty, Content, EntryId, Handling, Label, MemberId, Name, Reporting, Urgency,
};

const NOW: i64 = 1_705_568_400_000;
const NOON: u16 = 720;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn me() -> MemberId {
    MemberId::from_bytes([1; 16])
}

fn entry(kind: Kind) -> Entry {
    let handling = Handling {
        id: EntryId::random(),
        author: Principal::Member(MemberId::from_bytes([2; 16])),
        label: Label::Green,
        kind,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        common_cause: Reporting::No,
        exercise: false,
        files: Vec::new(),
    };
    Entry { handling, content: Content::default() }
}

fn alert(severity: Severity, message: Message, expires_at_ms: Option<i64>) -> Entry {
    entry(Kind::Alert(Alert {
        severity,
        urgency: Urgency::Immediate,
        certainty: Certainty::Observed,
        message,
        issued_at_ms: None,
        effective_at_ms: None,
        expires_at_ms,
        source: None,
        supersedes: None,
    }))
}

fn holding(severity: Severity) -> Entry {
    alert(severity, Message::Alert, None)
}

fn post() -> Entry {
    entry(Kind::Post { reply_to: None })
}

fn about(mut entry: Entry, subject: Subject) -> Entry {
    entry.handling.subjects.push(subject);
    entry
}

fn mentioning(mut entry: Entry) -> Entry {
    entry.handling.mentions.push(me());
    entry
}

fn civica() -> Subject {
    Subject::Vendor(name("Civica"))
}

fn why(preferences: &Preferences, entry: &Entry) -> Option<Why> {
    let depends_on = [Dependency { subject: civica(), aliases: Vec::new() }];
    interrupts(preferences, entry, Principal::Member(me()), &depends_on, NOON, NOW)
}

const NOTHING: Preferences =
    Preferences { all: false, concerns_us: false, severity: None, quiet: None };
const EVERYTHING: Preferences =
    Preferences { all: true, concerns_us: true, severity: Some(Severity::Unknown), quiet: None };

#[test]
fn each_preference_is_enough_and_names_itself() {
    let all = Preferences { all: true, ..NOTHING };
    let ours = Preferences { concerns_us: true, ..NOTHING };
    let severe = Preferences { severity: Some(Severity::Severe), ..NOTHING };
    let ltd = || about(post(), Subject::Vendor(name("CIVICA UK Ltd")));
    let table = [
        (all, post(), Some(Why::All)),
        (all, entry(Kind::Unknown), Some(Why::All)),
        (ours, post(), None),
        (ours, mentioning(post()), Some(Why::Mentioned)),
        (ours, ltd(), Some(Why::Concerns(vec![civica()]))),
        (ours, about(post(), Subject::Vendor(name("Capita"))), None),
        (ours, holding(Severity::Severe), None),
        (severe, holding(Severity::Severe), Some(Why::Severity)),
        (severe, holding(Severity::Moderate), None),
        (severe, holding(Severity::Unknown), None),
        (severe, mentioning(ltd()), None),
        (EVERYTHING, mentioning(ltd()), Some(Why::Mentioned)),
        (EVERYTHING, holding(Severity::Unknown), Some(Why::Severity)),
        (NOTHING, mentioning(ltd()), None),
    ];
    for (row, (preferences, entry, expected)) in table.into_iter().enumerate() {
        assert_eq!(why(&preferences, &entry), expected, "row {row}");
    }
}

#[test]
fn an_extreme_alert_that_holds_interrupts_always_and_quiet_hours_silence_all_else() {
    let all_day = Some(QuietHours { from_minute: 0, to_minute: 0 });
    let quiet = Preferences { quiet: all_day, ..EVERYTHING };
    let extreme = |message, expires_at_ms| alert(Severity::Extreme, message, expires_at_ms);
    let mut exercise = holding(Severity::Extreme);
    exercise.handling.exercise = true;
    let table = [
        (quiet, extreme(Message::Alert, None), Some(Why::Extreme)),
        (quiet, extreme(Message::Update, Some(NOW + 1)), Some(Why::Extreme)),
        (quiet, exercise, Some(Why::Extreme)),
        (NOTHING, extreme(Message::Alert, None), Some(Why::Extreme)),
        (quiet, extreme(Message::Alert, Some(NOW)), None),
        (quiet, extreme(Message::Cancel, None), None),
        (quiet, about(mentioning(holding(Severity::Severe)), civica()), None),
        (
            Preferences { severity: Some(Severity::Unknown), ..NOTHING },
            extreme(Message::Cancel, None),
            None,
        ),
        (EVERYTHING, extreme(Message::Cancel, None), Some(Why::All)),
    ];
    for (row, (preferences, entry, expected)) in table.into_iter().enumerate() {
        assert_eq!(why(&preferences, &entry), expected, "row {row}");
    }
    let ended =
        Preferences { quiet: Some(QuietHours { from_minute: 0, to_minute: NOON }), ..EVERYTHING };
    assert_eq!(why(&ended, &post()), Some(Why::All));
}

#[test]
fn nothing_of_ones_own_interrupts() {
    let mut own = mentioning(holding(Severity::Extreme));
    own.handling.author = Principal::Member(me());
    assert_eq!(why(&EVERYTHING, &own), None);
}

#[test]
fn the_reason_is_said_in_the_readers_words() {
    let table = [
        (civica(), "your supplier: Civica"),
        (Subject::Product(name("Ivanti Connect Secure")), "your product: Ivanti Connect Secure"),
        (Subject::Cpe(name("ivanti:connect_secure")), "your product: Ivanti Connect Secure"),
        (Subject::Cpe(name(r"notepad\+\+:notepad\+\+")), "your product: Notepad++ Notepad++"),
        (Subject::Cpe(name("ivanti")), "your supplier: Ivanti"),
        (Subject::Topic(name("ransomware")), "your subject: ransomware"),
        (Subject::Cve(name("CVE-2024-21887")), "your subject: CVE-2024-21887"),
    ];
    for (subject, expected) in table {
        assert_eq!(because(&Dependency { subject, aliases: Vec::new() }), expected);
    }
    let two = Why::Concerns(vec![civica(), Subject::Topic(name("phishing"))]);
    assert_eq!(two.to_string(), "your supplier: Civica, your subject: phishing");
}
