//! Calls on the register.

use warproom_proto::audit::Reading;
use warproom_proto::calls::{
    AddBot, AddInvitation, AddOrganisation, BotAdded, BotList, ChangeMember, ChangeOrganisation,
    DeviceList, Done, InvitationAdded, InvitationList, ListBots, ListDevices, ListInvitations,
    ListMembers, ListOrganisations, MemberList, OrganisationAdded, OrganisationList,
    PendingInvitation, RemoveMember, RevokeBot, RevokeDevice, RevokeInvitation, RotateBot,
};
use warproom_proto::invitation::Invitation;
use warproom_proto::register::{Member, Role};
use warproom_proto::{
    BotId, Error, ErrorCode, Head, InvitationId, MemberId, OrganisationId, Principal, Secret,
};

use super::Session;
use crate::domain::{Plan, State};
use crate::identity;
use crate::journal::now_ms;

/// How long an invitation can be redeemed: a fortnight covers a holiday.
pub const INVITATION_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// Appends an administrative act.
pub async fn act(
    session: &Session,
    decide: impl FnOnce(&State, Principal, i64) -> Result<Plan, Error> + Send + 'static,
) -> Result<Done, Error> {
    let who = session.who();
    // The role is asked again where it decides: on the state that the act is appended to.
    let decide = move |state: &State, now_ms| {
        if state.register.is_active(who) {
            decide(state, who, now_ms)
        } else {
            Err(ErrorCode::SignInRequired.into())
        }
    };
    session.context.journal.append(None, decide).await?;
    Ok(Done {})
}

/// Appends an administrative act of a manager.
pub async fn manage(
    session: &Session,
    decide: impl FnOnce(&State, Principal, i64) -> Result<Plan, Error> + Send + 'static,
) -> Result<Done, Error> {
    let decide = |state: &State, who, now_ms| {
        if state.register.is_manager(who) {
            decide(state, who, now_ms)
        } else {
            Err(ErrorCode::NotAllowed.into())
        }
    };
    act(session, decide).await
}

pub async fn list_organisations(
    session: &Session,
    _: ListOrganisations,
) -> Result<OrganisationList, Error> {
    let mut organisations: Vec<_> =
        session.context.state().register.organisations().cloned().collect();
    organisations.sort_by_key(|one| one.name.folded());
    Ok(OrganisationList { organisations })
}

pub async fn add_organisation(
    session: &Session,
    call: AddOrganisation,
) -> Result<OrganisationAdded, Error> {
    let organisation = OrganisationId::random();
    manage(session, move |state, by, _| state.decide_add_organisation(by, organisation, call))
        .await?;
    Ok(OrganisationAdded { organisation })
}

pub async fn change_organisation(
    session: &Session,
    call: ChangeOrganisation,
) -> Result<Done, Error> {
    manage(session, |state, by, _| state.decide_change_organisation(by, call.organisation)).await
}

pub async fn list_members(session: &Session, _: ListMembers) -> Result<MemberList, Error> {
    let state = session.context.state();
    let who = session.who();
    let sees_all = state.register.role(who) != Some(Role::Guest);
    let shares_a_room = |member: &Member| {
        let mut rooms = state.rooms.values();
        rooms.any(|room| {
            room.role(who).is_some() && room.role(Principal::Member(member.member)).is_some()
        })
    };
    let is_self = |member: &Member| Principal::Member(member.member) == who;
    let seen = |member: &&Member| sees_all || is_self(member) || shares_a_room(member);
    let mut members: Vec<_> = state.register.members().filter(seen).cloned().collect();
    members.sort_by_key(|one| one.name.folded());
    Ok(MemberList { members })
}

pub async fn change_member(session: &Session, call: ChangeMember) -> Result<Done, Error> {
    manage(session, move |state, by, now_ms| state.decide_change_member(by, &call, now_ms)).await
}

pub async fn remove_member(session: &Session, call: RemoveMember) -> Result<Done, Error> {
    manage(session, move |state, by, now_ms| state.decide_remove_member(by, call.member, now_ms))
        .await
}

pub async fn add_invitation(
    session: &Session,
    call: AddInvitation,
) -> Result<InvitationAdded, Error> {
    let invitation = InvitationId::random();
    let (code, code_hash) = identity::invitation_code().map_err(|_| ErrorCode::ServerFault)?;
    let expires_at_ms = now_ms() + INVITATION_MS;
    let decide = move |state: &State, by, now_ms| {
        state.decide_invite(Some(by), (invitation, code_hash), call, (now_ms, expires_at_ms))
    };
    manage(session, decide).await?;
    let text = Invitation { address: session.context.address(), code }.to_text().into();
    Ok(InvitationAdded { invitation, text, expires_at_ms })
}

