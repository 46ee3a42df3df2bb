//! Many rooms over one connection, and an application that may be slow.

use tokio::sync::mpsc;
use warproom_proto::calls::{Me, SignedIn};
use warproom_proto::{Body, BotId, LogId, Principal, Salt, WarpId};

use super::*;
use crate::event::Events;
use crate::heads::Heads;

struct Bench {
    rooms: Rooms,
    memory: Memory,
    delivery: Delivery,
    events: Events,
}

fn bench(event_queue: usize) -> Bench {
    let (queue, events) = mpsc::channel(event_queue);
    let name: warproom_proto::Name = "Kent".parse().unwrap();
    let signed_in = SignedIn {
        warp: WarpId::random(),
        warp_name: name.clone(),
        me: Me { principal: Principal::Bot(BotId::random()), name, handle: None, role: None },
        device: None,
        audit: None,
        audit_path: None,
        authority: Vec::new(),
        register: Position::start(LogId::REGISTER),
    };
    Bench {
        rooms: Rooms::default(),
        memory: Memory::new(2, Heads::default(), signed_in),
        delivery: Delivery::new(queue),
        events: Events(events),
    }
}

fn log(room: RoomId, length: u16) -> Vec<Record> {
    let mut at = Position::start(LogId::room(room));
    let record = |number| {
        let item = serde_json::value::to_raw_value(&number).unwrap();
        let body = Body::Shown { at_ms: 0, salt: Salt([0; 16]), item, label: None };
        at = at.next(&body.commitment());
        Record { seq: at.seq, head: at.head, body }
    };
    (1..=length).map(record).collect()
}

fn page(records: &[Record], latest: &Record, live: bool) -> Box<RawValue> {
    let page = Followed { records: records.to_vec(), live, latest: latest.position() };
    serde_json::value::to_raw_value(&page).unwrap()
}

impl Bench {
    fn follow(&mut self, room: RoomId) -> oneshot::Receiver<Result<Position, CallError>> {
        let (caller, answer) = oneshot::channel();
        self.rooms.follow(room, Some(0), None, caller);
        answer
    }

    fn ask(&mut self) -> Option<(u64, FollowRoom)> {
        self.rooms.ask(true, &self.memory)
    }

    fn answer(&mut self, id: u64, result: Result<Box<RawValue>, Error>) {
        let mut outlet = Outlet { memory: &self.memory, delivery: &mut self.delivery };
        self.rooms.answer(id, result, &mut outlet).unwrap();
    }

    fn live(&mut self, room: RoomId, record: &Record) {
        let mut outlet = Outlet { memory: &self.memory, delivery: &mut self.delivery };
        self.rooms.take_live(room, record.clone(), &mut outlet);
    }
}

#[tokio::test]
async fn few_rooms_are_asked_about_at_once_and_each_gets_its_turn() {
    let mut bench = bench(64);
    let all: Vec<_> = (0..6).map(|_| RoomId::random()).collect();
    let mut answers: Vec<_> = all.iter().map(|room| bench.follow(*room)).collect();
    let asked: Vec<_> = std::iter::from_fn(|| bench.ask()).collect();
    assert_eq!(asked.iter().map(|(_, call)| call.room).collect::<Vec<_>>(), all[..ASKED_AT_ONCE]);

    let records = log(all[0], 2);
    bench.answer(asked[0].0, Ok(page(&records[..1], &records[1], false)));
    assert_eq!(answers[0].try_recv().unwrap().unwrap(), records[1].position());
    // The next page of the first room waits until the others have been asked about.
    assert_eq!(bench.ask().unwrap().1.room, all[4]);
    assert!(bench.ask().is_none());
    // Walked as far as records came; how far the log goes is only claimed.
    assert_eq!(bench.memory.known().heads.room(all[0]), Some(records[0].position()));
    assert_eq!(bench.memory.known().heads.reach(Some(all[0])), 2);
}

