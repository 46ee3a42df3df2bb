//! What follows what: revisions that come in the wrong order, replacements, withdrawals.

use warproom_client::proto::calls::PostAlert;
use warproom_client::proto::{Line, Message, Severity};
use warproom_relay::compose::compose;
use warproom_relay::cursor::Cursor;
use warproom_relay::formats::{self, Format};
use warproom_relay::item::Item;
use warproom_relay::plan::{Plan, plan};
use warproom_relay::source::Gathered;

use crate::plan::{NOW_MS, feed, item, items, looked, read, read_for, shape, written};
use crate::warp::{one, two};

const NOTHING: [&str; 0] = [];

fn at(time_ms: i64, item: Item) -> Item {
    Item { issued_at_ms: Some(time_ms), ..item }
}

fn cancel(id: &str, replaces: &[&str]) -> Item {
    let replaces = replaces.iter().map(|id| (*id).to_owned()).collect();
    Item { message: Message::Cancel, replaces, ..item(id, "1") }
}

fn messages(plan: &Plan) -> Vec<Message> {
    written(&feed(""), plan).iter().map(|post| post.alert.message).collect()
}

#[test]
fn an_older_revision_never_takes_the_place_of_a_newer_one() {
    let source = feed("");
    let new = at(2, Item { severity: Severity::Extreme, ..item("a", "new") });
    let old = at(1, item("a", "old"));
    for both in [vec![new.clone(), old.clone()], vec![old.clone(), new.clone()]] {
        let plan = read(&source, &looked(&source), both);
        assert_eq!(shape(&plan), ["a as a"]);
        assert_eq!(written(&source, &plan)[0].alert.severity, Severity::Extreme);
        let late = read(&source, &plan.cursor, vec![old.clone()]);
        assert_eq!((shape(&late), late.held_back), (vec![], 1));
        // Nor is the newer one new again after that.
        assert_eq!(shape(&read(&source, &late.cursor, vec![new.clone()])), NOTHING);
        let newest = read(&source, &late.cursor, vec![at(3, item("a", "newest"))]);
        assert_eq!(messages(&newest), [Message::Update]);
    }
}

#[test]
fn an_older_item_of_a_line_comes_too_late() {
    let source = feed("");
    let first = read(&source, &looked(&source), vec![at(1, item("a", "1"))]);
    let ended = read(&source, &first.cursor, vec![at(3, cancel("c", &["a"]))]);
    assert_eq!(shape(&ended), ["c as a"]);
    let between = at(2, Item { replaces: vec!["a".into()], ..item("b", "1") });
    let late = read(&source, &ended.cursor, vec![between]);
    assert_eq!((shape(&late), late.held_back), (vec![], 1));
}

#[test]
fn a_withdrawal_of_several_alerts_takes_back_each() {
    let source = feed("");
    let first = read(&source, &looked(&source), items(0..3));
    let gone = cancel("gone", &["id-0", "id-2", "id-2", "never"]);
    let second = read(&source, &first.cursor, vec![gone]);
    assert_eq!(shape(&second), ["gone as id-0 and id-2"]);
    let posts = written(&source, &second);
    let ids: Vec<_> = posts.iter().map(|post| post.alert.source.clone().unwrap().id).collect();
    assert_eq!(ids.iter().map(Line::as_str).collect::<Vec<_>>(), ["Test/id-0", "Test/id-2"]);
    assert_ne!(posts[0].id, posts[1].id);
    assert_eq!(messages(&second), [Message::Cancel, Message::Cancel]);
    // What joins two lines goes on with both.
    let joined = Item { replaces: vec!["id-0".into(), "id-1".into()], ..item("b", "1") };
    let joined = read(&source, &first.cursor, vec![joined]);
    assert_eq!(messages(&joined), [Message::Update, Message::Update]);
    let ended = read(&source, &joined.cursor, vec![cancel("end", &["b"])]);
    assert_eq!(shape(&ended), ["end as id-0 and id-1"]);
}

