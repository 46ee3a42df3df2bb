//! A WARP within this process: the real server on a port of its own, behind real TLS, so that a panic in
//! it is seen, and coverage of it counted, by whoever runs it.

use std::net::SocketAddr;

use anyhow::Context as _;
use tempfile::TempDir;
use warproom_proto::calls::{AddInvitation, AddOrganisation, ListMembers};
use warproom_proto::invitation::Invitation;
use warproom_proto::register::Role;
use warproom_proto::{Name, OrganisationId};
use warproom_server::config::Config;
use warproom_server::serve::Server;
use warproom_server::setup::{self, Founding};
use warproom_tests::harness::Person;

/// More than anybody asks for within a second.
const PLENTY: u32 = 1_000_000;

/// Longer than anybody takes to come in.
const PATIENCE_MS: u64 = 60_000;

/// A running server. Dropped with its runtime, it ends; its folder goes.
pub struct Here {
    /// Where it listens.
    pub local: SocketAddr,
    /// The first manager, of "Kent County Council".
    pub manager: Person,
    _server: Server,
    _folder: TempDir,
}

impl Here {
    /// Makes a WARP, starts its server, and lets its first manager join.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("warproom-fuzz-").tempdir()?;
        let warp = folder.path().join("warp");
        let founding = Founding {
            warp: "Kent WARP".parse()?,
            organisation: "Kent County Council".parse()?,
            manager: "Mary Manager".parse()?,
            handle: "mary".parse()?,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            address: "localhost:0".into(),
        };
        let invitation = setup::init(&warp, founding)?;
        let mut config = Config::load(&warp)?;
        config.cache_mib = 32;
        config.limits.strangers_per_source = config.limits.strangers;
        config.limits.connections = 4096;
        // A machine that compiles meanwhile is no reason to turn anybody away.
        config.limits.handshake_ms = PATIENCE_MS;
        config.limits.sign_in_ms = PATIENCE_MS;
        config.limits.requests_per_second = PLENTY;
        config.limits.request_burst = PLENTY;
        config.limits.file_parts_per_second = PLENTY;
        config.limits.acts_per_hour = PLENTY;
        let server = Server::start(config).await?;
        let (local, address) = (server.local, server.address.clone());
        let manager = Person::join(&Invitation { address, code: invitation.code }).await?;
        Ok(Self { local, manager, _server: server, _folder: folder })
    }

    /// Adds an organisation.
    pub async fn organisation(&self, name: Name) -> anyhow::Result<OrganisationId> {
        let call = AddOrganisation { name, aliases: Vec::new(), clients: Vec::new() };
        Ok(self.manager.client.call(call).await?.organisation)
    }

    /// Somebody of an organisation who was invited and joined.
    pub async fn join(
        &self,
        handle: &str,
        organisation: OrganisationId,
        role: Role,
    ) -> anyhow::Result<Person> {
        let call =
            AddInvitation { name: handle.parse()?, handle: handle.parse()?, organisation, role };
        let added = self.manager.client.call(call).await?;
        Person::join(&added.text.expose().parse()?).await
    }

    /// The first manager's organisation.
    pub async fn first_organisation(&self) -> anyhow::Result<OrganisationId> {
        let members = self.manager.client.call(ListMembers {}).await?.members;
        let own = members.iter().find(|member| member.member == self.manager.member);
        Ok(own.context("a member is listed")?.organisation)
    }
}
