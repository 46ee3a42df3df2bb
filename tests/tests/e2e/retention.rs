//! Retention, end to end: what takes two managers takes two, what is past its time or erased early is
//! read by nobody by any path and from no older backup, and a legal hold keeps it all.

#[path = "retention/jumps.rs"]
mod jumps;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use warproom_client::CallError;
use warproom_proto::calls::{
    ApproveProposal, AuditPage, EditEntry, EndProposal, From, HoldRoom, ListProposals,
    MakeProposal, ReactToEntry, RemoveMember, RetractEntry, RoomExport, ShowRetention,
};
use warproom_proto::register::Role;
use warproom_proto::{
    Body, EntryId, ErrorCode, Label, LogId, MemberId, ProposalId, Proposed, Record, Retention,
    RoomId, Seq, audit, limits,
};
use warproom_tests::harness::{Person, Warp, add_aged_room, entries_up_to, eventually, refusal};
use warproom_tests::skipped;

use crate::attacks::clock::{faketime, set};
use crate::backup::{Elsewhere, back_up, command, done, refused};
use crate::files;

/// A word that is in nothing else.
const CANARY: &str = "canary-of-the-sluice";

/// Erasing is a task of its own, and the master key is changed behind it.
const ERASING: Duration = Duration::from_secs(30);

async fn propose(by: &Person, what: Proposed) -> Result<ProposalId, CallError> {
    let reason = "the agreed schedule".parse()?;
    Ok(by.client.call(MakeProposal { what, reason }).await?.proposal)
}

async fn approve(by: &Person, proposal: ProposalId) -> Result<(), CallError> {
    by.client.call(ApproveProposal { proposal }).await.map(drop)
}

async fn both(warp: &Warp, second: &Person, what: Proposed) -> anyhow::Result<()> {
    let proposal = propose(warp.manager(), what).await?;
    Ok(approve(second, proposal).await?)
}

/// A WARP with a second manager, of Dover.
async fn two_managers() -> anyhow::Result<(Warp, Person)> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover").await?;
    let second = warp.join("ned", dover, Role::Manager).await?;
    Ok((warp, second))
}

fn key(warp: &Warp) -> anyhow::Result<String> {
    Ok(fs::read_to_string(warp.folder().join("keys/master.key"))?)
}

/// Waits until the master key is another: then all that was due is erased.
async fn erased(warp: &Warp, before: &str) -> anyhow::Result<()> {
    let changed = async || key(warp).ok().filter(|now| now != before && !now.is_empty());
    eventually(ERASING, changed).await.map(drop).context("the master key stayed what it was")
}

fn is_erased(record: &Record) -> bool {
    matches!(record.body, Body::Withheld { erased: true, .. })
}

