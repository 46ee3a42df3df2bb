//! Asks and answers: who is asked, what counts, who sees which part of a board, and who is reminded.

use std::time::Duration;

use serde_json::json;
use warproom_client::{CallError, Event, Events};
use warproom_proto::calls::{
    AnswerAsk, EditEntry, PostEntry, RelabelEntry, RetractEntry, SetRegisterEntry,
};
use warproom_proto::{
    Ask, EntryId, ErrorCode, Kind, Label, Name, OrganisationId, Outstanding, RoomId, Seq, Stage,
    Subject, limits,
};
use warproom_tests::harness::{
    Person, Warp, answering, asking, choices, entry_of, from_now, refusal, roll_call, silence,
    text_of, until,
};

/// A room of Dover (twice), Thanet and Ashford; Ashford came when it was opened and everything else
/// is said afterwards, unless a test says otherwise.
struct Club {
    warp: Warp,
    dover: OrganisationId,
    thanet: OrganisationId,
    dan: Person,
    dora: Person,
    tom: Person,
    room: RoomId,
}

impl Club {
    async fn meet() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let thanet = warp.organisation("Thanet District Council").await?;
        let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
        let tom = warp.officer("tom", thanet).await?;
        let room = warp.room(&[&tom, &dan, &dora], Label::Red, Label::Amber).await?;
        Ok(Self { warp, dover, thanet, dan, dora, tom, room })
    }

    /// An officer of another organisation, brought in only now.
    async fn newcomer(&self) -> anyhow::Result<Person> {
        let ashford = self.warp.organisation("Ashford Borough Council").await?;
        let nina = self.warp.officer("nina", ashford).await?;
        self.tom.add(self.room, &nina).await?;
        Ok(nina)
    }
}

fn code<T>(result: Result<T, CallError>) -> ErrorCode {
    refusal(result).unwrap().code
}

/// What a board's row says of an organisation with an answer, or with none.
fn row(name: &str, choice: Option<&str>, answers: u32) -> (String, Option<Name>, u32) {
    (name.to_owned(), choice.map(|choice| choice.parse().unwrap()), answers)
}

/// The board's reply as it stands in its frame.
async fn board_bytes(
    warp: &Warp,
    reader: &Person,
    (room, of): (RoomId, Seq),
) -> anyhow::Result<String> {
    let mut raw = warp.raw().await?;
    raw.sign_in(reader).await?;
    raw.call(7, "board.show", &json!({"room": room, "of": of})).await
}

async fn reminded(events: &mut Events) -> anyhow::Result<Outstanding> {
    until(events, |event| match event {
        Event::Reminder(outstanding) => Some(outstanding.clone()),
        _ => None,
    })
    .await
}

const fn is_reminder(event: &Event) -> bool {
    matches!(event, Event::Reminder(_))
}

#[tokio::test]
async fn an_answer_counts_for_the_organisation_changes_and_keeps_its_history() -> anyhow::Result<()>
{
    let Club { dover, thanet, dan, dora, tom, room, warp: _warp } = Club::meet().await?;
    let of = tom.ask(room, Label::Amber, roll_call(None)?).await?.seq;
    for (person, organisation) in [(&dan, dover), (&dora, dover), (&tom, thanet)] {
        let organisations = vec![organisation];
        let (stage, due_at_ms, exercise) = (Stage::Asked, None, false);
        let waiting = Outstanding { room, ask: of, stage, due_at_ms, organisations, exercise };
        assert_eq!(person.outstanding().await?, [waiting]);
    }
    let none = choices(&tom.board(room, of).await?)?;
    assert_eq!(
        none,
        [row("Dover District Council", None, 0), row("Thanet District Council", None, 0)]
    );

    let first = dan.answer(room, of, "investigating").await?.seq;
    let note = Some("Planning, and **forms**.".parse()?);
    let changed = AnswerAsk { note, ..answering(room, of, "affected")? };
    let second = dora.client.append(changed).await?.seq;
    let third = tom.answer(room, of, "separate incident").await?.seq;

    for reader in [&dan, &dora, &tom] {
        let board = reader.board(room, of).await?;
        let expected = [
            row("Dover District Council", Some("affected"), 2),
            row("Thanet District Council", Some("separate incident"), 1),
        ];
        assert_eq!(choices(&board)?, expected);
        assert_eq!((board.ask.seq, board.latest.seq), (of, third));
        assert_eq!(board.rows[0].answer.as_ref().map(|answer| answer.seq), Some(second));
        assert!(reader.outstanding().await?.is_empty());

        let page = reader.answers((room, of), dover, (0, 1)).await?;
        assert_eq!(page.records.iter().map(|one| one.seq).collect::<Vec<_>>(), [first]);
        let page = reader.answers((room, of), dover, (first, 200)).await?;
        assert_eq!(page.records.iter().map(|one| one.seq).collect::<Vec<_>>(), [second]);
        assert_eq!(text_of(&page.records[0]).as_deref(), Some("Planning, and **forms**."));
        assert!(reader.answers((room, of), dover, (second, 200)).await?.records.is_empty());
    }
    let entry =
        dan.history(room).await?.iter().find_map(|one| entry_of(one).filter(|_| one.seq == first));
    let handling = entry.expect("the first answer stays in the log").handling;
    let choice = "investigating".parse()?;
    assert_eq!(handling.kind, Kind::Answer { of, organisation: dover, choice });
    assert_eq!((handling.author, handling.label), (dan.principal(), Label::Amber));
    Ok(())
}

