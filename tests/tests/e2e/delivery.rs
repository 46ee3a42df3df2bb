//! Live delivery: in order, once, to whom it is due, for as long as it is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use warproom_client::{
    Client, ConnectError, Connector, Credentials, Event, Events, SignOut, State, connect,
    enrol_device,
};
use warproom_proto::calls::{
    AddBot, BotAdded, ChangeMember, From, ListOrganisations, ListRooms, MarkRead, Posted,
    RemoveFromRoom, RemoveMember, RevokeBot, UnfollowRoom,
};
use warproom_proto::register::{Grant, Role, Standing};
use warproom_proto::{EntryId, ErrorCode, Kind, Label, Principal, RoomId, Seq};
use warproom_tests::harness::{
    DEADLINE, Heard, Person, Raw, Warp, entries_up_to, entry_of, eventually, next_entry, refusal,
    silence,
};
use warproom_tests::wire::{Seen, Wire, authority, tls_config};

/// How soon whoever is out gets nothing more.
const SOON: Duration = Duration::from_secs(1);

/// Posts that flow until they are stopped.
struct Flow {
    stop: Arc<AtomicBool>,
    newest: Arc<AtomicU64>,
    task: JoinHandle<anyhow::Result<Posted>>,
}

impl Flow {
    fn of(person: &Person, room: RoomId) -> Self {
        let (stop, newest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (client, stopped, last) = (person.client.clone(), stop.clone(), newest.clone());
        let task = tokio::spawn(async move {
            loop {
                let posted = client.post(room, Label::Green, "and another").await?;
                last.store(posted.seq, Ordering::Relaxed);
                if stopped.load(Ordering::Relaxed) {
                    return Ok(posted);
                }
            }
        });
        Self { stop, newest, task }
    }

    /// Waits until a few more have been stored.
    async fn goes_on(&self) -> anyhow::Result<()> {
        let from = self.newest.load(Ordering::Relaxed);
        let grown = async || (self.newest.load(Ordering::Relaxed) >= from + 5).then_some(());
        eventually(DEADLINE, grown).await
    }

    async fn stop(self) -> anyhow::Result<Posted> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

async fn signed_out(client: &Client) -> anyhow::Result<SignOut> {
    let mut state = client.state();
    let out = state.wait_for(|state| matches!(state, State::SignedOut { .. }));
    match timeout(DEADLINE, out).await??.clone() {
        State::SignedOut { reason } => Ok(reason),
        other => anyhow::bail!("not signed out: {other:?}"),
    }
}

async fn refused(connector: Connector) -> anyhow::Result<ErrorCode> {
    match connector.connect().await {
        Err(ConnectError::Refused(error)) => Ok(error.code),
        Err(other) => Err(other.into()),
        Ok(_) => anyhow::bail!("signed in"),
    }
}

fn seqs(entries: &[warproom_client::Delivered]) -> Vec<Seq> {
    entries.iter().map(|entry| entry.seq).collect()
}

#[tokio::test]
async fn posts_of_several_people_reach_everyone_live_in_one_order_and_once() -> anyhow::Result<()> {
    const EACH: u64 = 40;
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Red, Label::Green).await?;
    let (_first, mut to_dan) = dan.follow(room, 3).await?;
    let (_second, mut to_dora) = dora.follow(room, 3).await?;
    let write = async |person: &Person, who: &str| {
        for number in 0..EACH {
            person.post(room, Label::Green, &format!("{who} {number}")).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(write(&dan, "dan"), write(&dora, "dora"))?;

    let last = 3 + 2 * EACH;
    let one = entries_up_to(&mut to_dan, room, last).await?;
    let other = entries_up_to(&mut to_dora, room, last).await?;
    assert_eq!(seqs(&one), (4..=last).collect::<Vec<_>>());
    let heads = |entries: &[warproom_client::Delivered]| {
        entries.iter().map(|entry| entry.record.head).collect::<Vec<_>>()
    };
    assert_eq!(heads(&one), heads(&other));
    for who in ["dan", "dora"] {
        let texts = one.iter().filter_map(warproom_client::Delivered::text);
        let theirs: Vec<_> = texts.filter(|text| text.split(' ').next() == Some(who)).collect();
        let expected: Vec<_> = (0..EACH).map(|number| format!("{who} {number}")).collect();
        assert_eq!(theirs, expected, "in the order they were written");
    }
    Ok(())
}

#[tokio::test]
async fn after_crashes_in_the_middle_everything_arrives_once_and_in_order() -> anyhow::Result<()> {
    const POSTS: u64 = 150;
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Red, Label::Green).await?;
    let (_client, mut events) = dora.follow(room, 3).await?;
    let writer = dan.client.clone();
    let writing = tokio::spawn(async move {
        let mut posted = Vec::new();
        for number in 0..POSTS {
            posted.push(writer.post(room, Label::Green, number.to_string()).await?);
        }
        anyhow::Ok(posted)
    });
    let mut read = Vec::new();
    for upto in [40, 90, 3 + POSTS] {
        read.extend(entries_up_to(&mut events, room, upto).await?);
        if upto < 3 + POSTS {
            warp.kill()?;
            warp.restart().await?;
        }
    }
    let posted = writing.await??;
    assert_eq!(seqs(&read), (4..=3 + POSTS).collect::<Vec<_>>());
    let texts: Vec<_> = read.iter().filter_map(|entry| entry.text()?.parse::<u64>().ok()).collect();
    assert_eq!(texts, (0..POSTS).collect::<Vec<_>>());
    for (entry, posted) in read.iter().zip(&posted) {
        assert_eq!((entry.seq, entry.record.head), (posted.seq, posted.head), "as acknowledged");
    }
    warp.stop().await?;
    assert!(warp.verify()?.status.success());
    Ok(())
}

#[tokio::test]
async fn a_connection_that_does_not_read_is_told_where_it_fell_behind_and_catches_up()
-> anyhow::Result<()> {
    const POSTS: usize = 160;
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let mut slow = Raw::open_narrow(warp.local()).await?;
    slow.sign_in(mary).await?;
    slow.call(1, "room.follow", &json!({"room": room, "after": 2})).await?;
    let (_client, mut quick) = mary.follow(room, 2).await?;

    // Nothing of it is read meanwhile; whoever reads is not held up.
    let long = "x".repeat(60 * 1024);
    for _ in 0..POSTS / 20 {
        try_join_all((0..20).map(|_| mary.post(room, Label::Green, &long))).await?;
    }
    let last = 2 + POSTS as Seq;
    assert_eq!(entries_up_to(&mut quick, room, last).await?.len(), POSTS);

    let (mut have, behind) = (vec![2], json!("behind"));
    loop {
        let Heard::Text(text) = slow.hear().await? else { panic!("it was ended instead") };
        let frame: Value = serde_json::from_str(&text)?;
        if frame["method"] == behind {
            let after = frame["params"]["after"].as_u64();
            assert_eq!(after, have.last().copied(), "after what was delivered");
            break;
        }
        have.extend(frame["params"]["record"]["seq"].as_u64());
    }
    assert!(have.last().is_some_and(|have| *have < last));
    loop {
        let after = have.last().copied();
        let page = slow.call(2, "room.follow", &json!({"room": room, "after": after})).await?;
        let page: Value = serde_json::from_str(&page)?;
        let records = page["result"]["records"].as_array().cloned().unwrap_or_default();
        have.extend(records.iter().filter_map(|record| record["seq"].as_u64()));
        if page["result"]["live"] == true {
            break;
        }
    }
    assert_eq!(have, (2..=last).collect::<Vec<_>>());
    mary.post(room, Label::Green, "live again").await?;
    let Heard::Text(text) = slow.hear().await? else { panic!("closed") };
    assert!(text.contains("live again"));
    Ok(())
}

#[tokio::test]
async fn an_application_that_takes_no_events_loses_none() -> anyhow::Result<()> {
    const POSTS: usize = 700;
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let (client, mut events) = mary.connector().event_queue(4).connect().await?;
    client.follow(room, Some(0)).await?;
    for _ in 0..POSTS / 50 {
        try_join_all((0..50).map(|_| mary.post(room, Label::Green, "a post"))).await?;
    }
    // Calls of the same client are answered meanwhile.
    client.call(ListRooms::default()).await?;
    let last = 2 + POSTS as Seq;
    let entries = entries_up_to(&mut events, room, last).await?;
    assert_eq!(seqs(&entries), (1..=last).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn two_devices_of_one_person_both_get_everything() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (code, name) = (mary.totp.code_at(now + 30), "laptop".parse()?);
    let laptop =
        enrol_device(warp.address(), "mary".parse()?, Person::password(), code, name).await?;
    let (laptop, mut to_laptop) = connect(warp.address().clone(), laptop.credentials()).await?;
    laptop.follow(room, Some(2)).await?;
    let (desk, mut to_desk) = mary.follow(room, 2).await?;
    laptop.post(room, Label::Red, "from the laptop").await?;
    desk.post(room, Label::Red, "from the desk").await?;
    for events in [&mut to_laptop, &mut to_desk] {
        let entries = entries_up_to(events, room, 4).await?;
        let texts: Vec<_> = entries.iter().filter_map(|entry| entry.text()).collect();
        assert_eq!(texts, ["from the laptop", "from the desk"]);
    }
    laptop.call(MarkRead { room, seq: 4 }).await?;
    assert_eq!(desk.call(ListRooms::default()).await?.rooms[0].read, 4);
    Ok(())
}

#[tokio::test]
async fn an_unfollowed_room_is_silent_and_others_are_not() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let one = warp.room(&[mary], Label::Red, Label::Green).await?;
    let two = warp.room(&[mary], Label::Red, Label::Green).await?;
    let (client, mut events) = mary.follow(one, 2).await?;
    client.follow(two, Some(2)).await?;
    client.unfollow(one).await?;
    mary.post(one, Label::Green, "unheard").await?;
    mary.post(two, Label::Green, "heard").await?;
    assert_eq!(next_entry(&mut events).await?.room, two);
    // Once more does no harm.
    client.call(UnfollowRoom { room: one }).await?;
    Ok(())
}

/// How many pages are asked for at once, and how long each is: together far more than a slow line holds.
const PAGES: usize = 30;
const PAGE_BYTES: usize = 90_000;

/// How many of them may have been handed to the system when somebody is taken out of the room.
const ON_THE_LINE: usize = 4;

#[tokio::test]
async fn who_is_taken_out_of_a_room_gets_none_of_the_pages_that_wait() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Green, Label::Green).await?;
    for half in ["x", "y"] {
        dan.post(room, Label::Green, &half.repeat(PAGE_BYTES / 2)).await?;
    }
    let line = TcpSocket::new_v4()?;
    line.set_recv_buffer_size(4_096)?;
    let line = line.connect(warp.local()).await?;
    let mut slow = Wire::tls_over(line, tls_config(&authority(&warp))?).await?;
    slow.upgrade_now().await?;
    slow.sign_in(&dora.credentials()).await?;
    let (page, mut pages) = (json!({"room": room, "from": "latest", "limit": 2}), Vec::new());
    for _ in 0..PAGES {
        pages.push(slow.request("history.page", &page).await?);
    }
    // The first ones that come are read, so that all the others are answered meanwhile, and wait.
    for _ in 0..2 {
        let Seen::Text(page) = slow.next().await? else { anyhow::bail!("no page came") };
        assert!(page.len() > PAGE_BYTES, "a page of the room");
        let id = serde_json::from_str::<Value>(&page)?["id"].as_u64();
        pages.retain(|other| Some(*other) != id);
    }
    let call = RemoveFromRoom { room, id: EntryId::random(), who: dora.principal() };
    dan.client.append(call).await?;

