//! Calls on rooms: who is in them, following them, and marks.

use warproom_proto::audit::Reading;
use warproom_proto::calls::{
    AddToRoom, ChangeRoom, Done, FollowRoom, Followed, From, ListRooms, MarkRead, OpenRoom, Posted,
    PresentInRoom, PresentList, RemoveFromRoom, RoomList, RoomMember, RoomMemberList, RoomMembers,
    RoomOpened, SeenBy, SeenList, TypeInRoom, UnfollowRoom,
};
use warproom_proto::entry::RoomRole;
use warproom_proto::notice::Notice;
use warproom_proto::{Error, ErrorCode, LogId, Principal, Record, RoomId, limits};

use super::Session;
use super::history::{blocking, fetch, reading_allowed};
use crate::domain::{Mark, Plan, State};
use crate::journal::append_id;
use crate::view;

pub async fn list(session: &Session, call: ListRooms) -> Result<RoomList, Error> {
    let who = session.who();
    if call.all {
        if !session.context.state().register.is_manager(who) {
            return Err(ErrorCode::NotAllowed.into());
        }
        super::audit::read(session, Reading::AllRooms).await?;
    }
    let state = session.context.state();
    let seen = state.rooms.iter().filter(|(_, room)| call.all || room.role(who).is_some());
    let summary = |room: &RoomId| {
        let latest = session.context.store.position(LogId::room(*room));
        view::room_summary(&state, who, *room, latest)
    };
    let mut rooms: Vec<_> = seen.filter_map(|(room, _)| summary(room)).collect();
    rooms.sort_by_key(|room| room.settings.name.folded());
    Ok(RoomList { rooms })
}

pub async fn open(session: &Session, call: OpenRoom) -> Result<RoomOpened, Error> {
    let room = RoomId::random();
    let who = session.who();
    let decide = move |state: &State, _| {
        if state.register.is_active(who) {
            state.decide_open_room(who, room, call.settings)
        } else {
            Err(ErrorCode::SignInRequired.into())
        }
    };
    session.context.journal.append(None, decide).await?;
    Ok(RoomOpened { room })
}

pub async fn change(session: &Session, call: ChangeRoom) -> Result<Posted, Error> {
    let who = session.who();
    let ChangeRoom { room, id, settings } = call;
    let decide = move |state: &State, _| state.decide_change_room(who, room, id, settings);
    session.context.journal.append_one(append_id(room, who, id), decide).await
}

pub async fn add(session: &Session, call: AddToRoom) -> Result<Posted, Error> {
    let who = session.who();
    let AddToRoom { room, id, member, role } = call;
    let decide = move |state: &State, _| state.decide_add(who, room, id, (member, role));
    session.context.journal.append_one(append_id(room, who, id), decide).await
}

pub async fn remove(session: &Session, call: RemoveFromRoom) -> Result<Posted, Error> {
    let by = session.who();
    let RemoveFromRoom { room, id, who } = call;
    let decide = move |state: &State, _| state.decide_remove(by, room, id, who);
    session.context.journal.append_one(append_id(room, by, id), decide).await
}

pub async fn members(session: &Session, call: RoomMembers) -> Result<RoomMemberList, Error> {
    let who = session.who();
    if session.context.state().room_seen_by(who, call.room)?.role(who).is_none() {
        super::audit::read(session, Reading::RoomMembers { room: call.room }).await?;
    }
    let state = session.context.state();
    let room = state.room_seen_by(who, call.room)?;
    // Who is in a room is something to read: a bot that reads nothing does not get it either.
    if matches!(who, Principal::Bot(_)) {
        reading_allowed(&state, who, call.room)?;
    }
    let mut members: Vec<_> =
        room.present().filter_map(|(who, role)| room_member(&state, who, role)).collect();
    members.sort_by_key(|one| one.name.folded());
    Ok(RoomMemberList { members })
}

fn room_member(state: &State, who: Principal, role: RoomRole) -> Option<RoomMember> {
    let organisation = who.member().and_then(|member| {
        state.register.organisation(state.register.member(member)?.member.organisation)
    });
    Some(RoomMember {
        who,
        name: state.register.name(who)?.clone(),
        organisation: organisation.map(|one| one.organisation),
        organisation_name: organisation.map(|one| one.name.clone()),
        role,
    })
}

