//! What is done in a room, at random. Much of it is refused, as it must be; refusals change nothing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use fastrand::Rng;
use warproom_client::CallError;
use warproom_proto::calls::{
    AddToRoom, AnswerAsk, ApproveProposal, ChangeRoom, EditEntry, MakeProposal, PostAlert,
    PostEntry, Posted, ReactToEntry, RelabelEntry, RemoveFromRoom, RetractEntry,
};
use warproom_proto::{
    Alert, Ask, Certainty, EntryId, ErrorCode, Label, Message, Proposed, Reporting, RoomId,
    RoomRole, Seq, Severity, Source, Urgency,
};
use warproom_tests::harness::{Person, roll_call, settings};

/// Somebody, and what was done so far.
pub struct Acting {
    room: RoomId,
    random: Rng,
    /// How far the log has come, as far as the replies said.
    latest: Seq,
    /// What asks, and whose handles have answered it.
    pub answered: BTreeMap<Seq, BTreeSet<String>>,
    /// What was given another label.
    relabelled: BTreeSet<Seq>,
    /// What each entry refers to that is read with it or not at all.
    refers_to: BTreeMap<Seq, Seq>,
    /// What was erased.
    pub erased: BTreeSet<Seq>,
    /// How often each thing was done, and not refused.
    pub done: BTreeMap<&'static str, u32>,
}

/// Everything that is done.
pub const ACTS: [&str; 11] = [
    "post", "ask", "alert", "edit", "retract", "relabel", "react", "answer", "remove", "add",
    "change",
];

impl Acting {
    pub fn new(room: RoomId, random: Rng) -> Self {
        Self {
            room,
            random,
            latest: 4,
            answered: BTreeMap::new(),
            relabelled: BTreeSet::new(),
            refers_to: BTreeMap::new(),
            erased: BTreeSet::new(),
            done: BTreeMap::new(),
        }
    }

    /// One of them does something.
    pub async fn act(&mut self, people: &[&Person]) -> anyhow::Result<()> {
        let who = people[self.random.usize(0..people.len())];
        let (room, id, of) = (self.room, EntryId::random(), self.some_entry());
        let act = self.random.choice(ACTS).unwrap_or_default();
        let mut refers_to = matches!(act, "edit" | "react").then_some(of);
        let done = match act {
            "post" | "ask" => {
                let ask = (act == "ask").then(|| roll_call(None)).transpose()?;
                refers_to = (self.random.u8(0..3) == 0).then_some(of);
                self.post(who, ask, refers_to).await?
            }
            "alert" => self.alert(who).await?,
            "edit" => {
                let text = format!("edited {}", self.random.u16(..)).parse()?;
                who.client.append(EditEntry { room, id, of, text }).await
            }
            "retract" => who.client.append(RetractEntry { room, id, of }).await,
            "relabel" => {
                let to = self.some_label();
                let done = who.client.append(RelabelEntry { room, id, of, to }).await;
                if done.is_ok() {
                    self.relabelled.insert(of);
                }
                done
            }
            "react" => {
                let reaction = if self.random.bool() { "👍" } else { "👀" }.parse()?;
                let withdrawn = self.random.u8(0..3) == 0;
                who.client.append(ReactToEntry { room, id, of, reaction, withdrawn }).await
            }
            "answer" => {
                let asks: Vec<Seq> = self.answered.keys().copied().collect();
                let of = self.random.choice(asks).unwrap_or(1);
                refers_to = Some(of);
                self.answer(who, of).await?
            }
            "remove" => {
                let out = people[self.random.usize(1..people.len())].principal();
                who.client.append(RemoveFromRoom { room, id, who: out }).await
            }
            "add" => {
                let member = people[self.random.usize(1..people.len())].member;
                let role = if self.random.bool() { RoomRole::Lead } else { RoomRole::Participant };
                who.client.append(AddToRoom { room, id, member, role }).await
            }
            _ => {
                let settings = settings(self.some_label(), Label::Clear)?;
                who.client.append(ChangeRoom { room, id, settings }).await
            }
        };
        match done {
            Ok(posted) => {
                self.latest = self.latest.max(posted.seq);
                self.refers_to.extend(refers_to.map(|of| (posted.seq, of)));
                *self.done.entry(act).or_default() += 1;
            }
            Err(CallError::Refused(error)) if error.code != ErrorCode::ServerFault => {}
            Err(other) => return Err(other.into()),
        }
        Ok(())
    }

