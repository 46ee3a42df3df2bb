//! Rooms: who opens, changes, enters and leaves them, and that nobody else learns that they exist.

use anyhow::Context as _;
use serde_json::{Value, json};
use warproom_client::{Event, Events};
use warproom_proto::calls::{
    self, Access, AddToRoom, Call, ChangeRoom, ListBots, ListMembers, ListOrganisations, ListRooms,
    OpenRoom, RemoveFromRoom, RoomMembers, RoomSummary, Visitor,
};
use warproom_proto::{
    EntryId, ErrorCode, FileId, Kind, Label, MemberId, OrganisationId, Principal, RoomId, RoomRole,
    Seq,
};
use warproom_tests::harness::{
    Person, Warp, entry_of, next_entry, refusal, roll_call, settings, until,
};

async fn joined(events: &mut Events, room: RoomId) -> anyhow::Result<RoomSummary> {
    until(events, |event| match event {
        Event::RoomJoined(summary) if summary.room == room => Some(summary.clone()),
        _ => None,
    })
    .await
}

async fn left(events: &mut Events, room: RoomId) -> anyhow::Result<()> {
    until(events, |event| matches!(event, Event::RoomLeft(of) if *of == room).then_some(())).await
}

async fn remove(by: &Person, room: RoomId, who: Principal) -> anyhow::Result<Option<ErrorCode>> {
    let call = RemoveFromRoom { room, id: EntryId::random(), who };
    match by.client.append(call).await {
        Ok(_) => Ok(None),
        Err(error) => Ok(Some(refusal::<()>(Err(error))?.code)),
    }
}

async fn rooms_of(person: &Person) -> anyhow::Result<Vec<RoomId>> {
    let rooms = person.client.call(ListRooms::default()).await?.rooms;
    Ok(rooms.iter().map(|room| room.room).collect())
}

#[tokio::test]
async fn who_opens_a_room_leads_it_and_who_is_brought_in_is_told() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let (_client, mut events) = dora.connect().await?;
    let opened = settings(Label::AmberStrict, Label::Amber)?;
    let room = dan.open(opened.clone(), &[&dora]).await?;

    let summary = joined(&mut events, room).await?;
    assert_eq!((summary.settings, summary.role), (opened, Some(RoomRole::Participant)));
    assert_eq!(rooms_of(&dora).await?, [room]);
    let people = dora.client.call(RoomMembers { room }).await?.members;
    let people: Vec<_> = people.iter().map(|one| (one.name.as_str(), one.role)).collect();
    assert_eq!(people, [("dan", RoomRole::Lead), ("dora", RoomRole::Participant)]);

    let kinds: Vec<_> = dora.history(room).await?.iter().filter_map(entry_of).collect();
    let kinds: Vec<_> = kinds.into_iter().map(|entry| entry.handling.kind).collect();
    assert!(matches!(kinds[0], Kind::Opened { .. }));
    assert!(
        matches!(kinds[1], Kind::Joined { who, role: RoomRole::Lead } if who == dan.principal())
    );
    assert!(matches!(kinds[2], Kind::Joined { who, .. } if who == dora.principal()));
    Ok(())
}

#[tokio::test]
async fn a_guest_opens_no_room() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let supplier = warp.organisation("Civica").await?;
    let guest = warp.guest("gus", supplier).await?;
    let call = OpenRoom { settings: settings(Label::Amber, Label::Amber)? };
    assert_eq!(refusal(guest.client.call(call).await)?.code, ErrorCode::NotAllowed);
    Ok(())
}

