//! Taking a room out, page by page, from a server that changed what lies before what was read.

use warproom_proto::calls::Page;

use super::*;
use crate::Heads;

/// The same numbers with other texts.
fn another(room: RoomId, length: u16) -> Vec<Record> {
    let mut at = Position::start(LogId::room(room));
    let retold = |record: Record| {
        let Body::Shown { at_ms, salt, label, .. } = record.body else { panic!("it is shown") };
        let item = serde_json::value::to_raw_value("another").unwrap();
        let body = Body::Shown { at_ms, salt, item, label };
        at = at.next(&body.commitment());
        Record { seq: at.seq, head: at.head, body }
    };
    log(room, length).into_iter().map(retold).collect()
}

#[tokio::test]
async fn a_page_that_does_not_follow_the_one_before_is_told_and_taken_out_nowhere() {
    let room = RoomId::random();
    let (records, forged) = (log(room, 6), another(room, 3));
    for (first, holds) in [(&records[..3], true), (&forged[..], false)] {
        let server = Server::start().await;
        let mut heads = Heads::default();
        heads.show(Some(room), records[5].position()).unwrap();
        let connecting = Connector::new(server.address.clone(), token()).heads(heads).connect();
        let (connected, mut peer) = tokio::join!(connecting, welcome(&server));
        let (client, _events) = connected.unwrap();
        let latest = records[5].position();
        let serving = async {
            for records in [first, &records[3..]] {
                let (records, amendments) = (records.to_vec(), Vec::new());
                peer.serve("room.export", Page { records, amendments, latest }).await;
            }
        };
        let exporting = client.export(room, 0, |_, _| {});
        let both = Box::pin(async { tokio::join!(exporting, serving) });
        let (exported, ()) = timeout(ENOUGH, both).await.expect("somebody waits for ever");
        assert_eq!(exported.is_ok(), holds);
        let told: Vec<_> = client.rewritten().iter().map(|told| (told.room, told.seq)).collect();
        assert_eq!(told, if holds { vec![] } else { vec![(Some(room), 4)] });
    }
}
