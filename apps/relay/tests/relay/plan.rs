//! What is new, and whether it is posted one by one or as a digest.

use proptest::prelude::*;
use warproom_client::proto::calls::PostAlert;
use warproom_client::proto::{Certainty, Label, Message, Severity, Subject, Urgency, limits};
use warproom_relay::compose::{Room, compose};
use warproom_relay::config::Source;
use warproom_relay::cursor::Cursor;
use warproom_relay::item::Item;
use warproom_relay::plan::{Plan, Post, plan};
use warproom_relay::source::Gathered;

use crate::settings::{source as settings, web};
use crate::warp::{one, two};

pub const NOW_MS: i64 = 1_767_600_000_000;

pub fn item(id: &str, revision: &str) -> Item {
    Item {
        id: id.into(),
        revision: revision.into(),
        replaces: Vec::new(),
        message: Message::Alert,
        severity: Severity::Moderate,
        urgency: Urgency::Unknown,
        certainty: Certainty::Unknown,
        headline: format!("Warning {id}"),
        text: "What has happened.".into(),
        what_to_do: "Patch.".into(),
        references: vec![format!("https://x.example/{id}")],
        issuer: "Issuer".into(),
        sender: String::new(),
        subjects: Vec::new(),
        issued_at_ms: None,
        effective_at_ms: None,
        expires_at_ms: None,
        marks: vec!["TLP:GREEN".into()],
        hints: Vec::new(),
        exercise: false,
    }
}

pub fn items(numbers: std::ops::Range<usize>) -> Vec<Item> {
    numbers.map(|number| item(&format!("id-{number}"), "1")).collect()
}

pub fn feed(lines: &str) -> Source {
    web("feed", "https://x.example/feed", lines)
}

/// Plans a reading, of which everything is then posted to the room called "One".
pub fn read(source: &Source, cursor: &Cursor, items: Vec<Item>) -> Plan {
    read_for(&[one()], source, cursor, items)
}

/// The same for these rooms.
pub fn read_for(rooms: &[Room], source: &Source, cursor: &Cursor, items: Vec<Item>) -> Plan {
    let mut plan = plan(source, cursor, Gathered { items, ..Gathered::default() }, NOW_MS);
    for pending in compose(source, rooms, &plan.posts, NOW_MS).posts {
        plan.cursor.tell(&pending);
    }
    plan
}

/// A cursor that has seen something, so that the first look is over.
pub fn looked(source: &Source) -> Cursor {
    read(source, &Cursor::default(), vec![]).cursor
}

/// How a plan posts: each own post by its id, each digest by its size.
pub fn shape(plan: &Plan) -> Vec<String> {
    plan.posts
        .iter()
        .map(|post| match post {
            Post::One(one) => {
                let roots: Vec<_> = one.lines.iter().map(|line| &*line.root).collect();
                format!("{} as {}", one.item.id, roots.join(" and "))
            }
            Post::Digest(digest) => digest.items.len().to_string(),
        })
        .collect()
}

pub fn written(source: &Source, plan: &Plan) -> Vec<PostAlert> {
    let composed = compose(source, &[one()], &plan.posts, NOW_MS);
    assert_eq!(composed.problems, []);
    composed.posts.into_iter().map(|pending| pending.call).collect()
}

#[test]
fn the_first_look_is_one_digest() {
    let source = feed("");
    let plan = read(&source, &Cursor::default(), items(0..4));
    assert_eq!(shape(&plan), ["4"]);
    let posts = written(&source, &plan);
    let headline = posts[0].headline.as_str();
    assert!(headline.starts_with("First look at Test: 4 items; the newest: Warning"), "{headline}");
    assert_eq!(shape(&read(&source, &plan.cursor, items(0..4))), Vec::<String>::new());
}

