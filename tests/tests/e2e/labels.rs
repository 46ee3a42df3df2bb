//! What a label does, on every path: the audience table from end to end.

#[path = "labels/export.rs"]
mod export;

use warproom_client::{CallError, Client, Credentials, Events, connect};
use warproom_proto::calls::{
    AddBot, BotAdded, EditEntry, From, HistoryPage, ListBots, ReactToEntry, RelabelEntry,
    RemoveFromRoom, SeenBy,
};
use warproom_proto::register::Grant;
use warproom_proto::{EntryId, ErrorCode, Label, LogId, RoomId, Seq};
use warproom_tests::harness::{
    Person, Warp, chain_end, entries_up_to, entry_of, next_entry, refusal, text_of,
};

/// A room in which one post of each label, and a reply to each, stand before most people came.
struct Table {
    warp: Warp,
    room: RoomId,
    /// Of Canterbury, there all the time; wrote the posts.
    alice: Person,
    /// The posts, mildest first.
    posts: Vec<Seq>,
    /// Each with what their column says, mildest label first.
    readers: Vec<(&'static str, Person, [bool; 5])>,
}

async fn leave(person: &Person, room: RoomId) -> anyhow::Result<()> {
    let call = RemoveFromRoom { room, id: EntryId::random(), who: person.principal() };
    person.client.append(call).await?;
    Ok(())
}

fn text(label: Label) -> String {
    format!("marked {}", label.as_str().trim_start_matches("TLP:"))
}

impl Table {
    async fn lay() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let services = warp.organisation("East Kent Services").await?;
        let canterbury = warp.organisation_serving("Canterbury City Council", &[services]).await?;
        let thanet = warp.organisation("Thanet District Council").await?;
        let ashford = warp.organisation("Ashford Borough Council").await?;
        let alice = warp.officer("alice", canterbury).await?;
        let anna = warp.officer("anna", canterbury).await?;
        let bob = warp.officer("bob", dover).await?;
        let carl = warp.officer("carl", services).await?;
        let (tess, away) =
            (warp.officer("tess", thanet).await?, warp.officer("ash", ashford).await?);

        // Tess was there and left afterwards; Ash was there before, and not when it was said.
        let room = warp.room(&[&alice, &tess, &away], Label::Red, Label::Amber).await?;
        leave(&away, room).await?;
        let mut posts = Vec::new();
        for label in Label::ALL {
            let post = alice.post(room, label, &text(label)).await?.seq;
            alice.reply(room, post, label, "a reply").await?;
            posts.push(post);
        }
        leave(&tess, room).await?;
        let readers = vec![
            ("the same organisation", anna, [true, true, true, true, false]),
            ("another organisation", bob, [true, true, false, false, false]),
            ("a client organisation", carl, [true, true, true, false, false]),
            ("the same person, back again", tess, [true; 5]),
            ("somebody who was out just then", away, [true, true, false, false, false]),
        ];
        for (_, reader, _) in &readers {
            alice.add(room, reader).await?;
        }
        Ok(Self { warp, room, alice, posts, readers })
    }
}

#[tokio::test]
async fn history_and_replay_show_a_newcomer_what_the_label_lets_them_read() -> anyhow::Result<()> {
    let Table { room, posts, readers, warp: _warp, .. } = Table::lay().await?;
    for (who, reader, expected) in &readers {
        let history = reader.history(room).await?;
        let end = chain_end(LogId::room(room), &history);
        assert!(end.is_some_and(|end| end.seq == history.len() as Seq), "{who}: the chain breaks");
        let (_client, mut events) = reader.follow(room, 0).await?;
        let replayed = entries_up_to(&mut events, room, history.len() as Seq).await?;
        for ((label, post), may) in Label::ALL.iter().zip(&posts).zip(expected) {
            for seq in [*post, post + 1] {
                let at = usize::try_from(seq)? - 1;
                assert_eq!(entry_of(&history[at]).is_some(), *may, "{who}, {label}, history");
                assert_eq!(replayed[at].entry.is_some(), *may, "{who}, {label}, replay");
                assert_eq!(replayed[at].is_withheld(), !*may);
            }
        }
        // Notices are for everyone in the room.
        assert!(
            entry_of(&history[0]).is_some()
                && history.last().is_some_and(|last| entry_of(last).is_some())
        );
    }
    Ok(())
}

