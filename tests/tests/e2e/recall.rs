//! Recall: whom an entry may have reached, by what the server keeps anyway; and nobody else learns it.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_proto::alert::{Alert, Message};
use warproom_proto::calls::{
    DiscloseRoom, MarkRead, PostAlert, Reached, ReachedBy, ReactToEntry, Recipient, RelabelEntry,
    RemoveFromRoom, RetractEntry, RoomExport, Sign,
};
use warproom_proto::disclosure::Purpose;
use warproom_proto::entry::RoomSettings;
use warproom_proto::{EntryId, ErrorCode, Label, Record, RoomId, Seq};
use warproom_tests::harness::{Person, Warp, grant, refusal, settings, warning};
use warproom_tests::wire::Wire;

async fn ask(person: &Person, room: RoomId, of: Seq) -> anyhow::Result<Reached> {
    Ok(person.client.call(ReachedBy { room, of }).await?)
}

async fn retract(person: &Person, room: RoomId, of: Seq) -> anyhow::Result<()> {
    person.client.append(RetractEntry { room, id: EntryId::random(), of }).await?;
    Ok(())
}

async fn leave(person: &Person, room: RoomId) -> anyhow::Result<()> {
    let (id, who) = (EntryId::random(), person.principal());
    person.client.append(RemoveFromRoom { room, id, who }).await?;
    Ok(())
}

/// A disclosure of everything up to a label.
const fn all_of(room: RoomId, up_to: Label) -> DiscloseRoom {
    DiscloseRoom {
        room,
        from_ms: None,
        until_ms: None,
        people: Vec::new(),
        words: Vec::new(),
        up_to,
        purpose: Purpose::LegalDuty,
        reference: None,
        after: 0,
        limit: 200,
    }
}

fn find<'a>(reached: &'a Reached, person: &Person) -> anyhow::Result<&'a Recipient> {
    let mut all = reached.recipients.iter();
    all.find(|one| one.who == person.principal()).context("they are not listed")
}

fn names(reached: &Reached) -> Vec<&str> {
    reached.recipients.iter().map(|one| one.name.as_str()).collect()
}

#[tokio::test]
async fn a_retraction_says_who_had_it_and_by_what_that_is_known() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let (ned, out) = (warp.officer("ned", dover).await?, warp.officer("out", dover).await?);
    let people = [warp.manager(), &dan, &eve, &ned, &out];
    let settings = RoomSettings { presence: true, ..settings(Label::Amber, Label::Green)? };
    let room = warp.manager().open(settings, &people[1..]).await?;
    leave(&out, room).await?;
    let of = dan.post(room, Label::Green, "sent by mistake").await?.seq;
    eve.client.call(MarkRead { room, seq: of }).await?;
    let react = (EntryId::random(), "👍".parse()?);
    let react = ReactToEntry { room, id: react.0, of, reaction: react.1, withdrawn: false };
    warp.manager().client.append(react).await?;
    warp.manager().client.call(RoomExport { room, after: 0, limit: 200 }).await?;
    leave(&eve, room).await?;
    let (_following, _events) = ned.follow(room, 0).await?;
    retract(&dan, room, of).await?;
    let late = warp.officer("late", dover).await?;
    warp.manager().add(room, &late).await?;
    late.client.call(MarkRead { room, seq: of + 3 }).await?;
    late.client.call(RoomExport { room, after: 0, limit: 200 }).await?;

    let reached = ask(&dan, room, of).await?;
    ensure!(reached.recipients.len() == 3, "{:?}", names(&reached));
    ensure!(reached.taken_back_at_ms.is_some());
    let manager = find(&reached, warp.manager())?;
    ensure!(manager.signs == [Sign::Answered, Sign::Exported] && manager.here, "{manager:?}");
    let eve = find(&reached, &eve)?;
    ensure!(eve.signs == [Sign::Read] && !eve.here, "{eve:?}");
    let ned = find(&reached, &ned)?;
    ensure!(ned.signs == [Sign::Connected] && ned.here, "{ned:?}");
    ensure!(
        ned.organisation_name
            .as_ref()
            .is_some_and(|name| name.as_str() == "Dover District Council")
    );
    Ok(())
}