    let (code, mut still) = (i64::from(ErrorCode::NotFound.number()), 0);
    for id in pages {
        let reply = slow.reply_to(&json!(id)).await?;
        still += usize::from(reply.len() > PAGE_BYTES);
        let reply: Value = serde_json::from_str(&reply)?;
        assert!(
            reply["result"].is_object() || reply["error"]["code"] == code,
            "every one answered"
        );
    }
    assert!(still <= ON_THE_LINE, "{still} pages of a room that they were out of");
    Ok(())
}

#[tokio::test]
async fn who_is_taken_out_of_a_room_gets_nothing_more_while_posts_flow() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Red, Label::Green).await?;
    let (client, mut events) = dora.follow(room, 3).await?;
    let flow = Flow::of(&dan, room);
    entries_up_to(&mut events, room, 20).await?;

    let call = RemoveFromRoom { room, id: EntryId::random(), who: dora.principal() };
    let left = dan.client.append(call).await?.seq;
    let answered = Instant::now();
    let mut last = 0;
    let told = async {
        loop {
            match events.next().await {
                Some(Event::Entry(entry)) => last = entry.seq,
                Some(Event::RoomLeft(of)) if of == room => return Some(()),
                Some(_) => {}
                None => return None,
            }
        }
    };
    assert!(timeout(SOON, told).await?.is_some(), "told that they are out");
    assert!(answered.elapsed() < SOON);
    assert!(last < left, "nothing from the leaving on: {last} of {left}");
    flow.goes_on().await?;
    silence(&mut events, Duration::from_millis(200), |event| matches!(event, Event::Entry(_)))
        .await?;
    flow.goes_on().await?;

    assert_eq!(refusal(client.follow(room, Some(0)).await)?.code, ErrorCode::NotFound);
    assert_eq!(refusal(dora.history(room).await)?.code, ErrorCode::NotFound);
    assert_eq!(refusal(dora.finds(room, "another").await)?.code, ErrorCode::NotFound);
    let posted = dora.post(room, Label::Green, "still here?").await;
    assert_eq!(refusal(posted)?.code, ErrorCode::NotFound);
    flow.stop().await?;
    Ok(())
}

