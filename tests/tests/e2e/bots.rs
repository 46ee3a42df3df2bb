//! Bots: a narrow grant, and what a stolen token is worth: nothing beyond it.

#[path = "bots/rotation.rs"]
mod rotation;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::time::timeout;
use warproom_proto::calls::{self, AddBot, Call, ListBots, RevokeBot, Visitor};
use warproom_proto::register::{Grant, Hook};
use warproom_proto::{
    BotId, EntryId, ErrorCode, FileId, Label, MemberId, Name, ProposalId, RoomId, Secret, Seq,
};
use warproom_tests::harness::{
    DEADLINE, Heard, Person, Raw, Warp, choices, from_now, grant, refusal, roll_call, warning,
};

/// How soon whoever is out gets nothing more.
const SOON: Duration = Duration::from_secs(1);

/// What everyone may ask of the audit log: it proves that nothing was changed, and tells nothing else.
const PROOFS: &[&str] = &["audit.checkpoint", "audit.consistency", "audit.inclusion"];

/// A connection signed in with a token.
async fn signed_in(warp: &Warp, token: &Secret) -> anyhow::Result<Raw> {
    let mut raw = warp.raw().await?;
    raw.sign_in_bot(token).await?;
    Ok(raw)
}

/// The code that a sign-in with a token is refused with.
async fn refused(warp: &Warp, token: &Secret) -> anyhow::Result<Option<ErrorCode>> {
    let mut raw = warp.raw().await?;
    let token = token.expose();
    let reply = raw.call(1, "session.start", &json!({"proof": {"token": token}})).await?;
    Ok(code(&reply))
}

/// The code that a reply refuses with; none: it was done.
fn code(reply: &str) -> Option<ErrorCode> {
    let reply: Value = serde_json::from_str(reply).unwrap();
    reply.get("error").map(|error| serde_json::from_value(error["code"].clone()).unwrap())
}

fn post(room: RoomId, label: Label) -> Value {
    json!({"room": room, "id": EntryId::random(), "label": label, "text": "from a bot"})
}

