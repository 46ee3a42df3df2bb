//! The audit log: each kind of event lands in it, nobody learns of others, and whoever changes it is
//! found out by a client that was there and by `verify`.

use std::fs;
use std::process::Output;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;
use warproom_client::{
    AuditBreak, CallError, Client, Connector, Credentials, Discontinuity, Event, Events, Rewritten,
    enrol_device,
};
use warproom_proto::audit::{self, Acted, Event as Audited, Means, Reading};
use warproom_proto::calls::{
    AddBot, AddOrganisation, AuditCheckpoint, AuditConsistency, AuditInclusion, AuditPage,
    ChangeMember, From, ListDevices, ListInvitations, ListRooms, OpenRoom, RoomExport, RoomMembers,
};
use warproom_proto::merkle::{continues, includes, leaf_hash};
use warproom_proto::register::Standing;
use warproom_proto::{Body, ErrorCode, Label, LogId, Principal, Record, Secret, Seq};
use warproom_tests::harness::{
    DEADLINE, Person, Warp, chain_end, copy_folder, entry_of, eventually, grant, refusal, settings,
    until,
};

use crate::attacks::next_step;

async fn pages(client: &Client) -> Result<Vec<Record>, CallError> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(0, |last| last.seq);
        let page = client.call(AuditPage { from: From::After(after), limit: 200 }).await?;
        if page.records.is_empty() {
            return Ok(records);
        }
        records.extend(page.records);
    }
}

fn audited(record: &Record) -> Option<audit::Record> {
    match &record.body {
        Body::Shown { item, .. } => serde_json::from_str(item.get()).ok(),
        Body::Withheld { .. } => None,
    }
}

/// What somebody sees of the log.
async fn seen(person: &Person) -> anyhow::Result<Vec<audit::Record>> {
    Ok(pages(&person.client).await?.iter().filter_map(audited).collect())
}

async fn quick() -> anyhow::Result<Warp> {
    Warp::builder().env("WARPROOM_SERVER_LIMITS__REFUSALS_MS", 200).start().await
}

#[tokio::test]
async fn a_sign_in_is_in_the_log_before_it_is_answered() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let (client, _events) = dan.connect().await?;
    let told = client.signed_in().audit.unwrap();
    let records = pages(&client).await?;
    let size = told.note.checkpoint().size;
    let last = &records[usize::try_from(size)? - 1];
    let record = audited(last).unwrap();
    assert_eq!(record.by, Some(dan.principal()));
    assert_eq!(record.from.map(|from| from.to_string()).as_deref(), Some("127.0.0.0/24"));
    let means = Means::Device;
    assert_eq!(record.event, Audited::SignedIn { means, device: Some(dan.device), count: 1 });
    // Joining was one by invitation.
    let mine: Vec<_> = records.iter().filter_map(audited).map(|one| one.event).collect();
    let means = Means::Invitation;
    assert!(
        mine.contains(&Audited::SignedIn { means, device: Some(dan.device), count: 1 }),
        "{mine:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_sign_in_by_password_and_one_by_token_are_in_the_log() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let code = mary.totp.code_at(next_step()?);
    let (handle, name) = (mary.handle.clone(), "laptop".parse()?);
    let joined = enrol_device(warp.address(), handle, Person::password(), code, name).await?;
    let grant = grant(room, None, Some(Label::Green));
    let bot = mary.client.call(AddBot { name: "Monitor".parse()?, grant, hook: None }).await?;
    let token = Credentials::Token(bot.token);
    let (_bot, _events) = Connector::new(warp.address().clone(), token).connect().await?;

    let signed_in: Vec<_> = seen(mary)
        .await?
        .into_iter()
        .filter(|one| matches!(one.event, Audited::SignedIn { .. }))
        .map(|one| (one.by, one.event))
        .collect();
    for (who, means, device) in [
        (mary.principal(), Means::Password, Some(joined.device)),
        (Principal::Bot(bot.bot), Means::Token, None),
    ] {
        let found = signed_in
            .iter()
            .filter(|one| **one == (Some(who), Audited::SignedIn { means, device, count: 1 }));
        assert_eq!(found.count(), 1, "{means:?} in {signed_in:?}");
    }
    Ok(())
}

