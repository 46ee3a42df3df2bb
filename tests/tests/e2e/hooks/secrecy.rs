//! A webhook's secret opens its webhook and nothing else, until it is revoked; and it is written down
//! nowhere.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use warproom_client::Credentials;
use warproom_proto::calls::{RevokeBot, RotateBot};
use warproom_tests::harness::{DEADLINE, Warp, eventually};
use warproom_tests::wire::Wire;

use super::request::Requests;
use super::{Hooked, ok};

const JSON: &str = "application/json";

#[tokio::test]
async fn every_wrong_secret_gets_the_same_answer() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let manager = hooked.warp.manager();
    let own = hooked.secret.clone();
    // Rotated: the old one is wrong from then on.
    let rotated = manager.client.call(RotateBot { bot: hooked.bot }).await?;
    let url = rotated.hook.context("it has a webhook")?;
    let new = url.expose().rsplit('/').next().context("no last part")?.to_owned();
    let upper = new.to_uppercase();
    let mut wrong = vec![
        ("unknown", "wphook".to_owned() + &"a".repeat(52)),
        ("short", "x".to_owned()),
        ("none", String::new()),
        ("rotated away", own),
        ("another bot's token", hooked.token.expose().to_owned()),
        ("its own token", rotated.token.expose().to_owned()),
        ("in capitals", upper),
        ("long", "a".repeat(4_000)),
    ];
    hooked.secret.clone_from(&new);
    ok(&hooked.post(&json!({"text": "still here"})).await?)?;
    hooked.next().await?;
    hooked.warp.manager().client.call(RevokeBot { bot: hooked.bot }).await?;
    wrong.push(("revoked", new));
    let mut answers = Vec::new();
    for (what, secret) in wrong {
        for body in [&b"{\"text\":\"a\"}"[..], b"", b"{"] {
            let mut requests = hooked.requests().await?;
            let reply = requests.post(&format!("/hooks/{secret}"), JSON, body).await?;
            ensure!((reply.status, &*reply.text) == (403, "invalid_token"), "{what}: {reply:?}");
            answers.push((reply.timeless(), reply.text));
            requests.end().await?;
        }
    }
    ensure!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    Ok(())
}

#[tokio::test]
async fn a_webhook_revoked_is_shut_within_a_second_on_open_connections_too() -> anyhow::Result<()> {
    let hooked = Hooked::start().await?;
    let path = format!("/hooks/{}", hooked.secret);
    let mut open = hooked.requests().await?;
    ok(&open.post(&path, JSON, b"{\"text\":\"before\"}").await?)?;
    hooked.warp.manager().client.call(RevokeBot { bot: hooked.bot }).await?;
    let began = Instant::now();
    let reply = open.post(&path, JSON, b"{\"text\":\"after\"}").await?;
    ensure!((reply.status, &*reply.text) == (403, "invalid_token"), "{reply:?}");
    ensure!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    Ok(())
}

/// A connection that has sent the head of a message, of so many bytes, and is waited for.
async fn under_way(hooked: &Hooked, length: usize) -> anyhow::Result<Requests> {
    let mut requests = hooked.requests().await?;
    let head = format!(
        "POST /hooks/{} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
         Content-Length: {length}\r\n\r\n",
        hooked.secret
    );
    requests.send(head.as_bytes()).await?;
    let reply = requests.reply().await?;
    ensure!(reply.status == 100, "{reply:?}");
    Ok(requests)
}

