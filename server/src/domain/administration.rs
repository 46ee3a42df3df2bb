//! Rules on the register: who may change what. Each is a function of the state to a plan or a
//! refusal. That the caller is a manager where one is needed is checked before, by the call's access.

use std::collections::HashSet;

use warproom_proto::calls::{
    AddBot, AddInvitation, AddOrganisation, ChangeMember, Preferences, QuietHours, SetRegisterEntry,
};
use warproom_proto::entry::{Kind, RoomRole, RoomSettings};
use warproom_proto::register::{
    Act, Bot, Device, Event, Grant, Hook, Member, Organisation, RegisterEntry, Role, Standing,
};
use warproom_proto::{
    BotId, DeviceId, EntryId, Error, ErrorCode, Head, InvitationId, Label, MemberId,
    OrganisationId, Principal, RoomId, Secret, limits,
};

use super::credentials::Checked;
use super::posting::notice_entry;
use super::{Mark, Plan, Planned, State};

/// What redeeming an invitation sets, prepared outside (hashing is slow).
pub struct Redemption {
    /// SHA-256 of the code.
    pub code_hash: Head,
    /// The password's PHC string.
    pub password_phc: Secret,
    /// The TOTP secret.
    pub totp_secret: Secret,
    /// The step of the code that came with it.
    pub totp_step: u64,
    /// The device; its member is filled in from the invitation.
    pub device: Device,
}

impl State {
    /// A new organisation.
    pub fn decide_add_organisation(
        &self,
        by: Principal,
        id: OrganisationId,
        call: AddOrganisation,
    ) -> Result<Plan, Error> {
        let AddOrganisation { name, aliases, clients } = call;
        let organisation = Organisation { organisation: id, name, aliases, clients };
        self.may_add_another_organisation()?;
        self.check_organisation(&organisation)?;
        Ok(Plan::act(by, Event::OrganisationSet(organisation)))
    }

    /// Another entry for an organisation.
    pub fn decide_change_organisation(
        &self,
        by: Principal,
        organisation: Organisation,
    ) -> Result<Plan, Error> {
        if self.register.organisation(organisation.organisation).is_none() {
            return Err(ErrorCode::NotFound.into());
        }
        self.check_organisation(&organisation)?;
        Ok(Plan::act(by, Event::OrganisationSet(organisation)))
    }

