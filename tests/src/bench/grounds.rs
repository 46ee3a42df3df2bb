//! What a bench is run on: a throw-away WARP in a folder on disk, its server on a core of its own,
//! and officers who joined it the way people do.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use warproom_client::{Joined, TotpSecret, open_invitation};
use warproom_proto::calls::{
    AddBot, AddInvitation, AddOrganisation, AddToRoom, ListMembers, OpenRoom,
};
use warproom_proto::invitation::{Address, Fingerprint, Invitation};
use warproom_proto::register::{Grant, Role};
use warproom_proto::{
    EntryId, Label, MemberId, Name, OrganisationId, RoomId, RoomRole, RoomSettings, limits,
};
use warproom_server::setup::{self, Founding};

use super::connection::{Connection, connector};
use super::machine::{Cores, check_on_disk};
use super::process::Process;
use crate::harness::server_binary;

/// Limits are for strangers and fast typists; a load is neither.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("WARPROOM_SERVER_LOG", "error"),
    ("WARPROOM_SERVER_LIMITS__REQUESTS_PER_SECOND", "1000000"),
    ("WARPROOM_SERVER_LIMITS__REQUEST_BURST", "1000000"),
    ("WARPROOM_SERVER_LIMITS__CONNECTIONS", "10000"),
    ("WARPROOM_SERVER_LIMITS__STRANGERS", "2000"),
    ("WARPROOM_SERVER_LIMITS__STRANGERS_PER_SOURCE", "2000"),
    ("WARPROOM_SERVER_LIMITS__FAILURES_PER_SOURCE", "1000000"),
];

/// The organisations that officers act for, in turn: about as many as a club has.
const ORGANISATIONS: usize = 10;

/// A WARP to be measured.
pub struct Grounds {
    // First, so that the server is gone before its folder.
    process: Option<Process>,
    folder: TempDir,
    binary: PathBuf,
    /// Which core does what.
    pub cores: Cores,
    /// What its connections trust.
    pub tls: TlsConnector,
    manager: Joined,
    authority: Fingerprint,
    /// Officers, each a member with a device.
    pub officers: Vec<Joined>,
}

impl Grounds {
    /// Founds a WARP below a folder, starts its server and lets this many officers join.
    pub async fn found(within: &Path, cores: Cores, officers: usize) -> anyhow::Result<Self> {
        check_on_disk(within)?;
        let folder = tempfile::Builder::new().prefix("warproom-bench-").tempdir_in(within)?;
        let mut invitation = setup::init(&folder.path().join("warp"), founding()?)?;
        let binary = server_binary()?;
        let process = start(&binary, folder.path(), cores)?;
        invitation.address.host_port = process.local.to_string();
        let tls = connector(&folder.path().join("warp/keys"))?;
        let authority = invitation.address.authority;
        let manager = join(&invitation).await?;
        let process = Some(process);
        let officers_wanted = officers;
        let officers = Vec::new();
        let mut grounds =
            Self { process, folder, binary, cores, tls, manager, authority, officers };
        grounds.officers = grounds.invite(("officer", officers_wanted, ORGANISATIONS)).await?;
        Ok(grounds)
    }

    /// As many further organisations, each with an officer.
    pub async fn councils(&self, number: usize) -> anyhow::Result<Vec<Joined>> {
        self.invite(("council", number, number)).await
    }

    async fn invite(
        &self,
        (kind, officers, councils): (&str, usize, usize),
    ) -> anyhow::Result<Vec<Joined>> {
        /// The server hashes two passwords at a time; more in waiting keep it busy.
        const AT_ONCE: usize = 4;
        let mut manager = self.connect(&self.manager).await?;
        let mut organisations = Vec::new();
        for number in 0..councils {
            let name = format!("Council {kind} {number}").parse()?;
            let (aliases, clients) = (Vec::new(), Vec::new());
            let added = manager.ask(&AddOrganisation { name, aliases, clients }).await?;
            organisations.push(added.organisation);
        }
        let mut invitations = Vec::new();
        for number in 0..officers {
            let organisation = organisations[number % councils];
            invitations.push(self.invite_as(&format!("{kind}-{number}"), organisation).await?);
        }
        let joining = futures_util::stream::iter(&invitations).map(join).buffered(AT_ONCE);
        joining.collect::<Vec<_>>().await.into_iter().collect()
    }

    /// An invitation for one more officer, who has not joined yet.
    pub async fn invitation(&self, handle: &str) -> anyhow::Result<Invitation> {
        let mut manager = self.connect(&self.manager).await?;
        let (aliases, clients) = (Vec::new(), Vec::new());
        let name = format!("Council of {handle}").parse()?;
        let added = manager.ask(&AddOrganisation { name, aliases, clients }).await?;
        self.invite_as(handle, added.organisation).await
    }

