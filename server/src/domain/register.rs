//! The register as a fold: who exists and who may do what, now.

use std::collections::{BTreeMap, HashMap, HashSet};

use warproom_proto::concern::{Key, concerns};
use warproom_proto::register::{
    Act, Bot, CommonCause, Dependency, Device, Event, Member, Organisation, PublicKey,
    RegisterEntry, Role, Standing,
};
use warproom_proto::{
    BotId, CauseId, DeviceId, Handle, Head, InvitationId, MemberId, Name, OrganisationId,
    Principal, RoomId, Secret, WarpId,
};

/// The register.
#[derive(Default)]
pub struct Register {
    warp: Option<(WarpId, Name)>,
    organisations: BTreeMap<OrganisationId, Organisation>,
    entries: BTreeMap<OrganisationId, RegisterEntry>,
    /// With what each is about, as it is compared.
    causes: BTreeMap<CauseId, (Key, CommonCause)>,
    members: BTreeMap<MemberId, MemberRecord>,
    handles: HashMap<Handle, MemberId>,
    invitations: BTreeMap<InvitationId, Invited>,
    devices: BTreeMap<DeviceId, DeviceRecord>,
    bots: BTreeMap<BotId, BotRecord>,
    bot_tokens: HashMap<Head, BotId>,
    bot_hooks: HashMap<Head, BotId>,
    audit_key: Option<PublicKey>,
    /// How many rooms each member opened.
    opened: HashMap<MemberId, u32>,
}

/// A member, also after removal: names stay known for what they wrote.
pub struct MemberRecord {
    /// Who they are, or were.
    pub member: Member,
    /// Whether they were removed.
    pub removed: bool,
    /// The password's PHC string and the TOTP secret, once set.
    pub credentials: Option<(Secret, Secret)>,
}

/// An invitation that has not been used or taken back.
pub struct Invited {
    /// Who invites; `None` for the first manager's.
    pub by: Option<Principal>,
    /// Whom it makes a member.
    pub member: Member,
    /// SHA-256 of its code.
    pub code_hash: Head,
    /// When it lapses.
    pub expires_at_ms: i64,
}

struct DeviceRecord {
    device: Device,
    revoked: bool,
}

struct BotRecord {
    bot: Bot,
    revoked: bool,
}

impl Register {
    /// Takes a committed act in.
    pub fn apply(&mut self, Act { by, event }: &Act) {
        match event {
            Event::WarpFounded { warp, name } => self.warp = Some((*warp, name.clone())),
            Event::OrganisationSet(organisation) => {
                self.organisations.insert(organisation.organisation, organisation.clone());
            }
            Event::RegisterEntrySet(entry) => {
                self.entries.insert(entry.organisation, entry.clone());
            }
            Event::CommonCauseFound(cause) => {
                self.causes.insert(cause.cause, (Key::of(&cause.subject), cause.clone()));
            }
            Event::InvitationAdded { invitation, member, code_hash, expires_at_ms } => {
                let invited = Invited {
                    by: *by,
                    member: member.clone(),
                    code_hash: *code_hash,
                    expires_at_ms: *expires_at_ms,
                };
                self.invitations.insert(*invitation, invited);
            }
            Event::InvitationRevoked { invitation } => {
                self.invitations.remove(invitation);
            }
            Event::MemberJoined { invitation, .. } => {
                if let Some(Invited { member, .. }) = self.invitations.remove(invitation) {
                    self.handles.insert(member.handle.clone(), member.member);
                    let record = MemberRecord { member, removed: false, credentials: None };
                    self.members.insert(record.member.member, record);
                }
            }
            Event::CredentialsSet { member, password_phc, totp_secret, .. } => {
                if let Some(record) = self.members.get_mut(member) {
                    record.credentials = Some((password_phc.clone(), totp_secret.clone()));
                }
            }
            Event::MemberChanged { member, role, standing } => {
                if let Some(record) = self.members.get_mut(member) {
                    record.member.role = *role;
                    record.member.standing = *standing;
                }
            }
            Event::MemberRemoved { member } => self.remove(*member),
            Event::DeviceEnrolled(device) => {
                let record = DeviceRecord { device: device.clone(), revoked: false };
                self.devices.insert(device.device, record);
            }
            Event::DeviceRevoked { device } => {
                if let Some(record) = self.devices.get_mut(device) {
                    record.revoked = true;
                }
            }
            Event::BotAdded { bot, token_hash, hook_hash } => {
                self.bots.insert(bot.bot, BotRecord { bot: bot.clone(), revoked: false });
                self.arm_bot(bot.bot, Some(*token_hash), *hook_hash);
            }
            Event::BotRotated { bot, token_hash, hook_hash } => {
                self.arm_bot(*bot, Some(*token_hash), *hook_hash);
            }
            Event::AuditKeySet { public_key } => self.audit_key = Some(*public_key),
            Event::BotRevoked { bot } => {
                if let Some(record) = self.bots.get_mut(bot) {
                    record.revoked = true;
                }
                self.arm_bot(*bot, None, None);
            }
            Event::RoomOpened { .. } => {
                if let Some(member) = by.and_then(Principal::member) {
                    *self.opened.entry(member).or_insert(0) += 1;
                }
            }
            // The rest changes nothing of who exists and who may do what.
            Event::ProposalMade { .. }
            | Event::ProposalApproved { .. }
            | Event::ProposalEnded { .. }
            | Event::RetentionSet { .. }
            | Event::HoldSet { .. }
            | Event::Unknown => {}
        }
    }

