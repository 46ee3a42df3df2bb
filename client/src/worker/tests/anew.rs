//! What counts anew: a room that a person decided to believe as it is, and one that somebody is in again.

use warproom_proto::calls::From;

use super::*;

const READS: &str = "history.page";

fn whole(records: &[Record]) -> Page {
    let latest = records.last().unwrap().position();
    Page { records: records.to_vec(), amendments: Vec::new(), latest }
}

#[tokio::test]
async fn an_answer_that_is_under_way_when_a_room_is_forgotten_is_believed() {
    let server = Server::start().await;
    let (client, _events, mut peer) = start(&server, 16).await;
    let room = RoomId::random();
    let records = log(room, 9);
    let call = HistoryPage { room, from: From::Latest, limit: 9 };
    let asking = async { client.call(call).await.unwrap() };
    tokio::join!(asking, peer.serve(READS, whole(&records)));
    for forgets in [true, false] {
        let asking = async { client.call(call).await };
        let serving = async {
            let (id, _) = peer.request(READS).await;
            if forgets {
                client.forget(room);
            }
            peer.reply(id, whole(&records[..if forgets { 4 } else { 3 }])).await;
        };
        let (page, ()) = tokio::join!(asking, serving);
        if forgets {
            assert_eq!(page.unwrap().latest.seq, 4);
            assert_eq!(client.rewritten(), []);
        } else {
            let how = Discontinuity::RolledBack { remembered: 4 };
            let expected = Rewritten { room: Some(room), seq: 3, how };
            assert!(matches!(page, Err(CallError::Rewritten(found)) if found == expected));
        }
    }
}

#[tokio::test]
async fn a_room_that_was_closed_to_somebody_is_walked_again_once_they_are_back_in_it() {
    let server = Server::start().await;
    let (client, mut events, mut peer) = start(&server, 16).await;
    let room = RoomId::random();
    let records = log(room, 60);
    // Of so many positions that were only claimed the room is walked, which is refused.
    let post = async |peer: &mut Peer, at: usize| {
        let Position { seq, head } = records[at - 1].position();
        peer.serve("entry.post", Posted { seq, at_ms: 0, head }).await;
    };
    for at in 1..=16 {
        let posting = async { client.post(room, Label::Green, "x").await.unwrap() };
        tokio::join!(posting, post(&mut peer, 2 * at));
    }
    let posting = async { client.post(room, Label::Green, "x").await.unwrap() };
    let refusing = async {
        post(&mut peer, 34).await;
        let (id, _) = peer.request(READS).await;
        peer.refuse(id, ErrorCode::NotFound).await;
    };
    tokio::join!(posting, refusing);
    // It is not asked for again until one is told to be in the room.
    let posting = async { client.post(room, Label::Green, "x").await.unwrap() };
    tokio::join!(posting, post(&mut peer, 36));
    let summary = summary(room, &records[36]);
    peer.tell(Notice::RoomJoined { room: summary }).await;
    assert!(matches!(next(&mut events).await, Some(Event::RoomJoined(_))));
    let posting = async { client.post(room, Label::Green, "x").await.unwrap() };
    let serving = async {
        post(&mut peer, 38).await;
        let asked = peer.serve(READS, whole(&records[2..])).await;
        assert_eq!(asked["from"], serde_json::json!({ "after": 2 }));
    };
    tokio::join!(posting, serving);
    assert_eq!(client.heads().room(room).unwrap().seq, 60);
}