pub async fn list_invitations(
    session: &Session,
    _: ListInvitations,
) -> Result<InvitationList, Error> {
    super::audit::read(session, Reading::Invitations).await?;
    let state = session.context.state();
    let pending =
        |(invitation, invited): (InvitationId, &crate::domain::Invited)| PendingInvitation {
            invitation,
            member: invited.member.clone(),
            expires_at_ms: invited.expires_at_ms,
        };
    let mut invitations: Vec<_> = state.register.pending(now_ms()).map(pending).collect();
    invitations.sort_by_key(|one| one.member.name.folded());
    Ok(InvitationList { invitations })
}

pub async fn revoke_invitation(session: &Session, call: RevokeInvitation) -> Result<Done, Error> {
    let decide = move |state: &State, by, now_ms| {
        state.decide_revoke_invitation(by, call.invitation, now_ms)
    };
    manage(session, decide).await
}

pub async fn list_devices(session: &Session, call: ListDevices) -> Result<DeviceList, Error> {
    let me = session.who().member().ok_or(ErrorCode::NotAllowed)?;
    let whose = call.member.unwrap_or(me);
    if whose != me {
        {
            let state = session.context.state();
            let known = state.register.present_member(whose).is_some();
            if !(known && state.register.is_manager(session.who())) {
                return Err(ErrorCode::NotFound.into());
            }
        }
        super::audit::read(session, Reading::Devices { member: whose }).await?;
    }
    let state = session.context.state();
    Ok(DeviceList { devices: state.register.devices(whose).cloned().collect() })
}

pub async fn revoke_device(session: &Session, call: RevokeDevice) -> Result<Done, Error> {
    act(session, move |state, by, _| state.decide_revoke_device(by, call.device)).await
}

pub async fn add_bot(session: &Session, call: AddBot) -> Result<BotAdded, Error> {
    let bot = BotId::random();
    let owner: MemberId = session.who().member().ok_or(ErrorCode::NotAllowed)?;
    let has_hook = call.hook.is_some();
    let Armed { token, token_hash, hook, hook_hash } = arm(session)?;
    let decide = move |state: &State, _, now_ms| {
        state.decide_add_bot(owner, (bot, token_hash, hook_hash), call, now_ms)
    };
    manage(session, decide).await?;
    Ok(BotAdded { bot, token, hook: has_hook.then_some(hook) })
}

pub async fn rotate_bot(
    session: &Session,
    RotateBot { bot }: RotateBot,
) -> Result<BotAdded, Error> {
    let Armed { token, token_hash, hook, hook_hash } = arm(session)?;
    let decide =
        move |state: &State, by, _| state.decide_rotate_bot(by, bot, (token_hash, hook_hash));
    act(session, decide).await?;
    let has_hook = session.context.state().register.bot(bot).is_some_and(|bot| bot.hook.is_some());
    Ok(BotAdded { bot, token, hook: has_hook.then_some(hook) })
}

/// What a bot proves itself by, and what is kept of it.
struct Armed {
    token: Secret,
    token_hash: Head,
    /// The address of its webhook, with the secret in it.
    hook: Secret,
    hook_hash: Head,
}

fn arm(session: &Session) -> Result<Armed, Error> {
    let fault = |_| ErrorCode::ServerFault;
    let (token, token_hash) = identity::bot_token().map_err(fault)?;
    let (secret, hook_hash) = identity::hook_secret().map_err(fault)?;
    let address = &session.context.host_port;
    let hook = format!("https://{address}/hooks/{}", secret.expose()).into();
    Ok(Armed { token, token_hash, hook, hook_hash })
}

pub async fn list_bots(session: &Session, _: ListBots) -> Result<BotList, Error> {
    let state = session.context.state();
    let who = session.who();
    let is_manager = state.register.is_manager(who);
    // An officer sees the bots of the rooms they are in, and of those only these rooms.
    let seen = |bot: &warproom_proto::register::Bot| {
        let mut bot = bot.clone();
        if !is_manager {
            bot.grant.rooms.retain(|room| state.room_of(who, *room).is_ok());
            bot.hook = bot.hook.filter(|hook| bot.grant.rooms.contains(&hook.room));
        }
        (!bot.grant.rooms.is_empty()).then_some(bot)
    };
    let mut bots: Vec<_> = state.register.bots().filter_map(seen).collect();
    bots.sort_by_key(|one| one.name.folded());
    Ok(BotList { bots })
}

pub async fn revoke_bot(session: &Session, call: RevokeBot) -> Result<Done, Error> {
    manage(session, move |state, by, _| state.decide_revoke_bot(by, call.bot)).await
}
