//! What comes back: no secret in any answer or notice but the one that hands it out (CWE-200), and nothing
//! in the server's log that steers a terminal or makes a line of its own (CWE-117, CWE-150).

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_client::{DeviceKey, TotpSecret, enrol_device, open_invitation};
use warproom_proto::calls::{
    AddBot, AuditPage, ChangeCredentials, DiscloseRoom, FollowRoom, From, HistoryPage, ListBots,
    ListDevices, ListInvitations, ListMembers, ListOrganisations, ListProposals, ListRooms,
    OtherDevices, ReachedBy, RegisterPage, RevokeInvitation, RoomExport, RoomMembers, RotateBot,
    ShowRetention, sign_in_message,
};
use warproom_proto::disclosure::Purpose;
use warproom_proto::register::{Hook, Role};
use warproom_proto::{ErrorCode, Label, RoomId};
use warproom_tests::harness::{DEADLINE, Heard, Person, Raw, Warp, eventually, grant, https};

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

/// One of somebody's own, and one that is not.
const PASSWORDS: [&str; 2] = ["kumquat-obelisk-fjord-91", "quetzal-obelisk-fjord-92"];

/// Everything that a manager may ask of a room and of the WARP.
fn whatever_lists_something(
    room: RoomId,
    posted: u64,
) -> anyhow::Result<Vec<(&'static str, Value)>> {
    let disclosed = DiscloseRoom {
        room,
        from_ms: None,
        until_ms: None,
        people: Vec::new(),
        words: Vec::new(),
        up_to: Label::Green,
        purpose: Purpose::SubjectAccess,
        reference: None,
        after: 0,
        limit: 200,
    };
    Ok(vec![
        call(&ListMembers {})?,
        call(&ListOrganisations {})?,
        call(&ListInvitations {})?,
        call(&ListBots {})?,
        call(&ListDevices { member: None })?,
        call(&ListRooms { all: true })?,
        call(&RoomMembers { room })?,
        call(&RegisterPage { after: 0, limit: 200 })?,
        call(&HistoryPage { room, from: From::After(0), limit: 200 })?,
        call(&RoomExport { room, after: 0, limit: 200 })?,
        call(&disclosed)?,
        call(&ReachedBy { room, of: posted })?,
        call(&ListProposals {})?,
        call(&ShowRetention { room: Some(room) })?,
        call(&AuditPage { from: From::After(0), limit: 200 })?,
    ])
}

/// What is answered to whoever sends a secret where it opens nothing: used up, put out of use, wrong, or in
/// the wrong place.
async fn refusals(
    warp: &Warp,
    dan: &Person,
    (used_code, former_token, former_hook): (&str, &str, &str),
) -> anyhow::Result<String> {
    let mut heard = String::new();
    let mut member = warp.raw().await?;
    member.sign_in(dan).await?;
    for password in PASSWORDS {
        let mut raw = warp.raw().await?;
        let key = DeviceKey::generate();
        let signature = key.sign(&sign_in_message(raw.exporter()));
        let device = json!({"name": "x", "public_key": key.public_key(), "signature": signature});
        let enrolment = |handle: &str, code: &str| json!({"handle": handle, "password": password, "totp_code": code, "device": device});
        let secret = dan.totp.to_base32();
        let redeeming = json!({
            "code": used_code, "password": password, "device": device,
            "totp": {"secret": secret, "code": password},
        });
        for (method, fields) in [
            ("device.enrol", enrolment("dan", "000000")),
            ("device.enrol", enrolment("dan", password)),
            ("device.enrol", enrolment(password, secret.expose())),
            ("device.enrol", json!({"password": password, password: password})),
            ("invitation.redeem", redeeming),
            ("invitation.show", json!({"code": used_code})),
            ("invitation.show", json!({"code": password, "password": used_code})),
            ("session.start", json!({"proof": {"token": former_token}})),
            ("session.start", json!({"proof": {"token": secret}})),
            ("session.start", json!({"proof": {(password): former_token}})),
            ("session.start", json!({"proof": former_token})),
        ] {
            let reply = raw.call(1, method, &fields).await?;
            ensure!(refused(&reply)?.is_some(), "{method}: {reply}");
            heard.push_str(&reply);
        }
        for (method, fields) in [
            (
                "member.credentials",
                json!({"password": password, "totp_code": "000000", "new_password": PASSWORDS[1]}),
            ),
            ("member.credentials", json!({"password": password, "totp_code": secret})),
            ("organisation.add", json!({"name": password, (former_token): former_hook})),
            ("device.revoke", json!({"device": former_token})),
            (password, json!({})),
            (former_token, json!([])),
        ] {
            let reply = member.call(1, method, &fields).await?;
            ensure!(refused(&reply)?.is_some(), "{method}: {reply}");
            heard.push_str(&reply);
        }
    }
    let request = format!(
        "POST /hooks/{former_hook} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: 12\r\n\r\n{{\"text\":\"a\"}}"
    );
    let answer = https(warp.local(), request.as_bytes()).await?;
    ensure!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    Ok(heard + &answer)
}

#[tokio::test]
async fn no_answer_and_no_notice_repeats_a_secret() -> anyhow::Result<()> {
    let warp = Warp::builder().env("WARPROOM_SERVER_LIMITS__REFUSALS_MS", 200).start().await?;
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
    let whole = Person {
        member: dan.signed_in.me.principal.member().context("a member")?,
        handle: "dan".parse()?,
        device: dan.device,
        key: dan.key.clone(),
        totp: old,
        client,
        address: warp.address().clone(),
    };
    let former = bot.hook.as_ref().and_then(|hook| last(hook.expose())).context("a webhook")?;
    let code = invitation.code.expose();
    let told = refusals(&warp, &whole, (code, bot.token.expose(), &former)).await?;
    for (what, secret) in &secrets {
        ensure!(!told.contains(secret), "{what} is in a refusal: {told}");
    }
    let posted = mary.post(room, Label::Green, "a post").await?.seq;
    let counted = async || {
        let page = mary.client.call(AuditPage { from: From::After(0), limit: 200 }).await.ok()?;
        serde_json::to_string(&page).ok().filter(|page| page.contains("refused"))
    };
    eventually(DEADLINE, counted).await.context("no refusal is in the audit log")?;
    let mut heard = all_that_comes(&mut listener, &whatever_lists_something(room, posted)?).await?;
    let revoke = call(&RevokeInvitation { invitation: pending.invitation })?;
    heard.push_str(&all_that_comes(&mut listener, &[revoke]).await?);
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
