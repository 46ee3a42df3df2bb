//! The desktop client as people run it: the real program in a virtual display, driven by keys alone,
//! against a real server. Pictures of each step are left in `target/screens/window`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tempfile::tempdir;
use warproom_client::proto::calls::{AddToRoom, ListMembers};
use warproom_client::proto::register::Role;
use warproom_client::proto::{EntryId, Label, MemberId, RoomId, RoomRole};
use warproom_tests::are_here;
use warproom_tests::harness::{
    DEADLINE, Display, Person, Warp, asking, choices, desktop_binary, entries_up_to, eventually,
    newcomer_joins, next_entry, roll_call, settings,
};

/// What a newcomer may take from the invitation to an answered roll call.
const TWO_MINUTES: Duration = Duration::from_mins(2);

/// The most memory the program may hold. That it stays so with 100,000 entries, the bench shows.
const RESIDENT_KIB: u64 = 300 * 1024;

/// A word that stands in everything this test keeps secret.
const CANARY: &str = "kingfisher";

/// The program, ended when dropped.
struct Program(Child);

impl Program {
    fn start(display: &Display, profiles: &Path) -> anyhow::Result<Self> {
        let mut command = display.command(&desktop_binary()?);
        command.arg("--profiles").arg(profiles);
        Ok(Self(command.stdout(Stdio::null()).spawn()?))
    }

    /// Processor time so far, in hundredths of a second.
    fn ticks(&self) -> anyhow::Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("the name is in brackets")?;
        let fields = fields.split_ascii_whitespace().skip(11).take(2).map(str::parse::<u64>);
        Ok(fields.collect::<Result<Vec<_>, _>>()?.iter().sum())
    }
}

impl Program {
    /// The most memory it has held so far.
    fn peak_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no VmHWM")?;
        Ok(kib.trim().parse()?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_newcomer_joins_posts_and_answers_by_keyboard_within_two_minutes() -> anyhow::Result<()> {
    if !Display::is_possible()? {
        return Ok(());
    }
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dora = warp.officer("dora", dover).await?;
    let room = warp.manager().open(settings(Label::Red, Label::Amber)?, &[&dora]).await?;
    let canterbury = warp.organisation("Canterbury City Council").await?;
    let (added, _) = warp.invite("ffion", canterbury, Role::Officer).await?;
    let (_client, mut events) = dora.follow(room, 0).await?;

    let profiles = tempdir()?;
    let display = Display::start("window", 1280, 800)?;
    tokio::task::spawn_blocking(desktop_binary).await??;
    let program = Program::start(&display, profiles.path())?;
    display.focus("Warproom").await?;
    let began = Instant::now();

    newcomer_joins(&display, added.text.expose(), CANARY).await?;
    let ffion = joined(&warp, "ffion").await?;
    bring_in(warp.manager(), room, ffion).await?;
    display.settled().await?;
    display.picture("5-rooms")?;

    // The one room there is, by the switcher.
    display.after(&["ctrl+k"]).await?;
    display.picture("6-switcher")?;
    display.after(&["Return"]).await?;
    display.picture("7-room")?;
    display.write(&format!("planning portal is down, {CANARY}"))?;
    // Stricter than the room's default, so that nothing is asked.
    display.after(&["alt+4"]).await?;
    display.picture("8-written")?;
    display.press(&["Return"])?;
    let said = loop {
        let entry = next_entry(&mut events).await?;
        if entry.text().is_some_and(|text| text.contains(CANARY)) {
            break entry;
        }
    };
    assert_eq!(said.label(), Some(Label::AmberStrict));
    display.settled().await?;
    display.picture("9-posted")?;

    let ask = dora.client.append(asking(room, Label::Amber, roll_call(None)?)?).await?.seq;
    display.settled().await?;
    display.picture("10-asked")?;
    // To what waits, and its third option: "not affected".
    display.after(&["ctrl+j"]).await?;
    display.press(&["3"])?;
    eventually(DEADLINE, async || answered(&dora, room, ask).await.then_some(())).await?;
    ensure!(began.elapsed() < TWO_MINUTES, "it took {:?}", began.elapsed());
    display.settled().await?;
    display.picture("11-answered")?;

    rests(&program).await?;
    let peak_kib = program.peak_kib()?;
    ensure!(peak_kib < RESIDENT_KIB, "it held {peak_kib} KiB");
    entries_up_to(&mut events, room, ask + 1).await?;
    drop(program);
    tells_nothing(profiles.path())?;
    Ok(())
}

/// Everything else is in the one file: fonts, the key store's protocol, what draws. Windows and OpenGL are
/// looked for when it starts.
#[tokio::test]
async fn the_program_is_one_file_that_needs_the_c_library_alone() -> anyhow::Result<()> {
    const C_LIBRARY: [&str; 7] =
        ["libc", "libm", "libgcc_s", "ld-linux", "libdl", "libpthread", "librt"];
    if !are_here(&["readelf"])? {
        return Ok(());
    }
    let program = tokio::task::spawn_blocking(desktop_binary).await??;
    let output = Command::new("readelf").arg("--dynamic").arg(&program).output()?;
    let said = String::from_utf8(output.stdout)?;
    let needed = said.lines().filter(|line| line.contains("(NEEDED)"));
    let needed: Vec<_> = needed.filter_map(|line| line.split(['[', ']']).nth(1)).collect();
    ensure!(needed.iter().any(|name| name.starts_with("libc.")), "nothing was read: {said}");
    let is_known = |name: &&str| C_LIBRARY.iter().any(|known| name.starts_with(known));
    ensure!(needed.iter().all(is_known), "{needed:?}");
    Ok(())
}

async fn joined(warp: &Warp, handle: &str) -> anyhow::Result<MemberId> {
    let manager = &warp.manager().client;
    let found = eventually(Duration::from_mins(1), async || {
        let members = manager.call(ListMembers {}).await.ok()?.members;
        members.iter().find(|one| one.handle.as_str() == handle).map(|one| one.member)
    });
    found.await.context("the newcomer did not become a member")
}

async fn bring_in(manager: &Person, room: RoomId, member: MemberId) -> anyhow::Result<()> {
    let id = EntryId::random();
    manager.client.append(AddToRoom { room, id, member, role: RoomRole::Participant }).await?;
    Ok(())
}

async fn answered(dora: &Person, room: RoomId, ask: u64) -> bool {
    let Ok(board) = dora.board(room, ask).await else { return false };
    let told = choices(&board).unwrap_or_default();
    told.iter().any(|(who, choice, _)| {
        who == "Canterbury City Council"
            && choice.as_ref().is_some_and(|choice| choice.as_str() == "not affected")
    })
}

/// With nothing going on, it uses next to no processor time.
async fn rests(program: &Program) -> anyhow::Result<()> {
    // Within a while: notices go by themselves, and what was typed is kept once a second.
    let resting = eventually(Duration::from_secs(40), async || {
        let before = program.ticks().ok()?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let used = program.ticks().ok()? - before;
        // 1 % of a core, or one tick a second where the clock counts in hundredths.
        (used <= 3).then_some(())
    });
    resting.await.context("it does not come to rest")
}

/// Whoever takes the folder learns nothing of what was written, nor the password.
fn tells_nothing(folder: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            tells_nothing(&path)?;
            continue;
        }
        let bytes = std::fs::read(&path)?;
        for word in [CANARY, "ffion", "Canterbury", "localhost"] {
            let found = bytes.windows(word.len()).any(|part| part == word.as_bytes());
            ensure!(!found, "{} tells of {word}", path.display());
        }
    }
    Ok(())
}
