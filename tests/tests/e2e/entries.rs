//! Entries: posting, answering, changing and taking back, and reading them again.

use warproom_client::{CallError, Client, Event};
use warproom_proto::calls::{
    ChangeRoom, EditEntry, From, MarkRead, PostEntry, Posted, PresentInRoom, ReactToEntry,
    RelabelEntry, RetractEntry, SeenBy, TypeInRoom,
};
use warproom_proto::{EntryId, ErrorCode, Kind, Label, MemberId, RoomId, Seq, Subject, limits};
use warproom_tests::harness::{
    DEADLINE, Person, Warp, chain_end, entry_of, eventually, next_entry, refusal, settings,
    text_of, until,
};

/// A WARP with an officer of each of two organisations in one room.
struct Two {
    warp: Warp,
    dan: Person,
    tom: Person,
    room: RoomId,
}

impl Two {
    async fn with_ceiling(ceiling: Label) -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let thanet = warp.organisation("Thanet District Council").await?;
        let (dan, tom) = (warp.officer("dan", dover).await?, warp.officer("tom", thanet).await?);
        let room = warp.room(&[&dan, &tom], ceiling, Label::Green).await?;
        Ok(Self { warp, dan, tom, room })
    }
}

fn post(room: RoomId, label: Label, text: &str) -> PostEntry {
    PostEntry {
        room,
        id: EntryId::random(),
        label,
        text: text.parse().unwrap(),
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: Vec::new(),
    }
}

async fn edit(by: &Person, room: RoomId, of: Seq, text: &str) -> Result<Posted, CallError> {
    let text = text.parse()?;
    by.client.append(EditEntry { room, id: EntryId::random(), of, text }).await
}

async fn retract(by: &Person, room: RoomId, of: Seq) -> Result<Posted, CallError> {
    by.client.append(RetractEntry { room, id: EntryId::random(), of }).await
}

async fn relabel(by: &Person, room: RoomId, of: Seq, to: Label) -> Result<Posted, CallError> {
    by.client.append(RelabelEntry { room, id: EntryId::random(), of, to }).await
}

async fn react(by: &Person, room: RoomId, of: Seq, reaction: &str) -> Result<Posted, CallError> {
    let reaction = reaction.parse()?;
    let (id, withdrawn) = (EntryId::random(), false);
    by.client.append(ReactToEntry { room, id, of, reaction, withdrawn }).await
}

fn code<T>(result: Result<T, CallError>) -> ErrorCode {
    refusal(result).unwrap().code
}

#[tokio::test]
async fn a_post_is_read_as_it_was_written() -> anyhow::Result<()> {
    let Two { dan, tom, room, warp: _warp } = Two::with_ceiling(Label::Amber).await?;
    let (_client, mut events) = tom.follow(room, 3).await?;
    let written = PostEntry {
        mentions: vec![tom.member],
        subjects: vec![Subject::Vendor("Civica".parse()?), Subject::Cve("CVE-2024-21887".parse()?)],
        ask: None,
        exercise: true,
        ..post(room, Label::Amber, "Planning is **down**.\n\tForms too: \"£\" \\ 🔥")
    };
    let posted = dan.client.append(written.clone()).await?;
    let read = next_entry(&mut events).await?;
    assert_eq!((read.seq, read.at_ms), (posted.seq, Some(posted.at_ms)));
    assert_eq!(read.record.head, posted.head);
    assert_eq!(read.text(), Some(written.text.as_str()));
    let handling = read.entry.expect("shown").handling;
    assert_eq!((handling.id, handling.author), (written.id, dan.principal()));
    assert_eq!((handling.label, handling.exercise), (Label::Amber, true));
    assert_eq!((handling.mentions, handling.subjects), (written.mentions, written.subjects));
    assert_eq!(handling.kind, Kind::Post { reply_to: None });
    Ok(())
}

