//! The real window: the program as people run it, in a virtual display, against the real server, with 200
//! rooms, 100,000 entries in one of them, and 50 arriving each second.
//!
//! Processor time is the system's count of the whole process: besides the thread that draws, those of the
//! world (reading, keeping on disk), and those on which Mesa paints in software what a graphics card would
//! paint elsewhere. The drawing thread's own is told beside it. What a frame took is by the clock, as the
//! window's library measures it, painting included.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::time::{MissedTickBehavior, interval, sleep};
use warproom_proto::RoomId;

use crate::bench::grounds::Grounds;
use crate::bench::history::fill;
use crate::bench::load::{is_refusal, post_text, to_float};
use crate::bench::machine::cpu_seconds;
use crate::bench::report::Report;
use crate::harness::{Display, eventually, newcomer_joins};

use super::RESIDENT_MIB;

/// A word in the password and the passphrase.
const WORD: &str = "turnstone";

/// Whom the invitation is for.
const HANDLE: &str = "desk";

/// How long a newcomer may take to be one: hashing a password is part of it.
const JOINING: Duration = Duration::from_mins(1);

/// One entry each 20 ms: 50 a second.
const EVERY: Duration = Duration::from_millis(20);

/// Between two keys, as somebody presses them who looks for something.
const KEYS: Duration = Duration::from_millis(150);

/// How long after the last entry something shown may still change with the seconds, and a little.
const SETTLING: Duration = Duration::from_secs(20);

/// The most processor time of a window at rest, in hundredths of a core: it looks at the clock each
/// quarter of a minute.
const RESTING: f64 = 1.0;

/// How much of it is measured.
#[derive(Clone, Copy)]
struct Size {
    rooms: usize,
    entries: u64,
    reading: Duration,
    resting: Duration,
}

/// Runs it.
pub async fn run(grounds: &Grounds, program: &Path, report: &mut Report) -> anyhow::Result<()> {
    if !Display::is_possible()? {
        return Ok(());
    }
    let size = if report.quick {
        let (reading, resting) = (Duration::from_secs(2), Duration::from_secs(2));
        Size { rooms: 10, entries: 1_000, reading, resting }
    } else {
        let (reading, resting) = (Duration::from_secs(20), Duration::from_secs(10));
        Size { rooms: 200, entries: 100_000, reading, resting }
    };
    let rooms = furnish(grounds, size).await?;
    let profiles = tempfile::tempdir()?;
    let display = Display::start("bench", 1280, 800)?;
    let window = Window::start(&display, program, profiles.path())?;
    display.focus("Warproom").await?;
    let invitation = grounds.invitation(HANDLE).await?;
    newcomer_joins(&display, &invitation.to_text(), WORD).await?;
    let member = eventually(JOINING, async || grounds.member(HANDLE).await.ok()?).await;
    let member = member.context("the newcomer did not become a member")?;
    for room in &rooms {
        grounds.bring_in(*room, member).await?;
    }
    let room = *rooms.last().context("there are rooms")?;
    display.settled().await?;
    display.after(&["ctrl+k"]).await?;
    display.write("Incident")?;
    display.after(&["Return"]).await?;
    display.settled().await?;
    display.picture("1-open")?;

    let what = format!("desktop window, {} rooms, {} entries, 50/s", size.rooms, size.entries);
    let newest = reading(grounds, &window, room, size.reading, async || Ok(())).await?;
    newest.tell(&format!("{what}, at the newest"), report);
    display.picture("2-newest")?;
    display.press(&["shift+F6"])?;
    let back = reading(grounds, &window, room, size.reading, async || {
        display.press(&["Prior"])?;
        sleep(KEYS).await;
        Ok(())
    });
    back.await?.tell(&format!("{what}, scrolling back"), report);
    display.picture("3-back")?;
    let peak = window.peak_mib()?;
    report.add("desktop window", "resident memory, at its peak", peak, "MiB");

    sleep(SETTLING).await;
    let (began, before, frames) = (Instant::now(), window.cpu()?, window.frames());
    sleep(size.resting).await;
    let used = (window.cpu()? - before) / began.elapsed().as_secs_f64() * 100.0;
    report.add("desktop window, at rest", "processor time", used, "% of a core").note =
        format!("{} frames in {:?}", window.frames() - frames, size.resting);
    report.aim("memory of the desktop window at its peak in MiB", peak, RESIDENT_MIB);
    report.aim("a desktop window at rest, in % of a core", used, RESTING);
    Ok(())
}

