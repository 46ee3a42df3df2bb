//! Reading: the incident, what stands beside it, long and crowded rooms, every kind of text.

use warproom_client::proto::calls::{
    Board, BoardRow, From, RoomMember, RoomMemberList, RoomMembers, ShowBoard,
};
use warproom_client::proto::{
    Ask, Entry, Head, Kind, Label, Position, Principal, Record, RoomRole, Severity,
};
use warproom_desktop::fixture::{self, MEMBERS, NOW_MS, ORGANISATIONS, member, name, organisation};
use warproom_desktop::model::room::{self, Beside};
use warproom_desktop::model::{board, compose};
use warproom_desktop::request::{Reply, Request};
use warproom_desktop::{Action, Model, News};

use super::{CONTRAST, DARK, LIGHT, Scenes, act, hear, open};

/// The alert of the incident.
const ALERT: u64 = 4;

pub fn scenes(scenes: &mut Scenes) {
    scenes.main("incident", fixture::incident_model);
    scenes.main("board", board);
    scenes.form("concern", LIGHT, concern);
    scenes.form("thread", LIGHT, thread);
    scenes.form("people", DARK, people);
    scenes.one("details", LIGHT, details);
    scenes.main("crowd", crowd);
    scenes.one("code", DARK, code);
    scenes.one("markdown", LIGHT, markdown);
    scenes.one("markdown", CONTRAST, markdown);
    scenes.one("amended", DARK, amended);
    scenes.one("amended", LIGHT, amended);
    scenes.form("writing", LIGHT, writing);
    scenes.form("completing", DARK, completing);
    scenes.one("marks", LIGHT, marks);
}

pub fn board() -> Model {
    let mut model = fixture::incident_model();
    act(&mut model, Action::Board(board::Action::Show(fixture::room(1), ALERT)));
    let call = Request::from(ShowBoard { room: fixture::room(1), of: ALERT });
    let board = Board {
        ask: record(ALERT, -4, &fixture::incident()[3]),
        rows: rows(),
        latest: Position { seq: 9, head: Head([0; 32]) },
    };
    hear(&mut model, &News::Answered(call, Ok(Reply::ShowBoard(board))));
    model
}

/// Warnings about what one's own organisation depends on.
fn concern() -> Model {
    let mut model = fixture::model();
    hear(&mut model, &fixture::told_of(fixture::depends_on(5, "Civica UK Ltd")));
    let severity = Severity::Moderate;
    let text = "The hosted service has been slow since eleven; the supplier looks into it.";
    let alert = fixture::alert(7, Label::Green, severity, "Civica: hosted service slow", text);
    fixture::fill(&mut model, fixture::room(2), vec![alert.clone()]);
    fixture::fill(&mut model, fixture::room(3), vec![alert]);
    fixture::many_rooms(&mut model, 8);
    open(&mut model, 3);
    model
}

fn rows() -> Vec<BoardRow> {
    let answer = |number: u8| match number {
        1 => Some(("affected", "Planning and forms down; 40 staff without a desktop.")),
        2 => Some(("affected", "Same as Canterbury.")),
        3 => Some(("investigating", "")),
        4 => Some(("separate incident", "Remote access, not the shared service.")),
        7 => Some(("not affected", "")),
        _ => None,
    };
    let row = |(number, called): (u8, &&str)| {
        let answer = answer(number).map(|(choice, note)| {
            let of = organisation(number);
            let kind = Kind::Answer { of: ALERT, organisation: of, choice: name(choice) };
            let mut entry = fixture::kind(fixture::post(number, Label::AmberStrict, "-"), kind);
            entry.content.text = note.parse().ok();
            record(ALERT + u64::from(number), i64::from(number) - 8, &entry)
        });
        let answers = answer.as_ref().map_or(0, |_| u32::from(number % 2) + 1);
        BoardRow { organisation: organisation(number), name: name(called), answer, answers }
    };
    (1..).zip(&ORGANISATIONS).map(row).collect()
}

fn record(seq: u64, minutes: i64, entry: &Entry) -> Record {
    let at_ms = NOW_MS + minutes * 60_000;
    fixture::delivered(fixture::room(1), seq, at_ms, entry.clone()).record
}