/// Everything that somebody gets of a room by any path, as one text.
async fn all_paths(person: &Person, room: RoomId, seq: Seq) -> anyhow::Result<String> {
    let mut all = serde_json::to_string(&person.history(room).await?)?;
    all.push_str(&serde_json::to_string(&person.page(room, From::Latest, 200).await?)?);
    let thread = refusal(person.referring(room, seq).await)?;
    ensure!(thread.code == ErrorCode::NotFound, "its thread: {thread:?}");
    let limit = u16::try_from(limits::PAGE)?;
    let export = person.client.call(RoomExport { room, after: 0, limit }).await?;
    all.push_str(&serde_json::to_string(&export)?);
    let latest = export.latest.seq;
    let (_client, mut events) = person.follow(room, 0).await?;
    for delivered in entries_up_to(&mut events, room, latest).await? {
        all.push_str(&serde_json::to_string(&delivered.record)?);
    }
    ensure!(person.finds(room, CANARY).await?.is_empty(), "a search finds it");
    ensure!(!person.reads(room, seq).await?, "history shows it");
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_is_set_by_two_managers_and_by_none_alone() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let first = warp.manager();
    let green = Retention { green: Some(30), ..Retention::default() };
    let rule = Proposed::SetRetention { room: None, retention: Some(green) };
    let alone = refusal(propose(first, rule.clone()).await)?;
    ensure!(alone.code == ErrorCode::Conflict, "{alone:?}");

    let dover = warp.organisation("Dover").await?;
    let second = warp.join("ned", dover, Role::Manager).await?;
    let officer = warp.officer("olive", dover).await?;
    let proposal = propose(first, rule.clone()).await?;
    let later = warp.join("late", dover, Role::Manager).await?;
    for other in [first, &later, &officer] {
        let no = refusal(approve(other, proposal).await)?;
        ensure!(no.code == ErrorCode::NotAllowed, "{no:?}");
    }
    let shown = first.client.call(ShowRetention { room: None }).await?;
    ensure!(shown.usual == Retention::default(), "it holds before it is approved");
    approve(&second, proposal).await?;
    let shown = officer.client.call(ShowRetention { room: None }).await?;
    ensure!(shown.usual == green, "{shown:?}");
    let twice = refusal(approve(&second, proposal).await)?;
    ensure!(twice.code == ErrorCode::NotFound, "{twice:?}");

    let turned_down = propose(first, rule).await?;
    second.client.call(EndProposal { proposal: turned_down }).await?;
    ensure!(first.client.call(ListProposals {}).await?.proposals.is_empty());
    let gone = refusal(approve(&second, turned_down).await)?;
    ensure!(gone.code == ErrorCode::NotFound, "{gone:?}");

    let page = first.client.call(AuditPage { from: From::After(0), limit: 200 }).await?;
    let changed = audit::Event::RetentionChanged { room: None };
    let noted = page.records.iter().any(|record| match &record.body {
        Body::Shown { item, .. } => serde_json::from_str::<audit::Record>(item.get())
            .is_ok_and(|noted| noted.event == changed && noted.by == Some(second.principal())),
        Body::Withheld { .. } => false,
    });
    ensure!(noted, "the audit log does not say who changed it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_erased_early_is_read_by_nobody_and_from_no_older_backup() -> anyhow::Result<()> {
    let (mut warp, second) = two_managers().await?;
    let (first, backups) = (warp.manager(), tempfile::tempdir()?);
    let room = warp.room(&[first, &second], Label::Amber, Label::Green).await?;
    first.post(room, Label::Green, "stays").await?;
    let data = files::bytes(300_000, 1);
    let file = files::bring(&first.client, room, &data).await?;
    let mut post = files::carrying(room, Label::Green, &[file]);
    post.text = format!("{CANARY} {}", "x".repeat(9_000)).parse()?;
    let of = first.client.append(post).await?.seq;
    let text = format!("{CANARY} put right").parse()?;
    first.client.append(EditEntry { room, id: EntryId::random(), of, text }).await?;
    let (id, reaction) = (EntryId::random(), "👍".parse()?);
    let react = ReactToEntry { room, id, of, reaction, withdrawn: false };
    second.client.append(react).await?;
    let last = second.post(room, Label::Green, "after it").await?;
    ensure!(all_paths_before(&second, room).await?.contains(CANARY), "it was never there");
    let older = backups.path().join("older");
    back_up(&warp, &older).await?;

    let before = key(&warp)?;
    both(&warp, &second, Proposed::EraseEntries { room, entries: vec![of] }).await?;
    erased(&warp, &before).await?;
    for person in [first, &second] {
        let all = all_paths(person, room, of).await?;
        ensure!(!all.contains(CANARY), "it is read still");
        ensure!(all.contains("stays") && all.contains("after it"), "more is gone");
        let history = person.history(room).await?;
        let gone: Vec<_> = history.iter().filter(|one| is_erased(one)).map(|one| one.seq).collect();
        ensure!(gone == [of, of + 1, of + 2], "{gone:?}");
        let no = refusal(files::read(&person.client, (room, of), file, data.len()).await)?;
        ensure!(no.code == ErrorCode::NotFound, "{no:?}");
    }
    ensure!(files::kept(&warp)?.is_empty(), "its file is there");
    second.post(room, Label::Green, "afterwards").await?;

    let said = refused(command(&warp, "backup", &[("--to", &older)])).await?;
    ensure!(said.contains("records were erased since") && said.contains("new folder"), "{said}");
    let elsewhere = Elsewhere::with_keys_of(&warp)?;
    let said = refused(elsewhere.restoring(&warp, &older)).await?;
    ensure!(said.contains("this master key does not open the backup"), "{said}");
    let newer = backups.path().join("newer");
    back_up(&warp, &newer).await?;
    done(command(&warp, "verify", &[("--backup", &newer)])).await?;
    let (_, restored) = elsewhere.restore(&warp, &newer).await?;
    let log = LogId::room(room);
    let stored = restored.read(log, of)?.context("its place")?;
    ensure!(stored.erased.is_some() && stored.item.is_empty() && stored.summary.is_empty());
    ensure!(!restored.read(log, last.seq)?.context("a later entry")?.item.is_empty());

    warp.stop().await?;
    files::verified(&warp, 0)?;
    warp.restart().await?;
    warp.manager().back().await?;
    ensure!(!all_paths(warp.manager(), room, of).await?.contains(CANARY), "a restart reads it");
    back_up(&warp, &newer).await?;
    Ok(())
}

/// One manager alone destroys nothing of somebody else's: what they take back is withheld, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_manager_takes_back_of_another_takes_two_to_destroy() -> anyhow::Result<()> {
    let (mut warp, second) = two_managers().await?;
    let room = warp.room(&[warp.manager(), &second], Label::Amber, Label::Green).await?;
    let data = files::bytes(5_000, 3);
    let (post, file) = files::post(warp.manager(), room, Label::Green, &data).await?;
    let of = post.seq;
    second.client.append(RetractEntry { room, id: EntryId::random(), of }).await?;
    for restarted in [false, true] {
        for person in [warp.manager(), &second] {
            let no = refusal(files::read(&person.client, (room, of), file, data.len()).await)?;
            ensure!(no.code == ErrorCode::NotFound, "{no:?}");
        }
        ensure!(files::kept(&warp)?.len() == 1, "one manager destroyed it, {restarted}");
        if !restarted {
            warp.stop().await?;
            files::verified(&warp, 1)?;
            warp.restart().await?;
            warp.manager().back().await?;
            second.back().await?;
        }
    }
    let before = key(&warp)?;
    both(&warp, &second, Proposed::EraseEntries { room, entries: vec![of] }).await?;
    erased(&warp, &before).await?;
    ensure!(files::kept(&warp)?.is_empty(), "its file is there");
    Ok(())
}

