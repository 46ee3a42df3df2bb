//! Warnings from outside: how long a relay's document takes to reach every officer, and what a whole
//! catalogue at once costs those who talk meanwhile.
//!
//! The relay is its own program. In life it has a computer of its own: here it shares the load's core
//! at the lowest priority, and remembers in memory, so that its disk work is not the server's.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use warproom_proto::RoomId;
use warproom_proto::invitation::Address;

use super::connection::Connection;
use super::fan_out::{TEXT_BYTES, WRITERS};
use super::grounds::Grounds;
use super::load::{self, Outcome, Pace, Peer, Plan, Writes, to_float};
use super::machine::Cores;
use super::report::Report;
use crate::harness::relay_binary;

/// The longest that one run of the relay may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many entries the catalogue has: about as many as CISA's, and as many as the aim says.
const CATALOGUE: usize = 1_400;
const WHOLE: usize = 10_000;

/// Linux's folder in memory (`shm_overview(7)`).
const MEMORY: &str = "/dev/shm";

/// The aims: milliseconds from document to officers, and times the p99 of another room.
const AIM_MS: f64 = 1_000.0;
const AIM_TIMES: f64 = 2.0;

/// A web server of the bench with one catalogue, which knows when it was last handed over.
struct Catalogue {
    document: Mutex<String>,
    handed_over: Mutex<Option<Instant>>,
    address: String,
}

impl Catalogue {
    async fn open() -> anyhow::Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}/catalogue.json", listener.local_addr()?);
        let (document, handed_over) = (Mutex::default(), Mutex::default());
        let catalogue = Arc::new(Self { document, handed_over, address });
        let served = Arc::downgrade(&catalogue);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(catalogue) = served.upgrade() else { return };
                // The relay reports what goes wrong.
                let _ = catalogue.answer(stream).await;
            }
        });
        Ok(catalogue)
    }

    fn set(&self, entries: usize) {
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = kev(entries);
    }

    async fn answer(&self, mut stream: TcpStream) -> anyhow::Result<()> {
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        while !request.ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut buffer).await?;
            ensure!(read > 0, "the request ended");
            request.extend_from_slice(&buffer[..read]);
        }
        let document = self.document.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let length = document.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(document.as_bytes()).await?;
        stream.shutdown().await?;
        let mut handed_over = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
        *handed_over = Some(Instant::now());
        Ok(())
    }
}

/// A catalogue in CISA's form with so many entries, the newest last.
fn kev(entries: usize) -> String {
    let entry = |number: usize| {
        json!({
            "cveID": cve(number),
            "vendorProject": format!("Vendor {}", number % 200),
            "product": format!("Product {}", number % 900),
            "vulnerabilityName": format!("Vendor {} Product Command Injection Vulnerability", number % 200),
            "dateAdded": format!("2024-{:02}-{:02}", 1 + number / 28 % 12, 1 + number % 28),
            "shortDescription": "A command injection vulnerability in the web component allows an attacker to run commands with the rights of the service.",
            "requiredAction": "Apply mitigations per vendor instructions or discontinue use of the product if mitigations are unavailable.",
            "dueDate": "2024-12-31",
            "knownRansomwareCampaignUse": "Unknown",
            "notes": format!("https://vendor.example/advisories/{number}"),
        })
    };
    let entries: Vec<_> = (0..entries).map(entry).collect();
    let count = entries.len();
    json!({"title": "Catalogue", "catalogVersion": "1", "dateReleased": "2024-12-31T00:00:00Z", "count": count, "vulnerabilities": entries}).to_string()
}

fn cve(number: usize) -> String {
    format!("CVE-2024-{:05}", 10_000 + number)
}

/// The relay as somebody sets it up.
struct Relay {
    binary: PathBuf,
    folder: PathBuf,
    token: String,
    cores: Cores,
}

impl Relay {
    /// Writes a configuration with a memory of this name.
    fn configure(
        &self,
        memory: &str,
        room: &str,
        (warp, catalogue): (&Address, &str),
    ) -> anyhow::Result<()> {
        let text = format!(
            "state = \"{memory}\"\n[warp]\naddress = \"{warp}\"\n[[source]]\nname = \"Catalogue\"\n\
             kind = \"kev\"\nurl = \"{catalogue}\"\nevery = \"15m\"\nrooms = [\"{room}\"]\n\
             label = \"TLP:CLEAR\"\npublic = true\n"
        );
        Ok(std::fs::write(self.file(), text)?)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("relay.toml")
    }

    /// Starts one round of it.
    fn start(&self) -> anyhow::Result<Child> {
        let mut relay = Command::new(std::env::current_exe()?);
        relay.args(["exec-on", &self.cores.load.to_string(), "--", "nice", "-n", "19"]);
        relay.arg(&self.binary).args(["run", "--once", "--config"]).arg(self.file());
        relay.env("WARPROOM_RELAY_TOKEN", &self.token).env("WARPROOM_RELAY_LOG", "error");
        Ok(relay.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?)
    }

