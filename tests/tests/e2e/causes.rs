//! Common causes: several organisations name one supplier, and everyone who depends on it is told,
//! at once, wherever they are, and nothing but that.

use std::slice::from_ref;
use std::time::{Duration, Instant};

use serde_json::Value;
use warproom_client::{CallError, Client, Event, Events};
use warproom_proto::calls::{
    AnswerAsk, ListCauses, PostAlert, PostEntry, Posted, RelabelEntry, RetractEntry,
    SetRegisterEntry,
};
use warproom_proto::register::{CommonCause, Dependency, Event as Act};
use warproom_proto::{Body, EntryId, Label, OrganisationId, Reporting, RoomId, Seq, Subject};
use warproom_tests::harness::{
    Heard, Person, Raw, Warp, act_of, answering, asking, entry_of, grant, roll_call, silence,
    until, warning,
};

/// How soon everyone concerned is told.
const SOON: Duration = Duration::from_secs(1);

/// How long it is listened to whether something comes that should not.
const QUIET: Duration = Duration::from_millis(300);

/// Two rooms of two councils each, with a roll call in each, and people in neither.
struct Kent {
    warp: Warp,
    /// Of Dover and Thanet, in the first room; Dover depends on the supplier, by its alias.
    dan: Person,
    tom: Person,
    first: (RoomId, Seq),
    /// Of Canterbury and Swale, in the second room; Canterbury depends on the supplier.
    cara: Person,
    sue: Person,
    second: (RoomId, Seq),
    /// Of Ashford, in neither room, and depends on a product of the supplier's.
    ash: Person,
    /// Of Medway, in neither room, and depends on something else.
    max: Person,
    dover: OrganisationId,
    thanet: OrganisationId,
    canterbury: OrganisationId,
}

impl Kent {
    async fn begin() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let thanet = warp.organisation("Thanet District Council").await?;
        let canterbury = warp.organisation("Canterbury City Council").await?;
        let swale = warp.organisation("Swale Borough Council").await?;
        let (dan, tom) = (warp.officer("dan", dover).await?, warp.officer("tom", thanet).await?);
        let cara = warp.officer("cara", canterbury).await?;
        let sue = warp.officer("sue", swale).await?;
        let ash = warp.officer("ash", warp.organisation("Ashford").await?).await?;
        let max = warp.officer("max", warp.organisation("Medway").await?).await?;
        depend(&dan, vendor("East Kent Services")?, &["Civica"]).await?;
        depend(&cara, vendor("CIVICA UK")?, &[]).await?;
        depend(&ash, vendor("civica")?, &[]).await?;
        depend(&max, vendor("Capita")?, &["Civic"]).await?;
        let first = warp.room(&[&dan, &tom], Label::Red, Label::Amber).await?;
        let second = warp.room(&[&cara, &sue], Label::Red, Label::Amber).await?;
        let first = (first, tom.ask(first, Label::Green, roll_call(None)?).await?.seq);
        let second = (second, sue.ask(second, Label::Green, roll_call(None)?).await?.seq);
        Ok(Self { warp, dan, tom, first, cara, sue, second, ash, max, dover, thanet, canterbury })
    }

    fn everyone(&self) -> [&Person; 7] {
        let Self { warp, dan, tom, cara, sue, ash, max, .. } = self;
        [warp.manager(), dan, cara, ash, tom, sue, max]
    }

    /// The first four are concerned.
    async fn listen(&self) -> anyhow::Result<Vec<(Client, Events)>> {
        let mut listening = Vec::new();
        for person in self.everyone() {
            listening.push(person.connect().await?);
        }
        Ok(listening)
    }

    /// That nobody was told of anything.
    async fn nothing_came(&self, listening: &mut [(Client, Events)]) -> anyhow::Result<()> {
        for (_, events) in listening {
            silence(events, QUIET, is_cause).await?;
        }
        assert!(causes(self.warp.manager()).await?.is_empty());
        Ok(())
    }
}

fn vendor(name: &str) -> anyhow::Result<Subject> {
    Ok(Subject::Vendor(name.parse()?))
}

async fn depend(officer: &Person, on: Subject, aliases: &[&str]) -> anyhow::Result<()> {
    let aliases = aliases.iter().map(|alias| alias.parse()).collect::<Result<_, _>>()?;
    let depends_on = vec![Dependency { subject: on, aliases }];
    let call = SetRegisterEntry { depends_on, shown: false, deputies: Vec::new() };
    officer.client.call(call).await?;
    Ok(())
}

const fn is_cause(event: &Event) -> bool {
    matches!(event, Event::CommonCause(_))
}

async fn told(events: &mut Events) -> anyhow::Result<CommonCause> {
    until(events, |event| match event {
        Event::CommonCause(cause) => Some(cause.clone()),
        _ => None,
    })
    .await
}

