//! Who may read less than before: what the desk holds goes, at once and without a connection.

use anyhow::{Context as _, anyhow};
use tempfile::tempdir;
use warproom_client::proto::calls::{AddToRoom, From, ListRooms, RelabelEntry, RetractEntry};
use warproom_client::proto::{EntryId, Label, RoomRole};
use warproom_desktop::News;
use warproom_desktop::request::Request;
use warproom_tests::harness::Warp;

use super::desk::{Desk, seated};

#[tokio::test]
async fn what_is_labelled_out_of_reach_goes_and_is_read_no_more_without_a_connection()
-> anyhow::Result<()> {
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, _) = seated(&warp, folder.path()).await?;
    // Said before Dan came: his as long as it is his organisation's.
    let room = warp.room(&[&dora], Label::Red, Label::Amber).await?;
    let of = dora.post(room, Label::Amber, "what it was about").await?.seq;
    let reply = dora.reply(room, of, Label::Amber, "and what we did").await?.seq;
    let dan = desk.open(&profile).await?.me.principal.member().context("a member")?;
    desk.signed_in().await?;
    let (id, role) = (EntryId::random(), RoomRole::Participant);
    dora.client.append(AddToRoom { room, id, member: dan, role }).await?;
    dora.post(room, Label::Amber, "welcome").await?;
    desk.call(Request::ListRooms(ListRooms { all: false }))
        .await?
        .map_err(|why| anyhow!("{why}"))?;
    desk.reads(room, "what it was about").await?;
    desk.reads(room, "and what we did").await?;
    desk.reads(room, "welcome").await?;

    let id = EntryId::random();
    dora.client.append(RelabelEntry { room, id, of, to: Label::Red }).await?;
    // Asked by itself, because the server does not tell what one may read no more.
    let withheld = |news: &News| match news {
        News::Page { room: at, page: Ok(page), .. } if *at == room => {
            let stubs = page.entries.iter().filter(|entry| entry.is_withheld());
            Some(stubs.map(|entry| entry.seq).collect::<Vec<_>>())
        }
        _ => None,
    };
    assert_eq!(desk.until("read again", withheld).await?, [of, reply]);
    desk.close();
    warp.kill()?;

    let mut desk = Desk::at(folder.path()).await?;
    desk.open(&profile).await?;
    let page = desk.page(room, From::Latest).await?.map_err(|why| anyhow!("{why}"))?;
    let texts: Vec<_> = page.entries.iter().filter_map(|entry| entry.text()).collect();
    assert_eq!(texts, ["welcome"]);
    Ok(())
}

#[tokio::test]
async fn a_page_of_a_room_that_is_not_followed_is_the_servers_and_not_the_caches()
-> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, dora, room) = seated(&warp, folder.path()).await?;
    desk.call(Request::ListRooms(ListRooms { all: false }))
        .await?
        .map_err(|why| anyhow!("{why}"))?;
    let of = dora.post(room, Label::Amber, "said too much").await?.seq;
    desk.reads(room, "said too much").await?;
    desk.close();
    dora.client.append(RetractEntry { room, id: EntryId::random(), of }).await?;

    let mut desk = Desk::at(folder.path()).await?;
    desk.open(&profile).await?;
    desk.signed_in().await?;
    let page = desk.page(room, From::Latest).await?.map_err(|why| anyhow!("{why}"))?;
    assert!(page.entries.iter().all(|entry| entry.text() != Some("said too much")));
    let stub = page.entries.iter().find(|entry| entry.seq == of).context("its stub")?;
    assert!(stub.is_withheld());
    Ok(())
}
