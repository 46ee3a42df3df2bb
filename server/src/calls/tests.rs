//! Who may make which calls, and where a reply goes.

use std::net::IpAddr;

use serde_json::{Value, json};
use warproom_proto::register::{Act, Event, Standing};
use warproom_proto::{BotId, Label, MemberId};

use super::*;
use crate::context::alone::Alone;
use crate::domain::Tells;
use crate::domain::tests::{ROOM, person, with_room};

struct Missing(Vec<&'static str>);

impl proto::Visitor for Missing {
    fn call<C: Call>(&mut self) {
        let before = C::ACCESS == Access::Stranger && session::METHODS.contains(&C::METHOD);
        if !before && !ANSWERED.contains(&C::METHOD) {
            self.0.push(C::METHOD);
        }
    }
}

#[test]
fn every_call_of_the_protocol_has_a_handler() {
    let mut missing = Missing(Vec::new());
    proto::each(&mut missing);
    assert!(missing.0.is_empty(), "{:?}", missing.0);
}

/// Officer 10, manager 11, guest 12, officer 20 who is suspended, and a bot.
fn state() -> State {
    let mut state = with_room(Label::Red);
    for (n, role, standing) in
        [(12, Role::Guest, Standing::Active), (20, Role::Officer, Standing::Suspended)]
    {
        let member = MemberId::from_bytes([n; 16]);
        let event = Event::MemberChanged { member, role, standing };
        state.apply_act(&Act { by: None, event }, 0);
    }
    state
}

#[test]
fn a_call_is_for_whom_its_access_says_and_for_nobody_who_may_do_nothing() {
    let state = state();
    let bot = Principal::Bot(BotId::from_bytes([2; 16]));
    for (access, allowed) in [
        (Access::Stranger, [false; 4]),
        (Access::Anyone, [true; 4]),
        (Access::Member, [true, true, true, false]),
        (Access::Officer, [true, true, false, false]),
        (Access::Manager, [true, false, false, false]),
    ] {
        let asked = [person(11), person(10), person(12), bot].map(|who| {
            let checked = check_access(&state, who, access);
            checked.map_err(|refusal| assert_eq!(refusal.code, ErrorCode::NotAllowed)).is_ok()
        });
        assert_eq!(asked, allowed, "{access:?}");
        for who in [person(20), person(99)] {
            let refused = check_access(&state, who, access).unwrap_err().code;
            assert_eq!(refused, ErrorCode::SignInRequired, "{access:?}");
        }
    }
}

/// The request's frame.
fn request(method: &str, params: &Value) -> Frame {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string().into()
}

/// What is answered, and whether it comes after all that waits.
async fn answered(alone: &Alone, who: Principal, frame: Frame) -> (Queued, bool) {
    match answer(Arc::new(alone.session(who)), frame).await {
        Answer::First(reply) => (reply, false),
        Answer::Last(reply) => (reply, true),
    }
}

/// The code of the refusal in a frame, if it is one.
fn refusal(frame: &Frame) -> Option<ErrorCode> {
    let reply: Value = serde_json::from_str(frame).unwrap();
    let code = reply.get("error")?.get("code")?.clone();
    Some(serde_json::from_value(code).unwrap())
}

#[tokio::test]
async fn a_reply_says_of_which_room_it_tells_and_a_refusal_tells_of_none() {
    let alone = Alone::with(state(), &[]);
    let ask = |who, method, params| {
        let alone = &alone;
        async move { answered(alone, who, request(method, &params)).await }
    };
    let members = proto::RoomMembers::METHOD;
    let (reply, is_last) = ask(person(10), members, json!({"room": ROOM})).await;
    assert_eq!(reply.what, Waiting::Reply { request: 7, tells: Tells::Known(ROOM) });
    assert_eq!((refusal(&reply.frame), is_last), (None, false));
    let (reply, is_last) = ask(person(12), members, json!({"room": ROOM})).await;
    assert_eq!((reply.what, is_last), (Waiting::Plain, false));
    assert_eq!(refusal(&reply.frame), Some(ErrorCode::NotFound));
    let search = json!({"search": 1, "room": ROOM, "text": "ransom", "limit": 10});
    let (_, is_last) = ask(person(10), proto::RunSearch::METHOD, search).await;
    assert!(is_last, "what was found comes before the reply");
}

#[tokio::test]
async fn what_somebody_may_not_call_or_what_is_no_call_is_refused() {
    let alone = Alone::with(state(), &[]);
    for (who, method, code) in [
        (person(10), proto::ListProposals::METHOD, ErrorCode::NotAllowed),
        (person(20), proto::ListRooms::METHOD, ErrorCode::SignInRequired),
        (person(10), proto::StartSession::METHOD, ErrorCode::NotAllowed),
        (person(10), "room.burn", ErrorCode::NoSuchCall),
    ] {
        let (reply, _) = answered(&alone, who, request(method, &json!({}))).await;
        assert_eq!(refusal(&reply.frame), Some(code), "{method}");
    }
    let (reply, _) = answered(&alone, person(10), "{".to_owned().into()).await;
    assert_eq!(refusal(&reply.frame), Some(ErrorCode::NotJson));
}

#[tokio::test]
async fn a_stranger_makes_no_call_but_those_before_sign_in() {
    let alone = Alone::with(state(), &[]);
    let stranger = Stranger {
        context: alone.context.clone(),
        source: IpAddr::from([127, 0, 0, 1]).into(),
        exporter: [0; 32],
    };
    for (method, params, code) in [
        (proto::ListRooms::METHOD, json!({}), ErrorCode::SignInRequired),
        (proto::ShowInvitation::METHOD, json!({"code": "none"}), ErrorCode::SignInRefused),
        (proto::ShowInvitation::METHOD, json!({}), ErrorCode::BadParams),
        (proto::StartSession::METHOD, json!({"proof": {"token": "x"}}), ErrorCode::SignInRefused),
    ] {
        let (reply, registration) = answer_stranger(&stranger, &request(method, &params)).await;
        assert_eq!(refusal(&reply), Some(code), "{method}");
        assert!(registration.is_none());
    }
    let counted = alone.context.metrics.text();
    for attempt in [
        r#"{method="session.start",outcome="sign_in_refused"} 1"#,
        r#"{method="unknown",outcome="sign_in_required"} 1"#,
    ] {
        assert!(counted.contains(&format!("warproom_sign_ins_total{attempt}")), "{counted}");
    }
}