#[tokio::test]
async fn who_answered_by_what_the_author_may_not_read_is_not_told() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let thanet = warp.organisation("Thanet District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", thanet).await?);
    let ned = warp.officer("ned", thanet).await?;
    let room = warp.room(&[warp.manager(), &dan, &eve, &ned], Label::Red, Label::Green).await?;
    let of = dan.post(room, Label::Green, "who knows more?").await?.seq;
    leave(&dan, room).await?;
    let hidden = eve.reply(room, of, Label::Red, "not for everybody").await?.seq;
    ned.reply(room, of, Label::Green, "for everybody").await?;
    warp.manager().add(room, &dan).await?;
    ensure!(dan.reads(room, of).await? && !dan.reads(room, hidden).await?);

    let reached = ask(&dan, room, of).await?;
    ensure!(find(&reached, &eve)?.signs.is_empty(), "{:?}", find(&reached, &eve)?);
    ensure!(find(&reached, &ned)?.signs == [Sign::Answered]);
    let reached = ask(warp.manager(), room, of).await?;
    ensure!(find(&reached, &eve)?.signs == [Sign::Answered], "she was there");
    Ok(())
}

#[tokio::test]
async fn who_is_online_is_not_told_where_the_room_has_presence_off() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, ned) = (warp.officer("dan", dover).await?, warp.officer("ned", dover).await?);
    let people = [warp.manager(), &dan, &ned];
    let mut told = Vec::new();
    for presence in [true, false] {
        let settings = RoomSettings { presence, ..settings(Label::Amber, Label::Green)? };
        let room = warp.manager().open(settings, &people[1..]).await?;
        let of = dan.post(room, Label::Green, "who is there?").await?.seq;
        let (_following, _events) = ned.follow(room, 0).await?;
        told.push(find(&ask(&dan, room, of).await?, &ned)?.signs.clone());
    }
    ensure!(told == [vec![Sign::Connected], vec![]], "{told:?}");
    Ok(())
}

#[tokio::test]
async fn a_disclosure_up_to_a_milder_label_does_not_say_that_somebody_took_an_entry_out()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let room = warp.room(&[warp.manager(), &dan], Label::Amber, Label::Green).await?;
    let green = dan.post(room, Label::Green, "green").await?.seq;
    let amber = dan.post(room, Label::Amber, "amber").await?.seq;
    let after = dan.post(room, Label::Green, "green again").await?.seq;
    ensure!(green < amber && amber < after);
    let mut told = Vec::new();
    for up_to in [Label::Green, Label::Amber] {
        warp.manager().client.call(all_of(room, up_to)).await?;
        for of in [green, amber] {
            told.push(find(&ask(&dan, room, of).await?, warp.manager())?.signs.clone());
        }
    }
    let taken = || vec![Sign::Exported];
    ensure!(told == [taken(), vec![], taken(), taken()], "{told:?}");
    Ok(())
}

#[tokio::test]
async fn who_took_out_an_alert_took_out_the_one_that_took_its_place_already() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let ned = warp.officer("ned", dover).await?;
    let people = [warp.manager(), &dan, &eve, &ned];
    let room = warp.room(&people, Label::Amber, Label::Green).await?;
    let first = dan.client.append(warning(room, Label::Green, "first")?).await?;
    let until_ms = dan.post_after(room, first.at_ms, "in between").await?.at_ms;
    let update = warning(room, Label::Green, "second")?;
    let alert = Alert { supersedes: Some(first.seq), message: Message::Update, ..update.alert };
    let update = dan.client.append(PostAlert { alert, ..update }).await?.seq;

    let amended = |amendments: &[Record]| amendments.iter().map(|one| one.seq).eq([update]);
    let page = eve.client.call(RoomExport { room, after: first.seq - 1, limit: 1 }).await?;
    ensure!(amended(&page.amendments), "{} amendments", page.amendments.len());
    let call = DiscloseRoom { until_ms: Some(until_ms), ..all_of(room, Label::Green) };
    let page = warp.manager().client.call(call).await?;
    ensure!(amended(&page.amendments), "{} amendments", page.amendments.len());
    let page = ned.client.call(RoomExport { room, after: first.seq, limit: 1 }).await?;
    ensure!(page.records.len() == 1 && page.amendments.is_empty(), "neither of them is on it");

    let reached = ask(&dan, room, update).await?;
    for (who, signs) in
        [(&eve, &[Sign::Exported][..]), (warp.manager(), &[Sign::Exported]), (&ned, &[])]
    {
        let found = find(&reached, who)?;
        ensure!(found.signs == signs, "{found:?}");
    }
    Ok(())
}

