//! A crash at any step of a round: nothing is posted twice, nothing is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use warproom_client::proto::{ErrorCode, Label, Name};
use warproom_relay::config::Source;
use warproom_relay::cursor::{Cursor, CursorError, Pending, Shelf, StateFolder};
use warproom_relay::run::{RoundError, once, round};

use crate::settings::web;
use crate::warp::{Mishap, Played};
use crate::web::{Reply, Web};

/// A real folder whose writing can fail.
struct Failing {
    folder: StateFolder,
    /// Which save fails, from 1, and whether it is written all the same.
    fails: Option<(usize, bool)>,
    saves: AtomicUsize,
}

impl Shelf for Failing {
    fn load(&self, source: &Name) -> Result<Cursor, CursorError> {
        self.folder.load(source)
    }

    fn save(&self, source: &Name, cursor: &Cursor) -> Result<(), CursorError> {
        let number = self.saves.fetch_add(1, Ordering::Relaxed) + 1;
        match self.fails {
            Some((fails, written)) if fails == number => {
                if written {
                    self.folder.save(source, cursor)?;
                }
                Err(CursorError::Io {
                    path: "state".into(),
                    cause: std::io::ErrorKind::Other.into(),
                })
            }
            _ => self.folder.save(source, cursor),
        }
    }
}

/// A feed whose items change: each item's version.
type Versions = Arc<Mutex<BTreeMap<usize, usize>>>;

fn feed(versions: &Versions) -> Web {
    let versions = versions.clone();
    Web::start(move |request| {
        let mut text = String::from("<rss version=\"2.0\"><channel><title>T</title>");
        for (number, version) in versions.lock().unwrap().iter() {
            let _ = write!(
                text,
                "<item><guid>g{number}</guid><title>item{number}v{version}.</title>\
                 <category>{}</category></item>",
                if number % 3 == 2 { "TLP:AMBER" } else { "TLP:GREEN" }
            );
        }
        text.push_str("</channel></rss>");
        let tag =
            format!("\"{}\"", text.len() * 1000 + versions.lock().unwrap().values().sum::<usize>());
        if request.header("if-none-match") == Some(&tag) {
            return Reply::new(304);
        }
        Reply::ok(text).header("ETag", tag)
    })
}

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// Items get another version, or come in.
    Change(Vec<usize>),
    /// A round, in which something may go wrong.
    Round(Option<Fault>),
    /// The bot may post amber from now on, or may not.
    Grant(bool),
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Post(usize, Mishap),
    Save(usize, bool),
}

fn fault() -> impl Strategy<Value = Fault> {
    let mishap = prop_oneof![
        Just(Mishap::Refused(ErrorCode::StorageFull)),
        Just(Mishap::AnswerLost),
        Just(Mishap::CrashBefore),
        Just(Mishap::CrashAfter),
    ];
    prop_oneof![
        (0_usize..6, mishap).prop_map(|(place, mishap)| Fault::Post(place, mishap)),
        (1_usize..4, any::<bool>()).prop_map(|(save, written)| Fault::Save(save, written)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        proptest::collection::vec(0_usize..8, 1..8).prop_map(Step::Change),
        proptest::option::weighted(0.7, fault()).prop_map(Step::Round),
        any::<bool>().prop_map(Step::Grant),
    ]
}

/// A relay started anew, for one round, on the folder the earlier ones left.
fn run(
    source: &Arc<Source>,
    folder: &std::path::Path,
    warp: &Played,
    fault: Option<Fault>,
) -> bool {
    let fails =
        if let Some(Fault::Save(save, written)) = fault { Some((save, written)) } else { None };
    warp.plan(if let Some(Fault::Post(place, mishap)) = fault {
        Some((place, mishap))
    } else {
        None
    });
    let folder = StateFolder::open(folder).unwrap();
    let shelf = Arc::new(Failing { folder, fails, saves: AtomicUsize::new(0) });
    // Dropped with all its threads at the end, as a process is.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::select! {
            round = round(source, &shelf, warp) => round.failure.is_none(),
            () = warp.crashed() => false,
        }
    })
}

