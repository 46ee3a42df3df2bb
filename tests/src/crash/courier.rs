//! A manager whose posts carry files, who takes every other one back, and keeps changing the register, one thing
//! after the other. What the connection's end leaves open is done again in the next round, under the same ids.

use anyhow::Context as _;
use sha2::Digest as _;
use warproom_client::Credentials;
use warproom_proto::calls::{
    BeginFile, Call, ChangeOrganisation, PostEntry, Posted, PutPart, RetractEntry, UploadStatus,
};
use warproom_proto::file::part_bytes;
use warproom_proto::register::Organisation;
use warproom_proto::{
    EntryId, FileId, Label, NamedFile, PartData, Position, RoomId, Seq, Sha256, limits,
};

use super::{Acknowledged, Door, Heard, now_us};
use crate::wire::Wire;

/// Two parts, the second of which is short.
const FILE_BYTES: usize = limits::PART_BYTES + 123;

/// What an organisation is called that was changed for the n-th time.
pub(crate) const NAMED: &str = "Changed for the time of ";

/// Somebody who brings files and changes the register.
pub struct Courier {
    name: usize,
    credentials: Credentials,
    room: RoomId,
    organisation: Organisation,
    /// What is being done: the number of the post.
    number: u64,
    doing: Doing,
}

/// What is to be done next with a number.
#[derive(Clone, Copy)]
enum Doing {
    /// Its file is to come up, and then its post.
    Bringing(EntryId),
    /// Its post may have been sent, with this file.
    Posting(EntryId, FileId),
    /// Its post is to be taken back.
    Retracting(EntryId, Seq),
    /// The register is to have it.
    Naming,
}

impl Courier {
    /// Somebody who has done nothing yet. The name must differ from every writer's.
    #[must_use]
    pub fn new(
        name: usize,
        credentials: Credentials,
        room: RoomId,
        organisation: Organisation,
    ) -> Self {
        let doing = Doing::Bringing(EntryId::random());
        Self { name, credentials, room, organisation, number: 1, doing }
    }

    /// Leaves what is being done: the server may have been put back to before it.
    pub(crate) fn begin_anew(&mut self) {
        self.number += 1;
        self.doing = Doing::Bringing(EntryId::random());
    }

    /// Goes on until the connection ends, or until so many posts were done with.
    ///
    /// # Errors
    /// A refusal: nothing here may be refused.
    pub async fn carry(&mut self, door: &Door, most: usize) -> anyhow::Result<Heard> {
        let mut heard = Heard::default();
        let opened = Wire::signed_in(&door.host_port, &door.authority, &self.credentials).await;
        let Ok(mut wire) = opened else { return Ok(heard) };
        let end = self.number.saturating_add(most as u64);
        while self.number < end {
            let Some(next) = self.step(&mut wire, &mut heard).await? else { break };
            self.doing = next;
        }
        Ok(heard)
    }

    /// Does one thing; `None` if the connection ended.
    async fn step(&mut self, wire: &mut Wire, heard: &mut Heard) -> anyhow::Result<Option<Doing>> {
        let room = self.room;
        let mut note = |id, posted: &Posted| {
            let at = Position { seq: posted.seq, head: posted.head };
            heard.entries.push(Acknowledged { room, id, at, heard_us: now_us() });
        };
        Ok(Some(match self.doing {
            Doing::Bringing(id) => {
                let bytes = bytes(self.number);
                let (size_bytes, sha256) =
                    (bytes.len() as u64, Sha256(sha2::Sha256::digest(&bytes).into()));
                let begun = told(wire, &BeginFile { room, size_bytes, sha256 }).await?;
                let Some(UploadStatus { file, missing, .. }) = begun else { return Ok(None) };
                for part in missing.iter().flat_map(|range| range.first..=range.last) {
                    let from = part as usize * limits::PART_BYTES;
                    let data = bytes[from..from + part_bytes(size_bytes, part)].to_vec();
                    let put = PutPart { file, part, data: PartData(data) };
                    if told(wire, &put).await?.is_none() {
                        return Ok(None);
                    }
                }
                Doing::Posting(id, file)
            }
            Doing::Posting(id, file) => {
                let file = NamedFile { file, name: "report.pdf".parse()?, media_type: None };
                let post = PostEntry {
                    room,
                    id,
                    label: Label::Green,
                    text: format!("{} {} see the file", self.name, self.number).parse()?,
                    reply_to: None,
                    mentions: Vec::new(),
                    subjects: Vec::new(),
                    ask: None,
                    exercise: false,
                    files: vec![file],
                };
                let Some(posted) = told(wire, &post).await? else { return Ok(None) };
                note(id, &posted);
                match self.number % 2 {
                    0 => Doing::Retracting(EntryId::random(), posted.seq),
                    _ => Doing::Naming,
                }
            }
            Doing::Retracting(id, of) => {
                heard.retracted.push((room, of));
                let retract = RetractEntry { room, id, of };
                let Some(posted) = told(wire, &retract).await? else { return Ok(None) };
                note(id, &posted);
                Doing::Naming
            }
            Doing::Naming => {
                self.organisation.name = format!("{NAMED}{}", self.number).parse()?;
                let change = ChangeOrganisation { organisation: self.organisation.clone() };
                if told(wire, &change).await?.is_none() {
                    return Ok(None);
                }
                heard.acts.push((self.number, now_us()));
                self.number += 1;
                Doing::Bringing(EntryId::random())
            }
        }))
    }
}

/// Makes a call; `None` if the connection ended before its answer.
async fn told<C: Call>(wire: &mut Wire, call: &C) -> anyhow::Result<Option<C::Reply>> {
    let Ok(answer) = wire.call(call).await else { return Ok(None) };
    Ok(Some(answer.with_context(|| C::METHOD)?))
}

/// The bytes of a file, other ones for each number.
fn bytes(number: u64) -> Vec<u8> {
    let mut random = super::Random::new(number);
    std::iter::repeat_with(|| random.bits().to_be_bytes()).flatten().take(FILE_BYTES).collect()
}
