//! Disclosure: what is selected and given out, what is said to be withheld, what lands in the audit log,
//! and that nothing redacted survives in what is written.

use anyhow::{Context as _, ensure};
use warproom_client::CallError;
use warproom_proto::alert::{Alert, Message};
use warproom_proto::audit::{self, Event};
use warproom_proto::calls::{
    AuditPage, DiscloseRoom, DisclosedPage, EditEntry, From, PostAlert, RemoveFromRoom,
    RetractEntry,
};
use warproom_proto::disclosure::{Purpose, Why, Withheld};
use warproom_proto::register::Role;
use warproom_proto::{Body, EntryId, ErrorCode, Label, RoomId, Seq};
use warproom_tests::harness::{Person, Warp, entry_of, refusal, text_of, warning};

/// Everything of a room up to a label.
fn all_of(room: RoomId, up_to: Label) -> anyhow::Result<DiscloseRoom> {
    Ok(DiscloseRoom {
        room,
        from_ms: None,
        until_ms: None,
        people: Vec::new(),
        words: Vec::new(),
        up_to,
        purpose: Purpose::FreedomOfInformation,
        reference: Some("FOI 2026/113".parse()?),
        after: 0,
        limit: 200,
    })
}

async fn run(person: &Person, call: DiscloseRoom) -> Result<DisclosedPage, CallError> {
    person.client.call(call).await
}

/// All pages of a disclosure.
async fn all_pages(person: &Person, mut call: DiscloseRoom) -> anyhow::Result<Vec<DisclosedPage>> {
    let mut pages = Vec::new();
    loop {
        let page = run(person, call.clone()).await?;
        let next = page.next_after;
        pages.push(page);
        let Some(next) = next else { return Ok(pages) };
        ensure!(next > call.after, "it does not go on");
        call.after = next;
    }
}

fn texts(page: &DisclosedPage) -> Vec<String> {
    page.records.iter().filter_map(text_of).collect()
}

fn seqs(page: &DisclosedPage) -> Vec<Seq> {
    page.records.iter().map(|record| record.seq).collect()
}

/// The disclosures that somebody sees in the audit log.
async fn disclosed(person: &Person) -> anyhow::Result<Vec<audit::Record>> {
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let page = person.client.call(AuditPage { from: From::After(after), limit: 200 }).await?;
        let Some(last) = page.records.last() else { return Ok(found) };
        after = last.seq;
        found.extend(page.records.iter().filter_map(|record| match &record.body {
            Body::Shown { item, .. } => serde_json::from_str::<audit::Record>(item.get()).ok(),
            Body::Withheld { .. } => None,
        }));
        found.retain(|one| matches!(one.event, Event::Disclosed { .. }));
    }
}

#[tokio::test]
async fn what_is_stricter_than_asked_for_is_said_to_be_there_and_red_never_leaves()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let (mary, dover) = (warp.manager(), warp.organisation("Dover District Council").await?);
    let dan = warp.officer("dan", dover).await?;
    let room = warp.room(&[mary, &dan], Label::Red, Label::Green).await?;
    for label in Label::ALL {
        dan.post(room, label, &format!("said under {label}")).await?;
    }
    let page = run(mary, all_of(room, Label::Red)?).await?;
    ensure!(texts(&page).len() == 4 && !texts(&page).contains(&"said under TLP:RED".to_owned()));
    let red = Withheld { first: 8, last: 8, why: Why::Label { label: Label::Red } };
    ensure!(page.withheld == [red], "{:?}", page.withheld);
    let page = run(mary, all_of(room, Label::Green)?).await?;
    ensure!(texts(&page) == ["said under TLP:CLEAR", "said under TLP:GREEN"], "{:?}", texts(&page));
    let above = |seq, label| Withheld { first: seq, last: seq, why: Why::Label { label } };
    let strict = [above(6, Label::Amber), above(7, Label::AmberStrict), above(8, Label::Red)];
    ensure!(page.withheld == strict, "{:?}", page.withheld);
    Ok(())
}