    /// Whether an entry was given another label, or one that it carries: what it replies to, what that
    /// replies to, and so on.
    pub fn is_relabelled(&self, seq: Seq) -> bool {
        let next = |seq: &Seq| self.refers_to.get(seq).copied();
        std::iter::successors(Some(seq), next).any(|seq| self.relabelled.contains(&seq))
    }

    /// Two managers erase a few entries, whatever these are.
    pub async fn erase(&mut self, people: &[&Person]) -> anyhow::Result<()> {
        let entries: BTreeSet<Seq> = [(); 3].map(|()| self.some_entry()).into();
        let what =
            Proposed::EraseEntries { room: self.room, entries: entries.iter().copied().collect() };
        let call = MakeProposal { what, reason: "a test".parse()? };
        match people[0].client.call(call).await {
            Ok(made) => {
                let call = ApproveProposal { proposal: made.proposal };
                people[1].client.call(call).await?;
                self.erased = entries;
            }
            // Not everything can be erased; then nothing is.
            Err(CallError::Refused(error)) if error.code != ErrorCode::ServerFault => {}
            Err(other) => bail!(other),
        }
        Ok(())
    }

    async fn post(
        &mut self,
        who: &Person,
        ask: Option<Ask>,
        reply_to: Option<Seq>,
    ) -> anyhow::Result<Result<Posted, CallError>> {
        let asks = ask.is_some();
        let call = PostEntry {
            room: self.room,
            id: EntryId::random(),
            label: self.some_label(),
            text: format!("said {}", self.random.u16(..)).parse()?,
            reply_to,
            mentions: Vec::new(),
            subjects: Vec::new(),
            ask,
            exercise: self.random.u8(0..8) == 0,
            files: Vec::new(),
        };
        let done = who.client.append(call).await;
        if let (true, Ok(posted)) = (asks, &done) {
            self.answered.insert(posted.seq, BTreeSet::new());
        }
        Ok(done)
    }

    async fn alert(&mut self, who: &Person) -> anyhow::Result<Result<Posted, CallError>> {
        let source = Source { id: "one".parse()?, revision: self.latest.to_string().parse()? };
        let alert = Alert {
            severity: Severity::Severe,
            urgency: Urgency::Immediate,
            certainty: Certainty::Likely,
            message: Message::Alert,
            issued_at_ms: None,
            effective_at_ms: None,
            expires_at_ms: None,
            source: self.random.bool().then_some(source),
            supersedes: None,
        };
        let call = PostAlert {
            room: self.room,
            id: EntryId::random(),
            label: self.some_label(),
            alert,
            headline: "Planning is down".parse()?,
            text: None,
            what_to_do: None,
            references: Vec::new(),
            issuer: None,
            subjects: Vec::new(),
            ask: None,
            common_cause: Reporting::No,
            exercise: false,
            files: Vec::new(),
        };
        Ok(who.client.append(call).await)
    }

    async fn answer(&mut self, who: &Person, of: Seq) -> anyhow::Result<Result<Posted, CallError>> {
        let choice = self.random.choice(Ask::ROLL_CALL).unwrap_or_default().parse()?;
        let label = self.random.bool().then(|| self.some_label());
        let call = AnswerAsk {
            room: self.room,
            id: EntryId::random(),
            of,
            choice,
            note: None,
            label,
            subjects: Vec::new(),
            common_cause: Reporting::No,
        };
        let done = who.client.append(call).await;
        if done.is_ok() {
            self.answered.entry(of).or_default().insert(who.handle.to_string());
        }
        Ok(done)
    }

    fn some_entry(&mut self) -> Seq {
        self.random.u64(1..=self.latest)
    }

    fn some_label(&mut self) -> Label {
        self.random.choice(Label::ALL).unwrap_or(Label::Green)
    }
}