fn thread() -> Model {
    let mut model = fixture::incident_model();
    let mut reply = fixture::post(
        5,
        Label::AmberStrict,
        "Then it is two incidents. I open a room for yours; keep this one to the shared service.",
    );
    reply.handling.kind = Kind::Post { reply_to: Some(ALERT) };
    fixture::fill(&mut model, fixture::room(1), vec![reply]);
    act(&mut model, Action::Room(room::Action::OpenThread(ALERT)));
    model
}

fn people() -> Model {
    let mut model = fixture::incident_model();
    let room = fixture::room(1);
    let one = |(number, (called, _, of, _)): (u8, &(&str, &str, u8, _))| RoomMember {
        who: Principal::Member(member(number)),
        name: name(called),
        organisation: Some(organisation(*of)),
        organisation_name: Some(name(ORGANISATIONS[usize::from(*of) - 1])),
        role: if number == 5 { RoomRole::Lead } else { RoomRole::Participant },
    };
    let members = (1..).zip(&MEMBERS).map(one).collect();
    let reply = Reply::RoomMembers(RoomMemberList { members });
    hear(&mut model, &News::Answered(RoomMembers { room }.into(), Ok(reply)));
    for number in [1, 2, 5] {
        hear(&mut model, &News::Presence { room, member: member(number), here: true });
    }
    hear(&mut model, &News::Typing { room, member: member(2) });
    act(&mut model, Action::Room(room::Action::Beside(Some(Beside::People))));
    model
}

fn details() -> Model {
    let mut model = amended();
    act(&mut model, Action::Room(room::Action::Beside(Some(Beside::Details(1)))));
    model
}

/// Two hundred rooms, long names, and five thousand entries unread in the one that is opened.
fn crowd() -> Model {
    let mut model = fixture::incident_model();
    fixture::many_rooms(&mut model, 200);
    let room = fixture::room(100);
    open(&mut model, 100);
    let page = fixture::crowd_page(room, 4_900..=5_000, 5_000);
    hear(&mut model, &News::Page { room, from: From::Latest, page: Ok(page) });
    model
}

fn code() -> Model {
    let mut model = fixture::model();
    let room = fixture::room(2);
    let long = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".repeat(4);
    fixture::fill(
        &mut model,
        room,
        vec![fixture::post(2, Label::Amber, &long), fixture::wall_of_code(3)],
    );
    open(&mut model, 2);
    act(&mut model, Action::Room(room::Action::ToEntry(2)));
    model
}

const MARKDOWN: &str = "# What we know\n\nThe portal is **down**, mail is *up*, ~~phones too~~, and \
    ***nobody*** picks up. Run `systemctl status portal`.\n\n## What to do\n\n1. Unplug the gateway.\n\
    2. Keep its logs:\n   - firewall\n   - proxy, since `2024-01-19`\n3. Tell the duty officer.\n\n\
    > Do not turn it off.\n> What is in memory is evidence.\n\n| Council | Since | State |\n|---|---|---|\n\
    | Canterbury City Council | 11:40 | affected |\n| Folkestone & Hythe District Council | – | not affected |\n\n\
    ---\n\nSee [the advisory](https://www.ncsc.gov.uk/guidance), <https://www.cisa.gov/known-exploited>, \
    and [our portal](https://portal.example.net/) — never hxxps://update[.]civica-support[.]example/api.\n\n\
    ![a map](https://tracker.example/map.png)";

fn markdown() -> Model {
    let mut model = fixture::model();
    let room = fixture::room(2);
    fixture::fill(&mut model, room, vec![fixture::post(1, Label::Green, MARKDOWN)]);
    open(&mut model, 2);
    model
}

