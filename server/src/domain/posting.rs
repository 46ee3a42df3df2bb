//! Rules on entries: who may append what to a room. Each is a function of the state to a plan or a
//! refusal.

use warproom_proto::calls::{EditEntry, PostEntry, ReactToEntry, RelabelEntry, RetractEntry};
use warproom_proto::entry::{Content, Entry, Handling, Kind, RoomRole, RoomSettings, Subject};
use warproom_proto::{
    EntryId, Error, ErrorCode, Label, MemberId, Principal, Reporting, RoomId, Seq, limits,
};

use super::asking::check_ask;
use super::quotas::Given;
use super::summary::{KindTag, Summary};
use super::{Plan, Room, State};

/// The label of a notice: the room is a community, and everyone in it may see who came and went.
const NOTICE_LABEL: Label = Label::Green;

/// An entry that another refers to.
#[derive(Clone)]
pub struct Target {
    /// Its number.
    pub seq: Seq,
    /// What the server knows of it.
    pub summary: Summary,
    /// How often it was changed: edited, relabelled, superseded; where that is asked about.
    pub changes: usize,
}

/// The entries that one referring to this target carries: the target, and what the target carries.
#[must_use]
pub fn carries(target: Option<&Target>) -> Vec<Seq> {
    let Some(target) = target else { return Vec::new() };
    std::iter::once(target.seq).chain(target.summary.carries.iter().copied()).collect()
}