/// How often each version of each item was posted, in either form.
fn told(warp: &Played) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for alert in warp.stored() {
        let is_digest = alert.alert.source.as_ref().unwrap().id.as_str().contains("/digest/");
        let text = if is_digest {
            alert.text.as_ref().unwrap().as_str().to_owned()
        } else {
            alert.headline.to_string()
        };
        for part in text.split("item").skip(1) {
            if let Some((name, _)) = part.split_once('.')
                && name.contains('v')
                && name.len() < 8
            {
                *told.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    told
}

/// The versions of each item that were posted on their own, in the order of the room.
fn versions_alone(warp: &Played) -> BTreeMap<String, Vec<usize>> {
    let mut versions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for alert in warp.stored() {
        let name = alert.headline.as_str().strip_prefix("item");
        if let Some((item, version)) =
            name.and_then(|name| name.trim_end_matches('.').split_once('v'))
        {
            versions.entry(item.into()).or_default().push(version.parse().unwrap());
        }
    }
    versions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_crash_at_any_step_repeats_nothing_and_skips_nothing(
        steps in proptest::collection::vec(step(), 1..14),
    ) {
        let versions = Versions::default();
        let web = feed(&versions);
        let source = Arc::new(web_source(&web));
        let folder = tempfile::tempdir().unwrap();
        let warp = Played::default();
        for step in steps {
            match step {
                Step::Change(numbers) => {
                    let mut versions = versions.lock().unwrap();
                    for number in numbers {
 *versions.entry(number).or_default() += 1;
}
                }
                Step::Round(fault) => drop(run(&source, folder.path(), &warp, fault)),
                Step::Grant(amber) => warp.grant((!amber).then_some(Label::Green)),
            }
        }
        warp.grant(None);
        prop_assert!(run(&source, folder.path(), &warp, None));
        let alone = versions_alone(&warp);
        prop_assert!(alone.values().all(|all| all.is_sorted()), "{alone:?}");
        let told = told(&warp);
        prop_assert!(told.values().all(|count| *count == 1), "{told:?}");
        for (number, version) in versions.lock().unwrap().iter() {
            let latest = format!("{number}v{version}");
            prop_assert!(told.contains_key(&latest), "{latest} is missing in {told:?}");
        }
    }
}

fn web_source(web: &Web) -> Source {
    crate::settings::web("feed", &web.url("/feed"), "digest_over = 3")
}

#[test]
fn a_digest_interrupted_is_sent_again_as_it_was() {
    let versions = Versions::default();
    versions.lock().unwrap().extend((0..5).map(|number| (number, 1)));
    let web = feed(&versions);
    let source = Arc::new(web_source(&web));
    let folder = tempfile::tempdir().unwrap();
    let warp = Played::default();
    assert!(!run(&source, folder.path(), &warp, Some(Fault::Post(0, Mishap::CrashAfter))));
    // Meanwhile more comes in, which is not to change the digest.
    versions.lock().unwrap().insert(9, 1);
    assert!(run(&source, folder.path(), &warp, None));
    let stored = warp.stored();
    assert_eq!(stored.len(), 2);
    assert!(stored[0].headline.as_str().contains("5 items"), "{}", stored[0].headline);
    assert!(stored[1].headline.as_str().contains("item9v1"), "{}", stored[1].headline);
}

#[test]
fn a_relay_that_lost_its_memory_does_not_repeat_its_first_look() {
    let versions = Versions::default();
    versions.lock().unwrap().extend((0..5).map(|number| (number, 1)));
    let web = feed(&versions);
    let source = Arc::new(web_source(&web));
    let warp = Played::default();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        assert!(run(&source, folder.path(), &warp, None));
    }
    assert_eq!(warp.stored().len(), 1);
}

#[test]
fn a_time_to_answer_by_that_passed_while_a_post_waited_does_not_cost_the_post() {
    let versions = Versions::default();
    versions.lock().unwrap().insert(1, 1);
    let web = feed(&versions);
    let lines = "ask = \"acknowledge\"\ndue = \"24h\"";
    let source = Arc::new(crate::settings::web("feed", &web.url("/feed"), lines));
    let folder = tempfile::tempdir().unwrap();
    let warp = Played::default();
    let away = Fault::Post(0, Mishap::Refused(ErrorCode::StorageFull));
    assert!(!run(&source, folder.path(), &warp, Some(away)));
    {
        // Two days later.
        let shelf = StateFolder::open(folder.path()).unwrap();
        let mut cursor = shelf.load(&source.name).ok().unwrap();
        let due_at_ms = &mut cursor.pending[0].call.ask.as_mut().unwrap().due_at_ms;
        *due_at_ms = due_at_ms.map(|due_at_ms| due_at_ms - 2 * 86_400_000);
        shelf.save(&source.name, &cursor).unwrap();
    }
    assert!(run(&source, folder.path(), &warp, None));
    assert_eq!(warp.stored()[0].ask.as_ref().unwrap().due_at_ms, None);
}

#[test]
fn what_the_server_never_takes_is_set_aside_and_the_rest_goes_on() {
    let versions = Versions::default();
    let web = feed(&versions);
    let source = Arc::new(web_source(&web));
    let folder = tempfile::tempdir().unwrap();
    let warp = Played::default();
    assert!(run(&source, folder.path(), &warp, None));
    versions.lock().unwrap().extend([(1, 1), (2, 1)]);
    let refused = Fault::Post(0, Mishap::Refused(ErrorCode::BadParams));
    assert!(run(&source, folder.path(), &warp, Some(refused)));
    assert_eq!(told(&warp).keys().collect::<Vec<_>>(), ["2v1"]);
    // A grant that a manager can mend holds it up instead.
    versions.lock().unwrap().insert(3, 1);
    let held_up = Fault::Post(0, Mishap::Refused(ErrorCode::NotAllowed));
    assert!(!run(&source, folder.path(), &warp, Some(held_up)));
    assert!(run(&source, folder.path(), &warp, None));
    assert_eq!(told(&warp).keys().collect::<Vec<_>>(), ["2v1", "3v1"]);
}

#[test]
fn one_source_that_fails_is_named_and_stops_no_other() {
    let versions = Versions::default();
    versions.lock().unwrap().insert(1, 1);
    let good = feed(&versions);
    let bad = Web::start(|_| Reply::ok("<html><body>Moved</body></html>"));
    let named = |name: &str, web: &Web| {
        let name = name.parse().unwrap();
        Source { name, ..web_source(web) }
    };
    let folder = tempfile::tempdir().unwrap();
    let shelf = Arc::new(StateFolder::open(folder.path()).unwrap());
    let warp = Played::default();
    let sources = vec![named("Bad", &bad), named("Good", &good)];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let failed = runtime.block_on(once(sources, shelf, warp.clone()));
    assert_eq!(failed, ["Bad"]);
    assert_eq!(told(&warp).keys().collect::<Vec<_>>(), ["1v1"]);
}

#[test]
fn a_room_that_is_not_granted_is_named_with_those_that_are() {
    let source =
        Arc::new(Source { rooms: vec!["Three".into()], ..web("kev", "https://x.example/", "") });
    let folder = tempfile::tempdir().unwrap();
    let shelf = Arc::new(StateFolder::open(folder.path()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let round = runtime.block_on(round(&source, &shelf, &Played::default()));
    let error = round.failure.unwrap();
    assert!(matches!(&error, RoundError::Room { missing, .. } if missing == "Three"));
    assert!(error.to_string().contains("\"One\", \"Two\""), "{error}");
}

#[test]
fn a_damaged_cursor_is_reported_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = StateFolder::open(folder.path()).unwrap();
    let name: Name = "A/../b".parse().unwrap();
    let pending: Vec<Pending> = Vec::new();
    shelf.save(&name, &Cursor { looked: true, pending, ..Cursor::default() }).unwrap();
    assert!(shelf.load(&name).ok().unwrap().looked);
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = files.into_iter().find(|file| file.extension().is_some()).unwrap();
    std::fs::write(&file, "{\"looked\": tru").unwrap();
    let error = shelf.load(&name).err().unwrap();
    assert!(matches!(error, CursorError::Damaged { .. }), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), b"{\"looked\": tru");
}

#[test]
fn two_relays_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = StateFolder::open(folder.path()).unwrap();
    assert!(matches!(StateFolder::open(folder.path()).err(), Some(CursorError::InUse(_))));
    drop(first);
    assert!(StateFolder::open(folder.path()).is_ok());
}
