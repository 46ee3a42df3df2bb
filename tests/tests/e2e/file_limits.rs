//! Bounds on files, and peers that do not keep to them.

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::time::timeout;
use warproom_proto::calls::{AbandonFile, PartRange, PutPart, RetractEntry, ShowUpload};
use warproom_proto::rpc::request_text;
use warproom_proto::{EntryId, ErrorCode, Label, PartData, limits};
use warproom_tests::harness::{DEADLINE, Warp, refusal};

use super::files::{announce, begin, bring, bytes, carrying, kept, part_of, post, put, read};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn sizes_quotas_and_what_waits_are_bounded_for_each_organisation() -> anyhow::Result<()> {
    let warp = Warp::builder()
        .env("WARPROOM_SERVER_FILES__LARGEST_MIB", 1)
        .env("WARPROOM_SERVER_FILES__WAITING", 3)
        .env("WARPROOM_SERVER_FILES__ROOM_MIB", 2)
        .env("WARPROOM_SERVER_FILES__ORGANISATION_MIB", 3)
        .start()
        .await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let mary = warp.manager();
    let room = warp.room(&[&dan, &dora, mary], Label::Green, Label::Green).await?;
    let other = warp.room(&[&dan, &dora], Label::Green, Label::Green).await?;

    let large = refusal(announce(&dan.client, room, &bytes(MIB + 1, 1)).await)?;
    ensure!(large.code == ErrorCode::BadParams && large.message.contains("1048576"), "{large:?}");
    let (first, _) = post(&dan, room, Label::Green, &bytes(MIB, 1)).await?;
    // What is announced counts, as what is carried does, and for the whole organisation.
    let announced = begin(&dora.client, room, &bytes(MIB, 2)).await?.file;
    let full = refusal(announce(&dan.client, room, &[1]).await)?;
    ensure!(full.code == ErrorCode::Conflict && full.message.contains("this room"), "{full:?}");
    begin(&mary.client, room, &bytes(MIB, 3)).await?;
    begin(&dan.client, other, &bytes(MIB, 3)).await?;
    let full = refusal(announce(&dan.client, other, &[1]).await)?;
    ensure!(full.code == ErrorCode::Conflict && full.message.contains("this WARP"), "{full:?}");
    // Taking back and giving up make room.
    let retract = RetractEntry { room, id: EntryId::random(), of: first.seq };
    dan.client.append(retract).await?;
    begin(&dan.client, room, &bytes(1000, 4)).await?;
    dora.client.call(AbandonFile { file: announced }).await?;

    begin(&dan.client, room, &bytes(1000, 5)).await?;
    let waiting = refusal(announce(&dan.client, room, &bytes(1000, 6)).await)?;
    ensure!(waiting.code == ErrorCode::Conflict, "{waiting:?}");
    ensure!(waiting.message.contains("wait to be posted"), "{waiting:?}");
    // The same again is no new one, and somebody else has their own.
    begin(&dan.client, room, &bytes(1000, 5)).await?;
    begin(&dora.client, room, &bytes(1000, 6)).await?;
    Ok(())
}