/// Opens the rooms, and fills the last of them.
async fn furnish(grounds: &Grounds, size: Size) -> anyhow::Result<Vec<RoomId>> {
    let first = || grounds.officers.iter().take(1);
    let mut rooms = Vec::new();
    for number in 1..size.rooms {
        rooms.push(grounds.open_room(&format!("Room {number}"), first()).await?);
    }
    let room = grounds.open_room("Incident", first()).await?;
    fill(grounds, room, size.entries).await?;
    rooms.push(room);
    Ok(rooms)
}

/// What the window cost for a while.
struct Cost {
    seconds: f64,
    process: f64,
    drawing: f64,
    /// What each frame took, in milliseconds, the least first.
    frames: Vec<f64>,
}

impl Cost {
    fn tell(&self, what: &str, report: &mut Report) {
        let percent = |seconds: f64| seconds / self.seconds * 100.0;
        let frames = to_float(self.frames.len() as u64);
        report.add(what, "processor time", percent(self.process), "% of a core").note =
            "all threads, painting in software too".into();
        report.add(what, "of that, the drawing thread", percent(self.drawing), "% of a core");
        report.add(what, "frames", frames / self.seconds, "/s");
        let each = self.drawing * 1000.0 / frames.max(1.0);
        report.add(what, "drawing thread, mean frame", each, "ms of processor time");
        for (figure, hundredths) in [("frame p50", 50), ("frame p99", 99), ("longest frame", 100)] {
            let Some(last) = self.frames.len().checked_sub(1) else { continue };
            let took = self.frames[last * hundredths / 100];
            report.add(what, figure, took, "ms by the clock");
        }
    }
}

/// Posts 50 entries a second for a while, and does something meanwhile; what the window cost.
async fn reading(
    grounds: &Grounds,
    window: &Window,
    room: RoomId,
    measured: Duration,
    meanwhile: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<Cost> {
    window.take_frames();
    let (began, process, drawing) = (Instant::now(), window.cpu()?, window.drawing()?);
    let keys = async {
        while began.elapsed() < measured {
            meanwhile().await?;
            sleep(EVERY).await;
        }
        anyhow::Ok(())
    };
    let (posted, pressed) = tokio::join!(post(grounds, room, measured), keys);
    posted.and(pressed)?;
    let mut frames = window.take_frames();
    frames.sort_by(f64::total_cmp);
    Ok(Cost {
        seconds: began.elapsed().as_secs_f64(),
        process: window.cpu()? - process,
        drawing: window.drawing()? - drawing,
        frames,
    })
}

async fn post(grounds: &Grounds, room: RoomId, measured: Duration) -> anyhow::Result<()> {
    let mut writer = grounds.connect(&grounds.officers[0]).await?;
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (began, mut number) = (Instant::now(), 0);
    while began.elapsed() < measured {
        tick.tick().await;
        let text = format!("number {number}: still down here, and the next call is at four");
        writer.queue(post_text(number, room, &text).as_bytes());
        number += 1;
        writer.flush().await?;
        writer.read().await?;
        while let Some(frame) = writer.take()? {
            let frame = writer.bytes(frame);
            let is_reply = frame.starts_with(crate::bench::connection::REPLY);
            ensure!(!is_reply || !is_refusal(frame), "a post was refused");
        }
    }
    Ok(())
}

/// The running program, ended when dropped.
struct Window {
    child: Child,
    frames: Arc<Mutex<Vec<f64>>>,
}

impl Window {
    fn start(display: &Display, program: &Path, profiles: &Path) -> anyhow::Result<Self> {
        let mut child = display
            .command(program)
            .arg("--profiles")
            .arg(profiles)
            // What each frame took, on standard error.
            .env("WARPROOM_LOG", "warproom_desktop::app=trace")
            .env("NO_COLOR", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = child.stderr.take().context("its output is piped")?;
        let frames = Arc::<Mutex<Vec<f64>>>::default();
        let told = frames.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let took = line.split("took_ms=").nth(1);
                let took = took.and_then(|rest| rest.trim().parse::<f64>().ok());
                told.lock().unwrap_or_else(PoisonError::into_inner).extend(took);
            }
        });
        Ok(Self { child, frames })
    }

    fn frames(&self) -> usize {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take_frames(&self) -> Vec<f64> {
        std::mem::take(&mut *self.frames.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Processor time of all its threads, in seconds.
    fn cpu(&self) -> anyhow::Result<f64> {
        cpu_seconds(&self.child.id().to_string())
    }

    /// Processor time of its first thread, which draws, in seconds.
    fn drawing(&self) -> anyhow::Result<f64> {
        let id = self.child.id();
        cpu_seconds(&format!("{id}/task/{id}"))
    }

    fn peak_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no VmHWM")?;
        Ok(kib.trim().parse::<f64>()? / 1024.0)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
