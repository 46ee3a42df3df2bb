//! The desktop client without its window: its world against the real server, its profile on disk.

#[path = "desktop/acts.rs"]
mod acts;
#[path = "desktop/child.rs"]
mod child;
#[path = "desktop/cut.rs"]
mod cut;
#[path = "desktop/desk.rs"]
mod desk;
#[path = "desktop/disclosing.rs"]
mod disclosing;
#[path = "desktop/files.rs"]
mod files;
#[path = "desktop/leaving.rs"]
mod leaving;
#[path = "desktop/less.rs"]
mod less;

use anyhow::{Context as _, anyhow};
use tempfile::tempdir;
use warproom_client::proto::calls::{
    AddToRoom, From, ListRooms, RemoveFromRoom, RetractEntry, RevokeDevice, ShowBoard,
    ShowPreferences,
};
use warproom_client::proto::register::Role;
use warproom_client::proto::{EntryId, Kind, Label, RoomRole};
use warproom_desktop::effect::Outgoing;
use warproom_desktop::model::compose::Draft;
use warproom_desktop::news::Connection;
use warproom_desktop::request::{Reply, Request};
use warproom_desktop::{Effect, News};
use warproom_tests::harness::{Warp, answering, asking, choices, entries_up_to, roll_call};

use desk::{Desk, code_now, post, seated, tells_nothing, texts};

fn is_reconnecting(connection: &Connection) -> bool {
    matches!(connection, Connection::Reconnecting { .. })
}

#[tokio::test]
async fn an_invitation_is_looked_at_and_redeemed_with_the_right_code_alone() -> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let dover = warp.organisation("Dover District Council").await?;
    let (added, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let mut desk = Desk::at(folder.path()).await?;
    desk.perform(Effect::OpenInvitation(added.text.expose().parse()?));
    let invited = desk.invited().await?.map_err(|why| anyhow!("{why}"))?;
    assert_eq!(invited.fingerprint, invitation.address.authority);
    assert_eq!(invited.invited.organisation.as_str(), "Dover District Council");

    desk.redeem("000 000x".to_owned().into());
    let wrong = desk.joined().await?.unwrap_err();
    assert_eq!(wrong.sentence, "this is not the code of this moment");
    desk.redeem(code_now(&invited.totp_uri)?);
    let profile = desk.joined().await?.map_err(|why| anyhow!("{why}"))?;
    assert!(profile.needs_passphrase);
    // Its secrets are not kept for whoever comes next.
    desk.redeem(code_now(&invited.totp_uri)?);
    assert_eq!(desk.joined().await?.unwrap_err().sentence, "there is no invitation");

    let opened = desk.open(&profile.name).await?;
    assert_eq!((opened.warp.as_str(), opened.me.name.as_str()), ("Kent WARP", "dan"));
    desk.connection("connecting", |is| *is == Connection::Connecting).await?;
    desk.connection("connected", |is| *is == Connection::Connected).await?;
    desk.signed_in().await?;
    Ok(())
}

#[tokio::test]
async fn a_labelled_post_reaches_a_colleague_and_a_roll_call_is_answered() -> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, _, dora, room) = seated(&warp, folder.path()).await?;
    let (_client, mut events) = dora.follow(room, 0).await?;
    let id = desk.post(room, "planning portal is down").await?;
    let posted = desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;
    let entries = entries_up_to(&mut events, room, posted.seq).await?;
    let last = entries.last().context("it came")?;
    assert_eq!(last.text(), Some("planning portal is down"));
    assert_eq!(last.label(), Some(Label::Amber));
    // One's own entries come back by the same way as everyone's.
    assert_eq!(desk.reads(room, "planning portal is down").await?, Label::Amber);

    let ask = dora.client.append(asking(room, Label::Amber, roll_call(None)?)?).await?.seq;
    let asked = |news: &News| match news {
        News::Entry(entry) if entry.seq == ask => entry.entry.clone(),
        _ => None,
    };
    let asked = desk.until("asked", asked).await?;
    assert!(matches!(asked.handling.kind, Kind::Post { .. }));
    let answer = answering(room, ask, "not affected")?;
    let id = answer.id;
    desk.perform(Effect::Send(Outgoing::Answer(answer)));
    desk.kept(id).await?;
    desk.sent(id).await?.map_err(|why| anyhow!("{why}"))?;
    let reply = desk.call(Request::ShowBoard(ShowBoard { room, of: ask })).await?;
    let Ok(Reply::ShowBoard(board)) = reply else { panic!("no board") };
    let told = choices(&board)?;
    assert!(told.iter().any(|(who, choice, _)| {
        who == "Dover District Council"
            && choice.as_ref().is_some_and(|choice| choice.as_str() == "not affected")
    }));
    Ok(())
}

