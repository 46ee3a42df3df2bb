//! Files, end to end: up in parts, carried by an entry, read by its audience and nobody else, whole
//! through crashes, and gone with their entry.

#[path = "files/at_rest.rs"]
mod at_rest;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use sha2::{Digest as _, Sha256 as Sha256Digest};
use warproom_client::{CallError, Client, Credentials, TransferError, connect};
use warproom_proto::calls::{
    AbandonFile, AddBot, BeginFile, PartRange, PartTaken, PostEntry, Posted, PutPart, ReadPart,
    RelabelEntry, RemoveFromRoom, RetractEntry, ShowUpload, UploadStatus,
};
use warproom_proto::file::{part_bytes, parts_of};
use warproom_proto::register::Grant;
use warproom_proto::{
    EntryId, ErrorCode, FileId, Label, NamedFile, PartData, RoomId, Seq, Sha256, limits,
};
use warproom_tests::harness::{
    DEADLINE, Person, Warp, entry_of, eventually, next_entry, refusal, warning,
};

/// Four parts, the last of which is short.
const FOUR_PARTS: usize = 3 * limits::PART_BYTES + 1234;

/// Bytes that repeat nowhere and that no disk has by chance, other ones for each seed.
pub fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// SHA-256, by a library that neither server nor client uses for files.
pub fn hash(data: &[u8]) -> Sha256 {
    Sha256(Sha256Digest::digest(data).into())
}

/// Announces a file.
pub async fn begin(client: &Client, room: RoomId, data: &[u8]) -> anyhow::Result<UploadStatus> {
    Ok(announce(client, room, data).await?)
}

/// The same, with the refusal.
pub async fn announce(
    client: &Client,
    room: RoomId,
    data: &[u8],
) -> Result<UploadStatus, CallError> {
    let (size_bytes, sha256) = (data.len() as u64, hash(data));
    client.call(BeginFile { room, size_bytes, sha256 }).await
}

/// A part of these bytes.
pub fn part_of(file: FileId, part: u32, data: &[u8]) -> PutPart {
    let from = part as usize * limits::PART_BYTES;
    let to = from + part_bytes(data.len() as u64, part);
    PutPart { file, part, data: PartData(data[from..to].to_vec()) }
}

/// Puts a part.
pub async fn put(
    client: &Client,
    file: FileId,
    part: u32,
    data: &[u8],
) -> Result<PartTaken, CallError> {
    client.call(part_of(file, part, data)).await
}

/// Brings all of a file up.
pub async fn bring(client: &Client, room: RoomId, data: &[u8]) -> anyhow::Result<FileId> {
    let status = begin(client, room, data).await?;
    for part in 0..status.parts {
        put(client, status.file, part, data).await?;
    }
    Ok(status.file)
}

/// A post that carries files.
pub fn carrying(room: RoomId, label: Label, files: &[FileId]) -> PostEntry {
    let named = |file: &FileId| NamedFile {
        file: *file,
        name: "Incident report.pdf".parse().unwrap(),
        media_type: Some("application/pdf".parse().unwrap()),
    };
    PostEntry {
        room,
        id: EntryId::random(),
        label,
        text: "see the file".parse().unwrap(),
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: files.iter().map(named).collect(),
    }
}

/// Brings a file up and posts it.
pub async fn post(
    person: &Person,
    room: RoomId,
    label: Label,
    data: &[u8],
) -> anyhow::Result<(Posted, FileId)> {
    let file = bring(&person.client, room, data).await?;
    Ok((person.client.append(carrying(room, label, &[file])).await?, file))
}

/// All of a file that an entry carries.
pub async fn read(
    client: &Client,
    (room, seq): (RoomId, Seq),
    file: FileId,
    length: usize,
) -> Result<Vec<u8>, CallError> {
    let mut data = Vec::new();
    for part in 0..u32::try_from(parts_of(length as u64)).unwrap() {
        data.extend(client.call(ReadPart { room, seq, file, part }).await?.data.0);
    }
    Ok(data)
}

/// The files in a WARP's folder.
pub fn kept(warp: &Warp) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(warp.folder().join("data/files"))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// What `verify` says of a stopped server, if all is well.
pub fn verified(warp: &Warp, files: usize) -> anyhow::Result<()> {
    let output = warp.verify()?;
    let (said, problem) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{problem}");
    ensure!(said.contains(&format!("{files} files, every one whole")), "{said}");
    Ok(())
}