#[test]
fn many_withdrawals_at_once_are_no_digest_and_none_is_passed_over() {
    let source = feed("digest_over = 50");
    let mut cursor = looked(&source);
    for start in [0, 40, 80] {
        cursor = read(&source, &cursor, items(start..start + 40)).cursor;
    }
    let mut gone: Vec<_> =
        (0..120).map(|number| cancel(&format!("c{number}"), &[&format!("id-{number}")])).collect();
    gone.extend(items(200..203));
    let mut all = Vec::new();
    for (more, count) in [(true, 50), (true, 50), (false, 23)] {
        let plan = read(&source, &cursor, gone.clone());
        assert_eq!((plan.more, plan.posts.len()), (more, count));
        all.extend(shape(&plan));
        cursor = plan.cursor;
    }
    let mut expected: Vec<_> = (0..120).map(|number| format!("c{number} as id-{number}")).collect();
    expected.extend((200..203).map(|number| format!("id-{number} as id-{number}")));
    assert_eq!(all, expected);
    assert_eq!(shape(&read(&source, &cursor, gone)), NOTHING);
}

#[test]
fn how_far_was_read_is_not_moved_on_while_there_is_more_to_follow_up() {
    let source = feed("digest_over = 50");
    let mut cursor = looked(&source);
    for start in [0, 40] {
        cursor = read(&source, &cursor, items(start..start + 40)).cursor;
    }
    let gone: Vec<_> =
        (0..80).map(|number| cancel(&format!("c{number}"), &[&format!("id-{number}")])).collect();
    let gathered = |items: &[Item]| {
        let mut gathered = Gathered { items: items.to_vec(), ..Gathered::default() };
        gathered.marks.added_after = Some("end".into());
        gathered
    };
    let first = plan(&source, &cursor, gathered(&gone), NOW_MS);
    assert_eq!((first.more, first.cursor.marks.added_after.as_deref()), (true, None));
    let second = plan(&source, &first.cursor, gathered(&gone), NOW_MS);
    assert_eq!((second.more, second.cursor.marks.added_after.as_deref()), (false, Some("end")));
}

#[test]
fn what_a_digest_told_is_withdrawn_by_a_post_of_its_own() {
    let source = feed("digest_over = 2");
    let first = read(&source, &looked(&source), items(0..5));
    assert_eq!(shape(&first), ["5"]);
    let gone = (0..5).map(|number| cancel(&format!("c{number}"), &[&format!("id-{number}")]));
    assert_eq!(messages(&read(&source, &first.cursor, gone.collect())), [Message::Cancel; 5]);
}

#[test]
fn an_alert_that_is_read_after_its_end_is_not_posted() {
    let source = feed("");
    let ended = read(&source, &looked(&source), vec![at(2, cancel("c", &["a"]))]);
    let late = read(&source, &ended.cursor, vec![item("a", "1"), item("b", "1")]);
    assert_eq!(shape(&late), ["b as b"]);
    let again = read(&source, &late.cursor, vec![at(1, item("a", "2"))]);
    assert_eq!(shape(&again), NOTHING);
}

#[test]
fn nobody_else_ends_or_replaces_a_senders_alert() {
    let source = feed("");
    let by = |sender: &str, item: Item| Item { sender: sender.into(), ..item };
    let alert = || by("council", item("council,1,t", "1"));
    let first = read(&source, &looked(&source), vec![alert()]);
    let forged = by("other", cancel("other,2,t", &["council,1,t"]));
    let plan = read(&source, &first.cursor, vec![forged.clone()]);
    assert_eq!((shape(&plan), plan.held_back), (vec![], 1));
    let update = Item { message: Message::Update, ..forged.clone() };
    let plan = read(&source, &first.cursor, vec![update.clone()]);
    assert_eq!(shape(&plan), ["other,2,t as other,2,t"]);
    // Also where the alert comes with it, or after it.
    for cursor in [Cursor { looked: true, ..Cursor::default() }, looked(&source)] {
        let plan = read(&source, &cursor, vec![forged.clone(), alert()]);
        assert_eq!(shape(&plan), ["council,1,t as council,1,t"]);
        let ahead = read(&source, &cursor, vec![update.clone()]);
        assert_eq!(shape(&ahead), ["other,2,t as other,2,t"]);
        let plan = read(&source, &ahead.cursor, vec![alert()]);
        assert_eq!(shape(&plan), ["council,1,t as council,1,t"]);
    }
    let own = by("council", cancel("council,3,t", &["council,1,t"]));
    assert_eq!(shape(&read(&source, &first.cursor, vec![own])), ["council,3,t as council,1,t"]);
}

