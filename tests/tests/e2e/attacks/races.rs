//! Between the check and the use (CWE-367), and after the end (CWE-613): whoever is out in the middle of
//! a thousand posts hears and says nothing more.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::{join_all, try_join_all};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use warproom_client::{TotpSecret, open_invitation};
use warproom_proto::calls::{
    AddBot, ChangeMember, FollowRoom, PostEntry, RelabelEntry, RemoveFromRoom, RemoveMember,
    RevokeBot, RevokeDevice, RevokeInvitation,
};
use warproom_proto::register::{Role, Standing};
use warproom_proto::{EntryId, ErrorCode, Kind, Label, Principal, RoomId, Seq};
use warproom_tests::harness::{Heard, Person, Raw, Warp, entry_of, grant, text_of};

use super::refused;

/// How soon whoever is out hears nothing more.
const SOON: Duration = Duration::from_secs(1);

/// How many posts are handed in together. A client has some two dozen of them under way at a time, so that
/// the flood lasts; a thousand at one moment are in `removals`.
const POSTS: usize = 1_000;

/// What somebody's connection heard of the room, and when last.
struct Overheard {
    last: Option<Instant>,
    closed: bool,
}

/// Follows a room on a connection of its own and posts to it all the while, until it is closed or nothing
/// comes for a while.
fn eavesdrop(mut raw: Raw, room: RoomId) -> JoinHandle<anyhow::Result<Overheard>> {
    /// Longer than a flood pauses on a busy machine.
    const QUIET: Duration = Duration::from_secs(8);
    tokio::spawn(async move {
        let mut last = None;
        let mut number = 100;
        loop {
            let heard = match timeout(QUIET, raw.hear_at_leisure()).await {
                Err(_) => return Ok(Overheard { last, closed: false }),
                Ok(heard) => heard?,
            };
            let Heard::Text(text) = heard else { return Ok(Overheard { last, closed: true }) };
            let frame: Value = serde_json::from_str(&text)?;
            if frame["method"] == "entry" {
                last = Some(Instant::now());
                number += 1;
                let post = json!({
                    "room": room, "id": EntryId::random(), "label": "TLP:GREEN", "text": "still here",
                });
                let post =
                    json!({"jsonrpc": "2.0", "id": number, "method": "entry.post", "params": post});
                // Once in a while, so that the flood is not its own.
                if number % 16 == 0 && raw.send(post.to_string()).await.is_err() {
                    return Ok(Overheard { last, closed: true });
                }
            }
        }
    })
}

async fn following(warp: &Warp, who: &Person, room: RoomId) -> anyhow::Result<Raw> {
    let mut raw = warp.raw().await?;
    raw.sign_in(who).await?;
    raw.ask(&FollowRoom { room, after: None }).await?;
    Ok(raw)
}

fn post(room: RoomId, text: &str) -> anyhow::Result<PostEntry> {
    Ok(PostEntry {
        files: Vec::new(),
        room,
        id: EntryId::random(),
        label: Label::Green,
        text: text.parse()?,
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
    })
}

#[tokio::test]
async fn who_is_put_out_in_a_thousand_posts_hears_and_says_nothing_after_a_second()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let mary = warp.manager();
    let mut people = Vec::new();
    for name in ["removed", "suspended", "revoked", "taken.out"] {
        people.push(warp.officer(name, dover).await?);
    }
    let mut all = vec![mary];
    all.extend(&people);
    let room = warp.room(&all, Label::Green, Label::Green).await?;
    let grant = grant(room, Some(Label::Green), Some(Label::Green));
    let bot = mary.client.call(AddBot { name: "Relay".parse()?, grant, hook: None }).await?;

    let mut listening = Vec::new();
    for person in &people {
        // Two connections each.
        for _ in 0..2 {
            listening.push(eavesdrop(following(&warp, person, room).await?, room));
        }
    }
    let mut raw = warp.raw().await?;
    raw.sign_in_bot(&bot.token).await?;
    raw.ask(&FollowRoom { room, after: None }).await?;
    listening.push(eavesdrop(raw, room));

    // On a connection of its own, so that none of it waits behind the flood.
    let (client, _events) = mary.connect().await?;
    let flood = join_all((0..POSTS).map(|n| {
        let client = &mary.client;
        async move { anyhow::Ok(client.append(post(room, &format!("post {n}"))?).await?.seq) }
    }));
    let put_out = async {
        let [removed, suspended, revoked, taken_out] = &people[..] else { unreachable!() };
        let (role, standing) = (None, Some(Standing::Suspended));
        let suspend = ChangeMember { member: suspended.member, role, standing };
        let (id, who) = (EntryId::random(), taken_out.principal());
        client.call(RemoveMember { member: removed.member }).await?;
        client.call(suspend).await?;
        client.call(RevokeDevice { device: revoked.device }).await?;
        client.call(RevokeBot { bot: bot.bot }).await?;
        let left = client.append(RemoveFromRoom { room, id, who }).await?.seq;
        anyhow::Ok((left, Instant::now()))
    };
    let (out, posted) = tokio::join!(put_out, flood);
    let (left, out) = out?;
    let last = posted.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().max();
    let mut late = Vec::new();
    for (number, heard) in listening.into_iter().enumerate() {
        let heard = heard.await??;
        let after = heard.last.map_or(Duration::ZERO, |last| last.saturating_duration_since(out));
        // The two of whoever was only taken out of the room stay open; nothing of the room comes.
        let must_close = !(6..8).contains(&number);
        if after > SOON || heard.closed != must_close {
            late.push(format!("{number}: heard for {after:?}, closed: {}", heard.closed));
        }
    }
    ensure!(late.is_empty(), "{}", late.join("\n"));
    let last = last.context("the flood was posted")?;
    ensure!(last > left, "the flood was over before they were out: {last}, {left}");
    nothing_said_after_leaving(&warp, room, &people, Principal::Bot(bot.bot)).await
}