#[tokio::test]
async fn only_its_author_and_managers_may_ask_whom_an_entry_reached() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let room = warp.room(&[&dan, &eve], Label::Red, Label::Green).await?;
    let (green, red) = (
        dan.post(room, Label::Green, "green").await?.seq,
        dan.post(room, Label::Red, "red").await?.seq,
    );
    let no = refusal(eve.client.call(ReachedBy { room, of: green }).await)?;
    ensure!(no.code == ErrorCode::NotAllowed, "{no:?}");
    let mary = warp.manager();
    let second = warp.join("second", dover, warproom_proto::register::Role::Manager).await?;
    for of in [green, red, 999] {
        let no = refusal(second.client.call(ReachedBy { room, of }).await)?;
        ensure!(no.code == ErrorCode::NotFound, "not in the room: {no:?}");
    }
    mary.add(room, &second).await?;
    ensure!(ask(&second, room, green).await?.recipients.len() >= 2);
    for of in [red, 999] {
        let no = refusal(second.client.call(ReachedBy { room, of }).await)?;
        ensure!(no.code == ErrorCode::NotFound, "{of}: {no:?}");
    }
    retract(&dan, room, red).await?;
    let no = refusal(second.client.call(ReachedBy { room, of: red }).await)?;
    ensure!(no.code == ErrorCode::NotFound, "taken back, it is told of: {no:?}");
    let notice = refusal(dan.client.call(ReachedBy { room, of: 1 }).await)?;
    ensure!(notice.code == ErrorCode::Conflict, "a notice says nothing: {notice:?}");
    Ok(())
}

#[tokio::test]
async fn whom_it_reached_goes_by_the_mildest_label_it_had() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let thanet = warp.organisation("Thanet District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let tom = warp.officer("tom", thanet).await?;
    let room = warp.room(&[warp.manager(), &dan, &eve], Label::Red, Label::Green).await?;
    let strict = dan.post(room, Label::AmberStrict, "always strict").await?.seq;
    let amber = dan.post(room, Label::Amber, "for clients too").await?.seq;
    let once_green = dan.post(room, Label::Green, "green for a while").await?.seq;
    let added = grant(room, Some(Label::Amber), None);
    let bot = warproom_proto::calls::AddBot { name: "Feeds".parse()?, grant: added, hook: None };
    warp.manager().client.call(bot).await?;
    warp.manager().add(room, &tom).await?;
    let (id, to) = (EntryId::random(), Label::Red);
    dan.client.append(RelabelEntry { room, id, of: once_green, to }).await?;
    retract(&dan, room, once_green).await?;
    let reached = ask(&dan, room, once_green).await?;
    find(&reached, &tom).context("he read it while it was green")?;
    ensure!(names(&reached).contains(&"Feeds"), "a bot read it: {:?}", names(&reached));
    let reached = ask(&dan, room, amber).await?;
    find(&reached, &tom).context("his council may have been a client then")?;
    ensure!(names(&reached).contains(&"Feeds"), "{:?}", names(&reached));
    let reached = ask(&dan, room, strict).await?;
    ensure!(find(&reached, &tom).is_err() && find(&reached, &eve).is_ok());
    ensure!(!names(&reached).contains(&"Feeds"), "{:?}", names(&reached));
    Ok(())
}

/// How many questions are asked at once.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn whom_entries_reached_is_looked_up_one_at_a_time_for_each_connection() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let of = warp.manager().post(room, Label::Green, "sent by mistake").await?.seq;
    let mut wire = Wire::person(&warp, warp.manager()).await?;
    let mut asked = Vec::new();
    for _ in 0..AT_ONCE {
        asked.push(wire.request("entry.reached", &json!({"room": room, "of": of})).await?);
    }
    let (mut told, mut slowed) = (0, 0);
    for id in asked {
        let reply: Value = serde_json::from_str(&wire.reply_to(&json!(id)).await?)?;
        told += usize::from(reply["result"]["recipients"].is_array());
        let code = i64::from(ErrorCode::SlowDown.number());
        slowed += usize::from(reply["error"]["code"] == code);
    }
    ensure!(told + slowed == AT_ONCE && told > 0 && slowed > 0, "{told} told, {slowed} slowed");
    ask(warp.manager(), room, of).await?;
    Ok(())
}
