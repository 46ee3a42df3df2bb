//! Making a WARP: its folder, keys, authority, certificate, store, and the first manager's invitation.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use warproom_proto::calls::AddInvitation;
use warproom_proto::invitation::{Address, Invitation};
use warproom_proto::register::{Act, Event, Organisation, PublicKey, Role};
use warproom_proto::{Handle, InvitationId, LogId, Name, OrganisationId, WarpId};

use crate::audit::{self, AuditKey, AuditKeyError};
use crate::calls::INVITATION_MS;
use crate::config::{Config, FILE};
use crate::domain::{Planned, State};
use crate::journal::{What, now_ms};
use crate::store::{
    self, CommitError, CreateError, Draft, KeyError, MasterKey, OpenError, Options,
};
use crate::tls::{self, TlsError};
use crate::{config, identity};

/// The file of the master key in the keys folder.
pub const MASTER_KEY: &str = "master.key";

/// What a new WARP is made of.
pub struct Founding {
    /// What it is called.
    pub warp: Name,
    /// The first manager's organisation.
    pub organisation: Name,
    /// The first manager.
    pub manager: Name,
    /// The first manager's handle.
    pub handle: Handle,
    /// Where the server will listen.
    pub listen: SocketAddr,
    /// Where members will reach it, as `host:port`.
    pub address: String,
}

/// Where a new WARP keeps what it has: paths as they are to stand in its configuration.
pub struct Places {
    /// The folder of the store.
    pub data: PathBuf,
    /// The folder of the keys.
    pub keys: PathBuf,
}

impl Default for Places {
    /// Both beside the configuration.
    fn default() -> Self {
        Self { data: "data".into(), keys: "keys".into() }
    }
}

/// Why a WARP could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// There is one already.
    #[error("{} is already there: a WARP is made once. Choose another --folder, or move this one away", file.display())]
    Exists {
        /// What is there.
        file: PathBuf,
    },
    /// A file or folder cannot be written.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// The master key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key of the audit log.
    #[error(transparent)]
    AuditKey(#[from] AuditKeyError),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The store.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The store, opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The first records.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The first invitation.
    #[error("the first invitation could not be made: {0}")]
    Invitation(String),
}

/// Makes a WARP in a folder; the first manager's invitation.
pub fn init(folder: &Path, founding: Founding) -> Result<Invitation, SetupError> {
    init_at(folder, founding, &Places::default())
}

/// The same, with store and keys elsewhere.
pub fn init_at(
    folder: &Path,
    founding: Founding,
    places: &Places,
) -> Result<Invitation, SetupError> {
    let file = folder.join(FILE);
    if file.exists() {
        return Err(SetupError::Exists { file });
    }
    private_folder(folder)?;
    let text = Config::template(founding.listen, &founding.address)
        .replace("data = \"data\"", &format!("data = {:?}", places.data.to_string_lossy()))
        .replace("keys = \"keys\"", &format!("keys = {:?}", places.keys.to_string_lossy()));
    write_private(&file, &text)?;
    let made =
        Config::load(folder).map_err(SetupError::from).and_then(|config| found(&config, founding));
    if made.is_err() {
        // Without its configuration the folder is not taken for a WARP; what else is in it stays
        // to be looked at.
        let _ = fs::remove_file(&file);
    }
    made
}

fn found(config: &Config, founding: Founding) -> Result<Invitation, SetupError> {
    private_folder(&config.keys)?;
    let key = MasterKey::generate()?;
    key.save_new(&config.keys.join(MASTER_KEY))?;
    let authority = tls::make_authority(&config.keys, founding.warp.as_str())?;
    tls::make_server_certificate(&config.keys, &hosts(config))?;
    store::create(&config.data, &key)?;
    let address = Address { host_port: config.address.clone(), authority };
    let audit_key = AuditKey::make(&config.keys.join(audit::KEY))?.public();
    first_records(config, &key, founding, address, audit_key)
}

/// The hosts a server certificate names: the one members use, and this machine for its operator.
pub fn hosts(config: &Config) -> Vec<String> {
    let mut hosts = vec![config.host().to_owned()];
    for local in ["localhost", "127.0.0.1", "::1"] {
        if !hosts.iter().any(|host| host == local) {
            hosts.push(local.to_owned());
        }
    }
    hosts
}

fn first_records(
    config: &Config,
    key: &MasterKey,
    founding: Founding,
    address: Address,
    audit_key: PublicKey,
) -> Result<Invitation, SetupError> {
    let problem = |error: &dyn std::fmt::Display| SetupError::Invitation(error.to_string());
    let organisation = OrganisationId::random();
    let founded = Event::WarpFounded { warp: WarpId::random(), name: founding.warp };
    let added = Event::OrganisationSet(Organisation {
        organisation,
        name: founding.organisation,
        aliases: Vec::new(),
        clients: Vec::new(),
    });
    let mut state = State::default();
    let mut acts = Vec::new();
    let announced = Event::AuditKeySet { public_key: audit_key };
    for event in [founded, added, announced] {
        let act = Act { by: None, event };
        state.apply_act(&act, 0);
        acts.push(act);
    }
    let (code, code_hash) = identity::invitation_code().map_err(|error| problem(&error))?;
    let call = AddInvitation {
        name: founding.manager,
        handle: founding.handle,
        organisation,
        role: Role::Manager,
    };
    let (now_ms, id) = (now_ms(), InvitationId::random());
    let plan = state
        .decide_invite(None, (id, code_hash), call, (now_ms, now_ms + INVITATION_MS))
        .map_err(|error| problem(&error))?;
    acts.extend(plan.records.into_iter().filter_map(|record| match record {
        Planned::Act(act) => Some(act),
        Planned::Entry { .. } | Planned::Audit(_) => None,
    }));
    let drafts: Result<Vec<Draft>, _> = acts.iter().map(draft).collect();
    let drafts = drafts.map_err(|error| problem(&error))?;
    let (_store, mut committer) =
        store::open(&config.data, key, Options { reserve_bytes: 0, ..Options::default() })?;
    let whats: Vec<What> = acts.into_iter().map(What::Act).collect();
    let refer = |appended: &[store::Appended]| {
        audit::references(appended.iter().zip(&whats)).map_err(|_| CommitError::TooLong)
    };
    committer.commit_with(drafts, (&[], &[]), now_ms, refer)?;
    Ok(Invitation { address, code })
}

fn draft(act: &Act) -> Result<Draft, serde_json::Error> {
    Ok(Draft {
        log: LogId::REGISTER,
        summary: Vec::new(),
        item: serde_json::to_vec(act)?,
        refers_to: None,
        is_state: false,
        id: None,
    })
}

/// An address whose port 0 stands for the one listened on.
pub fn with_port(address: &str, port: u16) -> String {
    match address.strip_suffix(":0") {
        Some(host) => format!("{host}:{port}"),
        None => address.to_owned(),
    }
}

pub(crate) fn private_folder(path: &Path) -> Result<(), SetupError> {
    let make = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    make.map_err(|cause| SetupError::File { path: path.to_owned(), cause })
}

pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), SetupError> {
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|cause| SetupError::File { path: path.to_owned(), cause })
}
