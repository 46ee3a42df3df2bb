//! Files at a desk: brought up once with their entry, through restarts of either side; given up; saved from
//! their entry by whoever may read it, and never over another.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use tempfile::tempdir;
use warproom_client::Delivered;
use warproom_client::proto::calls::{AddToRoom, From};
use warproom_client::proto::{EntryId, File, Label, NamedFile, RoomId, RoomRole, Seq};
use warproom_desktop::effect::{Outgoing, PostWithFiles};
use warproom_desktop::model::files::{Announced, Attached, Moved, Save};
use warproom_desktop::profile::Profiles;
use warproom_desktop::{Effect, News};
use warproom_tests::harness::{DEADLINE, Warp, eventually};

use super::desk::{Desk, PASSPHRASE, post, seated};

/// Some hundred parts: long enough under way to be broken off.
const LARGE: usize = 10_000_000;

/// Bytes that repeat nowhere.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A file on the way to a room, as the person who sits at the desk attached it.
async fn attached(desk: &mut Desk, room: RoomId, path: &Path) -> anyhow::Result<PostWithFiles> {
    let typed = path.to_str().context("text")?.to_owned();
    desk.perform(Effect::LookAtFile { room, path: typed });
    let attached = desk.looked_at().await?.map_err(|why| anyhow!(why))?;
    Ok(PostWithFiles { post: post(room, Label::Amber, "see")?, files: vec![attached] })
}

/// The file that an entry carries, as the desk reads it.
async fn carried(desk: &mut Desk, room: RoomId, seq: Seq) -> anyhow::Result<File> {
    let page = desk.page(room, From::Latest).await?.map_err(|why| anyhow!("{why}"))?;
    let carries = |one: &Delivered| one.seq == seq;
    let entry = page.entries.into_iter().find(carries).and_then(|one| one.entry);
    entry.context("the entry")?.content.files.pop().context("its file")
}

/// How many files the server keeps.
fn kept_by(warp: &Warp) -> anyhow::Result<usize> {
    fn count(folder: &Path) -> std::io::Result<usize> {
        let mut files = 0;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            files += if path.is_dir() { count(&path)? } else { 1 };
        }
        Ok(files)
    }
    Ok(count(&warp.folder().join("data").join("files"))?)
}

impl Desk {
    async fn looked_at(&mut self) -> anyhow::Result<Result<Attached, String>> {
        let looked = |news: &News| match news {
            News::FileLookedAt { found, .. } => Some(found.clone()),
            _ => None,
        };
        Ok(self.until("looked at", looked).await?.map_err(|why| why.to_string()))
    }

    async fn saved(&mut self) -> anyhow::Result<Result<String, String>> {
        let saved = |news: &News| match news {
            News::FileSaved { at, .. } => Some(at.clone()),
            _ => None,
        };
        Ok(self.until("saved", saved).await?.map_err(|why| why.to_string()))
    }

    /// Waits until a file of an entry is under way as asked for.
    async fn up(&mut self, id: EntryId, is: impl Fn(Moved) -> bool) -> anyhow::Result<Moved> {
        let up = |news: &News| match news {
            News::FileUp { id: of, moved, .. } if *of == id && is(*moved) => Some(*moved),
            _ => None,
        };
        self.until("a file under way", up).await
    }
}

const fn is_half_way(moved: Moved) -> bool {
    moved.done_bytes > 0 && moved.done_bytes < moved.size_bytes / 2
}

