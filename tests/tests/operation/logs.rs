//! What the log may hold: ids, sizes and causes. A WARP runs with the most talkative log there is, in both
//! forms, and everything that is said, typed in or sent there, and where it came from, is looked for in it.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use warproom_client::{Credentials, enrol_device};
use warproom_proto::calls::AddBot;
use warproom_proto::register::{Hook, Role};
use warproom_proto::{EntryId, Label, Secret};
use warproom_tests::harness::{
    Canary, Person, Warp, found, grant, raw_tls_from, roll_call, warning,
};
use warproom_tests::wire::Wire;

/// An address of this machine that nothing else here has (RFC 1122 §3.2.1.3: all of 127/8 is).
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 31, 9));

#[tokio::test(flavor = "multi_thread")]
async fn the_log_for_people_holds_no_word_secret_or_address() -> anyhow::Result<()> {
    let log = talkative("text").await?;
    ensure!(log.contains(" signed in connection="), "another log: {log}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_for_programs_is_json_and_holds_no_word_secret_or_address() -> anyhow::Result<()> {
    let log = talkative("json").await?;
    let mut signed_in = 0;
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        for field in ["timestamp", "level", "target", "message"] {
            ensure!(line[field].is_string(), "no {field}: {line}");
        }
        signed_in += usize::from(line["message"] == "signed in" && line["who"].is_string());
    }
    ensure!(signed_in >= 3, "only {signed_in} signed in");
    Ok(())
}

/// Everything said to a WARP that logs all it can; its log, in which none of it is.
async fn talkative(format: &str) -> anyhow::Result<String> {
    let builder = Warp::builder().env("WARPROOM_SERVER_LOG", "trace");
    let mut warp = builder.env("WARPROOM_SERVER_LOG_FORMAT", format).start().await?;
    let mut canaries =
        Canaries(vec![Canary { what: "a peer's address", text: ELSEWHERE.to_string() }]);
    inside(&warp, &mut canaries).await?;
    outside(&warp, &mut canaries).await?;
    warp.stop().await?;
    let log = warp.log()?;
    for canary in &canaries.0 {
        if let Some(form) = found(log.as_bytes(), canary) {
            let line = log.lines().find(|line| line.contains(&canary.text)).unwrap_or_default();
            anyhow::bail!("{} is in the log, {form}: {line}", canary.what);
        }
    }
    let seen = ["webhook", "sign-in refused", "TLS handshake failed", "ended", "stopped"];
    for event in seen {
        ensure!(log.contains(event), "nothing of {event} was logged: {log}");
    }
    Ok(log)
}

struct Canaries(Vec<Canary>);

impl Canaries {
    fn put(&mut self, what: &'static str, text: &str) -> String {
        self.0.push(Canary { what, text: text.to_owned() });
        text.to_owned()
    }
}