/// A room of a person each of Canterbury and Dover.
async fn two() -> anyhow::Result<(Warp, RoomId, Person, Person)> {
    let warp = Warp::start().await?;
    let canterbury = warp.organisation("Canterbury City Council").await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (alice, bob) =
        (warp.officer("alice", canterbury).await?, warp.officer("bob", dover).await?);
    let room = warp.room(&[&alice, &bob], Label::Red, Label::Amber).await?;
    Ok((warp, room, alice, bob))
}

#[tokio::test]
async fn a_file_comes_up_in_parts_in_any_order_and_is_read_as_it_was() -> anyhow::Result<()> {
    let (mut warp, room, alice, bob) = two().await?;
    let (_client, mut events) = bob.follow(room, 3).await?;
    let data = bytes(FOUR_PARTS, 1);
    let status = begin(&alice.client, room, &data).await?;
    ensure!((status.parts, status.part_bytes as usize) == (4, limits::PART_BYTES), "{status:?}");
    ensure!(status.missing == [PartRange { first: 0, last: 3 }], "{status:?}");
    for (part, whole) in [(3, false), (1, false), (1, false), (0, false), (2, true), (2, true)] {
        let taken = put(&alice.client, status.file, part, &data).await?;
        ensure!(taken.whole == whole, "part {part}");
    }
    let posted = alice.client.append(carrying(room, Label::Amber, &[status.file])).await?;
    let live = next_entry(&mut events).await?.entry.context("bob may read it")?;
    let file = live.content.files.first().context("the entry carries a file")?;
    ensure!(file.name.as_str() == "Incident report.pdf" && file.sha256 == hash(&data), "{file:?}");
    ensure!(live.handling.files[0].size_bytes == data.len() as u64, "{:?}", live.handling);
    ensure!(read(&bob.client, (room, posted.seq), status.file, data.len()).await? == data);
    // A part that is not there, of a file that is.
    let beyond = ReadPart { room, seq: posted.seq, file: status.file, part: 4 };
    ensure!(refusal(bob.client.call(beyond).await)?.code == ErrorCode::BadParams);

    warp.stop().await?;
    verified(&warp, 1)?;
    warp.restart().await?;
    bob.back().await?;
    ensure!(read(&bob.client, (room, posted.seq), status.file, data.len()).await? == data);
    Ok(())
}

#[tokio::test]
async fn an_empty_file_and_one_of_exactly_two_parts_are_files_too() -> anyhow::Result<()> {
    let (mut warp, room, alice, bob) = two().await?;
    let (empty, even) = (bytes(0, 1), bytes(2 * limits::PART_BYTES, 2));
    let (first, second) =
        (bring(&alice.client, room, &empty).await?, bring(&alice.client, room, &even).await?);
    let posted = alice.client.append(carrying(room, Label::Green, &[first, second])).await?;
    ensure!(read(&bob.client, (room, posted.seq), first, 0).await?.is_empty());
    ensure!(read(&bob.client, (room, posted.seq), second, even.len()).await? == even);
    warp.stop().await?;
    verified(&warp, 2)
}

