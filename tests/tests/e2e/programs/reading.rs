//! Reading by the command line: nobody is accused because somebody writes meanwhile, or mistyped a number.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::ensure;
use tokio::time::sleep;
use warproom_client::proto::Label;
use warproom_client::proto::calls::{AddOrganisation, ListRooms};
use warproom_client::proto::register::Role;
use warproom_tests::harness::Warp;

use super::Computer;

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_while_others_write_or_mistypes_a_number_is_told_of_no_forgery()
-> anyhow::Result<()> {
    const ROUNDS: usize = 5;
    /// Of so many positions that were shown without what lies before them a client reads on by itself.
    const CROWDED: usize = 17;
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("alex.fenwick", council, Role::Manager).await?;
    let alex = Computer::new()?;
    alex.join(&invitation.to_text())?;
    alex.says(&["room", "open", "Ops", "--ceiling", "amber", "--default", "amber"])?;
    alex.says(&["room", "add", "Ops", "mary"])?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("plan.txt"), "the plan")?;
    alex.says(&["post", "Ops", "--file", &path("plan.txt")])?;
    let mary = warp.manager().client.clone();
    let room = mary.call(ListRooms::default()).await?.rooms.first().map(|room| room.room);
    let room = room.expect("mary is in it");

    let (written, ends) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let (writing, ending) = (written.clone(), ends.clone());
    let writing = tokio::spawn(async move {
        while !ending.load(Ordering::Relaxed) {
            let posted = mary.post(room, Label::Green, "meanwhile").await?;
            writing.store(posted.seq, Ordering::Relaxed);
            // Slowly, so that whoever reads comes to the end.
            sleep(Duration::from_millis(4)).await;
            if posted.seq % 8 == 0 {
                let name = format!("Council {}", posted.seq).parse()?;
                mary.call(AddOrganisation { name, aliases: Vec::new(), clients: Vec::new() })
                    .await?;
            }
        }
        anyhow::Ok(())
    });
    for _ in 0..ROUNDS {
        for _ in 0..=CROWDED / ROUNDS {
            alex.says(&["say", "Ops", "and on"])?;
        }
        let lately = written.load(Ordering::Relaxed).to_string();
        alex.says(&["history", "Ops"])?;
        alex.says(&["history", "Ops", "--after", &lately, "--limit", "200"])?;
        alex.says(&["fetch", "Ops", "4", "--to", &path("down")])?;
        alex.says(&["register"])?;
        alex.says(&["export", "Ops", "--after", &lately])?;
        alex.says(&["audit"])?;
    }
    ends.store(true, Ordering::Relaxed);
    writing.await??;
    ensure!(written.load(Ordering::Relaxed) > 100, "too little was written meanwhile");

    // Two entries that fit no page together.
    let long = "x".repeat(60_000);
    alex.says(&["say", "Ops", &long])?;
    let posted = alex.says(&["post", "Ops", &long, "--file", &path("plan.txt"), "--json"])?;
    let posted: serde_json::Value = serde_json::from_str(&posted)?;
    let number = posted["seq"].to_string();
    ensure!(alex.says(&["fetch", "Ops", &number, "--to", &path("down")])?.contains("plan"));

    let none = alex.complains(&["tail", "Ops", "--since", "99999"])?;
    ensure!(none.contains("Ops has come to #") && none.contains("not to #99999"), "{none}");
    for number in ["0", "99999"] {
        let none = alex.complains(&["audit", "--prove", number])?;
        ensure!(none.contains("in the audit log, which goes to #"), "{none}");
    }
    alex.says(&["audit", "--prove", "3"])?;
    Ok(())
}
