//! A backup onto a disk that is full, more or less: refused, and the one before it stays whole.

use anyhow::ensure;
use warproom_proto::Label;
use warproom_tests::harness::Warp;

use super::{back_up, command, done, refused};
use crate::bad_input::Disk;
use crate::files;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

#[tokio::test]
async fn a_backup_for_which_there_is_no_space_is_refused_and_the_former_one_is_whole()
-> anyhow::Result<()> {
    let Some(disk) = Disk::mount(96)? else { return Ok(()) };
    let to = disk.folder().join("backup");
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    back_up(&warp, &to).await?;
    let long = "y".repeat(50_000);
    for _ in 0..20 {
        warp.manager().post(room, Label::Green, &long).await?;
    }
    files::post(warp.manager(), room, Label::Green, &files::bytes(1_500_000, 7)).await?;
    // From what is below the reserve to what ends one file or another in its middle.
    for left in [40 * MIB, 2_200 * KIB, 1_300 * KIB, 400 * KIB, 80 * KIB, 8 * KIB, 0] {
        disk.fill(left)?;
        let said = refused(command(&warp, "backup", &[("--to", &to)])).await?;
        let is_told = said.contains("too little space") || said.contains("No space left");
        ensure!(is_told, "{left} bytes left: {said}");
        let verified = done(command(&warp, "verify", &[("--backup", &to)])).await?;
        ensure!(verified.contains("backup 1"), "{left} bytes left: {verified}");
        disk.free()?;
    }
    back_up(&warp, &to).await?;
    let verified = done(command(&warp, "verify", &[("--backup", &to)])).await?;
    ensure!(verified.contains("backup 2"), "{verified}");
    Ok(())
}
