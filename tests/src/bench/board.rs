//! A board: how long it takes to open when many organisations have answered often.

use std::time::Instant;

use anyhow::ensure;
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use warproom_proto::ask::Ask;
use warproom_proto::calls::{AnswerAsk, PostEntry, ShowBoard};
use warproom_proto::{EntryId, Label, Name, Reporting, RoomId, Seq};

use super::connection::Connection;
use super::grounds::Grounds;
use super::load::to_float;
use super::report::Report;

/// How often each organisation answers: as often as it may.
const ANSWERS: u64 = 100;

/// How often the board is opened.
const OPENED: usize = 200;

/// The aim for a board of a hundred organisations with ten thousand answers, in milliseconds.
const AIM_MS: f64 = 50.0;

/// Measures a board of this many organisations.
pub async fn run(
    grounds: &Grounds,
    organisations: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let officers = grounds.councils(organisations).await?;
    let room = grounds.open_room("Roll call", officers.iter()).await?;
    let mut connections = Vec::new();
    for officer in &officers {
        connections.push(grounds.connect(officer).await?);
    }
    let asked = connections[0].ask(&roll_call(room)?).await?.seq;
    let begun = Instant::now();
    let answering = connections.iter_mut().map(|connection| answer(connection, room, asked));
    join_all(answering).await.into_iter().collect::<anyhow::Result<()>>()?;
    let answers = to_float(organisations as u64 * ANSWERS);
    let what = format!("a board of {organisations} organisations, {answers} answers");
    report.add(&what, "answered", answers / begun.elapsed().as_secs_f64(), "/s");

    let reader = &mut connections[0];
    let board = reader.ask(&ShowBoard { room, of: asked }).await?;
    let complete = board.rows.iter().filter(|row| row.answer.is_some()).count();
    ensure!(complete == organisations, "{complete} of {organisations} answers are shown");
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    for _ in 0..OPENED {
        let begun = Instant::now();
        reader.ask(&ShowBoard { room, of: asked }).await?;
        times.saturating_record(u64::try_from(begun.elapsed().as_micros())?);
    }
    let ms = |quantile| to_float(times.value_at_quantile(quantile)) / 1e3;
    report.add(&what, "opens, p50", ms(0.5), "ms");
    report.add(&what, "opens, p99", ms(0.99), "ms");
    if !report.quick {
        report.aim(
            "A board of 100 organisations with 10,000 answers opens (p99), ms",
            ms(0.99),
            AIM_MS,
        );
    }
    Ok(())
}

fn roll_call(room: RoomId) -> anyhow::Result<PostEntry> {
    let options = Ask::ROLL_CALL.map(str::parse::<Name>);
    let options = options.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(PostEntry {
        room,
        id: EntryId::random(),
        label: Label::Amber,
        text: "Which of you are affected?".parse()?,
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: Some(Ask { options, due_at_ms: None }),
        exercise: false,
        files: Vec::new(),
    })
}

async fn answer(connection: &mut Connection, room: RoomId, of: Seq) -> anyhow::Result<()> {
    for number in 0..ANSWERS {
        let choice = Ask::ROLL_CALL[usize::try_from(number)? % Ask::ROLL_CALL.len()].parse()?;
        let note = format!("Planning and online forms are down; report {number}.").parse()?;
        let answer = AnswerAsk {
            room,
            id: EntryId::random(),
            of,
            choice,
            label: None,
            note: Some(note),
            subjects: Vec::new(),
            common_cause: Reporting::No,
        };
        connection.ask(&answer).await?;
    }
    Ok(())
}