/// Every call of the protocol.
#[derive(Default)]
struct Methods(Vec<&'static str>);

impl Visitor for Methods {
    fn call<C: Call>(&mut self) {
        self.0.push(C::METHOD);
    }
}

/// A room in which things were said in confidence, and another one.
struct Drill {
    warp: Warp,
    dan: Person,
    tom: Person,
    room: RoomId,
    other: RoomId,
    /// Of the room: a post, an alert and an ask of GREEN, and a post of AMBER.
    of: Seq,
    alert: Seq,
    ask: Seq,
    amber: Seq,
    /// What a reader of nothing must never get to see.
    canaries: Vec<String>,
    /// What a reader of GREEN must never get to see.
    amber_canaries: Vec<String>,
}

impl Drill {
    async fn begin() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let thanet = warp.organisation("Thanet District Council").await?;
        let dan = warp.officer("dan.quail", dover).await?;
        let tom = warp.officer("tom.wren", thanet).await?;
        let room = warp.room(&[&dan, &tom, warp.manager()], Label::Red, Label::Green).await?;
        let other = warp.room(&[&dan, &tom, warp.manager()], Label::Red, Label::Green).await?;
        let of = dan.post(room, Label::Green, "a quokka in the post").await?.seq;
        let call = warning(room, Label::Green, "a wombat in the alert")?;
        let alert = dan.client.append(call).await?.seq;
        let ask = dan.ask(room, Label::Green, roll_call(None)?).await?.seq;
        tom.answer(room, ask, "separate incident").await?;
        let amber = dan.post(room, Label::Amber, "a numbat in the AMBER post").await?.seq;
        let note = Some("a bilby in the note".parse()?);
        let (choice, label) = ("investigating".parse()?, Some(Label::Red));
        let answer = calls::AnswerAsk {
            room,
            id: EntryId::random(),
            of: ask,
            choice,
            label,
            note,
            subjects: Vec::new(),
            common_cause: warproom_proto::Reporting::No,
        };
        dan.client.append(answer).await?;
        dan.post(other, Label::Green, "a quoll in the other room").await?;
        let amber_canaries = ["numbat", "bilby", "quoll"].map(str::to_owned).to_vec();
        let mut canaries = amber_canaries.clone();
        let said = ["quokka", "wombat", "separate incident", "Are you affected"];
        let people = ["quail", "wren", "Mary", "Dover", "Thanet", "Kent County"];
        canaries.extend(said.into_iter().chain(people).map(str::to_owned));
        canaries.extend([dan.member, tom.member].map(|one| one.to_string()));
        canaries.extend([dover, thanet].map(|one| one.to_string()));
        Ok(Self { warp, dan, tom, room, other, of, alert, ask, amber, canaries, amber_canaries })
    }

    /// Proper fields of a call, on a room and an entry of it; every call has a line here.
    fn fields(&self, method: &str, room: RoomId, of: Seq) -> Option<Value> {
        let (id, member) = (EntryId::random(), self.tom.member);
        let (organisation, ask) = (warproom_proto::OrganisationId::random(), self.ask);
        let settings = json!({"name": "X", "ceiling": "TLP:RED", "default_label": "TLP:RED"});
        let grant = json!({
            "rooms": [room], "read": "TLP:AMBER", "post": "TLP:RED", "answer": true,
            "expires_at_ms": i64::MAX,
        });
        let preferences = json!({"all": true});
        let alert = json!({"severity": "extreme", "urgency": "immediate", "certainty": "observed"});
        Some(match method {
            "invitation.show"
            | "invitation.redeem"
            | "device.enrol"
            | "session.start"
            | "organisation.list"
            | "organisation.entries"
            | "member.list"
            | "member.preferences"
            | "member.credentials"
            | "invitation.list"
            | "device.list"
            | "bot.list"
            | "cause.list"
            | "ask.outstanding"
            | "room.list"
            | "audit.checkpoint"
            | "proposal.list" => json!({}),
            "organisation.add" => json!({"name": "Mole"}),
            "organisation.change" => {
                json!({"organisation": {"organisation": organisation, "name": "Mole"}})
            }
            "organisation.set_entry" => json!({"depends_on": [], "shown": true}),
            "member.change" => json!({"member": member, "role": "guest"}),
            "member.remove" => json!({"member": member}),
            "member.prefer" => json!({"preferences": preferences}),
            "invitation.add" => json!({
                "name": "Mole", "handle": "mole", "organisation": organisation, "role": "manager",
            }),
            "invitation.revoke" => json!({"invitation": warproom_proto::InvitationId::random()}),
            "device.revoke" => json!({"device": self.tom.device}),
            "bot.add" => json!({"name": "Mole", "grant": grant}),
            "bot.rotate" | "bot.revoke" => json!({"bot": BotId::random()}),
            "register.page" => json!({"limit": 200}),
            "room.open" => json!({"settings": settings}),
            "room.change" => json!({"room": room, "id": id, "settings": settings}),
            "room.add" => json!({"room": room, "id": id, "member": member, "role": "lead"}),
            "room.remove" => json!({"room": room, "id": id, "who": {"member": member}}),
            "room.follow" => json!({"room": room, "after": 0}),
            "room.members" | "room.unfollow" | "room.typing" | "room.present" => {
                json!({"room": room})
            }
            "room.read" | "room.seen" => json!({"room": room, "seq": 1}),
            "entry.post" => post(room, Label::Green),
            "entry.alert" => json!({
                "room": room, "id": id, "label": "TLP:GREEN", "alert": alert, "headline": "h",
            }),
            "entry.answer" => json!({"room": room, "id": id, "of": ask, "choice": "affected"}),
            "entry.edit" => json!({"room": room, "id": id, "of": of, "text": "x"}),
            "entry.retract" => json!({"room": room, "id": id, "of": of}),
            "entry.reached" => json!({"room": room, "of": of}),
            "entry.relabel" => json!({"room": room, "id": id, "of": of, "to": "TLP:CLEAR"}),
            "entry.react" => json!({"room": room, "id": id, "of": of, "reaction": "x"}),
            "board.show" => json!({"room": room, "of": ask}),
            "board.history" => {
                json!({"room": room, "of": ask, "organisation": organisation, "limit": 9})
            }
            "history.page" => json!({"room": room, "from": {"after": 0}, "limit": 200}),
            "history.referring" => json!({"room": room, "to": of, "limit": 200}),
            "search.run" => json!({"search": 1, "room": room, "text": "a", "limit": 100}),
            "file.begin" => json!({"room": room, "size_bytes": 1, "sha256": "00".repeat(32)}),
            "file.put" => json!({"file": FileId::random(), "part": 0, "data": "AA"}),
            "file.status" | "file.abandon" => json!({"file": FileId::random()}),
            "file.read" => json!({"room": room, "seq": of, "file": FileId::random(), "part": 0}),
            "disclosure.run" => json!({
                "room": room, "up_to": "TLP:GREEN", "purpose": "other", "limit": 50,
            }),
            "room.export" => json!({"room": room, "after": 0, "limit": 50}),
            "audit.page" => json!({"from": {"after": 0}, "limit": 50}),
            "audit.consistency" => json!({"from": 0, "to": 1}),
            "audit.inclusion" => json!({"seq": 1, "size": 1}),
            "proposal.make" => json!({"what": {"lift_hold": {"room": room}}, "reason": "x"}),
            "proposal.approve" | "proposal.end" => json!({"proposal": ProposalId::random()}),
            "room.hold" => json!({"room": room, "reason": "x"}),
            "retention.show" => json!({"room": room}),
            _ => return None,
        })
    }

    /// Tries every call on a room and all of its entries in turn; which were done, and all that
    /// came back, notices included.
    async fn try_all(
        &self,
        raw: &mut Raw,
        room: RoomId,
    ) -> anyhow::Result<(Vec<&'static str>, String)> {
        let mut methods = Methods::default();
        calls::each(&mut methods);
        let (mut done, mut all) = (Vec::new(), String::new());
        for method in methods.0 {
            for of in [self.of, self.alert, self.ask, self.amber, 9_999] {
                let params = self.fields(method, room, of);
                let params = params.with_context(|| format!("{method} has no line above"))?;
                let frame = json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": params});
                raw.send(frame.to_string()).await?;
                loop {
                    let Heard::Text(frame) = raw.hear().await? else {
                        anyhow::bail!("closed by {method}")
                    };
                    all.push_str(&frame);
                    all.push('\n');
                    if frame.contains("\"method\":") {
                        continue;
                    }
                    if code(&frame).is_none() && !done.contains(&method) {
                        done.push(method);
                    }
                    break;
                }
                // The rest of the room goes on meanwhile, and nothing of it must come along.
                self.dan.post(self.room, Label::Amber, "one more numbat").await?;
            }
        }
        Ok((done, all))
    }
}