#[test]
fn ten_thousand_items_are_one_digest_that_fits_an_entry() {
    let source = feed("");
    let mut all = items(0..10_000);
    all[77].severity = Severity::Extreme;
    all[77].marks = vec!["TLP:AMBER".into()];
    for cursor in [Cursor::default(), looked(&source)] {
        let plan = read(&source, &cursor, all.clone());
        let posts = written(&source, &plan);
        assert_eq!(posts.len(), 1);
        assert_eq!(posts[0].alert.severity, Severity::Extreme);
        assert_eq!(posts[0].label, Label::Amber);
        let text = posts[0].text.as_ref().unwrap().as_str();
        assert!(text.contains("Warning id-77") && text.contains("[Warning id-1]"), "{text}");
        assert!(text.contains("more, not listed here"), "{text}");
        assert!(serde_json::to_vec(&posts[0]).unwrap().len() < limits::FRAME_BYTES);
        assert_eq!(plan.cursor.items.len(), 10_000);
    }
}

#[test]
fn few_are_posted_one_by_one_and_many_as_a_digest() {
    let source = feed("digest_over = 5");
    let plan = read(&source, &looked(&source), items(0..5));
    assert_eq!(shape(&plan).len(), 5);
    let plan = read(&source, &plan.cursor, items(3..9));
    assert_eq!(shape(&plan), ["id-5 as id-5", "id-6 as id-6", "id-7 as id-7", "id-8 as id-8"]);
    let plan = read(&source, &plan.cursor, items(6..20));
    assert_eq!(shape(&plan), ["11"]);
}

#[test]
fn an_update_takes_its_predecessors_place() {
    let source = feed("");
    let first = read(&source, &looked(&source), vec![item("a", "1")]);
    let again = read(&source, &first.cursor, vec![item("a", "2")]);
    let renamed = Item { replaces: vec!["a".into()], ..item("b", "1") };
    let third = read(&source, &again.cursor, vec![renamed]);
    let gone = Item { message: Message::Cancel, replaces: vec!["b".into()], ..item("c", "1") };
    let fourth = read(&source, &third.cursor, vec![gone]);
    assert_eq!(shape(&fourth), ["c as a"]);
    let posts: Vec<_> = [&first, &again, &third, &fourth]
        .into_iter()
        .flat_map(|plan| written(&source, plan))
        .collect();
    let message = |post: &PostAlert| post.alert.message;
    let sources: Vec<_> = posts.iter().map(|post| post.alert.source.clone().unwrap().id).collect();
    assert!(sources.iter().all(|id| id.as_str() == "Test/a"), "{sources:?}");
    assert_eq!(
        posts.iter().map(message).collect::<Vec<_>>(),
        [Message::Alert, Message::Update, Message::Update, Message::Cancel]
    );
}

#[test]
fn an_alert_and_its_update_in_one_reading_are_the_update_alone() {
    let source = feed("");
    let update = Item { replaces: vec!["a".into()], message: Message::Update, ..item("b", "1") };
    let plan = read(&source, &looked(&source), vec![update, item("a", "1")]);
    assert_eq!(shape(&plan), ["b as a"]);
    assert_eq!(written(&source, &plan)[0].alert.message, Message::Alert);
    assert_eq!(plan.held_back, 1);
}

#[test]
fn a_line_of_updates_in_one_reading_keeps_the_first_ones_key() {
    let source = feed("");
    let first = read(&source, &looked(&source), vec![item("a", "1")]);
    let second = Item { replaces: vec!["a".into()], issued_at_ms: Some(2), ..item("b", "1") };
    let third = Item { replaces: vec!["b".into()], issued_at_ms: Some(3), ..item("c", "1") };
    let plan = read(&source, &first.cursor, vec![third, second]);
    assert_eq!(shape(&plan), ["b as a", "c as a"]);
}

#[test]
fn what_was_never_told_is_not_withdrawn() {
    let source = feed("");
    let gone = Item { message: Message::Cancel, replaces: vec!["a".into()], ..item("b", "1") };
    let plan = read(&source, &looked(&source), vec![gone]);
    assert_eq!((shape(&plan), plan.held_back), (vec![], 1));
}

