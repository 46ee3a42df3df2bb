//! Revisions of one source: each takes the place of the one before, whatever came earlier; only the
//! latest again posts nothing; and none is milder than what it follows.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_client::Delivered;
use warproom_proto::calls::RelabelEntry;
use warproom_proto::{Alert, EntryId, Kind, Label, Message, Seq};

use super::{Hooked, ok};

fn alert(delivered: &Delivered) -> anyhow::Result<(Seq, &Alert, Label)> {
    let handling = &delivered.entry.as_ref().context("withheld")?.handling;
    match &handling.kind {
        Kind::Alert(alert) => Ok((delivered.seq, alert, handling.label)),
        other => anyhow::bail!("no alert: {other:?}"),
    }
}

/// A group of Alertmanager's with these alerts firing, or none of them any more.
fn group(names: &[&str], status: &str, summary: &str) -> Value {
    let each = names.iter().map(|name| {
        json!({
            "status": status, "startsAt": "2024-01-18T08:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "labels": {"alertname": name}, "annotations": {"summary": name}, "fingerprint": name,
        })
    });
    json!({
        "version": "4", "groupKey": "{}:{}", "status": status, "alerts": each.collect::<Vec<_>>(),
        "commonLabels": {}, "commonAnnotations": {"summary": summary},
    })
}

#[tokio::test]
async fn a_group_that_returns_to_an_earlier_state_is_told_and_a_repetition_is_not()
-> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let one = group(&["DiskFull"], "firing", "Full");
    let two = group(&["DiskFull", "DiskSlow"], "firing", "Full");
    let mut before = None;
    for message in [&one, &two, &one, &two, &one] {
        for _ in 0..3 {
            ok(&hooked.post(message).await?)?;
        }
        let posted = hooked.next().await?;
        let (seq, told, _) = alert(&posted)?;
        ensure!(told.supersedes == before, "{:?} after {before:?}", told.supersedes);
        ensure!(before.is_none_or(|before| seq == before + 1), "a repetition was posted");
        let kind = if before.is_none() { Message::Alert } else { Message::Update };
        ensure!(told.message == kind, "{:?}", told.message);
        let headline = posted.entry.as_ref().and_then(|entry| entry.content.headline.clone());
        let expected = if *message == two { "2 firing: Full" } else { "Full" };
        ensure!(headline.context("a headline")?.as_str() == expected, "{expected}");
        before = Some(seq);
    }
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn a_follow_up_is_as_strict_as_what_it_follows_up_to_the_grant() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let message = |revision: &str, label: &str| json!({"headline": "a", "label": label, "id": "adv-7", "revision": revision});
    ok(&hooked.post(&message("1", "TLP:GREEN")).await?)?;
    let first = hooked.next().await?;
    ensure!(alert(&first)?.2 == Label::Green);
    ok(&hooked.post(&message("2", "TLP:AMBER")).await?)?;
    let second = hooked.next().await?;
    ensure!(alert(&second)?.2 == Label::Amber);
    ok(&hooked.post(&message("3", "TLP:GREEN")).await?)?;
    let third = hooked.next().await?;
    let (of, told, label) = alert(&third)?;
    ensure!(label == Label::Amber && told.supersedes == Some(second.seq), "{label}");

    // Made stricter than the bot may post: then as strict as it may.
    let stricter =
        RelabelEntry { room: hooked.room, id: EntryId::random(), of, to: Label::AmberStrict };
    hooked.warp.manager().client.call(stricter).await?;
    ok(&hooked.post(&message("4", "TLP:GREEN")).await?)?;
    warproom_tests::harness::next_entry(&mut hooked.events).await?;
    ensure!(alert(&hooked.next().await?)?.2 == Label::Amber);

    // Of another source, nothing is followed.
    ok(&hooked.post(&json!({"headline": "a", "id": "adv-8", "revision": "1"})).await?)?;
    ensure!(alert(&hooked.next().await?)?.2 == Label::Green);
    Ok(())
}

#[tokio::test]
async fn what_resolves_a_strict_alert_is_as_strict() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    ok(&hooked.post(&group(&["DiskFull"], "firing", "TLP 2.0: AMBER, full")).await?)?;
    ensure!(alert(&hooked.next().await?)?.2 == Label::Amber);
    ok(&hooked.post(&group(&["DiskFull"], "resolved", "full")).await?)?;
    let over = hooked.next().await?;
    let (_, told, label) = alert(&over)?;
    ensure!(told.message == Message::Cancel && label == Label::Amber, "{label}");
    Ok(())
}

#[tokio::test]
async fn an_alert_without_a_summary_is_told_all_the_same() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    for summary in ["", " ", "\u{200b}"] {
        let message = group(&["DiskFull", summary], "firing", summary);
        ok(&hooked.post(&message).await?)?;
        let posted = hooked.next().await?;
        let headline =
            posted.entry.and_then(|entry| entry.content.headline).context("a headline")?;
        ensure!(headline.as_str() == "2 firing: Alert", "{headline}");
    }
    Ok(())
}