pub async fn follow(session: &Session, call: FollowRoom) -> Result<Followed, Error> {
    let FollowRoom { room, after } = call;
    let who = session.who();
    let (context, peer) = (&session.context, &session.peer);
    reading_allowed(&context.state(), who, room)?;
    let mut latest = context.store.position(LogId::room(room));
    let stored = match after {
        Some(after) if after < latest.seq => {
            let asked = (From::After(after), limits::PAGE);
            blocking(context, move |store| fetch(store, LogId::room(room), asked, latest.seq))
                .await?
        }
        _ => Vec::new(),
    };
    // A position beyond the end is one that this server never gave out: say where the log stands,
    // and let the client, who remembers another head, draw its conclusion.
    let end =
        stored.last().map_or_else(|| after.unwrap_or(latest.seq).min(latest.seq), |last| last.seq);
    let records: Vec<Record> = view::show(&context.state(), who, room, stored)?;
    // From here to the return there is no await: the reply leaves before what it makes possible.
    let mut live = context.hub.follow(peer, room, end);
    if after.is_none() {
        // "From now on" is wherever now is.
        while !live {
            latest = context.store.position(LogId::room(room));
            live = context.hub.follow(peer, room, latest.seq);
        }
    }
    // Somebody taken out since the check above is not followed: the hub looks again at each delivery.
    Ok(Followed { records, live, latest })
}

pub async fn unfollow(session: &Session, call: UnfollowRoom) -> Result<Done, Error> {
    session.context.state().room_of(session.who(), call.room)?;
    session.context.hub.unfollow(&session.peer, call.room);
    Ok(Done {})
}

pub async fn mark_read(session: &Session, call: MarkRead) -> Result<Done, Error> {
    let MarkRead { room, seq } = call;
    let who = session.who();
    let latest = session.context.store.position(LogId::room(room)).seq;
    {
        let state = session.context.state();
        state.room_of(who, room)?;
        if seq > latest {
            let sentence = "room.read: there is no such entry yet";
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        if state.read.get(&(room, who)).is_some_and(|kept| *kept >= seq) {
            return Ok(Done {});
        }
    }
    let decide = move |state: &State, _| {
        state.room_of(who, room)?;
        // Asked again: another device may have read further meanwhile.
        let further = state.read.get(&(room, who)).is_none_or(|kept| *kept < seq);
        let mark = further.then_some(Mark::Read(room, who, seq));
        Ok(Plan { records: Vec::new(), mark, ..Plan::default() })
    };
    session.context.journal.append(None, decide).await?;
    Ok(Done {})
}

pub async fn seen_by(session: &Session, call: SeenBy) -> Result<SeenList, Error> {
    let SeenBy { room, seq } = call;
    let who = session.who();
    session.context.state().room_of(who, room)?;
    let stored = blocking(&session.context, move |store| {
        view::fetch_each(store, room, std::iter::once(seq))
    });
    let stored = stored.await?.pop().ok_or(ErrorCode::NotFound)?;
    let state = session.context.state();
    let may_read = |who: Principal| {
        view::Entitled::to(&state, who, room)
            .map_or(Ok(false), |entitled| entitled.may_read(&stored))
    };
    if !may_read(who)? {
        return Err(ErrorCode::NotFound.into());
    }
    let readers = state.read.range((room, Principal::Member(lowest()))..);
    let readers = readers.take_while(|((of, _), _)| *of == room).filter(|(_, read)| **read >= seq);
    let mut members = Vec::new();
    for ((_, reader), _) in readers {
        if let (Some(member), true) = (reader.member(), may_read(*reader)?) {
            members.push(member);
        }
    }
    Ok(SeenList { members })
}

const fn lowest() -> warproom_proto::MemberId {
    warproom_proto::MemberId::from_bytes([0; 16])
}

pub async fn typing(session: &Session, call: TypeInRoom) -> Result<Done, Error> {
    let member = session.who().member().ok_or(ErrorCode::NotAllowed)?;
    let on = {
        let state = session.context.state();
        let room = state.room_of(session.who(), call.room)?;
        room.settings().is_some_and(|settings| settings.typing)
    };
    if on {
        let notice = Notice::Typing { room: call.room, member };
        session.context.hub.tell(call.room, session.who(), &notice);
    }
    Ok(Done {})
}

pub async fn present(session: &Session, call: PresentInRoom) -> Result<PresentList, Error> {
    let state = session.context.state();
    let room = state.room_of(session.who(), call.room)?;
    if !room.settings().is_some_and(|settings| settings.presence) {
        let sentence = "this room does not show who is connected";
        return Err(Error::new(ErrorCode::NotAllowed, sentence));
    }
    let here = |member: &warproom_proto::MemberId| room.role(Principal::Member(*member)).is_some();
    let members = session.context.hub.following(call.room).into_iter().filter(here).collect();
    Ok(PresentList { members })
}