#[tokio::test]
async fn a_slow_application_gets_every_entry_once_from_history() {
    let mut bench = bench(1);
    let room = RoomId::random();
    let _answer = bench.follow(room);
    let records = log(room, 600);
    let (id, _) = bench.ask().unwrap();
    bench.answer(id, Ok(page(&[], &records[599], false)));
    bench.rooms.paused_until = None;
    let (id, _) = bench.ask().unwrap();
    bench.answer(id, Ok(page(&records[..1], &records[599], true)));
    let mut read = Vec::new();
    for record in &records[1..] {
        bench.live(room, record);
    }
    // Live entries were taken up to the backlog's bound, and the rest is asked for.
    let (id, call) = bench.ask().unwrap();
    let reached = usize::try_from(call.after.unwrap()).unwrap();
    assert!((200..400).contains(&reached), "{reached}");
    bench.answer(id, Ok(page(&records[reached - 1..], &records[599], true)));
    while read.len() < records.len() {
        if let Some(Event::Entry(entry)) = bench.events.next().await {
            read.push(entry.seq);
        }
        if !bench.delivery.is_caught_up() {
            bench.delivery.drain().await;
        }
    }
    assert_eq!(read, (1..=600).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_history_that_does_not_hold_is_named_and_left() {
    let mut bench = bench(8);
    let (room, other) = (RoomId::random(), RoomId::random());
    let mut answer = bench.follow(room);
    let (id, _) = bench.ask().unwrap();
    let records = log(other, 2);
    bench.answer(id, Ok(page(&records, &records[1], true)));
    let expected = Rewritten { room: Some(room), seq: 1, how: Discontinuity::Changed };
    assert!(matches!(
        answer.try_recv().unwrap(),
        Err(CallError::Rewritten(rewritten)) if rewritten == expected
    ));
    assert!(matches!(
        bench.events.next().await,
        Some(Event::Rewritten(rewritten)) if rewritten == expected
    ));
    assert_eq!(bench.memory.known().rewritten, [expected]);
    bench.live(room, &records[1]);
    assert!(bench.ask().is_none());
}

#[tokio::test]
async fn a_room_left_while_away_is_told_and_one_never_had_is_refused() {
    let mut bench = bench(8);
    let room = RoomId::random();
    let mut answer = bench.follow(room);
    let (id, _) = bench.ask().unwrap();
    bench.answer(id, Err(ErrorCode::NotFound.into()));
    assert!(matches!(answer.try_recv().unwrap(), Err(CallError::Refused(_))));

    let _answer = bench.follow(room);
    let records = log(room, 1);
    let (id, _) = bench.ask().unwrap();
    bench.answer(id, Ok(page(&records, &records[0], true)));
    bench.rooms.disconnected();
    let (id, call) = bench.ask().unwrap();
    assert_eq!(call.after, Some(1));
    bench.answer(id, Err(ErrorCode::NotFound.into()));
    assert!(matches!(bench.events.next().await, Some(Event::Entry(_))));
    assert!(matches!(bench.events.next().await, Some(Event::RoomLeft(left)) if left == room));
    bench.rooms.disconnected();
    assert!(bench.ask().is_none());
}

#[tokio::test]
async fn an_answer_to_a_room_followed_anew_is_not_taken_for_the_new_question() {
    let mut bench = bench(8);
    let room = RoomId::random();
    let _first = bench.follow(room);
    let (old, _) = bench.ask().unwrap();
    let mut second = bench.follow(room);
    assert!(!bench.rooms.has_asked(old));
    let (new, _) = bench.ask().unwrap();
    let records = log(room, 1);
    bench.answer(old, Ok(page(&records, &records[0], true)));
    assert!(second.try_recv().is_err());
    bench.answer(new, Ok(page(&records, &records[0], true)));
    assert!(second.try_recv().is_ok());
}

#[tokio::test]
async fn asked_to_slow_down_the_room_is_asked_about_later() {
    let mut bench = bench(8);
    let _answer = bench.follow(RoomId::random());
    let (id, _) = bench.ask().unwrap();
    bench.answer(id, Err(Error::slow_down(60_000)));
    assert!(bench.ask().is_none());
    assert!(bench.rooms.wakes_at().is_some());
    bench.rooms.paused_until = Some(Instant::now());
    assert!(bench.ask().is_some());
}

#[tokio::test]
async fn what_was_shown_before_following_must_be_met_by_what_follows() {
    let mut bench = bench(8);
    let room = RoomId::random();
    let (mine, mut other) = (log(room, 6), log(room, 6));
    other.splice(4.., log(RoomId::random(), 6).drain(4..));
    let shown = |bench: &Bench, seq: usize| {
        let position = mine[seq - 1].position();
        bench.memory.known().heads.show(Some(room), position).unwrap();
    };
    shown(&bench, 2);
    shown(&bench, 5);
    let mut answer = bench.follow(room);
    let (id, _) = bench.ask().unwrap();
    // A post's reply that overtakes the page is no ground for an alarm.
    shown(&bench, 6);
    bench.answer(id, Ok(page(&mine[..4], &mine[4], false)));
    assert!(answer.try_recv().unwrap().is_ok());
    let (id, _) = bench.ask().unwrap();
    bench.answer(id, Ok(page(&other[4..], &mine[5], true)));
    let expected = Rewritten { room: Some(room), seq: 5, how: Discontinuity::Changed };
    assert_eq!(bench.memory.known().rewritten, [expected]);
    assert!(bench.ask().is_none());
}

#[tokio::test]
async fn a_log_that_ends_before_what_was_shown_is_not_delivered() {
    let mut bench = bench(8);
    let room = RoomId::random();
    let records = log(room, 6);
    bench.memory.known().heads.show(Some(room), records[5].position()).unwrap();
    for _ in 0..2 {
        let mut answer = bench.follow(room);
        let (id, _) = bench.ask().unwrap();
        bench.answer(id, Ok(page(&records[..4], &records[3], true)));
        let how = Discontinuity::RolledBack { remembered: 6 };
        let expected = Rewritten { room: Some(room), seq: 4, how };
        assert!(matches!(
            answer.try_recv().unwrap(),
            Err(CallError::Rewritten(rewritten)) if rewritten == expected
        ));
    }
    // Told once.
    assert!(matches!(bench.events.next().await, Some(Event::Rewritten(_))));
    bench.delivery.push(Event::RoomLeft(room));
    assert!(matches!(bench.events.next().await, Some(Event::RoomLeft(_))));
}

#[tokio::test]
async fn a_log_that_is_forgotten_while_it_is_asked_for_is_believed_as_it_is() {
    let mut bench = bench(8);
    let room = RoomId::random();
    let records = log(room, 6);
    bench.memory.known().heads.show(Some(room), records[5].position()).unwrap();
    let mut answer = bench.follow(room);
    let (id, _) = bench.ask().unwrap();
    bench.memory.known().heads.forget(room);
    bench.answer(id, Ok(page(&records[..4], &records[3], true)));
    assert!(answer.try_recv().unwrap().is_ok());
    assert_eq!(bench.memory.known().rewritten, []);
}
