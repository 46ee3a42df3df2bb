//! What each deed does, spelled out for the question before it.

use warproom_client::proto::register::Role;
use warproom_client::proto::{
    BotId, DeviceId, InvitationId, MemberId, Principal, RoomId, RoomRole,
};

use super::super::{proposals, words};
use super::Deed;
use crate::Action;
use crate::model::desk::Confirm;
use crate::model::{Model, manage};

/// A title, what it does, and the word on the button.
type Spelled = (String, String, &'static str);

/// The question before a deed; none if what it is about is gone.
pub(in super::super) fn confirm(model: &Model, deed: Deed) -> Option<Confirm> {
    let (title, what_it_does, verb) = match deed {
        Deed::GivePart { room, member, role } => give_part(model, (room, member, role)),
        Deed::TakeOut { room, who } => take_out(model, room, who),
        Deed::Leave(room) => leave(model, room),
        Deed::GiveRole { member, role } => give_role(model, member, role),
        Deed::Suspend(member) => suspend(model, member),
        Deed::Reinstate(member) => reinstate(model, member),
        Deed::Remove(member) => remove(model, member),
        Deed::RevokeInvitation(invitation) => revoke_invitation(model, invitation)?,
        Deed::RevokeDevice { member, device } => revoke_device(model, member, device)?,
        Deed::RotateBot(bot) => rotate_bot(model, bot)?,
        Deed::RevokeBot(bot) => revoke_bot(model, bot)?,
        Deed::Approve(proposal) => proposals::approve(model, proposal)?,
        Deed::EndProposal(proposal) => proposals::end(model, proposal)?,
    };
    let is_dangerous =
        !matches!(deed, Deed::GivePart { role: RoomRole::Participant, .. } | Deed::Reinstate(_));
    let then = Box::new(Action::Manage(manage::Action::Do(deed)));
    Some(Confirm { title, what_it_does, verb, is_dangerous, then })
}

fn name(model: &Model, member: MemberId) -> String {
    model.directory.name(Principal::Member(member))
}

fn give_part(model: &Model, (room, member, role): (RoomId, MemberId, RoomRole)) -> Spelled {
    let (name, room) = (name(model, member), model.managed_room_name(room));
    match role {
        RoomRole::Lead => (
            format!("Make {name} a lead of {room}?"),
            format!(
                "{name} may then bring people in, take them out, you included, and change the room's settings. Everyone in the room sees that it was done."
            ),
            "Make lead",
        ),
        RoomRole::Participant => (
            format!("Make {name} a participant of {room}?"),
            format!(
                "{name} goes on reading and writing, but no longer brings people in, takes them out or changes the room's settings. Everyone in the room sees that it was done."
            ),
            "Make participant",
        ),
    }
}

fn take_out(model: &Model, room: RoomId, who: Principal) -> Spelled {
    let (name, room) = (model.directory.name(who), model.managed_room_name(room));
    let what = format!(
        "{name} is out at once, on every device, and gets nothing more of this room: no entry, no history, no search. What they have read already cannot be called back. Everyone in the room sees that it was done. They can be brought in again."
    );
    (format!("Take {name} out of {room}?"), what, "Take out")
}

fn leave(model: &Model, room: RoomId) -> Spelled {
    let way_back = if model.is_manager() {
        "As a manager you can bring yourself in again."
    } else {
        "You come back only if a lead or a manager brings you in."
    };
    let what = format!(
        "You are out at once, on every device, and get nothing more of this room. {way_back} Of what is said meanwhile you will then see little: see what labels allow."
    );
    (format!("Leave {}?", model.managed_room_name(room)), what, "Leave")
}

fn give_role(model: &Model, member: MemberId, role: Role) -> Spelled {
    let name = name(model, member);
    let before = model.directory.member(member).map(|member| member.role);
    let word = words::role(role);
    let mut what = format!("As {word}, {name} {}.", words::role_meaning(role));
    if before == Some(Role::Manager) {
        what.push_str(" What only managers do ends for them at once.");
    } else if role == Role::Manager {
        what.push_str(" They can then do to every member, you included, what you can.");
    }
    what.push_str(" Their rooms stay as they are.");
    (format!("Make {name} {word}?"), what, "Change role")
}

fn suspend(model: &Model, member: MemberId) -> Spelled {
    let name = name(model, member);
    let what = format!(
        "{name} can do nothing from now on: every open connection ends within a second, no device signs in, and nothing new reaches them. Their rooms, devices and bots are kept, so that a manager can reinstate them at any time."
    );
    (format!("Suspend {name}?"), what, "Suspend")
}

fn reinstate(model: &Model, member: MemberId) -> Spelled {
    let name = name(model, member);
    let what = format!(
        "{name} can sign in again with the devices they had, and is in the same rooms as before."
    );
    (format!("Reinstate {name}?"), what, "Reinstate")
}

fn remove(model: &Model, member: MemberId) -> Spelled {
    let name = name(model, member);
    let what = format!(
        "Every device of {name}, every room and every open connection of theirs ends within a second. Invitations they made and bots they own end with them. What they wrote stays, under their name. This cannot be undone: to come back they need a new invitation, and are a new member then."
    );
    (format!("Remove {name} from the WARP?"), what, "Remove")
}

fn revoke_invitation(model: &Model, invitation: InvitationId) -> Option<Spelled> {
    let mut pending = model.manage.invitations.iter().flatten();
    let pending = pending.find(|pending| pending.invitation == invitation)?;
    let name = &pending.member.name;
    let what = format!(
        "The text that was handed over is void at once. {name} can be invited again, with another text."
    );
    Some((format!("Revoke the invitation of {name}?"), what, "Revoke"))
}

fn revoke_device(model: &Model, member: MemberId, device: DeviceId) -> Option<Spelled> {
    let found = model.manage.devices.get(&member)?.iter().find(|one| one.device == device)?;
    let title = format!("Revoke \u{201c}{}\u{201d}?", found.name);
    let is_this = model.session.as_ref().is_some_and(|session| session.device == device);
    let what = if is_this {
        "This is the device you are using. You are signed out at once, and this computer cannot sign in again until it is set up anew with your password and a code, or with a new invitation.".to_owned()
    } else {
        format!(
            "Its open connections end within a second, and it can never sign in again. {} other devices stay. To use it again it is set up anew, with password and code.",
            if Some(member) == model.me() {
                "Your".to_owned()
            } else {
                format!("{}\u{2019}s", name(model, member))
            }
        )
    };
    Some((title, what, if is_this { "Revoke and sign out" } else { "Revoke" }))
}

fn rotate_bot(model: &Model, bot: BotId) -> Option<Spelled> {
    let bot = model.directory.bots.get(&bot)?;
    let hook = if bot.hook.is_some() { ", and its webhook another address" } else { "" };
    let what = format!(
        "{} gets another token{hook}. The old one ends at once, with every connection made by it: the bot stands still until whoever runs it has put the new one in. The new one is shown once, here.",
        bot.name
    );
    Some((format!("Give {} another token?", bot.name), what, "Give another token"))
}

fn revoke_bot(model: &Model, bot: BotId) -> Option<Spelled> {
    let bot = model.directory.bots.get(&bot)?;
    let what = format!(
        "Its token{} and every connection end within a second, and it is out of every room. What it posted stays. This cannot be undone: a new bot would be added.",
        if bot.hook.is_some() { ", its webhook" } else { "" }
    );
    Some((format!("Revoke {}?", bot.name), what, "Revoke"))
}
