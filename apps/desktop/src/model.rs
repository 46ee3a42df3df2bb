//! Everything the window shows, and how it changes. Pure: what time it is, what the server says and
//! what the person does are all handed in.
//!
//! Each part has one file with its state, its actions, and two functions: `act` for what a person
//! does, and `hear` for news. News goes to every part; each takes what it is interested in.

pub mod ask;
pub mod board;
pub mod compose;
pub mod credentials;
pub mod desk;
pub mod directory;
pub mod export;
pub mod files;
pub mod find;
pub mod label;
pub mod log;
pub mod manage;
pub mod markdown;
pub mod milder;
pub mod moment;
pub mod profile;
pub mod room;
pub mod rooms;
pub mod settings;
pub mod welcome;

use warproom_client::proto::calls::Me;
use warproom_client::proto::register::{Dependency, Role};
use warproom_client::proto::{DeviceId, MemberId, Name, OrganisationId};

use crate::model::profile::ProfileName;
use crate::news::Connection;
use crate::{Action, Effect, News};

/// What the window shows.
pub struct Model {
    /// What time it is, in milliseconds since 1970 UTC, as far as the world has said.
    pub now_ms: i64,
    /// How the connection is.
    pub connection: Connection,
    /// Before a profile is open: joining, unlocking.
    pub welcome: welcome::Welcome,
    /// Who is signed in, once a profile is open.
    pub session: Option<Session>,
    /// What is open and has the keyboard.
    pub desk: desk::Desk,
    /// How this computer shows and tells things.
    pub settings: settings::Settings,
    /// Who is who.
    pub directory: directory::Directory,
    /// The rooms, and what has been read of them.
    pub rooms: rooms::Rooms,
    /// What is being written and what waits to be sent.
    pub compose: compose::Compose,
    /// What is being brought up and saved.
    pub files: files::Files,
    /// The asks that wait, and common causes.
    pub ask: ask::Asks,
    /// The situation board beside the room.
    pub board: board::Boards,
    /// Whatever is being looked for.
    pub find: find::Find,
    /// What managers and leads look at and do.
    pub manage: manage::Manage,
    /// Another password or authenticator, while it is being set.
    pub credentials: credentials::Credentials,
    /// A room that is being taken out.
    pub export: export::Exporting,
}

/// Who is signed in on the profile that is open.
#[derive(Clone)]
pub struct Session {
    /// The profile.
    pub profile: ProfileName,
    /// The WARP's name.
    pub warp: Name,
    /// Who it signs in.
    pub me: Me,
    /// This device.
    pub device: DeviceId,
    /// The server, as `warproom://host:port/fingerprint`: what another device is set up with.
    pub address: String,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            now_ms: 0,
            connection: Connection::None,
            welcome: welcome::Welcome::default(),
            session: None,
            desk: desk::Desk::default(),
            settings: settings::Settings::default(),
            directory: directory::Directory::default(),
            rooms: rooms::Rooms::default(),
            compose: compose::Compose::default(),
            files: files::Files::default(),
            ask: ask::Asks::default(),
            board: board::Boards::default(),
            find: find::Find::default(),
            manage: manage::Manage::default(),
            credentials: credentials::Credentials::default(),
            export: export::Exporting::default(),
        }
    }
}

impl Model {
    /// A person did something: changes the model and says what is to be done outside it.
    #[must_use]
    pub fn act(&mut self, action: Action) -> Vec<Effect> {
        let mut out = Vec::new();
        let to = &mut out;
        match action {
            Action::Welcome(action) => welcome::act(self, action, to),
            Action::Desk(action) => desk::act(self, action, to),
            Action::Rooms(action) => rooms::act(self, action, to),
            Action::Room(action) => room::act(self, action, to),
            Action::Compose(action) => compose::act(self, action, to),
            Action::Files(action) => files::act(self, action, to),
            Action::Ask(action) => ask::act(self, action, to),
            Action::Board(action) => board::act(self, action, to),
            Action::Find(action) => find::act(self, action, to),
            Action::Manage(action) => manage::act(self, action, to),
            Action::Settings(action) => settings::act(self, action, to),
            Action::Credentials(action) => credentials::act(self, action, to),
            Action::Export(action) => export::act(self, action, to),
        }
        manage::look(self, to);
        credentials::look(self);
        out
    }

    /// Something happened: likewise.
    #[must_use]
    pub fn hear(&mut self, news: &News) -> Vec<Effect> {
        let mut out = Vec::new();
        if let News::Clock(now_ms) = news {
            self.now_ms = *now_ms;
        }
        let parts = [
            welcome::hear,
            desk::hear,
            directory::hear,
            rooms::hear,
            room::hear,
            compose::hear,
            files::hear,
            ask::hear,
            board::hear,
            find::hear,
            manage::hear,
            settings::hear,
            credentials::hear,
            export::hear,
        ];
        for hear in parts {
            hear(self, news, &mut out);
        }
        out
    }

    /// The member signed in, once a profile is open.
    pub fn me(&self) -> Option<MemberId> {
        self.session.as_ref()?.me.principal.member()
    }

    /// The organisation that member acts for, as far as the directory knows.
    pub fn my_organisation(&self) -> Option<OrganisationId> {
        self.directory.member(self.me()?).map(|member| member.organisation)
    }

    /// What that organisation depends on, as far as the directory knows.
    pub fn depends_on(&self) -> &[Dependency] {
        self.directory.depends_on(self.me())
    }

    /// Whether a manager is signed in.
    pub fn is_manager(&self) -> bool {
        self.role() == Some(Role::Manager)
    }

    /// The role of who is signed in.
    pub fn role(&self) -> Option<Role> {
        self.session.as_ref()?.me.role
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        self.connection == Connection::Connected
    }
}
