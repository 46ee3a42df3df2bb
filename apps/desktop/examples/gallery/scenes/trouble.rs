//! The states that hurt: nothing there, nothing coming, the connection gone, an alert on top of it.

use warproom_client::proto::calls::{From, ListOutstanding, ListRooms, OutstandingList, RoomList};
use warproom_client::proto::register::CommonCause;
use warproom_client::proto::{
    Ask, CauseId, Label, Outstanding, RoomId, Seq, Severity, Stage, Subject,
};
use warproom_desktop::fixture::{self, NOW_MS, name, organisation};
use warproom_desktop::model::{compose, desk, rooms};
use warproom_desktop::news::{Connection, Refusal};
use warproom_desktop::request::Reply;
use warproom_desktop::{Action, Model, News};

use super::{CONTRAST, DARK, LIGHT, Scenes, act, hear, open};

pub fn scenes(scenes: &mut Scenes) {
    scenes.one("no-rooms", LIGHT, no_rooms);
    scenes.one("no-room-open", DARK, fixture::model);
    scenes.one("empty-room", LIGHT, empty_room);
    scenes.one("loading-room", DARK, loading);
    scenes.one("failed-room", LIGHT, failed);
    scenes.form("offline", DARK, offline);
    scenes.one("signed-out", LIGHT, signed_out);
    scenes.one("intercepted", CONTRAST, intercepted);
    scenes.main("alert", alert);
    scenes.form("many-asks", DARK, many_asks);
    scenes.form("exercise", LIGHT, exercise);
    scenes.one("exercise", CONTRAST, exercise);
    scenes.one("outbox", LIGHT, outbox);
    scenes.one("notices", DARK, notices);
    scenes.one("notices", CONTRAST, notices);
}

fn no_rooms() -> Model {
    let mut model = fixture::model();
    let left: Vec<_> = model.rooms.rooms.keys().copied().collect();
    for room in left {
        hear(&mut model, &News::RoomLeft(room));
    }
    let none = Reply::ListRooms(RoomList { rooms: Vec::new() });
    hear(&mut model, &News::Answered(ListRooms { all: false }.into(), Ok(none)));
    model
}

fn empty_room() -> Model {
    let mut model = fixture::model();
    open(&mut model, 6);
    model
}

/// A room with forty entries of which none was read yet.
fn unread_room() -> Model {
    let mut model = fixture::incident_model();
    let mut summary = fixture::summary(90, "Ransomware desk", Label::Red, Label::Amber);
    summary.latest.seq = 40;
    hear(&mut model, &News::RoomJoined(summary));
    model
}

fn loading() -> Model {
    let mut model = unread_room();
    open(&mut model, 90);
    model
}

fn failed() -> Model {
    let mut model = loading();
    let page = Err(Refusal::new("the server did not answer within 30 s", "try again"));
    hear(&mut model, &News::Page { room: fixture::room(90), from: From::Latest, page });
    model
}

fn lose(model: &mut Model, intercepted: bool) {
    let why = if intercepted {
        "the server shows another certificate than the one this WARP is known by"
    } else {
        "the server cannot be reached"
    };
    let at_ms = NOW_MS + 8_000;
    let lost = Connection::Reconnecting { at_ms, why: why.to_owned(), intercepted };
    hear(model, &News::Connection(lost));
}

fn write(model: &mut Model, text: &str) {
    act(model, Action::Compose(compose::Action::Write(text.to_owned(), text.len())));
    act(model, Action::Compose(compose::Action::Send));
}

/// Reconnecting in 8 s, three entries in the outbox, a fourth refused.
fn offline() -> Model {
    let mut model = fixture::incident_model();
    write(&mut model, "A text that is refused, because the room's ceiling was lowered meanwhile.");
    lose(&mut model, false);
    write(&mut model, "Medway has cut the link to the shared service at 14:02.");
    write(&mut model, "Mail goes out over the second provider.");
    write(&mut model, "I am on the bridge until 16:00.");
    let ids: Vec<_> = model.compose.outbox.iter().map(|one| one.outgoing.id()).collect();
    for id in &ids {
        hear(&mut model, &News::Kept(*id, Ok(())));
    }
    if let Some(first) = ids.first() {
        let why = Refusal::new(
            "this room holds nothing stricter than TLP:AMBER",
            "choose another label or room",
        );
        hear(&mut model, &News::Sent(*first, Err(why)));
    }
    let text = "Half a sentence";
    act(&mut model, Action::Compose(compose::Action::Write(text.to_owned(), text.len())));
    model
}

fn signed_out() -> Model {
    let mut model = fixture::incident_model();
    let why = "this device was revoked by Priya Raman on Sunday 21 January 2024".to_owned();
    hear(&mut model, &News::Connection(Connection::SignedOut { why }));
    model
}

