//! A client against a server that says just what a test makes it say.

mod anew;
mod audit;
mod authority;
mod export;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;
use warproom_proto::calls::{
    Board, DisclosedPage, Done, Followed, Found, HistoryPage, ListRooms, Me, Page, Posted, Proof,
    RoomList, RoomSummary, ShowBoard, StartSession, sign_in_message,
};
use warproom_proto::disclosure::Purpose;
use warproom_proto::rpc::{Request, notice_text, reply_text};
use warproom_proto::{
    Body, DeviceId, Error, ErrorCode, Head, Label, LogId, MemberId, Position, Principal, Record,
    RoomId, RoomSettings, Salt, Secret, WarpId, limits,
};

use super::*;
use crate::transport::tls::scripted::{Peer, Server};
use crate::{
    CallError, Client, ConnectError, Connector, DeviceKey, Discontinuity, Events, Selection, State,
};

const ENOUGH: Duration = Duration::from_secs(10);

fn token() -> Credentials {
    Credentials::Token(Secret::from("a token".to_owned()))
}

fn signed_in() -> SignedIn {
    let name: warproom_proto::Name = "Kent".parse().unwrap();
    let principal = Principal::Member(MemberId::random());
    SignedIn {
        warp: WarpId::random(),
        warp_name: name.clone(),
        me: Me { principal, name, handle: None, role: None },
        device: None,
        audit: None,
        audit_path: None,
        authority: Vec::new(),
        register: Position::start(LogId::REGISTER),
    }
}

/// What a test's server does with a connection.
impl Peer {
    async fn request(&mut self, method: &str) -> (u64, Value) {
        let text = timeout(ENOUGH, self.read()).await.unwrap().unwrap();
        let request = Request::read(&text).unwrap();
        assert_eq!(request.method, method);
        (request.id, serde_json::from_str(request.params.unwrap().get()).unwrap())
    }

    async fn reply(&mut self, id: u64, reply: impl Serialize) {
        self.write(reply_text(Some(id), &Ok(reply))).await;
    }

    async fn refuse(&mut self, id: u64, error: impl Into<Error>) {
        self.write(reply_text::<()>(Some(id), &Err(error.into()))).await;
    }

    async fn tell(&mut self, notice: Notice) {
        self.write(notice_text(&notice)).await;
    }

    /// Answers the next request.
    async fn serve(&mut self, method: &str, reply: impl Serialize) -> Value {
        let (id, params) = self.request(method).await;
        self.reply(id, reply).await;
        params
    }
}

/// The next connection, signed in.
async fn welcome(server: &Server) -> Peer {
    welcome_by(server, signed_in()).await
}

/// The next connection, signed in with this reply.
async fn welcome_by(server: &Server, says: SignedIn) -> Peer {
    asked_for_sign_in(server, says).await.1
}

/// What the next connection asked to be signed in, and it, signed in with this reply.
async fn asked_for_sign_in(server: &Server, says: SignedIn) -> (Value, Peer) {
    let mut peer = timeout(ENOUGH, server.accept(limits::SUBPROTOCOL)).await.unwrap().unwrap();
    (peer.serve("session.start", says).await, peer)
}

async fn start(server: &Server, event_queue: usize) -> (Client, Events, Peer) {
    let connector = Connector::new(server.address.clone(), token()).event_queue(event_queue);
    let (connected, peer) = tokio::join!(connector.connect(), welcome(server));
    let (client, events) = connected.unwrap();
    (client, events, peer)
}

async fn until(client: &Client, wanted: impl FnMut(&State) -> bool) -> State {
    let mut state = client.state();
    timeout(ENOUGH, state.wait_for(wanted)).await.unwrap().unwrap().clone()
}

