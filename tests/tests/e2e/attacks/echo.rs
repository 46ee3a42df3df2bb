//! What comes back: no secret in any answer or notice but the one that hands it out (CWE-200), and nothing
//! in the server's log that steers a terminal or makes a line of its own (CWE-117, CWE-150).

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_client::{TotpSecret, enrol_device, open_invitation};
use warproom_proto::calls::{
    AddBot, ChangeCredentials, FollowRoom, From, HistoryPage, ListBots, ListDevices,
    ListInvitations, ListMembers, ListOrganisations, ListRooms, OtherDevices, RegisterPage,
    RevokeInvitation, RoomMembers, RotateBot,
};
use warproom_proto::register::{Hook, Role};
use warproom_proto::{ErrorCode, Label};
use warproom_tests::harness::{Heard, Raw, Warp, grant};

use super::{next_step, refused};

/// Every frame that somebody got.
async fn all_that_comes(raw: &mut Raw, calls: &[(&str, Value)]) -> anyhow::Result<String> {
    let mut heard = String::new();
    for (n, (method, params)) in calls.iter().enumerate() {
        let id = n + 1;
        let frame = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        raw.send(frame.to_string()).await?;
        loop {
            let Heard::Text(text) = raw.hear().await? else { anyhow::bail!("{method}: closed") };
            heard.push_str(&text);
            heard.push('\n');
            let frame: Value = serde_json::from_str(&text)?;
            if frame["id"] == id {
                ensure!(frame.get("result").is_some(), "{method}: {text}");
                break;
            }
        }
    }
    Ok(heard)
}

fn call<C: warproom_proto::calls::Call>(call: &C) -> anyhow::Result<(&'static str, Value)> {
    Ok((C::METHOD, serde_json::to_value(call)?))
}

#[tokio::test]
async fn no_answer_and_no_notice_repeats_a_secret() -> anyhow::Result<()> {
    const PASSWORDS: [&str; 2] = ["kumquat-obelisk-fjord-91", "quetzal-obelisk-fjord-92"];
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let dover = warp.organisation("Dover District Council").await?;
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let mut listener = warp.raw().await?;
    listener.sign_in(mary).await?;
    listener.ask(&FollowRoom { room, after: Some(0) }).await?;

    // Secrets are made, used and changed.
    let (_, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let (pending, unused) = warp.invite("eve", dover, Role::Officer).await?;
    let (joining, _) = open_invitation(&invitation).await?;
    let [old, new] = [TotpSecret::generate(), TotpSecret::generate()];
    let password = || PASSWORDS[0].to_owned().into();
    let dan = joining.redeem(password(), &old, "desk".parse()?).await?;
    let used = old.code_at(next_step()?);
    let (handle, name) = ("dan".parse()?, "laptop".parse()?);
    let laptop = enrol_device(warp.address(), handle, password(), used, name).await?;
    let (client, _events) =
        warproom_client::connect(warp.address().clone(), dan.credentials()).await?;
    let wrong = ChangeCredentials {
        password: PASSWORDS[1].to_owned().into(),
        totp_code: new.code_now(),
        new_password: Some(PASSWORDS[1].to_owned().into()),
        new_totp: None,
        other_devices: OtherDevices::Keep,
    };
    ensure!(client.call(wrong).await.is_err(), "a wrong password changes nothing");
    let hook = Some(Hook { room, label: Label::Green });
    let grant = grant(room, Some(Label::Green), Some(Label::Green));
    let bot = mary.client.call(AddBot { name: "Relay".parse()?, grant, hook }).await?;
    let rotated = mary.client.call(RotateBot { bot: bot.bot }).await?;

    let last = |text: &str| text.rsplit('/').next().map(str::to_owned);
    let mut secrets: Vec<(&str, String)> = vec![
        ("an invitation's code", invitation.code.expose().to_owned()),
        ("a code not used yet", unused.code.expose().to_owned()),
        ("a password", PASSWORDS[0].to_owned()),
        ("a wrong password", PASSWORDS[1].to_owned()),
        ("a password hash", "$argon2id".to_owned()),
        ("a TOTP secret", old.to_base32().expose().to_owned()),
        ("a device's private key", dan.key.to_text().expose().to_owned()),
        ("another device's", laptop.key.to_text().expose().to_owned()),
    ];
    for added in [&bot, &rotated] {
        secrets.push(("a token", added.token.expose().to_owned()));
        let hook = added.hook.as_ref().and_then(|hook| last(hook.expose()));
        secrets.push(("a webhook's secret", hook.context("it has a webhook")?));
    }
    let heard = all_that_comes(
        &mut listener,
        &[
            call(&ListMembers {})?,
            call(&ListOrganisations {})?,
            call(&ListInvitations {})?,
            call(&ListBots {})?,
            call(&ListDevices { member: None })?,
            call(&ListRooms { all: true })?,
            call(&RoomMembers { room })?,
            call(&RegisterPage { after: 0, limit: 200 })?,
            call(&HistoryPage { room, from: From::After(0), limit: 200 })?,
            call(&RevokeInvitation { invitation: pending.invitation })?,
        ],
    )
    .await?;
    ensure!(heard.contains("invitation_added") && heard.contains("Relay"), "it is a run: {heard}");
    let log = warp.log()?;
    for (what, secret) in &secrets {
        ensure!(!heard.contains(secret), "{what} was answered");
        ensure!(!log.contains(secret), "{what} is in the log");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_that_is_sent_steers_a_terminal_that_shows_the_log() -> anyhow::Result<()> {
    /// Clears the screen, sets a title, goes back over the line, and makes one of its own.
    const NASTY: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n2026-01-01T00:00:00Z  INFO forged";
    let warp = Warp::builder().env("WARPROOM_SERVER_LOG", "trace").start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let mut stranger = warp.raw().await?;
    for (method, params) in [
        (NASTY, json!({})),
        ("session.start", json!({"proof": {"token": NASTY}})),
        ("invitation.show", json!({"code": NASTY})),
        ("device.enrol", json!({"handle": NASTY, NASTY: NASTY})),
    ] {
        let reply = stranger.call(1, method, &params).await?;
        ensure!(refused(&reply)?.is_some(), "{reply}");
        ensure!(!reply.contains('\u{1b}'), "an escape comes back raw: {reply:?}");
    }
    let mut member = warp.raw().await?;
    member.sign_in(warp.manager()).await?;
    let settings = json!({"name": NASTY, "ceiling": "TLP:RED", "default_label": "TLP:RED"});
    let post = json!({
        "room": room, "id": warproom_proto::EntryId::random(), "label": "TLP:GREEN", "text": NASTY,
    });
    for (method, params) in [
        ("room.open", json!({"settings": settings})),
        ("organisation.add", json!({"name": NASTY})),
        ("entry.post", post),
        ("search.run", json!({"search": 1, "room": room, "text": NASTY, "limit": 1})),
    ] {
        let reply = member.call(1, method, &params).await?;
        ensure!(refused(&reply)? == Some(ErrorCode::BadParams), "{method}: {reply}");
    }
    let log = warp.log()?;
    ensure!(log.contains("signed in"), "it is the server's log");
    // The server itself may colour its lines only where a terminal reads them; here a file does.
    let steering = |c: char| c.is_control() && c != '\n' && c != '\t';
    let line = log.lines().find(|line| line.contains(steering) || line.ends_with("INFO forged"));
    ensure!(line.is_none(), "{line:?}");
    Ok(())
}