#[tokio::test]
async fn an_entry_sent_again_answers_the_same_and_is_there_once_also_after_a_restart()
-> anyhow::Result<()> {
    let Two { mut warp, dan, tom, room } = Two::with_ceiling(Label::Amber).await?;
    let once = post(room, Label::Amber, "once");
    let first = dan.client.append(once.clone()).await?;
    assert_eq!(dan.client.append(once.clone()).await?, first);
    // The same id of somebody else is another entry.
    let other = tom.client.append(once.clone()).await?;
    assert_ne!(other.seq, first.seq);

    warp.kill()?;
    warp.restart().await?;
    assert_eq!(dan.client.append(once.clone()).await?, first);
    // Both at once, as after a lost answer.
    let twice = post(room, Label::Amber, "twice at once");
    let (one, two) =
        tokio::join!(dan.client.append(twice.clone()), dan.client.append(twice.clone()));
    assert_eq!(one?, two?);
    let texts: Vec<_> = dan.history(room).await?.iter().filter_map(text_of).collect();
    assert_eq!(texts, ["once", "once", "twice at once"]);
    Ok(())
}

#[tokio::test]
async fn nothing_stricter_than_the_ceiling_is_posted_edited_or_relabelled() -> anyhow::Result<()> {
    let Two { dan, room, warp: _warp, .. } = Two::with_ceiling(Label::Amber).await?;
    for label in Label::ALL {
        let posted = dan.post(room, label, "a label").await;
        if label <= Label::Amber {
            assert_eq!(posted?.seq, 4 + u64::from(label.strictness()));
        } else {
            assert_eq!(code(posted), ErrorCode::LabelRefused, "{label}");
        }
    }
    assert_eq!(code(relabel(&dan, room, 4, Label::Red).await), ErrorCode::LabelRefused);

    // A ceiling that came down later holds for what comes later.
    let settings = settings(Label::Green, Label::Green)?;
    dan.client.append(ChangeRoom { room, id: EntryId::random(), settings }).await?;
    assert_eq!(code(edit(&dan, room, 6, "an AMBER text").await), ErrorCode::LabelRefused);
    edit(&dan, room, 5, "a GREEN text").await?;
    Ok(())
}

#[tokio::test]
async fn a_reply_is_at_least_as_strict_as_what_it_answers_and_stays_so() -> anyhow::Result<()> {
    let Two { dan, tom, room, warp: _warp } = Two::with_ceiling(Label::Red).await?;
    let root = dan.post(room, Label::Amber, "who runs Civica?").await?.seq;
    for milder in [Label::Clear, Label::Green] {
        let refused = tom.reply(room, root, milder, "us").await;
        assert_eq!(code(refused), ErrorCode::LabelRefused, "{milder}");
    }
    let reply = tom.reply(room, root, Label::Amber, "us").await?.seq;
    assert_eq!(code(relabel(&tom, room, reply, Label::Green).await), ErrorCode::LabelRefused);
    relabel(&tom, room, reply, Label::Red).await?;
    relabel(&tom, room, reply, Label::Amber).await?;
    // What the thread becomes, a new reply must be.
    relabel(&dan, room, root, Label::AmberStrict).await?;
    assert_eq!(code(tom.reply(room, root, Label::Amber, "too").await), ErrorCode::LabelRefused);
    assert_eq!(code(relabel(&tom, room, reply, Label::Amber).await), ErrorCode::LabelRefused);
    relabel(&dan, room, root, Label::Green).await?;
    relabel(&tom, room, reply, Label::Green).await?;
    Ok(())
}

