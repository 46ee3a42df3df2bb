//! The upgrade from an earlier release: a store that it made is checked in, with the keys of its WARP and
//! of a device, all made for this. The present server starts on a copy of it; who was a member then signs in
//! with the device of then, reads and checks all there is, and goes on.
//!
//! There is no earlier release yet. The stores that are here were made by earlier commits under the version that
//! is still to be released: one before there was an audit log, one with files, retention, a legal hold, a proposal
//! and an export.
//!
//! How a release leaves its own store behind stands in CONTRIBUTING.md.

#[path = "upgrade/governed.rs"]
mod governed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use warproom_client::{Client, Connector, Credentials, DeviceKey, Events, Heads};
use warproom_proto::calls::{
    AddBot, From, HistoryPage, ReactToEntry, RegisterPage, RelabelEntry, ShowBoard,
};
use warproom_proto::invitation::{Address, Fingerprint, Invitation};
use warproom_proto::register::{Hook, Role};
use warproom_proto::{DeviceId, EntryId, Label, LogId, Record, RoomId, Secret, Seq};
use warproom_tests::harness::{
    Person, Served, Warp, chain_end, choices, grant, roll_call, text_of, warning,
};

use governed::Governed;

/// The releases whose stores are here, oldest first; as yet the one to come, at earlier commits.
const RELEASES: &[&str] = &["0.1.0", "0.1.0-files"];

/// The variable that names a store otherwise than by its release.
const NAME: &str = "WARPROOM_STORE_NAME";

/// What is remembered of a WARP beside its folder.
#[derive(Serialize, Deserialize)]
struct Remembered {
    authority: Fingerprint,
    room: RoomId,
    /// The ask in it.
    ask: Seq,
    manager: Device,
    officer: Device,
    /// A bot's token, and the last part of its webhook's address.
    token: String,
    hook: String,
    /// An invitation that nobody used, without its address.
    invitation: String,
    /// What an officer read in the room, record by record: the head, and the text if there was one.
    room_records: Vec<(String, Option<String>)>,
    /// The same of the register, for the manager.
    register_heads: Vec<String>,
    /// How far the officer's client knew the logs.
    heads: Heads,
    /// Not in the oldest store.
    governed: Option<Governed>,
}

#[derive(Serialize, Deserialize)]
struct Device {
    device: DeviceId,
    key: String,
}

impl Device {
    fn of(person: &Person) -> Self {
        Self { device: person.device, key: person.key.to_text().expose().to_owned() }
    }

    async fn connect(&self, address: &Address, heads: Heads) -> anyhow::Result<(Client, Events)> {
        let key = DeviceKey::from_text(&self.key)?;
        let credentials = Credentials::Device { device: self.device, key };
        Ok(Connector::new(address.clone(), credentials).heads(heads).connect().await?)
    }
}

fn fixture(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format!("store-{release}"))
}

#[tokio::test]
async fn a_store_of_every_earlier_release_is_served_on() -> anyhow::Result<()> {
    for release in RELEASES {
        served_on(release).await.with_context(|| format!("the store of {release}"))?;
    }
    Ok(())
}

async fn served_on(release: &str) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let archive = fixture(release).join("warp.tar.gz");
    let tar = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(home.path()).status()?;
    ensure!(tar.success(), "{} is not unpacked", archive.display());
    let remembered: Remembered =
        serde_json::from_str(&fs::read_to_string(fixture(release).join("remembered.json"))?)?;

    let mut served = Served::start(&home.path().join("warp")).await?;
    let address = Address {
        host_port: format!("localhost:{}", served.local().port()),
        authority: remembered.authority,
    };
    let room = remembered.room;
    {
        let (officer, _events) =
            remembered.officer.connect(&address, remembered.heads.clone()).await?;
        let records = records_of(&officer, room).await?;
        let read: Vec<_> = records.iter().map(|one| (one.head.to_string(), text_of(one))).collect();
        ensure!(read == remembered.room_records, "another history: {read:?}");
        ensure!(chain_end(LogId::room(room), &records).is_some(), "the room's chain");
        let board = officer.call(ShowBoard { room, of: remembered.ask }).await?;
        let answered: Vec<_> = choices(&board)?.into_iter().filter_map(|row| row.1).collect();
        ensure!(answered.iter().any(|choice| choice.as_str() == "affected"), "{answered:?}");

        // It goes on: on top of what there was, known to what the client remembers.
        officer.follow(room, None).await?;
        let posted = officer.post(room, Label::Green, "after the upgrade").await?;
        ensure!(posted.seq == records.len() as u64 + 1, "{posted:?}");
        ensure!(officer.rewritten().is_empty(), "{:?}", officer.rewritten());
    }
    let (manager, _events) = remembered.manager.connect(&address, Heads::default()).await?;
    let register = register_of(&manager).await?;
    let heads: Vec<_> = register.iter().map(|record| record.head.to_string()).collect();
    // A newer server may have added to it, as the key of the audit log.
    ensure!(heads.starts_with(&remembered.register_heads), "another register");
    ensure!(chain_end(LogId::REGISTER, &register).is_some(), "the register's chain");
    if let Some(governed) = &remembered.governed {
        let (officer, _events) =
            remembered.officer.connect(&address, remembered.heads.clone()).await?;
        governed.is_there((&officer, &manager), room, &register).await?;
    }
    // Bot, webhook and invitation of then.
    let token = Credentials::Token(remembered.token.clone().into());
    let (bot, _events) = Connector::new(address.clone(), token).connect().await?;
    bot.post(room, Label::Green, "a bot of then").await?;
    let status = served.post_hook(&remembered.hook, br#"{"text": "a webhook of then"}"#).await?;
    ensure!(status == 200, "the webhook answers {status}");
    let code: Secret = remembered.invitation.clone().into();
    let joined = Person::join(&Invitation { address, code }).await?;
    ensure!(joined.handle.as_str() == "thea", "{}", joined.handle.as_str());

    drop((manager, bot, joined));
    served.stop().await?;
    let verified = served.verify()?;
    let said = String::from_utf8_lossy(&verified.stdout);
    ensure!(verified.status.success() && said.contains("every chain whole"), "{verified:?}");
    Ok(())
}