#[tokio::test]
async fn a_file_that_was_cut_off_by_a_kill_of_the_server_goes_on_where_it_stood()
-> anyhow::Result<()> {
    let (mut warp, room, alice, bob) = two().await?;
    let data = bytes(FOUR_PARTS, 2);
    let before = begin(&alice.client, room, &data).await?;
    for part in [0, 2] {
        put(&alice.client, before.file, part, &data).await?;
    }
    warp.kill()?;
    warp.restart().await?;
    alice.back().await?;
    let after = begin(&alice.client, room, &data).await?;
    let missing = [PartRange { first: 1, last: 1 }, PartRange { first: 3, last: 3 }];
    ensure!(after.file == before.file && after.missing == missing, "{after:?}");
    ensure!(!put(&alice.client, after.file, 1, &data).await?.whole);
    ensure!(put(&alice.client, after.file, 3, &data).await?.whole);
    // Whole is whole, also after another kill.
    warp.kill()?;
    warp.restart().await?;
    alice.back().await?;
    ensure!(alice.client.call(ShowUpload { file: after.file }).await?.missing.is_empty());
    let posted = alice.client.append(carrying(room, Label::Green, &[after.file])).await?;
    bob.back().await?;
    ensure!(read(&bob.client, (room, posted.seq), after.file, data.len()).await? == data);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_cut_off_by_the_end_of_a_program_goes_on_in_the_next() -> anyhow::Result<()>
{
    let (_warp, room, alice, bob) = two().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("Minutes 10:30.pdf");
    let data = bytes(20 * limits::PART_BYTES, 3);
    fs::write(&path, &data)?;
    let (first, _) = alice.connect().await?;
    let (tell, mut told) = tokio::sync::watch::channel(0);
    let upload = {
        let path = path.clone();
        let tell = move |progress: warproom_client::Progress| {
            tell.send_replace(progress.done_bytes);
        };
        tokio::spawn(async move { first.upload(room, &path, tell).await.map(drop) })
    };
    told.wait_for(|done| *done >= 3 * limits::PART_BYTES as u64).await?;
    upload.abort();
    ensure!(upload.await.is_err_and(|error| error.is_cancelled()), "it was done before");

    let (second, _) = alice.connect().await?;
    let mut seen = Vec::new();
    let uploaded = second.upload(room, &path, |progress| seen.push(progress.done_bytes)).await?;
    ensure!(seen[0] >= 3 * limits::PART_BYTES as u64, "it began anew: {seen:?}");
    ensure!(seen.is_sorted() && seen.last() == Some(&(data.len() as u64)), "{seen:?}");
    ensure!(uploaded.name.as_str() == "Minutes 10_30.pdf", "{uploaded:?}");
    let posted = alice.client.append(carrying(room, Label::Green, &[uploaded.file])).await?;

    // Down again, beside a file of that name, which stays.
    let entry = bob.history(room).await?.last().and_then(entry_of).context("bob reads it")?;
    let file = entry.content.files.first().context("it carries the file")?;
    let to = folder.path();
    fs::write(to.join(file.name.on_disk()), "mine")?;
    let place = bob.client.download((room, posted.seq), file, to, |_| ()).await?;
    ensure!(place == to.join("Incident report (2).pdf") && fs::read(&place)? == data, "{place:?}");
    ensure!(fs::read(to.join("Incident report.pdf"))? == b"mine");
    ensure!(fs::read_dir(to)?.count() == 3, "something half was left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_outlives_a_restart_of_the_server() -> anyhow::Result<()> {
    let (mut warp, room, alice, bob) = two().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("image.bin");
    let data = bytes(40 * limits::PART_BYTES, 4);
    fs::write(&path, &data)?;
    let (tell, mut told) = tokio::sync::watch::channel(0);
    let client = alice.client.clone();
    let upload = tokio::spawn(async move {
        client.upload(room, &path, |progress| _ = tell.send_replace(progress.done_bytes)).await
    });
    told.wait_for(|done| *done >= 2 * limits::PART_BYTES as u64).await?;
    warp.kill()?;
    warp.restart().await?;
    let uploaded = upload.await??;
    let posted = alice.client.append(carrying(room, Label::Green, &[uploaded.file])).await?;
    bob.back().await?;
    ensure!(read(&bob.client, (room, posted.seq), uploaded.file, data.len()).await? == data);
    Ok(())
}

#[tokio::test]
async fn what_is_posted_with_files_is_whole_after_a_kill_and_posted_once() -> anyhow::Result<()> {
    let (mut warp, room, alice, _bob) = two().await?;
    let mut all = Vec::new();
    for round in 0..4 {
        let data = bytes(FOUR_PARTS, 10 + round);
        let file = bring(&alice.client, room, &data).await?;
        let call = carrying(room, Label::Green, &[file]);
        let posted = alice.client.append(call.clone()).await?;
        all.push((posted.seq, file, data));
        warp.kill()?;
        warp.restart().await?;
        alice.back().await?;
        // The outbox of a client that lost the answer.
        ensure!(alice.client.append(call).await? == posted, "posted twice");
        let again = alice.client.append(carrying(room, Label::Green, &[file])).await;
        ensure!(refusal(again)?.code == ErrorCode::NotFound, "carried twice");
    }
    for (seq, file, data) in &all {
        ensure!(read(&alice.client, (room, *seq), *file, data.len()).await? == *data);
    }
    warp.stop().await?;
    verified(&warp, 4)
}

#[tokio::test]
async fn an_alert_and_a_reply_carry_files_and_a_reply_with_one_is_no_milder() -> anyhow::Result<()>
{
    let (_warp, room, alice, bob) = two().await?;
    let data = bytes(100, 5);
    let call = carrying(room, Label::Green, &[bring(&alice.client, room, &data).await?]);
    let alert = warproom_proto::calls::PostAlert {
        files: call.files.clone(),
        ..warning(room, Label::Amber, "Forms down")?
    };
    let alerted = alice.client.append(alert).await?;
    ensure!(read(&bob.client, (room, alerted.seq), call.files[0].file, 100).await? == data);
    let file = bring(&bob.client, room, &data).await?;
    let reply = |label| PostEntry { reply_to: Some(alerted.seq), ..carrying(room, label, &[file]) };
    let milder = bob.client.append(reply(Label::Green)).await;
    ensure!(refusal(milder)?.code == ErrorCode::LabelRefused);
    let replied = bob.client.append(reply(Label::Amber)).await?;
    ensure!(read(&alice.client, (room, replied.seq), file, 100).await? == data);
    Ok(())
}

/// Whether somebody may read a file; any refusal but "not found" is an error.
async fn reads(client: &Client, place: (RoomId, Seq), file: FileId) -> anyhow::Result<bool> {
    match read(client, place, file, 1).await {
        Ok(_) => Ok(true),
        Err(error) => {
            let code = error.code();
            ensure!(code == Some(ErrorCode::NotFound), "{error:?}");
            Ok(false)
        }
    }
}

#[tokio::test]
async fn a_file_has_the_audience_of_its_entry_whoever_asks() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let services = warp.organisation("East Kent Services").await?;
    let canterbury = warp.organisation_serving("Canterbury City Council", &[services]).await?;
    let dover = warp.organisation("Dover District Council").await?;
    let alice = warp.officer("alice", canterbury).await?;
    let room = warp.room(&[&alice, warp.manager()], Label::Red, Label::Amber).await?;
    let mut posts = Vec::new();
    for label in Label::ALL {
        let (posted, file) = post(&alice, room, label, &bytes(100, posts.len() as u64)).await?;
        posts.push((posted.seq, file));
    }
    let newcomers = [
        ("the same organisation", warp.officer("anna", canterbury).await?, 4),
        ("a client organisation", warp.officer("carl", services).await?, 3),
        ("another organisation", warp.officer("bob", dover).await?, 2),
    ];
    for (who, reader, count) in &newcomers {
        for (seq, file) in &posts {
            ensure!(!reads(&reader.client, (room, *seq), *file).await?, "{who}: not in the room");
        }
        alice.add(room, reader).await?;
        for (at, (seq, file)) in posts.iter().enumerate() {
            let may = reads(&reader.client, (room, *seq), *file).await?;
            ensure!(may == (at < *count), "{who}: label {at}");
            ensure!(may == reader.reads(room, *seq).await?, "{who}: label {at}, as the entry");
        }
    }
    // A bot up to its ceiling, from when it came.
    let grant = Grant {
        rooms: vec![room],
        read: Some(Label::Amber),
        post: None,
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: i64::MAX,
    };
    let bot = AddBot { name: "Reader".parse()?, grant, hook: None };
    let bot = warp.manager().client.call(bot).await?;
    let (bot, _events) = connect(warp.address().clone(), Credentials::Token(bot.token)).await?;
    for label in Label::ALL {
        let (posted, file) = post(&alice, room, label, &bytes(100, 9)).await?;
        let may = reads(&bot, (room, posted.seq), file).await?;
        ensure!(may == (label <= Label::Amber), "a bot up to AMBER, {label}");
    }
    let brought = announce(&bot, room, b"x").await;
    ensure!(refusal(brought)?.code == ErrorCode::NotAllowed, "a bot that posts nothing");

    // A label that changes, a post that is taken back, and somebody who is taken out.
    let (_, bob, _) = &newcomers[2];
    let (green, file) = posts[1];
    let relabel = |to| RelabelEntry { room, id: EntryId::random(), of: green, to };
    alice.client.append(relabel(Label::Red)).await?;
    ensure!(!reads(&bob.client, (room, green), file).await?, "tightened");
    alice.client.append(relabel(Label::Clear)).await?;
    ensure!(reads(&bob.client, (room, green), file).await?, "relaxed");
    let remove = RemoveFromRoom { room, id: EntryId::random(), who: bob.principal() };
    alice.client.append(remove).await?;
    ensure!(!reads(&bob.client, (room, green), file).await?, "taken out");
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_not_yours_to_know_of_is_refused_like_one_that_does_not_exist()
-> anyhow::Result<()> {
    let (warp, room, alice, bob) = two().await?;
    let other = warp.room(&[&alice], Label::Red, Label::Amber).await?;
    let data = bytes(FOUR_PARTS, 6);
    // Of another member; of a room that Bob is not in; carried, taken back; whole and waiting.
    let foreign = begin(&alice.client, room, &data).await?.file;
    let elsewhere = begin(&alice.client, other, &data).await?.file;
    let whole = bring(&alice.client, room, &bytes(9, 1)).await?;
    let (posted, carried) = post(&alice, room, Label::Red, &bytes(10, 1)).await?;
    let (gone, retracted) = post(&alice, room, Label::Green, &bytes(11, 1)).await?;
    let retract = RetractEntry { room, id: EntryId::random(), of: gone.seq };
    alice.client.append(retract).await?;
    let unknown = FileId::random();

    let mut raw = warp.raw().await?;
    raw.sign_in(&bob).await?;
    let mut answers = Vec::new();
    for file in [unknown, foreign, elsewhere, whole, carried, retracted] {
        let named = json!([{"file": file, "name": "x"}]);
        let post = json!({"room": room, "id": EntryId::random(), "label": "TLP:RED", "text": "x", "files": named});
        let calls = [
            ("file.put", json!({"file": file, "part": 0, "data": "AA"})),
            ("file.status", json!({"file": file})),
            ("file.abandon", json!({"file": file})),
            ("entry.post", post),
            // As a file of an entry that does not carry it.
            ("file.read", json!({"room": room, "seq": gone.seq, "file": file, "part": 0})),
            ("file.read", json!({"room": room, "seq": 1, "file": file, "part": 0})),
            ("file.read", json!({"room": room, "seq": 999, "file": file, "part": 0})),
            ("file.read", json!({"room": other, "seq": 1, "file": file, "part": 999})),
        ];
        for (method, params) in calls {
            answers.push((method, raw.call(7, method, &params).await?));
        }
    }
    let (_, first) = answers[0].clone();
    ensure!(first.contains("\"code\":3"), "{first}");
    for (method, answer) in &answers {
        ensure!(*answer == first, "{method}: {answer}");
    }
    // What Bob may not read, in a room he is in: as if it were not there.
    let late = warp.organisation("Thanet District Council").await?;
    let tess = warp.officer("tess", late).await?;
    alice.add(room, &tess).await?;
    let mut raw = warp.raw().await?;
    raw.sign_in(&tess).await?;
    for (seq, file) in [(posted.seq, carried), (posted.seq, unknown), (999, unknown)] {
        for part in [0, 999] {
            let params = json!({"room": room, "seq": seq, "file": file, "part": part});
            ensure!(raw.call(7, "file.read", &params).await? == first, "{seq} {file}");
        }
    }
    // Nor does anything of this harm whom they belong to.
    let missing = alice.client.call(ShowUpload { file: foreign }).await?.missing;
    ensure!(missing == [PartRange { first: 0, last: 3 }], "{missing:?}");
    Ok(())
}

#[tokio::test]
async fn who_is_taken_out_of_a_room_brings_nothing_more_up_for_it() -> anyhow::Result<()> {
    let (_warp, room, alice, bob) = two().await?;
    let data = bytes(FOUR_PARTS, 7);
    let file = begin(&bob.client, room, &data).await?.file;
    put(&bob.client, file, 0, &data).await?;
    let remove = RemoveFromRoom { room, id: EntryId::random(), who: bob.principal() };
    alice.client.append(remove).await?;
    let refused = [
        refusal(put(&bob.client, file, 1, &data).await)?,
        refusal(bob.client.call(ShowUpload { file }).await)?,
        refusal(announce(&bob.client, room, &data).await)?,
    ];
    ensure!(refused.iter().all(|one| one.code == ErrorCode::NotFound), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn retracting_an_entry_removes_its_files_key_and_bytes() -> anyhow::Result<()> {
    let (mut warp, room, alice, bob) = two().await?;
    let data = bytes(FOUR_PARTS, 8);
    let (kept_post, kept_file) = post(&alice, room, Label::Green, &data).await?;
    let (posted, file) = post(&alice, room, Label::Green, &data).await?;
    ensure!(kept(&warp)?.len() == 2);
    let retract = RetractEntry { room, id: EntryId::random(), of: posted.seq };
    alice.client.append(retract).await?;
    let left = kept(&warp)?;
    ensure!(left.len() == 1 && left[0].ends_with(kept_file.to_string()), "{left:?}");
    for reader in [&alice, &bob] {
        ensure!(!reads(&reader.client, (room, posted.seq), file).await?);
    }
    // The file of a crash between the commit and the removal: swept at the next start.
    warp.stop().await?;
    verified(&warp, 1)?;
    let folder = warp.folder().join("data/files");
    fs::copy(folder.join(kept_file.to_string()), folder.join(file.to_string()))?;
    warp.restart().await?;
    let swept = async || (kept(&warp).ok()?.len() == 1).then_some(());
    eventually(DEADLINE, swept).await?;
    bob.back().await?;
    ensure!(!reads(&bob.client, (room, posted.seq), file).await?);
    let place = (room, kept_post.seq);
    ensure!(read(&bob.client, place, kept_file, data.len()).await? == data);
    Ok(())
}

#[tokio::test]
async fn what_is_abandoned_is_gone_and_makes_room() -> anyhow::Result<()> {
    let (warp, room, alice, _bob) = two().await?;
    let data = bytes(FOUR_PARTS, 9);
    let file = bring(&alice.client, room, &data).await?;
    ensure!(kept(&warp)?.len() == 1);
    alice.client.call(AbandonFile { file }).await?;
    ensure!(kept(&warp)?.is_empty());
    let refused = refusal(alice.client.call(AbandonFile { file }).await)?;
    ensure!(refused.code == ErrorCode::NotFound);
    ensure!(begin(&alice.client, room, &data).await?.file != file);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_of_something_else_is_not_kept() -> anyhow::Result<()> {
    let (_warp, room, alice, _bob) = two().await?;
    let (posted, _) = post(&alice, room, Label::Green, &bytes(FOUR_PARTS, 13)).await?;
    let entry = alice.history(room).await?.last().and_then(entry_of).context("alice reads it")?;
    let mut file = entry.content.files.first().context("it carries the file")?.clone();
    file.sha256.0[0] ^= 1;
    let folder = tempfile::tempdir()?;
    let place = (room, posted.seq);
    let kept = alice.client.download(place, &file, folder.path(), |_| ()).await;
    ensure!(matches!(kept, Err(TransferError::OtherFile)), "{kept:?}");
    ensure!(fs::read_dir(folder.path())?.next().is_none(), "something was left");
    Ok(())
}

/// Within the limits of a real server: how many MB, unless the environment says otherwise.
const LARGE_MB: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_goes_up_and_down_within_a_minute_each() -> anyhow::Result<()> {
    let megabytes = std::env::var("WARPROOM_FILE_MB").ok().and_then(|text| text.parse().ok());
    let megabytes = megabytes.unwrap_or(LARGE_MB);
    let warp = Warp::builder().true_limits().start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("image.bin");
    let data = bytes(megabytes * 1_000_000, 14);
    fs::write(&path, &data)?;
    let began = std::time::Instant::now();
    let uploaded = mary.client.upload(room, &path, |_| ()).await?;
    let up = began.elapsed();
    let posted = mary.client.append(carrying(room, Label::Green, &[uploaded.file])).await?;
    let entry = mary.history(room).await?.last().and_then(entry_of).context("mary reads it")?;
    let file = entry.content.files.first().context("it carries the file")?;
    let began = std::time::Instant::now();
    let place = mary.client.download((room, posted.seq), file, folder.path(), |_| ()).await?;
    let down = began.elapsed();
    ensure!(fs::read(place)? == data);
    warproom_tests::say(format!("{megabytes} MB: up in {up:.1?}, down in {down:.1?}"));
    ensure!(up.max(down) < Duration::from_mins(1), "up {up:?}, down {down:?}");
    Ok(())
}
