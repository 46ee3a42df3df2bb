//! The chain: a reader checks what it gets against what it has seen, and a history that was changed
//! or put back does not pass.

use std::fs;

use tempfile::TempDir;
use warproom_client::{CallError, Client, Discontinuity, Event, Events, Heads, Rewritten};
use warproom_proto::calls::ListRooms;
use warproom_proto::{Label, LogId, RoomId, Seq};
use warproom_tests::harness::{
    Person, Warp, chain_end, copy_folder, entries_up_to, entry_of, until,
};

/// A WARP with one room of two, and a copy of its store of when the room had five records.
struct Copied {
    warp: Warp,
    dan: Person,
    room: RoomId,
    copy: TempDir,
}

impl Copied {
    async fn make() -> anyhow::Result<Self> {
        let mut warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let dan = warp.officer("dan", dover).await?;
        let room = warp.room(&[warp.manager(), &dan], Label::Red, Label::Green).await?;
        for number in 4..=5 {
            assert_eq!(dan.post(room, Label::Green, "before the copy").await?.seq, number);
        }
        warp.stop().await?;
        let copy = tempfile::tempdir()?;
        copy_folder(&warp.folder().join("data"), &copy.path().join("data"))?;
        warp.restart().await?;
        Ok(Self { warp, dan, room, copy })
    }

    /// Puts the copy in the place of what the server has.
    async fn put_back(&mut self) -> anyhow::Result<()> {
        self.warp.stop().await?;
        let data = self.warp.folder().join("data");
        fs::remove_dir_all(&data)?;
        copy_folder(&self.copy.path().join("data"), &data)?;
        self.warp.restart().await
    }

    /// Posts through a client that remembers nothing.
    async fn post(&self, count: Seq) -> anyhow::Result<()> {
        let (client, _events) = self.warp.manager().connect().await?;
        for _ in 0..count {
            client.post(self.room, Label::Green, "after the copy").await?;
        }
        Ok(())
    }
}