#[tokio::test]
async fn every_act_and_notice_is_named_by_its_number_and_head() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let room = warp.room(&[warp.manager(), &dan], Label::Red, Label::Green).await?;
    warp.manager().post(room, Label::Green, "not an act").await?;
    let named = |log: Acted, records: &[audit::Record]| {
        let of_log = records.iter().filter_map(move |record| match record.event {
            Audited::Act { log: found, seq, head, .. } if found == log => Some((seq, head)),
            _ => None,
        });
        of_log.collect::<Vec<_>>()
    };
    let records = seen(warp.manager()).await?;
    let register = warp.manager().register().await?;
    let expected: Vec<_> = register.iter().map(|one| (one.seq, one.head)).collect();
    assert_eq!(named(Acted::Register, &records), expected);
    let history = warp.manager().history(room).await?;
    let notices = history
        .iter()
        .filter(|one| entry_of(one).is_some_and(|entry| entry.handling.kind.is_notice()));
    let expected: Vec<_> = notices.map(|one| (one.seq, one.head)).collect();
    assert_eq!(expected.len(), 3, "opened, and two came in");
    assert_eq!(named(Acted::Room(room), &records), expected);
    Ok(())
}

#[tokio::test]
async fn refusals_are_counted_into_few_records_and_none_is_lost() -> anyhow::Result<()> {
    let warp = quick().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let before = pages(&warp.manager().client).await?.len();
    for _ in 0..60 {
        let mut raw = warp.raw().await?;
        let token = Secret::from("wpbot_0000000000000000000000000000000000000000000".to_owned());
        assert!(raw.sign_in_bot(&token).await.is_err());
        let name = "Thanet".parse()?;
        let call = AddOrganisation { name, aliases: Vec::new(), clients: Vec::new() };
        assert_eq!(refusal(dan.client.call(call).await)?.code, ErrorCode::NotAllowed);
    }
    let counted = async || {
        let records = seen(warp.manager()).await?;
        let mut counts = [0, 0];
        for record in &records {
            match &record.event {
                Audited::SignInRefused { means: Means::Token, of: None, count } => {
                    assert!(record.by.is_none() && record.from.is_some());
                    counts[0] += count;
                }
                Audited::Refused { call, code: ErrorCode::NotAllowed, count } => {
                    assert_eq!(
                        (record.by, call.as_str()),
                        (Some(dan.principal()), "organisation.add")
                    );
                    counts[1] += count;
                }
                _ => {}
            }
        }
        Ok::<_, anyhow::Error>((counts == [60, 60]).then_some(records.len()))
    };
    let after = eventually(DEADLINE, async || counted().await.transpose()).await??;
    // One each 200 ms at most, for each of the two kinds; not one for each refusal.
    assert!(after - before < 100, "{} records for 120 refusals", after - before);
    Ok(())
}

#[tokio::test]
async fn what_a_manager_reads_beyond_their_own_is_recorded_before_the_answer() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let room = warp.room(&[&dan], Label::Red, Label::Green).await?;
    let mary = &warp.manager().client;
    mary.call(ListRooms { all: true }).await?;
    mary.call(RoomMembers { room }).await?;
    mary.call(ListDevices { member: Some(dan.member) }).await?;
    mary.call(ListInvitations {}).await?;
    mary.call(ListDevices { member: None }).await?;
    mary.call(ListRooms { all: true }).await?;
    let read = |records: &[audit::Record]| {
        let read = records.iter().filter_map(|record| match record.event {
            Audited::ManagerRead { read } => Some(read),
            _ => None,
        });
        read.collect::<Vec<_>>()
    };
    let (members, devices) =
        (Reading::RoomMembers { room }, Reading::Devices { member: dan.member });
    let all = [Reading::AllRooms, members, devices, Reading::Invitations, Reading::AuditLog];
    assert_eq!(read(&seen(warp.manager()).await?), all, "each once");
    // It concerns him that she looked at his devices and into his room; the rest does not.
    assert_eq!(read(&seen(&dan).await?), [members, devices]);
    Ok(())
}