#[tokio::test]
async fn quotas_hold_over_a_restart() -> anyhow::Result<()> {
    let mut warp = Warp::builder().env("WARPROOM_SERVER_FILES__ROOM_MIB", 1).start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    post(warp.manager(), room, Label::Green, &bytes(MIB / 2, 1)).await?;
    bring(&warp.manager().client, room, &bytes(MIB / 2, 2)).await?;
    warp.kill()?;
    warp.restart().await?;
    warp.manager().back().await?;
    let full = refusal(announce(&warp.manager().client, room, &[1]).await)?;
    ensure!(full.code == ErrorCode::Conflict, "{full:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_not_as_announced_is_refused_and_dropped() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let data = bytes(2 * limits::PART_BYTES + 10, 1);
    let file = begin(&mary.client, room, &data).await?.file;
    let short = PutPart { file, part: 0, data: PartData(vec![0; 10]) };
    let long = PutPart { file, part: 2, data: PartData(vec![0; 11]) };
    let beyond = PutPart { file, part: 3, data: PartData(Vec::new()) };
    let far = PutPart { file, part: u32::MAX, data: PartData(vec![1]) };
    for call in [short, long, beyond, far] {
        ensure!(refusal(mary.client.call(call).await)?.code == ErrorCode::BadParams);
    }
    ensure!(kept(&warp)?.is_empty(), "something was written");
    for part in [0, 2] {
        put(&mary.client, file, part, &data).await?;
    }
    // A part is missing.
    let early = refusal(mary.client.append(carrying(room, Label::Green, &[file])).await)?;
    ensure!(early.code == ErrorCode::Conflict, "{early:?}");
    ensure!(early.message.contains("not whole"), "{early:?}");
    // One is put that is not of this file: all is dropped, and can be begun anew.
    let wrong = PutPart { part: 1, ..part_of(file, 0, &data) };
    let wrong = refusal(mary.client.call(wrong).await)?;
    ensure!(wrong.code == ErrorCode::Conflict, "{wrong:?}");
    ensure!(wrong.message.contains("not what was announced"), "{wrong:?}");
    ensure!(refusal(mary.client.call(ShowUpload { file }).await)?.code == ErrorCode::NotFound);
    ensure!(kept(&warp)?.is_empty(), "the bytes are still there");
    let again = begin(&mary.client, room, &data).await?;
    ensure!(again.file != file && again.missing == [PartRange { first: 0, last: 2 }], "{again:?}");
    // Too many of them, and one twice.
    let file = bring(&mary.client, room, &data).await?;
    for files in [vec![file; limits::FILES + 1], vec![file; 2]] {
        let refused = refusal(mary.client.append(carrying(room, Label::Green, &files)).await)?;
        ensure!(refused.code == ErrorCode::BadParams, "{refused:?}");
    }
    mary.client.append(carrying(room, Label::Green, &[file])).await?;
    Ok(())
}

#[tokio::test]
async fn names_and_types_that_mean_something_elsewhere_are_refused() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let file = bring(&mary.client, room, b"x").await?;
    let mut raw = warp.raw().await?;
    raw.sign_in(mary).await?;
    let named = |name: &str, kind: &str| {
        json!({
            "room": room, "id": EntryId::random(), "label": "TLP:GREEN", "text": "x",
            "files": [{"file": file, "name": name, "media_type": kind}],
        })
    };
    let names = [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a\u{0}b",
        "a\nb",
        "a\\b",
        "c:\\x",
        "\u{202e}fdp.exe",
        "x\u{1b}[2J",
        " x",
        "x ",
        "x.",
        &"x".repeat(201),
    ];
    let kinds = ["text", "text/html; x=y", "text/html\r\nX: y", "<b>/x", &"a/".repeat(60)];
    let hostile = names.iter().map(|name| named(name, "text/plain"));
    for params in hostile.chain(kinds.iter().map(|kind| named("x", kind))) {
        let answer: Value = serde_json::from_str(&raw.call(1, "entry.post", &params).await?)?;
        ensure!(answer["error"]["code"] == -32602, "{params} {answer}");
    }
    let answer = raw.call(1, "entry.post", &named("Cyngor Môn.html", "text/html")).await?;
    ensure!(answer.contains("seq"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_full_disk_takes_no_file_and_serves_those_it_has() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let data = bytes(limits::PART_BYTES + 5, 1);
    let (posted, file) = post(warp.manager(), room, Label::Green, &data).await?;
    let half = begin(&warp.manager().client, room, &bytes(limits::PART_BYTES + 6, 2)).await?.file;
    warp.stop().await?;
    // More than any disk has: to the server it is full.
    let config = warp.folder().join("warproom.toml");
    let text = std::fs::read_to_string(&config)?;
    let full = text.replace("reserve_mib = 64", "reserve_mib = 1000000000");
    ensure!(full != text, "the setting is not there");
    std::fs::write(&config, full)?;
    warp.restart().await?;
    let mary = warp.manager();
    mary.back().await?;
    let refused = [
        refusal(announce(&mary.client, room, &[1]).await)?,
        refusal(put(&mary.client, half, 0, &bytes(limits::PART_BYTES + 6, 2)).await)?,
    ];
    ensure!(refused.iter().all(|one| one.code == ErrorCode::StorageFull), "{refused:?}");
    ensure!(read(&mary.client, (room, posted.seq), file, data.len()).await? == data);
    ensure!(kept(&warp)?.len() == 1, "something was written");
    Ok(())
}

/// Parts have an allowance of their own: whoever floods with them is slowed down, loses nothing of
/// what else they may do, and holds up nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_floods_with_parts_is_slowed_down_and_harms_nobody() -> anyhow::Result<()> {
    const FLOOD: u64 = 200;
    // So few that a slow machine floods too.
    let few = ("WARPROOM_SERVER_LIMITS__FILE_PARTS_PER_SECOND", 5);
    let warp = Warp::builder().true_limits().env(few.0, few.1).start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let data = bytes(2 * limits::PART_BYTES, 1);
    let file = begin(&mary.client, room, &data).await?.file;
    let mut raw = warp.raw().await?;
    raw.sign_in(mary).await?;
    // The same part over and over, all at once, and a call of another kind behind them.
    let flood = async move {
        for id in 0..FLOOD {
            raw.send(request_text(id, &part_of(file, 0, &data))?).await?;
        }
        raw.send(json!({"jsonrpc": "2.0", "id": FLOOD, "method": "room.list"}).to_string()).await?;
        let mut slowed = 0;
        for _ in 0..=FLOOD {
            let answer: Value = serde_json::from_str(&raw.reply().await?)?;
            if answer["id"] == FLOOD {
                ensure!(answer["result"]["rooms"].is_array(), "{answer}");
            } else if answer["error"]["code"] == 7 {
                slowed += 1;
            } else {
                ensure!(answer["result"]["whole"] == false, "{answer}");
            }
        }
        anyhow::Ok(slowed)
    };
    let flood = tokio::spawn(flood);
    for _ in 0..20 {
        timeout(DEADLINE, mary.client.post(room, Label::Green, "meanwhile")).await??;
    }
    let slowed = flood.await??;
    ensure!((1..FLOOD).contains(&slowed), "{slowed} of {FLOOD} were slowed down");
    Ok(())
}