async fn all_paths_before(person: &Person, room: RoomId) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&person.history(room).await?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legal_hold_keeps_everything_until_two_managers_lift_it() -> anyhow::Result<()> {
    let (warp, second) = two_managers().await?;
    let first = warp.manager();
    let room = warp.room(&[first, &second], Label::Amber, Label::Green).await?;
    let of = first.post(room, Label::Green, CANARY).await?.seq;
    let erase = Proposed::EraseEntries { room, entries: vec![of] };
    let early = propose(first, erase.clone()).await?;
    let data = files::bytes(5_000, 2);
    let (with_file, file) = files::post(first, room, Label::Green, &data).await?;
    let reason = "a claim".parse()?;
    first.client.call(HoldRoom { room, reason }).await?;
    let no = refusal(approve(&second, early).await)?;
    ensure!(no.code == ErrorCode::Conflict && no.message.contains("legal hold"), "{no:?}");
    let no = refusal(propose(first, erase.clone()).await)?;
    ensure!(no.code == ErrorCode::Conflict && no.message.contains("legal hold"), "{no:?}");
    ensure!(second.reads(room, of).await?, "it is gone all the same");
    let retract = RetractEntry { room, id: EntryId::random(), of: with_file.seq };
    let no = refusal(first.client.append(retract).await)?;
    ensure!(no.code == ErrorCode::Conflict && no.message.contains("legal hold"), "{no:?}");
    let read = files::read(&second.client, (room, with_file.seq), file, data.len()).await?;
    ensure!(read == data, "a file is gone all the same");

    let lift = propose(first, Proposed::LiftHold { room }).await?;
    let no = refusal(approve(first, lift).await)?;
    ensure!(no.code == ErrorCode::NotAllowed, "{no:?}");
    approve(&second, lift).await?;
    let shown = first.client.call(ShowRetention { room: Some(room) }).await?;
    ensure!(shown.room.is_some_and(|room| !room.held), "the hold stays");
    let before = key(&warp)?;
    approve(&second, early).await?;
    erased(&warp, &before).await?;
    ensure!(!second.reads(room, of).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_more_than_five_members_a_day_takes_two_managers() -> anyhow::Result<()> {
    let (warp, second) = two_managers().await?;
    let dover = warp.organisation("Deal").await?;
    let mut members: Vec<MemberId> = Vec::new();
    for number in 0..7 {
        members.push(warp.officer(&format!("officer{number}"), dover).await?.member);
    }
    let remove = async |member| warp.manager().client.call(RemoveMember { member }).await;
    for member in &members[..5] {
        remove(*member).await?;
    }
    let no = refusal(remove(members[5]).await)?;
    ensure!(no.code == ErrorCode::Conflict && no.message.contains("propose"), "{no:?}");
    both(&warp, &second, Proposed::RemoveMembers { members: members[5..].to_vec() }).await?;
    let left = warp.manager().client.call(warproom_proto::calls::ListMembers {}).await?.members;
    ensure!(left.len() == 2, "{} members are left", left.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_time_goes_at_the_start_and_the_rest_stays() -> anyhow::Result<()> {
    let (mut warp, second) = two_managers().await?;
    let first = warp.manager();
    let room = warp.room(&[first, &second], Label::Amber, Label::Green).await?;
    let green = first.post(room, Label::Green, CANARY).await?.seq;
    let amber = first.post(room, Label::Amber, "kept for ever").await?.seq;
    let green_rule = Retention { green: Some(30), ..Retention::default() };
    let rule = Proposed::SetRetention { room: None, retention: Some(green_rule) };
    both(&warp, &second, rule).await?;
    warp.stop().await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let old_ms = i64::try_from(now)? - 100 * 24 * 60 * 60 * 1000;
    let old = add_aged_room(&warp, room, old_ms)?;
    // A backup from before, and somebody who kept the keys of then beside it.
    let backups = tempfile::tempdir()?;
    let older = backups.path().join("older");
    back_up(&warp, &older).await?;
    let then = Elsewhere::with_keys_of(&warp)?;
    let before = key(&warp)?;
    warp.restart().await?;
    second.back().await?;
    erased(&warp, &before).await?;

    let history = second.history(old).await?;
    let gone: Vec<_> = history.iter().filter(|one| is_erased(one)).map(|one| one.seq).collect();
    ensure!(gone == [green], "{gone:?}");
    ensure!(second.reads(old, amber).await? && second.reads(old, 1).await?, "more is gone");
    ensure!(second.reads(room, green).await?, "a young entry is gone");
    ensure!(second.finds(old, CANARY).await?.is_empty());
    is_lost_with_the_key(&warp, &older, (old, green), then).await?;
    warp.stop().await?;
    files::verified(&warp, 0)?;
    let before = key(&warp)?;
    warp.restart().await?;
    second.back().await?;
    ensure!(second.reads(old, amber).await?);
    ensure!(key(&warp)? == before, "nothing was erased, and the key is another");
    Ok(())
}

/// An older backup does not open with the keys there are now. With those of then it does, and has it: so it
/// was the key that was destroyed.
async fn is_lost_with_the_key(
    warp: &Warp,
    older: &Path,
    (room, seq): (RoomId, Seq),
    then: Elsewhere,
) -> anyhow::Result<()> {
    let now = Elsewhere::with_keys_of(warp)?;
    let said = refused(now.restoring(warp, older)).await?;
    ensure!(said.contains("this master key does not open the backup"), "{said}");
    let said = refused(command(warp, "verify", &[("--backup", older)])).await?;
    ensure!(said.contains("this master key does not open the backup"), "{said}");
    let (_, restored) = then.restore(warp, older).await?;
    let stored = restored.read(LogId::room(room), seq)?.context("its place")?;
    ensure!(String::from_utf8(stored.item)?.contains(CANARY), "it was not in the backup");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_time_goes_at_the_turn_of_a_month_while_the_server_runs()
-> anyhow::Result<()> {
    let Some(library) = faketime() else { return skipped("libfaketime is not installed") };
    let home = tempfile::tempdir()?;
    let (offset, older) = (home.path().join("offset"), home.path().join("older"));
    set(&offset, "+0")?;
    // All clocks move, so that its waits end as if it had waited.
    let warp = Warp::builder()
        .env("LD_PRELOAD", library.display())
        .env("FAKETIME_TIMESTAMP_FILE", offset.display())
        .env("FAKETIME_NO_CACHE", 1)
        .start()
        .await?;
    let dover = warp.organisation("Dover").await?;
    let second = warp.join("ned", dover, Role::Manager).await?;
    let first = warp.manager();
    let room = warp.room(&[first, &second], Label::Amber, Label::Green).await?;
    let green = first.post(room, Label::Green, CANARY).await?.seq;
    let amber = first.post(room, Label::Amber, "kept for ever").await?.seq;
    let retention = Some(Retention { green: Some(30), ..Retention::default() });
    both(&warp, &second, Proposed::SetRetention { room: None, retention }).await?;
    back_up(&warp, &older).await?;
    let (before, then) = (key(&warp)?, Elsewhere::with_keys_of(&warp)?);
    let process = warp.process();

    // More than thirty days before the first of a month, wherever in a month this runs.
    set(&offset, "+62d")?;
    let again = async || first.connect().await.ok();
    let (_client, _events) = eventually(ERASING, again).await.context("nobody gets in")?;
    erased(&warp, &before).await?;
    second.back().await?;
    let history = second.history(room).await?;
    let gone: Vec<_> = history.iter().filter(|one| is_erased(one)).map(|one| one.seq).collect();
    ensure!(gone == [green] && second.reads(room, amber).await?, "{gone:?}");
    ensure!(second.finds(room, CANARY).await?.is_empty());
    ensure!(warp.process() == process, "it was started anew");
    is_lost_with_the_key(&warp, &older, (room, green), then).await
}
