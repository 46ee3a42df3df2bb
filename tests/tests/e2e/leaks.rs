//! Ways around, found in review and closed: what a search, a removed manager's invitations, too many
//! connections or two devices at once could have told or kept.

use anyhow::ensure;
use warproom_client::{Credentials, JoinError, connect, open_invitation};
use warproom_proto::calls::{
    AddBot, AddInvitation, ChangeMember, Found, ListRooms, MarkRead, RelabelEntry, RemoveMember,
    RunSearch,
};
use warproom_proto::invitation::Invitation;
use warproom_proto::register::{Grant, Role, Standing};
use warproom_proto::{Body, EntryId, ErrorCode, Label, Record, Seq};
use warproom_tests::harness::{Warp, eventually};

/// As many hits as fill one search, less one that must not be counted.
const ALMOST_A_SEARCH: usize = 99;

/// What a search answers to somebody from whom five entries with this text are withheld.
async fn searched(withheld: &str) -> anyhow::Result<Found> {
    let warp = Warp::start().await?;
    let (canterbury, dover) =
        (warp.organisation("Canterbury").await?, warp.organisation("Dover").await?);
    let (alice, bob) =
        (warp.officer("alice", canterbury).await?, warp.officer("bob", dover).await?);
    let room = warp.room(&[&alice], Label::Red, Label::Amber).await?;
    for _ in 0..5 {
        alice.post(room, Label::Red, withheld).await?;
    }
    alice.add(room, &bob).await?;
    for _ in 0..ALMOST_A_SEARCH {
        bob.post(room, Label::Green, "a guess").await?;
    }
    let call = RunSearch { search: 1, room, text: "guess".parse()?, before: None, limit: 100 };
    Ok(bob.client.call(call).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_nothing_of_what_is_withheld() -> anyhow::Result<()> {
    let (matching, other) = (searched("a guess that is right").await?, searched("nothing").await?);
    ensure!(matching == other, "{matching:?} tells it from {other:?}");
    ensure!(matching.hits == ALMOST_A_SEARCH as u64 && matching.next_before.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_removed_manager_made_lets_them_back() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Canterbury").await?;
    let manager = warp.join("mallory", council, Role::Manager).await?;
    let room = warp.room(&[&manager], Label::Green, Label::Green).await?;
    let (name, handle) = ("Another Self".parse()?, "another.self".parse()?);
    let call = AddInvitation { name, handle, organisation: council, role: Role::Manager };
    let invitation: Invitation = manager.client.call(call).await?.text.expose().parse()?;
    let grant = Grant {
        rooms: vec![room],
        read: Some(Label::Green),
        post: None,
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: i64::MAX,
    };
    let bot = manager.client.call(AddBot { name: "Ear".parse()?, grant, hook: None }).await?;
    ensure!(open_invitation(&invitation).await.is_ok(), "it worked before");

    warp.manager().client.call(RemoveMember { member: manager.member }).await?;
    let refused = open_invitation(&invitation).await.err();
    let code = match refused {
        Some(JoinError::Refused(error)) => Some(error.code),
        _ => None,
    };
    ensure!(code == Some(ErrorCode::SignInRefused), "{code:?}");
    let signed_in = connect(warp.address().clone(), Credentials::Token(bot.token)).await;
    ensure!(signed_in.is_err(), "the bot is revoked with its owner");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_who_is_suspended_or_demoted_cannot_come_back_by_an_own_invitation()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Canterbury").await?;
    let changes = [(None, Some(Standing::Suspended)), (Some(Role::Officer), None)];
    for (n, (role, standing)) in changes.into_iter().enumerate() {
        let manager = warp.join(&format!("mallory.{n}"), council, Role::Manager).await?;
        let (name, handle) = ("Another Self".parse()?, format!("another.self.{n}").parse()?);
        let call = AddInvitation { name, handle, organisation: council, role: Role::Manager };
        let invitation: Invitation = manager.client.call(call).await?.text.expose().parse()?;
        ensure!(open_invitation(&invitation).await.is_ok(), "it worked before");
        let change = ChangeMember { member: manager.member, role, standing };
        warp.manager().client.call(change).await?;
        let code = match open_invitation(&invitation).await.err() {
            Some(JoinError::Refused(error)) => Some(error.code),
            _ => None,
        };
        ensure!(code == Some(ErrorCode::SignInRefused), "{role:?} {standing:?}: {code:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_member_has_so_many_connections_and_no_more() -> anyhow::Result<()> {
    let warp = Warp::builder().env("WARPROOM_SERVER_LIMITS__CONNECTIONS", 2).start().await?;
    let council = warp.organisation("Canterbury").await?;
    let alice = warp.officer("alice", council).await?;
    let (second, _events) = alice.connect().await?;
    let third = alice.connect().await.err().map(|error| error.to_string());
    ensure!(third.as_deref().is_some_and(|said| said.contains("connections")), "{third:?}");
    second.close().await;
    eventually(warproom_tests::harness::DEADLINE, async || alice.connect().await.ok()).await?;
    alice.client.call(ListRooms::default()).await?;
    Ok(())
}

/// A reader who still may read is told the label that holds now: of the post, and of what carries it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_back_carries_the_label_it_has_now() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Red, Label::Green).await?;
    let post = manager.post(room, Label::Green, "the portal").await?.seq;
    let reply = manager.reply(room, post, Label::Amber, "the portal too").await?.seq;
    let relabel = RelabelEntry { room, id: EntryId::random(), of: post, to: Label::Red };
    manager.client.append(relabel).await?;
    let mut search = manager.client.search(room, "portal".parse()?, None, 10).await?;
    let mut found = Vec::new();
    while let Some(hit) = search.next().await {
        found.push((hit.seq, hit.label()));
    }
    ensure!(found == [(reply, Some(Label::Red)), (post, Some(Label::Red))], "{found:?}");
    let now = |record: &Record| match &record.body {
        Body::Shown { label, .. } => *label,
        Body::Withheld { .. } => None,
    };
    let labels: Vec<_> = manager.history(room).await?.iter().map(now).collect();
    ensure!(labels[2..4] == [Some(Label::Red); 2], "{labels:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_that_read_at_once_keep_the_further_position() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Green, Label::Green).await?;
    let (other, _events) = manager.connect().await?;
    for round in 0..20_u64 {
        let mut last: Seq = 0;
        for _ in 0..2 {
            last = manager.post(room, Label::Green, "text").await?.seq;
        }
        let (near, far) = (MarkRead { room, seq: last - 1 }, MarkRead { room, seq: last });
        let (first, second) = tokio::join!(other.call(far), manager.client.call(near));
        first?;
        second?;
        let read = manager.client.call(ListRooms::default()).await?.rooms[0].read;
        ensure!(read == last, "round {round}: {read} after {last}");
    }
    Ok(())
}