#[tokio::test]
async fn what_is_written_while_the_server_is_down_is_sent_once_and_in_order() -> anyhow::Result<()>
{
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, _, dora, room) = seated(&warp, folder.path()).await?;
    warp.kill()?;
    desk.connection("reconnecting", is_reconnecting).await?;
    let mut ids = Vec::new();
    let wanted: Vec<_> = (0..12).map(|number| format!("number {number}")).collect();
    for text in &wanted {
        ids.push(desk.post(room, text).await?);
    }
    let refused = desk.call(Request::ListRooms(ListRooms { all: false })).await?;
    assert_eq!(refused.err().map(|why| why.sentence).as_deref(), Some("not connected"));
    warp.restart().await?;
    desk.connection("connected", |is| *is == Connection::Connected).await?;
    for id in ids {
        assert!(desk.sent(id).await?.is_ok());
    }
    dora.back().await?;
    assert_eq!(texts(&dora, room).await?, wanted);
    Ok(())
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_a_flood_has_everything_once() -> anyhow::Result<()> {
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, _, dora, room) = seated(&warp, folder.path()).await?;
    let wanted: Vec<_> = (0..60).map(|number| format!("number {number}")).collect();
    let mut ids = Vec::new();
    for text in &wanted {
        let post = post(room, Label::Amber, text)?;
        ids.push(post.id);
        desk.perform(Effect::Send(Outgoing::Post(post)));
    }
    assert!(desk.sent(ids[3]).await?.is_ok());
    warp.kill()?;
    warp.restart().await?;
    for id in ids.iter().filter(|id| **id != ids[3]) {
        assert!(desk.sent(*id).await?.is_ok());
    }
    dora.back().await?;
    assert_eq!(texts(&dora, room).await?, wanted);
    Ok(())
}

#[tokio::test]
async fn closed_in_the_middle_of_sending_it_sends_the_rest_once_when_opened_again()
-> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, room) = seated(&warp, folder.path()).await?;
    let wanted: Vec<_> = (0..80).map(|number| format!("number {number}")).collect();
    let mut first = None;
    for text in &wanted {
        let post = post(room, Label::Amber, text)?;
        first.get_or_insert(post.id);
        desk.perform(Effect::Send(Outgoing::Post(post)));
    }
    assert!(desk.sent(first.context("there are some")?).await?.is_ok());
    desk.close();

    let mut desk = Desk::at(folder.path()).await?;
    let opened = desk.open(&profile).await?;
    assert!(!opened.outbox.is_empty(), "it was closed too late to be of use here");
    for (outgoing, refusal) in &opened.outbox {
        assert_eq!(*refusal, None);
        assert!(desk.sent(outgoing.id()).await?.is_ok());
    }
    assert_eq!(texts(&dora, room).await?, wanted);
    desk.close();
    let mut desk = Desk::at(folder.path()).await?;
    assert!(desk.open(&profile).await?.outbox.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_the_server_refuses_stays_in_the_outbox_with_its_reason() -> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, _) = seated(&warp, folder.path()).await?;
    // A room that Dan is not in.
    let other = warp.room(&[&dora], Label::Red, Label::Amber).await?;
    let id = desk.post(other, "to nobody").await?;
    let why = desk.sent(id).await?.unwrap_err();
    assert_eq!(why.sentence, "there is no such thing here, or it is not yours");
    desk.close();
    let mut desk = Desk::at(folder.path()).await?;
    let left = desk.open(&profile).await?.outbox;
    let left: Vec<_> = left.iter().map(|(outgoing, why)| (outgoing.id(), why.clone())).collect();
    assert_eq!(left, [(id, Some(why))]);
    desk.perform(Effect::Discard(id));
    desk.close();
    let mut desk = Desk::at(folder.path()).await?;
    assert!(desk.open(&profile).await?.outbox.is_empty());
    Ok(())
}

