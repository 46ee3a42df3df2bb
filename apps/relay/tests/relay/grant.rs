//! Labels above the bot's grant: what is refused waits for another grant, and holds up nothing else.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use warproom_client::proto::{ErrorCode, Label, Message};
use warproom_relay::config::Source;
use warproom_relay::cursor::{Shelf, StateFolder};
use warproom_relay::run::{Round, round};

use crate::settings::web;
use crate::warp::{Mishap, Played, two};
use crate::web::{Reply, Web};

/// What a feed has: id, title and label of each.
type Items = Arc<Mutex<Vec<(String, String, &'static str)>>>;

/// A feed that a relay reads.
struct Reading {
    items: Items,
    source: Arc<Source>,
    folder: tempfile::TempDir,
    warp: Played,
}

impl Reading {
    /// Of a source that was looked at before, for the room called "Two".
    fn start(lines: &str) -> Self {
        let items = Items::default();
        let served = items.clone();
        let server = Web::start(move |_| {
            let mut text = String::from("<rss version=\"2.0\"><channel><title>T</title>");
            for (id, title, label) in served.lock().unwrap().iter() {
                let _ = write!(
                    text,
                    "<item><guid>{id}</guid><title>{title}</title><category>{label}</category></item>"
                );
            }
            Reply::ok(text + "</channel></rss>")
        });
        let rooms = vec!["Two".to_owned()];
        let source = Arc::new(Source { rooms, ..web("feed", &server.url("/"), lines) });
        let folder = tempfile::tempdir().unwrap();
        let reading = Self { items, source, folder, warp: Played::default() };
        assert!(reading.round().failure.is_none());
        reading
    }

    fn say(&self, items: &[(&str, &str, &'static str)]) {
        let owned =
            items.iter().map(|(id, title, label)| ((*id).to_owned(), (*title).to_owned(), *label));
        *self.items.lock().unwrap() = owned.collect();
    }

    fn round(&self) -> Round {
        round_on(self.folder.path(), &self.source, &self.warp)
    }

    /// A round that ends well. Answers with what it left out.
    fn well(&self) -> Vec<String> {
        let round = self.round();
        assert!(round.failure.is_none(), "{:?}", round.failure);
        round.problems.into_iter().map(|one| format!("{}: {}", one.item, one.reason)).collect()
    }

    fn headlines(&self) -> Vec<String> {
        self.warp.stored().iter().map(|alert| alert.headline.to_string()).collect()
    }

    fn waiting(&self) -> usize {
        let shelf = StateFolder::open(self.folder.path()).unwrap();
        shelf.load(&self.source.name).ok().unwrap().pending.len()
    }
}

fn round_on(folder: &Path, source: &Arc<Source>, warp: &Played) -> Round {
    let shelf = Arc::new(StateFolder::open(folder).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::select! {
            round = round(source, &shelf, warp) => round,
            () = warp.crashed() => Round::default(),
        }
    })
}

#[test]
fn a_label_above_the_grant_waits_and_is_posted_when_the_grant_is_lifted() {
    let reading = Reading::start("");
    reading.warp.grant(Some(Label::Green));
    reading.say(&[("a", "Strict", "TLP:RED"), ("b", "Mild", "TLP:GREEN")]);
    let said = reading.well();
    assert!(said.len() == 1 && said[0].starts_with("a: "), "{said:?}");
    assert!(said[0].contains("waits until a manager lifts the bot's grant"), "{said:?}");
    assert_eq!(reading.headlines(), ["Mild"]);
    // It is reported as such once, and counted from then on.
    let said = reading.well();
    assert!(said.len() == 1 && said[0].starts_with("1 posts: they still wait"), "{said:?}");
    reading.warp.grant(None);
    assert_eq!(reading.well(), Vec::<String>::new());
    assert_eq!(reading.headlines(), ["Mild", "Strict"]);
    assert_eq!(reading.waiting(), 0);
}

#[test]
fn one_strict_item_does_not_take_a_digest_with_it() {
    let reading = Reading::start("digest_over = 1");
    reading.warp.grant(Some(Label::Green));
    reading.say(&[
        ("a", "Green one", "TLP:GREEN"),
        ("b", "Red one", "TLP:RED"),
        ("c", "Green two", "TLP:GREEN"),
        ("d", "Amber one", "TLP:AMBER"),
    ]);
    let said = reading.well();
    assert_eq!(said.len(), 2, "{said:?}");
    let stored = reading.warp.stored();
    let text = stored[0].text.as_ref().unwrap().as_str();
    assert_eq!((stored.len(), stored[0].label), (1, Label::Green));
    assert!(text.contains("Green one") && text.contains("Green two"), "{text}");
    assert!(!text.contains("Red") && !text.contains("Amber"), "{text}");
    reading.warp.grant(Some(Label::Amber));
    reading.well();
    reading.warp.grant(None);
    reading.well();
    let labels: Vec<_> = reading.warp.stored().iter().map(|alert| alert.label).collect();
    assert_eq!(labels, [Label::Green, Label::Amber, Label::Red]);
}

#[test]
fn a_digest_that_was_split_is_not_sent_whole_after_a_crash() {
    let reading = Reading::start("digest_over = 1");
    reading.warp.grant(Some(Label::Green));
    reading.say(&[("a", "Green one", "TLP:GREEN"), ("b", "Red one", "TLP:RED")]);
    // The whole is refused, its milder part is stored, and there it ends.
    reading.warp.plan(Some((1, Mishap::CrashAfter)));
    reading.round();
    reading.warp.plan(None);
    reading.warp.grant(None);
    assert_eq!(reading.well(), Vec::<String>::new());
    let stored = reading.warp.stored();
    let labels: Vec<_> = stored.iter().map(|alert| alert.label).collect();
    assert_eq!(labels, [Label::Green, Label::Red]);
    let text = stored[1].text.as_ref().unwrap().as_str();
    assert!(text.contains("Red one") && !text.contains("Green one"), "{text}");
}

#[test]
fn a_newer_word_takes_the_place_of_what_waits() {
    let reading = Reading::start("");
    reading.warp.grant(Some(Label::Green));
    reading.say(&[("a", "First", "TLP:RED")]);
    reading.well();
    assert_eq!(reading.waiting(), 1);
    reading.say(&[("a", "Second", "TLP:GREEN")]);
    reading.well();
    reading.warp.grant(None);
    reading.well();
    // The room was told nothing before, so it is no update.
    let stored = reading.warp.stored();
    assert_eq!(reading.headlines(), ["Second"]);
    assert_eq!((stored[0].alert.message, reading.waiting()), (Message::Alert, 0));
    reading.say(&[("a", "Third", "TLP:GREEN")]);
    reading.well();
    assert_eq!(reading.warp.stored()[1].alert.message, Message::Update);
}

#[test]
fn what_the_server_never_took_is_not_followed_up() {
    let reading = Reading::start("");
    reading.say(&[("a", "First", "TLP:GREEN")]);
    reading.warp.plan(Some((0, Mishap::Refused(ErrorCode::BadParams))));
    assert_eq!(reading.well().len(), 1);
    assert_eq!(reading.waiting(), 0);
    reading.say(&[("a", "Second", "TLP:GREEN")]);
    reading.well();
    let stored = reading.warp.stored();
    assert_eq!((stored.len(), stored[0].alert.message), (1, Message::Alert));
    assert_eq!(stored[0].room, two().id);
}

#[test]
fn many_that_wait_cost_one_try_and_are_bounded() {
    let reading = Reading::start("digest_over = 50");
    reading.warp.grant(Some(Label::Green));
    let mut said = Vec::new();
    for start in (0..240).step_by(40) {
        let names: Vec<_> = (start..start + 40).map(|number| format!("g{number}")).collect();
        let items: Vec<_> = names.iter().map(|name| (&**name, &**name, "TLP:RED")).collect();
        reading.say(&items);
        said = reading.well();
    }
    assert_eq!(reading.waiting(), 200);
    assert_eq!(said.iter().filter(|one| one.contains("more than 200")).count(), 40, "{said:?}");
    assert!(said.iter().any(|one| one.starts_with("g0: more than 200")), "{said:?}");
    let before = reading.warp.asked();
    reading.well();
    assert_eq!(reading.warp.asked() - before, 1);
    reading.warp.grant(None);
    reading.well();
    assert_eq!(reading.warp.stored().len(), 200);
}