#[tokio::test]
async fn a_file_goes_up_with_its_entry_and_is_saved_from_it_and_over_no_other() -> anyhow::Result<()>
{
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, _, dora, room) = seated(&warp, folder.path()).await?;
    let said = bytes(300_000);
    let path = papers.path().join("report.pdf");
    fs::write(&path, &said)?;
    let with = attached(&mut desk, room, &path).await?;
    let file = &with.files[0];
    assert_eq!((file.name.as_str(), file.size_bytes), ("report.pdf", 300_000));
    let id = with.post.id;
    desk.perform(Effect::Send(Outgoing::PostWithFiles(with)));
    desk.kept(id).await?;
    desk.up(id, |moved| moved.done_bytes == moved.size_bytes).await?;
    let posted = desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;

    let file = carried(&mut desk, room, posted.seq).await?;
    let hers = tempdir()?;
    let fetched = dora.client.download((room, posted.seq), &file, hers.path(), |_| {}).await?;
    assert_eq!(fetched, hers.path().join("report.pdf"));
    assert_eq!(fs::read(fetched)?, said, "byte for byte");

    let into = papers.path().to_str().context("text")?.to_owned();
    let save = Save { room, seq: posted.seq, file, label: Label::Amber, folder: into };
    desk.perform(Effect::SaveFile(save.clone()));
    let at = desk.saved().await?.map_err(|why| anyhow!(why))?;
    assert_eq!(at, papers.path().join("report (2).pdf").display().to_string());
    assert_eq!(fs::read(at)?, said);
    assert_eq!(fs::read(path)?, said, "what was there stays");

    desk.perform(Effect::SaveFile(Save { folder: "papers".to_owned(), ..save }));
    let refused = desk.saved().await?.unwrap_err();
    assert!(refused.starts_with("papers is no whole path"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn a_file_that_changed_since_it_was_attached_is_refused_and_its_entry_stays()
-> anyhow::Result<()> {
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, profile, _dora, room) = seated(&warp, folder.path()).await?;
    let path = papers.path().join("report.pdf");
    fs::write(&path, "draft")?;
    let with = attached(&mut desk, room, &path).await?;
    fs::write(&path, "final, and longer")?;
    let id = with.post.id;
    desk.perform(Effect::Send(Outgoing::PostWithFiles(with)));
    let refused = desk.sent(id).await?.err().context("it is refused")?;
    assert_eq!(refused.sentence, "report.pdf: the file changed while it was sent");

    let folder_of_papers = papers.path().to_str().context("text")?.to_owned();
    desk.perform(Effect::LookAtFile { room, path: folder_of_papers });
    let refused = desk.looked_at().await?.unwrap_err();
    assert!(refused.contains("this is not a file"), "{refused}");
    desk.close();

    let mut desk = Desk::at(folder.path()).await?;
    let opened = desk.open(&profile).await?;
    let [(Outgoing::PostWithFiles(left), Some(_))] = &opened.outbox[..] else {
        anyhow::bail!("it is not in the outbox any more")
    };
    assert_eq!(left.post.id, id);
    desk.close();
    Ok(())
}

#[tokio::test]
async fn an_upload_broken_off_by_a_restart_of_the_server_goes_on_and_goes_up_once()
-> anyhow::Result<()> {
    let (mut warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, _, dora, room) = seated(&warp, folder.path()).await?;
    let path = papers.path().join("dump.bin");
    let said = bytes(LARGE);
    fs::write(&path, &said)?;
    let with = attached(&mut desk, room, &path).await?;
    let id = with.post.id;
    desk.perform(Effect::Send(Outgoing::PostWithFiles(with)));
    desk.up(id, is_half_way).await?;
    warp.kill()?;
    warp.restart().await?;
    let posted = desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;
    assert_eq!(kept_by(&warp)?, 1, "it is there once");
    let file = carried(&mut desk, room, posted.seq).await?;
    dora.back().await?;
    let hers = tempdir()?;
    let fetched = dora.client.download((room, posted.seq), &file, hers.path(), |_| {}).await?;
    assert_eq!(fs::read(fetched)?, said, "byte for byte");
    Ok(())
}

#[tokio::test]
async fn an_upload_broken_off_by_closing_goes_on_where_it_stood_and_goes_up_once()
-> anyhow::Result<()> {
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, profile, _dora, room) = seated(&warp, folder.path()).await?;
    let path = papers.path().join("dump.bin");
    fs::write(&path, bytes(LARGE))?;
    let with = attached(&mut desk, room, &path).await?;
    let id = with.post.id;
    desk.perform(Effect::Send(Outgoing::PostWithFiles(with)));
    let before = desk.up(id, is_half_way).await?;
    desk.close();

    let mut desk = Desk::at(folder.path()).await?;
    let opened = desk.open(&profile).await?;
    let [(Outgoing::PostWithFiles(left), None)] = &opened.outbox[..] else {
        anyhow::bail!("it waits no more")
    };
    let announced = left.files[0].announced.context("what the server knows is remembered")?;
    assert!(!announced.is_up);
    let first = desk.up(id, |_| true).await?;
    assert!(first.done_bytes >= before.done_bytes, "{first:?} after {before:?}");
    let posted = desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;
    let file = carried(&mut desk, room, posted.seq).await?;
    assert_eq!((file.file, kept_by(&warp)?), (announced.file, 1));
    Ok(())
}

