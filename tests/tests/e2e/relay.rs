//! The relay, as it is run: the real program against the real server, from a folder and from a web
//! server on loopback.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use warproom_proto::alert::Message;
use warproom_proto::calls::{From, HistoryPage};
use warproom_proto::{Entry, Kind, Label, Principal, RoomId, Seq};
use warproom_tests::harness::{Person, Warp, entry_of, grant, relay_binary};

/// Public documents that the relay's own tests use too.
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../apps/relay/samples");

/// A relay of a WARP: its bot, its configuration and what it remembers.
struct Relay {
    home: TempDir,
    binary: PathBuf,
    token: String,
    bot: Principal,
}

impl Relay {
    async fn of(warp: &Warp, room: RoomId, post: Label) -> anyhow::Result<Self> {
        let added = warp.bot(grant(room, None, Some(post))).await?;
        let binary = tokio::task::spawn_blocking(relay_binary).await??;
        let token = added.token.expose().to_owned();
        let relay =
            Self { home: tempfile::tempdir()?, binary, token, bot: Principal::Bot(added.bot) };
        std::fs::create_dir(relay.inbox())?;
        let address = &warp.manager().address;
        let text = format!(
            "state = \"state\"\n[warp]\naddress = \"{address}\"\n[[source]]\nname = \"Inbox\"\n\
             kind = \"folder\"\npath = \"inbox\"\nevery = \"15m\"\nrooms = [\"{room}\"]\n\
             label = \"TLP:GREEN\"\n"
        );
        std::fs::write(relay.config(), text)?;
        Ok(relay)
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("relay.toml")
    }

    fn inbox(&self) -> PathBuf {
        self.home.path().join("inbox")
    }

    /// Puts a sample in, as whoever writes it whole and then renames it.
    fn put(&self, sample: &str) -> anyhow::Result<()> {
        let from = Path::new(SAMPLES).join(sample);
        let name = sample.replace('/', "-");
        std::fs::copy(&from, self.home.path().join(&name)).with_context(|| sample.to_owned())?;
        Ok(std::fs::rename(self.home.path().join(&name), self.inbox().join(&name))?)
    }

    /// Runs one round and says what it told on its error output.
    async fn round(&self) -> anyhow::Result<String> {
        let mut relay = Command::new(&self.binary);
        relay.args(["run", "--once", "--config"]).arg(self.config());
        relay.env("WARPROOM_RELAY_TOKEN", &self.token);
        let output = tokio::task::spawn_blocking(move || relay.output()).await??;
        let told = String::from_utf8(output.stderr)?;
        ensure!(!told.contains(&self.token), "the token is told");
        ensure!(output.status.success(), "the relay ended with {}:\n{told}", output.status);
        Ok(told)
    }
}