fn assert_without(all: &str, canaries: &[String]) {
    for canary in canaries {
        let line = all.lines().find(|line| line.contains(canary.as_str()));
        assert!(line.is_none(), "{canary} in {line:?}");
    }
}

#[tokio::test]
async fn a_stolen_posting_token_posts_within_its_grant_and_reads_nothing() -> anyhow::Result<()> {
    let drill = Drill::begin().await?;
    let Drill { warp, dan, room, other, of, alert, ask, amber, canaries, .. } = &drill;
    let bot = warp.bot(Grant { per_minute: 600, ..grant(*room, None, Some(Label::Green)) }).await?;
    let mut raw = signed_in(warp, &bot.token).await?;
    let mut greeting = raw.call(1, "room.list", &json!({})).await?;
    let register = warp.manager().register().await?.len();
    let (done, all) = drill.try_all(&mut raw, *room).await?;
    let posts = ["room.list", "room.unfollow", "entry.post", "entry.alert", "file.begin"];
    assert_eq!(done, [&posts[..], PROOFS].concat());
    greeting.push_str(&all);
    assert_without(&greeting, canaries);
    assert_eq!(warp.manager().register().await?.len(), register, "nothing was administered");
    for seq in [of, alert, ask, amber] {
        assert!(dan.reads(*room, *seq).await?, "what was there is untouched");
    }

    // Another room is not there for it, on any call.
    let mut methods = Methods::default();
    calls::each(&mut methods);
    for method in methods.0 {
        let fields = |room| drill.fields(method, room, *of).context("a line above");
        let theirs = fields(*other)?;
        if theirs.get("room").is_none() {
            continue;
        }
        let reply = raw.call(5, method, &theirs).await?;
        assert_eq!(reply, raw.call(5, method, &fields(RoomId::random())?).await?, "{method}");
        assert!(code(&reply).is_some(), "{method}");
    }
    Ok(())
}