#[test]
fn exercises_never_share_a_digest_with_the_real() {
    let source = feed("digest_over = 2");
    let mut all = items(0..6);
    all[..3].iter_mut().for_each(|item| item.exercise = true);
    let plan = read(&source, &looked(&source), all);
    let posts = written(&source, &plan);
    assert_eq!(posts.iter().map(|post| post.exercise).collect::<Vec<_>>(), [false, true]);
    let drill = posts[1].text.as_ref().unwrap().as_str();
    assert!(drill.contains("Warning id-0") && !drill.contains("Warning id-3"), "{drill}");
    let all_drill = feed("exercise = true");
    let plan = read(&all_drill, &looked(&all_drill), items(0..1));
    assert!(written(&all_drill, &plan)[0].exercise);
}

#[test]
fn what_is_real_is_posted_after_an_exercise_with_its_id_and_revision() {
    let source = feed("");
    let drill = Item { exercise: true, ..item("a", "1") };
    let drilled = read(&source, &looked(&source), vec![drill.clone()]);
    let real = read(&source, &drilled.cursor, vec![item("a", "1")]);
    let (drill_said, real_said) = (written(&source, &drilled), written(&source, &real));
    let real_said = real_said.first().expect("nothing is said of what is real");
    assert!(drill_said[0].exercise && !real_said.exercise);
    assert_ne!(drill_said[0].id, real_said.id, "the server takes one for the other");
    assert_eq!(real_said.alert.message, Message::Alert, "it follows up an exercise");

    // Neither comes again, and the end of the exercise withdraws nothing that is real.
    let both = read(&source, &real.cursor, vec![item("a", "1")]);
    assert_eq!(shape(&both), Vec::<String>::new());
    let gone = Item { message: Message::Cancel, revision: "2".into(), ..drill };
    let ended = written(&source, &read(&source, &both.cursor, vec![gone]));
    assert_eq!(ended.len(), 1);
    assert!(ended[0].exercise && ended[0].alert.message == Message::Cancel);
}

#[test]
fn filters_hold_back_what_is_new_and_never_what_was_told() {
    let source = feed("[source.filters]\nseverity_at_least = \"severe\"\nsubjects = [\"Ivanti\"]");
    let about = |severity, vendor: &str| Item {
        severity,
        subjects: vec![Subject::Vendor(vendor.parse().unwrap())],
        ..item(&format!("{severity}-{vendor}"), "1")
    };
    let all = vec![
        about(Severity::Severe, "Ivanti"),
        about(Severity::Moderate, "Ivanti"),
        about(Severity::Extreme, "Citrix"),
        about(Severity::Unknown, "ivanti"),
    ];
    let plan = read(&source, &looked(&source), all);
    assert_eq!(
        shape(&plan),
        ["severe-Ivanti as severe-Ivanti", "unknown-ivanti as unknown-ivanti"]
    );
    assert_eq!(plan.held_back, 2);
    let milder =
        Item { id: "severe-Ivanti".into(), revision: "2".into(), ..about(Severity::Minor, "x") };
    assert_eq!(
        shape(&read(&source, &plan.cursor, vec![milder])),
        ["severe-Ivanti as severe-Ivanti"]
    );
}

#[test]
fn what_is_over_is_not_posted_as_new() {
    let source = feed("");
    let over = Item { expires_at_ms: Some(NOW_MS - 1), ..item("a", "1") };
    assert_eq!(shape(&read(&source, &looked(&source), vec![over])), Vec::<String>::new());
}

#[test]
fn a_folder_has_no_first_look() {
    let source = settings("kind = \"folder\"\npath = \"x\"");
    assert_eq!(shape(&read(&source, &Cursor::default(), items(0..3))).len(), 3);
}

