//! A stopped server's folder, touched from outside: copies of it, and records that only time could
//! have brought about.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use warproom_proto::invitation::Invitation;
use warproom_proto::register::{Act, Event, Member, Role, Standing};
use warproom_proto::{Handle, Head, InvitationId, LogId, MemberId, OrganisationId, RoomId, Seq};
use warproom_server::store::{self, Committer, Direction, Draft, MasterKey, Options, Store};

use super::Warp;

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Adds an invitation that lapsed long ago to the register of a WARP whose server is stopped.
pub fn add_lapsed_invitation(
    warp: &Warp,
    handle: Handle,
    organisation: OrganisationId,
) -> anyhow::Result<Invitation> {
    /// Sixteen zero bytes, and the SHA-256 of that text.
    const CODE: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    const CODE_HASH: &str = "8a5bdb4cc15164126c6ef2668de9dd240d299ce6397a42c95a9411b93d080ed8";
    let member = Member {
        member: MemberId::random(),
        name: handle.as_str().parse()?,
        handle,
        organisation,
        role: Role::Officer,
        standing: Standing::Active,
    };
    let event = Event::InvitationAdded {
        invitation: InvitationId::random(),
        member,
        code_hash: CODE_HASH.parse::<Head>()?,
        expires_at_ms: 1_000,
    };
    let draft = act(&Act { by: Some(warp.manager().principal()), event })?;
    let (_store, mut committer) = opened(warp)?;
    let appended = committer.commit(vec![draft], &[], 0)?;
    appended.first().context("one record was appended")?;
    Ok(Invitation { address: warp.address().clone(), code: CODE.to_owned().into() })
}

/// Adds a room to a WARP whose server is stopped: another room's records, as if they had all been
/// written at this time.
pub fn add_aged_room(warp: &Warp, of: RoomId, at_ms: i64) -> anyhow::Result<RoomId> {
    let (store, mut committer) = opened(warp)?;
    let room = RoomId::random();
    let state: Vec<Seq> = store.state(LogId::room(of))?;
    let mut drafts = Vec::new();
    for stored in store.page(LogId::room(of), 1, usize::MAX, Direction::Forward) {
        let stored = stored?;
        let (summary, item, is_state) = (stored.summary, stored.item, state.contains(&stored.seq));
        let log = LogId::room(room);
        drafts.push(Draft { log, summary, item, refers_to: None, is_state, id: None });
    }
    committer.commit(drafts, &[], at_ms)?;
    let event = Event::RoomOpened { room };
    let opened = act(&Act { by: Some(warp.manager().principal()), event })?;
    committer.commit(vec![opened], &[], at_ms)?;
    Ok(room)
}

fn opened(warp: &Warp) -> anyhow::Result<(Store, Committer)> {
    ensure!(warp.process().is_none(), "the server must be stopped");
    let folder = warp.folder();
    let key = MasterKey::load(&folder.join("keys").join("master.key"))?;
    let options = Options { reserve_bytes: 0, ..Options::default() };
    Ok(store::open(&folder.join("data"), &key, options)?)
}

fn act(act: &Act) -> anyhow::Result<Draft> {
    Ok(Draft {
        log: LogId::REGISTER,
        summary: Vec::new(),
        item: serde_json::to_vec(act)?,
        refers_to: None,
        is_state: false,
        id: None,
    })
}