#[test]
fn the_way_back_to_what_was_said_before_is_another_entry() {
    let source = feed("");
    let mut cursor = looked(&source);
    let mut ids = Vec::new();
    for revision in ["a", "b", "a", "b"] {
        let plan = read(&source, &cursor, vec![item("x", revision)]);
        ids.extend(written(&source, &plan).into_iter().map(|post: PostAlert| post.id));
        cursor = plan.cursor;
    }
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((ids.len(), once.len()), (4, 4));
    // Without memory the first way is taken again, under the same ids.
    let plan = read(&source, &looked(&source), vec![item("x", "b")]);
    assert_eq!(written(&source, &plan)[0].id, ids[1]);
}

#[test]
fn what_had_no_place_in_a_room_is_not_followed_up_there() {
    let source = feed("");
    let rooms = [one(), two()];
    let red = Item { marks: vec!["TLP:RED".into()], ..item("a", "1") };
    let first = read_for(&rooms, &source, &looked(&source), vec![red]);
    let posted = |plan: &Plan| {
        let posts = compose(&source, &rooms, &plan.posts, NOW_MS).posts;
        posts.iter().map(|post| (post.call.room, post.call.alert.message)).collect::<Vec<_>>()
    };
    assert_eq!(posted(&first), [(two().id, Message::Alert)]);
    let gone = read_for(&rooms, &source, &first.cursor, vec![cancel("c", &["a"])]);
    assert_eq!(posted(&gone), [(two().id, Message::Cancel)]);
    let milder = read_for(&rooms, &source, &first.cursor, vec![item("a", "2")]);
    assert_eq!(posted(&milder), [(one().id, Message::Alert), (two().id, Message::Update)]);
    // Where it had no place at all, it is not withdrawn at all.
    let red = Item { marks: vec!["TLP:RED".into()], ..item("a", "1") };
    let nowhere = read(&source, &looked(&source), vec![red]);
    assert_eq!(shape(&read(&source, &nowhere.cursor, vec![cancel("c", &["a"])])), NOTHING);
}

/// A CAP document as a sender writes it.
fn cap(sender: &str, hour: u8, kind: &str, references: &str) -> Item {
    let text = format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>W{hour}</identifier>\
         <sender>{sender}</sender><sent>2026-01-05T{hour:02}:00:00+00:00</sent>\
         <status>Actual</status><msgType>{kind}</msgType><scope>Public</scope>\
         <references>{references}</references><info><category>Infra</category>\
         <event>Outage</event><urgency>Immediate</urgency><severity>Severe</severity>\
         <certainty>Observed</certainty><headline>Portal at {hour}</headline></info></alert>"
    );
    formats::parse(Format::Cap, text.as_bytes()).unwrap().items.remove(0)
}

#[test]
fn a_cap_document_withdraws_what_its_own_sender_said_and_nothing_else() {
    let source = feed("");
    let (ours, theirs) =
        ("a@x.example,W1,2026-01-05T01:00:00+00:00", "b@x.example,W2,2026-01-05T02:00:00+00:00");
    let alerts = vec![cap("a@x.example", 1, "Alert", ""), cap("b@x.example", 2, "Alert", "")];
    let first = read(&source, &looked(&source), alerts.clone());
    assert_eq!(shape(&first), [format!("{ours} as {ours}"), format!("{theirs} as {theirs}")]);
    let end = cap("a@x.example", 3, "Cancel", &format!("{ours} {theirs}"));
    let ended = read(&source, &first.cursor, vec![end.clone()]);
    assert_eq!(shape(&ended), [format!("{} as {ours}", end.id)]);
    // Before the alerts it ends the same one.
    let ahead = read(&source, &looked(&source), vec![end]);
    let late = read(&source, &ahead.cursor, alerts);
    assert_eq!(shape(&late), [format!("{theirs} as {theirs}")]);
}