async fn causes(by: &Person) -> anyhow::Result<Vec<CommonCause>> {
    Ok(by.client.call(ListCauses {}).await?.causes)
}

/// The causes that somebody's pages of the register show, and how many records are stubs.
async fn in_register(by: &Person) -> anyhow::Result<(Vec<CommonCause>, usize)> {
    let records = by.register().await?;
    let stubs = records.iter().filter(|one| matches!(one.body, Body::Withheld { .. })).count();
    let found = records.iter().filter_map(act_of).filter_map(|act| match act.event {
        Act::CommonCauseFound(cause) => {
            assert_eq!(act.by, None, "nobody's name stands beside it");
            Some(cause)
        }
        _ => None,
    });
    Ok((found.collect(), stubs))
}

/// The next notice of a common cause, exactly as it stands in its frame.
async fn heard(raw: &mut Raw) -> anyhow::Result<String> {
    loop {
        match raw.hear().await? {
            Heard::Text(frame) if frame.contains("\"common_cause\"") => return Ok(frame),
            Heard::Text(_) => {}
            Heard::Closed(code) => anyhow::bail!("closed with {code:?}"),
        }
    }
}

async fn alert(by: &Person, call: PostAlert) -> Result<Posted, CallError> {
    by.client.append(call).await
}

/// An alert about a supplier that counts.
fn about(room: RoomId, supplier: &str) -> anyhow::Result<PostAlert> {
    let subjects = vec![vendor(supplier)?];
    let common_cause = Reporting::Anonymous;
    Ok(PostAlert { subjects, common_cause, ..warning(room, Label::Green, "Forms down")? })
}

#[tokio::test]
async fn whoever_depends_on_it_is_told_within_a_second_and_nobody_else() -> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { warp, dan, tom, first, cara, sue, second, ash, max, .. } = &kent;
    let mut listening = kent.listen().await?;
    let stubs = in_register(max).await?.1;
    tom.report(*first, "Civica Ltd.", Reporting::Anonymous).await?;
    for (_, events) in &mut listening {
        silence(events, QUIET, is_cause).await?;
    }
    cara.report(*second, "CIVICA", Reporting::Anonymous).await?;
    let answered = Instant::now();
    let mut notices = Vec::new();
    for (_, events) in &mut listening[..4] {
        notices.push(told(events).await?);
    }
    assert!(answered.elapsed() < SOON, "{:?}", answered.elapsed());
    let cause = notices[0].clone();
    assert!(notices.iter().all(|other| *other == cause));
    assert_eq!((cause.organisations, cause.exercise), (2, false));
    assert!(cause.named.is_empty(), "nobody said that they may be named");
    assert!(matches!(&cause.subject, Subject::Vendor(name) if name.folded().contains("civica")));
    for (_, events) in &mut listening[4..] {
        silence(events, QUIET, is_cause).await?;
    }
    for concerned in [warp.manager(), dan, cara, ash] {
        assert_eq!(causes(concerned).await?, from_ref(&cause));
        assert_eq!(in_register(concerned).await?.0, from_ref(&cause));
    }
    for other in [tom, sue, max] {
        assert!(causes(other).await?.is_empty());
        assert!(in_register(other).await?.0.is_empty());
    }
    assert_eq!(in_register(max).await?.1, stubs + 1, "a stub and no more");
    Ok(())
}

#[tokio::test]
async fn the_notice_says_neither_where_nor_what_nor_under_which_label() -> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { warp, tom, first, cara, second, ash, .. } = &kent;
    let mut raws = Vec::new();
    for person in [warp.manager(), ash] {
        let mut raw = warp.raw().await?;
        raw.sign_in(person).await?;
        raws.push(raw);
    }
    let mut ids = vec![first.0.to_string(), second.0.to_string()];
    ids.extend([tom, cara].map(|person| person.member.to_string()));
    for (who, (room, of)) in [(tom, *first), (cara, *second)] {
        let answer = AnswerAsk {
            note: Some("quokka ransom".parse()?),
            label: Some(Label::AmberStrict),
            subjects: vec![vendor("Civica")?, Subject::Topic("wombat".parse()?)],
            common_cause: Reporting::Anonymous,
            ..answering(room, of, "affected")?
        };
        ids.push(answer.id.to_string());
        who.client.append(answer).await?;
    }
    for raw in &mut raws {
        let frame = heard(raw).await?;
        let words = ["quokka", "wombat", "TLP", "AMBER", "affected", "Council", "tom", "cara"];
        for canary in words.into_iter().chain(ids.iter().map(String::as_str)) {
            assert!(!frame.contains(canary), "{canary} in {frame}");
        }
        let frame: Value = serde_json::from_str(&frame)?;
        let cause = frame["params"]["cause"].as_object().expect("a cause");
        let fields: Vec<_> = cause.keys().map(String::as_str).collect();
        assert_eq!(fields, ["at_ms", "cause", "organisations", "since_ms", "subject"]);
    }
    // The record of the register says no more than the notice.
    let (all, _) = in_register(ash).await?;
    assert_eq!(all, causes(ash).await?);
    Ok(())
}