    fn check_organisation(&self, organisation: &Organisation) -> Result<(), Error> {
        let Organisation { organisation: id, name, aliases, clients } = organisation;
        if aliases.len().max(clients.len()) > limits::ORGANISATION_LIST {
            let sentence = "an organisation has at most 32 aliases and 32 clients";
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        let known = |client: &OrganisationId| self.register.organisation(*client).is_some();
        if clients.contains(id) || !clients.iter().all(known) {
            let sentence = "a client must be another organisation of the register";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        let mut names: HashSet<String> = HashSet::from([name.folded()]);
        let mut distinct = aliases.iter().all(|alias| names.insert(alias.folded()));
        let others = self.register.organisations().filter(|other| other.organisation != *id);
        for other in others {
            let mut theirs = std::iter::once(&other.name).chain(&other.aliases);
            distinct &= !theirs.any(|name| names.contains(&name.folded()));
        }
        if distinct {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Conflict, "an organisation has this name or alias already"))
    }

    /// An invitation for a named person.
    pub fn decide_invite(
        &self,
        by: Option<Principal>,
        (invitation, code_hash): (InvitationId, Head),
        call: AddInvitation,
        (now_ms, expires_at_ms): (i64, i64),
    ) -> Result<Plan, Error> {
        let AddInvitation { name, handle, organisation, role } = call;
        if self.register.organisation(organisation).is_none() {
            return Err(ErrorCode::NotFound.into());
        }
        self.may_invite_another(now_ms)?;
        let invited = self.register.pending(now_ms).any(|(_, other)| other.member.handle == handle);
        if invited || self.register.by_handle(&handle).is_some() {
            let sentence = "this handle is taken, by a member or an invitation";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        let member = Member {
            member: MemberId::random(),
            name,
            handle,
            organisation,
            role,
            standing: Standing::Active,
        };
        let event = Event::InvitationAdded { invitation, member, code_hash, expires_at_ms };
        Ok(Plan::of(Planned::Act(Act { by, event })))
    }

    /// Taking an invitation back.
    pub fn decide_revoke_invitation(
        &self,
        by: Principal,
        invitation: InvitationId,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        if !self.register.pending(now_ms).any(|(id, _)| id == invitation) {
            return Err(ErrorCode::NotFound.into());
        }
        Ok(Plan::act(by, Event::InvitationRevoked { invitation }))
    }

    /// An invitation becomes a member with a device. Whatever is wrong, the answer is the same.
    pub fn decide_redeem(&self, redemption: Redemption, now_ms: i64) -> Result<Plan, Error> {
        let Redemption { code_hash, password_phc, totp_secret, totp_step, device } = redemption;
        let found = self.register.invitation(&code_hash, now_ms);
        let (invitation, invited) = found.ok_or(ErrorCode::SignInRefused)?;
        let member = invited.member.member;
        let events = [
            Event::MemberJoined { invitation, member },
            Event::CredentialsSet { member, password_phc, totp_secret, changed_from: None },
            Event::DeviceEnrolled(Device { member, ..device }),
        ];
        let by = Some(Principal::Member(member));
        let records = events.map(|event| Planned::Act(Act { by, event }));
        let mark = Some(Mark::TotpUsed(member, totp_step));
        Ok(Plan { records: records.into(), mark, ..Plan::default() })
    }

    /// Another device for a member whose password and code were right; `rehashed` is set when the
    /// password's hash was made with older parameters. `checked` is what they were checked against.
    pub fn decide_enrol(
        &self,
        device: Device,
        checked: &Checked,
        rehashed: Option<Secret>,
    ) -> Result<Plan, Error> {
        let member = device.member;
        let by = Principal::Member(member);
        self.still_proven(member, checked)?;
        self.may_enrol_another(member)?;
        let mut plan = Plan::act(by, Event::DeviceEnrolled(device));
        if let Some(password_phc) = rehashed {
            let totp_secret = checked.totp_secret.clone();
            let event =
                Event::CredentialsSet { member, password_phc, totp_secret, changed_from: None };
            plan.records.push(Planned::Act(Act { by: Some(by), event }));
        }
        plan.mark = Some(Mark::TotpUsed(member, checked.totp_step));
        Ok(plan)
    }

    /// Another role or standing for a member. Whoever is no active manager any more does not come back as
    /// one by an invitation they made.
    pub fn decide_change_member(
        &self,
        by: Principal,
        call: &ChangeMember,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        let member = self.register.present_member(call.member).ok_or(ErrorCode::NotFound)?;
        let role = call.role.unwrap_or(member.role);
        let standing = call.standing.unwrap_or(member.standing);
        if (role, standing) == (member.role, member.standing) {
            return Err(Error::new(ErrorCode::Conflict, "nothing would change"));
        }
        let mut plan = Plan::act(by, Event::MemberChanged { member: call.member, role, standing });
        if role != Role::Manager || standing != Standing::Active {
            self.keep_a_manager(&[call.member])?;
            plan.records.extend(self.invitations_of(call.member, by, now_ms));
        }
        Ok(plan)
    }

    /// Removing a member from the WARP and so from every room.
    pub fn decide_remove_member(
        &self,
        by: Principal,
        member: MemberId,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        self.register.present_member(member).ok_or(ErrorCode::NotFound)?;
        self.removes_alone(by, now_ms)?;
        self.removal(by, member, now_ms)
    }

    /// What removes a member, whoever decided it.
    pub(super) fn removal(
        &self,
        by: Principal,
        member: MemberId,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        self.keep_a_manager(&[member])?;
        let who = Principal::Member(member);
        let mut plan = Plan::act(by, Event::MemberRemoved { member });
        plan.records.extend(self.departures(by, who));
        // Nothing they made lets them back in: their invitations and bots go with them.
        plan.records.extend(self.invitations_of(member, by, now_ms));
        for bot in self.register.bots().filter(|bot| bot.owner == member) {
            let event = Event::BotRevoked { bot: bot.bot };
            plan.records.push(Planned::Act(Act { by: Some(by), event }));
            plan.records.extend(self.departures(by, Principal::Bot(bot.bot)));
        }
        Ok(plan)
    }

    /// The acts that take back the invitations that a member made.
    fn invitations_of(
        &self,
        member: MemberId,
        by: Principal,
        now_ms: i64,
    ) -> impl Iterator<Item = Planned> {
        let who = Some(Principal::Member(member));
        let theirs = self.register.pending(now_ms).filter(move |(_, one)| one.by == who);
        theirs.map(move |(invitation, _)| {
            let event = Event::InvitationRevoked { invitation };
            Planned::Act(Act { by: Some(by), event })
        })
    }

    /// The entries that take somebody out of every room they are in.
    fn departures(&self, by: Principal, who: Principal) -> impl Iterator<Item = Planned> {
        let theirs = self.rooms.iter().filter(move |(_, room)| room.role(who).is_some());
        theirs.map(move |(room, _)| planned(*room, by, Kind::Left { who }))
    }

    /// A WARP without an active manager could never be managed again.
    pub(super) fn keep_a_manager(&self, without: &[MemberId]) -> Result<(), Error> {
        let is_other_manager = |member: &Member| {
            !without.contains(&member.member)
                && member.role == Role::Manager
                && member.standing == Standing::Active
        };
        if self.register.members().any(is_other_manager) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Conflict, "the WARP would be left without an active manager"))
    }