#[tokio::test]
async fn a_member_learns_nothing_of_others_and_can_still_check_the_log() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let thanet = warp.organisation("Thanet District Council").await?;
    let (dan, tom) = (warp.officer("dan", dover).await?, warp.officer("tom", thanet).await?);
    let room = warp.room(&[&dan], Label::Red, Label::Green).await?;
    dan.client.call(RoomExport { room, after: 0, limit: 200 }).await?;
    let (dans, toms) = (pages(&dan.client).await?, pages(&tom.client).await?);
    let of_dan = Some(dan.principal());
    for record in toms.iter().filter_map(audited) {
        assert!(record.by != of_dan, "{record:?}");
        assert!(!format!("{record:?}").contains(&room.to_string()), "{record:?}");
        assert!(!format!("{record:?}").contains(&dan.member.to_string()), "{record:?}");
    }
    assert!(dans.iter().filter_map(audited).any(|record| record.by == of_dan));
    assert!(toms.iter().any(|record| audited(record).is_none()));
    let common = dans.len().min(toms.len());
    let end = chain_end(LogId::AUDIT, &dans[..common]);
    assert!(end.is_some());
    assert_eq!(chain_end(LogId::AUDIT, &toms[..common]), end, "one chain for both");
    assert!(tom.client.check_audit().await?.note.checkpoint().size >= u64::try_from(common)?);
    Ok(())
}

#[tokio::test]
async fn an_export_is_recorded_first_holds_no_red_and_is_seen_by_everyone_in_the_room()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let room = warp.room(&[warp.manager(), &dan], Label::Red, Label::Green).await?;
    for label in [Label::Green, Label::Red, Label::Amber] {
        dan.post(room, label, &format!("said under {label}")).await?;
    }
    let page = dan.client.call(RoomExport { room, after: 0, limit: 200 }).await?;
    let texts: Vec<_> = page
        .records
        .iter()
        .filter_map(entry_of)
        .filter_map(|entry| Some(entry.content.text?.as_str().to_owned()))
        .collect();
    assert_eq!(texts, ["said under TLP:GREEN", "said under TLP:AMBER"]);
    assert_eq!(
        chain_end(LogId::room(room), &page.records),
        Some(page.latest),
        "stubs for the rest"
    );
    let exports = |records: Vec<audit::Record>| {
        let exports =
            records.into_iter().filter(|one| matches!(one.event, Audited::Exported { .. }));
        exports.collect::<Vec<_>>()
    };
    let expected = Audited::Exported {
        room,
        first: 1,
        last: page.latest.seq,
        records: page.latest.seq - 1,
        strictest: Some(Label::Amber),
    };
    for person in [&dan, warp.manager()] {
        let seen = exports(seen(person).await?);
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].by, &seen[0].event), (Some(dan.principal()), &expected));
    }
    assert!(exports(seen(&eve).await?).is_empty(), "she is not in the room");
    let refused = eve.client.call(RoomExport { room, after: 0, limit: 200 }).await;
    assert_eq!(refusal(refused)?.code, ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn proofs_of_the_running_server_hold() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = &warp.manager().client;
    let first = mary.call(AuditCheckpoint {}).await?.note;
    for number in 0..5 {
        mary.call(OpenRoom { settings: settings(Label::Red, Label::Green)? }).await?;
        assert!(number < 5);
    }
    let second = mary.call(AuditCheckpoint {}).await?.note;
    let (from, to) = (first.checkpoint(), second.checkpoint());
    assert!(to.size > from.size);
    let path = mary.call(AuditConsistency { from: from.size, to: to.size }).await?.hashes;
    assert!(continues((from.size, &from.root), (to.size, &to.root), &path));
    for record in pages(mary).await?.iter().take(usize::try_from(to.size)?) {
        let call = AuditInclusion { seq: record.seq, size: to.size };
        let path = mary.call(call).await?.hashes;
        let leaf = leaf_hash(&record.body.commitment().0);
        assert!(includes(leaf, record.seq - 1, to.size, &path, &to.root), "{}", record.seq);
    }
    for call in [AuditConsistency { from: 1, to: u64::MAX }, AuditConsistency { from: 2, to: 1 }] {
        assert_eq!(refusal(mary.call(call).await)?.code, ErrorCode::BadParams);
    }
    let none = mary.call(AuditInclusion { seq: 0, size: 1 }).await;
    assert_eq!(refusal(none)?.code, ErrorCode::BadParams);
    Ok(())
}