fn intercepted() -> Model {
    let mut model = fixture::incident_model();
    lose(&mut model, true);
    model
}

fn waits(room: RoomId, ask: Seq, minutes: i64, exercise: bool) -> Outstanding {
    Outstanding {
        room,
        ask,
        stage: Stage::Asked,
        due_at_ms: Some(NOW_MS + minutes * 60_000),
        organisations: vec![organisation(1)],
        exercise,
    }
}

fn wait_for(model: &mut Model, outstanding: Vec<Outstanding>) {
    let list = Reply::ListOutstanding(OutstandingList { outstanding });
    hear(model, &News::Answered(ListOutstanding {}.into(), Ok(list)));
}

/// The room of the incident as an officer of Canterbury sees it.
fn canterbury() -> Model {
    let mut model = fixture::signed_in(1);
    fixture::fill(&mut model, fixture::room(1), fixture::incident());
    open(&mut model, 1);
    model
}

/// A RED alert of the utmost severity that nobody has answered, while the connection is gone.
fn alert() -> Model {
    let mut model = canterbury();
    let mut red = fixture::alert(
        5,
        Label::Red,
        Severity::Extreme,
        "Ransomware is encrypting the shared file store now",
        "Servers of the shared service began to encrypt at 13:58. The attacker holds **domain administrator** rights.",
    );
    red.content.what_to_do =
        "1. Cut the link to the shared service **now**.\n2. Do not turn servers off.\n3. Answer below."
            .parse()
            .ok();
    let red = fixture::asking(red, &Ask::ROLL_CALL, 12);
    fixture::fill(&mut model, fixture::room(1), vec![red]);
    wait_for(&mut model, vec![waits(fixture::room(1), 9, 12, false)]);
    lose(&mut model, false);
    model
}

/// More than are shown at once, one overdue, and a common cause.
fn many_asks() -> Model {
    let mut model = canterbury();
    let ask = |text: &str, minutes| {
        let post = fixture::post(5, Label::Amber, text);
        fixture::asking(post, &Ask::ROLL_CALL, minutes)
    };
    let asks = vec![
        ask("Which of you run Ivanti Connect Secure, and which version?", -20),
        ask("Who can lend a forensic workstation until Friday?", 30),
        ask("Who speaks to the press, and under which number do they reach you at night?", 600),
        ask("Has everybody rotated the key of the shared certificate authority?", 1_500),
    ];
    fixture::fill(&mut model, fixture::room(3), asks);
    let room = fixture::room(3);
    let due = [(1, -20), (2, 30), (3, 600), (4, 1_500)];
    let mut all: Vec<_> = due.map(|(ask, minutes)| waits(room, ask, minutes, false)).to_vec();
    all.push(waits(fixture::room(1), 4, 45, false));
    wait_for(&mut model, all);
    hear(
        &mut model,
        &News::CommonCause(CommonCause {
            cause: CauseId::from_bytes([8; 16]),
            subject: Subject::Vendor(name("Civica")),
            organisations: 4,
            named: vec![organisation(2), organisation(3)],
            since_ms: NOW_MS - 3_600_000,
            at_ms: NOW_MS - 60_000,
            exercise: false,
        }),
    );
    model
}

fn exercise() -> Model {
    let mut model = fixture::signed_in(1);
    let room = fixture::room(5);
    let mut alert = fixture::alert(
        7,
        Label::Amber,
        Severity::Severe,
        "County data centre without power",
        "Inject 1: both feeds are lost, the generator does not start.",
    );
    alert.handling.exercise = true;
    let mut said =
        fixture::post(2, Label::Amber, "Dover moves its telephone desk to the second site.");
    said.handling.exercise = true;
    let alert = fixture::asking(alert, &Ask::ROLL_CALL, 20);
    fixture::fill(&mut model, room, vec![alert, said]);
    act(&mut model, Action::Rooms(rooms::Action::Open(room)));
    wait_for(&mut model, vec![waits(room, 1, 20, true)]);
    act(&mut model, Action::Compose(compose::Action::Exercise(true)));
    model
}

fn outbox() -> Model {
    let mut model = offline();
    act(&mut model, Action::Desk(desk::Action::Show(desk::Pane::Outbox)));
    model
}

fn notices() -> Model {
    let mut model = fixture::incident_model();
    model.tell("Copied with its label");
    model.tell("Written to /home/priya/Downloads/roll-call-2024-01-21-TLP-AMBER+STRICT.csv");
    model.tell_trouble(&Refusal::new(
        "the disk of this computer is full",
        "make room, because nothing that you write can be kept until then",
    ));
    model
}