#[tokio::test]
async fn search_finds_for_a_newcomer_what_the_label_lets_them_read() -> anyhow::Result<()> {
    let Table { room, alice, posts, readers, warp: _warp } = Table::lay().await?;
    let newest_first: Vec<Seq> = posts.iter().rev().copied().collect();
    assert_eq!(alice.finds(room, "marked").await?, newest_first);
    for (who, reader, expected) in &readers {
        let readable = posts.iter().zip(expected).filter(|(_, may)| **may).map(|(post, _)| *post);
        let readable: Vec<Seq> = readable.rev().collect();
        assert_eq!(reader.finds(room, "marked").await?, readable, "{who}");
    }
    Ok(())
}

#[tokio::test]
async fn what_may_not_be_read_can_be_neither_asked_about_nor_answered_nor_touched()
-> anyhow::Result<()> {
    let Table { room, posts, readers, warp: _warp, .. } = Table::lay().await?;
    for (who, reader, expected) in &readers {
        for ((label, post), may) in Label::ALL.iter().zip(&posts).zip(expected) {
            let referring = reader.referring(room, *post).await;
            let seen = reader.client.call(SeenBy { room, seq: *post }).await.map(drop);
            let answered = reader.reply(room, *post, Label::Red, "mine").await.map(drop);
            let reaction = ReactToEntry {
                room,
                id: EntryId::random(),
                of: *post,
                reaction: "👀".parse()?,
                withdrawn: false,
            };
            let reacted = reader.client.append(reaction).await.map(drop);
            let text = "not mine".parse()?;
            let edit = EditEntry { room, id: EntryId::random(), of: *post, text };
            let edited = refusal(reader.client.append(edit).await)?.code;
            let relabel = RelabelEntry { room, id: EntryId::random(), of: *post, to: Label::Clear };
            let relabelled = refusal(reader.client.append(relabel).await)?.code;
            if *may {
                assert!(!referring?.records.is_empty(), "{who}, {label}");
                seen?;
                answered?;
                reacted?;
                let not_yours = (ErrorCode::NotAllowed, ErrorCode::NotAllowed);
                assert_eq!((edited, relabelled), not_yours, "{who}, {label}");
            } else {
                let refused = [referring.map(drop), seen, answered, reacted];
                for result in refused {
                    assert_eq!(refusal(result)?.code, ErrorCode::NotFound, "{who}, {label}");
                }
                let unseen = (ErrorCode::NotFound, ErrorCode::NotFound);
                assert_eq!((edited, relabelled), unseen, "{who}, {label}");
            }
        }
    }
    Ok(())
}

async fn relabel(by: &Person, room: RoomId, of: Seq, to: Label) -> anyhow::Result<Seq> {
    let call = RelabelEntry { room, id: EntryId::random(), of, to };
    Ok(by.client.append(call).await?.seq)
}

async fn edit(by: &Person, room: RoomId, of: Seq, text: &str) -> anyhow::Result<Seq> {
    let call = EditEntry { room, id: EntryId::random(), of, text: text.parse()? };
    Ok(by.client.append(call).await?.seq)
}