#[tokio::test]
async fn an_answer_sent_again_is_stored_once_also_after_a_restart() -> anyhow::Result<()> {
    let Club { mut warp, dan, tom, dover, room, .. } = Club::meet().await?;
    let of = tom.ask(room, Label::Green, roll_call(None)?).await?.seq;
    let once = answering(room, of, "affected")?;
    let (one, two) = tokio::join!(dan.client.append(once.clone()), dan.client.append(once.clone()));
    let first = one?;
    assert_eq!(two?, first);
    warp.kill()?;
    warp.restart().await?;
    assert_eq!(dan.client.append(once).await?, first);
    tom.back().await?;
    let page = tom.answers((room, of), dover, (0, 200)).await?;
    assert_eq!(page.records.len(), 1);
    assert_eq!(tom.board(room, of).await?.latest.seq, first.seq);
    Ok(())
}

#[tokio::test]
async fn a_restart_changes_nothing_of_boards_and_of_what_waits() -> anyhow::Result<()> {
    let club = Club::meet().await?;
    let of = club.tom.ask(club.room, Label::Green, roll_call(None)?).await?.seq;
    let nina = club.newcomer().await?;
    let Club { mut warp, dan, dora, tom, dover, room, .. } = club;
    dan.answer(room, of, "investigating").await?;
    let amber = AnswerAsk { label: Some(Label::Red), ..answering(room, of, "affected")? };
    dora.client.append(amber).await?;
    let readers = [&dan, &dora, &tom, &nina];
    let mut before = Vec::new();
    for reader in readers {
        before.push((board_bytes(&warp, reader, (room, of)).await?, reader.outstanding().await?));
    }
    assert_eq!(before[0].0, before[1].0);
    assert!(before[3].1.len() == 1 && before[2].1.len() == 1 && before[0].1.is_empty());
    assert!(warp.stop().await?.success());
    warp.restart().await?;
    for (reader, before) in readers.into_iter().zip(before) {
        reader.back().await?;
        let after = (board_bytes(&warp, reader, (room, of)).await?, reader.outstanding().await?);
        assert_eq!(after, before);
    }
    assert_eq!(tom.answers((room, of), dover, (0, 200)).await?.records.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_board_neither_shows_nor_counts_what_its_reader_may_not_read() -> anyhow::Result<()> {
    let club = Club::meet().await?;
    let of = club.tom.ask(club.room, Label::Green, roll_call(None)?).await?.seq;
    let Club { dan, dora, tom, dover, thanet, room, .. } = &club;
    let (room, dover, thanet) = (*room, *dover, *thanet);
    dan.answer(room, of, "investigating").await?;
    for (who, label) in [(dora, Label::Red), (tom, Label::AmberStrict)] {
        let note = Some("ransomnote".parse()?);
        let answer = AnswerAsk { label: Some(label), note, ..answering(room, of, "affected")? };
        who.client.append(answer).await?;
    }
    let nina = club.newcomer().await?;
    let there = [
        row("Ashford Borough Council", None, 0),
        row("Dover District Council", Some("affected"), 2),
        row("Thanet District Council", Some("affected"), 1),
    ];
    for reader in [dan, dora, tom] {
        assert_eq!(choices(&reader.board(room, of).await?)?, there);
    }
    let seen = [
        row("Ashford Borough Council", None, 0),
        row("Dover District Council", Some("investigating"), 1),
        row("Thanet District Council", None, 0),
    ];
    assert_eq!(choices(&nina.board(room, of).await?)?, seen);
    let bytes = board_bytes(&club.warp, &nina, (room, of)).await?;
    assert!(!bytes.contains("ransomnote") && !bytes.contains("withheld"), "{bytes}");
    assert_eq!(nina.answers((room, of), dover, (0, 200)).await?.records.len(), 1);
    assert!(nina.answers((room, of), thanet, (0, 200)).await?.records.is_empty());

    // Somebody of Dover who came later reads AMBER of before them, and RED never.
    let dina = club.warp.officer("dina", dover).await?;
    tom.add(room, &dina).await?;
    let seen = row("Dover District Council", Some("investigating"), 1);
    assert_eq!(choices(&dina.board(room, of).await?)?[1], seen);

    // Whose label is tightened later is withheld with all that answers it.
    tom.client.append(RelabelEntry { room, id: EntryId::random(), of, to: Label::Red }).await?;
    assert_eq!(code(nina.board(room, of).await), ErrorCode::NotFound);
    let there = choices(&dan.board(room, of).await?)?;
    let names: Vec<_> = there.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["Dover District Council", "Thanet District Council"]);
    assert!(nina.outstanding().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_ask_that_may_not_be_read_is_as_if_there_were_none() -> anyhow::Result<()> {
    let club = Club::meet().await?;
    let of = club.tom.ask(club.room, Label::Red, roll_call(None)?).await?.seq;
    let nina = club.newcomer().await?;
    let Club { warp, dan, tom, dover, room, .. } = club;
    let plain = tom.post(room, Label::Red, "no ask").await?.seq;
    dan.answer(room, of, "affected").await?;
    let outsider = warp.officer("olga", dover).await?;
    let nowhere = RoomId::random();

    let calls = |room: RoomId, of: Seq| {
        let id = EntryId::random();
        [
            ("board.show", json!({"room": room, "of": of})),
            ("board.history", json!({"room": room, "of": of, "organisation": dover, "limit": 9})),
            ("entry.answer", json!({"room": room, "of": of, "id": id, "choice": "affected"})),
            (
                "entry.answer",
                json!({"room": room, "of": of, "id": id, "choice": "x", "label": "TLP:CLEAR"}),
            ),
        ]
    };
    let missing = 9_999;
    for (who, there, not_there) in [
        (&nina, (room, of), (room, missing)),
        (&outsider, (room, of), (nowhere, of)),
        (&outsider, (room, missing), (nowhere, missing)),
    ] {
        let mut raw = warp.raw().await?;
        raw.sign_in(who).await?;
        let both = calls(there.0, there.1).into_iter().zip(calls(not_there.0, not_there.1));
        for ((method, hidden), (_, none)) in both {
            let hidden = raw.call(3, method, &hidden).await?;
            assert_eq!(hidden, raw.call(3, method, &none).await?, "{method}");
            assert!(hidden.contains("\"code\":3"), "{method}: {hidden}");
        }
    }
    // An entry that asks nothing has no board, and there is nothing to answer.
    assert_eq!(code(tom.board(room, plain).await), ErrorCode::NotFound);
    assert_eq!(code(tom.answer(room, plain, "affected").await), ErrorCode::Conflict);
    assert!(nina.outstanding().await?.is_empty() && outsider.outstanding().await?.is_empty());
    let names = choices(&tom.board(room, of).await?)?;
    assert_eq!(names.len(), 2, "who cannot read it is not asked: {names:?}");
    Ok(())
}

#[tokio::test]
async fn a_guest_answers_for_its_organisation() -> anyhow::Result<()> {
    let Club { warp, tom, room, .. } = Club::meet().await?;
    let supplier = warp.organisation("Civica").await?;
    let gus = warp.guest("gus", supplier).await?;
    tom.add(room, &gus).await?;
    let of = tom.ask(room, Label::Amber, roll_call(None)?).await?.seq;
    assert_eq!(gus.outstanding().await?.len(), 1);
    gus.answer(room, of, "affected").await?;
    assert!(gus.outstanding().await?.is_empty());
    let board = choices(&gus.board(room, of).await?)?;
    assert_eq!(board[0], row("Civica", Some("affected"), 1));
    Ok(())
}

#[tokio::test]
async fn who_has_not_answered_is_reminded_at_three_quarters_and_when_it_is_due()
-> anyhow::Result<()> {
    const LASTING_MS: i64 = 8_000;
    const SOON_MS: i64 = 6_000;
    let Club { warp, dan, dora, tom, dover, room, .. } = Club::meet().await?;
    let deputies = vec![dora.member];
    let entry = SetRegisterEntry { depends_on: Vec::new(), shown: false, deputies };
    dan.client.call(entry).await?;
    let nina = warp.officer("nina", warp.organisation("Ashford Borough Council").await?).await?;
    let (_dan, mut to_dan) = dan.connect().await?;
    let (_also, mut to_dan_too) = dan.connect().await?;
    let (_dora, mut to_dora) = dora.connect().await?;
    let (_tom, mut to_tom) = tom.connect().await?;
    let (_nina, mut to_nina) = nina.connect().await?;

    let asked_ms = from_now(Duration::ZERO)?;
    let due_at_ms = asked_ms + LASTING_MS;
    let of = tom.ask(room, Label::AmberStrict, roll_call(Some(due_at_ms))?).await?.seq;
    tom.add(room, &nina).await?;
    tom.answer(room, of, "not affected").await?;
    assert!(from_now(Duration::ZERO)? < asked_ms + SOON_MS, "this machine is too slow to tell");

    let waiting = |stage| Outstanding {
        room,
        ask: of,
        stage,
        due_at_ms: Some(due_at_ms),
        organisations: vec![dover],
        exercise: false,
    };
    for (stage, moment_ms) in [(Stage::Soon, asked_ms + SOON_MS), (Stage::Due, due_at_ms)] {
        assert_eq!(reminded(&mut to_dan).await?, waiting(stage));
        // On every connection of theirs.
        assert_eq!(reminded(&mut to_dan_too).await?, waiting(stage));
        let late_ms = from_now(Duration::ZERO)? - moment_ms;
        assert!((0..5_000).contains(&late_ms), "{stage:?}, {late_ms} ms late");
        assert_eq!(dan.outstanding().await?, [waiting(stage)]);
    }
    // Whose organisation answered, who stands in, and who may not read it, hear nothing of it.
    let quiet = Duration::from_millis(300);
    for events in [&mut to_tom, &mut to_dora, &mut to_nina, &mut to_dan] {
        silence(events, quiet, is_reminder).await?;
    }
    assert_eq!(dora.outstanding().await?, [waiting(Stage::Due)]);
    assert!(tom.outstanding().await?.is_empty() && nina.outstanding().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_restart_repeats_no_reminder_and_forgets_none_that_is_to_come() -> anyhow::Result<()> {
    let Club { mut warp, dan, tom, dover, room, .. } = Club::meet().await?;
    let (_client, mut events) = dan.connect().await?;
    let (soon, later) = (Duration::from_secs(1), Duration::from_secs(25));
    let first = tom.ask(room, Label::Green, roll_call(Some(from_now(soon)?))?).await?.seq;
    let due_at_ms = from_now(later)?;
    let second = tom.ask(room, Label::Green, roll_call(Some(due_at_ms))?).await?.seq;
    loop {
        let reminder = reminded(&mut events).await?;
        assert_eq!((reminder.ask, reminder.organisations), (first, vec![dover]));
        if reminder.stage == Stage::Due {
            break;
        }
    }
    let before = dan.outstanding().await?;
    let stages: Vec<_> = before.iter().map(|one| (one.ask, one.stage)).collect();
    assert_eq!(stages, [(first, Stage::Due), (second, Stage::Asked)]);
    warp.kill()?;
    warp.restart().await?;
    dan.back().await?;
    assert_eq!(dan.outstanding().await?, before);
    // What comes next, on a connection that is back by itself, is the other ask's.
    let mut next = async || loop {
        if let Ok(reminder) = reminded(&mut events).await {
            return reminder;
        }
    };
    let next = tokio::time::timeout(later, next()).await?;
    assert_eq!((next.ask, next.stage), (second, Stage::Soon));
    Ok(())
}

#[tokio::test]
async fn an_ask_that_is_taken_back_has_no_board_and_reminds_nobody() -> anyhow::Result<()> {
    let Club { dan, tom, dover, room, warp: _warp, .. } = Club::meet().await?;
    let (_client, mut events) = dan.connect().await?;
    let due_at_ms = Some(from_now(Duration::from_secs(2))?);
    let of = tom.ask(room, Label::Amber, roll_call(due_at_ms)?).await?.seq;
    let fence = tom.ask(room, Label::Amber, roll_call(due_at_ms)?).await?.seq;
    let note = Some("told in trust".parse()?);
    let answer = AnswerAsk { note, ..answering(room, of, "affected")? };
    let answer = dan.client.append(answer).await?.seq;
    assert!(dan.reads(room, answer).await?);
    tom.client.append(RetractEntry { room, id: EntryId::random(), of }).await?;

    assert_eq!(code(dan.board(room, of).await), ErrorCode::NotFound);
    assert_eq!(code(dan.answers((room, of), dover, (0, 9)).await), ErrorCode::NotFound);
    assert_eq!(code(dan.answer(room, of, "affected").await), ErrorCode::NotFound);
    assert!(!dan.reads(room, answer).await?, "its answers go with it");
    let waiting: Vec<_> = dan.outstanding().await?.iter().map(|one| one.ask).collect();
    assert_eq!(waiting, [fence]);
    loop {
        let reminder = reminded(&mut events).await?;
        assert_eq!(reminder.ask, fence);
        if reminder.stage == Stage::Due {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn what_refers_to_an_exercise_is_an_exercise() -> anyhow::Result<()> {
    let Club { dan, tom, room, warp: _warp, .. } = Club::meet().await?;
    let exercise = PostEntry { exercise: true, ..asking(room, Label::Green, roll_call(None)?)? };
    let of = tom.client.append(exercise).await?.seq;
    let answer = dan.answer(room, of, "affected").await?.seq;
    let reply = dan.reply(room, of, Label::Green, "looking").await?.seq;
    let further = tom.reply(room, reply, Label::Green, "and?").await?.seq;
    let text = "Exercise Oak: are you affected?".parse()?;
    let edit = tom.client.append(EditEntry { room, id: EntryId::random(), of, text }).await?.seq;
    let real = tom.ask(room, Label::Green, roll_call(None)?).await?.seq;
    let real_answer = dan.answer(room, real, "not affected").await?.seq;
    let history = dan.history(room).await?;
    let is_exercise = |seq: Seq| {
        let entry = history.iter().find(|one| one.seq == seq).and_then(entry_of);
        entry.expect("everyone reads it").handling.exercise
    };
    let exercises = [of, answer, reply, further, edit].map(is_exercise);
    assert_eq!(exercises, [true; 5]);
    assert_eq!([real, real_answer].map(is_exercise), [false; 2]);
    Ok(())
}

#[tokio::test]
async fn an_ask_is_answerable_at_a_glance_and_in_time() -> anyhow::Result<()> {
    let Club { tom, room, warp: _warp, .. } = Club::meet().await?;
    let options = |names: &[&str]| Ask {
        options: names.iter().map(|name| name.parse().unwrap()).collect(),
        due_at_ms: None,
    };
    let day = Duration::from_hours(24);
    let now_ms = from_now(Duration::ZERO)?;
    for (ask, what) in [
        (options(&["1", "2", "3", "4", "5", "6", "7", "8", "9"]), "nine options"),
        (options(&["yes"]), "one option"),
        (options(&[]), "none"),
        (options(&["yes", "no", "YES"]), "twice the same"),
        (roll_call(Some(now_ms - 1))?, "due in the past"),
        (roll_call(Some(from_now(40 * day)?))?, "due in 40 days"),
        (roll_call(Some(i64::MAX))?, "due never"),
        (roll_call(Some(i64::MIN))?, "due always"),
    ] {
        let refused = refusal(tom.ask(room, Label::Green, ask).await)?;
        assert_eq!(refused.code, ErrorCode::BadParams, "{what}: {refused}");
    }
    tom.ask(room, Label::Green, options(&["1", "2", "3", "4", "5", "6", "7", "8"])).await?;
    tom.ask(room, Label::Green, roll_call(Some(from_now(30 * day)?))?).await?;
    Ok(())
}

#[tokio::test]
async fn an_answer_is_one_of_the_options_and_short_and_no_milder_than_the_ask() -> anyhow::Result<()>
{
    let Club { dan, tom, room, warp: _warp, .. } = Club::meet().await?;
    let of = tom.ask(room, Label::Amber, roll_call(None)?).await?.seq;
    let answer = || answering(room, of, "affected").unwrap();
    let refused = async |call: AnswerAsk| refusal(dan.client.append(call).await).unwrap();

    let other = refused(answering(room, of, "Perhaps")?).await;
    assert_eq!(other.code, ErrorCode::BadParams);
    for option in Ask::ROLL_CALL {
        assert!(other.message.contains(option), "it says what to choose from: {other}");
    }
    let note = |bytes: usize| Some("n".repeat(bytes).parse().unwrap());
    let long = AnswerAsk { note: note(limits::NOTE_BYTES + 1), ..answer() };
    assert_eq!(refused(long).await.code, ErrorCode::BadParams);
    let subjects = vec![Subject::Topic("ransomware".parse()?); 9];
    assert_eq!(refused(AnswerAsk { subjects, ..answer() }).await.code, ErrorCode::BadParams);
    let milder = AnswerAsk { label: Some(Label::Green), ..answer() };
    assert_eq!(refused(milder).await.code, ErrorCode::LabelRefused);

    dan.client.append(AnswerAsk { note: note(limits::NOTE_BYTES), ..answer() }).await?;
    let waiting = tom.outstanding().await?.len();
    assert_eq!(waiting, 1, "what was refused lost nothing, and what was taken counts for Dover");
    Ok(())
}

#[tokio::test]
async fn an_organisation_changes_its_mind_a_hundred_times_and_no_more() -> anyhow::Result<()> {
    let Club { dan, dora, tom, dover, room, warp: _warp, .. } = Club::meet().await?;
    let of = tom.ask(room, Label::Green, roll_call(None)?).await?.seq;
    for number in 0..limits::ANSWERS {
        let who = if number % 2 == 0 { &dan } else { &dora };
        who.answer(room, of, "investigating").await?;
    }
    for who in [&dan, &dora] {
        assert_eq!(code(who.answer(room, of, "affected").await), ErrorCode::Conflict);
    }
    tom.answer(room, of, "affected").await?;
    let board = choices(&dan.board(room, of).await?)?;
    assert_eq!(board[0], row("Dover District Council", Some("investigating"), 100));
    let page = dan.answers((room, of), dover, (0, 200)).await?;
    assert_eq!(page.records.len(), 100);
    Ok(())
}

#[tokio::test]
async fn a_reply_may_ask_and_an_edited_ask_keeps_its_board() -> anyhow::Result<()> {
    let Club { dan, tom, room, warp: _warp, .. } = Club::meet().await?;
    let first = tom.post(room, Label::Green, "Forms are down.").await?.seq;
    let reply =
        PostEntry { reply_to: Some(first), ..asking(room, Label::Green, roll_call(None)?)? };
    let of = tom.client.append(reply).await?.seq;
    dan.answer(room, of, "affected").await?;
    let text = "Are you affected too?".parse()?;
    tom.client.append(EditEntry { room, id: EntryId::random(), of, text }).await?;
    tom.answer(room, of, "affected").await?;

    let board = dan.board(room, of).await?;
    let ask = entry_of(&board.ask).and_then(|entry| entry.handling.ask);
    assert_eq!(ask, Some(roll_call(None)?));
    let expected = [
        row("Dover District Council", Some("affected"), 1),
        row("Thanet District Council", Some("affected"), 1),
    ];
    assert_eq!(choices(&board)?, expected);
    // An answer is about the ask, and no post of its own.
    let answer = board.rows[0].answer.as_ref().expect("an answer").seq;
    let retract = RetractEntry { room, id: EntryId::random(), of: answer };
    assert_eq!(code(dan.client.append(retract).await), ErrorCode::Conflict);
    assert_eq!(code(dan.reply(room, answer, Label::Green, "x").await), ErrorCode::Conflict);
    Ok(())
}

#[tokio::test]
async fn who_answered_and_left_stays_on_the_board() -> anyhow::Result<()> {
    let club = Club::meet().await?;
    let nina = club.newcomer().await?;
    let Club { warp, tom, room, .. } = club;
    let of = tom.ask(room, Label::Green, roll_call(None)?).await?.seq;
    nina.answer(room, of, "not affected").await?;
    let member = nina.member;
    warp.manager().client.call(warproom_proto::calls::RemoveMember { member }).await?;
    let board = choices(&tom.board(room, of).await?)?;
    assert_eq!(board[0], row("Ashford Borough Council", Some("not affected"), 1));
    Ok(())
}
