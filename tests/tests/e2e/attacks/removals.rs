//! A thousand posts under way together when those who post them are put out (CWE-367, CWE-613). The server's
//! process is held still while they are sent, and what puts their authors out in the midst of them; so
//! it is sure that none of them was answered before.

use std::collections::HashMap;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use warproom_client::Credentials;
use warproom_proto::calls::{AddBot, Call as _, FollowRoom, PostEntry};
use warproom_proto::register::Grant;
use warproom_proto::{EntryId, ErrorCode, Kind, Label, Principal, RoomId, Seq};
use warproom_tests::harness::{Person, Warp, entry_of, grant};
use warproom_tests::wire::{Seen, Wire, authority};

use super::refused;

/// Five authors, with as many connections each and as many posts on each of these: a thousand.
const CONNECTIONS: usize = 8;
const POSTS: usize = 25;
const ALL: usize = 5 * CONNECTIONS * POSTS;

/// The connections of each that are sent on before they are put out; the others are after it.
const BEFORE: usize = 5;

/// Whose connections stay open: of those below, who is only taken out of the room.
const STAYS: usize = 3;

/// The connections of each that follow the room.
const FOLLOWING: usize = 2;

/// What somebody's connection was answered and told.
#[derive(Default)]
struct Heard {
    stored: Vec<Seq>,
    refused: Vec<ErrorCode>,
    delivered: Vec<Seq>,
    closed: bool,
}

impl Heard {
    fn take(&mut self, frame: &Value) -> anyhow::Result<()> {
        if frame["method"] == "entry" {
            self.delivered.push(frame["params"]["record"]["seq"].as_u64().context("a number")?);
        } else if frame.get("error").is_some() {
            self.refused.push(serde_json::from_value(frame["error"]["code"].clone())?);
        } else if frame.get("id").is_some() {
            self.stored.push(frame["result"]["seq"].as_u64().context("a number")?);
        }
        Ok(())
    }

    const fn answers(&self) -> usize {
        self.stored.len() + self.refused.len()
    }
}

/// Hears until it is closed, or each post is answered; then the connection comes back.
fn hear(mut wire: Wire) -> JoinHandle<anyhow::Result<(Heard, Wire)>> {
    tokio::spawn(async move {
        let mut heard = Heard::default();
        while heard.answers() < POSTS {
            match wire.next().await? {
                Seen::Text(text) => heard.take(&serde_json::from_str(&text)?)?,
                Seen::Closed(_) | Seen::Ended => {
                    heard.closed = true;
                    break;
                }
                Seen::Ping | Seen::Pong => {}
            }
        }
        Ok((heard, wire))
    })
}

/// Those who post, and what puts each of them out.
struct Grounds {
    warp: Warp,
    room: RoomId,
    authors: Vec<(Principal, Credentials)>,
    acts: Vec<(&'static str, Value)>,
}

impl Grounds {
    async fn prepare() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let (mary, dover) = (warp.manager(), warp.organisation("Dover District Council").await?);
        let mut people = Vec::new();
        for name in ["removed", "suspended", "revoked", "taken.out"] {
            people.push(warp.officer(name, dover).await?);
        }
        let all: Vec<_> = std::iter::once(mary).chain(&people).collect();
        let room = warp.room(&all, Label::Green, Label::Green).await?;
        let grant = grant(room, Some(Label::Green), Some(Label::Green));
        // Of its posts a quarter of a minute's come at once; the others are refused before anything else.
        let grant = Grant { per_minute: 600, ..grant };
        let bot = mary.client.call(AddBot { name: "Relay".parse()?, grant, hook: None }).await?;
        let [removed, suspended, revoked, taken_out] = &people[..] else { unreachable!() };
        let acts = vec![
            ("member.remove", json!({"member": removed.member})),
            ("member.change", json!({"member": suspended.member, "standing": "suspended"})),
            ("device.revoke", json!({"device": revoked.device})),
            (
                "room.remove",
                json!({"room": room, "id": EntryId::random(), "who": taken_out.principal()}),
            ),
            ("bot.revoke", json!({"bot": bot.bot})),
        ];
        let mut authors: Vec<_> =
            people.iter().map(|one| (one.principal(), one.credentials())).collect();
        authors.push((Principal::Bot(bot.bot), Credentials::Token(bot.token)));
        Ok(Self { warp, room, authors, acts })
    }

    /// One connection of each author.
    async fn connect(&self, follows: bool) -> anyhow::Result<Vec<Wire>> {
        let (to, authority) = (self.warp.local().to_string(), authority(&self.warp));
        try_join_all(self.authors.iter().map(async |(_, credentials)| {
            let mut wire = Wire::signed_in(&to, &authority, credentials).await?;
            if follows {
                wire.call(&FollowRoom { room: self.room, after: None }).await??;
            }
            Ok(wire)
        }))
        .await
    }

