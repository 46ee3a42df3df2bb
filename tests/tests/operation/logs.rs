//! What the log may hold: ids, sizes and causes. A WARP runs with the most talkative log there is, in both
//! forms, and everything that is said, typed in or sent there, and where it came from, is looked for in it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256 as Sha256Digest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use warproom_client::{Credentials, enrol_device};
use warproom_proto::calls::{AddBot, BeginFile, PutPart};
use warproom_proto::register::{Hook, Role};
use warproom_proto::{EntryId, Label, PartData, RoomId, Secret, Sha256};
use warproom_tests::harness::{
    Canary, Person, Warp, found, grant, raw_tls_from, roll_call, warning,
};
use warproom_tests::wire::{Wire, authority, tls_config};

/// Addresses of this machine that nothing else here has (RFC 1122 §3.2.1.3: all of 127/8 is): where
/// strangers are, and where a member is.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 31, 9));
const OFFICE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 42, 8));

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
    let mut canaries = Canaries(Vec::new());
    for (what, text) in [
        ("a stranger's address", ELSEWHERE.to_string()),
        ("a member's address", OFFICE.to_string()),
        // As the audit log keeps them, for those they concern.
        ("a stranger's network", "127.77.31.".to_owned()),
        ("a member's network", "127.77.42.".to_owned()),
    ] {
        canaries.put(what, &text);
    }
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
    let mut wire = from_the_office(warp, &officer).await?;
    let malformed = canaries.put("a request that is none", "malformed-gobbledygook-5512");
    wire.refusal_of(&format!("{{\"{malformed}\": 1}}")).await?;
    let surplus = canaries.put("a surplus field", "surplus_farrago_77");
    ensure!(wire.ask("room.list", json!({ surplus: 1 })).await?.is_err());
    let method = canaries.put("a call that is none", "brobdingnag.tessellate");
    ensure!(wire.ask(&method, json!({ "id": EntryId::random() })).await?.is_err());

    in_files(&mut wire, room, canaries).await?;
    in_disclosures(&mut from_the_office(warp, manager).await?, room, canaries).await?;
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

/// A member's connection from an address of its own.
async fn from_the_office(warp: &Warp, officer: &Person) -> anyhow::Result<Wire> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(OFFICE, 0))?;
    let tcp = socket.connect(warp.local()).await?;
    let mut wire = Wire::tls_over(tcp, tls_config(&authority(warp))?).await?;
    wire.upgrade_now().await?;
    wire.sign_in(&officer.credentials()).await?;
    Ok(wire)
}

/// What files hold and are called.
async fn in_files(wire: &mut Wire, room: RoomId, canaries: &mut Canaries) -> anyhow::Result<()> {
    let held = canaries.put("a file", "the ledger of the quicksilver sluice");
    let sha256 = Sha256(Sha256Digest::digest(held.as_bytes()).into());
    let begin = BeginFile { room, size_bytes: held.len() as u64, sha256 };
    let file = wire.call(&begin).await??.file;
    wire.call(&PutPart { file, part: 0, data: PartData(held.into_bytes()) }).await??;
    let name = canaries.put("a file's name", "Hullabaloo ledger of 2024.pdf");
    let kind = canaries.put("a file's type", "application/x-quincunx-ledger");
    let post = |name: &str| {
        let file = json!({"file": file, "name": name, "media_type": kind});
        json!({"room": room, "id": EntryId::random(), "label": Label::Green, "text": "a file",
               "files": [file]})
    };
    let bad = canaries.put("a name that no file may have", "../hullabaloo/ledger-of-nobody");
    ensure!(wire.ask("entry.post", post(&bad)).await?.is_err(), "a path is a name");
    let posted = wire.ask("entry.post", post(&name)).await?;
    let seq = posted.map_err(|refused| anyhow::anyhow!("{refused}"))?["seq"].clone();
    let read = json!({"room": room, "seq": seq, "file": file, "part": 0});
    ensure!(wire.ask("file.read", read).await?.is_ok(), "the file is not read");
    Ok(())
}

/// What a disclosure looks for, of a room that is there and of one that is not.
async fn in_disclosures(
    wire: &mut Wire,
    room: RoomId,
    canaries: &mut Canaries,
) -> anyhow::Result<()> {
    let words = canaries.put("a word of a disclosure", "defenestrated marmalade");
    let reference = canaries.put("a disclosure's number", "FOI-perspicacious-88");
    let disclosure = json!({
        "room": room, "words": [words], "up_to": Label::Green, "purpose": "subject_access",
        "reference": reference, "limit": 200,
    });
    let disclosed = wire.ask("disclosure.run", disclosure.clone()).await?;
    ensure!(disclosed.is_ok(), "nothing is disclosed: {disclosed:?}");
    let mut elsewhere = disclosure;
    elsewhere["room"] = json!(RoomId::random());
    ensure!(wire.ask("disclosure.run", elsewhere).await?.is_err(), "of no room");
    Ok(())
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