async fn records_of(client: &Client, room: RoomId) -> anyhow::Result<Vec<Record>> {
    Ok(client.call(HistoryPage { room, from: From::After(0), limit: 200 }).await?.records)
}

async fn register_of(client: &Client) -> anyhow::Result<Vec<Record>> {
    Ok(client.call(RegisterPage { after: 0, limit: 200 }).await?.records)
}

/// Leaves the store of this release behind, for the releases to come.
#[tokio::test]
#[ignore = "run once for each release, before it: see CONTRIBUTING.md"]
async fn a_store_of_this_release_is_made() -> anyhow::Result<()> {
    let name = std::env::var(NAME).unwrap_or_else(|_| env!("CARGO_PKG_VERSION").to_owned());
    let target = fixture(&name);
    ensure!(!target.exists(), "{} is there already", target.display());
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let officer = warp.officer("dan", dover).await?;
    let manager = warp.manager();
    let room = warp.room(&[manager, &officer], Label::Red, Label::Green).await?;
    let first = officer.post(room, Label::Green, "The planning portal is down.").await?.seq;
    manager.reply(room, first, Label::Amber, "Ours too, since 06:40.").await?;
    let red = manager.post(room, Label::Red, "For those in the room only.").await?.seq;
    // Long enough to be stored in parts.
    officer.post(room, Label::AmberStrict, &"A long report. ".repeat(600)).await?;
    let reaction = "👍".parse()?;
    let react = ReactToEntry { room, id: EntryId::random(), of: red, reaction, withdrawn: false };
    officer.client.append(react).await?;
    let relabel = RelabelEntry { room, id: EntryId::random(), of: first, to: Label::Amber };
    officer.client.append(relabel).await?;
    let ask = manager.ask(room, Label::Amber, roll_call(None)?).await?.seq;
    officer.answer(room, ask, "affected").await?;
    manager.client.append(warning(room, Label::Green, "Civica: portals unreachable")?).await?;
    let hook = Some(Hook { room, label: Label::Green });
    let call =
        AddBot { name: "Monitor".parse()?, grant: grant(room, None, Some(Label::Amber)), hook };
    let bot = manager.client.call(call).await?;
    let hook = bot.hook.context("it was added with a webhook")?;
    let hook = hook.expose().rsplit('/').next().context("no last part")?.to_owned();
    let (_, invitation) = warp.invite("thea", dover, Role::Officer).await?;

    let governed = Some(Governed::make(&warp, (room, dover), &officer).await?);
    let (reader, _events) = officer.follow(room, 0).await?;
    let records = records_of(&reader, room).await?;
    let register = register_of(&manager.client).await?;
    let remembered = Remembered {
        authority: warp.address().authority,
        room,
        ask,
        manager: Device::of(manager),
        officer: Device::of(&officer),
        token: bot.token.expose().to_owned(),
        hook,
        invitation: invitation.code.expose().to_owned(),
        room_records: records.iter().map(|one| (one.head.to_string(), text_of(one))).collect(),
        register_heads: register.iter().map(|record| record.head.to_string()).collect(),
        heads: reader.heads(),
        governed,
    };
    drop((reader, officer));
    warp.stop().await?;
    fs::create_dir_all(&target)?;
    fs::write(target.join("remembered.json"), serde_json::to_string_pretty(&remembered)? + "\n")?;
    let folder = warp.folder();
    let (home, name) = (folder.parent().context("a folder")?, folder.file_name());
    let mut tar = Command::new("tar");
    tar.args(["--owner=0", "--group=0", "--numeric-owner", "-czf"]).arg(target.join("warp.tar.gz"));
    ensure!(tar.arg("-C").arg(home).arg(name.context("a name")?).status()?.success());
    Ok(())
}
