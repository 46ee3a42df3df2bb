//! A member who has the server tell others something without end, by calls that are each allowed (CWE-770).
//! What waits for somebody whose line is slow stays bounded by the rooms there are, and cuts nobody off.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::time::sleep;
use warproom_proto::{EntryId, Label, RoomId};
use warproom_tests::harness::Warp;
use warproom_tests::wire::{Seen, Wire, authority, tls_config};

/// Changes of one room's settings: more than both systems and the queue of a connection hold.
const CHANGES: usize = 4_500;

/// How many are under way at once.
const AT_ONCE: usize = 16;

/// The pause between two frames that a slow line takes: little, and never nothing for long.
const PAUSE: Duration = Duration::from_millis(50);

fn name(n: usize) -> String {
    format!("{n:080}")
}

/// Changes a room's settings over and over, each time to others.
async fn change(lead: &mut Wire, room: RoomId) -> anyhow::Result<()> {
    let mut flying = VecDeque::new();
    for n in 0..CHANGES + AT_ONCE {
        if n < CHANGES {
            let settings = json!({
                "name": name(n), "ceiling": Label::Green, "default_label": Label::Green,
                "typing": false, "presence": false,
            });
            let call = json!({"room": room, "id": EntryId::random(), "settings": settings});
            flying.push_back(lead.request("room.change", &call).await?);
        }
        if n >= AT_ONCE {
            let id = flying.pop_front().context("as many as were sent")?;
            let reply: Value = serde_json::from_str(&lead.reply_to(&json!(id)).await?)?;
            ensure!(reply["result"]["seq"].is_u64(), "{reply}");
        }
    }
    Ok(())
}

/// Reads little at a time, until the connection ends.
async fn read_slowly(slow: &mut Wire) -> anyhow::Result<Seen> {
    loop {
        let seen = slow.next().await?;
        if matches!(seen, Seen::Closed(_) | Seen::Ended) {
            return Ok(seen);
        }
        sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_changes_a_room_without_end_cuts_nobody_off_whose_line_is_slow() -> anyhow::Result<()> {
    let warp =
        Warp::builder().env("WARPROOM_SERVER_LIMITS__REQUEST_BURST", CHANGES + 50).start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dora = warp.officer("dora", dover).await?;
    let room = warp.room(&[warp.manager(), &dora], Label::Green, Label::Green).await?;
    let line = TcpSocket::new_v4()?;
    line.set_recv_buffer_size(4_096)?;
    let line = line.connect(warp.local()).await?;
    let mut slow = Wire::tls_over(line, tls_config(&authority(&warp))?).await?;
    slow.upgrade_now().await?;
    slow.sign_in(&dora.credentials()).await?;
    let mut lead = Wire::person(&warp, warp.manager()).await?;

    tokio::select! {
        changed = change(&mut lead, room) => changed?,
        end = read_slowly(&mut slow) => bail!("who reads slowly is cut off: {:?}", end?),
    }
    // What was said last arrives, whatever was left out before it.
    loop {
        match slow.next().await? {
            Seen::Text(text) if text.contains(&name(CHANGES - 1)) => break,
            Seen::Text(_) | Seen::Ping | Seen::Pong => {}
            end => bail!("who reads slowly is cut off: {end:?}"),
        }
    }
    ensure!(slow.ask("room.list", json!({})).await?.is_ok());
    Ok(())
}