#[tokio::test]
async fn a_stolen_reading_token_reads_up_to_its_label_and_posts_nothing() -> anyhow::Result<()> {
    let drill = Drill::begin().await?;
    let Drill { warp, room, other, amber_canaries, .. } = &drill;
    let bot = warp.bot(grant(*room, Some(Label::Green), None)).await?;
    let mut raw = signed_in(warp, &bot.token).await?;
    let latest = warp.manager().history(*room).await?;
    let (done, all) = drill.try_all(&mut raw, *room).await?;
    let reads = [
        "room.list",
        "room.members",
        "room.follow",
        "room.unfollow",
        "board.show",
        "history.page",
        "history.referring",
    ];
    assert_eq!(done, [&reads[..], PROOFS].concat());
    assert!(all.contains("a quokka in the post"), "it reads what it was granted");
    assert_without(&all, amber_canaries);
    assert_without(&all, &[other.to_string()]);
    let entries = warp.manager().history(*room).await?;
    let by_bot = entries[latest.len()..].iter().filter(|record| {
        let entry = warproom_tests::harness::entry_of(record);
        entry.is_some_and(|entry| entry.handling.author.member().is_none())
    });
    assert_eq!(by_bot.count(), 0);
    Ok(())
}

#[tokio::test]
async fn nothing_is_posted_beyond_the_grant() -> anyhow::Result<()> {
    let drill = Drill::begin().await?;
    let Drill { warp, tom, room, other, of, alert, ask, .. } = &drill;
    let bot = warp.bot(grant(*room, None, Some(Label::Green))).await?;
    let mut raw = signed_in(warp, &bot.token).await?;
    let mut says = async |method: &str, params: Value| {
        let reply = raw.call(9, method, &params).await?;
        anyhow::Ok((code(&reply), serde_json::from_str::<Value>(&reply)?))
    };
    let (_, own) = says("entry.post", post(*room, Label::Green)).await?;
    let own = own["result"]["seq"].as_u64().context("it posts what it may")?;
    let latest = tom.page(*room, calls::From::Latest, 1).await?.latest.seq;
    let id = EntryId::random();
    let plain = json!({"severity": "minor", "urgency": "past", "certainty": "likely"});
    let mut superseding = plain.clone();
    superseding["supersedes"] = json!(alert);
    superseding["message"] = json!("cancel");
    let alarm = |label: &str, alert: &Value| json!({"room": room, "id": EntryId::random(), "label": label, "alert": alert, "headline": "h"});
    let mut reply = post(*room, Label::Green);
    reply["reply_to"] = json!(of);
    let mut calling = post(*room, Label::Green);
    calling["mentions"] = json!([MemberId::random()]);
    for (method, params, expected) in [
        ("entry.post", post(*other, Label::Green), ErrorCode::NotFound),
        ("entry.post", post(*room, Label::Amber), ErrorCode::LabelRefused),
        ("entry.post", post(*room, Label::Red), ErrorCode::LabelRefused),
        ("entry.post", reply, ErrorCode::NotFound),
        ("entry.post", calling, ErrorCode::Conflict),
        ("entry.alert", alarm("TLP:AMBER", &plain), ErrorCode::LabelRefused),
        ("entry.alert", alarm("TLP:GREEN", &superseding), ErrorCode::NotFound),
        (
            "entry.answer",
            json!({"room": room, "id": id, "of": ask, "choice": "affected"}),
            ErrorCode::NotFound,
        ),
        ("entry.edit", json!({"room": room, "id": id, "of": of, "text": "x"}), ErrorCode::NotFound),
        ("entry.retract", json!({"room": room, "id": id, "of": of}), ErrorCode::NotFound),
        (
            "entry.relabel",
            json!({"room": room, "id": id, "of": own, "to": "TLP:RED"}),
            ErrorCode::LabelRefused,
        ),
        (
            "entry.react",
            json!({"room": room, "id": id, "of": of, "reaction": "x"}),
            ErrorCode::NotAllowed,
        ),
    ] {
        let (code, said) = says(method, params).await?;
        assert_eq!(code, Some(expected), "{method}: {said}");
    }
    assert_eq!(tom.page(*room, calls::From::Latest, 1).await?.latest.seq, latest);

    // Its own it may put right and take back.
    let edit = json!({"room": room, "id": EntryId::random(), "of": own, "text": "put right"});
    assert_eq!(says("entry.edit", edit).await?.0, None);
    let retract = json!({"room": room, "id": EntryId::random(), "of": own});
    assert_eq!(says("entry.retract", retract).await?.0, None);
    assert!(!tom.reads(*room, own).await?);
    Ok(())
}