#[test]
fn what_is_stricter_than_the_room_is_reported_and_goes_elsewhere() {
    let source = feed("");
    let red = Item { marks: vec!["TLP:RED".into()], ..item("a", "1") };
    let plan = read(&source, &looked(&source), vec![red, item("b", "1")]);
    let composed = compose(&source, &[one(), two()], &plan.posts, NOW_MS);
    let rooms: Vec<_> = composed.posts.iter().map(|post| (&*post.about, post.call.room)).collect();
    assert_eq!(rooms, [("a", two().id), ("b", one().id), ("b", two().id)]);
    assert_eq!(composed.problems.len(), 1);
    assert!(composed.problems[0].reason.contains("TLP:RED"), "{:?}", composed.problems);
}

#[test]
fn a_post_says_where_it_and_its_label_come_from() {
    let source = feed("ask = \"acknowledge\"\ndue = \"24h\"");
    let bare =
        Item { marks: vec![], text: "See [here](https://evil.example).".into(), ..item("a", "1") };
    let plan = read(&source, &looked(&source), vec![bare, item("b", "1")]);
    let posts = written(&source, &plan);
    let text = |post: &PostAlert| post.text.as_ref().unwrap().as_str().to_owned();
    assert!(
        text(&posts[0]).contains("Relayed from Test. Its source gave no label; the relay did.")
    );
    assert!(text(&posts[0]).contains("See \\[here\\]("), "{}", text(&posts[0]));
    assert!(text(&posts[1]).ends_with("*Relayed from Test.*"));
    let unread = Item { marks: vec!["TLP:RED (no forwarding)".into()], ..item("c", "1") };
    let posts =
        compose(&source, &[two()], &read(&source, &looked(&source), vec![unread]).posts, NOW_MS)
            .posts;
    assert!(text(&posts[0].call).contains("Its source gave a label that could not be read;"));
    assert_eq!(posts[0].call.label, Label::Red);
    let posts = written(&source, &plan);
    let ask = posts[0].ask.as_ref().unwrap();
    assert_eq!((ask.options.len(), ask.due_at_ms), (4, Some(NOW_MS + 86_400_000)));
}

#[test]
fn the_same_thing_has_the_same_entry_id_and_another_has_another() {
    let source = feed("");
    let ids = |rooms: &[_], items: Vec<Item>| {
        let plan = read(&source, &looked(&source), items);
        let posts = compose(&source, rooms, &plan.posts, NOW_MS).posts;
        posts.into_iter().map(|post| post.call.id).collect::<Vec<_>>()
    };
    let first = ids(&[one(), two()], vec![item("a", "1"), item("b", "1"), item("a ", "1")]);
    assert_eq!(first, ids(&[one(), two()], vec![item("a", "1"), item("b", "1"), item("a ", "1")]));
    let mut all = first;
    all.extend(ids(&[one()], vec![item("a", "2"), item("ab", "1"), item("a", "b1")]));
    all.extend(ids(&[one()], items(0..20)));
    all.extend(ids(&[one()], items(0..21)));
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,40}", "(\\\\|\"|\\[|`|<|é|\n){0,20000}", "[a-z ]{0,9000}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a parser lets through, what is posted keeps the protocol's bounds.
    #[test]
    fn every_item_fits_an_entry(
        id in "\\PC{1,300}", headline in any_text(), text in any_text(), todo in any_text(),
        references in proptest::collection::vec("https://x.example/[a-zé]{0,1200}", 0..50),
        count in 1_usize..30,
    ) {
        let source = feed("");
        let one_item = Item {
            headline: if headline.trim().is_empty() { "x".into() } else { headline },
            text, what_to_do: todo, references, ..item(&id, "1")
        };
        let all = (0..count).map(|number| Item { id: format!("{id}{number}"), ..one_item.clone() });
        let plan = read(&source, &looked(&source), all.collect());
        for call in compose(&source, &[one()], &plan.posts, NOW_MS).posts {
            let encoded = serde_json::to_vec(&call.call).unwrap();
            prop_assert!(encoded.len() < limits::FRAME_BYTES - 512, "{}", encoded.len());
            // Every text is one the protocol reads back.
            prop_assert!(serde_json::from_slice::<PostAlert>(&encoded).is_ok());
        }
    }
}
