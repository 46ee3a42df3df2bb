//! `alert`: a warning in a standard form.

use anyhow::Result;
use warproom_client::proto::calls::PostAlert;
use warproom_client::proto::{self, EntryId, Message, Reporting};

use super::{asks, reports};
use crate::args;
use crate::names::Purpose;
use crate::problem::problem;
use crate::prompt;
use crate::session::Session;
use crate::show;

/// `alert`
pub(crate) async fn alert(session: &Session, args: &args::Alert) -> Result<()> {
    let content = &args.content;
    if [&content.text, &content.what_to_do].iter().all(|text| text.as_deref() == Some("-")) {
        return Err(problem(
            "--text and --do cannot both read standard input",
            "write one of them on the command line",
        )
        .into());
    }
    let read = |given: Option<&str>| given.map(|text| prompt::text(Some(text))).transpose();
    let subjects = args.subjects.list();
    let common_cause = reports::reporting(Some(args.report), &subjects)?;
    let ask = asks::asking(&args.asking, &session.now())?;
    let alert = described(session, args)?;
    let (text, what_to_do) = (read(content.text.as_deref())?, read(content.what_to_do.as_deref())?);
    let room = session.room(&args.room, Purpose::Writing).await?;
    let label = args.label.unwrap_or(room.settings.default_label);
    let call = PostAlert {
        room: room.room,
        id: EntryId::random(),
        label,
        alert,
        headline: args.headline.clone(),
        text,
        what_to_do,
        references: content.references.clone(),
        issuer: content.issuer.clone(),
        subjects: subjects.clone(),
        ask,
        common_cause,
        exercise: args.exercise,
        files: Vec::new(),
    };
    let asks = call.ask.is_some();
    let exercise = args.exercise || session.is_exercise(room.room, args.supersedes).await;
    let posted = session.append(call).await?;
    let name = show::safe(room.settings.name.as_str());
    session.out().give(&posted, |posted| {
        let mut said = format!("Alert #{} in {name}  {}", posted.seq, show::chip(label));
        if common_cause != Reporting::No {
            said.push('\n');
            said.push_str(&reports::counted(common_cause, &subjects, label, None));
        }
        if asks {
            said.push('\n');
            said.push_str(&asks::board_command(&room, posted.seq));
        }
        show::marked(exercise, &said)
    })
}

/// How bad, how soon, how sure, when, and what it takes the place of.
fn described(session: &Session, args: &args::Alert) -> Result<proto::Alert> {
    let (now, times) = (session.now(), &args.times);
    let expires_at_ms = match &times.expires {
        Some(expires) => Some(expires.to_come_ms(&now, "it expires")?),
        None => None,
    };
    let at = |moment: &Option<crate::moment::Moment>| {
        moment.as_ref().map(|moment| moment.at_ms(&now)).transpose()
    };
    let effective_at_ms = at(&times.effective)?;
    if let (Some(from), Some(until)) = (effective_at_ms, expires_at_ms)
        && until <= from
    {
        return Err(problem(
            "it would expire before it holds",
            "write --expires later than --effective",
        )
        .into());
    }
    let message = match (args.supersedes, args.cancel) {
        (None, _) => Message::Alert,
        (Some(_), false) => Message::Update,
        (Some(_), true) => Message::Cancel,
    };
    Ok(proto::Alert {
        severity: args.weight.severity,
        urgency: args.weight.urgency,
        certainty: args.weight.certainty,
        message,
        issued_at_ms: at(&times.issued)?,
        effective_at_ms,
        expires_at_ms,
        source: None,
        supersedes: args.supersedes,
    })
}
