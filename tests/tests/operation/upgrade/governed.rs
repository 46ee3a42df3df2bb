//! What a store has that was made since there are files, retention and an audit log: left behind by the maker,
//! and looked for after the upgrade.

use std::fs;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use warproom_client::Client;
use warproom_proto::calls::{
    ApproveProposal, AuditPage, From, HoldRoom, MakeProposal, PostEntry, ReadPart, RoomExport,
    ShowRetention,
};
use warproom_proto::register::{Act, Event, Role};
use warproom_proto::{
    Body, EntryId, FileId, Label, NamedFile, OrganisationId, ProposalId, Proposed, Record,
    Retention, RoomId, Seq, audit,
};
use warproom_tests::harness::{Person, Warp, act_of};

/// What the file holds.
const FILE: &str = "08:10 the planning portal is back; the forms are not.\n";

/// For as long as can be said, so that nothing of the store is ever old.
const KEPT: Retention = Retention {
    clear: None,
    green: Some(Retention::MOST_DAYS),
    amber: None,
    amber_strict: None,
    red: None,
};

/// What is remembered of it.
#[derive(Serialize, Deserialize)]
pub struct Governed {
    /// The entry with a file, and the file.
    post: Seq,
    file: FileId,
    /// The room under a legal hold.
    held: RoomId,
    /// A proposal that nobody has approved.
    proposal: ProposalId,
    /// Up to which record the room was exported.
    exported: Seq,
}

impl Governed {
    /// Leaves all of it behind.
    pub async fn make(
        warp: &Warp,
        (room, dover): (RoomId, OrganisationId),
        officer: &Person,
    ) -> anyhow::Result<Self> {
        let client = &warp.manager().client;
        let (post, file) = post_with_file(officer, room).await?;
        let second = warp.join("ned", dover, Role::Manager).await?;
        let reason = || "the agreed schedule".parse();
        let what = Proposed::SetRetention { room: None, retention: Some(KEPT) };
        let proposal = client.call(MakeProposal { what, reason: reason()? }).await?.proposal;
        second.client.call(ApproveProposal { proposal }).await?;
        let held = warp.room(&[warp.manager()], Label::Amber, Label::Amber).await?;
        client.call(HoldRoom { room: held, reason: "a claim".parse()? }).await?;
        let what = Proposed::EraseEntries { room, entries: vec![post] };
        let proposal = client.call(MakeProposal { what, reason: reason()? }).await?.proposal;
        let exported = client.call(RoomExport { room, after: 0, limit: 200 }).await?.latest.seq;
        Ok(Self { post, file, held, proposal, exported })
    }

    /// Finds all of it again. The proposal has lapsed by then, or soon will have; that it was made stays.
    pub async fn is_there(
        &self,
        (officer, manager): (&Client, &Client),
        room: RoomId,
        register: &[Record],
    ) -> anyhow::Result<()> {
        let part = ReadPart { room, seq: self.post, file: self.file, part: 0 };
        ensure!(officer.call(part).await?.data.0 == FILE.as_bytes(), "the file is another");
        let shown = manager.call(ShowRetention { room: Some(self.held) }).await?;
        ensure!(shown.usual == KEPT, "{shown:?}");
        ensure!(shown.room.is_some_and(|room| room.held), "the hold is gone");
        let is_made = |act: &Act| matches!(&act.event, Event::ProposalMade { proposal, .. } if *proposal == self.proposal);
        ensure!(
            register.iter().filter_map(act_of).any(|act| is_made(&act)),
            "the proposal is gone"
        );
        let records = manager.call(AuditPage { from: From::After(0), limit: 200 }).await?.records;
        let is_exported = |record: &Record| match &record.body {
            Body::Shown { item, .. } => {
                let noted = serde_json::from_str::<audit::Record>(item.get());
                noted.is_ok_and(|noted| self.is_export(room, &noted.event))
            }
            Body::Withheld { .. } => false,
        };
        ensure!(records.iter().any(is_exported), "the audit log does not say who exported");
        Ok(())
    }

    fn is_export(&self, of: RoomId, event: &audit::Event) -> bool {
        matches!(event, audit::Event::Exported { room, last, .. }
            if *room == of && *last == self.exported)
    }
}

async fn post_with_file(by: &Person, room: RoomId) -> anyhow::Result<(Seq, FileId)> {
    let home = tempfile::tempdir()?;
    let path = home.path().join("chronology.txt");
    fs::write(&path, FILE)?;
    let file = by.client.upload(room, &path, drop).await?.file;
    let named = NamedFile { file, name: "chronology.txt".parse()?, media_type: None };
    let post = PostEntry {
        room,
        id: EntryId::random(),
        label: Label::Green,
        text: "What happened so far.".parse()?,
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: vec![named],
    };
    let posted = by.client.append(post).await.context("the post with a file")?;
    Ok((posted.seq, file))
}
