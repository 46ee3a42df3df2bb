//! What a bot proves itself by is replaced: at once when it got about, without a pause when that was planned.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::time::timeout;
use warproom_client::{Credentials, connect};
use warproom_proto::calls::{
    AddBot, BotAdded, ChangeMember, ListOrganisations, RevokeBot, RotateBot,
};
use warproom_proto::register::{Hook, Role};
use warproom_proto::{BotId, ErrorCode, Label};
use warproom_tests::harness::{Person, Warp, refusal};

use super::{SOON, code, grant, post, refused, signed_in};

async fn rotate(by: &Person, bot: BotId) -> Result<BotAdded, warproom_client::CallError> {
    by.client.call(RotateBot { bot }).await
}

#[tokio::test]
async fn a_rotated_token_is_worth_nothing_and_the_new_one_all_that_was_granted()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let organisation =
        warp.manager().client.call(ListOrganisations {}).await?.organisations[0].organisation;
    let mike = warp.join("mike", organisation, Role::Manager).await?;
    let (otto, gus) =
        (warp.officer("otto", organisation).await?, warp.guest("gus", organisation).await?);
    let room = warp.room(&[&mike, &otto], Label::Red, Label::Green).await?;
    let label = Label::Green;
    let call = AddBot {
        name: "Relay".parse()?,
        grant: grant(room, Some(label), Some(label)),
        hook: Some(Hook { room, label }),
    };
    let added = mike.client.call(call).await?;
    // Its owner is a manager no more, and its owner still.
    let change = ChangeMember { member: mike.member, role: Some(Role::Officer), standing: None };
    warp.manager().client.call(change).await?;

    let unknown = refusal(rotate(&otto, BotId::random()).await)?;
    assert_eq!(unknown.code, ErrorCode::NotFound);
    assert_eq!(refusal(rotate(&otto, added.bot).await)?, unknown, "not theirs: not there");
    assert_eq!(refusal(rotate(warp.manager(), BotId::random()).await)?, unknown);
    assert_eq!(refusal(rotate(&gus, added.bot).await)?.code, ErrorCode::NotAllowed);

    let mut token = added.token;
    let mut hook = added.hook.context("it has one")?;
    for by in [&mike, warp.manager()] {
        let mut live = signed_in(&warp, &token).await?;
        live.call(1, "room.follow", &json!({"room": room})).await?;
        let rotated = rotate(by, added.bot).await?;
        let at = Instant::now();
        timeout(SOON, live.closed()).await??;
        assert!(at.elapsed() < SOON);
        assert_eq!(rotated.bot, added.bot);
        assert_eq!(refused(&warp, &token).await?, Some(ErrorCode::SignInRefused));
        let new_hook = rotated.hook.context("another one")?;
        assert_ne!(new_hook.expose(), hook.expose());
        (token, hook) = (rotated.token, new_hook);
        let mut fresh = signed_in(&warp, &token).await?;
        let reply = fresh.call(1, "entry.post", &post(room, label)).await?;
        assert_eq!(code(&reply), None, "{reply}");
    }
    let plain = warp.bot(grant(warp.room(&[warp.manager()], label, label).await?, None, None));
    let plain = plain.await?.bot;
    assert!(rotate(warp.manager(), plain).await?.hook.is_none(), "none out of nothing");

    warp.kill()?;
    warp.restart().await?;
    assert_eq!(refused(&warp, &hook).await?, Some(ErrorCode::SignInRefused), "no token");
    signed_in(&warp, &token).await?;
    warp.manager().back().await?;
    warp.manager().client.call(RevokeBot { bot: added.bot }).await?;
    assert_eq!(refusal(rotate(warp.manager(), added.bot).await)?.code, ErrorCode::NotFound);
    assert_eq!(refused(&warp, &token).await?, Some(ErrorCode::SignInRefused));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_while_the_token_is_replaced_is_not_overlooked() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let added = warp.bot(grant(room, Some(Label::Green), None)).await?;
    let mut token = added.token;
    for round in 0..20 {
        let mut signing = Vec::new();
        for _ in 0..4 {
            let (mut raw, token) = (warp.raw().await?, token.clone());
            signing
                .push(tokio::spawn(async move { raw.sign_in_bot(&token).await.map(|_| raw).ok() }));
        }
        let rotated = rotate(mary, added.bot).await?;
        for one in signing {
            if let Some(mut raw) = one.await? {
                let closed = timeout(SOON, raw.closed()).await;
                ensure!(closed.is_ok(), "round {round}: the old token's connection lives on");
            }
        }
        token = rotated.token;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_bot_takes_over_from_the_first_and_nothing_is_missed() -> anyhow::Result<()> {
    const EACH: usize = 20;
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let mut said = Vec::new();
    let mut former: Option<(BotId, warproom_client::Client)> = None;
    for turn in 0..3 {
        let added = warp.bot(grant(room, None, Some(Label::Green))).await?;
        let token = Credentials::Token(added.token);
        let (client, _events) = connect(warp.address().clone(), token).await?;
        for n in 0..EACH {
            // The former one posts on until the new one has.
            let by = match &former {
                Some((_, former)) if n < EACH / 2 => former,
                _ => &client,
            };
            let text = format!("item {turn}.{n}");
            by.post(room, Label::Green, &text).await?;
            said.push(text);
        }
        if let Some((bot, client)) = former.replace((added.bot, client)) {
            warp.manager().client.call(RevokeBot { bot }).await?;
            ensure!(client.post(room, Label::Green, "too late").await.is_err());
        }
    }
    let history = serde_json::to_string(&warp.manager().history(room).await?)?;
    let missing: Vec<_> = said.iter().filter(|text| !history.contains(text.as_str())).collect();
    ensure!(missing.is_empty() && !history.contains("too late"), "{missing:?}");
    Ok(())
}
