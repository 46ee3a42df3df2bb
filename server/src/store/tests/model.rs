//! Whatever is appended, in whatever groups, to whatever logs: after reopening, the store is what a
//! plain list in memory says.

use std::collections::BTreeMap;

use proptest::prelude::*;
use warproom_proto::record::LogId;

use crate::store::tests::{Place, numbers};
use crate::store::{Direction, Draft, Mark, Store};

#[derive(Clone, Debug)]
enum Step {
    Append { log: u8, length: usize, refers: Option<u64>, is_state: bool, id: Option<u8> },
    Mark { key: u8, length: usize },
    Commit { now_ms: i64 },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![8 => 0..300_usize, 1 => 6_000..20_000_usize];
    let refers = proptest::option::of(1..5_u64);
    let id = proptest::option::of(0..20_u8);
    prop_oneof![
        8 => (0..3_u8, length, refers, any::<bool>(), id).prop_map(|(log, length, refers, is_state, id)| {
            Step::Append { log, length, refers, is_state, id }
        }),
        1 => (0..4_u8, 0..50_usize).prop_map(|(key, length)| Step::Mark { key, length }),
        3 => (0..9_000_000_000_i64).prop_map(|now_ms| Step::Commit { now_ms }),
        1 => Just(Step::Reopen),
    ]
}

fn log(of: u8) -> LogId {
    [LogId::REGISTER, LogId([0x42; 16]), LogId::AUDIT][usize::from(of)]
}

#[derive(Default)]
struct Model {
    items: BTreeMap<LogId, Vec<Vec<u8>>>,
    references: BTreeMap<(LogId, u64), Vec<(u64, u8)>>,
    state: BTreeMap<LogId, Vec<u64>>,
    ids: BTreeMap<(LogId, u8), u64>,
    marks: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Model {
    /// The number the draft must get.
    fn append(&mut self, draft: &Draft) -> u64 {
        let log = draft.log;
        let items = self.items.entry(log).or_default();
        let seq = items.len() as u64 + 1;
        if let Some(id) = draft.id {
            let first = *self.ids.entry((log, id[0])).or_insert(seq);
            if first < seq {
                return first;
            }
        }
        items.push(draft.item.clone());
        if let Some((target, kind)) = draft.refers_to {
            self.references.entry((log, target)).or_default().push((seq, kind));
        }
        if draft.is_state {
            self.state.entry(log).or_default().push(seq);
        }
        seq
    }

    fn state_of(&self, log: LogId) -> Vec<u64> {
        self.state.get(&log).cloned().unwrap_or_default()
    }
}

fn states(store: &Store, log: LogId) -> Vec<u64> {
    store.state(log).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_reopened_store_is_what_was_committed(steps in proptest::collection::vec(step(), 1..120)) {
        let place = Place::new();
        let mut model = Model::default();
        let mut open = Some(place.open());
        let (mut drafts, mut expected, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps.into_iter().chain([Step::Commit { now_ms: 1 }, Step::Reopen]) {
            match step {
                Step::Append { log: of, length, refers, is_state, id } => {
                    let item = vec![b'a' + of; length];
                    let refers_to = refers.map(|target| (target, of));
                    let (log, id, summary) = (log(of), id.map(|id| [id; 33]), vec![of]);
                    let draft = Draft { log, summary, item, refers_to, is_state, id };
                    expected.push(model.append(&draft));
                    drafts.push(draft);
                }
                Step::Mark { key, length } => {
                    marks.push(Mark { key: vec![key; 3], value: vec![key; length] });
                }
                Step::Commit { now_ms } => {
                    let (_, committer) = open.as_mut().unwrap();
                    let done = committer.commit(std::mem::take(&mut drafts), &marks, now_ms).unwrap();
                    let numbers: Vec<_> = done.iter().map(|one| one.seq).collect();
                    prop_assert_eq!(numbers, std::mem::take(&mut expected));
                    for mark in marks.drain(..) {
                        model.marks.insert(mark.key, mark.value);
                    }
                    let (store, _) = open.as_ref().unwrap();
                    for log in store.logs() {
                        prop_assert_eq!(states(store, log), model.state_of(log));
                    }
                }
                Step::Reopen if drafts.is_empty() && marks.is_empty() => {
                    drop(open.take());
                    open = Some(place.open());
                }
                Step::Reopen => {}
            }
        }
        let (store, committer) = open.take().unwrap();
        prop_assert_eq!(store.logs(), model.items.keys().copied().collect::<Vec<_>>());
        for (log, items) in &model.items {
            let last = items.len() as u64;
            prop_assert_eq!(store.position(*log).seq, last);
            let found: Vec<_> = store.page(*log, 1, usize::MAX, Direction::Forward)
                .map(|stored| stored.unwrap().item).collect();
            prop_assert_eq!(&found, items);
            let backward = numbers(store.page(*log, last, usize::MAX, Direction::Backward));
            prop_assert!(backward.into_iter().eq((1..=last).rev()));
            prop_assert_eq!(states(&store, *log), model.state_of(*log));
        }
        for ((log, target), entries) in model.references {
            let found: Vec<_> = store.referring(log, target, 0).map(Result::unwrap).collect();
            prop_assert_eq!(found, entries);
        }
        let marks: BTreeMap<_, _> =
            store.marks(b"").map(Result::unwrap).map(|mark| (mark.key, mark.value)).collect();
        model.marks.retain(|_, value| !value.is_empty());
        prop_assert_eq!(marks, model.marks);
        drop((store, committer));
        prop_assert_eq!(place.verify().damage, []);
    }
}