#[tokio::test]
async fn a_post_tightened_later_is_withheld_from_then_on_with_all_that_carries_it()
-> anyhow::Result<()> {
    let Table { room, alice, posts, readers, warp: _warp } = Table::lay().await?;
    let green = posts[1];
    let [_, (_, bob, _), _, (_, tess, _), _] = &readers[..] else { panic!("five readers") };
    assert!(bob.reads(room, green).await?);
    let before = edit(&alice, room, green, "marked GREEN, and edited").await?;
    let at = relabel(&alice, room, green, Label::Red).await?;
    let (_bob, mut to_bob) = bob.follow(room, at - 1).await?;
    let (_tess, mut to_tess) = tess.follow(room, at - 1).await?;
    // An edit and a reply of after the tightening, by somebody who was there.
    let late = edit(&alice, room, green, "marked RED now").await?;
    let reply = tess.reply(room, green, Label::Red, "understood").await?.seq;

    for (events, may) in [(&mut to_bob, false), (&mut to_tess, true)] {
        let live = entries_up_to(events, room, reply).await?;
        let shown: Vec<_> = live.iter().map(|entry| (entry.seq, entry.entry.is_some())).collect();
        assert_eq!(shown, [(at, true), (late, may), (reply, may)]);
    }
    for seq in [green, green + 1, before, late, reply] {
        assert!(!bob.reads(room, seq).await?, "{seq}");
        assert!(tess.reads(room, seq).await?, "{seq}");
    }
    assert!(!bob.finds(room, "marked").await?.contains(&green));
    assert_eq!(refusal(bob.referring(room, green).await)?.code, ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_post_relaxed_later_is_read_with_its_latest_text_by_those_it_is_now_for()
-> anyhow::Result<()> {
    let Table { room, alice, posts, readers, warp: _warp } = Table::lay().await?;
    let red = posts[4];
    let edited = edit(&alice, room, red, "marked RED, and put right").await?;
    let (_, bob, _) = &readers[1];
    assert!(!bob.reads(room, red).await? && !bob.reads(room, edited).await?);
    relabel(&alice, room, red, Label::Green).await?;
    assert!(bob.reads(room, red).await?);
    let page = bob.page(room, From::After(red - 1), 1).await?;
    let latest = page.amendments.iter().rev().find_map(text_of);
    assert_eq!(latest.as_deref(), Some("marked RED, and put right"));
    // The reply was posted as RED, by its own author's choice, and stays it.
    assert!(!bob.reads(room, red + 1).await?);
    Ok(())
}

#[tokio::test]
async fn everyone_in_the_room_gets_the_same_bytes_and_the_others_a_number_and_no_more()
-> anyhow::Result<()> {
    let Table { warp, room, alice, readers, .. } = Table::lay().await?;
    let latest = alice.page(room, From::Latest, 1).await?.latest.seq;
    let (_, anna, _) = &readers[0];
    let bot = add_bot(&warp, room, Some(Label::Amber), None).await?;
    let (bot, mut to_bot) = sign_in(&warp, &bot).await?;
    bot.follow(room, Some(latest)).await?;
    let mut raws = Vec::new();
    for reader in [anna, &alice] {
        let mut raw = warp.raw().await?;
        raw.sign_in(reader).await?;
        raw.call(1, "room.follow", &serde_json::json!({"room": room})).await?;
        raws.push(raw);
    }
    let posted = alice.post(room, Label::AmberStrict, "for the same organisations").await?.seq;
    let mut heard = Vec::new();
    for mut raw in raws {
        heard.push(format!("{:?}", raw.hear().await?));
    }
    assert_eq!(heard[0], heard[1]);
    assert!(heard[0].contains("for the same organisations"));
    let stub = entries_up_to(&mut to_bot, room, posted).await?.pop().expect("the post");
    let frame = serde_json::to_value(&stub.record)?;
    assert_eq!(frame.as_object().map(serde_json::Map::len), Some(3));
    assert_eq!(frame["body"].as_object().map(serde_json::Map::len), Some(1));
    assert!(frame["body"]["withheld"]["commitment"].is_string());
    Ok(())
}

/// A bot of the manager's.
async fn add_bot(
    warp: &Warp,
    room: RoomId,
    read: Option<Label>,
    post: Option<Label>,
) -> anyhow::Result<BotAdded> {
    let name = format!("Relay {}", EntryId::random()).parse()?;
    let grant = Grant {
        rooms: vec![room],
        read,
        post,
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: i64::MAX,
    };
    Ok(warp.manager().client.call(AddBot { name, grant, hook: None }).await?)
}

async fn sign_in(warp: &Warp, bot: &BotAdded) -> anyhow::Result<(Client, Events)> {
    let token = Credentials::Token(bot.token.clone());
    Ok(connect(warp.address().clone(), token).await?)
}

async fn page(client: &Client, room: RoomId) -> Result<Vec<bool>, CallError> {
    let page = client.call(HistoryPage { room, from: From::Latest, limit: 200 }).await?;
    Ok(page.records.iter().map(|record| entry_of(record).is_some()).collect())
}

#[tokio::test]
async fn a_bot_reads_up_to_its_ceiling_live_and_in_history_and_never_red() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Amber).await?;
    let grant = Grant {
        rooms: vec![room],
        read: Some(Label::Red),
        post: None,
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: i64::MAX,
    };
    let red = mary.client.call(AddBot { name: "Too much".parse()?, grant, hook: None }).await;
    assert_eq!(refusal(red)?.code, ErrorCode::BadParams, "no grant reads RED");

    for ceiling in Label::ALL.into_iter().filter(|ceiling| *ceiling < Label::Red) {
        let bot = add_bot(&warp, room, Some(ceiling), None).await?;
        let (client, mut events) = sign_in(&warp, &bot).await?;
        let start = client.follow(room, None).await?.seq;
        for label in Label::ALL {
            let posted = mary.post(room, label, &text(label)).await?.seq;
            let entry = next_entry(&mut events).await?;
            assert_eq!(entry.seq, posted);
            assert_eq!(entry.entry.is_some(), label <= ceiling, "{label} to a bot up to {ceiling}");
        }
        let shown = page(&client, room).await?;
        let expected: Vec<_> = Label::ALL.into_iter().map(|label| label <= ceiling).collect();
        assert_eq!(shown[usize::try_from(start)?..], expected);
        // What it may not read it cannot ask about.
        let to = start + 5;
        let call = warproom_proto::calls::HistoryReferring { room, to, after: 0, limit: 1 };
        assert_eq!(refusal(client.call(call).await)?.code, ErrorCode::NotFound);
        client.close().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_bot_belongs_to_no_organisation_and_reads_nothing_of_before_it_that_names_one()
-> anyhow::Result<()> {
    let Table { warp, room, alice, posts, .. } = Table::lay().await?;
    // The manager is not in the room, and grants it nevertheless, as an entry everyone sees.
    let bot = add_bot(&warp, room, Some(Label::AmberStrict), None).await?;
    let (client, _events) = sign_in(&warp, &bot).await?;
    let shown = page(&client, room).await?;
    let read: Vec<_> =
        posts.iter().map(|post| shown[usize::try_from(*post).unwrap() - 1]).collect();
    assert_eq!(read, [true, true, false, false, false]);
    let joined = alice.history(room).await?.last().and_then(entry_of).expect("a notice");
    assert_eq!(joined.handling.author, warp.manager().principal());
    Ok(())
}

#[tokio::test]
async fn a_bot_posts_up_to_its_ceiling_and_one_without_posts_nothing() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let room = warp.room(&[mary], Label::Red, Label::Amber).await?;
    let bot = add_bot(&warp, room, None, Some(Label::Green)).await?;
    let (client, _events) = sign_in(&warp, &bot).await?;
    for label in Label::ALL {
        let posted = client.post(room, label, "an advisory").await;
        if label <= Label::Green {
            let seq = posted?.seq;
            let text = "an advisory, put right".parse()?;
            client.append(EditEntry { room, id: EntryId::random(), of: seq, text }).await?;
        } else {
            assert_eq!(refusal(posted)?.code, ErrorCode::LabelRefused, "{label}");
        }
    }
    // A grant that posts and does not read: no page, no follow.
    assert_eq!(refusal(page(&client, room).await)?.code, ErrorCode::NotAllowed);
    assert_eq!(refusal(client.follow(room, Some(0)).await)?.code, ErrorCode::NotAllowed);

    let reader = add_bot(&warp, room, Some(Label::Green), None).await?;
    let (client, _events) = sign_in(&warp, &reader).await?;
    let posted = client.post(room, Label::Clear, "nothing").await;
    assert_eq!(refusal(posted)?.code, ErrorCode::NotAllowed);
    assert_eq!(refusal(client.call(ListBots {}).await)?.code, ErrorCode::NotAllowed);
    assert_eq!(mary.client.call(ListBots {}).await?.bots.len(), 2);
    Ok(())
}
