//! A throw-away WARP: its folder, and its server as a child process.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::time::timeout;
use warproom_proto::calls::{AddInvitation, AddOrganisation, InvitationAdded};
use warproom_proto::invitation::{Address, Invitation};
use warproom_proto::register::Role;
use warproom_proto::{Label, OrganisationId, RoomId};

use super::binaries::server_binary;
use super::person::{Person, settings};
use super::raw::Raw;
use super::wait::eventually;

/// How long a server may take to start: argon2 and an optimised store in a debug build.
const STARTING: Duration = Duration::from_secs(30);

/// How long a server may take to stop in order.
pub(super) const STOPPING: Duration = Duration::from_secs(20);

/// How much of a failed test's server log is shown.
const LOG_TAIL_BYTES: u64 = 4 * 1024;

/// How a WARP is made.
pub struct Builder {
    binary: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl Builder {
    /// With a variable in the server's environment, as `WARPROOM_SERVER_LIMITS__PING_MS`.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a number reads better without a `&`")]
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.environment.push((name.to_owned(), value.to_string()));
        self
    }

    /// With the limits a real server has, in place of the roomy ones for tests.
    #[must_use]
    pub fn true_limits(mut self) -> Self {
        self.environment.retain(|(name, _)| !name.starts_with("WARPROOM_SERVER_LIMITS__"));
        self
    }

    /// With another binary, as [`planted_binary`](super::planted_binary).
    #[must_use]
    pub fn binary(mut self, binary: PathBuf) -> Self {
        self.binary = Some(binary);
        self
    }

    /// Makes the WARP, starts its server, and lets its first manager join.
    pub async fn start(self) -> anyhow::Result<Warp> {
        let binary = match self.binary {
            Some(binary) => binary,
            None => tokio::task::spawn_blocking(server_binary).await??,
        };
        let folder = tempfile::Builder::new().prefix("warproom-").tempdir()?;
        let invitation = init(&binary, &folder.path().join("warp"))?;
        let mut server = Server { binary, folder, environment: self.environment, child: None };
        let local = server.serve(None).await?;
        let address = Address {
            host_port: format!("localhost:{}", local.port()),
            authority: invitation.address.authority,
        };
        let invitation = Invitation { address: address.clone(), code: invitation.code };
        let manager = Person::join(&invitation).await?;
        Ok(Warp { server, local, address, invitation, manager })
    }
}

/// A WARP with a running server. Dropped, its server is killed and its folder is gone.
pub struct Warp {
    server: Server,
    local: SocketAddr,
    address: Address,
    invitation: Invitation,
    manager: Person,
}

impl Warp {
    /// A WARP called "Kent WARP" with roomy limits and one manager, of "Kent County Council".
    pub async fn start() -> anyhow::Result<Self> {
        Self::builder().start().await
    }

    /// How to make another one.
    #[must_use]
    pub fn builder() -> Builder {
        let roomy = [
            ("STRANGERS_PER_SOURCE", "512"),
            ("FAILURES_PER_SOURCE", "1000000"),
            ("REQUESTS_PER_SECOND", "100000"),
            ("REQUEST_BURST", "100000"),
            ("ACTS_PER_HOUR", "1000000"),
            ("CONNECTIONS", "4096"),
        ];
        let limits =
            roomy.map(|(name, value)| (format!("WARPROOM_SERVER_LIMITS__{name}"), value.into()));
        let cache = ("WARPROOM_SERVER_CACHE_MIB".to_owned(), "32".to_owned());
        Builder { binary: None, environment: limits.into_iter().chain([cache]).collect() }
    }

    /// The first manager.
    #[must_use]
    pub const fn manager(&self) -> &Person {
        &self.manager
    }

    /// Where members reach the server.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// The invitation that made the first manager one; used up.
    #[must_use]
    pub const fn first_invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// Where the server listens.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Adds an organisation.
    pub async fn organisation(&self, name: &str) -> anyhow::Result<OrganisationId> {
        self.organisation_serving(name, &[]).await
    }

    /// Adds an organisation with registered clients.
    pub async fn organisation_serving(
        &self,
        name: &str,
        clients: &[OrganisationId],
    ) -> anyhow::Result<OrganisationId> {
        let (name, clients) = (name.parse()?, clients.to_vec());
        let call = AddOrganisation { name, aliases: Vec::new(), clients };
        Ok(self.manager.client.call(call).await?.organisation)
    }

    /// Invites somebody, who has not joined yet.
    pub async fn invite(
        &self,
        handle: &str,
        organisation: OrganisationId,
        role: Role,
    ) -> anyhow::Result<(InvitationAdded, Invitation)> {
        let call =
            AddInvitation { name: handle.parse()?, handle: handle.parse()?, organisation, role };
        let added = self.manager.client.call(call).await?;
        let invitation = added.text.expose().parse()?;
        Ok((added, invitation))
    }

    /// Somebody who was invited and joined.
    pub async fn join(
        &self,
        handle: &str,
        organisation: OrganisationId,
        role: Role,
    ) -> anyhow::Result<Person> {
        Person::join(&self.invite(handle, organisation, role).await?.1).await
    }

    /// An officer of an organisation.
    pub async fn officer(
        &self,
        handle: &str,
        organisation: OrganisationId,
    ) -> anyhow::Result<Person> {
        self.join(handle, organisation, Role::Officer).await
    }

    /// A guest of an organisation.
    pub async fn guest(
        &self,
        handle: &str,
        organisation: OrganisationId,
    ) -> anyhow::Result<Person> {
        self.join(handle, organisation, Role::Guest).await
    }

