//! Alerts: read back as they were issued, taken over by later revisions, found, and kept in bounds.

use std::time::Duration;

use warproom_client::CallError;
use warproom_proto::alert::{Alert, Certainty, Message, Severity, Source, Urgency};
use warproom_proto::calls::{
    EditEntry, From, PostAlert, Posted, ReactToEntry, RelabelEntry, RetractEntry,
};
use warproom_proto::{
    EntryId, ErrorCode, Kind, Label, Line, Reporting, RoomId, Seq, Subject, limits,
};
use warproom_tests::harness::{
    Person, Warp, choices, entry_of, from_now, next_entry, refusal, roll_call, text_of, warning,
};

/// A WARP with an officer of each of two organisations and the manager in one room.
struct Club {
    warp: Warp,
    dan: Person,
    tom: Person,
    room: RoomId,
}

impl Club {
    async fn meet() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let thanet = warp.organisation("Thanet District Council").await?;
        let (dan, tom) = (warp.officer("dan", dover).await?, warp.officer("tom", thanet).await?);
        let room = warp.room(&[&dan, &tom, warp.manager()], Label::Red, Label::Green).await?;
        Ok(Self { warp, dan, tom, room })
    }
}

fn code<T>(result: Result<T, CallError>) -> ErrorCode {
    refusal(result).unwrap().code
}

/// A revision of what a source says.
fn revision(room: RoomId, id: &str, revision: &str, message: Message) -> PostAlert {
    let source = Source { id: id.parse().unwrap(), revision: revision.parse().unwrap() };
    let call = warning(room, Label::Green, revision).unwrap();
    PostAlert { alert: Alert { source: Some(source), message, ..call.alert.clone() }, ..call }
}

/// An alert that says which one it does something to.
fn on(room: RoomId, supersedes: Seq, message: Message) -> PostAlert {
    let call = warning(room, Label::Green, "later").unwrap();
    let alert = Alert { supersedes: Some(supersedes), message, ..call.alert.clone() };
    PostAlert { alert, ..call }
}

async fn post(by: &Person, call: PostAlert) -> Result<Posted, CallError> {
    by.client.append(call).await
}

/// What an alert took the place of, as a reader gets it.
async fn superseded(by: &Person, room: RoomId, seq: Seq) -> anyhow::Result<Option<Seq>> {
    let page = by.page(room, From::After(seq - 1), 1).await?;
    let Some(Kind::Alert(alert)) = entry_of(&page.records[0]).map(|entry| entry.handling.kind)
    else {
        anyhow::bail!("not an alert that they may read")
    };
    Ok(alert.supersedes)
}