/// What is told of a log that was changed. That the audit log went back with it is told too, at
/// another moment; `audit::*` looks at that.
async fn rewritten(events: &mut Events) -> anyhow::Result<Rewritten> {
    until(events, |event| match event {
        Event::Rewritten(found) if found.log() != LogId::AUDIT => Some(*found),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_room_put_back_from_an_older_copy_is_noticed_on_reconnecting() -> anyhow::Result<()> {
    let mut copied = Copied::make().await?;
    let room = copied.room;
    let (client, mut events) = copied.dan.follow(room, 0).await?;
    copied.post(3).await?;
    entries_up_to(&mut events, room, 8).await?;
    copied.put_back().await?;

    let how = Discontinuity::RolledBack { remembered: 8 };
    let expected = Rewritten { room: Some(room), seq: 5, how };
    assert_eq!(rewritten(&mut events).await?, expected);
    // Until a person decides, the room is neither followed nor written to.
    let followed = client.follow(room, Some(0)).await;
    assert!(matches!(followed, Err(CallError::Rewritten(found)) if found == expected));
    let posted = client.post(room, Label::Green, "on top of it").await;
    assert!(matches!(posted, Err(CallError::Rewritten(found)) if found == expected));

    client.forget(room);
    client.follow(room, Some(5)).await?;
    client.post(room, Label::Green, "decided").await?;
    let entries = entries_up_to(&mut events, room, 6).await?;
    assert_eq!(entries[0].text(), Some("decided"));
    Ok(())
}

#[tokio::test]
async fn a_room_rewritten_and_grown_beyond_what_was_seen_is_noticed_where_it_differs()
-> anyhow::Result<()> {
    let mut copied = Copied::make().await?;
    let room = copied.room;
    let (client, mut events) = copied.dan.follow(room, 0).await?;
    copied.post(3).await?;
    entries_up_to(&mut events, room, 8).await?;
    let heads = client.heads();
    assert_eq!(heads.room(room).map(|known| known.seq), Some(8));
    client.close().await;
    copied.put_back().await?;
    copied.post(6).await?;

    // From where it stopped reading, and from the beginning: both tell, at the record that differs.
    for (after, seq) in [(8, 9), (0, 8)] {
        let connector = copied.dan.connector().heads(heads.clone());
        let (client, mut events) = connector.connect().await?;
        // Whether the call or the event says it first is not settled.
        let _ = client.follow(room, Some(after)).await;
        let expected = Rewritten { room: Some(room), seq, how: Discontinuity::Changed };
        assert_eq!(rewritten(&mut events).await?, expected, "after {after}");
        let followed = client.follow(room, Some(after)).await;
        assert!(matches!(followed, Err(CallError::Rewritten(found)) if found == expected));
        client.close().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_register_put_back_from_an_older_copy_is_noticed_at_sign_in() -> anyhow::Result<()> {
    let mut copied = Copied::make().await?;
    let (client, _events) = copied.dan.connect().await?;
    let before = client.signed_in().register.seq;
    client.close().await;
    // A client that was away for a while signs in again by itself.
    copied.warp.manager().back().await?;
    copied.warp.organisation("Thanet District Council").await?;
    let (client, _events) = copied.dan.connect().await?;
    let heads = client.heads();
    assert_eq!(heads.register().map(|known| known.seq), Some(before + 1));
    client.close().await;
    copied.put_back().await?;

    let (_client, mut events) = copied.dan.connector().heads(heads).connect().await?;
    let how = Discontinuity::RolledBack { remembered: before + 1 };
    assert_eq!(rewritten(&mut events).await?, Rewritten { room: None, seq: before, how });
    Ok(())
}

/// What a client of dan's remembers that read the room's five records, then did as it is told while
/// somebody else posted three more; and the WARP put back to the five and grown to eleven others.
async fn rewritten_since<F>(
    copied: &mut Copied,
    shown: impl FnOnce(Client) -> F,
) -> anyhow::Result<Heads>
where
    F: Future<Output = anyhow::Result<Client>>,
{
    let room = copied.room;
    let (client, mut events) = copied.dan.follow(room, 0).await?;
    entries_up_to(&mut events, room, 5).await?;
    client.unfollow(room).await?;
    copied.post(3).await?;
    let client = shown(client).await?;
    let heads = client.heads();
    assert_eq!(heads.room(room).map(|walked| walked.seq), Some(5), "only what was read is walked");
    client.close().await;
    copied.put_back().await?;
    copied.post(6).await?;
    Ok(heads)
}

/// Reading on from what was read tells that a record is not the one that was shown.
async fn is_told_at(copied: &Copied, heads: Heads, seq: Seq) -> anyhow::Result<()> {
    let room = copied.room;
    let (client, mut events) = copied.dan.connector().heads(heads).connect().await?;
    // Whether the call or the event says it first is not settled.
    let _ = client.follow(room, Some(5)).await;
    let expected = Rewritten { room: Some(room), seq, how: Discontinuity::Changed };
    assert_eq!(rewritten(&mut events).await?, expected);
    let told = client.rewritten().into_iter().filter(|found| found.log() != LogId::AUDIT);
    assert_eq!(told.collect::<Vec<_>>(), [expected]);
    Ok(())
}

#[tokio::test]
async fn who_followed_from_now_on_is_told_that_the_records_left_out_are_others()
-> anyhow::Result<()> {
    let mut copied = Copied::make().await?;
    let room = copied.room;
    let heads = rewritten_since(&mut copied, async |client| {
        assert_eq!(client.follow(room, None).await?.seq, 8);
        Ok(client)
    });
    let heads = heads.await?;
    // From now on once more: nothing of it is read, and the log is longer than it was.
    let (client, _events) = copied.dan.connector().heads(heads).connect().await?;
    assert_eq!(client.follow(room, None).await?.seq, 11);
    let heads = client.heads();
    client.close().await;
    is_told_at(&copied, heads, 8).await
}

#[tokio::test]
async fn who_only_posted_is_told_that_the_post_is_gone() -> anyhow::Result<()> {
    let mut copied = Copied::make().await?;
    let room = copied.room;
    let heads = rewritten_since(&mut copied, async |client| {
        assert_eq!(client.post(room, Label::Green, "I was here").await?.seq, 9);
        Ok(client)
    });
    let heads = heads.await?;
    is_told_at(&copied, heads, 9).await
}

#[tokio::test]
async fn who_only_listed_rooms_is_told_of_one_that_is_shorter_or_other() -> anyhow::Result<()> {
    let mut copied = Copied::make().await?;
    let room = copied.room;
    let list = async |client: Client| {
        let rooms = client.call(ListRooms::default()).await?.rooms;
        assert_eq!(rooms.iter().map(|room| room.latest.seq).collect::<Vec<_>>(), [8]);
        Ok(client)
    };
    let heads = rewritten_since(&mut copied, list).await?;
    is_told_at(&copied, heads.clone(), 8).await?;

    copied.put_back().await?;
    let (client, mut events) = copied.dan.connector().heads(heads).connect().await?;
    assert_eq!(client.call(ListRooms::default()).await?.rooms.len(), 1, "the list is given");
    let how = Discontinuity::RolledBack { remembered: 8 };
    let expected = Rewritten { room: Some(room), seq: 5, how };
    assert_eq!(rewritten(&mut events).await?, expected);
    let posted = client.post(room, Label::Green, "on top of it").await;
    assert!(matches!(posted, Err(CallError::Rewritten(found)) if found == expected));
    Ok(())
}

#[tokio::test]
async fn who_walks_the_register_is_told_that_it_is_another_than_at_sign_in() -> anyhow::Result<()> {
    let mut copied = Copied::make().await?;
    let (client, _events) = copied.dan.connect().await?;
    let before = client.signed_in().register.seq;
    let heads = client.heads();
    client.close().await;
    copied.warp.manager().back().await?;
    copied.warp.organisation("Thanet District Council").await?;
    // The second sign-in is shown the new end, and no record of it.
    let (client, _events) = copied.dan.connector().heads(heads).connect().await?;
    let heads = client.heads();
    assert_eq!(heads.register().map(|walked| walked.seq), Some(before));
    client.close().await;
    // An honest register is walked to its end.
    let (client, _events) = copied.dan.connector().heads(heads.clone()).connect().await?;
    client.walk_register().await?;
    assert_eq!(client.heads().register().map(|walked| walked.seq), Some(before + 1));
    client.close().await;

    copied.put_back().await?;
    copied.warp.manager().back().await?;
    for name in ["Ashford Borough Council", "Folkestone & Hythe District Council"] {
        copied.warp.organisation(name).await?;
    }
    let (client, mut events) = copied.dan.connector().heads(heads).connect().await?;
    let walked = client.walk_register().await;
    let how = Discontinuity::Changed;
    let expected = Rewritten { room: None, seq: before + 1, how };
    assert!(matches!(walked, Err(CallError::Rewritten(found)) if found == expected));
    assert_eq!(rewritten(&mut events).await?, expected);
    Ok(())
}

#[tokio::test]
async fn what_is_withheld_keeps_the_chain_whole_for_whom_it_is_withheld_from() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Green).await?;
    let mut posted = Vec::new();
    for label in Label::ALL {
        posted.push(mary.post(room, label, "said before he came").await?);
    }
    mary.add(room, &dan).await?;
    let (whole, partly) = (mary.history(room).await?, dan.history(room).await?);
    assert_eq!(partly.iter().filter(|record| entry_of(record).is_none()).count(), 3);
    let end = chain_end(LogId::room(room), &whole);
    assert!(end.is_some());
    assert_eq!(chain_end(LogId::room(room), &partly), end);
    for posted in posted {
        let at = usize::try_from(posted.seq)? - 1;
        assert_eq!(partly[at].head, posted.head, "the head that its author was answered");
    }
    // A client that follows checks the same, and has nothing to complain of.
    let (client, mut events) = dan.follow(room, 0).await?;
    assert_eq!(entries_up_to(&mut events, room, 8).await?.len(), 8);
    assert_eq!(client.heads().room(room), end);
    Ok(())
}

#[tokio::test]
async fn a_store_that_a_crash_left_behind_verifies() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Red, Label::Green).await?;
    let last = warp.manager().post(room, Label::Red, "acknowledged").await?;
    warp.kill()?;
    let verified = warp.verify()?;
    assert!(verified.status.success());
    let said = String::from_utf8(verified.stdout)?;
    let line = format!("room {room}: {} records, head {}", last.seq, last.head);
    assert!(said.contains(&line) && said.contains("every chain whole"), "{said}");
    Ok(())
}