async fn rewritten(events: &mut Events) -> anyhow::Result<Rewritten> {
    until(events, |event| match event {
        Event::Rewritten(found) if found.log() == LogId::AUDIT => Some(*found),
        _ => None,
    })
    .await
}

/// Puts a copy in the place of the store, with the checkpoints it had beside it or without.
fn put_back(warp: &Warp, copy: &std::path::Path) -> anyhow::Result<()> {
    let data = warp.folder().join("data");
    fs::remove_dir_all(&data)?;
    copy_folder(copy, &data)
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn an_audit_log_cut_or_rewritten_is_named_by_who_was_there_and_by_verify()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    warp.stop().await?;
    let copy = tempfile::tempdir()?;
    copy_folder(&warp.folder().join("data"), &copy.path().join("data"))?;
    warp.restart().await?;
    let (client, _events) = warp.manager().connect().await?;
    for _ in 0..3 {
        client.call(OpenRoom { settings: settings(Label::Red, Label::Green)? }).await?;
    }
    client.close().await;
    // The next sign-in is shown the longer log, and asks for the proof that it continues the shorter.
    let (client, _events) = warp.manager().connect().await?;
    let heads = client.heads();
    let known = heads.audit().unwrap();
    let note = client.call(AuditCheckpoint {}).await?.note;
    client.close().await;
    let kept = copy.path().join("kept");
    fs::write(&kept, note.to_string())?;
    warp.stop().await?;
    let sound = warp.verify_with(&["--checkpoint", kept.to_str().unwrap()])?;
    assert!(sound.status.success(), "{}", complaint(&sound));

    // Cut: the older copy, checkpoint file and all.
    put_back(&warp, &copy.path().join("data"))?;
    let cut = warp.verify_with(&["--checkpoint", kept.to_str().unwrap()])?;
    assert!(!cut.status.success());
    let said = String::from_utf8(cut.stdout.clone())?;
    let have: Seq = said
        .lines()
        .find_map(|line| line.strip_prefix("audit tree: ")?.split(' ').next()?.parse().ok())
        .unwrap();
    let expected = format!("audit log, record {}: it and all later records are gone", have + 1);
    assert!(complaint(&cut).contains(&expected), "{}", complaint(&cut));
    assert!(warp.verify()?.status.success(), "without an outsider's checkpoint nothing is missed");
    warp.restart().await?;
    let connector = warp.manager().connector().heads(heads.clone());
    let (client, mut events) = connector.connect().await?;
    let found = rewritten(&mut events).await?;
    let how = AuditBreak::RolledBack { remembered: known.size };
    assert_eq!(found.how, Discontinuity::Audit(how));
    client.close().await;

    // Grown again to more than it was, with other records.
    for _ in 0..4 {
        let (client, _events) = warp.manager().connect().await?;
        client.call(OpenRoom { settings: settings(Label::Red, Label::Green)? }).await?;
        client.close().await;
    }
    let connector = warp.manager().connector().heads(heads);
    let (client, mut events) = connector.connect().await?;
    let found = rewritten(&mut events).await?;
    let how = Discontinuity::Audit(AuditBreak::Forked);
    assert_eq!(found, Rewritten { room: None, seq: known.size, how });
    assert!(
        matches!(client.check_audit().await, Err(CallError::Rewritten(again)) if again == found)
    );
    assert_eq!(client.heads().audit(), Some(known), "what was true stays remembered");
    client.close().await;
    warp.stop().await?;
    let forked = warp.verify_with(&["--checkpoint", kept.to_str().unwrap()])?;
    assert!(!forked.status.success());
    let size = note.checkpoint().size;
    let said = complaint(&forked);
    assert!(said.contains(&format!("or a later one up to {size}, is another")), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_replaced_is_announced_and_one_that_is_exchanged_is_named()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let (client, _events) = warp.manager().connect().await?;
    let heads = client.heads();
    let former = heads.audit().unwrap().key;
    client.close().await;
    warp.stop().await?;
    assert!(warp.command().arg("audit-key").status()?.success());
    warp.restart().await?;
    let (client, mut events) = warp.manager().connector().heads(heads.clone()).connect().await?;
    let followed = || async { client.heads().audit().filter(|head| head.key != former) };
    let present = eventually(DEADLINE, followed).await?.key;
    warp.manager().back().await?;
    let announced = warp
        .manager()
        .register()
        .await?
        .iter()
        .filter_map(|record| {
            let act = warproom_tests::harness::act_of(record)?;
            match act.event {
                warproom_proto::register::Event::AuditKeySet { public_key } => Some(public_key),
                _ => None,
            }
        })
        .collect::<Vec<_>>();
    assert_eq!(announced, [former, present]);
    assert!(client.rewritten().is_empty());
    client.close().await;
    drop(events.next());
    warp.stop().await?;
    assert!(warp.verify()?.status.success());

    // Somebody else's key, and none beside it that members know.
    for file in ["audit.key", "audit.former.key"] {
        fs::remove_file(warp.folder().join("keys").join(file))?;
    }
    assert!(warp.command().arg("audit-key").status()?.success());
    warp.restart().await?;
    let (_client, mut events) = warp.manager().connector().heads(heads).connect().await?;
    let found = rewritten(&mut events).await?;
    assert_eq!(found.how, Discontinuity::Audit(AuditBreak::Signature));
    Ok(())
}

#[tokio::test]
async fn checkpoints_are_kept_beside_the_store_and_an_edited_one_is_named() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    warp.stop().await?;
    let file = warp.folder().join("data/checkpoints");
    let text = fs::read_to_string(&file)?;
    assert!(text.starts_with("warproom/"), "{text}");
    let verified = warp.verify()?;
    let said = String::from_utf8(verified.stdout.clone())?;
    assert!(verified.status.success() && said.contains("checkpoints agree"), "{said}");
    // One more record than there is, signed by nobody.
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines[1] = (lines[1].parse::<Seq>()? + 1).to_string();
    fs::write(&file, lines.join("\n") + "\n")?;
    let edited = warp.verify()?;
    assert!(!edited.status.success());
    assert!(complaint(&edited).contains("is not signed by a key"), "{}", complaint(&edited));
    Ok(())
}