#[tokio::test]
async fn a_reply_to_a_reply_stands_under_the_threads_first_entry() -> anyhow::Result<()> {
    let Two { dan, tom, room, warp: _warp } = Two::with_ceiling(Label::Red).await?;
    let root = dan.post(room, Label::Green, "root").await?.seq;
    let first = tom.reply(room, root, Label::Green, "first").await?.seq;
    let second = dan.reply(room, first, Label::Green, "second").await?.seq;
    let third = tom.reply(room, second, Label::Red, "third").await?.seq;
    let thread = dan.referring(room, root).await?.records;
    assert_eq!(thread.iter().map(|one| one.seq).collect::<Vec<_>>(), [first, second, third]);
    for reply in thread.iter().filter_map(entry_of) {
        assert_eq!(reply.handling.kind, Kind::Post { reply_to: Some(root) });
    }
    assert!(dan.referring(room, first).await?.records.is_empty());
    assert_eq!(code(dan.reply(room, 999, Label::Green, "to nothing").await), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn only_its_author_edits_a_post_and_history_hands_out_the_edits_with_it() -> anyhow::Result<()>
{
    let Two { warp, dan, tom, room } = Two::with_ceiling(Label::Red).await?;
    let of = dan.post(room, Label::Amber, "Dover is affected").await?.seq;
    for seq in 0..3 {
        tom.post(room, Label::Green, &format!("in between {seq}")).await?;
    }
    assert_eq!(code(edit(&tom, room, of, "not affected").await), ErrorCode::NotAllowed);
    let edited = edit(&dan, room, of, "Dover is investigating").await?.seq;

    let page = tom.page(room, From::After(of - 1), 2).await?;
    assert_eq!(page.records.iter().map(|one| one.seq).collect::<Vec<_>>(), [of, of + 1]);
    assert_eq!(page.amendments.iter().map(|one| one.seq).collect::<Vec<_>>(), [edited]);
    assert_eq!(text_of(&page.amendments[0]).as_deref(), Some("Dover is investigating"));
    let entry = entry_of(&page.amendments[0]).expect("shown");
    assert_eq!((entry.handling.kind, entry.handling.label), (Kind::Edit { of }, Label::Amber));
    // A page that holds the edit itself has no need to repeat it.
    assert!(tom.page(room, From::Latest, 200).await?.amendments.is_empty());
    // Both texts are found.
    assert_eq!(tom.finds(room, "dover is").await?, [edited, of]);

    // An edit is no post: it is neither edited nor taken back itself.
    assert_eq!(code(edit(&dan, room, edited, "again").await), ErrorCode::Conflict);
    assert_eq!(code(retract(&dan, room, edited).await), ErrorCode::Conflict);
    assert_eq!(code(edit(&dan, room, 1, "the opening").await), ErrorCode::Conflict);
    // Nor does a manager edit, in the room or not.
    assert_eq!(code(edit(warp.manager(), room, of, "x").await), ErrorCode::NotFound);
    dan.add(room, warp.manager()).await?;
    assert_eq!(code(edit(warp.manager(), room, edited, "x").await), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_retracted_post_is_served_to_nobody_by_no_path() -> anyhow::Result<()> {
    let Two { mut warp, dan, tom, room } = Two::with_ceiling(Label::Red).await?;
    let of = dan.post(room, Label::Green, "a slip of the tongue").await?.seq;
    let edited = edit(&dan, room, of, "a slip of the pen").await?.seq;
    let reply = tom.reply(room, of, Label::Green, "a reply").await?.seq;
    assert_eq!(code(retract(&tom, room, of).await), ErrorCode::NotAllowed);
    let (_client, mut events) = tom.follow(room, reply).await?;
    let retracted = retract(&dan, room, of).await?.seq;
    let notice = next_entry(&mut events).await?.entry.expect("everyone sees it");
    assert_eq!(notice.handling.kind, Kind::Retract { of });

    for again in [false, true] {
        if again {
            warp.kill()?;
            warp.restart().await?;
            dan.back().await?;
            tom.back().await?;
        }
        for person in [&dan, &tom] {
            let records = person.history(room).await?;
            let text = |seq: Seq| text_of(&records[usize::try_from(seq).unwrap() - 1]);
            assert_eq!((text(of), text(edited)), (None, None));
            assert_eq!(text(reply).as_deref(), Some("a reply"), "is its author's to take back");
            assert!(chain_end(warproom_proto::LogId::room(room), &records).is_some());
            assert!(person.finds(room, "a slip").await?.is_empty());
            assert_eq!(code(person.referring(room, of).await), ErrorCode::NotFound);
            let (client, mut events) = person.follow(room, 3).await?;
            let replayed = next_entry(&mut events).await?;
            assert!(replayed.seq == of && replayed.is_withheld());
            client.close().await;
        }
    }
    assert_eq!(code(edit(&dan, room, of, "once more").await), ErrorCode::Conflict);
    assert_eq!(code(retract(&dan, room, of).await), ErrorCode::Conflict);
    assert_eq!(code(tom.reply(room, of, Label::Green, "late").await), ErrorCode::NotFound);
    assert_eq!(code(react(&tom, room, of, "👍").await), ErrorCode::NotFound);
    assert_eq!(retracted, reply + 1, "and nothing of it was stored");
    assert_eq!(dan.page(room, From::Latest, 1).await?.latest.seq, retracted);
    Ok(())
}

#[tokio::test]
async fn a_manager_in_the_room_takes_back_and_tightens_but_does_not_relax() -> anyhow::Result<()> {
    let Two { warp, dan, tom, room } = Two::with_ceiling(Label::Red).await?;
    let mary = warp.manager();
    dan.add(room, mary).await?;
    let of = dan.post(room, Label::Amber, "names of victims").await?.seq;
    for to in [Label::Green, Label::Red] {
        assert_eq!(code(relabel(&tom, room, of, to).await), ErrorCode::NotAllowed, "{to}");
    }
    assert_eq!(code(relabel(mary, room, of, Label::Green).await), ErrorCode::NotAllowed);
    assert_eq!(code(relabel(mary, room, of, Label::Amber).await), ErrorCode::NotAllowed);
    let (_client, mut events) = tom.follow(room, of).await?;
    relabel(mary, room, of, Label::Red).await?;
    let notice = next_entry(&mut events).await?.entry.expect("everyone sees it");
    assert_eq!(notice.handling.kind, Kind::Relabel { of, to: Label::Red });
    assert_eq!(notice.handling.author, mary.principal());
    relabel(&dan, room, of, Label::Green).await?;
    retract(mary, room, of).await?;
    assert!(!tom.reads(room, of).await?);
    Ok(())
}

#[tokio::test]
async fn reactions_are_given_and_taken_back_by_posts_readers() -> anyhow::Result<()> {
    let Two { dan, tom, room, warp: _warp } = Two::with_ceiling(Label::Red).await?;
    let of = dan.post(room, Label::Amber, "thanks all").await?.seq;
    let given = react(&tom, room, of, "👍").await?.seq;
    let withdrawn = tom
        .client
        .append(ReactToEntry {
            room,
            id: EntryId::random(),
            of,
            reaction: "👍".parse()?,
            withdrawn: true,
        })
        .await?
        .seq;
    let referring = dan.referring(room, of).await?.records;
    let kinds: Vec<_> =
        referring.iter().filter_map(entry_of).map(|one| one.handling.kind).collect();
    let react_kind = |withdrawn| Kind::React { of, withdrawn };
    assert_eq!(kinds, [react_kind(false), react_kind(true)]);
    assert_eq!(text_of(&referring[0]).as_deref(), Some("👍"));

    let long = "x".repeat(limits::REACTION_BYTES + 1);
    assert_eq!(code(react(&tom, room, of, &long).await), ErrorCode::BadParams);
    for not_a_post in [1, given, withdrawn] {
        assert_eq!(code(react(&tom, room, not_a_post, "👍").await), ErrorCode::Conflict);
    }
    Ok(())
}

#[tokio::test]
async fn only_people_of_the_room_are_mentioned() -> anyhow::Result<()> {
    let Two { warp, dan, tom, room } = Two::with_ceiling(Label::Red).await?;
    let mention = |who: Vec<MemberId>| {
        let call = PostEntry { mentions: who, ..post(room, Label::Green, "look") };
        dan.client.append(call)
    };
    mention(vec![tom.member, dan.member]).await?;
    let outside = [warp.manager().member, MemberId::random()];
    for somebody in outside {
        assert_eq!(code(mention(vec![somebody]).await), ErrorCode::Conflict);
    }
    let crowd = vec![tom.member; limits::MENTIONS + 1];
    assert_eq!(code(mention(crowd).await), ErrorCode::BadParams);
    Ok(())
}

#[tokio::test]
async fn read_marks_only_go_forward_and_are_seen_by_those_who_may_read_the_entry()
-> anyhow::Result<()> {
    let Two { mut warp, dan, tom, room } = Two::with_ceiling(Label::Red).await?;
    let first = dan.post(room, Label::Green, "first").await?.seq;
    let second = dan.post(room, Label::Green, "second").await?.seq;
    let mark = |seq| tom.client.call(MarkRead { room, seq });
    assert_eq!(code(mark(second + 1).await), ErrorCode::BadParams);
    mark(second).await?;
    mark(first).await?;
    dan.client.call(MarkRead { room, seq: first }).await?;
    for restarted in [false, true] {
        if restarted {
            warp.kill()?;
            warp.restart().await?;
            dan.back().await?;
            warp.manager().back().await?;
        }
        let seen = async |seq| dan.client.call(SeenBy { room, seq }).await;
        assert_eq!(seen(second).await?.members, [tom.member]);
        assert_eq!(seen(first).await?.members, [dan.member, tom.member]);
    }
    // Somebody who came later and may not read it is neither told nor counted.
    let thanet = warp.organisation("Ashford Borough Council").await?;
    let late = warp.officer("late", thanet).await?;
    let secret = dan.post(room, Label::Red, "secret").await?.seq;
    dan.add(room, &late).await?;
    late.client.call(MarkRead { room, seq: secret + 1 }).await?;
    assert_eq!(code(late.client.call(SeenBy { room, seq: secret }).await), ErrorCode::NotFound);
    assert!(dan.client.call(SeenBy { room, seq: secret }).await?.members.is_empty());
    Ok(())
}

async fn typing(client: &Client, room: RoomId) -> Result<(), CallError> {
    client.call(TypeInRoom { room }).await.map(drop)
}

#[tokio::test]
async fn typing_and_presence_are_told_only_where_the_room_has_them_on() -> anyhow::Result<()> {
    let Two { dan, tom, room, warp: _warp } = Two::with_ceiling(Label::Red).await?;
    let (_client, mut events) = tom.follow(room, 3).await?;
    typing(&dan.client, room).await?;
    assert_eq!(code(dan.client.call(PresentInRoom { room }).await), ErrorCode::NotAllowed);
    // What is posted after it would come after it.
    let posted = dan.post(room, Label::Green, "no notice before this").await?.seq;
    let quiet = until(&mut events, |event| match event {
        Event::Entry(entry) => Some(entry.seq == posted),
        Event::Typing { .. } | Event::Presence { .. } => Some(false),
        _ => None,
    });
    assert!(quiet.await?);

    let mut on = settings(Label::Red, Label::Green)?;
    (on.typing, on.presence) = (true, true);
    dan.client.append(ChangeRoom { room, id: EntryId::random(), settings: on }).await?;
    typing(&dan.client, room).await?;
    let typist = until(&mut events, |event| match event {
        Event::Typing { member, .. } => Some(*member),
        _ => None,
    });
    assert_eq!(typist.await?, dan.member);
    // Nobody is told of their own: the post comes after it, and is what comes first.
    typing(&tom.client, room).await?;
    dan.post(room, Label::Green, "no notice before this either").await?;
    let first = until(&mut events, |event| match event {
        Event::Entry(entry) if entry.text().is_some() => Some(true),
        Event::Typing { .. } => Some(false),
        _ => None,
    });
    assert!(first.await?);

    let (follower, _events) = dan.follow(room, 0).await?;
    let here = |expected| {
        move |event: &Event| match event {
            Event::Presence { member, here, .. } if *here == expected => Some(*member),
            _ => None,
        }
    };
    assert_eq!(until(&mut events, here(true)).await?, dan.member);
    let present = tom.client.call(PresentInRoom { room }).await?.members;
    assert_eq!(present, [dan.member, tom.member]);
    follower.close().await;
    assert_eq!(until(&mut events, here(false)).await?, dan.member);
    Ok(())
}

#[tokio::test]
async fn history_is_read_from_a_date_on() -> anyhow::Result<()> {
    let Two { dan, room, warp: _warp, .. } = Two::with_ceiling(Label::Red).await?;
    let mut posts = Vec::new();
    for number in 0..5 {
        let last: i64 = posts.last().map_or(0, |last: &Posted| last.at_ms);
        let post = async || {
            let posted = dan.post(room, Label::Green, &format!("{number}")).await.ok()?;
            (posted.at_ms > last).then_some(posted)
        };
        posts.push(eventually(DEADLINE, post).await?);
    }
    let from = async |at_ms| {
        let page = dan.page(room, From::Time(at_ms), 200).await?;
        anyhow::Ok(page.records.first().map(|first| first.seq))
    };
    assert_eq!(from(0).await?, Some(1));
    assert_eq!(from(posts[2].at_ms).await?, Some(posts[2].seq));
    assert_eq!(from(posts[1].at_ms + 1).await?, Some(posts[1].seq + 1));
    assert_eq!(from(posts[4].at_ms + 1).await?, None);
    Ok(())
}

#[tokio::test]
async fn pages_before_and_after_cover_all_of_a_room_with_no_gap() -> anyhow::Result<()> {
    let Two { dan, room, warp: _warp, .. } = Two::with_ceiling(Label::Red).await?;
    for number in 0..40_u8 {
        // Long ones among them, so that a page ends by its bytes and not by its count.
        let text = if number % 3 == 0 { "x".repeat(40 * 1024) } else { number.to_string() };
        dan.post(room, Label::Green, &text).await?;
    }
    let all: Vec<Seq> = (1..=43).collect();
    for limit in [1, 7, 200] {
        let mut forward = Vec::new();
        loop {
            let after = forward.last().copied().unwrap_or(0);
            let page = dan.page(room, From::After(after), limit).await?;
            assert!(page.records.len() <= usize::from(limit));
            if page.records.is_empty() {
                break;
            }
            forward.extend(page.records.iter().map(|one| one.seq));
        }
        assert_eq!(forward, all, "forward by {limit}");

        let mut page = dan.page(room, From::Latest, limit).await?;
        let mut backward: Vec<Seq> = Vec::new();
        while let Some(first) = page.records.first().map(|one| one.seq) {
            let seqs = page.records.iter().map(|one| one.seq);
            backward = seqs.chain(backward).collect();
            page = dan.page(room, From::Before(first), limit).await?;
        }
        assert_eq!(backward, all, "backward by {limit}");
    }
    for limit in [0, 201] {
        assert_eq!(code(dan.page(room, From::Latest, limit).await), ErrorCode::BadParams);
    }
    assert!(dan.page(room, From::After(u64::MAX), 10).await?.records.is_empty());
    assert!(dan.page(room, From::Before(0), 10).await?.records.is_empty());
    let beyond = dan.page(room, From::Before(u64::MAX), 1).await?;
    assert_eq!(beyond.records.first().map(|one| one.seq), Some(43));
    Ok(())
}

#[tokio::test]
async fn a_page_with_many_long_edits_or_replies_still_fits_a_clients_frame() -> anyhow::Result<()> {
    let Two { dan, room, warp: _warp, .. } = Two::with_ceiling(Label::Red).await?;
    let of = dan.post(room, Label::Green, "short").await?.seq;
    let long = "x".repeat(60 * 1024);
    for _ in 0..20 {
        edit(&dan, room, of, &long).await?;
    }
    let page = dan.page(room, From::After(of - 1), 1).await?;
    assert!(!page.amendments.is_empty());
    // The newest edit is the one that counts.
    assert_eq!(page.amendments.last().map(|one| one.seq), Some(of + 20));

    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let call = warproom_proto::calls::HistoryReferring { room, to: of, after, limit: 200 };
        let page = dan.client.call(call).await?;
        let Some(last) = page.records.last() else { break };
        after = last.seq;
        seen.extend(page.records.iter().map(|one| one.seq));
    }
    assert_eq!(seen, (of + 1..=of + 20).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn a_search_is_read_on_from_where_it_stopped() -> anyhow::Result<()> {
    let Two { dan, room, warp: _warp, .. } = Two::with_ceiling(Label::Red).await?;
    let mut expected = Vec::new();
    for number in 0..12 {
        let seq = dan.post(room, Label::Green, &format!("Ivanti number {number}")).await?.seq;
        dan.post(room, Label::Green, "something else").await?;
        expected.insert(0, seq);
    }
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let mut search = dan.client.search(room, "IVANTI".parse()?, before, 5).await?;
        while let Some(hit) = search.next().await {
            found.push(hit.seq);
        }
        let end = search.end().await?;
        let Some(next) = end.next_before else { break };
        assert_eq!(end.hits, 5);
        before = Some(next);
    }
    assert_eq!(found, expected);
    assert!(dan.finds(room, "TLP:GREEN").await?.is_empty(), "only texts are searched");
    Ok(())
}

#[tokio::test]
async fn a_text_is_taken_up_to_its_limit_and_no_longer() -> anyhow::Result<()> {
    let Two { dan, room, warp, .. } = Two::with_ceiling(Label::Red).await?;
    let longest = "x".repeat(limits::TEXT_BYTES);
    let posted = dan.post(room, Label::Green, &longest).await?.seq;
    let records = dan.page(room, From::After(posted - 1), 1).await?.records;
    assert!(records.first().and_then(text_of).is_some_and(|text| text == longest));

    let mut raw = warp.raw().await?;
    raw.sign_in(&dan).await?;
    let (id, text) = (EntryId::random(), format!("{longest}x"));
    let params = serde_json::json!({"room": room, "id": id, "label": "TLP:GREEN", "text": text});
    let reply: serde_json::Value =
        serde_json::from_str(&raw.call(1, "entry.post", &params).await?)?;
    assert_eq!(reply["error"]["code"], ErrorCode::BadParams.number());
    Ok(())
}