#[tokio::test]
async fn nothing_is_told_of_what_a_manager_may_not_read_but_that_it_is_there() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let (mary, dover) = (warp.manager(), warp.organisation("Dover District Council").await?);
    let dan = warp.officer("dan", dover).await?;
    let late = warp.join("late", dover, Role::Manager).await?;
    let elsewhere = warp.organisation("Thanet District Council").await?;
    let outsider = warp.join("outsider", elsewhere, Role::Manager).await?;
    let room = warp.room(&[mary, &dan], Label::Red, Label::Green).await?;
    dan.post(room, Label::Red, "the canary sings").await?;
    dan.post(room, Label::Amber, "the canary rests").await?;
    let open = dan.post(room, Label::Green, "no bird").await?.seq;
    for nobody in [room, RoomId::random()] {
        let no = refusal(run(&outsider, all_of(nobody, Label::Red)?).await)?;
        ensure!(no.code == ErrorCode::NotFound, "{no:?}");
    }
    let no = refusal(run(&dan, all_of(room, Label::Red)?).await)?;
    ensure!(no.code == ErrorCode::NotAllowed, "{no:?}");
    mary.add(room, &outsider).await?;
    mary.add(room, &late).await?;
    for (manager, words) in
        [(&outsider, Some("canary")), (&outsider, None), (&late, Some("canary"))]
    {
        let mut call = all_of(room, Label::Red)?;
        call.words = words.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        call.people = if words.is_some() { vec![dan.member] } else { Vec::new() };
        let page = run(manager, call.clone()).await?;
        let hidden = if manager.member == late.member { 1 } else { 2 };
        // Which of them would have been found is not told: the same stubs for every question.
        let stubs = Withheld { first: 4, last: 3 + hidden, why: Why::NotYours };
        ensure!(page.withheld == [stubs], "{words:?}: {:?}", page.withheld);
        let sung = texts(&page).iter().any(|text| text.contains("sings"));
        ensure!(!sung && seqs(&page).contains(&open) != words.is_some(), "{:?}", texts(&page));
    }
    Ok(())
}

#[tokio::test]
async fn an_edit_that_a_manager_may_not_read_does_not_have_its_post_found() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let (mary, dover) = (warp.manager(), warp.organisation("Dover District Council").await?);
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let elsewhere = warp.organisation("Thanet District Council").await?;
    let other = warp.join("other", elsewhere, Role::Manager).await?;
    let room = warp.room(&[mary, &dan, &eve, &other], Label::Red, Label::Green).await?;
    let mut posts = Vec::new();
    for label in [Label::Red, Label::AmberStrict] {
        posts.push(dan.post(room, label, "nothing").await?.seq);
    }
    let (id, who) = (EntryId::random(), other.principal());
    mary.client.append(RemoveFromRoom { room, id, who }).await?;
    let mut edits = Vec::new();
    for of in posts.clone() {
        let (id, text) = (EntryId::random(), "the canary sings, says eve".parse()?);
        edits.push(dan.client.append(EditEntry { room, id, of, text }).await?.seq);
    }
    mary.add(room, &other).await?;
    ensure!(other.reads(room, posts[1]).await? && !other.reads(room, edits[1]).await?);

    let asked = DiscloseRoom { words: vec!["canary".parse()?], ..all_of(room, Label::Red)? };
    let about_eve = DiscloseRoom { people: vec![eve.member], ..all_of(room, Label::Red)? };
    for call in [asked.clone(), about_eve] {
        let page = run(&other, call).await?;
        let named = |seq| {
            let is_withheld = |row: &Withheld| (row.first..=row.last).contains(&seq);
            seqs(&page).contains(&seq) || page.withheld.iter().any(is_withheld)
        };
        ensure!(posts.iter().all(|post| !named(*post)), "{:?} {:?}", seqs(&page), page.withheld);
        ensure!(edits.iter().all(|edit| named(*edit)), "{:?}", page.withheld);
    }
    let page = run(mary, asked).await?;
    ensure!(seqs(&page).contains(&posts[1]), "who may read the edit finds the post by it");
    Ok(())
}

#[tokio::test]
async fn people_words_and_time_select_and_every_text_an_entry_had_counts() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let (mary, dover) = (warp.manager(), warp.organisation("Dover District Council").await?);
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let room = warp.room(&[mary, &dan, &eve], Label::Amber, Label::Green).await?;
    let first = dan.post(room, Label::Green, "Civica is down").await?;
    let edited = first.seq;
    let middle = eve.post_after(room, first.at_ms, "nothing here").await?;
    let named = eve.post(room, Label::Green, "ask DAN about it").await?.seq;
    let (id, text) = (EntryId::random(), "another supplier".parse()?);
    let edit = dan.client.append(EditEntry { room, id, of: edited, text }).await?.seq;
    let taken = eve.post(room, Label::Green, "Civica again").await?.seq;
    eve.client.append(RetractEntry { room, id: EntryId::random(), of: taken }).await?;

    let words = DiscloseRoom { words: vec!["CIVICA".parse()?], ..all_of(room, Label::Amber)? };
    let page = run(mary, words.clone()).await?;
    ensure!(seqs(&page) == [edited, edit], "{:?}", seqs(&page));
    let gone = Withheld { first: taken, last: taken, why: Why::TakenBack };
    ensure!(page.withheld == [gone], "{:?}", page.withheld);
    let people = DiscloseRoom { people: vec![dan.member], ..all_of(room, Label::Amber)? };
    let page = run(mary, people).await?;
    let mut his = [named, edited, edit];
    his.sort_unstable();
    let said: Vec<_> = page.records.iter().filter(|one| text_of(one).is_some()).collect();
    ensure!(said.iter().map(|one| one.seq).eq(his.iter().copied()), "{:?}", seqs(&page));
    ensure!(said.len() < page.records.len(), "his joining is about him too");
    let until = DiscloseRoom { until_ms: Some(middle.at_ms), ..words.clone() };
    let page = run(mary, until).await?;
    ensure!(seqs(&page) == [edited] && page.withheld.is_empty(), "{:?}", seqs(&page));
    ensure!(page.amendments.iter().map(|one| one.seq).eq([edit]), "its later text comes with it");
    let from = DiscloseRoom { from_ms: Some(middle.at_ms), ..words };
    let page = run(mary, from).await?;
    ensure!(seqs(&page) == [edit] && page.withheld == [gone], "{:?}", seqs(&page));
    Ok(())
}