    async fn invite_as(
        &self,
        handle: &str,
        organisation: OrganisationId,
    ) -> anyhow::Result<Invitation> {
        let call = AddInvitation {
            name: format!("Officer {handle}").parse()?,
            handle: handle.parse()?,
            organisation,
            role: Role::Officer,
        };
        let mut manager = self.connect(&self.manager).await?;
        let text = manager.ask(&call).await?.text;
        let mut invitation = text.expose().parse::<Invitation>()?;
        invitation.address.host_port = self.process()?.local.to_string();
        Ok(invitation)
    }

    /// The member of this handle, if there is one.
    pub async fn member(&self, handle: &str) -> anyhow::Result<Option<MemberId>> {
        let mut manager = self.connect(&self.manager).await?;
        let members = manager.ask(&ListMembers {}).await?.members;
        let found = members.iter().find(|one| one.handle.as_str() == handle);
        Ok(found.map(|one| one.member))
    }

    /// Brings a member into a room.
    pub async fn bring_in(&self, room: RoomId, member: MemberId) -> anyhow::Result<()> {
        let (id, role) = (EntryId::random(), RoomRole::Participant);
        let mut manager = self.connect(&self.manager).await?;
        manager.ask(&AddToRoom { room, id, member, role }).await?;
        Ok(())
    }

    /// The server.
    pub fn process(&self) -> anyhow::Result<&Process> {
        self.process.as_ref().context("the server is stopped")
    }

    /// Where the keys are, for a bare server with the same certificate.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("warp/keys")
    }

    /// Stops the server and starts it again.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        if let Some(process) = self.process.take() {
            process.stop()?;
        }
        self.process = Some(start(&self.binary, self.folder.path(), self.cores)?);
        Ok(())
    }

    /// Where the server is, and what its certificate comes from.
    pub fn address(&self) -> anyhow::Result<Address> {
        let host_port = self.process()?.local.to_string();
        Ok(Address { host_port, authority: self.authority })
    }

    /// A bot that may post to a room, as fast as bots may; its token.
    pub async fn add_bot(&self, room: RoomId) -> anyhow::Result<String> {
        let grant = Grant {
            rooms: vec![room],
            read: None,
            post: Some(Label::Green),
            answer: false,
            per_minute: limits::BOT_PER_MINUTE,
            expires_at_ms: i64::MAX,
        };
        let mut manager = self.connect(&self.manager).await?;
        let name = "Relay".parse()?;
        let added = manager.ask(&AddBot { name, grant, hook: None }).await?;
        Ok(added.token.expose().to_owned())
    }

    /// A connection signed in as a device.
    pub async fn connect(&self, device: &Joined) -> anyhow::Result<Connection> {
        let mut connection = Connection::open(self.process()?.local, &self.tls).await?;
        connection.sign_in(device).await?;
        Ok(connection)
    }

    /// Opens a room for these officers (and the manager, who follows nothing).
    pub async fn open_room(
        &self,
        name: &str,
        officers: impl Iterator<Item = &Joined>,
    ) -> anyhow::Result<RoomId> {
        let settings = RoomSettings {
            name: name.parse::<Name>()?,
            ceiling: Label::AmberStrict,
            default_label: Label::Amber,
            typing: false,
            presence: false,
        };
        let mut manager = self.connect(&self.manager).await?;
        let room = manager.ask(&OpenRoom { settings }).await?.room;
        for officer in officers {
            let member = officer.signed_in.me.principal.member().context("not a member")?;
            let (id, role) = (EntryId::random(), RoomRole::Participant);
            manager.ask(&AddToRoom { room, id, member, role }).await?;
        }
        Ok(room)
    }
}

fn founding() -> anyhow::Result<Founding> {
    Ok(Founding {
        warp: "Bench WARP".parse()?,
        organisation: "The club".parse()?,
        manager: "The manager".parse()?,
        handle: "manager".parse()?,
        listen: ([127, 0, 0, 1], 0).into(),
        address: "127.0.0.1:0".into(),
    })
}

fn start(binary: &Path, folder: &Path, cores: Cores) -> anyhow::Result<Process> {
    let folder = folder.join("warp");
    let arguments = ["--folder".as_ref(), folder.as_os_str(), "serve".as_ref()];
    Process::start(cores.server, binary, &arguments, ENVIRONMENT)
}

async fn join(invitation: &Invitation) -> anyhow::Result<Joined> {
    let (joining, _) = open_invitation(invitation).await?;
    let password = "a long enough password".to_owned().into();
    Ok(joining.redeem(password, &TotpSecret::generate(), "Bench".parse()?).await?)
}