#[tokio::test]
async fn an_alert_is_read_as_it_was_issued() -> anyhow::Result<()> {
    let Club { dan, tom, room, warp: _warp } = Club::meet().await?;
    let (_client, mut events) = tom.follow(room, 4).await?;
    let hour_ms = 3_600_000;
    let now_ms = from_now(Duration::ZERO)?;
    let written = PostAlert {
        room,
        id: EntryId::random(),
        label: Label::AmberStrict,
        alert: Alert {
            severity: Severity::Extreme,
            urgency: Urgency::Expected,
            certainty: Certainty::Observed,
            message: Message::Alert,
            issued_at_ms: Some(now_ms - hour_ms),
            effective_at_ms: Some(now_ms),
            expires_at_ms: Some(now_ms + hour_ms),
            source: Some(Source { id: "CVE-2024-21887".parse()?, revision: "1.2".parse()? }),
            supersedes: None,
        },
        headline: "Ivanti Connect Secure: exploited now".parse()?,
        text: Some("Two flaws, *chained*.\n\tSee \"both\" \\ 🔥".parse()?),
        what_to_do: Some("1. Apply the mitigation.\n2. Run the checker.".parse()?),
        references: vec!["https://forums.example/a?b=c&d".parse()?, "KB-44755".parse()?],
        issuer: Some("A national centre".parse()?),
        subjects: vec![
            Subject::Vendor("Ivanti".parse()?),
            Subject::Product("Connect Secure".parse()?),
            Subject::Cve("CVE-2024-21887".parse()?),
            Subject::Cpe("ivanti:connect_secure".parse()?),
            Subject::Topic("remote access".parse()?),
        ],
        ask: Some(roll_call(Some(now_ms + hour_ms))?),
        common_cause: Reporting::Named,
        exercise: true,
        files: Vec::new(),
    };
    let posted = post(&dan, written.clone()).await?;
    let read = next_entry(&mut events).await?;
    assert_eq!(
        (read.seq, read.at_ms, read.record.head),
        (posted.seq, Some(posted.at_ms), posted.head)
    );
    let page = tom.page(room, From::Latest, 1).await?;
    for entry in [read.entry, entry_of(&page.records[0])] {
        let entry = entry.expect("shown");
        let handling = entry.handling;
        assert_eq!((handling.id, handling.author), (written.id, dan.principal()));
        assert_eq!((handling.label, handling.exercise), (written.label, true));
        assert_eq!(handling.kind, Kind::Alert(written.alert.clone()));
        assert_eq!(
            (handling.subjects, handling.ask),
            (written.subjects.clone(), written.ask.clone())
        );
        assert_eq!(handling.common_cause, Reporting::Named);
        let content = entry.content;
        assert_eq!(content.headline.as_ref(), Some(&written.headline));
        assert_eq!(content.references, written.references);
        assert_eq!(content.issuer, written.issuer);
        assert!(content.text == written.text && content.what_to_do == written.what_to_do);
    }
    // Sent again, it is there once.
    assert_eq!(post(&dan, written).await?, posted);
    Ok(())
}

#[tokio::test]
async fn a_later_revision_takes_the_earlier_ones_place_also_after_a_restart() -> anyhow::Result<()>
{
    let Club { mut warp, dan, tom, room } = Club::meet().await?;
    let first = post(&dan, revision(room, "CVE-1", "one", Message::Alert)).await?.seq;
    let other = post(&dan, revision(room, "CVE-2", "other", Message::Alert)).await?.seq;
    let toms = post(&tom, revision(room, "CVE-1", "toms", Message::Alert)).await?.seq;
    let second = post(&dan, revision(room, "CVE-1", "two", Message::Alert)).await?.seq;
    warp.kill()?;
    warp.restart().await?;
    let third = post(&dan, revision(room, "CVE-1", "three", Message::Update)).await?.seq;
    let toms_end = post(&tom, revision(room, "CVE-1", "none", Message::Cancel)).await?.seq;
    for (seq, expected) in [
        (first, None),
        (other, None),
        (toms, None),
        (second, Some(first)),
        (third, Some(second)),
        (toms_end, Some(toms)),
    ] {
        assert_eq!(superseded(&tom, room, seq).await?, expected, "{seq}");
    }
    // A page that holds only the earlier one says what became of it.
    for (seq, expected) in
        [(first, vec![second]), (second, vec![third]), (toms, vec![toms_end]), (third, vec![])]
    {
        let page = tom.page(room, From::After(seq - 1), 1).await?;
        let amended: Vec<_> = page.amendments.iter().map(|one| one.seq).collect();
        assert_eq!(amended, expected, "{seq}");
    }
    let page = tom.page(room, From::After(first - 1), 200).await?;
    assert!(page.amendments.is_empty(), "what is in the page is not said twice");
    let about: Vec<_> =
        tom.referring(room, first).await?.records.iter().map(|one| one.seq).collect();
    assert_eq!(about, [second]);
    Ok(())
}