#[tokio::test]
async fn without_a_connection_it_shows_and_searches_what_was_read() -> anyhow::Result<()> {
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, room) = seated(&warp, folder.path()).await?;
    dora.post(room, Label::Amber, "portal is down").await?;
    dora.post(room, Label::Amber, "portal is back").await?;
    assert!(desk.call(Request::ListRooms(ListRooms { all: false })).await?.is_ok());
    desk.reads(room, "portal is back").await?;
    let draft = Draft { text: "half a sentence".to_owned(), ..Draft::default() };
    desk.perform(Effect::KeepDraft { room, draft: draft.clone() });
    desk.close();
    warp.kill()?;

    let mut desk = Desk::at(folder.path()).await?;
    assert_eq!(desk.open(&profile).await?.drafts, [(room, draft)]);
    let remembered = |news: &News| match news {
        News::Answered(_, Ok(Reply::ListRooms(list))) => Some(list.rooms[0].room),
        _ => None,
    };
    assert_eq!(desk.until("the rooms", remembered).await?, room);
    let lost = desk.connection("reconnecting", is_reconnecting).await?;
    let Connection::Reconnecting { why, intercepted: false, .. } = lost else { panic!("{lost:?}") };
    assert!(why.starts_with("the server cannot be reached"), "{why}");
    let page = desk.page(room, From::Latest).await?.map_err(|why| anyhow!("{why}"))?;
    let texts: Vec<_> = page.entries.iter().filter_map(|entry| entry.text()).collect();
    assert_eq!(texts, ["portal is down", "portal is back"]);

    let text = "IS BACK".parse()?;
    desk.perform(Effect::Search { search: 7, room, text, before: None });
    let found = |news: &News| match news {
        News::Found { search: 7, hit } => hit.text().map(str::to_owned),
        _ => None,
    };
    assert_eq!(desk.until("found", found).await?, "portal is back");
    let ended = |news: &News| match news {
        News::SearchEnded { search: 7, end } => end.clone().err(),
        _ => None,
    };
    let ended = desk.until("ended", ended).await?;
    assert_eq!(ended.sentence, "not connected: only what this computer holds was searched");
    // And once it is back, it connects by itself.
    warp.restart().await?;
    desk.signed_in().await?;
    Ok(())
}

#[tokio::test]
async fn what_is_taken_back_or_left_is_read_no_more_without_a_connection() -> anyhow::Result<()> {
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, room) = seated(&warp, folder.path()).await?;
    let other = warp.room(&[&dora], Label::Red, Label::Amber).await?;
    let dan = desk.open(&profile).await?.me.principal;
    desk.signed_in().await?;
    let member = dan.member().context("a member")?;
    let (id, role) = (EntryId::random(), RoomRole::Participant);
    let add = AddToRoom { room: other, id, member, role };
    dora.client.append(add).await?;
    let secret = dora.post(room, Label::Amber, "said too much").await?.seq;
    dora.post(other, Label::Amber, "said elsewhere").await?;
    // As the model does: how far rooms have come says from where they are followed.
    desk.call(Request::ListRooms(ListRooms { all: false }))
        .await?
        .map_err(|why| anyhow!("{why}"))?;
    desk.reads(room, "said too much").await?;
    desk.reads(other, "said elsewhere").await?;

    let retract = RetractEntry { room, id: EntryId::random(), of: secret };
    let retracted = dora.client.append(retract).await?.seq;
    let told = |news: &News| match news {
        News::Entry(entry) if entry.seq == retracted && entry.room == room => Some(()),
        _ => None,
    };
    desk.until("taken back", told).await?;
    let out = RemoveFromRoom { room: other, id: EntryId::random(), who: dan };
    dora.client.append(out).await?;
    let left = |news: &News| matches!(news, News::RoomLeft(of) if *of == other).then_some(());
    desk.until("out", left).await?;
    desk.close();
    warp.kill()?;

    let mut desk = Desk::at(folder.path()).await?;
    desk.open(&profile).await?;
    let page = desk.page(room, From::Latest).await?.map_err(|why| anyhow!("{why}"))?;
    let taken = page.entries.iter().find(|entry| entry.seq == secret).context("its stub")?;
    assert!(taken.is_withheld() && taken.entry.is_none());
    assert!(page.entries.iter().all(|entry| entry.text() != Some("said too much")));
    let gone = desk.page(other, From::Latest).await?.err().context("nothing is left of it")?;
    assert_eq!(gone.sentence, "not connected");
    let remembered = |news: &News| match news {
        News::Answered(_, Ok(Reply::ListRooms(list))) => {
            Some(list.rooms.iter().map(|one| one.room).collect::<Vec<_>>())
        }
        _ => None,
    };
    assert_eq!(desk.until("the rooms", remembered).await?, [room]);
    Ok(())
}

