//! A desk in a process of its own, to be killed: this test program once more, with one test of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{self, Command, Stdio};

use anyhow::{Context as _, ensure};
use warproom_client::proto::{Label, RoomId};
use warproom_desktop::effect::Outgoing;
use warproom_desktop::profile::ProfileName;
use warproom_desktop::{Effect, News};

use super::desk::{Desk, post};

/// How many posts it sends, unless it is killed before: more than are on their way at a time.
pub(super) const POSTS: usize = 400;

const FOLDER: &str = "WARPROOM_TEST_DESK_FOLDER";
const PROFILE: &str = "WARPROOM_TEST_DESK_PROFILE";
const ROOM: &str = "WARPROOM_TEST_DESK_ROOM";

/// What its post of this number says.
pub(super) fn text(number: usize) -> String {
    format!("number {number}")
}

/// The process.
pub(super) struct Child(process::Child);

impl Child {
    /// Starts it on a profile that nobody has open.
    pub(super) fn start(
        folder: &Path,
        profile: &ProfileName,
        room: RoomId,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--exact", "desktop::child::sends_until_it_is_killed"]);
        command.args(["--ignored", "--nocapture"]);
        command.env(FOLDER, folder).env(PROFILE, &profile.0).env(ROOM, room.to_string());
        Ok(Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?))
    }

    /// Kills it when so many were sent; the texts that it said were kept.
    pub(super) fn kill_after_sent(&mut self, sent: usize) -> anyhow::Result<Vec<String>> {
        let stdout = self.0.stdout.take().context("it was piped")?;
        let (mut kept, mut seen) = (Vec::new(), 0);
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(text) = line.strip_prefix("kept: ") {
                kept.push(text.to_owned());
            } else if line.starts_with("sent: ") {
                seen += 1;
            }
            if seen == sent {
                self.0.kill()?;
            }
        }
        self.0.wait()?;
        // What it had said when it was killed is heard too.
        ensure!(seen >= sent, "it ended by itself after {seen}");
        Ok(kept)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has ended, or the test has failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "it is started by another test, which kills it"]
async fn sends_until_it_is_killed() -> anyhow::Result<()> {
    let Ok(folder) = std::env::var(FOLDER) else { return Ok(()) };
    let profile = ProfileName(std::env::var(PROFILE)?);
    let room = std::env::var(ROOM)?.parse()?;
    let mut desk = Desk::at(Path::new(&folder)).await?;
    desk.open(&profile).await?;
    desk.signed_in().await?;
    let mut ids = Vec::new();
    for number in 0..POSTS {
        let post = post(room, Label::Amber, &text(number))?;
        ids.push(post.id);
        desk.perform(Effect::Send(Outgoing::Post(post)));
    }
    let mut left = POSTS;
    let all_sent = |news: &News| {
        let (what, id) = match news {
            News::Kept(id, Ok(())) => ("kept", id),
            News::Sent(id, Ok(_)) => ("sent", id),
            _ => return None,
        };
        let number = ids.iter().position(|one| one == id)?;
        // Nobody reads on once it is to be killed.
        let _ = writeln!(std::io::stdout(), "{what}: {}", text(number));
        left -= usize::from(what == "sent");
        (left == 0).then_some(())
    };
    desk.until("all sent", all_sent).await
}