#[tokio::test]
async fn only_leads_and_managers_bring_people_in_take_them_out_and_change_settings()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let donna = warp.officer("donna", dover).await?;
    let room = warp.room(&[&dan, &dora], Label::Amber, Label::Amber).await?;

    assert_eq!(refusal(dora.add(room, &donna).await)?.code, ErrorCode::NotAllowed);
    assert_eq!(remove(&dora, room, dan.principal()).await?, Some(ErrorCode::NotAllowed));
    let change = |settings| ChangeRoom { room, id: EntryId::random(), settings };
    let other = settings(Label::Green, Label::Green)?;
    let refused = refusal(dora.client.append(change(other.clone())).await)?;
    assert_eq!(refused.code, ErrorCode::NotAllowed);

    // A manager who is not even in the room may, and a participant who was made a lead.
    warp.manager().client.append(change(other.clone())).await?;
    let role = RoomRole::Lead;
    let call = AddToRoom { room, id: EntryId::random(), member: dora.member, role };
    dan.client.append(call).await?;
    dora.add(room, &donna).await?;
    assert_eq!(remove(&dora, room, donna.principal()).await?, None);
    let rooms = dora.client.call(ListRooms::default()).await?.rooms;
    assert_eq!((&rooms[0].settings, rooms[0].role), (&other, Some(RoomRole::Lead)));
    Ok(())
}

#[tokio::test]
async fn changed_settings_are_told_to_everyone_in_the_room() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Amber, Label::Amber).await?;
    let (_client, mut events) = dora.follow(room, 3).await?;
    let settings = settings(Label::Red, Label::Green)?;
    let call = ChangeRoom { room, id: EntryId::random(), settings: settings.clone() };
    dan.client.append(call).await?;
    let entry = next_entry(&mut events).await?.entry.expect("notices are for everyone");
    assert_eq!(entry.handling.kind, Kind::Changed { settings: settings.clone() });
    assert_eq!(joined(&mut events, room).await?.settings, settings);
    Ok(())
}

#[tokio::test]
async fn settings_that_are_these_already_are_refused_and_recorded_nowhere() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Amber, Label::Amber).await?;
    let client = &warp.manager().client;
    let (id, settings) = (EntryId::random(), settings(Label::Red, Label::Green)?);
    let call = ChangeRoom { room, id, settings };
    let changed = client.append(call.clone()).await?;
    assert_eq!(client.append(call.clone()).await?, changed, "sent again it answers the same");
    let again = ChangeRoom { id: EntryId::random(), ..call };
    assert_eq!(refusal(client.append(again).await)?.code, ErrorCode::Conflict);
    let next = warp.manager().post(room, Label::Green, "what comes next").await?;
    assert_eq!(next.seq, changed.seq + 1, "nothing between");
    Ok(())
}

#[tokio::test]
async fn who_leaves_or_is_taken_out_is_told_and_may_be_brought_back() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let room = warp.room(&[&dan, &dora], Label::Amber, Label::Amber).await?;
    let (_client, mut events) = dora.connect().await?;

    assert_eq!(remove(&dora, room, dora.principal()).await?, None, "leaving needs no lead");
    left(&mut events, room).await?;
    assert!(rooms_of(&dora).await?.is_empty());
    assert_eq!(remove(&dora, room, dora.principal()).await?, Some(ErrorCode::NotFound));
    assert_eq!(remove(&dan, room, dora.principal()).await?, Some(ErrorCode::Conflict));

    dan.add(room, &dora).await?;
    joined(&mut events, room).await?;
    assert_eq!(refusal(dan.add(room, &dora).await)?.code, ErrorCode::Conflict, "in it already");
    assert_eq!(remove(&dan, room, dora.principal()).await?, None);
    left(&mut events, room).await?;
    Ok(())
}

#[tokio::test]
async fn nobody_is_brought_in_who_is_not_a_member() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Amber, Label::Amber).await?;
    let (id, member) = (EntryId::random(), MemberId::random());
    let call = AddToRoom { room, id, member, role: RoomRole::Participant };
    assert_eq!(refusal(warp.manager().client.append(call).await)?.code, ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn two_rooms_that_somebody_sees_never_have_one_name_whatever_its_case() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let mut first = settings(Label::Amber, Label::Amber)?;
    first.name = "Civica Incident".parse()?;
    let room = dan.open(first.clone(), &[]).await?;
    let mut second = first.clone();
    second.name = "CIVICA incident".parse()?;
    let open = |settings| OpenRoom { settings };
    for who_sees_it in [&dan, warp.manager()] {
        let opened = who_sees_it.client.call(open(second.clone())).await;
        assert_eq!(refusal(opened)?.code, ErrorCode::Conflict);
    }
    let other = warp.room(&[&dan], Label::Amber, Label::Amber).await?;
    let change = |room, settings| ChangeRoom { room, id: EntryId::random(), settings };
    let changed = dan.client.append(change(other, second.clone())).await;
    assert_eq!(refusal(changed)?.code, ErrorCode::Conflict);
    dan.client.append(change(room, second.clone())).await?;
    // Who does not see it must not learn of it by its name being refused.
    dora.client.call(open(second)).await?;
    Ok(())
}