#[tokio::test]
async fn a_secret_replaced_while_a_message_arrives_posts_nothing() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let body = b"{\"text\":\"too late\"}";
    let mut requests = under_way(&hooked, body.len()).await?;
    requests.send(&body[..5]).await?;
    hooked.warp.manager().client.call(RotateBot { bot: hooked.bot }).await?;
    requests.send(&body[5..]).await?;
    let reply = requests.reply().await?;
    ensure!((reply.status, &*reply.text) == (403, "invalid_token"), "{reply:?}");
    requests.end().await?;
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn a_grant_that_ends_while_a_message_arrives_posts_nothing() -> anyhow::Result<()> {
    let mut hooked = Hooked::granted(Warp::builder(), 600, 3_000).await?;
    let body = b"{\"text\":\"too late\"}";
    let mut requests = under_way(&hooked, body.len()).await?;
    let has_ended = async || {
        let reply = hooked.post(&json!({})).await.ok()?;
        (reply.status == 403).then_some(())
    };
    eventually(DEADLINE, has_ended).await?;
    requests.send(body).await?;
    let reply = requests.reply().await?;
    ensure!((reply.status, &*reply.text) == (403, "invalid_token"), "{reply:?}");
    requests.end().await?;
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn a_webhook_ends_with_the_grant() -> anyhow::Result<()> {
    let hooked = Hooked::granted(Warp::builder(), 600, 3_000).await?;
    let shut = async || {
        let reply = hooked.post(&json!({"text": "a"})).await.ok()?;
        (reply.status == 403).then_some(reply.text)
    };
    ensure!(eventually(DEADLINE, shut).await? == "invalid_token");
    Ok(())
}

#[tokio::test]
async fn a_webhooks_secret_signs_nobody_in() -> anyhow::Result<()> {
    let hooked = Hooked::start().await?;
    for secret in [hooked.secret.clone(), format!("wpbot_{}", hooked.secret)] {
        let mut stranger = Wire::stranger(&hooked.warp).await?;
        let refused = stranger.sign_in(&Credentials::Token(secret.into())).await.err();
        let refused = refused.context("it signs in")?;
        ensure!(format!("{refused:#}").contains("sign-in refused"), "{refused:#}");
    }
    let mut bot = Wire::stranger(&hooked.warp).await?;
    bot.sign_in(&Credentials::Token(hooked.token.clone())).await?;
    Ok(())
}

#[tokio::test]
async fn no_secret_and_no_word_of_a_message_gets_into_the_log() -> anyhow::Result<()> {
    let builder = Warp::builder().env("WARPROOM_SERVER_LOG", "trace");
    let mut hooked = Hooked::build(builder).await?;
    let mistyped = "wphookmistypedmistypedmistyped";
    let path = format!("/hooks/{}", hooked.secret);
    ok(&hooked.post(&json!({"text": "kumquat-text", "username": "quince-name"})).await?)?;
    ok(&hooked.post(&json!({"headline": "medlar-headline"})).await?)?;
    for (path, body) in [
        (&*path, "{\"text\": damson-broken"),
        (&path, "{\"headline\": \"a\", \"sloe-field\": 1}"),
        (&path, "{\"text\": \"a\", \"channel\": \"bullace-room\"}"),
        (&format!("/hooks/{mistyped}"), "{}"),
        (&format!("{path}/more"), "{}"),
    ] {
        let reply = hooked.requests().await?.post(path, JSON, body.as_bytes()).await?;
        ensure!((400..=404).contains(&reply.status), "{reply:?}");
    }
    // A head that is broken, with the secret in it; a body that never comes.
    for request in [format!("POST {path} HTTP/1.1\r\n: x\r\n\r\n"), format!("POST {path} HTT")] {
        hooked.requests().await?.send(request.as_bytes()).await?;
    }
    hooked.nothing_was_there_but(2).await?;
    hooked.warp.stop().await?;
    let log = hooked.warp.log()?;
    ensure!(log.matches("webhook").count() >= 5, "the log does not tell of webhooks: {log}");
    let words = ["kumquat", "quince", "medlar", "damson", "sloe-field", "bullace", mistyped];
    let tail = &hooked.secret[6..];
    for word in words.into_iter().chain([tail, hooked.token.expose()]) {
        let line = log.lines().find(|line| line.contains(word));
        ensure!(line.is_none(), "{word} is in the log: {line:?}");
    }
    // Nor is it readable on the disk.
    let stored = hooked.warp.folder().join("data");
    for bytes in files(&stored)? {
        let found = bytes.windows(tail.len()).any(|window| window == tail.as_bytes());
        ensure!(!found, "the secret is on the disk");
    }
    Ok(())
}

impl Hooked {
    /// Holds if so many entries of the bot's came, and no more.
    async fn nothing_was_there_but(&mut self, entries: usize) -> anyhow::Result<()> {
        for _ in 0..entries {
            self.next().await?;
        }
        self.nothing_was_posted().await
    }
}

fn files(folder: &std::path::Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(std::fs::read(path)?);
        }
    }
    Ok(all)
}
