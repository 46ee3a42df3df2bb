//! What an operator does to a running server lands in the audit log, each act with its kind, where managers
//! see it; and when the latest backup was taken is known beside the store.

use std::fs;

use anyhow::ensure;
use warproom_client::Client;
use warproom_proto::audit::{self, Event, KeyKind};
use warproom_proto::calls::{AuditPage, From};
use warproom_proto::{Body, Label, Record};
use warproom_server::backup::latest;
use warproom_tests::harness::Warp;

use crate::backup::{back_up, command, done, refused};

/// What of the audit log is an operator's doing, in its order.
async fn acts_of_operators(client: &Client) -> anyhow::Result<Vec<Event>> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = client.call(AuditPage { from: From::After(after), limit: 200 }).await?;
        let Some(last) = page.records.last() else { return Ok(events) };
        after = last.seq;
        for record in page.records.iter().filter_map(shown) {
            if matches!(record.event, Event::BackupTaken { .. } | Event::KeyRotated { .. }) {
                ensure!(record.by.is_none(), "an operator is no member: {:?}", record.by);
                events.push(record.event);
            }
        }
    }
}

fn shown(record: &Record) -> Option<audit::Record> {
    match &record.body {
        Body::Shown { item, .. } => serde_json::from_str(item.get()).ok(),
        Body::Withheld { .. } => None,
    }
}

#[tokio::test]
async fn each_act_of_an_operator_lands_in_the_audit_log_with_its_kind() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let home = tempfile::tempdir()?;
    let backup = home.path().join("backup");
    let rotate = |warp: &Warp, what: &str| {
        let mut command = warp.command();
        command.args(["rotate", what]);
        command
    };
    back_up(&warp, &backup).await?;
    warp.manager().post(room, Label::Green, "one more").await?;
    back_up(&warp, &backup).await?;
    done(rotate(&warp, "master-key")).await?;
    done(rotate(&warp, "certificate")).await?;
    done(rotate(&warp, "authority")).await?;
    // What is refused was not done.
    refused(command(&warp, "backup", &[("--to", &warp.folder().join("data/within"))])).await?;
    warp.stop().await?;
    done(command(&warp, "audit-key", &[])).await?;
    warp.restart().await?;
    warp.manager().back().await?;

    let events = acts_of_operators(&warp.manager().client).await?;
    let [
        Event::BackupTaken { whole: true, records: first },
        Event::BackupTaken { whole: false, records: second },
        Event::KeyRotated { key: KeyKind::Master },
        Event::KeyRotated { key: KeyKind::Certificate },
        Event::KeyRotated { key: KeyKind::Authority },
        Event::KeyRotated { key: KeyKind::Audit },
    ] = events[..]
    else {
        anyhow::bail!("other acts: {events:?}")
    };
    ensure!(second > first && first > 0, "{first} records, then {second}");
    Ok(())
}

#[tokio::test]
async fn when_the_latest_backup_was_taken_is_known_and_a_restored_store_has_none()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let home = tempfile::tempdir()?;
    let note = latest::file(&warp.folder().join("data"));
    ensure!(latest::read(&note)?.is_none(), "of a backup that nobody took");
    let backup = home.path().join("backup");
    back_up(&warp, &backup).await?;
    let first = latest::read(&note)?.expect("one was taken");
    back_up(&warp, &backup).await?;
    let second = latest::read(&note)?.expect("another was taken");
    ensure!((first.number, second.number) == (1, 2) && second.at_ms > first.at_ms, "{second:?}");
    ensure!(second.to == backup, "{second:?}");
    let within = warp.folder().join("data/within");
    refused(command(&warp, "backup", &[("--to", &within)])).await?;
    ensure!(latest::read(&note)?.as_ref() == Some(&second), "one that failed was noted");
    let said = fs::read_to_string(&note)?;
    ensure!(said.lines().count() == 1 && said.len() < 4096, "{said}");

    let elsewhere = crate::backup::Elsewhere::with_keys_of(&warp)?;
    done(elsewhere.restoring(&warp, &backup)).await?;
    let restored = latest::file(&elsewhere.keys().with_file_name("warp").join("data"));
    ensure!(restored.parent().is_some_and(std::path::Path::exists), "restored elsewhere");
    ensure!(latest::read(&restored)?.is_none(), "nobody has backed up what was restored");
    Ok(())
}