impl State {
    /// A new post. `answered` is what it answers: the first entry of a thread, and the reply in it
    /// that it points at, if it points at one.
    pub fn decide_post(
        &self,
        author: Principal,
        call: &PostEntry,
        answered: &[Target],
        now_ms: i64,
    ) -> Result<(), Error> {
        let room = self.room_to_write(author, call.room, call.label)?;
        check_subjects(&call.subjects, limits::SUBJECTS)?;
        if call.mentions.len() > limits::MENTIONS {
            let sentence = format!("entry.post: at most {} mentions", limits::MENTIONS);
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        if let Some(ask) = &call.ask {
            check_ask(ask, now_ms)?;
            self.may_ask(author, room, now_ms)?;
        }
        let is_here = |member: &MemberId| room.role(Principal::Member(*member)).is_some();
        if !call.mentions.iter().all(is_here) {
            return Err(Error::new(
                ErrorCode::Conflict,
                "somebody mentioned is not in this room and would not read it",
            ));
        }
        for answered in answered {
            self.readable(author, room, answered)?;
            is_said(answered)?;
            at_least(room.label(answered.seq, &answered.summary), call.label)?;
        }
        Ok(())
    }

    /// A new text for one's own post.
    pub fn decide_edit(
        &self,
        author: Principal,
        call: &EditEntry,
        target: &Target,
    ) -> Result<Plan, Error> {
        let room = self.room_of(author, call.room)?;
        self.own_post(author, room, target)?;
        target.may_change_again()?;
        let label = room.label(target.seq, &target.summary);
        self.room_to_write(author, call.room, label)?;
        let kind = Kind::Edit { of: call.of };
        let content = Content::text(call.text.clone());
        let entry = entry(call.id, author, label, kind, content);
        Ok(Plan::entry(call.room, belonging(entry, target), carries(Some(target))))
    }

    /// Taking a post back.
    pub fn decide_retract(
        &self,
        author: Principal,
        call: &RetractEntry,
        target: &Target,
    ) -> Result<Plan, Error> {
        let room = self.room_of(author, call.room)?;
        self.known(author, room, target)?;
        is_said(target)?;
        if room.is_retracted(target.seq) {
            return Err(retracted());
        }
        let is_author = target.summary.author == author;
        if !is_author && !self.register.is_manager(author) {
            return Err(not_yours());
        }
        let entry = notice_entry(call.id, author, Kind::Retract { of: call.of });
        // What is somebody else's a manager withholds; to destroy it takes two, or its time.
        let files = if is_author { self.without_files(call.room, call.of) } else { Vec::new() };
        if !files.is_empty() {
            // The text waits for the end of a legal hold; files go at once.
            self.is_free(call.room)?;
        }
        Ok(Plan { files, ..Plan::entry(call.room, belonging(entry, target), Vec::new()) })
    }

    /// Another label for a post. Only the author relaxes; the author or a manager tightens. `thread`
    /// is the first entry of the thread that the post answers, if it answers one. Tightening has no bound, and
    /// needs none: there are four steps from each relaxing.
    pub fn decide_relabel(
        &self,
        author: Principal,
        call: &RelabelEntry,
        target: &Target,
        thread: Option<&Target>,
    ) -> Result<Plan, Error> {
        let room = self.room_to_write(author, call.room, call.to)?;
        self.known(author, room, target)?;
        is_said(target)?;
        if room.is_retracted(target.seq) {
            return Err(retracted());
        }
        let label = room.label(target.seq, &target.summary);
        let tightens = call.to > label;
        let is_author = target.summary.author == author;
        if !(is_author || tightens && self.register.is_manager(author)) {
            return Err(Error::new(
                ErrorCode::NotAllowed,
                "only its author relaxes a label; its author or a manager tightens it",
            ));
        }
        if call.to == label {
            return Err(Error::new(ErrorCode::Conflict, "it has this label already"));
        }
        if !tightens {
            target.may_change_again()?;
        }
        // A reply stays at least as strict as the thread it carries.
        if let Some(thread) = thread {
            at_least(room.label(thread.seq, &thread.summary), call.to)?;
        }
        let entry = notice_entry(call.id, author, Kind::Relabel { of: call.of, to: call.to });
        Ok(Plan::entry(call.room, belonging(entry, target), Vec::new()))
    }

    /// A reaction to a post, given or taken back.
    pub fn decide_react(
        &self,
        author: Principal,
        call: &ReactToEntry,
        target: &Target,
        given: Given,
    ) -> Result<Plan, Error> {
        if call.reaction.as_str().len() > limits::REACTION_BYTES {
            let sentence = "entry.react: a reaction is one emoji, up to 32 bytes";
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        let room = self.room_of(author, call.room)?;
        self.readable(author, room, target)?;
        is_said(target)?;
        given.may_react()?;
        let label = room.label(target.seq, &target.summary);
        let kind = Kind::React { of: call.of, withdrawn: call.withdrawn };
        let content = Content::text(call.reaction.clone());
        let entry = entry(call.id, author, label, kind, content);
        Ok(Plan::entry(call.room, belonging(entry, target), carries(Some(target))))
    }

    /// Other settings for a room.
    pub fn decide_change_room(
        &self,
        author: Principal,
        room: RoomId,
        id: EntryId,
        settings: RoomSettings,
    ) -> Result<Plan, Error> {
        let now = self.room_to_lead(author, room)?.settings();
        if now == Some(&settings) {
            return Err(Error::new(ErrorCode::Conflict, "it has these settings already"));
        }
        self.check_settings(author, &settings, Some(room))?;
        Ok(notice(room, id, author, Kind::Changed { settings }))
    }

    /// Bringing a member in, or giving them another part.
    pub fn decide_add(
        &self,
        author: Principal,
        room_id: RoomId,
        id: EntryId,
        (member, role): (MemberId, RoomRole),
    ) -> Result<Plan, Error> {
        let room = self.room_to_lead(author, room_id)?;
        let who = Principal::Member(member);
        if !self.register.is_active(who) {
            return Err(ErrorCode::NotFound.into());
        }
        if room.role(who) == Some(role) {
            return Err(Error::new(ErrorCode::Conflict, "they are in this room already"));
        }
        room.may_join_again(who)?;
        Ok(notice(room_id, id, author, Kind::Joined { who, role }))
    }

    /// Leaving a room, or taking somebody out of it.
    pub fn decide_remove(
        &self,
        author: Principal,
        room_id: RoomId,
        id: EntryId,
        who: Principal,
    ) -> Result<Plan, Error> {
        let room = if who == author {
            self.room_of(author, room_id)?
        } else {
            self.room_to_lead(author, room_id)?
        };
        if room.role(who).is_none() {
            return Err(Error::new(ErrorCode::Conflict, "they are not in this room"));
        }
        Ok(notice(room_id, id, author, Kind::Left { who }))
    }

    /// Whether settings make sense, and the name is not that of another room that `who` sees. Of
    /// rooms they do not see a name may be used again: to refuse it would say that there is one.
    pub fn check_settings(
        &self,
        who: Principal,
        settings: &RoomSettings,
        except: Option<RoomId>,
    ) -> Result<(), Error> {
        if settings.default_label > settings.ceiling {
            let sentence = "the default label is stricter than the ceiling";
            return Err(Error::new(ErrorCode::LabelRefused, sentence));
        }
        let others = self.rooms.keys().filter(|id| Some(**id) != except);
        let mut seen = others.filter_map(|id| self.room_seen_by(who, *id).ok()?.settings());
        if seen.any(|other| other.name.folded() == settings.name.folded()) {
            return Err(Error::new(ErrorCode::Conflict, "another room has this name"));
        }
        Ok(())
    }

    /// A room that somebody may write to under this label.
    pub(super) fn room_to_write(
        &self,
        who: Principal,
        room: RoomId,
        label: Label,
    ) -> Result<&Room, Error> {
        let room = self.room_of(who, room)?;
        let ceiling = room.settings().map_or(Label::Clear, |settings| settings.ceiling);
        if label > ceiling {
            let sentence = format!("this room holds nothing stricter than {ceiling}");
            return Err(Error::new(ErrorCode::LabelRefused, sentence));
        }
        if let Principal::Bot(bot) = who {
            let grant = self.register.bot(bot).map(|bot| &bot.grant);
            let post = grant.and_then(|grant| grant.post);
            if post.is_none() {
                return Err(Error::new(
                    ErrorCode::NotAllowed,
                    "this bot's grant lets it post nothing",
                ));
            }
            if post.is_some_and(|ceiling| label > ceiling) {
                let sentence = "this label is above what this bot's grant lets it post";
                return Err(Error::new(ErrorCode::LabelRefused, sentence));
            }
        }
        Ok(room)
    }

    /// A room that somebody may administer: its leads and the WARP's managers.
    fn room_to_lead(&self, who: Principal, room: RoomId) -> Result<&Room, Error> {
        let room = self.room_seen_by(who, room)?;
        if room.role(who) == Some(RoomRole::Lead) || self.register.is_manager(who) {
            Ok(room)
        } else {
            Err(Error::new(
                ErrorCode::NotAllowed,
                "only this room's leads and managers may do this",
            ))
        }
    }

    /// Refuses an entry that the author may not read, as if it did not exist.
    pub(super) fn readable(
        &self,
        who: Principal,
        room: &Room,
        target: &Target,
    ) -> Result<(), Error> {
        if self.may_read(who, room, target.seq, &target.summary) {
            Ok(())
        } else {
            Err(ErrorCode::NotFound.into())
        }
    }

    /// The same, but an author knows what they wrote: a bot without a reading grant too.
    pub(super) fn known(&self, who: Principal, room: &Room, target: &Target) -> Result<(), Error> {
        if target.summary.author == who { Ok(()) } else { self.readable(who, room, target) }
    }

    fn own_post(&self, who: Principal, room: &Room, target: &Target) -> Result<(), Error> {
        self.known(who, room, target)?;
        if target.summary.author != who {
            return Err(not_yours());
        }
        if room.is_retracted(target.seq) {
            return Err(retracted());
        }
        is_post(target)
    }
}

/// What somebody said to the room: a post or an alert.
pub(super) fn is_said(target: &Target) -> Result<(), Error> {
    match target.summary.kind {
        KindTag::Post | KindTag::Alert => Ok(()),
        _ => Err(Error::new(ErrorCode::Conflict, "this is neither a post nor an alert")),
    }
}

fn is_post(target: &Target) -> Result<(), Error> {
    match target.summary.kind {
        KindTag::Post => Ok(()),
        _ => Err(Error::new(ErrorCode::Conflict, "this is not a post")),
    }
}

fn retracted() -> Error {
    Error::new(ErrorCode::Conflict, "this post was taken back")
}

fn not_yours() -> Error {
    Error::new(ErrorCode::NotAllowed, "only its author may do this")
}

/// What an entry is about is a short list.
pub(super) fn check_subjects(subjects: &[Subject], most: usize) -> Result<(), Error> {
    if subjects.len() <= most {
        return Ok(());
    }
    Err(Error::new(ErrorCode::BadParams, format!("at most {most} subjects")))
}

/// What carries something takes the strictest label of what it carries.
pub(super) fn at_least(carried: Label, label: Label) -> Result<(), Error> {
    if label >= carried {
        return Ok(());
    }
    let sentence = format!("what refers to a {carried} entry is {carried} or stricter itself");
    Err(Error::new(ErrorCode::LabelRefused, sentence))
}

fn entry(id: EntryId, author: Principal, label: Label, kind: Kind, content: Content) -> Entry {
    let handling = Handling {
        id,
        author,
        label,
        kind,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        common_cause: Reporting::No,
        exercise: false,
        files: Vec::new(),
    };
    Entry { handling, content }
}

/// An entry about another one: about an exercise, it belongs to it.
fn belonging(mut entry: Entry, target: &Target) -> Entry {
    entry.handling.exercise = target.summary.exercise;
    entry
}

/// The entry of a notice: handling only, for everyone in the room.
pub(super) fn notice_entry(id: EntryId, author: Principal, kind: Kind) -> Entry {
    entry(id, author, NOTICE_LABEL, kind, Content::default())
}

fn notice(room: RoomId, id: EntryId, author: Principal, kind: Kind) -> Plan {
    Plan::entry(room, notice_entry(id, author, kind), Vec::new())
}