/// Collects what arrives until the client is signed out; the newest entry, and when it ended.
async fn ending(client: &Client, events: &mut Events) -> anyhow::Result<(Seq, Instant)> {
    let mut last = 0;
    let reading = async {
        while let Some(event) = events.next().await {
            if let Event::Entry(entry) = event {
                last = entry.seq;
            }
        }
    };
    timeout(DEADLINE, reading).await?;
    assert_eq!(signed_out(client).await?, SignOut::Revoked);
    Ok((last, Instant::now()))
}

#[tokio::test]
async fn a_suspended_member_is_out_within_a_second_and_back_when_a_manager_says_so()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Red, Label::Green).await?;
    let (client, mut events) = dora.follow(room, 3).await?;
    let flow = Flow::of(&dan, room);
    entries_up_to(&mut events, room, 20).await?;
    let standing =
        |standing| ChangeMember { member: dora.member, role: None, standing: Some(standing) };
    warp.manager().client.call(standing(Standing::Suspended)).await?;
    let answered = Instant::now();
    let (_, ended) = ending(&client, &mut events).await?;
    assert!(ended - answered < SOON);
    assert_eq!(refused(dora.connector()).await?, ErrorCode::SignInRefused);
    flow.goes_on().await?;
    let last = flow.stop().await?.seq;

    warp.manager().client.call(standing(Standing::Active)).await?;
    let (_client, mut events) = dora.follow(room, last - 1).await?;
    assert_eq!(next_entry(&mut events).await?.seq, last, "still in the room");
    Ok(())
}