#[tokio::test]
async fn a_time_selects_exactly_what_is_from_it() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let mut latest = mary.post(room, Label::Green, "before").await?;
    let mut turns = Vec::new();
    for text in ["within", "after"] {
        // Whatever was posted while it was the same millisecond as before belongs to before.
        latest = mary.post_after(room, latest.at_ms, text).await?;
        turns.push(latest);
        for _ in 0..3 {
            latest = mary.post(room, Label::Green, text).await?;
        }
    }
    let [begin, end] = &turns[..] else { unreachable!() };
    let (all, end_seq) = (1..=latest.seq, end.seq);
    let times = [None, Some(begin.at_ms), Some(end.at_ms)];
    let firsts = [1, begin.seq, end_seq];
    for (from_ms, first) in times.into_iter().zip(firsts) {
        for (until_ms, beyond) in times.into_iter().zip([latest.seq + 1, begin.seq, end_seq]) {
            if beyond <= first {
                continue;
            }
            let page = run(mary, DiscloseRoom { from_ms, until_ms, ..all_of(room, Label::Green)? });
            let page = page.await?;
            ensure!(
                seqs(&page).into_iter().eq(first..beyond),
                "{first} {beyond}: {:?}",
                seqs(&page)
            );
        }
    }
    let nothing = DiscloseRoom { from_ms: Some(i64::MAX), ..all_of(room, Label::Green)? };
    ensure!(seqs(&run(mary, nothing).await?).is_empty());
    let everything = DiscloseRoom { until_ms: Some(i64::MAX), ..all_of(room, Label::Green)? };
    ensure!(seqs(&run(mary, everything).await?).into_iter().eq(all));
    Ok(())
}

/// What a page gives out of what amends its records, and what it says that it leaves out.
fn amending(page: &DisclosedPage) -> (Vec<Seq>, Vec<Withheld>) {
    (page.amendments.iter().map(|one| one.seq).collect(), page.withheld.clone())
}

/// Nearly as long as a text may be: two of them fill a page.
fn long(number: usize) -> String {
    format!("{number} ").repeat(30_000)
}

#[tokio::test]
async fn later_changes_that_fit_no_page_are_listed_as_left_out() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let first = mary.post(room, Label::Green, "first words").await?;
    let until_ms = mary.post_after(room, first.at_ms, "later").await?.at_ms;
    let mut edits = Vec::new();
    for number in 0..5 {
        let (id, of, text) = (EntryId::random(), first.seq, long(number).parse()?);
        edits.push(mary.client.append(EditEntry { room, id, of, text }).await?.seq);
    }
    let call = DiscloseRoom { until_ms: Some(until_ms), limit: 200, ..all_of(room, Label::Green)? };
    let pages = all_pages(mary, call.clone()).await?;
    let page =
        pages.iter().find(|page| seqs(page).contains(&first.seq)).context("it is given out")?;
    let left_out = Withheld { first: edits[0], last: edits[2], why: Why::TooMany };
    ensure!(amending(page) == (edits[3..].to_vec(), vec![left_out]), "{:?}", amending(page));
    let noted = disclosed(mary).await?;
    let counted = noted.iter().map(|record| match record.event {
        Event::Disclosed { withheld, .. } => withheld,
        _ => 0,
    });
    ensure!(counted.sum::<u64>() == 3, "{noted:?}");

    let pages = all_pages(mary, DiscloseRoom { until_ms: None, ..call }).await?;
    let mut given: Vec<_> = pages.iter().flat_map(seqs).collect();
    given.retain(|seq| edits.contains(seq));
    ensure!(given == edits && pages.iter().all(|page| page.withheld.is_empty()), "{given:?}");
    Ok(())
}

