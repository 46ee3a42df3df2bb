//! History: whether a page, a search and a start stay quick when a room grows to a million entries.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use warproom_proto::calls::{Found, From, HistoryPage, RunSearch};
use warproom_proto::rpc::Incoming;
use warproom_proto::{RoomId, Seq};

use super::connection::{Connection, REPLY};
use super::fan_out::TEXT_BYTES;
use super::grounds::Grounds;
use super::load::{is_refusal, post_text, to_float};
use super::machine::resident_kib;
use super::report::Report;

/// Connections that fill a room, and posts that each has under way: together one group commit.
const FILLERS: usize = 16;
const UNDER_WAY: u64 = 30;

/// The longest that filling one room may take.
const FILLING: Duration = Duration::from_mins(6);

/// The records of a page.
const PAGE: u16 = 50;

/// A word in two entries of each room, and one in all of them.
const RARE: &str = "ransomware";
const COMMON: &str = "council";

/// Measures with rooms of these sizes, smallest first.
pub async fn run(
    grounds: &mut Grounds,
    sizes: &[u64],
    pages: u32,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut medians = Vec::new();
    let mut largest = None;
    for size in sizes {
        let what = format!("{size} entries");
        let room = grounds.open_room(&what, grounds.officers.iter().take(1)).await?;
        let seconds = fill(grounds, room, *size).await?;
        report.add(&what, "filled", to_float(*size) / seconds, "entries/s");
        let mut reader = grounds.connect(&grounds.officers[0]).await?;
        let latest = time_pages(&mut reader, room, pages, |_| From::Latest).await?;
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let anywhere = |_| {
            // xorshift64: the same positions in every run.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            From::Before(u64::from(PAGE) + 1 + random % (size - u64::from(PAGE)))
        };
        let random = time_pages(&mut reader, room, pages, anywhere).await?;
        for (name, times) in [("latest", &latest), ("random", &random)] {
            for (quantile, value) in [("p50", 0.5), ("p99", 0.99)] {
                let name = format!("{name} page of {PAGE}, {quantile}");
                report.add(&what, &name, ms(times, value), "ms");
            }
        }
        medians.push([ms(&latest, 0.5), ms(&random, 0.5)]);
        largest = Some((what, room, reader));
    }
    let Some((what, room, mut reader)) = largest else { return Ok(()) };
    if let (Some(small), Some(large)) = (medians.first(), medians.last()) {
        let ratios = [large[0] / small[0], large[1] / small[1]];
        report.add(&what, "latest page, against the smallest room", ratios[0], "times");
        report.add(&what, "random page, against the smallest room", ratios[1], "times");
        if !report.quick {
            let worst = ratios[0].max(ratios[1]);
            report.aim(
                "A page of history of a million entries, times one of a thousand",
                worst,
                2.0,
            );
        }
    }
    for (kind, word) in [("rare", RARE), ("common", COMMON)] {
        search(&mut reader, room, (&what, kind), word, report).await?;
    }
    drop(reader);
    let memory = resident_kib(grounds.process()?.id())? / 1024.0;
    report.add(&what, "memory of the server before the restart", memory, "MiB");
    grounds.restart()?;
    let started = grounds.process()?.started_in.as_secs_f64();
    report.add(&what, "start, from spawn to listening", started, "s").note =
        "the files are in the system's cache".into();
    let memory = resident_kib(grounds.process()?.id())? / 1024.0;
    report.add(&what, "memory of the server after it", memory, "MiB");
    Ok(())
}

/// Fills a room by posting; the seconds it took.
pub(super) async fn fill(grounds: &Grounds, room: RoomId, size: u64) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let posted = Cell::new(0);
    let mut fillers = Vec::new();
    for _ in 0..FILLERS {
        fillers.push(grounds.connect(&grounds.officers[0]).await?);
    }
    let filling =
        fillers.iter_mut().map(|connection| fill_from(connection, room, size, &posted, begun));
    join_all(filling).await.into_iter().collect::<anyhow::Result<()>>()?;
    Ok(begun.elapsed().as_secs_f64())
}

async fn fill_from(
    connection: &mut Connection,
    room: RoomId,
    size: u64,
    posted: &Cell<u64>,
    begun: Instant,
) -> anyhow::Result<()> {
    let mut under_way = 0;
    loop {
        ensure!(begun.elapsed() < FILLING, "filling took too long, at entry {}", posted.get());
        while under_way < UNDER_WAY && posted.get() < size {
            let number = posted.get();
            posted.set(number + 1);
            let mut text = if number == size / 2 || number == size / 10 {
                format!("{RARE} ")
            } else {
                String::new()
            };
            while text.len() < TEXT_BYTES {
                text.push_str("note ");
                text.push_str(&number.to_string());
                text.push_str(" from the council on what was seen today; ");
            }
            text.truncate(TEXT_BYTES);
            connection.queue(post_text(0, room, text.trim_end()).as_bytes());
            under_way += 1;
        }
        if under_way == 0 {
            return Ok(());
        }
        connection.flush().await?;
        connection.read().await?;
        while let Some(frame) = connection.take()? {
            let frame = connection.bytes(frame);
            if frame.starts_with(REPLY) {
                ensure!(!is_refusal(frame), "a post was refused");
                under_way -= 1;
            }
        }
    }
}

/// The times of calls, in nanoseconds.
async fn time_pages(
    reader: &mut Connection,
    room: RoomId,
    pages: u32,
    mut from: impl FnMut(u32) -> From,
) -> anyhow::Result<Histogram<u64>> {
    /// Not counted: the first calls find nothing ready.
    const FIRST: u32 = 10;
    let mut times = Histogram::new(3)?;
    for number in 0..FIRST + pages {
        let call = HistoryPage { room, from: from(number), limit: PAGE };
        let begun = Instant::now();
        let reply = reader.ask_raw(&call, |_| ()).await?;
        let taken = begun.elapsed();
        ensure!(!is_refusal(reader.bytes(reply)), "a page was refused");
        if number >= FIRST {
            times.record(u64::try_from(taken.as_nanos())?)?;
        }
    }
    Ok(times)
}

fn ms(times: &Histogram<u64>, quantile: f64) -> f64 {
    Duration::from_nanos(times.value_at_quantile(quantile)).as_secs_f64() * 1e3
}

/// Searches the whole room once for a rare word; for a common one, as far as one call goes.
async fn search(
    reader: &mut Connection,
    room: RoomId,
    (what, kind): (&str, &str),
    word: &str,
    report: &mut Report,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let call = RunSearch { search: 1, room, text: word.parse()?, before: None::<Seq>, limit: 100 };
    let mut first = None;
    let reply = reader
        .ask_raw(&call, |_| {
            first.get_or_insert_with(|| begun.elapsed());
        })
        .await?;
    let taken = begun.elapsed().as_secs_f64();
    let Incoming::Reply { result, .. } = Incoming::read(std::str::from_utf8(reader.bytes(reply))?)?
    else {
        anyhow::bail!("not a reply")
    };
    let found: Found = serde_json::from_str(result?.get())?;
    // Without a hit, there is no first one before the reply.
    let first = first.map_or(taken, |first| first.as_secs_f64());
    report.add(what, &format!("search, {kind} word, first hit"), first, "s");
    let row = report.add(what, &format!("search, {kind} word, whole call"), taken, "s");
    row.note = format!("{} hits, {} looked at", found.hits, found.looked_at);
    let rate = to_float(found.looked_at) / taken;
    report.add(what, &format!("search, {kind} word"), rate, "entries/s");
    Ok(())
}