#[tokio::test]
async fn a_removed_member_is_out_of_the_warp_and_of_every_room_within_a_second()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Red, Label::Green).await?;
    let quiet = warp.room(&[&dan, &dora], Label::Red, Label::Green).await?;
    let (client, mut events) = dora.follow(room, 3).await?;
    let flow = Flow::of(&dan, room);
    entries_up_to(&mut events, room, 20).await?;
    warp.manager().client.call(RemoveMember { member: dora.member }).await?;
    let answered = Instant::now();
    let (last, ended) = ending(&client, &mut events).await?;
    assert!(ended - answered < SOON);
    assert_eq!(refused(dora.connector()).await?, ErrorCode::SignInRefused);
    flow.stop().await?;

    for room in [room, quiet] {
        let history = dan.history(room).await?;
        let left = history.iter().find(|record| {
            let kind = entry_of(record).map(|entry| entry.handling.kind);
            kind == Some(Kind::Left { who: dora.principal() })
        });
        let left = left.expect("everyone sees who went").seq;
        assert!(last < left || room == quiet, "nothing from the leaving on");
    }
    Ok(())
}

async fn add_bot(
    by: &Client,
    rooms: &[RoomId],
    lasting: Duration,
) -> anyhow::Result<(BotAdded, Instant)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let (ends, expires_at_ms) =
        (Instant::now() + lasting, i64::try_from((now + lasting).as_millis())?);
    let name = format!("Relay {}", EntryId::random()).parse()?;
    let label = Some(Label::Green);
    let grant = Grant {
        rooms: rooms.to_vec(),
        read: label,
        post: label,
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms,
    };
    Ok((by.call(AddBot { name, grant, hook: None }).await?, ends))
}

