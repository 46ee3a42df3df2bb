//! A virtual display with a program in it: keys go in, pictures come out.
//!
//! The display is Xvfb on a number of its own choosing; keys are typed by xdotool, pictures taken by
//! `ImageMagick`. Pictures are kept beside the test's binary, in `target/screens`, so that a person can
//! look at what a run has shown.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::wait::eventually;

/// What it needs, and Debian's packages of it: xvfb, xdotool, imagemagick, xclip, zbar-tools.
const NEEDS: [&str; 5] = ["Xvfb", "xdotool", "import", "xclip", "zbarimg"];

/// How long a window may take to come: a debug build, drawn in software on a busy machine.
const OPENING: Duration = Duration::from_mins(1);

/// How long the screen may take to change, and to rest again: hashing a password is part of it.
const CHANGING: Duration = Duration::from_secs(30);

/// How long the same picture is a resting screen: more than a frame of a debug build.
const RESTING: Duration = Duration::from_millis(400);

/// A virtual display, ended when dropped.
pub struct Display {
    server: Child,
    name: String,
    pictures: PathBuf,
}

impl Display {
    /// Whether this machine can have one; if not, says that a test is skipped.
    pub fn is_possible() -> anyhow::Result<bool> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = std::env::split_paths(&path).collect();
        let missing = NEEDS
            .iter()
            .find(|program| !folders.iter().any(|folder| folder.join(program).is_file()));
        match missing {
            None => Ok(true),
            Some(missing) => crate::skipped(&format!("{missing} is not installed")).map(|()| false),
        }
    }

    /// Starts one of this many points, and a folder for the pictures of this test.
    pub fn start(test: &str, width: u32, height: u32) -> anyhow::Result<Self> {
        // Without `-noreset` it starts anew whenever its last client goes, and turns away whoever comes just
        // then: what looks for a window comes and goes while the program connects.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb does not run")?;
        let mut number = String::new();
        let said = server.stdout.take().context("its output is piped")?;
        BufReader::new(said).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb found no display");
        let pictures = super::binaries::target_folder()?.join("screens").join(test);
        std::fs::create_dir_all(&pictures)?;
        Ok(Self { server, name: format!(":{}", number.trim()), pictures })
    }

    /// A command that shows its windows here. It has no session bus of anybody's, so it finds no key
    /// store.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.name).env_remove("WAYLAND_DISPLAY");
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command
    }

    /// Gives the keyboard to the window of this title, once it is there.
    pub async fn focus(&self, title: &str) -> anyhow::Result<()> {
        let window = eventually(OPENING, async || {
            let found = self.run("xdotool", &["search", "--onlyvisible", "--name", title]).ok()?;
            let window = found.lines().next()?.to_owned();
            self.run("xdotool", &["windowfocus", "--sync", &window]).ok().map(|_| window)
        });
        window.await.map(drop).with_context(|| format!("no window called {title}"))
    }

    /// Types a text.
    pub fn write(&self, text: &str) -> anyhow::Result<()> {
        // Slow enough for a debug build that draws in software.
        self.run("xdotool", &["type", "--delay", "12", text]).map(drop)
    }

    /// Presses keys one after the other, as xdotool names them: `Tab`, `ctrl+k`.
    pub fn press(&self, keys: &[&str]) -> anyhow::Result<()> {
        let mut arguments = vec!["key", "--delay", "60"];
        arguments.extend(keys);
        self.run("xdotool", &arguments).map(drop)
    }

    /// Presses keys, and waits until the screen has changed and rests again.
    pub async fn after(&self, keys: &[&str]) -> anyhow::Result<()> {
        let before = self.pixels()?;
        self.press(keys)?;
        let changed = eventually(CHANGING, async || {
            let now = self.pixels().ok()?;
            (now != before).then_some(())
        });
        changed.await.with_context(|| format!("nothing happened after {}", keys.join(" ")))?;
        self.settled().await
    }

    /// Waits until the screen rests.
    pub async fn settled(&self) -> anyhow::Result<()> {
        let mut last = self.pixels()?;
        let mut since = Instant::now();
        let resting = eventually(CHANGING, async || {
            let now = self.pixels().ok()?;
            if now != last {
                last = now;
                since = Instant::now();
            }
            (since.elapsed() >= RESTING).then_some(())
        });
        resting.await.context("the screen does not come to rest")
    }

    fn pixels(&self) -> anyhow::Result<Vec<u8>> {
        let arguments = ["-window", "root", "-depth", "8", "rgb:-"];
        let output = self.command(Path::new("import")).args(arguments).output()?;
        ensure!(output.status.success() && !output.stdout.is_empty(), "no picture was taken");
        Ok(output.stdout)
    }

    /// What is on the clipboard.
    pub fn clipboard(&self) -> anyhow::Result<String> {
        self.run("xclip", &["-selection", "clipboard", "-out"])
    }

    /// Puts a text on the clipboard.
    pub fn copy(&self, text: &str) -> anyhow::Result<()> {
        use std::io::Write as _;
        let mut xclip = self
            .command(Path::new("xclip"))
            .args(["-selection", "clipboard", "-in"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        xclip.stdin.take().context("its input is piped")?.write_all(text.as_bytes())?;
        ensure!(xclip.wait()?.success(), "xclip failed");
        Ok(())
    }

    /// Takes a picture of the whole display, as `target/screens/TEST/NAME.png`.
    pub fn picture(&self, name: &str) -> anyhow::Result<()> {
        let path = self.pictures.join(format!("{name}.png"));
        let path = path.to_str().context("the path is text")?;
        self.run("import", &["-window", "root", path]).map(drop)
    }

    /// What the QR code in a picture that was taken says, as a telephone would read it.
    pub fn scanned(&self, name: &str) -> anyhow::Result<String> {
        let path = self.pictures.join(format!("{name}.png"));
        let path = path.to_str().context("the path is text")?;
        Ok(self.run("zbarimg", &["--quiet", "--raw", path])?.trim().to_owned())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(Path::new(program)).args(arguments).output()?;
        ensure!(output.status.success(), "{program} {}: failed", arguments.join(" "));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