    /// Sends the posts of one connection; their ids.
    async fn post(&self, wire: &mut Wire) -> anyhow::Result<Vec<u64>> {
        let mut asked = Vec::with_capacity(POSTS);
        for n in 0..POSTS {
            let post = json!({
                "room": self.room, "id": EntryId::random(), "label": "TLP:GREEN",
                "text": format!("post {n}"),
            });
            asked.push(wire.request(PostEntry::METHOD, &post).await?);
        }
        Ok(asked)
    }

    /// Whether each of them may post while they are there.
    async fn post_before(&self) -> anyhow::Result<()> {
        for mut wire in self.connect(false).await? {
            for id in self.post(&mut wire).await? {
                let reply = wire.reply_to(&json!(id)).await?;
                ensure!(refused(&reply)?.is_none(), "{reply}");
            }
        }
        Ok(())
    }

    /// The authors of the room's posts, and where each was out.
    async fn said(&self) -> anyhow::Result<(Vec<(Seq, Principal)>, HashMap<Principal, Seq>)> {
        let (mut said, mut out) = (Vec::new(), HashMap::new());
        for record in self.warp.manager().history(self.room).await? {
            let entry = entry_of(&record).context("the manager reads all of TLP:GREEN")?;
            match entry.handling.kind {
                Kind::Post { .. } => said.push((record.seq, entry.handling.author)),
                Kind::Left { who } => drop(out.insert(who, record.seq)),
                _ => {}
            }
        }
        Ok((said, out))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_posts_under_way_none_stands_or_comes_after_its_author_is_out()
-> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let mary: &Person = grounds.warp.manager();
    grounds.post_before().await?;
    let (earlier, _) = grounds.said().await?;
    let mut wires = Vec::new();
    for n in 0..CONNECTIONS {
        wires.extend(grounds.connect(n < FOLLOWING).await?);
    }
    let mut acting = Wire::person(&grounds.warp, mary).await?;

    grounds.warp.hold()?;
    let (before, after) = wires.split_at_mut(BEFORE * grounds.authors.len());
    for wire in before {
        grounds.post(wire).await?;
    }
    let mut asked = Vec::new();
    for (method, fields) in &grounds.acts {
        asked.push(acting.request(method, fields).await?);
    }
    for wire in after {
        grounds.post(wire).await?;
    }
    grounds.warp.go_on()?;

    let hearing: Vec<_> = wires.into_iter().map(hear).collect();
    for id in asked {
        let reply = acting.reply_to(&json!(id)).await?;
        ensure!(refused(&reply)?.is_none(), "{reply}");
    }
    // From here on they are out: the answers said so.
    let marker = mary.post(grounds.room, Label::Green, "everybody is out").await?.seq;
    for n in 0..POSTS {
        mary.post(grounds.room, Label::Green, &format!("among ourselves {n}")).await?;
    }
    let (said, out) = grounds.said().await?;
    let (mut acknowledged, mut sent_away, mut unanswered) = (0, 0, 0);
    for (n, hearing) in hearing.into_iter().enumerate() {
        let (mut heard, mut wire) = hearing.await??;
        let (who, _) = &grounds.authors[n % grounds.authors.len()];
        ensure!(heard.closed || heard.answers() == POSTS, "{n}: neither closed nor answered");
        if n % grounds.authors.len() == STAYS {
            // They go on elsewhere, and hear what still comes first.
            ensure!(!heard.closed, "{n} is closed");
            ensure!(heard.refused.iter().all(|code| *code == ErrorCode::NotFound), "{n}");
            sent_away += heard.refused.len();
            wire.ask("room.list", json!({})).await?.ok().context("they are still a member")?;
            let notices = std::mem::take(&mut wire.notices);
            notices.iter().try_for_each(|notice| heard.take(notice))?;
        } else if !heard.closed {
            wire.end().await.with_context(|| format!("{n} goes on"))?;
        }
        let end = out.get(who).copied().unwrap_or(marker - 1);
        let late = heard.delivered.iter().find(|seq| **seq > end);
        ensure!(late.is_none(), "{n}: {late:?} was delivered after {end}");
        for seq in &heard.stored {
            ensure!(*seq <= end, "{n}: {seq} was acknowledged after {end}");
            ensure!(said.contains(&(*seq, *who)), "{n}: {seq} was acknowledged and is not there");
        }
        acknowledged += heard.stored.len();
        unanswered += POSTS - heard.answers();
    }
    let theirs = |who: &Principal| grounds.authors.iter().any(|(author, _)| author == who);
    for (seq, who) in said.iter().filter(|(_, who)| theirs(who)) {
        let end = out.get(who).copied().unwrap_or(marker - 1);
        ensure!(*seq <= end, "{who:?} is the author of {seq} after {end}");
    }
    let stored = said.iter().filter(|(_, who)| theirs(who)).count() - earlier.len();
    warproom_tests::say(format_args!(
        "of {ALL} posts under way {stored} were stored, {acknowledged} acknowledged, {unanswered} not \
         answered; {sent_away} were refused to whoever was taken out of the room"
    ));
    ensure!(stored > 0 && stored < ALL, "all before or all after: {stored} of {ALL}");
    ensure!(sent_away > 0 && unanswered > 0, "{sent_away} refused, {unanswered} cut off");
    Ok(())
}
