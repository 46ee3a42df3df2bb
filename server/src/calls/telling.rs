//! What each call's reply tells of rooms, and what becomes of one that has waited too long.

use serde::Deserialize;
use serde_json::value::RawValue;
use warproom_proto::calls::{
    AuditPage, BoardHistory, Call, DiscloseRoom, FollowRoom, HistoryPage, HistoryReferring,
    ListBots, ListMembers, ListOutstanding, ListRooms, PresentInRoom, ReachedBy, ReadPart,
    RegisterPage, RoomExport, RoomMembers, RunSearch, SeenBy, ShowBoard, ShowRetention,
};
use warproom_proto::{Error, ErrorCode, RoomId, rpc};

use super::Session;
use crate::domain::Tells;
use crate::hub::{Queued, Waiting};
use crate::transport::Frame;

/// When to ask again for what tells of several rooms, of which one was left meanwhile: at once.
const AGAIN_MS: u64 = 1;

/// What the reply to a request tells of rooms, as asked by somebody who had left one so often by then. What is
/// answered to an act is that it was done, and theirs to know whatever happens.
pub fn tells(request: &rpc::Request<'_>, times_left: impl FnOnce() -> usize) -> Option<Tells> {
    match &*request.method {
        FollowRoom::METHOD
        | HistoryPage::METHOD
        | HistoryReferring::METHOD
        | ReadPart::METHOD
        | ShowBoard::METHOD
        | BoardHistory::METHOD
        | RunSearch::METHOD
        | SeenBy::METHOD
        | PresentInRoom::METHOD
        | ReachedBy::METHOD
        | RoomExport::METHOD
        | DiscloseRoom::METHOD => named(request.params).map(Tells::Said),
        RoomMembers::METHOD | ShowRetention::METHOD => named(request.params).map(Tells::Known),
        ListRooms::METHOD
        | ListOutstanding::METHOD
        | ListMembers::METHOD
        | ListBots::METHOD
        | RegisterPage::METHOD
        | AuditPage::METHOD => Some(Tells::Rooms { times_left: times_left() }),
        _ => None,
    }
}

/// The room that a call names.
fn named(params: Option<&RawValue>) -> Option<RoomId> {
    #[derive(Deserialize)]
    struct Named {
        room: RoomId,
    }
    let named = serde_json::from_str::<Named>(params?.get());
    named.ok().map(|named| named.room)
}

/// What is sent of a frame that has waited. In place of a reply that its reader may not have any more comes
/// a refusal: the one for a room that is not theirs, or to ask again.
pub fn to_send(session: &Session, Queued { what, frame }: Queued) -> Frame {
    let Waiting::Reply { request, tells } = what else { return frame };
    if session.context.state().is_still_for(session.who(), tells) {
        return frame;
    }
    let refusal = match tells {
        Tells::Said(_) | Tells::Known(_) => ErrorCode::NotFound.into(),
        Tells::Rooms { .. } => Error::slow_down(AGAIN_MS),
    };
    rpc::reply_text::<()>(Some(request), &Err(refusal)).into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use warproom_proto::schema::openrpc;

    use super::*;

    /// Replies that say no more than that something was done, or how far an own file has come up.
    const OF_ACTS: [&str; 3] = ["Posted", "Done", "UploadStatus"];

    /// The name of the type that a call takes or answers.
    fn name(part: &Value) -> &str {
        let path = part["schema"]["$ref"].as_str().unwrap();
        path.rsplit('/').next().unwrap()
    }

    #[test]
    fn every_reply_that_tells_of_a_room_says_of_which() {
        let described = openrpc();
        let room = r#"{"room": "00000000-0000-7000-8000-000000000000"}"#;
        for call in described["methods"].as_array().unwrap() {
            let fields =
                &described["components"]["schemas"][name(&call["params"][0])]["properties"];
            if fields.get("room").is_none() || OF_ACTS.contains(&name(&call["result"])) {
                continue;
            }
            let method = call["name"].as_str().unwrap();
            let text =
                format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}", "params": {room}}}"#);
            let request = rpc::Request::read(&text).unwrap();
            assert!(tells(&request, || 0).is_some(), "{method}");
        }
    }
}