#[tokio::test]
async fn a_bot_answers_only_by_its_grant_and_for_its_owners_organisation() -> anyhow::Result<()> {
    let drill = Drill::begin().await?;
    let Drill { warp, dan, room, ask, .. } = &drill;
    let amber = dan.ask(*room, Label::Amber, roll_call(None)?).await?.seq;
    let (read, label) = (Some(Label::Green), Some(Label::Green));
    let without = warp.bot(grant(*room, read, label)).await?;
    let with = warp.bot(Grant { answer: true, ..grant(*room, read, label) }).await?;
    let mute = warp.bot(Grant { answer: true, ..grant(*room, read, None) }).await?;
    let blind = warp.bot(Grant { answer: true, ..grant(*room, None, label) }).await?;
    for (bot, of, expected) in [
        (&without, *ask, Some(ErrorCode::NotAllowed)),
        (&mute, *ask, Some(ErrorCode::NotAllowed)),
        (&blind, *ask, Some(ErrorCode::NotFound)),
        (&with, amber, Some(ErrorCode::NotFound)),
        (&with, *ask, None),
    ] {
        let mut raw = signed_in(warp, &bot.token).await?;
        let id = EntryId::random();
        let answer = json!({"room": room, "id": id, "of": of, "choice": "not affected"});
        let reply = raw.call(1, "entry.answer", &answer).await?;
        assert_eq!(code(&reply), expected, "{reply}");
    }
    let rows = choices(&dan.board(*room, *ask).await?)?;
    let (name, choice, answers) = &rows[1];
    assert_eq!((name.as_str(), *answers), ("Kent County Council", 1));
    assert_eq!(choice.as_ref().map(Name::as_str), Some("not affected"));
    Ok(())
}

#[tokio::test]
async fn a_token_ends_with_its_grant_and_with_its_revocation() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let lasting = Duration::from_secs(3);
    let ends = Instant::now() + lasting;
    let expires_at_ms = from_now(lasting)?;
    let short = Grant { expires_at_ms, ..grant(room, None, Some(Label::Green)) };
    let (short, long) =
        (warp.bot(short).await?, warp.bot(grant(room, None, Some(Label::Green))).await?);
    let mut expiring = signed_in(&warp, &short.token).await?;
    let mut revoked = signed_in(&warp, &long.token).await?;
    for raw in [&mut expiring, &mut revoked] {
        assert_eq!(code(&raw.call(1, "entry.post", &post(room, Label::Green)).await?), None);
    }
    mary.client.call(RevokeBot { bot: long.bot }).await?;
    timeout(SOON, revoked.closed()).await??;
    assert_eq!(refused(&warp, &long.token).await?, Some(ErrorCode::SignInRefused));
    timeout(DEADLINE, expiring.closed()).await??;
    assert!(Instant::now() < ends + SOON && Instant::now() + SOON > ends);
    assert_eq!(refused(&warp, &short.token).await?, Some(ErrorCode::SignInRefused));
    Ok(())
}