/// What members and bots say.
async fn inside(warp: &Warp, canaries: &mut Canaries) -> anyhow::Result<()> {
    let manager = warp.manager();
    let council = warp.organisation(&canaries.put("an organisation", "Quetzalborough")).await?;
    let handle = canaries.put("a handle", "xanthippe.vex");
    let (_, invitation) = warp.invite(&handle, council, Role::Officer).await?;
    canaries.put("an invitation's code", invitation.code.expose());
    let officer = Person::join(&invitation).await?;
    canaries.put("a password", Person::PASSWORD);
    canaries.put("a TOTP secret", officer.totp.to_base32().expose());
    canaries.put("a device's key", officer.key.to_text().expose());
    let wrong: Secret = canaries.put("a mistyped password", "kumquat-obelisk-typo-92").into();
    let name = canaries.put("a device's name", "Wunderkammer Laptop").parse()?;
    let (address, code) = (warp.address(), officer.totp.code_now());
    let enrolled = enrol_device(address, handle.parse()?, wrong, code, name).await;
    ensure!(enrolled.is_err(), "a wrong password signs in");

    let room = warp.room(&[manager, &officer], Label::Red, Label::Green).await?;
    let red = canaries.put("a message", "the mainframe hums a saskatoon lullaby");
    officer.post(room, Label::Red, &red).await?;
    let headline = canaries.put("an alert", "Vermicelli Firewall 9000 is open");
    manager.client.append(warning(room, Label::Green, &headline)?).await?;
    let ask = manager.ask(room, Label::Amber, roll_call(None)?).await?.seq;
    officer
        .report(
            (room, ask),
            &canaries.put("a supplier", "Palimpsest Hosting"),
            warproom_proto::Reporting::No,
        )
        .await?;
    officer.finds(room, &canaries.put("a search", "saskatoon never found")).await?;
    let mut wire = Wire::person(warp, &officer).await?;
    let malformed = canaries.put("a request that is none", "malformed-gobbledygook-5512");
    wire.refusal_of(&format!("{{\"{malformed}\": 1}}")).await?;
    let surplus = canaries.put("a surplus field", "surplus_farrago_77");
    ensure!(wire.ask("room.list", json!({ surplus: 1 })).await?.is_err());
    let method = canaries.put("a call that is none", "brobdingnag.tessellate");
    ensure!(wire.ask(&method, json!({ "id": EntryId::random() })).await?.is_err());

    let hook = Some(Hook { room, label: Label::Green });
    let name = canaries.put("a bot's name", "Ocelot Relay").parse()?;
    let call = AddBot { name, grant: grant(room, None, Some(Label::Green)), hook };
    let bot = manager.client.call(call).await?;
    canaries.put("a bot's token", bot.token.expose());
    let url = bot.hook.context("it was added with a webhook")?;
    let secret = url.expose().rsplit('/').next().context("no last part")?.to_owned();
    canaries.put("a webhook's secret", &secret);
    Wire::stranger(warp).await?.sign_in(&Credentials::Token(bot.token)).await?;
    let said = canaries.put("a webhook's message", "monitoring-sesquipedalian-11");
    post_hook(warp, &secret, &format!("{{\"text\":\"{said}\"}}")).await?;
    let said = canaries.put("a webhook's broken message", "broken-sesquipedalian-12");
    post_hook(warp, &secret, &format!("{{\"{said}\"")).await
}

/// What strangers send, from an address of their own.
async fn outside(warp: &Warp, canaries: &mut Canaries) -> anyhow::Result<()> {
    let wrong = canaries.put("a wrong webhook's secret", "wphookfarragosesquipedalian");
    post_hook(warp, &wrong, "{\"text\":\"a\"}").await?;
    let token =
        canaries.put("a wrong token", "wpbot_AAAAsesquipedalianAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let mut stranger = Wire::stranger(warp).await?;
    ensure!(stranger.sign_in(&Credentials::Token(token.into())).await.is_err());
    let path = canaries.put("a path", "peregrination-of-strangers");
    let field = canaries.put("a head's field", "perambulation-of-strangers");
    let referrer = format!("Referer: https://{field}/\r\nX-Forwarded-For: 203.0.113.199");
    canaries.put("a forwarded address", "203.0.113.199");
    for (target, more) in [("/health", ""), (path.as_str(), "?q=1"), ("/", "#")] {
        let request = format!(
            "GET /{target}{more} HTTP/1.1\r\nHost: localhost\r\n{referrer}\r\nConnection: close\r\n\r\n"
        );
        exchange(warp, request.as_bytes()).await?;
    }
    // No TLS at all.
    let mut plain = TcpStream::connect(warp.local()).await?;
    let said = canaries.put("what is no TLS", "GET /cleartext-shibboleth");
    plain.write_all(format!("{said} HTTP/1.1\r\n\r\n").as_bytes()).await?;
    let _ = plain.read_to_end(&mut Vec::new()).await;
    Ok(())
}

async fn post_hook(warp: &Warp, secret: &str, body: &str) -> anyhow::Result<()> {
    let length = body.len();
    let request = format!(
        "POST /hooks/{secret} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    exchange(warp, request.as_bytes()).await
}

async fn exchange(warp: &Warp, request: &[u8]) -> anyhow::Result<()> {
    let mut stream = raw_tls_from(ELSEWHERE, warp.local()).await?;
    stream.write_all(request).await?;
    // How it ends does not matter here.
    let _ = stream.read_to_end(&mut Vec::new()).await;
    Ok(())
}