#[tokio::test]
async fn a_room_that_one_was_taken_out_of_meanwhile_is_erased_at_the_next_sign_in()
-> anyhow::Result<()> {
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, room) = seated(&warp, folder.path()).await?;
    let dan = desk.open(&profile).await?.me.principal;
    desk.signed_in().await?;
    let rooms = Request::ListRooms(ListRooms { all: false });
    desk.call(rooms.clone()).await?.map_err(|why| anyhow!("{why}"))?;
    dora.post(room, Label::Amber, "said before").await?;
    desk.reads(room, "said before").await?;
    desk.close();

    let out = RemoveFromRoom { room, id: EntryId::random(), who: dan };
    dora.client.append(out).await?;
    let mut desk = Desk::at(folder.path()).await?;
    desk.open(&profile).await?;
    desk.signed_in().await?;
    desk.perform(Effect::Call(rooms));
    // What is remembered is told first, and still has the room.
    let without_it = |news: &News| match news {
        News::Answered(_, Ok(Reply::ListRooms(list))) => {
            (!list.rooms.iter().any(|one| one.room == room)).then_some(())
        }
        _ => None,
    };
    desk.until("listed without the room", without_it).await?;
    desk.close();
    warp.kill()?;

    let mut desk = Desk::at(folder.path()).await?;
    desk.open(&profile).await?;
    let gone = desk.page(room, From::Latest).await?.err().context("nothing is left of it")?;
    assert_eq!(gone.sentence, "not connected");
    Ok(())
}

#[tokio::test]
async fn a_device_that_is_revoked_is_signed_out_and_says_so() -> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, _, _) = seated(&warp, folder.path()).await?;
    let device = desk.open(&profile).await?.device;
    desk.signed_in().await?;
    warp.manager().client.call(RevokeDevice { device }).await?;
    let is_out = |is: &Connection| matches!(is, Connection::SignedOut { .. });
    let out = desk.connection("signed out", is_out).await?;
    let Connection::SignedOut { why } = out else { panic!("{out:?}") };
    assert!(why.starts_with("the server signed this device out"), "{why}");
    let refused = desk.call(Request::ShowPreferences(ShowPreferences {})).await?;
    assert!(refused.is_err());
    // It says so at the next start too, and shows what it holds.
    desk.open(&profile).await?;
    desk.connection("signed out", is_out).await?;
    Ok(())
}

#[tokio::test]
async fn a_stolen_profile_folder_tells_nothing() -> anyhow::Result<()> {
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, room) = seated(&warp, folder.path()).await?;
    let mut canaries = vec!["Dover District", "Kent WARP", "dora", "localhost", desk::PASSPHRASE];
    let room_id = room.to_string();
    canaries.push(&room_id);
    dora.post(room, Label::Red, "CANARY-READ").await?;
    desk.call(Request::ListRooms(ListRooms { all: false }))
        .await?
        .map_err(|why| anyhow!("{why}"))?;
    desk.reads(room, "CANARY-READ").await?;
    let draft = Draft { text: "CANARY-DRAFT".to_owned(), ..Draft::default() };
    desk.perform(Effect::KeepDraft { room, draft });
    warp.kill()?;
    desk.connection("reconnecting", is_reconnecting).await?;
    desk.post(room, "CANARY-OUTBOX").await?;
    canaries.extend(["CANARY-READ", "CANARY-DRAFT", "CANARY-OUTBOX"]);
    // While it runs, and after.
    assert!(tells_nothing(folder.path(), &canaries)? > 0);
    desk.close();
    assert!(tells_nothing(folder.path(), &canaries)? > 0);

    let mut desk = Desk::at(folder.path()).await?;
    let passphrase = Some("another passphrase".to_owned().into());
    desk.perform(Effect::OpenProfile { profile: profile.clone(), passphrase });
    let refused = |news: &News| match news {
        News::Opened(Err(why)) => Some(why.sentence.clone()),
        _ => None,
    };
    let refused = desk.until("refused", refused).await?;
    assert_eq!(refused, "this is not the passphrase of this profile");
    desk.perform(Effect::DestroyProfile(profile));
    let started = |news: &News| match news {
        News::Started { profiles, .. } => Some(profiles.len()),
        _ => None,
    };
    assert_eq!(desk.until("destroyed", started).await?, 0);
    Ok(())
}