#[tokio::test]
async fn an_entry_whose_answer_was_lost_is_sent_again_without_its_file_going_up_twice()
-> anyhow::Result<()> {
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, profile, _dora, room) = seated(&warp, folder.path()).await?;
    let path = papers.path().join("report.pdf");
    fs::write(&path, bytes(300_000))?;
    let mut with = attached(&mut desk, room, &path).await?;
    let id = with.post.id;
    desk.perform(Effect::Send(Outgoing::PostWithFiles(with.clone())));
    let posted = desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;
    let file = carried(&mut desk, room, posted.seq).await?.file;
    desk.close();
    // As the profile is left by whoever is killed between the server's answer and its hearing.
    with.files[0].announced = Some(Announced { file, is_up: true });
    let passphrase = PASSPHRASE.to_owned().into();
    let kept = Profiles::at(Some(folder.path().to_owned()))?.open(&profile, Some(&passphrase))?;
    kept.keep_outgoing(&Outgoing::PostWithFiles(with))?;
    drop(kept);

    let mut desk = Desk::at(folder.path()).await?;
    desk.open(&profile).await?;
    let again = desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;
    assert_eq!((again.seq, kept_by(&warp)?), (posted.seq, 1));
    Ok(())
}

#[tokio::test]
async fn a_file_that_the_server_has_dropped_meanwhile_goes_up_again() -> anyhow::Result<()> {
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, profile, _dora, room) = seated(&warp, folder.path()).await?;
    let path = papers.path().join("report.pdf");
    fs::write(&path, bytes(300_000))?;
    let mut with = attached(&mut desk, room, &path).await?;
    let id = with.post.id;
    desk.close();
    // Of a day ago: nothing carried it, and the server knows nothing of it any more.
    let gone = warproom_client::proto::FileId::random();
    with.files[0].announced = Some(Announced { file: gone, is_up: true });
    let passphrase = PASSPHRASE.to_owned().into();
    let kept = Profiles::at(Some(folder.path().to_owned()))?.open(&profile, Some(&passphrase))?;
    kept.keep_outgoing(&Outgoing::PostWithFiles(with))?;
    drop(kept);

    let mut desk = Desk::at(folder.path()).await?;
    desk.open(&profile).await?;
    let posted = desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;
    assert_eq!(carried(&mut desk, room, posted.seq).await?.size_bytes, 300_000);
    Ok(())
}

#[tokio::test]
async fn an_entry_let_go_while_its_file_comes_up_leaves_nothing_at_the_server() -> anyhow::Result<()>
{
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, profile, _dora, room) = seated(&warp, folder.path()).await?;
    let path = papers.path().join("dump.bin");
    fs::write(&path, bytes(LARGE))?;
    let with = attached(&mut desk, room, &path).await?;
    let id = with.post.id;
    desk.perform(Effect::Send(Outgoing::PostWithFiles(with)));
    desk.up(id, is_half_way).await?;
    assert_eq!(kept_by(&warp)?, 1);
    desk.perform(Effect::Discard(id));
    eventually(DEADLINE, async || (kept_by(&warp).ok()? == 0).then_some(())).await?;
    // Nobody is told of it later either.
    desk.close();
    let mut desk = Desk::at(folder.path()).await?;
    assert!(desk.open(&profile).await?.outbox.is_empty());
    assert!(path.exists(), "the file itself stays");
    Ok(())
}

#[tokio::test]
async fn a_file_withheld_by_its_label_is_neither_offered_nor_given() -> anyhow::Result<()> {
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, profile, dora, _) = seated(&warp, folder.path()).await?;
    let dan = desk.open(&profile).await?.me.principal.member().context("a member")?;
    desk.signed_in().await?;
    let path = papers.path().join("names.txt");
    fs::write(&path, "for those who were there")?;
    let room = warp.room(&[&dora], Label::Red, Label::Amber).await?;
    let up = dora.client.upload(room, &path, |_| {}).await?;
    let named = NamedFile { file: up.file, name: up.name.clone(), media_type: None };
    let mut red = post(room, Label::Red, "see")?;
    red.files = vec![named];
    let seq = dora.client.append(red).await?.seq;
    let (id, role) = (EntryId::random(), RoomRole::Participant);
    dora.client.append(AddToRoom { room, id, member: dan, role }).await?;
    let joined = |news: &News| match news {
        News::RoomJoined(summary) if summary.room == room => Some(()),
        _ => None,
    };
    desk.until("in the room", joined).await?;

    let page = desk.page(room, From::Latest).await?.map_err(|why| anyhow!("{why}"))?;
    let stub = page.entries.iter().find(|one| one.seq == seq).context("its stub")?;
    assert!(stub.is_withheld() && stub.entry.is_none());
    // Who guesses its id gets it no sooner.
    let file = File {
        file: up.file,
        name: up.name,
        media_type: None,
        size_bytes: up.size_bytes,
        sha256: up.sha256,
    };
    let into = papers.path().to_str().context("text")?.to_owned();
    desk.perform(Effect::SaveFile(Save { room, seq, file, label: Label::Red, folder: into }));
    let refused = desk.saved().await?.unwrap_err();
    assert!(refused.contains("there is no such thing here, or it is not yours"), "{refused}");
    assert!(!papers.path().join("names (2).txt").exists());
    Ok(())
}