async fn next(events: &mut Events) -> Option<Event> {
    timeout(ENOUGH, events.next()).await.unwrap()
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

fn page(records: &[Record], latest: &Record) -> Followed {
    Followed { records: records.to_vec(), live: true, latest: latest.position() }
}

const POSTED: Posted = Posted { seq: 7, at_ms: 0, head: Head([7; 32]) };

#[tokio::test]
async fn a_device_signs_this_very_connection() {
    let server = Server::start().await;
    let key = DeviceKey::generate();
    let credentials = Credentials::Device { device: DeviceId::random(), key: key.clone() };
    let connecting = crate::connect(server.address.clone(), credentials);
    let serving = async {
        let mut peer = server.accept(limits::SUBPROTOCOL).await.unwrap();
        let params = peer.serve("session.start", signed_in()).await;
        let StartSession { proof, .. } = serde_json::from_value(params).unwrap();
        let Proof::Device { signature, .. } = proof else { panic!("not a device's proof") };
        let public = UnparsedPublicKey::new(&ED25519, key.public_key().0);
        public.verify(&sign_in_message(&peer.exporter), &signature.0).unwrap();
        peer
    };
    let (connected, mut peer) = tokio::join!(connecting, serving);
    let (client, _events) = connected.unwrap();
    peer.ping().await;
    assert_eq!(client.me().name.as_str(), "Kent");
}

#[tokio::test]
async fn a_server_that_is_not_ours_is_named_before_anything_is_said() {
    let (ours, theirs) = (Server::start().await, Server::start().await);
    let mut address = theirs.address.clone();
    address.authority = ours.address.authority;
    let (connected, accepted) =
        tokio::join!(crate::connect(address, token()), theirs.accept(limits::SUBPROTOCOL));
    let error = connected.err().unwrap();
    assert!(error.may_be_intercepted() && accepted.is_none(), "{error}");

    let connecting = crate::connect(ours.address.clone(), token());
    let (connected, _) = tokio::join!(connecting, ours.accept("other.v1"));
    assert!(matches!(connected.err(), Some(ConnectError::Incompatible)));
}

#[tokio::test]
async fn replies_find_their_calls_in_any_order() {
    let server = Server::start().await;
    let (client, _events, mut peer) = start(&server, 8).await;
    let serving = async {
        let (first, _) = peer.request("room.list").await;
        let (second, _) = peer.request("room.list").await;
        peer.refuse(second, ErrorCode::NotAllowed).await;
        peer.reply(first, RoomList { rooms: Vec::new() }).await;
    };
    let calls = async {
        let (first, second) = (ListRooms { all: false }, ListRooms { all: true });
        tokio::join!(client.call(first), client.call(second))
    };
    let ((first, second), ()) = tokio::join!(calls, serving);
    assert!(first.unwrap().rooms.is_empty());
    assert_eq!(second.err().unwrap().code(), Some(ErrorCode::NotAllowed));
}

#[tokio::test]
async fn an_append_survives_the_connection_and_a_call_does_not() {
    let server = Server::start().await;
    let (client, mut events, mut peer) = start(&server, 8).await;
    let post = client.post(RoomId::random(), Label::Amber, "two firewalls are down");
    let call = client.call(ListRooms::default());
    let serving = async {
        let mut first = Vec::new();
        while let Ok(text) = timeout(Duration::from_secs(1), peer.read()).await {
            first.push(text.unwrap());
            if first.len() == 2 {
                break;
            }
        }
        drop(peer);
        let mut peer = welcome(&server).await;
        let again = peer.read().await.unwrap();
        assert!(first.contains(&again));
        let id = Request::read(&again).unwrap().id;
        // Asked to slow down, it comes once more by itself.
        peer.refuse(id, Error::slow_down(20)).await;
        assert_eq!(peer.read().await.unwrap(), again);
        peer.reply(id, POSTED).await;
        peer
    };
    let (posted, called, _peer) = tokio::join!(post, call, serving);
    assert_eq!(posted.unwrap(), POSTED);
    assert!(matches!(called, Err(CallError::Disconnected)));
    assert!(matches!(next(&mut events).await, Some(Event::Reconnected(_))));
    assert_eq!(until(&client, |state| *state == State::Connected).await, State::Connected);
}

#[tokio::test]
async fn a_followed_room_goes_on_after_the_last_record_delivered() {
    let server = Server::start().await;
    let (client, mut events, mut peer) = start(&server, 64).await;
    let room = RoomId::random();
    let records = log(room, 6);
    let serving = async {
        peer.serve("room.follow", page(&records[..2], &records[1])).await;
        peer.tell(Notice::Entry { room, record: records[2].clone() }).await;
        peer
    };
    let (followed, peer) = tokio::join!(client.follow(room, Some(0)), serving);
    assert_eq!(followed.unwrap(), records[1].position());
    let mut read = Vec::new();
    while read.len() < 3 {
        if let Some(Event::Entry(entry)) = next(&mut events).await {
            read.push(entry.seq);
        }
    }
    peer.close(1001).await;

    let mut peer = welcome(&server).await;
    let params = peer.serve("room.follow", page(&records[3..4], &records[3])).await;
    assert_eq!(params["after"], 3);
    peer.tell(Notice::Entry { room, record: records[3].clone() }).await;
    peer.tell(Notice::Behind { room, after: 4 }).await;
    let params = peer.serve("room.follow", page(&records[4..], &records[5])).await;
    assert_eq!(params["after"], 4);
    while read.len() < 6 {
        if let Some(Event::Entry(entry)) = next(&mut events).await {
            read.push(entry.seq);
        }
    }
    assert_eq!(read, [1, 2, 3, 4, 5, 6]);
    assert_eq!(client.heads().room(room), Some(records[5].position()));
    let (unfollowed, _) = tokio::join!(client.unfollow(room), peer.serve("room.unfollow", Done {}));
    unfollowed.unwrap();
}

#[tokio::test]
async fn who_takes_no_events_still_gets_replies() {
    let server = Server::start().await;
    let (client, _events, mut peer) = start(&server, 1).await;
    let room = RoomId::random();
    let records = log(room, 1000);
    let serving = async {
        peer.serve("room.follow", page(&[], &records[0])).await;
        for record in &records {
            peer.tell(Notice::Entry { room, record: record.clone() }).await;
        }
        peer.serve("room.list", RoomList { rooms: Vec::new() }).await;
    };
    let calling = async {
        client.follow(room, Some(0)).await.unwrap();
        client.call(ListRooms::default()).await.unwrap();
    };
    timeout(ENOUGH, async { tokio::join!(serving, calling) }).await.unwrap();
}

#[tokio::test]
async fn a_search_gives_its_hits_and_then_its_end() {
    let server = Server::start().await;
    let (client, _events, mut peer) = start(&server, 8).await;
    let room = RoomId::random();
    let records = log(room, 3);
    let serving = async {
        let (id, params) = peer.request("search.run").await;
        let search = params["search"].as_u64().unwrap();
        for record in &records {
            peer.tell(Notice::Found { search, room, record: record.clone() }).await;
        }
        peer.reply(id, Found { hits: 3, looked_at: 9, next_before: Some(2) }).await;
    };
    let searching = async {
        let text = "firewall".parse().unwrap();
        let mut search = client.search(room, text, None, 3).await.unwrap();
        let mut hits = 0;
        while search.next().await.is_some() {
            hits += 1;
        }
        (hits, search.end().await.unwrap().next_before)
    };
    let (found, ()) = tokio::join!(searching, serving);
    assert_eq!(found, (3, Some(2)));
}

#[tokio::test]
async fn a_revoked_device_is_signed_out_for_good() {
    let server = Server::start().await;
    let (client, mut events, peer) = start(&server, 8).await;
    peer.close(SIGNED_OUT).await;
    let state = until(&client, |state| *state != State::Connected).await;
    assert_eq!(state, State::SignedOut { reason: SignOut::Revoked });
    assert!(next(&mut events).await.is_none());
    let error = client.call(ListRooms::default()).await.err().unwrap();
    assert!(error.requires_sign_in(), "{error}");
    let posted = client.post(RoomId::random(), Label::Green, "x").await;
    assert!(posted.err().unwrap().requires_sign_in());
}

#[tokio::test]
async fn credentials_refused_on_reconnecting_end_the_client() {
    let server = Server::start().await;
    let (client, _events, peer) = start(&server, 8).await;
    drop(peer);
    let mut peer = server.accept(limits::SUBPROTOCOL).await.unwrap();
    let (id, _) = peer.request("session.start").await;
    peer.refuse(id, ErrorCode::SignInRefused).await;
    let state = until(&client, |state| matches!(state, State::SignedOut { .. })).await;
    let reason = SignOut::Refused(ErrorCode::SignInRefused.into());
    assert_eq!(state, State::SignedOut { reason });
}

#[tokio::test]
async fn closing_says_goodbye_and_dropping_every_handle_does_too() {
    let server = Server::start().await;
    let (client, _events, mut peer) = start(&server, 8).await;
    let (clone, mut state) = (client.clone(), client.state());
    let (said, ()) = tokio::join!(peer.read(), client.close());
    assert!(said.is_err());
    let error = clone.call(ListRooms::default()).await.err().unwrap();
    assert!(matches!(error, CallError::SignedOut(SignOut::Closed)));
    assert_eq!(*state.borrow_and_update(), State::SignedOut { reason: SignOut::Closed });

    let (client, mut events, mut peer) = start(&server, 8).await;
    drop(client);
    assert!(timeout(ENOUGH, peer.read()).await.unwrap().is_err());
    assert!(next(&mut events).await.is_none());
}

#[tokio::test]
async fn dropping_the_events_does_not_stop_the_client() {
    let server = Server::start().await;
    let (client, events, mut peer) = start(&server, 1).await;
    drop(events);
    for _ in 0..10 {
        peer.tell(Notice::RoomLeft { room: RoomId::random() }).await;
    }
    let reply = RoomList { rooms: Vec::new() };
    let (rooms, _) =
        tokio::join!(client.call(ListRooms::default()), peer.serve("room.list", reply));
    assert!(rooms.unwrap().rooms.is_empty());
}

fn summary(room: RoomId, latest: &Record) -> RoomSummary {
    let settings = RoomSettings {
        name: "Incident".parse().unwrap(),
        ceiling: Label::Amber,
        default_label: Label::Amber,
        typing: false,
        presence: false,
    };
    RoomSummary { room, settings, role: None, latest: latest.position(), read: 0 }
}

/// A log that is another one from this record on.
fn rewritten_log(room: RoomId, length: u16, from: usize) -> Vec<Record> {
    let mut records = log(room, length);
    let mut at = records[from - 2].position();
    for record in &mut records[from - 1..] {
        record.body = Body::Withheld { commitment: Head([9; 32]), erased: false };
        at = at.next(&record.body.commitment());
        record.head = at.head;
    }
    records
}

#[tokio::test]
async fn a_room_that_a_list_or_a_posts_reply_shows_otherwise_than_before_is_told_once() {
    let server = Server::start().await;
    let (client, mut events, mut peer) = start(&server, 8).await;
    let room = RoomId::random();
    let (mine, other) = (log(room, 9), rewritten_log(room, 9, 3));
    let serving = async {
        let list = |at: &Record| RoomList { rooms: vec![summary(room, at)] };
        peer.serve("room.list", list(&mine[1])).await;
        let Record { seq, head, .. } = mine[7];
        peer.serve("entry.post", Posted { seq, at_ms: 0, head }).await;
        peer.tell(Notice::RoomJoined { room: summary(room, &mine[6]) }).await;
        // Shorter than the post's reply; the list is given all the same.
        peer.serve("room.list", list(&mine[6])).await;
        peer.serve("room.list", list(&other[7])).await;
    };
    let calling = async {
        client.call(ListRooms::default()).await.unwrap();
        client.post(room, Label::Amber, "one").await.unwrap();
        assert!(matches!(next(&mut events).await, Some(Event::RoomJoined(_))));
        assert!(client.rewritten().is_empty());
        assert_eq!(client.call(ListRooms::default()).await.unwrap().rooms.len(), 1);
        client.call(ListRooms::default()).await.unwrap();
    };
    tokio::join!(serving, calling);
    let how = Discontinuity::RolledBack { remembered: 8 };
    let expected = Rewritten { room: Some(room), seq: 7, how };
    assert_eq!(client.rewritten(), [expected]);
    let told = next(&mut events).await;
    assert!(matches!(told, Some(Event::Rewritten(found)) if found == expected));
    let posted = client.post(room, Label::Amber, "two").await;
    assert!(matches!(posted, Err(CallError::Rewritten(found)) if found == expected));
    client.forget(room);
    assert!(client.rewritten().is_empty());
}

#[tokio::test]
async fn a_page_that_is_not_what_was_shown_is_not_handed_out() {
    let server = Server::start().await;
    let (client, mut events, mut peer) = start(&server, 8).await;
    let room = RoomId::random();
    let (mine, other) = (log(room, 9), rewritten_log(room, 9, 7));
    let page = |records: &[Record]| Page {
        records: records.to_vec(),
        amendments: Vec::new(),
        latest: other[8].position(),
    };
    let call =
        |after| HistoryPage { room, from: warproom_proto::calls::From::After(after), limit: 9 };
    let serving = async {
        let rooms = vec![summary(room, &mine[1])];
        peer.serve("room.list", RoomList { rooms }).await;
        let rooms = vec![summary(room, &mine[7])];
        peer.serve("room.list", RoomList { rooms }).await;
        peer.serve("history.page", page(&other[2..5])).await;
        peer.serve("history.page", page(&other[5..])).await;
    };
    let calling = async {
        client.call(ListRooms::default()).await.unwrap();
        client.call(ListRooms::default()).await.unwrap();
        assert_eq!(client.call(call(2)).await.unwrap().records.len(), 3);
        client.call(call(5)).await.err().unwrap()
    };
    let ((), refused) = tokio::join!(serving, calling);
    let expected = Rewritten { room: Some(room), seq: 8, how: Discontinuity::Changed };
    assert!(matches!(refused, CallError::Rewritten(found) if found == expected), "{refused}");
    assert!(matches!(next(&mut events).await, Some(Event::Rewritten(found)) if found == expected));
    assert_eq!(client.heads().room(room), Some(mine[4].position()));
}

#[tokio::test]
async fn a_disclosure_of_another_history_than_was_shown_is_not_handed_out() {
    let server = Server::start().await;
    let (client, mut events, mut peer) = start(&server, 8).await;
    let room = RoomId::random();
    let (mine, other) = (log(room, 9), rewritten_log(room, 9, 7));
    let page = |records: &[Record]| DisclosedPage {
        records: records.to_vec(),
        amendments: Vec::new(),
        withheld: Vec::new(),
        next_after: None,
        latest: other[8].position(),
        audited: None,
    };
    let selection = Selection {
        rooms: vec![(room, "Early warning".parse().unwrap())],
        from_ms: None,
        until_ms: None,
        people: Vec::new(),
        words: Vec::new(),
        up_to: Label::Green,
        purpose: Purpose::FreedomOfInformation,
        reference: None,
    };
    let serving = async {
        let rooms = vec![summary(room, &mine[8])];
        peer.serve("room.list", RoomList { rooms }).await;
        peer.serve("disclosure.run", page(&other[6..8])).await;
    };
    let calling = async {
        client.call(ListRooms::default()).await.unwrap();
        client.disclose(&selection).await.err().unwrap()
    };
    let ((), refused) = tokio::join!(serving, calling);
    let expected = Rewritten { room: Some(room), seq: 9, how: Discontinuity::Changed };
    assert!(matches!(refused, CallError::Rewritten(found) if found == expected), "{refused}");
    assert!(matches!(next(&mut events).await, Some(Event::Rewritten(found)) if found == expected));
    // Nor is it asked for again.
    let refused = client.disclose(&selection).await.err().unwrap();
    assert!(matches!(refused, CallError::Rewritten(found) if found == expected), "{refused}");
}

#[tokio::test]
async fn a_hit_and_a_board_that_are_not_what_was_shown_are_told() {
    let server = Server::start().await;
    let (client, mut events, mut peer) = start(&server, 8).await;
    let rooms = [RoomId::random(), RoomId::random()];
    let other = rooms.map(|room| rewritten_log(room, 3, 3));
    let serving = async {
        let mine = rooms.map(|room| summary(room, &log(room, 3)[2]));
        peer.serve("room.list", RoomList { rooms: mine.to_vec() }).await;
        let (id, params) = peer.request("search.run").await;
        let search = params["search"].as_u64().unwrap();
        peer.tell(Notice::Found { search, room: rooms[0], record: other[0][2].clone() }).await;
        peer.reply(id, Found { hits: 1, looked_at: 9, next_before: None }).await;
        let mut latest = other[1][2].position();
        latest.seq = 4;
        let board = Board { ask: other[1][2].clone(), rows: Vec::new(), latest };
        peer.serve("board.show", board).await;
    };
    let calling = async {
        client.call(ListRooms::default()).await.unwrap();
        let text = "firewall".parse().unwrap();
        let mut search = client.search(rooms[0], text, None, 3).await.unwrap();
        assert!(search.next().await.is_none(), "it is not handed out");
        let board = client.call(ShowBoard { room: rooms[1], of: 3 }).await;
        assert!(matches!(board, Err(CallError::Rewritten(found)) if found.room == Some(rooms[1])));
    };
    tokio::join!(serving, calling);
    for room in rooms {
        let expected = Rewritten { room: Some(room), seq: 3, how: Discontinuity::Changed };
        let told = next(&mut events).await;
        assert!(matches!(told, Some(Event::Rewritten(found)) if found == expected));
    }
}

#[tokio::test]
async fn a_room_shown_often_and_never_read_is_walked_by_and_by() {
    let server = Server::start().await;
    let (client, _events, mut peer) = start(&server, 8).await;
    let room = RoomId::random();
    let records = log(room, 60);
    let serving = async {
        for at in 0..17 {
            let rooms = vec![summary(room, &records[3 * at])];
            peer.serve("room.list", RoomList { rooms }).await;
        }
        let latest = records[59].position();
        let page =
            |records: &[Record]| Page { records: records.to_vec(), amendments: Vec::new(), latest };
        let params = peer.serve("history.page", page(&records[1..40])).await;
        assert_eq!(params["from"]["after"], 1);
        peer.serve("room.typing", Done {}).await;
    };
    let calling = async {
        for _ in 0..17 {
            client.call(ListRooms::default()).await.unwrap();
        }
        client.call(warproom_proto::calls::TypeInRoom { room }).await.unwrap();
    };
    tokio::join!(serving, calling);
    assert_eq!(client.heads().room(room), Some(records[39].position()));
}

#[tokio::test]
async fn the_register_is_walked_to_its_end_on_request() {
    let server = Server::start().await;
    let (client, _events, mut peer) = start(&server, 8).await;
    let mut at = Position::start(LogId::REGISTER);
    let records: Vec<_> = (1..=4)
        .map(|seq| {
            let body = Body::Withheld { commitment: Head([seq; 32]), erased: false };
            at = at.next(&body.commitment());
            Record { seq: at.seq, head: at.head, body }
        })
        .collect();
    let page =
        |records: &[Record]| Page { records: records.to_vec(), amendments: Vec::new(), latest: at };
    let serving = async {
        peer.serve("register.page", page(&records[..3])).await;
        let params = peer.serve("register.page", page(&records[3..])).await;
        assert_eq!(params["after"], 3);
    };
    let (walked, ()) = tokio::join!(client.walk_register(), serving);
    walked.unwrap();
    assert_eq!(client.heads().register(), Some(at));
}