#[tokio::test]
async fn a_room_never_offers_a_label_above_its_ceiling() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let call = OpenRoom { settings: settings(Label::Green, Label::Amber)? };
    let refused = refusal(warp.manager().client.call(call).await)?;
    assert_eq!(refused.code, ErrorCode::LabelRefused);
    Ok(())
}

#[tokio::test]
async fn rooms_are_listed_to_those_in_them_and_all_of_them_to_managers_only() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let ours = warp.room(&[warp.manager()], Label::Amber, Label::Amber).await?;
    let theirs = warp.room(&[&dan], Label::Amber, Label::Amber).await?;
    assert_eq!(rooms_of(&dan).await?, [theirs]);
    assert_eq!(rooms_of(warp.manager()).await?, [ours]);

    let all = ListRooms { all: true };
    assert_eq!(refusal(dan.client.call(all).await)?.code, ErrorCode::NotAllowed);
    let all = warp.manager().client.call(all).await?.rooms;
    let parts: Vec<_> = all.iter().map(|room| (room.room, room.role)).collect();
    assert_eq!(parts, [(ours, Some(RoomRole::Lead)), (theirs, None)]);
    // Seeing that a room exists is not reading it.
    let read = warp.manager().history(theirs).await;
    assert_eq!(refusal(read)?.code, ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_guest_sees_nobody_but_the_people_of_its_rooms() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let supplier = warp.organisation("Civica").await?;
    let (dan, _dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let guest = warp.guest("gus", supplier).await?;
    let seen = async || {
        let members = guest.client.call(ListMembers {}).await?.members;
        anyhow::Ok(members.iter().map(|one| one.handle.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(seen().await?, ["gus"]);
    let room = warp.room(&[&dan, &guest], Label::Amber, Label::Amber).await?;
    assert_eq!(seen().await?, ["dan", "gus"]);
    let organisations = guest.client.call(ListOrganisations {}).await;
    assert_eq!(refusal(organisations)?.code, ErrorCode::NotAllowed);
    assert_eq!(refusal(guest.client.call(ListBots {}).await)?.code, ErrorCode::NotAllowed);
    assert_eq!(refusal(guest.register().await)?.code, ErrorCode::NotAllowed);

    assert_eq!(remove(&dan, room, guest.principal()).await?, None);
    assert_eq!(seen().await?, ["gus"]);
    Ok(())
}

/// The calls whose fields name a room.
#[derive(Default)]
struct RoomCalls(Vec<&'static str>);

impl Visitor for RoomCalls {
    fn call<C: Call>(&mut self) {
        let schema = serde_json::to_value(schemars::schema_for!(C)).unwrap();
        // What is a manager's call is refused to others before any room is looked for.
        if schema["properties"].get("room").is_some() && C::ACCESS != Access::Manager {
            self.0.push(C::METHOD);
        }
    }
}

/// Proper fields of a call on a room; every call that names one has a line here.
fn fields(method: &str, room: RoomId, of: Seq, someone: &Person) -> Option<Value> {
    let (id, member) = (EntryId::random(), someone.member);
    let settings = json!({"name": "X", "ceiling": "TLP:RED", "default_label": "TLP:RED"});
    Some(match method {
        "room.change" => json!({"room": room, "id": id, "settings": settings}),
        "room.add" => json!({"room": room, "id": id, "member": member, "role": "participant"}),
        "room.remove" => json!({"room": room, "id": id, "who": {"member": member}}),
        "room.members" | "room.follow" | "room.unfollow" | "room.typing" | "room.present" => {
            json!({"room": room})
        }
        "room.read" | "room.seen" => json!({"room": room, "seq": 1}),
        "entry.post" => json!({"room": room, "id": id, "label": "TLP:RED", "text": "x"}),
        "entry.alert" => json!({
            "room": room, "id": id, "label": "TLP:RED", "headline": "x",
            "alert": {"severity": "minor", "urgency": "past", "certainty": "likely"},
        }),
        "entry.answer" => json!({"room": room, "id": id, "of": of, "choice": "affected"}),
        "board.show" | "entry.reached" => json!({"room": room, "of": of}),
        "board.history" => {
            let organisation = OrganisationId::random();
            json!({"room": room, "of": of, "organisation": organisation, "limit": 10})
        }
        "entry.edit" => json!({"room": room, "id": id, "of": of, "text": "x"}),
        "entry.retract" => json!({"room": room, "id": id, "of": of}),
        "entry.relabel" => json!({"room": room, "id": id, "of": of, "to": "TLP:RED"}),
        "entry.react" => json!({"room": room, "id": id, "of": of, "reaction": "x"}),
        "history.page" => json!({"room": room, "from": "latest", "limit": 10}),
        "history.referring" => json!({"room": room, "to": of, "limit": 10}),
        "search.run" => json!({"search": 1, "room": room, "text": "x", "limit": 10}),
        "file.begin" => json!({"room": room, "size_bytes": 1, "sha256": "00".repeat(32)}),
        "file.read" => json!({"room": room, "seq": of, "file": FileId::random(), "part": 0}),
        "room.export" => json!({"room": room, "after": 0, "limit": 10}),
        "retention.show" => json!({"room": room}),
        _ => return None,
    })
}

#[tokio::test]
async fn no_such_room_and_not_yours_are_the_same_bytes_on_every_call() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let left = warp.officer("lena", dover).await?;
    let guest = warp.guest("gus", dover).await?;
    let theirs = warp.room(&[&dan, &left], Label::Red, Label::Amber).await?;
    let of = dan.ask(theirs, Label::Clear, roll_call(None)?).await?.seq;
    assert_eq!(remove(&left, theirs, left.principal()).await?, None);
    let nowhere = RoomId::random();

    let mut methods = RoomCalls::default();
    calls::each(&mut methods);
    assert!(methods.0.len() >= 22, "{:?}", methods.0);
    for outsider in [&dora, &left, &guest] {
        let mut raw = warp.raw().await?;
        raw.sign_in(outsider).await?;
        for method in &methods.0 {
            let ask = |room| fields(method, room, of, &dan).context("a call without fields above");
            let not_theirs = raw.call(5, method, &ask(theirs)?).await?;
            let no_such = raw.call(5, method, &ask(nowhere)?).await?;
            assert_eq!(not_theirs, no_such, "{method}");
            let error: Value = serde_json::from_str(&no_such)?;
            assert_eq!(error["error"]["code"], ErrorCode::NotFound.number(), "{method}: {no_such}");
        }
    }
    // Each of them works for somebody in the room, so nothing but the room refused it above; but for
    // what the room does not show, and an organisation and a file that it does not have.
    let not_here = ["room.present", "board.history", "file.read"];
    let mut raw = warp.raw().await?;
    raw.sign_in(&dan).await?;
    for method in methods.0.iter().filter(|method| !not_here.contains(method)) {
        let of = dan.ask(theirs, Label::Clear, roll_call(None)?).await?.seq;
        let params = fields(method, theirs, of, &dora).unwrap_or_default();
        let reply: Value = serde_json::from_str(&raw.call(5, method, &params).await?)?;
        let code = reply["error"]["code"].as_i64().unwrap_or_default();
        assert_ne!(code, i64::from(ErrorCode::NotFound.number()), "{method}: {reply}");
        assert_ne!(code, i64::from(ErrorCode::BadParams.number()), "{method}: {reply}");
    }
    Ok(())
}