    /// A room of these people, opened by the first of them.
    pub async fn room(
        &self,
        people: &[&Person],
        ceiling: Label,
        default_label: Label,
    ) -> anyhow::Result<RoomId> {
        let (lead, others) = people.split_first().context("a room has a lead")?;
        lead.open(settings(ceiling, default_label)?, others).await
    }

    /// A connection with no manners, upgraded and not signed in.
    pub async fn raw(&self) -> anyhow::Result<Raw> {
        Raw::open(self.local).await
    }

    /// The WARP's folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.server.folder()
    }

    /// The id of the server's process, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.server.child.as_ref().map(Child::id)
    }

    /// Kills the server, as a crash would.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.server.kill()
    }

    /// Holds the server's process still until it is to [go on](Warp::go_on). What is sent meanwhile waits
    /// to be read, all of it.
    pub fn hold(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets the server's process go on.
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let child = self.server.child.as_ref().context("the server does not run")?;
        Ok(kill_process(Pid::from_child(child), signal)?)
    }

    /// Asks the server to stop, and waits until it has.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        let mut child = self.server.child.take().context("the server does not run")?;
        let ended = eventually(STOPPING, async || child.try_wait().transpose()).await;
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        Ok(ended??)
    }

    /// Starts the server again on the same port, after [`Warp::kill`] or [`Warp::stop`].
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        ensure!(self.server.child.is_none(), "the server runs already");
        self.local = self.server.serve(Some(self.local)).await?;
        Ok(())
    }

    /// What `warproom-server verify` says of the stopped server's store.
    pub fn verify(&self) -> anyhow::Result<Output> {
        self.verify_with(&[])
    }

    /// The same with further arguments.
    pub fn verify_with(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.command();
        command.arg("verify").args(arguments).output().context("the command does not run")
    }

    /// A command of the server's binary on this WARP's folder, to be given its arguments and run.
    #[must_use]
    pub fn command(&self) -> Command {
        command(&self.server.binary, &self.folder())
    }

    /// What the server wrote to its log so far.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.server.log_file())?)
    }
}

struct Server {
    binary: PathBuf,
    folder: TempDir,
    environment: Vec<(String, String)>,
    child: Option<Child>,
}

impl Server {
    fn folder(&self) -> PathBuf {
        self.folder.path().join("warp")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// Runs `serve` and waits until it listens; where.
    async fn serve(&mut self, listen: Option<SocketAddr>) -> anyhow::Result<SocketAddr> {
        let mut command = command(&self.binary, &self.folder());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(listen) = listen {
            command.env("WARPROOM_SERVER_LISTEN", listen.to_string());
        }
        let (child, local) = serve(command, &self.log_file()).await?;
        self.child = Some(child);
        Ok(local)
    }

    fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    fn log_tail(&self) -> anyhow::Result<String> {
        let mut file = File::open(self.log_file())?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(String::from_utf8_lossy(&tail).into_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A child that ended by itself is as good.
        let _ = self.kill();
        if std::thread::panicking()
            && let Ok(tail) = self.log_tail()
        {
            let _ = writeln!(std::io::stderr().lock(), "--- the server's log ---\n{tail}");
        }
    }
}

/// Runs `serve` of a command of the server and waits until it listens; where. Its log is appended to.
pub(super) async fn serve(
    mut command: Command,
    log_file: &Path,
) -> anyhow::Result<(Child, SocketAddr)> {
    let log = OpenOptions::new().create(true).append(true).open(log_file)?;
    command.arg("serve");
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
    let stdout = child.stdout.take().context("the output was piped")?;
    let (tell, told) = oneshot::channel();
    std::thread::spawn(|| drain(stdout, tell));
    let Ok(Ok(line)) = timeout(STARTING, told).await else {
        child.kill()?;
        child.wait()?;
        bail!("the server does not start:\n{}", fs::read_to_string(log_file)?);
    };
    let rest = line.strip_prefix("listening on ").context("an unknown first line")?;
    let (local, _) = rest.split_once(';').context("an unknown first line")?;
    Ok((child, local.parse()?))
}

/// Tells the first line, and reads on, so that the server never waits for its reader.
fn drain(stdout: ChildStdout, tell: oneshot::Sender<String>) {
    let mut lines = BufReader::new(stdout).lines();
    if let Some(Ok(line)) = lines.next() {
        // The test may have given up.
        let _ = tell.send(line);
    }
    lines.for_each(drop);
}

/// A command of the server on a folder, without what this process's environment says to it.
pub(super) fn command(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WARPROOM_") {
            command.env_remove(name);
        }
    }
    command.arg("--folder").arg(folder).stdin(Stdio::null());
    command
}

/// Makes a WARP; its first invitation, with port 0 in it.
fn init(binary: &Path, folder: &Path) -> anyhow::Result<Invitation> {
    let mut command = command(binary, folder);
    command.args(["init", "--warp", "Kent WARP", "--organisation", "Kent County Council"]);
    command.args(["--manager", "Mary Manager", "--handle", "mary"]);
    command.args(["--listen", "127.0.0.1:0", "--address", "localhost:0"]);
    let output = command.output().context("init does not run")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "init failed: {complaint}");
    let said = String::from_utf8(output.stdout)?;
    let invitation = said.split_whitespace().find(|word| word.starts_with("warproom://"));
    Ok(invitation.context("init says no invitation")?.parse()?)
}