    /// Revoking a device: one's own, or as a manager anyone's.
    pub fn decide_revoke_device(&self, by: Principal, device: DeviceId) -> Result<Plan, Error> {
        let owner = self.register.device_owner(device);
        let yours = owner.is_some_and(|owner| Principal::Member(owner) == by);
        if !(yours || owner.is_some() && self.register.is_manager(by)) {
            return Err(ErrorCode::NotFound.into());
        }
        Ok(Plan::act(by, Event::DeviceRevoked { device }))
    }

    /// A new room, with whoever opens it as its lead.
    pub fn decide_open_room(
        &self,
        by: Principal,
        room: RoomId,
        settings: RoomSettings,
    ) -> Result<Plan, Error> {
        if let Some(member) = by.member() {
            self.may_open_another(member)?;
        }
        self.check_settings(by, &settings, None)?;
        let mut plan = Plan::act(by, Event::RoomOpened { room });
        plan.records.push(planned(room, by, Kind::Opened { settings }));
        plan.records.push(planned(room, by, Kind::Joined { who: by, role: RoomRole::Lead }));
        Ok(plan)
    }

    /// A new bot, put into the rooms of its grant.
    pub fn decide_add_bot(
        &self,
        owner: MemberId,
        (bot, token_hash, hook_hash): (BotId, Head, Head),
        call: AddBot,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        let AddBot { name, grant, hook } = call;
        let refuse = |sentence: &'static str| Err(Error::new(ErrorCode::BadParams, sentence));
        let distinct: HashSet<RoomId> = grant.rooms.iter().copied().collect();
        if distinct.len() != grant.rooms.len()
            || !(1..=limits::GRANT_ROOMS).contains(&distinct.len())
        {
            return refuse("bot.add: a grant names 1 to 64 rooms, each once");
        }
        if grant.read == Some(Label::Red) {
            return refuse("bot.add: TLP:RED is for individuals; a bot may not read it");
        }
        if grant.expires_at_ms <= now_ms {
            return refuse("bot.add: the grant would have ended already");
        }
        if !(1..=limits::BOT_PER_MINUTE).contains(&grant.per_minute) {
            return refuse("bot.add: a bot's rate is 1 to 600 entries a minute");
        }
        if hook.is_some_and(|hook| !is_within(&grant, hook)) {
            return refuse(
                "bot.add: its webhook must post to a room of the grant, under a label of the grant",
            );
        }
        self.may_add_another_bot()?;
        if self.register.bots().any(|other| other.name.folded() == name.folded()) {
            return Err(Error::new(ErrorCode::Conflict, "a bot has this name already"));
        }
        let by = Principal::Member(owner);
        let known = |room: &RoomId| self.room_seen_by(by, *room).map(drop);
        grant.rooms.iter().try_for_each(known)?;
        let who = Principal::Bot(bot);
        let rooms = grant.rooms.clone();
        let mut plan = Plan::act(
            by,
            Event::BotAdded {
                bot: Bot { bot, name, owner, grant, hook },
                token_hash,
                hook_hash: hook.map(|_| hook_hash),
            },
        );
        let joined = Kind::Joined { who, role: RoomRole::Participant };
        plan.records.extend(rooms.into_iter().map(|room| planned(room, by, joined.clone())));
        Ok(plan)
    }