#[tokio::test]
async fn an_alert_is_updated_and_cancelled_by_its_author_and_by_managers_only() -> anyhow::Result<()>
{
    let Club { warp, dan, tom, room } = Club::meet().await?;
    let first = post(&dan, warning(room, Label::Green, "first")?).await?.seq;
    for message in [Message::Update, Message::Cancel] {
        let refused = post(&tom, on(room, first, message)).await;
        assert_eq!(code(refused), ErrorCode::NotAllowed);
        let unsaid = warning(room, Label::Green, "of which?")?;
        let alert = Alert { message, ..unsaid.alert.clone() };
        let refused = post(&dan, PostAlert { alert, ..unsaid }).await;
        assert_eq!(code(refused), ErrorCode::BadParams);
    }
    let update = post(&dan, on(room, first, Message::Update)).await?.seq;
    let cancel = post(warp.manager(), on(room, update, Message::Cancel)).await?.seq;
    assert_eq!(superseded(&tom, room, update).await?, Some(first));
    assert_eq!(superseded(&tom, room, cancel).await?, Some(update));

    let plain = dan.post(room, Label::Green, "no alert").await?.seq;
    assert_eq!(code(post(&dan, on(room, plain, Message::Update)).await), ErrorCode::Conflict);
    assert_eq!(code(post(&dan, on(room, 9_999, Message::Update)).await), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn an_alert_that_may_not_be_read_is_not_there_to_be_taken_over() -> anyhow::Result<()> {
    let Club { warp, dan, room, tom } = Club::meet().await?;
    let red = post(&dan, warning(room, Label::Red, "red")?).await?.seq;
    let kent = warp.organisation("Medway Council").await?;
    let nina = warp.officer("nina", kent).await?;
    dan.add(room, &nina).await?;
    let hidden = refusal(post(&nina, on(room, red, Message::Cancel)).await)?;
    let missing = refusal(post(&nina, on(room, 9_999, Message::Cancel)).await)?;
    assert_eq!(hidden, missing);
    assert_eq!(hidden.code, ErrorCode::NotFound);
    assert!(tom.reads(room, red).await? && !nina.reads(room, red).await?);
    assert!(nina.finds(room, "red").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_exercise_never_takes_the_place_of_what_is_real() -> anyhow::Result<()> {
    let Club { dan, tom, room, warp: _warp } = Club::meet().await?;
    let exercise = |call: PostAlert| PostAlert { exercise: true, ..call };
    let real = post(&dan, revision(room, "CVE-1", "real", Message::Alert)).await?.seq;
    let refused = post(&dan, exercise(on(room, real, Message::Cancel))).await;
    assert_eq!(code(refused), ErrorCode::Conflict);

    // By its source it takes the place of nothing either, nor the real one of it.
    let drill = exercise(revision(room, "CVE-1", "drill", Message::Alert));
    let drill = post(&dan, drill).await?.seq;
    assert_eq!(superseded(&tom, room, drill).await?, None);
    let again = post(&dan, revision(room, "CVE-1", "real two", Message::Update)).await?.seq;
    assert_eq!(superseded(&tom, room, again).await?, Some(real));

    // What takes an exercise's place is one, said or not.
    let end = post(&dan, on(room, drill, Message::Cancel)).await?.seq;
    let page = tom.page(room, From::After(end - 1), 1).await?;
    assert!(entry_of(&page.records[0]).is_some_and(|entry| entry.handling.exercise));
    Ok(())
}

#[tokio::test]
async fn search_finds_the_headline_and_what_to_do() -> anyhow::Result<()> {
    let Club { dan, tom, room, warp: _warp } = Club::meet().await?;
    let call = PostAlert {
        text: Some("Chained flaws.".parse()?),
        what_to_do: Some("Pull the Quokka plug.".parse()?),
        ..warning(room, Label::Green, "Wombat gateways exploited")?
    };
    let seq = post(&dan, call).await?.seq;
    for words in ["wombat gateways", "QUOKKA plug", "chained"] {
        assert_eq!(tom.finds(room, words).await?, [seq], "{words}");
    }
    assert!(tom.finds(room, "numbat").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_alert_is_answered_reacted_to_relabelled_and_taken_back_but_not_edited()
-> anyhow::Result<()> {
    let Club { warp, dan, tom, room } = Club::meet().await?;
    let call = PostAlert { ask: Some(roll_call(None)?), ..warning(room, Label::Green, "down")? };
    let of = post(&dan, call).await?.seq;
    let reply = tom.reply(room, of, Label::Green, "here too").await?.seq;
    let (id, withdrawn) = (EntryId::random(), false);
    let reaction = ReactToEntry { room, id, of, reaction: "👀".parse()?, withdrawn };
    tom.client.append(reaction).await?;
    tom.answer(room, of, "affected").await?;
    assert_eq!(choices(&dan.board(room, of).await?)?.len(), 3);
    for editor in [&dan, &tom, warp.manager()] {
        let edit = EditEntry { room, id: EntryId::random(), of, text: "milder".parse()? };
        let refused = code(editor.client.append(edit).await);
        let is_author = editor.member == dan.member;
        let expected = if is_author { ErrorCode::Conflict } else { ErrorCode::NotAllowed };
        assert_eq!(refused, expected);
    }
    let relabel = |to| RelabelEntry { room, id: EntryId::random(), of, to };
    assert_eq!(code(tom.client.append(relabel(Label::Red)).await), ErrorCode::NotAllowed);
    warp.manager().client.append(relabel(Label::Amber)).await?;
    dan.client.append(relabel(Label::Clear)).await?;
    warp.manager().client.append(relabel(Label::Red)).await?;
    let late = warp.officer("late", warp.organisation("Medway Council").await?).await?;
    dan.add(room, &late).await?;
    assert!(!late.reads(room, of).await? && !late.reads(room, reply).await?);

    let retract = || RetractEntry { room, id: EntryId::random(), of };
    assert_eq!(code(tom.client.append(retract()).await), ErrorCode::NotAllowed);
    dan.client.append(retract()).await?;
    assert!(!tom.reads(room, of).await? && !dan.reads(room, of).await?);
    assert_eq!(code(tom.board(room, of).await), ErrorCode::NotFound);
    let texts: Vec<_> = tom.history(room).await?.iter().filter_map(text_of).collect();
    assert_eq!(texts, ["here too"]);
    Ok(())
}

#[tokio::test]
async fn an_alert_keeps_to_the_rooms_ceiling_and_to_its_bounds() -> anyhow::Result<()> {
    let Club { dan, warp, .. } = Club::meet().await?;
    let room = warp.room(&[&dan], Label::Amber, Label::Green).await?;
    let plain = || warning(room, Label::Green, "bounds").unwrap();
    for label in [Label::AmberStrict, Label::Red] {
        let refused = post(&dan, PostAlert { label, ..plain() }).await;
        assert_eq!(code(refused), ErrorCode::LabelRefused);
    }
    let timed = |effective_at_ms, expires_at_ms| {
        let alert = Alert { effective_at_ms, expires_at_ms, ..plain().alert };
        PostAlert { alert, ..plain() }
    };
    let line: Line = "https://example.org/".parse()?;
    let subject = Subject::Topic("phishing".parse()?);
    let too_many = limits::REFERENCES + 1;
    let options = vec!["only".parse()?];
    let ask = Some(warproom_proto::Ask { options, due_at_ms: None });
    for (call, what) in [
        (PostAlert { references: vec![line.clone(); too_many], ..plain() }, "references"),
        (
            PostAlert { subjects: vec![subject.clone(); limits::SUBJECTS + 1], ..plain() },
            "subjects",
        ),
        (PostAlert { ask, ..plain() }, "one option"),
        (timed(Some(2_000), Some(1_000)), "expires before it takes effect"),
        (timed(Some(2_000), Some(2_000)), "expires as it takes effect"),
    ] {
        assert_eq!(code(post(&dan, call).await), ErrorCode::BadParams, "{what}");
    }
    let full = PostAlert {
        references: vec![line; limits::REFERENCES],
        subjects: vec![subject; limits::SUBJECTS],
        ..timed(Some(1_000), Some(2_000))
    };
    let posted = post(&dan, full).await?.seq;
    assert_eq!(posted, 3, "nothing that was refused is in the log");
    Ok(())
}