#[tokio::test]
async fn a_later_alert_that_fits_no_page_is_listed_unless_it_comes_by_itself() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let of = mary.client.append(warning(room, Label::Green, "a canary")?).await?.seq;
    let mut updates = Vec::new();
    for (number, headline) in ["unnamed", "the canary", "unnamed", "unnamed"].iter().enumerate() {
        let update = warning(room, Label::Green, headline)?;
        let alert = Alert { supersedes: Some(of), message: Message::Update, ..update.alert };
        let text = Some(long(number).parse()?);
        updates.push(mary.client.append(PostAlert { alert, text, ..update }).await?.seq);
    }
    let call = DiscloseRoom { words: vec!["canary".parse()?], ..all_of(room, Label::Green)? };
    let pages = all_pages(mary, call).await?;
    let given: Vec<_> = pages.iter().flat_map(seqs).collect();
    ensure!(given == [of, updates[1]], "{given:?}");
    let left_out = Withheld { first: updates[0], last: updates[0], why: Why::TooMany };
    ensure!(
        amending(&pages[0]) == (updates[2..].to_vec(), vec![left_out]),
        "{:?}",
        amending(&pages[0])
    );
    ensure!(pages[1..].iter().all(|page| page.withheld.is_empty()));
    Ok(())
}

#[tokio::test]
async fn no_edit_after_the_time_asked_for_is_lost_however_many_there_are() -> anyhow::Result<()> {
    const EDITS: usize = 90;
    let warp = Warp::start().await?;
    let (mary, dover) = (warp.manager(), warp.organisation("Dover District Council").await?);
    let dan = warp.officer("dan", dover).await?;
    let room = warp.room(&[mary, &dan], Label::Green, Label::Green).await?;
    let (mut posts, mut at_ms) = (Vec::new(), 0);
    for _ in 0..3 {
        let posted = dan.post(room, Label::Green, "first words").await?;
        posts.push(posted.seq);
        at_ms = posted.at_ms;
    }
    let until_ms = dan.post_after(room, at_ms, "later").await?.at_ms;
    let mut edits = Vec::new();
    for number in 0..EDITS {
        for of in posts.clone() {
            let (id, text) = (EntryId::random(), format!("words {number}").parse()?);
            edits.push(dan.client.append(EditEntry { room, id, of, text }).await?.seq);
        }
    }
    let call = DiscloseRoom { until_ms: Some(until_ms), ..all_of(room, Label::Green)? };
    let pages = all_pages(mary, call).await?;
    let mut given: Vec<_> = pages.iter().flat_map(|page| amending(page).0).collect();
    given.sort_unstable();
    ensure!(given == edits, "{} of {} edits", given.len(), edits.len());
    Ok(())
}

#[tokio::test]
async fn each_page_is_in_the_audit_log_first_and_names_neither_words_nor_people()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let (mary, dover) = (warp.manager(), warp.organisation("Dover District Council").await?);
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let room = warp.room(&[mary, &dan], Label::Red, Label::Green).await?;
    for number in 0..5 {
        dan.post(room, Label::Green, &format!("canary {number}")).await?;
    }
    dan.post(room, Label::Red, "canary in red").await?;
    let mut call = all_of(room, Label::AmberStrict)?;
    (call.words, call.people, call.limit) = (vec!["canary".parse()?], vec![dan.member], 3);
    let pages = all_pages(mary, call).await?;
    let given: Vec<_> = pages.iter().flat_map(texts).collect();
    ensure!(given.len() == 5 && pages.len() >= 2, "{given:?}");
    let noted = disclosed(&dan).await?;
    ensure!(noted.len() == pages.len(), "{noted:?}");
    let mut all = (0, 0);
    for (record, page) in noted.iter().zip(&pages) {
        ensure!(record.by == Some(mary.principal()) && page.audited.is_some());
        let Event::Disclosed { records, withheld, up_to, purpose, reference, .. } = &record.event
        else {
            continue;
        };
        all = (all.0 + records, all.1 + withheld);
        ensure!(*purpose == Some(Purpose::FreedomOfInformation));
        ensure!(*up_to == Some(Label::AmberStrict));
        ensure!(reference.as_ref().is_some_and(|one| one.as_str() == "FOI 2026/113"));
        ensure!(!serde_json::to_string(record)?.contains("canary"));
    }
    ensure!(all == (5, 1), "{all:?}");
    ensure!(disclosed(&eve).await?.is_empty(), "she is not in the room");
    let entries: Vec<_> =
        pages.iter().flat_map(|page| &page.records).filter_map(entry_of).collect();
    ensure!(entries.iter().all(|entry| entry.handling.label == Label::Green));
    Ok(())
}