#[tokio::test]
async fn a_revoked_bot_is_out_within_a_second() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let hour = Duration::from_hours(1);
    let (bot, _) = add_bot(&mary.client, &[room], hour).await?;
    let connector = Connector::new(warp.address().clone(), Credentials::Token(bot.token.clone()));
    let (client, mut events) = connector.clone().connect().await?;
    client.follow(room, Some(0)).await?;
    let flow = Flow::of(mary, room);
    entries_up_to(&mut events, room, 20).await?;
    mary.client.call(RevokeBot { bot: bot.bot }).await?;
    let answered = Instant::now();
    let (last, ended) = ending(&client, &mut events).await?;
    assert!(ended - answered < SOON);
    assert_eq!(refused(connector).await?, ErrorCode::SignInRefused);
    let newest = flow.stop().await?.seq;
    let history = mary.page(room, From::After(last), 200).await?.records;
    let left = Kind::Left { who: Principal::Bot(bot.bot) };
    let left = history
        .iter()
        .find(|record| entry_of(record).is_some_and(|entry| entry.handling.kind == left));
    assert!(left.is_some_and(|left| left.seq < newest), "and everyone sees that it went");
    let again = mary.client.call(RevokeBot { bot: bot.bot }).await;
    assert_eq!(refusal(again)?.code, ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_bot_goes_with_the_member_who_answers_for_it() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let organisations = warp.manager().client.call(ListOrganisations {}).await?.organisations;
    let mike = warp.join("mike", organisations[0].organisation, Role::Manager).await?;
    let room = warp.room(&[warp.manager(), &mike], Label::Red, Label::Green).await?;
    let (bot, _) = add_bot(&mike.client, &[room], Duration::from_hours(1)).await?;
    let connector = Connector::new(warp.address().clone(), Credentials::Token(bot.token));
    let (client, mut events) = connector.clone().connect().await?;
    client.follow(room, Some(0)).await?;
    warp.manager().client.call(RemoveMember { member: mike.member }).await?;
    let answered = Instant::now();
    let (_, ended) = ending(&client, &mut events).await?;
    assert!(ended - answered < SOON);
    assert_eq!(refused(connector).await?, ErrorCode::SignInRefused);
    Ok(())
}

#[tokio::test]
async fn a_bot_is_out_when_its_grant_ends_however_busy_it_keeps_the_connection()
-> anyhow::Result<()> {
    /// Requests sent before their replies are read.
    const AT_ONCE: usize = 100;
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let (bot, ends) = add_bot(&mary.client, &[room], Duration::from_secs(3)).await?;
    let mut raw = warp.raw().await?;
    raw.sign_in_bot(&bot.token).await?;
    raw.call(1, "room.follow", &json!({"room": room})).await?;
    let flow = Flow::of(mary, room);
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "room.list"}).to_string();
    let code = 'busy: loop {
        for _ in 0..AT_ONCE {
            if raw.send(list.clone()).await.is_err() {
                break 'busy raw.closed().await?;
            }
        }
        for _ in 0..AT_ONCE {
            match raw.hear().await? {
                Heard::Text(_) => {}
                Heard::Closed(code) => break 'busy code,
            }
        }
    };
    let ended = Instant::now();
    assert!(ended < ends + SOON, "{:?} too late", ended - ends);
    assert!(ended + SOON > ends, "and not before its time");
    assert!(matches!(code, Some(4001) | None), "{code:?}");
    flow.stop().await?;
    let credentials = Credentials::Token(bot.token);
    let connector = Connector::new(warp.address().clone(), credentials);
    assert_eq!(refused(connector).await?, ErrorCode::SignInRefused);
    Ok(())
}
