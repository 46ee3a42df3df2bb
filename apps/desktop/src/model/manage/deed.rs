//! What is asked about before it is done: whatever changes what somebody may do, or takes something
//! from them.

mod spelled;

use warproom_client::proto::calls::{
    ApproveProposal, ChangeMember, EndProposal, RemoveMember, RevokeBot, RevokeDevice,
    RevokeInvitation, RotateBot,
};
use warproom_client::proto::register::{Role, Standing};
use warproom_client::proto::{
    BotId, DeviceId, InvitationId, MemberId, Principal, ProposalId, RoomId, RoomRole,
};

use super::{Shown, lists, rooms, words};
use crate::Effect;
use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};

pub(super) use spelled::confirm;

/// Something that is asked about first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Give a member another part in a room.
    GivePart {
        /// Where.
        room: RoomId,
        /// Who.
        member: MemberId,
        /// The part.
        role: RoomRole,
    },
    /// Take somebody out of a room.
    TakeOut {
        /// Where.
        room: RoomId,
        /// Who.
        who: Principal,
    },
    /// Leave a room.
    Leave(RoomId),
    /// Give a member another role in the WARP.
    GiveRole {
        /// Who.
        member: MemberId,
        /// The role.
        role: Role,
    },
    /// Let a member do nothing until further notice.
    Suspend(MemberId),
    /// End that.
    Reinstate(MemberId),
    /// Remove a member from the WARP.
    Remove(MemberId),
    /// Take an invitation back.
    RevokeInvitation(InvitationId),
    /// Revoke a device.
    RevokeDevice {
        /// Whose.
        member: MemberId,
        /// Which.
        device: DeviceId,
    },
    /// Give a bot another token.
    RotateBot(BotId),
    /// End a bot's grant.
    RevokeBot(BotId),
    /// Approve another manager's proposal, and so have it done.
    Approve(ProposalId),
    /// Take a proposal back, or turn it down.
    EndProposal(ProposalId),
}

/// Does it. It was asked about.
pub(super) fn perform(model: &mut Model, deed: Deed, out: &mut Vec<Effect>) {
    model.manage.trouble = None;
    if !model.is_connected() {
        // Sent later, it would surprise: the connection went while the question was open.
        model.manage.trouble =
            Some("There is no connection to the server now, so nothing was done.".to_owned());
        return;
    }
    let request: Request = match deed {
        Deed::GivePart { room, member, role } => {
            return rooms::give_part(model, (room, member, role), out);
        }
        Deed::TakeOut { room, who } => return rooms::take_out(model, room, who, out),
        Deed::Leave(room) => {
            let Some(me) = model.me() else { return };
            return rooms::take_out(model, room, Principal::Member(me), out);
        }
        Deed::GiveRole { member, role } => {
            ChangeMember { member, role: Some(role), standing: None }.into()
        }
        Deed::Suspend(member) => stand(member, Standing::Suspended),
        Deed::Reinstate(member) => stand(member, Standing::Active),
        Deed::Remove(member) => RemoveMember { member }.into(),
        Deed::RevokeInvitation(invitation) => RevokeInvitation { invitation }.into(),
        Deed::RevokeDevice { device, .. } => RevokeDevice { device }.into(),
        Deed::RotateBot(bot) => RotateBot { bot }.into(),
        Deed::RevokeBot(bot) => RevokeBot { bot }.into(),
        Deed::Approve(proposal) => ApproveProposal { proposal }.into(),
        Deed::EndProposal(proposal) => EndProposal { proposal }.into(),
    };
    out.push(Effect::Call(request));
}

fn stand(member: MemberId, standing: Standing) -> Request {
    ChangeMember { member, role: None, standing: Some(standing) }.into()
}

/// Tells that it was done, or why not. The lists still say how things were before.
pub(super) fn answered(
    model: &mut Model,
    request: &Request,
    result: &Result<Reply, Refusal>,
    out: &mut Vec<Effect>,
) {
    let Some((said, gone)) = done(model, request) else { return };
    if let Err(refusal) = result {
        if model.manage.is_up {
            model.manage.trouble = Some(refusal.to_string());
        } else {
            model.tell_trouble(refusal);
        }
        return;
    }
    model.tell(said);
    if gone == Some(model.manage.shown) {
        super::open(model, Shown::List, out);
    }
    lists::refresh(model, out);
}

/// What is told once it is done, and what is no longer there to be shown.
fn done(model: &Model, request: &Request) -> Option<(String, Option<Shown>)> {
    let member = |member: MemberId| model.directory.name(Principal::Member(member));
    Some(match request {
        Request::ChangeMember(call) => {
            let name = member(call.member);
            let role = call.role.map(|role| format!("{name} is {} now.", words::role(role)));
            let standing = call.standing.map_or_else(String::new, |standing| {
                format!("{name} is {} now.", words::standing(standing))
            });
            (role.unwrap_or(standing), None)
        }
        Request::RemoveMember(call) => {
            let said = format!(
                "{} is removed, with every device and from every room.",
                member(call.member)
            );
            (said, Some(Shown::Member(call.member)))
        }
        Request::RevokeInvitation(_) => ("The invitation is void.".to_owned(), None),
        Request::RevokeDevice(_) => ("The device can no longer sign in.".to_owned(), None),
        Request::ApproveProposal(_) => ("It is approved, and done.".to_owned(), None),
        Request::EndProposal(_) => {
            ("The proposal has ended; nothing of it is done.".to_owned(), None)
        }
        Request::RotateBot(_) => ("The old token works no more.".to_owned(), None),
        Request::RevokeBot(call) => {
            let said = format!(
                "{} can no longer connect.",
                model.directory.name(Principal::Bot(call.bot))
            );
            (said, Some(Shown::Bot(call.bot)))
        }
        _ => return None,
    })
}