#[tokio::test]
async fn an_organisation_is_named_only_where_it_said_so() -> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { tom, dan, first, cara, second, ash, canterbury, dover, .. } = &kent;
    let (_client, mut events) = ash.connect().await?;
    tom.report(*first, "Civica", Reporting::Anonymous).await?;
    cara.report(*second, "Civica", Reporting::Named).await?;
    let one = told(&mut events).await?;
    assert_eq!((one.organisations, &one.named), (2, &vec![*canterbury]));
    dan.report(*first, "Civica", Reporting::Anonymous).await?;
    let two = told(&mut events).await?;
    assert_eq!((two.cause, two.organisations, &two.named), (one.cause, 3, &vec![*canterbury]));
    // Who allows it later is named then.
    dan.report(*first, "Civica", Reporting::Named).await?;
    let three = told(&mut events).await?;
    assert_eq!((three.cause, three.organisations, three.named.len()), (one.cause, 3, 2));
    assert!(three.named.contains(dover) && three.named.contains(canterbury));
    Ok(())
}

#[tokio::test]
async fn nothing_counts_that_its_author_did_not_release_or_that_is_red_or_no_trouble()
-> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { warp, tom, dan, thanet, first, cara, second, .. } = &kent;
    let mut listening = kent.listen().await?;
    tom.report(*first, "Civica", Reporting::Named).await?;

    // Not released.
    cara.report(*second, "Civica", Reporting::No).await?;
    // RED goes nowhere.
    let (room, of) = *second;
    let counting = |choice| {
        let subjects = vec![vendor("Civica")?];
        let common_cause = Reporting::Named;
        anyhow::Ok(AnswerAsk { subjects, common_cause, ..answering(room, of, choice)? })
    };
    let red = AnswerAsk { label: Some(Label::Red), ..counting("affected")? };
    cara.client.append(red).await?;
    let red = PostAlert { label: Label::Red, ..about(room, "Civica")? };
    alert(cara, red).await?;
    // No trouble.
    cara.client.append(counting("not affected")?).await?;
    // Another of the same organisation.
    let tess = warp.officer("tess", *thanet).await?;
    dan.add(first.0, &tess).await?;
    alert(&tess, about(first.0, "Civica")?).await?;
    // Another supplier, and a topic.
    let other = AnswerAsk { subjects: vec![vendor("Civic")?], ..counting("affected")? };
    cara.client.append(other).await?;
    let topic = Subject::Topic("Civica".parse()?);
    let other = AnswerAsk { subjects: vec![topic], ..counting("affected")? };
    cara.client.append(other).await?;
    kent.nothing_came(&mut listening).await?;

    // And what was released counts, as soon as it is.
    cara.client.append(counting("investigating")?).await?;
    assert_eq!(told(&mut listening[0].1).await?.organisations, 2);
    Ok(())
}

#[tokio::test]
async fn a_cause_is_told_once_and_again_for_a_further_organisation_also_over_a_restart()
-> anyhow::Result<()> {
    let mut kent = Kent::begin().await?;
    let mut listening = kent.listen().await?;
    kent.tom.report(kent.first, "Civica", Reporting::Anonymous).await?;
    kent.cara.report(kent.second, "Civica Limited", Reporting::Anonymous).await?;
    let found = told(&mut listening[0].1).await?;
    // Once more by the same, in other words and by another way.
    kent.tom.report(kent.first, "civica uk ltd", Reporting::Anonymous).await?;
    alert(&kent.cara, about(kent.second.0, "Civica")?).await?;
    silence(&mut listening[0].1, QUIET, is_cause).await?;

    kent.warp.kill()?;
    kent.warp.restart().await?;
    let mary = kent.warp.manager();
    mary.back().await?;
    assert_eq!(causes(mary).await?, from_ref(&found));
    kent.tom.report(kent.first, "Civica", Reporting::Anonymous).await?;
    silence(&mut listening[0].1, QUIET, is_cause).await?;
    kent.sue.report(kent.second, "Civica", Reporting::Anonymous).await?;
    let further = told(&mut listening[0].1).await?;
    assert!(found.at_ms < further.at_ms);
    let expected = CommonCause { organisations: 3, at_ms: further.at_ms, ..found.clone() };
    assert_eq!(further, expected, "the same cause, since the same time");
    assert_eq!(causes(mary).await?, from_ref(&further));
    assert_eq!(in_register(mary).await?.0, [found, further]);
    Ok(())
}