/// Whoever is out is the author of nothing after the record that says so.
async fn nothing_said_after_leaving(
    warp: &Warp,
    room: RoomId,
    people: &[Person],
    bot: Principal,
) -> anyhow::Result<()> {
    let mut left: Vec<(Principal, Seq)> = Vec::new();
    let mut said = 0;
    for record in warp.manager().history(room).await? {
        let entry = entry_of(&record).context("the manager reads all of TLP:GREEN")?;
        let author = entry.handling.author;
        if let Kind::Left { who } = entry.handling.kind {
            left.push((who, record.seq));
        }
        said += usize::from(people.iter().any(|person| person.principal() == author));
        let gone = left.iter().find(|(who, _)| *who == author);
        ensure!(gone.is_none(), "{gone:?} is the author of {}", record.seq);
    }
    ensure!(left.iter().any(|(who, _)| *who == bot), "the bot left: {left:?}");
    ensure!(said > 0, "they did say something while they were there");
    Ok(())
}

#[tokio::test]
async fn an_invitation_is_redeemed_or_taken_back_and_never_both() -> anyhow::Result<()> {
    const ROUNDS: usize = 6;
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    for round in 0..ROUNDS {
        let handle = format!("round.{round}");
        let (added, invitation) = warp.invite(&handle, dover, Role::Officer).await?;
        let (joining, _) = open_invitation(&invitation).await?;
        let totps = [TotpSecret::generate(), TotpSecret::generate()];
        let name = "desk".parse()?;
        let redeem = join_all(totps.iter().map(|totp| {
            joining.redeem(Person::password(), totp, warproom_proto::Name::clone(&name))
        }));
        let revoke = async {
            // Sooner or later, from round to round: hashing takes most of the redemption.
            tokio::time::sleep(Duration::from_millis(40 * round as u64)).await;
            warp.manager().client.call(RevokeInvitation { invitation: added.invitation }).await
        };
        let (redeemed, revoked) = tokio::join!(redeem, revoke);
        let joined = redeemed.iter().filter(|one| one.is_ok()).count();
        let won = joined + usize::from(revoked.is_ok());
        ensure!(won == 1, "round {round}: {joined} joined, taken back: {}", revoked.is_ok());
    }
    Ok(())
}

#[tokio::test]
async fn what_is_tightened_while_it_is_read_is_read_no_more_afterwards() -> anyhow::Result<()> {
    const POSTS: usize = 24;
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (mary, dan) = (warp.manager(), warp.officer("dan", dover).await?);
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let mut seqs = Vec::new();
    for n in 0..POSTS {
        seqs.push(mary.post(room, Label::Green, &format!("quokka {n}")).await?.seq);
    }
    // Not there when it was posted: GREEN is theirs, RED is not.
    mary.add(room, &dan).await?;
    let tighten = async {
        for of in &seqs {
            let (id, of) = (EntryId::random(), *of);
            mary.client.append(RelabelEntry { room, id, of, to: Label::Red }).await?;
            // The answer is the promise: whoever asks from now on gets none of it.
            ensure!(!dan.reads(room, of).await?, "{of} is read after it was tightened");
        }
        anyhow::Ok(())
    };
    let read = async {
        let mut counts = Vec::new();
        loop {
            let records = dan.history(room).await?;
            let texts = records.iter().filter_map(text_of).filter(|text| text.contains("quokka"));
            counts.push(texts.count());
            if counts.last() == Some(&0) {
                return anyhow::Ok(counts);
            }
        }
    };
    let (tightened, counts) = tokio::join!(tighten, timeout(Duration::from_mins(1), read));
    tightened?;
    let counts = counts.context("something is still read")??;
    ensure!(counts.is_sorted_by(|before, after| before >= after), "came back: {counts:?}");
    Ok(())
}

#[tokio::test]
async fn the_same_id_a_hundred_times_at_once_and_after_a_restart_is_one_entry() -> anyhow::Result<()>
{
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let call = post(room, "once")?;
    let again = async |warp: &Warp| {
        let client = &warp.manager().client;
        try_join_all((0..100).map(|_| client.append(call.clone()))).await
    };
    let first = again(&warp).await?;
    warp.kill()?;
    warp.restart().await?;
    warp.manager().back().await?;
    let second = again(&warp).await?;
    let seq = first.first().context("a hundred answers")?.seq;
    ensure!(first.iter().chain(&second).all(|posted| posted.seq == seq), "more than one");
    let records = warp.manager().history(room).await?;
    let texts: Vec<_> = records.iter().filter_map(text_of).collect();
    ensure!(texts == ["once"], "{texts:?}");
    Ok(())
}

#[tokio::test]
async fn a_reaction_given_and_taken_back_without_end_is_refused() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let of = warp.manager().post(room, Label::Green, "react to this").await?.seq;
    let mut raw = warp.raw().await?;
    raw.sign_in(warp.manager()).await?;
    let mut first = None;
    for n in 0..17 {
        let fields = json!({
            "room": room, "id": EntryId::random(), "of": of, "reaction": "x",
            "withdrawn": n % 2 == 1,
        });
        let reply = raw.call(n, "entry.react", &fields).await?;
        let expected = (n == 16).then_some(ErrorCode::Conflict);
        ensure!(refused(&reply)? == expected, "{n}: {reply}");
        first.get_or_insert(fields);
    }
    // One that was stored is answered as before, also now.
    let reply = raw.call(20, "entry.react", &first.context("there was one")?).await?;
    ensure!(refused(&reply)?.is_none(), "{reply}");
    Ok(())
}