    /// Another token for a bot, and another secret for its webhook if it has one: by its owner or a
    /// manager.
    pub fn decide_rotate_bot(
        &self,
        by: Principal,
        bot: BotId,
        (token_hash, hook_hash): (Head, Head),
    ) -> Result<Plan, Error> {
        // Who was a manager when the bot was made, and is none now, gets no more of it than they have.
        let is_theirs = |other: &Bot| {
            let mut rooms = other.grant.rooms.iter();
            Principal::Member(other.owner) == by
                && rooms.all(|room| self.room_of(by, *room).is_ok())
        };
        let is_manager = self.register.is_manager(by);
        let mut bots = self.register.bots();
        let found = bots.find(|other| other.bot == bot && (is_manager || is_theirs(other)));
        let hook_hash = found.ok_or(ErrorCode::NotFound)?.hook.map(|_| hook_hash);
        Ok(Plan::act(by, Event::BotRotated { bot, token_hash, hook_hash }))
    }

    /// What an organisation depends on and who stands in, as one of its officers says.
    pub fn decide_set_entry(&self, by: Principal, call: SetRegisterEntry) -> Result<Plan, Error> {
        if !matches!(self.register.role(by), Some(Role::Manager | Role::Officer)) {
            return Err(ErrorCode::NotAllowed.into());
        }
        let organisation = self.register.organisation_of(by).ok_or(ErrorCode::NotAllowed)?;
        let SetRegisterEntry { depends_on, shown, deputies } = call;
        let too_many_names =
            depends_on.iter().any(|one| one.aliases.len() > limits::DEPENDENCY_ALIASES);
        if depends_on.len() > limits::DEPENDENCIES
            || deputies.len() > limits::DEPUTIES
            || too_many_names
        {
            let sentence = "organisation.set_entry: at most 256 dependencies with 8 aliases each, and 4 deputies";
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        let distinct: HashSet<_> = deputies.iter().collect();
        let is_ours = |member: &MemberId| {
            let member = self.register.present_member(*member);
            member.is_some_and(|member| member.organisation == organisation)
        };
        if distinct.len() != deputies.len() || !deputies.iter().all(is_ours) {
            let sentence = "a deputy is a member of your own organisation, named once";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        let entry = RegisterEntry { organisation, depends_on, shown, deputies };
        Ok(Plan::act(by, Event::RegisterEntrySet(entry)))
    }

    /// What may interrupt a member.
    pub fn decide_prefer(member: MemberId, preferences: Preferences) -> Result<Plan, Error> {
        let is_minute = |minute: u16| minute < 24 * 60;
        let fits = |quiet: QuietHours| is_minute(quiet.from_minute) && is_minute(quiet.to_minute);
        if !preferences.quiet.is_none_or(fits) {
            let sentence = "member.prefer: quiet hours are minutes of the day, 0 to 1439";
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        Ok(Plan { mark: Some(Mark::Preferences(member, preferences)), ..Plan::default() })
    }

    /// Ending a bot's grant and its stay in every room.
    pub fn decide_revoke_bot(&self, by: Principal, bot: BotId) -> Result<Plan, Error> {
        if !self.register.bots().any(|other| other.bot == bot) {
            return Err(ErrorCode::NotFound.into());
        }
        let mut plan = Plan::act(by, Event::BotRevoked { bot });
        plan.records.extend(self.departures(by, Principal::Bot(bot)));
        Ok(plan)
    }
}

/// Whether a webhook posts only what its bot may.
fn is_within(grant: &Grant, hook: Hook) -> bool {
    grant.rooms.contains(&hook.room) && grant.post.is_some_and(|ceiling| hook.label <= ceiling)
}

fn planned(room: RoomId, by: Principal, kind: Kind) -> Planned {
    let entry = Box::new(notice_entry(EntryId::random(), by, kind));
    Planned::Entry { room, entry, carries: Vec::new(), encoded: None }
}