    /// Runs one round of it to its end.
    async fn run(&self) -> anyhow::Result<()> {
        let mut relay = self.start()?;
        let begun = Instant::now();
        loop {
            if let Some(status) = relay.try_wait()? {
                ensure!(status.success(), "the relay ended with {status}");
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                relay.kill()?;
                anyhow::bail!("the relay took longer than {PATIENCE:?}");
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Measures both.
pub async fn run(grounds: &Grounds, report: &mut Report) -> anyhow::Result<()> {
    let binary = relay_binary()?;
    let home = tempfile::Builder::new().prefix("warproom-relay-").tempdir_in(MEMORY)?;
    let room = grounds.open_room("Public feeds", grounds.officers.iter()).await?;
    let token = grounds.add_bot(room).await?;
    let relay = Relay { binary, folder: home.path().to_owned(), token, cores: grounds.cores };
    let catalogue = Catalogue::open().await?;
    let warp = grounds.address()?;
    let places = (&warp, &*catalogue.address);
    arrival(grounds, (room, &relay, &catalogue), places, report).await?;
    flood(grounds, (&relay, &catalogue), places, report).await
}

/// From the last byte of the document at the relay to the alert at every officer.
async fn arrival(
    grounds: &Grounds,
    (room, relay, catalogue): (RoomId, &Relay, &Catalogue),
    places: (&Address, &str),
    report: &mut Report,
) -> anyhow::Result<()> {
    let rounds = if report.quick { 2 } else { 20 };
    catalogue.set(CATALOGUE);
    relay.configure("arrival", "Public feeds", places)?;
    relay.run().await?;
    let mut readers = Vec::new();
    for officer in &grounds.officers {
        let mut reader = grounds.connect(officer).await?;
        reader.follow(room).await?;
        readers.push(reader);
    }
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    for round in 0..rounds {
        catalogue.set(CATALOGUE + round + 1);
        let awaited = cve(CATALOGUE + round);
        let reading = async {
            for reader in &mut readers {
                timeout(PATIENCE, wait_for(reader, &awaited)).await??;
            }
            anyhow::Ok(Instant::now())
        };
        let (ran, reached) = tokio::join!(relay.run(), reading);
        ran?;
        let handed_over = *catalogue.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = reached?.duration_since(handed_over.context("nothing was handed over")?);
        times.saturating_record(u64::try_from(taken.as_micros())?);
    }
    let what = format!("an alert of a feed of {CATALOGUE}, to {} officers", readers.len());
    let ms = |quantile| to_float(times.value_at_quantile(quantile)) / 1e3;
    report.add(&what, "from document to the last officer, p50", ms(0.5), "ms");
    report.add(&what, "from document to the last officer, most", ms(1.0), "ms");
    if !report.quick {
        report.aim("From feed to every officer (most), ms", ms(1.0), AIM_MS);
    }
    Ok(())
}

/// Reads until a frame has this text.
async fn wait_for(reader: &mut Connection, text: &str) -> anyhow::Result<()> {
    loop {
        while let Some(frame) = reader.take()? {
            let bytes = reader.bytes(frame);
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                return Ok(());
            }
        }
        reader.flush().await?;
        reader.read().await?;
    }
}

/// A whole catalogue as one digest, again and again, while another room talks.
async fn flood(
    grounds: &Grounds,
    (relay, catalogue): (&Relay, &Catalogue),
    places: (&Address, &str),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (whole, seconds) = if report.quick { (500, 1) } else { (WHOLE, 10) };
    catalogue.set(whole);
    let measured = Duration::from_secs(seconds);
    let quiet = talk(grounds, "Talk before", measured).await?;
    let imports = Rc::new(std::cell::Cell::new(0));
    let counted = imports.clone();
    let importing = async {
        loop {
            relay.configure(&format!("flood-{}", counted.get()), "Public feeds", places)?;
            relay.run().await?;
            counted.set(counted.get() + 1);
        }
    };
    let talking = talk(grounds, "Talk meanwhile", measured);
    let busy = tokio::select! {
        // It ends only by going wrong.
        failed = importing => return failed,
        busy = talking => busy?,
    };
    let what = format!("{whole} items of a catalogue as a digest, while 200 posts/s go to 50");
    let imported = imports.get();
    report.add(&what, "imports meanwhile", f64::from(imported), "");
    report.add(&what, "latency p99 before", quiet.latency_ms(0.99), "ms");
    report.add(&what, "latency p99 meanwhile", busy.latency_ms(0.99), "ms");
    let times = busy.latency_ms(0.99) / quiet.latency_ms(0.99);
    report.add(&what, "latency p99", times, "times");
    if !report.quick {
        ensure!(imported > 0, "no import came to its end meanwhile");
        report.aim(
            "p99 of another room during a whole catalogue's import, times",
            times,
            AIM_TIMES,
        );
    }
    Ok(())
}

/// A paced room, as the row of that name.
async fn talk(grounds: &Grounds, name: &str, measured: Duration) -> anyhow::Result<Outcome> {
    const MEMBERS: usize = 50;
    let room = grounds.open_room(name, grounds.officers.iter()).await?;
    let mut peers = Vec::new();
    for (number, officer) in grounds.officers.iter().cycle().take(MEMBERS).enumerate() {
        let mut connection = grounds.connect(officer).await?;
        connection.follow(room).await?;
        let writes = (number < WRITERS).then(|| Writes::Posts(vec![room]));
        peers.push(Peer { connection, writes });
    }
    let plan = Plan {
        warm_up: Duration::from_millis(500),
        measured,
        pace: Pace::Every(Duration::from_millis(20)),
        text_bytes: TEXT_BYTES,
        readers: MEMBERS as u64,
    };
    load::run(peers, plan, grounds.process()?.id(), grounds.cores).await
}
