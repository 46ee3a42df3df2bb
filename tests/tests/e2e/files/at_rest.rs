//! What lies in the folder of files: it tells a thief nothing, and what was changed in it is never served.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use warproom_proto::{ErrorCode, Label, limits};
use warproom_tests::harness::refusal;

use super::{FOUR_PARTS, begin, bytes, hash, post, put, read, two};

fn all_files(folder: &Path, into: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { all_files(&path, into)? } else { into.push(path) }
    }
    Ok(())
}

#[tokio::test]
async fn a_stolen_folder_tells_nothing_of_what_files_hold_or_are_called() -> anyhow::Result<()> {
    let (mut warp, room, alice, _bob) = two().await?;
    let data = b"the recovery plan of Canterbury ".repeat(4000);
    post(&alice, room, Label::Red, &data).await?;
    // Half of another, too.
    let half = b"a half-sent plan of Dover ".repeat(8000);
    let file = begin(&alice.client, room, &half).await?.file;
    put(&alice.client, file, 0, &half).await?;
    let hashes = [hash(&data).to_string(), hash(&half).to_string()];
    for stopped in [false, true] {
        if stopped {
            warp.stop().await?;
        }
        let mut files = Vec::new();
        all_files(&warp.folder().join("data"), &mut files)?;
        files.push(warp.folder().join("../server.log"));
        let mut sealed = 0;
        for path in &files {
            let bytes = fs::read(path)?;
            let has = |needle: &[u8]| bytes.windows(needle.len()).any(|at| at == needle);
            for canary in ["recovery plan", "half-sent", "Incident report", "application/pdf"] {
                ensure!(!has(canary.as_bytes()), "{canary} is in {}", path.display());
            }
            for hash in &hashes {
                ensure!(!has(hash.as_bytes()), "a hash is in {}", path.display());
            }
            sealed += usize::from(path.starts_with(warp.folder().join("data/files")));
        }
        ensure!(sealed == 2, "{sealed} files of {}", files.len());
    }
    Ok(())
}

/// Stops the server, changes the file of a post, and hears what `verify` and the server say of it.
async fn damaged(change: impl Fn(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (mut warp, room, alice, _bob) = two().await?;
    let data = bytes(FOUR_PARTS, 11);
    let (posted, file) = post(&alice, room, Label::Green, &data).await?;
    let (whole, other) = post(&alice, room, Label::Green, &bytes(FOUR_PARTS, 12)).await?;
    warp.stop().await?;
    change(&warp.folder().join("data/files").join(file.to_string()))?;
    let output = warp.verify()?;
    let problem = String::from_utf8_lossy(&output.stderr);
    let named = format!("damaged: {room} log, record {}: its file {file} was edited", posted.seq);
    ensure!(!output.status.success() && problem.contains(&named), "{problem}");
    ensure!(!problem.contains(&other.to_string()), "{problem}");

    warp.restart().await?;
    alice.back().await?;
    let served = read(&alice.client, (room, posted.seq), file, data.len()).await;
    ensure!(refusal(served)?.code == ErrorCode::ServerFault);
    ensure!(warp.log()?.contains(&format!("seq={} file={file}", posted.seq)), "{}", warp.log()?);
    ensure!(read(&alice.client, (room, whole.seq), other, FOUR_PARTS).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn a_bent_part_of_a_file_is_reported_and_never_served() -> anyhow::Result<()> {
    damaged(|path| {
        let mut bytes = fs::read(path)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        Ok(fs::write(path, bytes)?)
    })
    .await
}

#[tokio::test]
async fn a_file_that_was_cut_or_removed_is_reported_and_never_served() -> anyhow::Result<()> {
    damaged(|path| Ok(fs::OpenOptions::new().write(true).open(path)?.set_len(200_000)?)).await?;
    damaged(|path| Ok(fs::remove_file(path)?)).await
}

#[tokio::test]
async fn parts_that_change_places_or_files_are_reported_and_never_served() -> anyhow::Result<()> {
    let slot = limits::PART_BYTES + 30;
    damaged(|path| {
        let mut bytes = fs::read(path)?;
        let (first, rest) = bytes.split_at_mut(slot);
        first.swap_with_slice(&mut rest[..slot]);
        Ok(fs::write(path, bytes)?)
    })
    .await?;
    damaged(|path| {
        let folder = path.parent().context("a file is in a folder")?;
        let other = fs::read_dir(folder)?.flatten().find(|other| other.path() != path);
        fs::copy(other.context("there are two")?.path(), path)?;
        Ok(())
    })
    .await
}