/// Edited, taken back, relabelled, withheld, reacted to, of an exercise.
fn amended() -> Model {
    let mut model = fixture::model();
    let room = fixture::room(2);
    let amend =
        |author, text: &str, kind| fixture::kind(fixture::post(author, Label::Green, text), kind);
    let react = |author, emoji, of| amend(author, emoji, Kind::React { of, withdrawn: false });
    let mut exercise = fixture::alert(
        7,
        Label::Amber,
        Severity::Moderate,
        "Phishing wave against electoral services",
        "Inject 3: a mail to all returning officers, signed in the name of the county.",
    );
    exercise.handling.exercise = true;
    exercise.content.what_to_do = "Say what you would do *now*; do not call anybody.".parse().ok();
    let entries = vec![
        fixture::post(1, Label::Green, "The bridge opens at 14:30, not 14:00."),
        fixture::post(2, Label::Green, "Dover will be there."),
        fixture::post(3, Label::Green, "This goes to the wrong room, sorry."),
        fixture::asking(exercise, &Ask::ACKNOWLEDGE, -3),
        amend(1, "The bridge opens at **15:00**, not 14:30.", Kind::Edit { of: 1 }),
        amend(2, "-", Kind::Relabel { of: 2, to: Label::Amber }),
        amend(3, "-", Kind::Retract { of: 3 }),
        react(5, "👍", 2),
        react(1, "👍", 2),
        react(4, "👀", 2),
        react(6, "☕", 2),
    ];
    fixture::fill(&mut model, room, entries);
    hear(&mut model, &News::Entry(fixture::withheld(room, 12)));
    open(&mut model, 2);
    act(&mut model, Action::Room(room::Action::ChooseEntry(Some(2))));
    model
}

fn writing() -> Model {
    let mut model = fixture::incident_model();
    act(&mut model, Action::Compose(compose::Action::Reply(Some(ALERT))));
    act(&mut model, Action::Compose(compose::Action::Exercise(true)));
    act(&mut model, Action::Compose(compose::Action::Label(Label::Green)));
    let text = "Swale: not affected.\nWe looked at the gateway, the proxy and mail.\n\n- nothing since \
                Thursday\n- logs are kept\n\n@owen please tell the county.";
    act(&mut model, Action::Compose(compose::Action::Write(text.to_owned(), text.len())));
    model
}

fn completing() -> Model {
    let mut model = people();
    act(&mut model, Action::Room(room::Action::Beside(None)));
    let text = "Could @";
    act(&mut model, Action::Compose(compose::Action::Write(text.to_owned(), text.len())));
    model
}

/// Welsh and Gaelic marks, symbols, emoji: nothing may be a box.
fn marks() -> Model {
    let mut model = fixture::model();
    let texts = [
        "Ŵ ŵ Ŷ ŷ Â â Ê ê Î î Ô ô Û û Ẁ ẁ Ẃ ẃ Ẅ ẅ Ỳ ỳ Ÿ ÿ — *tŷ*, **dŵr**, ***gŵyl***, `Gwŷn`",
        "Á á É é Í í Ó ó Ú ú À à È è Ì ì Ò ò Ù ù Ḃ ḃ Ċ ċ Ḋ ḋ Ḟ ḟ Ġ ġ Ṁ ṁ Ṗ ṗ Ṡ ṡ Ṫ ṫ",
        "© ® ™ § ¶ † ‡ • … – — “ ” ‘ ’ « » € £ ± × ÷ ≈ ≠ ≤ ≥ ∞ √ ∑ µ ° ½ ¼ ¾ ¹ ² ³ Δ Ω α β",
        "← → ↑ ↓ ↔ ⇒ ⇐ ⚠ ✓ ✔ ✗ ★ ☆ ● ○ ■ □ ▲ △ ▼ ▽ ◆ ◇ ⏳ ⏺ ⌘ ⌥ ⇧ ⏎ ⌫ ☎ ✉ ⚡ ☁",
        "👍 👎 👀 🙏 ✅ ❌ ❓ ❗ 🔥 🚨 🔒 🔓 🔑 🐛 💻 📞 📧 ☕ 🎉 😀 😟 ❤ 🇬🇧 👩‍💻 👍🏽",
        "`┌─┬─┐ │ ├─┼─┤ └─┴─┘ █ ▓ ▒ ░` `0O 1lI |!` Кириллица Ελληνικά",
    ];
    let entries = texts.iter().map(|text| fixture::post(1, Label::Green, text)).collect();
    fixture::fill(&mut model, fixture::room(2), entries);
    open(&mut model, 2);
    model
}