#[tokio::test]
async fn a_refused_password_is_told_to_the_member_it_was_tried_for() -> anyhow::Result<()> {
    let warp = quick().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let password = "not his password at all".to_owned();
    let tried = enrol_device(
        warp.address(),
        dan.handle.clone(),
        password.into(),
        "000000".to_owned().into(),
        "Thief".parse()?,
    )
    .await;
    assert!(tried.is_err());
    let found = async || {
        let records = seen(&dan).await?;
        let told = records.into_iter().find(|one| {
            one.event
                == Audited::SignInRefused { means: Means::Password, of: Some(dan.member), count: 1 }
        });
        Ok::<_, anyhow::Error>(told)
    };
    let told = eventually(DEADLINE, async || found().await.transpose()).await??;
    assert_eq!((told.by, told.from.is_some()), (None::<Principal>, true));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_suspended_while_they_sign_in_is_not_told_of_a_forgery() -> anyhow::Result<()> {
    const ROUNDS: usize = 40;
    const CLIENTS: u64 = 8;
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let heads = dan.client.heads();
    let stand = async |standing| {
        let call = ChangeMember { member: dan.member, role: None, standing: Some(standing) };
        warp.manager().client.call(call).await
    };
    for round in 0..ROUNDS {
        let signing_in = join_all((0..CLIENTS).map(async |number| {
            sleep(Duration::from_millis(2 * number)).await;
            // Each remembers an earlier log, and asks for a proof.
            let connecting = dan.connector().heads(heads.clone()).connect();
            let Ok((client, mut events)) = connecting.await else { return Vec::new() };
            while events.next().await.is_some() {}
            client.rewritten()
        }));
        let suspending = async {
            sleep(Duration::from_millis(10)).await;
            stand(Standing::Suspended).await
        };
        let (told, suspended) = tokio::join!(signing_in, suspending);
        suspended?;
        assert_eq!(told.concat(), [], "round {round}");
        stand(Standing::Active).await?;
    }
    Ok(())
}