/// What a bot has posted to a room, with its numbers.
async fn posted(by: Principal, reader: &Person, room: RoomId) -> anyhow::Result<Vec<(Seq, Entry)>> {
    let page = reader.client.call(HistoryPage { room, from: From::After(0), limit: 200 }).await?;
    let entries =
        page.records.iter().map(|record| Ok((record.seq, entry_of(record).context("withheld")?)));
    let entries: anyhow::Result<Vec<_>> = entries.collect();
    Ok(entries?.into_iter().filter(|(_, entry)| entry.handling.author == by).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_of_every_format_become_alerts_once_and_a_bad_one_stops_nothing()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Red, Label::Amber).await?;
    let relay = Relay::of(&warp, room, Label::Red).await?;
    for sample in [
        "cap/hostile-entities.xml",
        "cap/earthquake-update.xml",
        "csaf/red.json",
        "csaf/icsa-24-298-03.json",
        "stix/hostile.json",
        "stix/apt1-report.json",
        "misp/samsam.json",
        "feed/hostile-page.html",
        "feed/debian-news.rdf",
    ] {
        relay.put(sample)?;
    }
    let told = relay.round().await?;
    ensure!(
        told.contains("cap-hostile-entities.xml") && told.contains("feed-hostile-page.html"),
        "{told}"
    );
    let first = posted(relay.bot, manager, room).await?;
    ensure!(first.len() >= 5, "only {} entries", first.len());
    let is_alert = |entry: &Entry| matches!(entry.handling.kind, Kind::Alert(_));
    ensure!(first.iter().all(|(_, entry)| is_alert(entry)), "an alert each");
    let strictest = first.iter().map(|(_, entry)| entry.handling.label).max();
    ensure!(strictest == Some(Label::Red), "{strictest:?}: the CSAF document is TLP:RED");
    ensure!(first.iter().all(|(_, entry)| entry.handling.label >= Label::Clear));

    relay.round().await?;
    ensure!(posted(relay.bot, manager, room).await?.len() == first.len(), "nothing comes twice");

    // Without its memory it reads everything again; entry ids follow from what the items say.
    std::fs::remove_dir_all(relay.home.path().join("state"))?;
    relay.round().await?;
    ensure!(posted(relay.bot, manager, room).await?.len() == first.len(), "nor without its memory");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_revision_takes_the_place_of_the_earlier_alert() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Red, Label::Amber).await?;
    let relay = Relay::of(&warp, room, Label::Red).await?;
    let cap = |sent: &str, kind: &str, references: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>W-{sent}</identifier>\
             <sender>warnings@council.example</sender><sent>2024-01-18T{sent}:00:00+00:00</sent>\
             <status>Actual</status><msgType>{kind}</msgType><scope>Public</scope>{references}\
             <info><category>Infra</category><event>Portal outage</event><urgency>Immediate</urgency>\
             <severity>Severe</severity><certainty>Observed</certainty>\
             <headline>Planning portal at {sent}</headline></info></alert>"
        )
    };
    let refers = "<references>warnings@council.example,W-09,2024-01-18T09:00:00+00:00</references>";
    let put = |name: &str, text: String| -> anyhow::Result<()> {
        let path = relay.home.path().join(name);
        std::fs::write(&path, text)?;
        Ok(std::fs::rename(path, relay.inbox().join(name))?)
    };
    put("first.xml", cap("09", "Alert", ""))?;
    relay.round().await?;
    put("second.xml", cap("10", "Update", refers))?;
    relay.round().await?;
    put("third.xml", cap("11", "Cancel", refers))?;
    relay.round().await?;
    let posted = posted(relay.bot, manager, room).await?;
    let alerts: Vec<_> = posted
        .iter()
        .filter_map(|(seq, entry)| match &entry.handling.kind {
            Kind::Alert(alert) => Some((*seq, alert.message, alert.supersedes)),
            _ => None,
        })
        .collect();
    let [
        (first, Message::Alert, None),
        (second, Message::Update, replaced),
        (_, Message::Cancel, ended),
    ] = alerts[..]
    else {
        anyhow::bail!("{alerts:?}")
    };
    ensure!((replaced, ended) == (Some(first), Some(second)), "{alerts:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_posts_nothing_beyond_its_grant_and_says_so() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Red, Label::Amber).await?;
    let relay = Relay::of(&warp, room, Label::Green).await?;
    relay.put("csaf/red.json")?;
    relay.put("cap/earthquake-update.xml")?;
    let told = relay.round().await?;
    ensure!(told.contains("above what this bot's grant"), "{told}");
    let posted = posted(relay.bot, manager, room).await?;
    ensure!(posted.len() == 1 && posted[0].1.handling.label <= Label::Green, "{}", posted.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_shows_what_would_be_posted_and_posts_nothing() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Red, Label::Amber).await?;
    let relay = Relay::of(&warp, room, Label::Red).await?;
    relay.put("csaf/red.json")?;
    let mut check = Command::new(&relay.binary);
    check.args(["check", "--config"]).arg(relay.config());
    let output = tokio::task::spawn_blocking(move || check.output()).await??;
    let shown = String::from_utf8(output.stdout)?;
    ensure!(output.status.success() && shown.contains("would post: [TLP:RED]"), "{shown}");
    ensure!(posted(relay.bot, manager, room).await?.is_empty(), "something was posted");
    relay.round().await?;
    ensure!(posted(relay.bot, manager, room).await?.len() == 1, "check remembered something");
    Ok(())
}