    /// Replaces what a bot proves itself by.
    fn arm_bot(&mut self, bot: BotId, token_hash: Option<Head>, hook_hash: Option<Head>) {
        self.bot_tokens.retain(|_, of| *of != bot);
        self.bot_hooks.retain(|_, of| *of != bot);
        self.bot_tokens.extend(token_hash.map(|hash| (hash, bot)));
        self.bot_hooks.extend(hook_hash.map(|hash| (hash, bot)));
    }

    fn remove(&mut self, member: MemberId) {
        let Some(record) = self.members.get_mut(&member) else { return };
        record.removed = true;
        record.credentials = None;
        self.handles.remove(&record.member.handle);
        for record in self.devices.values_mut().filter(|record| record.device.member == member) {
            record.revoked = true;
        }
    }

    /// The WARP, once founded.
    pub const fn warp(&self) -> Option<&(WarpId, Name)> {
        self.warp.as_ref()
    }

    /// The key that members know to sign checkpoints of the audit log.
    #[must_use]
    pub const fn audit_key(&self) -> Option<PublicKey> {
        self.audit_key
    }

    /// A member, also a removed one.
    #[must_use]
    pub fn member(&self, member: MemberId) -> Option<&MemberRecord> {
        self.members.get(&member)
    }

    /// A member who has not been removed.
    #[must_use]
    pub fn present_member(&self, member: MemberId) -> Option<&Member> {
        self.members.get(&member).filter(|record| !record.removed).map(|record| &record.member)
    }

    /// Whoever has this handle now.
    #[must_use]
    pub fn by_handle(&self, handle: &Handle) -> Option<&MemberRecord> {
        self.members.get(self.handles.get(handle)?)
    }