#[tokio::test]
async fn an_officers_alert_counts_and_a_bots_only_if_it_says_so() -> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { warp, dan, first, cara, second, .. } = &kent;
    let mut listening = kent.listen().await?;
    let bot = warp.bot(grant(first.0, None, Some(Label::Green))).await?;
    let mut raw = warp.raw().await?;
    raw.sign_in_bot(&bot.token).await?;
    let silent = PostAlert { common_cause: Reporting::No, ..about(first.0, "Civica")? };
    raw.ask(&silent).await?;
    alert(cara, about(second.0, "Civica")?).await?;
    kent.nothing_came(&mut listening).await?;
    alert(dan, about(first.0, "Civica UK Ltd")?).await?;
    let cause = told(&mut listening[0].1).await?;
    assert_eq!(cause.organisations, 2);
    for concerned in [warp.manager(), dan, cara] {
        assert_eq!(causes(concerned).await?, from_ref(&cause));
    }
    Ok(())
}

#[tokio::test]
async fn what_was_taken_back_or_became_red_before_the_second_report_does_not_count()
-> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { dan, tom, first, cara, second, .. } = &kent;
    let mut listening = kent.listen().await?;
    let room = first.0;
    let relabel = |of| RelabelEntry { room, id: EntryId::random(), of, to: Label::Red };

    let retracted = alert(dan, about(room, "Civica")?).await?.seq;
    let call = RetractEntry { room, id: EntryId::random(), of: retracted };
    dan.client.append(call).await?;
    let red = alert(dan, about(room, "Civica")?).await?.seq;
    dan.client.append(relabel(red)).await?;
    // An answer carries its ask, and is as strict as that becomes.
    let answer = dan.report(*first, "Civica", Reporting::Named).await?.seq;
    tom.client.append(relabel(first.1)).await?;
    let history = dan.history(room).await?;
    let now = history.iter().find(|one| one.seq == answer).expect("dan reads it");
    assert!(entry_of(now).is_some());
    assert!(matches!(now.body, Body::Shown { label: Some(Label::Red), .. }));
    cara.report(*second, "Civica", Reporting::Named).await?;
    kent.nothing_came(&mut listening).await
}

#[tokio::test]
async fn an_exercise_makes_no_real_cause_and_is_marked() -> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { dan, tom, first, cara, second, .. } = &kent;
    let mut listening = kent.listen().await?;
    let exercise = |room| {
        let ask = asking(room, Label::Green, roll_call(None)?)?;
        anyhow::Ok(PostEntry { exercise: true, ..ask })
    };
    let drill = tom.client.append(exercise(first.0)?).await?.seq;
    let other_drill = cara.client.append(exercise(second.0)?).await?.seq;
    tom.report((first.0, drill), "Civica", Reporting::Anonymous).await?;
    cara.report(*second, "Civica", Reporting::Anonymous).await?;
    kent.nothing_came(&mut listening).await?;

    cara.report((second.0, other_drill), "Civica", Reporting::Anonymous).await?;
    let drilled = told(&mut listening[0].1).await?;
    assert_eq!((drilled.organisations, drilled.exercise), (2, true));
    dan.report(*first, "Civica", Reporting::Anonymous).await?;
    let real = told(&mut listening[0].1).await?;
    assert_eq!((real.organisations, real.exercise), (2, false));
    assert_ne!(real.cause, drilled.cause);
    Ok(())
}

#[tokio::test]
async fn a_product_with_its_vendor_is_the_same_as_by_its_cpe() -> anyhow::Result<()> {
    let kent = Kent::begin().await?;
    let Kent { dan, tom, first, cara, second, sue, max, .. } = &kent;
    depend(sue, Subject::Product("Ivanti Connect Secure".parse()?), &[]).await?;
    depend(max, vendor("Ivanti")?, &[]).await?;
    let (_sue, mut to_sue) = sue.connect().await?;
    let (_max, mut to_max) = max.connect().await?;
    let report = |(room, of), subjects| {
        let common_cause = Reporting::Anonymous;
        anyhow::Ok(AnswerAsk { subjects, common_cause, ..answering(room, of, "affected")? })
    };
    let cpe = vec![Subject::Cpe("ivanti:connect_secure".parse()?)];
    tom.client.append(report(*first, cpe)?).await?;
    let product = vec![Subject::Product("Ivanti Connect Secure 22.7R2".parse()?)];
    cara.client.append(report(*second, product)?).await?;
    let cause = told(&mut to_sue).await?;
    assert_eq!(cause.organisations, 2);
    assert_eq!(told(&mut to_max).await?, cause);
    assert!(causes(dan).await?.is_empty());
    Ok(())
}