#[tokio::test]
async fn a_bot_appends_at_its_rate_over_all_its_connections() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let slow = || Grant { per_minute: 6, ..grant(room, None, Some(Label::Green)) };
    let (one, other) = (warp.bot(slow()).await?, warp.bot(slow()).await?);
    let mut first = signed_in(&warp, &one.token).await?;
    let mut second = signed_in(&warp, &one.token).await?;
    let mut others = signed_in(&warp, &other.token).await?;
    for number in 0..5 {
        let raw = if number % 2 == 0 { &mut first } else { &mut second };
        let reply = raw.call(number, "entry.post", &post(room, Label::Green)).await?;
        assert_eq!(code(&reply), None, "{number}: {reply}");
    }
    // A new connection is no new allowance, and another kind of entry neither.
    let mut third = signed_in(&warp, &one.token).await?;
    let alarm = json!({
        "room": room, "id": EntryId::random(), "label": "TLP:GREEN", "headline": "h",
        "alert": {"severity": "minor", "urgency": "past", "certainty": "likely"},
    });
    for (raw, method, params) in [
        (&mut first, "entry.post", post(room, Label::Green)),
        (&mut second, "entry.post", post(room, Label::Green)),
        (&mut third, "entry.alert", alarm),
    ] {
        let reply = raw.call(1, method, &params).await?;
        assert_eq!(code(&reply), Some(ErrorCode::SlowDown), "{reply}");
        let reply: Value = serde_json::from_str(&reply)?;
        let wait_ms = reply["error"]["data"]["retry_after_ms"].as_u64().context("says when")?;
        assert!((1..=10_001).contains(&wait_ms), "{wait_ms}");
    }
    // Another bot has its own.
    let reply = others.call(1, "entry.post", &post(room, Label::Green)).await?;
    assert_eq!(code(&reply), None, "{reply}");
    assert_eq!(mary.history(room).await?.len(), 2 + 2 + 6, "what was refused is not there");
    for per_minute in [0, 601] {
        let refused = warp.bot(Grant { per_minute, ..slow() }).await;
        assert_eq!(refusal(refused)?.code, ErrorCode::BadParams, "{per_minute}");
    }
    Ok(())
}

#[tokio::test]
async fn a_bot_that_waited_as_told_goes_on() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Red, Label::Green).await?;
    let bot = warp.bot(Grant { per_minute: 60, ..grant(room, None, Some(Label::Green)) }).await?;
    let mut raw = signed_in(&warp, &bot.token).await?;
    let began = Instant::now();
    let mut taken = 0;
    let wait_ms = loop {
        let reply = raw.call(1, "entry.post", &post(room, Label::Green)).await?;
        if code(&reply).is_some() {
            let reply: Value = serde_json::from_str(&reply)?;
            break reply["error"]["data"]["retry_after_ms"].as_u64().context("says when")?;
        }
        taken += 1;
        ensure!(began.elapsed() < DEADLINE, "no end of it after {taken}");
    };
    assert!((15..=15 + began.elapsed().as_secs() + 1).contains(&taken), "{taken}");
    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    let reply = raw.call(1, "entry.post", &post(room, Label::Green)).await?;
    assert_eq!(code(&reply), None, "{reply}");
    Ok(())
}

#[tokio::test]
async fn an_officer_sees_a_bots_webhook_only_where_they_are() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let out = warp.officer("olga", dover).await?;
    let mary = warp.manager();
    let one = warp.room(&[mary, &dan, &dora], Label::Red, Label::Green).await?;
    let two = warp.room(&[mary, &dora], Label::Red, Label::Green).await?;
    let label = Label::Green;
    let granted = Grant { rooms: vec![one, two], ..grant(one, None, Some(label)) };
    for hook in [Hook { room: RoomId::random(), label }, Hook { room: one, label: Label::Amber }] {
        let (name, grant) = ("Beyond".parse()?, granted.clone());
        let refused = mary.client.call(AddBot { name, grant, hook: Some(hook) }).await;
        assert_eq!(refusal(refused)?.code, ErrorCode::BadParams, "{hook:?}");
    }
    let hook = Some(Hook { room: two, label });
    let call = AddBot { name: "Relay".parse()?, grant: granted, hook };
    let added = mary.client.call(call).await?;
    for (who, rooms, seen) in
        [(&dan, vec![one], None), (&dora, vec![one, two], hook), (mary, vec![one, two], hook)]
    {
        let bots = who.client.call(ListBots {}).await?.bots;
        assert_eq!(bots.len(), 1);
        assert_eq!((&bots[0].grant.rooms, bots[0].hook), (&rooms, seen));
        let text = serde_json::to_string(&bots)?;
        assert!(!text.contains(added.token.expose()));
        let secret = added.hook.as_ref().context("a webhook")?.expose();
        assert!(!text.contains(secret.rsplit('/').next().context("its last part")?));
    }
    assert!(out.client.call(ListBots {}).await?.bots.is_empty());
    // Nor does the register tell.
    let mut raw = warp.raw().await?;
    raw.sign_in(&dan).await?;
    let page = raw.call(1, "register.page", &json!({"limit": 200})).await?;
    assert!(!page.contains(&two.to_string()), "{page}");
    Ok(())
}