    /// Every member who has not been removed.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|record| !record.removed).map(|record| &record.member)
    }

    /// Every organisation.
    pub fn organisations(&self) -> impl Iterator<Item = &Organisation> {
        self.organisations.values()
    }

    /// An organisation.
    #[must_use]
    pub fn organisation(&self, id: OrganisationId) -> Option<&Organisation> {
        self.organisations.get(&id)
    }

    /// The organisations that name this one as a client.
    #[must_use]
    pub fn served_by(&self, client: OrganisationId) -> Vec<OrganisationId> {
        let serving = self.organisations.values().filter(|one| one.clients.contains(&client));
        serving.map(|one| one.organisation).collect()
    }

    /// The invitation with this code, if it can be redeemed at this time.
    #[must_use]
    pub fn invitation(&self, code_hash: &Head, now_ms: i64) -> Option<(InvitationId, &Invited)> {
        self.pending(now_ms).find(|(_, invited)| invited.code_hash == *code_hash)
    }

    /// The invitations that can be redeemed at this time.
    pub fn pending(&self, now_ms: i64) -> impl Iterator<Item = (InvitationId, &Invited)> {
        let all = self.invitations.iter().map(|(id, invited)| (*id, invited));
        all.filter(move |(_, invited)| now_ms < invited.expires_at_ms)
    }

    /// How many rooms a member has opened, in all.
    #[must_use]
    pub fn opened(&self, member: MemberId) -> u32 {
        self.opened.get(&member).copied().unwrap_or(0)
    }

    /// A device that may sign in, with its member.
    #[must_use]
    pub fn device(&self, device: DeviceId) -> Option<&Device> {
        let record = self.devices.get(&device).filter(|record| !record.revoked)?;
        self.is_active(Principal::Member(record.device.member)).then_some(&record.device)
    }

    /// The devices of a member that were not revoked, oldest first.
    pub fn devices(&self, member: MemberId) -> impl Iterator<Item = &Device> {
        let all = self.devices.values().filter(move |record| record.device.member == member);
        all.filter(|record| !record.revoked).map(|record| &record.device)
    }

    /// Whose device this is, if it was not revoked: also while its member is suspended.
    #[must_use]
    pub fn device_owner(&self, device: DeviceId) -> Option<MemberId> {
        let record = self.devices.get(&device).filter(|record| !record.revoked)?;
        Some(record.device.member)
    }

    /// A bot, also a revoked one.
    #[must_use]
    pub fn bot(&self, bot: BotId) -> Option<&Bot> {
        self.bots.get(&bot).map(|record| &record.bot)
    }

    /// The bots whose grant was not revoked.
    pub fn bots(&self) -> impl Iterator<Item = &Bot> {
        self.bots.values().filter(|record| !record.revoked).map(|record| &record.bot)
    }

    /// The bot whose token has this hash, if its grant has not ended.
    #[must_use]
    pub fn bot_by_token(&self, token_hash: &Head, now_ms: i64) -> Option<&Bot> {
        self.bot_in_force(*self.bot_tokens.get(token_hash)?, now_ms)
    }

    /// The bot whose webhook's secret has this hash, if its grant has not ended.
    #[must_use]
    pub fn bot_by_hook(&self, hook_hash: &Head, now_ms: i64) -> Option<&Bot> {
        self.bot_in_force(*self.bot_hooks.get(hook_hash)?, now_ms)
    }

    fn bot_in_force(&self, bot: BotId, now_ms: i64) -> Option<&Bot> {
        let bot = self.bot(bot)?;
        (now_ms < bot.grant.expires_at_ms && self.is_active(Principal::Bot(bot.bot))).then_some(bot)
    }

    /// What an organisation says that it depends on.
    #[must_use]
    pub fn depends_on(&self, organisation: OrganisationId) -> &[Dependency] {
        self.entries.get(&organisation).map_or(&[], |entry| &entry.depends_on)
    }

    /// Who stands in for an organisation, in order.
    #[must_use]
    pub fn deputies(&self, organisation: OrganisationId) -> &[MemberId] {
        self.entries.get(&organisation).map_or(&[], |entry| &entry.deputies)
    }

    /// The register entries that were set.
    pub fn entries(&self) -> impl Iterator<Item = &RegisterEntry> {
        self.entries.values()
    }

    /// Whether somebody may see an organisation's register entry.
    #[must_use]
    pub fn may_see_entry(&self, who: Principal, entry: &RegisterEntry) -> bool {
        let is_own = self.organisation_of(who) == Some(entry.organisation);
        match self.role(who) {
            Some(Role::Manager) => true,
            Some(Role::Officer) => is_own || entry.shown,
            Some(Role::Guest) => is_own,
            None => false,
        }
    }

    /// Every common cause, also those of long ago.
    pub fn causes(&self) -> impl Iterator<Item = &CommonCause> {
        self.causes.values().map(|(_, cause)| cause)
    }

    /// The common causes of one supplier or product.
    pub fn causes_of(&self, key: &Key) -> impl Iterator<Item = &CommonCause> {
        self.causes.values().filter(move |(other, _)| other == key).map(|(_, cause)| cause)
    }

    /// Whether a common cause concerns somebody: a manager, or whoever depends on it.
    #[must_use]
    pub fn is_concerned(&self, who: Principal, cause: &CommonCause) -> bool {
        match self.role(who) {
            Some(Role::Manager) => true,
            Some(_) => self.organisation_of(who).is_some_and(|own| self.depends(own, cause)),
            None => false,
        }
    }

    /// The organisations that depend on what a common cause names.
    #[must_use]
    pub fn concerned(&self, cause: &CommonCause) -> HashSet<OrganisationId> {
        self.entries.keys().copied().filter(|one| self.depends(*one, cause)).collect()
    }

    fn depends(&self, organisation: OrganisationId, cause: &CommonCause) -> bool {
        let subjects = std::slice::from_ref(&cause.subject);
        !concerns(self.depends_on(organisation), subjects).is_empty()
    }

    /// The organisation that somebody acts for: a bot for its owner's.
    #[must_use]
    pub fn organisation_of(&self, who: Principal) -> Option<OrganisationId> {
        let member = match who {
            Principal::Member(member) => member,
            Principal::Bot(bot) => self.bot(bot)?.owner,
        };
        self.member(member).map(|record| record.member.organisation)
    }

    /// Whether somebody may do anything now. A bot whose owner may not, may not either.
    #[must_use]
    pub fn is_active(&self, who: Principal) -> bool {
        match who {
            Principal::Member(id) => {
                self.present_member(id).is_some_and(|member| member.standing == Standing::Active)
            }
            Principal::Bot(id) => self.bots.get(&id).is_some_and(|record| {
                !record.revoked && self.is_active(Principal::Member(record.bot.owner))
            }),
        }
    }

    /// The role of a member who may act now.
    #[must_use]
    pub fn role(&self, who: Principal) -> Option<Role> {
        let member = self.present_member(who.member()?)?;
        (member.standing == Standing::Active).then_some(member.role)
    }

    /// Whether somebody is a manager who may act now.
    #[must_use]
    pub fn is_manager(&self, who: Principal) -> bool {
        self.role(who) == Some(Role::Manager)
    }

    /// What somebody is called, also after their time.
    #[must_use]
    pub fn name(&self, who: Principal) -> Option<&Name> {
        match who {
            Principal::Member(id) => self.member(id).map(|record| &record.member.name),
            Principal::Bot(id) => self.bot(id).map(|bot| &bot.name),
        }
    }

    /// Whether somebody may see a record of the register. Credentials are shown to nobody; a manager
    /// sees all else; an officer sees who came, went and changed, and which bots there are, but
    /// neither invitations nor other people's devices nor rooms they are not in.
    #[must_use]
    pub fn may_see(&self, who: Principal, act: &Act, is_in: impl Fn(RoomId) -> bool) -> bool {
        match (&act.event, self.role(who)) {
            (Event::CredentialsSet { .. }, _) | (_, None | Some(Role::Guest)) => false,
            (
                Event::WarpFounded { .. }
                | Event::OrganisationSet(_)
                | Event::AuditKeySet { .. }
                | Event::MemberJoined { .. }
                | Event::MemberChanged { .. }
                | Event::MemberRemoved { .. }
                | Event::RetentionSet { room: None, .. },
                _,
            )
            | (_, Some(Role::Manager)) => true,
            (
                Event::InvitationAdded { .. }
                | Event::InvitationRevoked { .. }
                | Event::ProposalMade { .. }
                | Event::ProposalApproved { .. }
                | Event::ProposalEnded { .. }
                | Event::Unknown,
                _,
            ) => false,
            (Event::RetentionSet { room: Some(room), .. } | Event::HoldSet { room, .. }, _) => {
                is_in(*room)
            }
            // Also what it once was is shown only as long as the organisation shows it.
            (Event::RegisterEntrySet(entry), _) => {
                let now = self.entries.get(&entry.organisation);
                self.may_see_entry(who, entry) && now.is_none_or(|now| self.may_see_entry(who, now))
            }
            (Event::CommonCauseFound(cause), _) => self.is_concerned(who, cause),
            (Event::DeviceEnrolled(device), _) => Principal::Member(device.member) == who,
            (Event::DeviceRevoked { device }, _) => self
                .devices
                .get(device)
                .is_some_and(|record| Principal::Member(record.device.member) == who),
            (Event::RoomOpened { room }, _) => is_in(*room),
            (Event::BotAdded { bot, .. }, _) => bot.grant.rooms.iter().all(|room| is_in(*room)),
            (Event::BotRevoked { bot } | Event::BotRotated { bot, .. }, _) => {
                self.bot(*bot).is_some_and(|bot| bot.grant.rooms.iter().all(|room| is_in(*room)))
            }
        }
    }
}
