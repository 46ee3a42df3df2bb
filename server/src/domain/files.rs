//! Rules on files: who may bring how much, which entry carries what, and what goes with an entry that
//! goes. Which bytes there are and where is not its business.
//!
//! ```text
//! announced ─▶ whole ─▶ carried by one entry ─▶ gone with it
//!      └─────────┴─▶ given up, or left for a day: gone
//! ```
//!
//! Until an entry carries a file, it is its owner's alone, and to everyone else as if it did not
//! exist. From then on its audience is that entry's, by [`State::may_read`] and nothing of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use warproom_proto::calls::BeginFile;
use warproom_proto::entry::Entry;
use warproom_proto::file::parts_of;
use warproom_proto::{
    CarriedFile, Error, ErrorCode, File, FileId, Label, NamedFile, OrganisationId, Principal,
    RoomId, Seq, Sha256, limits,
};

use super::State;

/// What the server knows of a file. It is kept in the store, beside the file's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Which one.
    pub file: FileId,
    /// The room it is for.
    pub room: RoomId,
    /// Who announced it.
    pub owner: Principal,
    /// Whose quota it counts towards.
    pub organisation: OrganisationId,
    /// How long it is.
    pub size_bytes: u64,
    /// What it has to be.
    pub sha256: Sha256,
    /// When it was announced.
    pub begun_ms: i64,
    /// Whether all of it is there, checked and on stable storage.
    pub whole: bool,
}

impl Upload {
    /// How many parts it has. The largest file there may be keeps this within a `u32`.
    #[must_use]
    pub fn parts(&self) -> u32 {
        u32::try_from(parts_of(self.size_bytes)).unwrap_or(u32::MAX)
    }
}

/// What a decision wants of a file, together with its records.
pub enum FileChange {
    /// It is as said from now on.
    Kept(Box<Upload>),
    /// It is gone.
    Gone(RoomId, FileId),
}

/// The bounds on files.
#[derive(Clone, Copy, Debug)]
pub struct FileBounds {
    /// The largest file.
    pub largest_bytes: u64,
    /// How many files of one member or bot may wait to be carried.
    pub waiting: usize,
    /// What one organisation may keep in one room.
    pub room_bytes: u64,
    /// What one organisation may keep in all rooms.
    pub organisation_bytes: u64,
}

/// What a file counts as at least. Each takes memory, rows and a place in the file system, however little is
/// in it: so a quota bounds their number too.
const LEAST_BYTES: u64 = 64 * 1024;

/// What a file of this size counts as.
fn counted_bytes(size_bytes: u64) -> u64 {
    size_bytes.max(LEAST_BYTES)
}

/// Every file, as a fold over what the store keeps of files and over the entries that carry them.
#[derive(Default)]
pub struct Files {
    known: HashMap<FileId, Known>,
    /// Those that no entry carries yet.
    waiting: BTreeSet<(Principal, FileId)>,
    by_entry: HashMap<(RoomId, Seq), Vec<FileId>>,
    used_bytes: BTreeMap<(OrganisationId, RoomId), u64>,
}

struct Known {
    upload: Upload,
    /// The entry that carries it.
    of: Option<Seq>,
}

impl Files {
    /// Takes in what is kept of a file from now on.
    pub fn keep(&mut self, upload: Upload) {
        if let Some(known) = self.known.get_mut(&upload.file) {
            known.upload = upload;
            return;
        }
        self.waiting.insert((upload.owner, upload.file));
        *self.used_bytes.entry((upload.organisation, upload.room)).or_default() +=
            counted_bytes(upload.size_bytes);
        self.known.insert(upload.file, Known { upload, of: None });
    }

    /// Forgets a file.
    pub fn remove(&mut self, file: FileId) {
        let Some(Known { upload, of }) = self.known.remove(&file) else { return };
        self.waiting.remove(&(upload.owner, file));
        let whose = (upload.organisation, upload.room);
        if let Some(used) = self.used_bytes.get_mut(&whose) {
            *used = used.saturating_sub(counted_bytes(upload.size_bytes));
            if *used == 0 {
                self.used_bytes.remove(&whose);
            }
        }
        if let Some(of) = of
            && let Some(files) = self.by_entry.get_mut(&(upload.room, of))
        {
            files.retain(|one| *one != file);
            if files.is_empty() {
                self.by_entry.remove(&(upload.room, of));
            }
        }
    }

    /// Takes in that an entry carries files. One that is not known was destroyed.
    pub fn carry(&mut self, room: RoomId, seq: Seq, files: &[CarriedFile]) {
        for CarriedFile { file, .. } in files {
            let Some(known) = self.known.get_mut(file).filter(|known| known.upload.room == room)
            else {
                continue;
            };
            known.of = Some(seq);
            self.waiting.remove(&(known.upload.owner, *file));
            self.by_entry.entry((room, seq)).or_default().push(*file);
        }
    }

    /// The files that an entry carries.
    #[must_use]
    pub fn of_entry(&self, room: RoomId, seq: Seq) -> Vec<FileId> {
        self.by_entry.get(&(room, seq)).cloned().unwrap_or_default()
    }

    /// A file, if this entry carries it.
    #[must_use]
    pub fn carried(&self, room: RoomId, seq: Seq, file: FileId) -> Option<&Upload> {
        let known = self.known.get(&file)?;
        (known.upload.room == room && known.of == Some(seq)).then_some(&known.upload)
    }

    /// A file of somebody's that no entry carries.
    #[must_use]
    pub fn waiting(&self, owner: Principal, file: FileId) -> Option<&Upload> {
        let known = self.known.get(&file)?;
        (known.upload.owner == owner && known.of.is_none()).then_some(&known.upload)
    }

    /// Whether there is such a file at all.
    #[must_use]
    pub fn knows(&self, file: FileId) -> bool {
        self.known.contains_key(&file)
    }

    /// The files that are whole, carried or not, and of which there is something on the disk: of an empty
    /// one there is nothing.
    pub fn on_disk(&self) -> impl Iterator<Item = FileId> {
        let uploads = self.known.values().map(|known| &known.upload);
        uploads.filter(|upload| upload.whole && upload.size_bytes > 0).map(|upload| upload.file)
    }

    /// What was announced before a moment and is carried by nothing.
    #[must_use]
    pub fn left_since(&self, before_ms: i64) -> Vec<(RoomId, FileId)> {
        let waiting = self.waiting.iter().filter_map(|(_, file)| self.known.get(file));
        let left = waiting.filter(|known| known.upload.begun_ms < before_ms);
        left.map(|known| (known.upload.room, known.upload.file)).collect()
    }

    fn waiting_of(&self, owner: Principal) -> impl Iterator<Item = &Upload> {
        let (first, last) = (FileId::from_bytes([0; 16]), FileId::from_bytes([0xff; 16]));
        let theirs = self.waiting.range((owner, first)..=(owner, last));
        theirs.filter_map(|(_, file)| self.known.get(file)).map(|known| &known.upload)
    }
}

impl State {
    /// The file of somebody's that is already on its way up, if it is the same.
    pub fn same_upload(&self, who: Principal, call: &BeginFile) -> Option<FileId> {
        let is_same = |one: &&Upload| {
            (one.room, one.size_bytes, one.sha256) == (call.room, call.size_bytes, call.sha256)
        };
        self.files.waiting_of(who).find(is_same).map(|upload| upload.file)
    }

    /// A new file. Nothing, where it is on its way up already.
    pub fn decide_begin(
        &self,
        who: Principal,
        call: &BeginFile,
        file: FileId,
        (bounds, now_ms): (&FileBounds, i64),
    ) -> Result<Option<FileChange>, Error> {
        self.room_to_write(who, call.room, Label::Clear)?;
        let organisation = self.register.organisation_of(who).ok_or(ErrorCode::NotFound)?;
        if call.size_bytes > bounds.largest_bytes {
            let sentence = format!("file.begin: at most {} bytes", bounds.largest_bytes);
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        if self.same_upload(who, call).is_some() {
            return Ok(None);
        }
        if self.files.waiting_of(who).count() >= bounds.waiting {
            let sentence = "too many of your files wait to be posted: post or abandon one first";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        self.check_quota(organisation, call, bounds)?;
        Ok(Some(FileChange::Kept(Box::new(Upload {
            file,
            room: call.room,
            owner: who,
            organisation,
            size_bytes: call.size_bytes,
            sha256: call.sha256,
            begun_ms: now_ms,
            whole: false,
        }))))
    }

    /// Quotas are an organisation's own, also within a room: so nobody learns by them how much others
    /// keep where they may not read.
    fn check_quota(
        &self,
        organisation: OrganisationId,
        call: &BeginFile,
        bounds: &FileBounds,
    ) -> Result<(), Error> {
        let (first, last) = (RoomId::from_bytes([0; 16]), RoomId::from_bytes([0xff; 16]));
        let theirs = self.files.used_bytes.range((organisation, first)..=(organisation, last));
        let everywhere: u64 = theirs.map(|(_, used)| *used).sum();
        let here = self.files.used_bytes.get(&(organisation, call.room)).copied().unwrap_or(0);
        let more = counted_bytes(call.size_bytes);
        let full = |used: u64, most: u64| used.saturating_add(more) > most;
        let (place, most) = if full(here, bounds.room_bytes) {
            ("this room", bounds.room_bytes)
        } else if full(everywhere, bounds.organisation_bytes) {
            ("this WARP", bounds.organisation_bytes)
        } else {
            return Ok(());
        };
        let sentence = format!(
            "your organisation may keep {most} bytes of files in {place}; take something back first"
        );
        Err(Error::new(ErrorCode::Conflict, sentence))
    }

    /// That a file of somebody's is whole now; nothing if that is known.
    pub fn decide_whole(&self, who: Principal, file: FileId) -> Result<Option<FileChange>, Error> {
        let upload = self.files.waiting(who, file).ok_or(ErrorCode::NotFound)?;
        let whole = || FileChange::Kept(Box::new(Upload { whole: true, ..upload.clone() }));
        Ok((!upload.whole).then(whole))
    }

    /// Lets an entry carry files of its author's.
    pub fn give_files(
        &self,
        room: RoomId,
        files: &[NamedFile],
        entry: &mut Entry,
    ) -> Result<Vec<FileChange>, Error> {
        if files.len() > limits::FILES {
            let sentence = format!("an entry carries at most {} files", limits::FILES);
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        let mut changes = Vec::new();
        for NamedFile { file, name, media_type } in files {
            let upload = self.files.waiting(entry.handling.author, *file);
            let upload = upload.filter(|upload| upload.room == room).ok_or(ErrorCode::NotFound)?;
            if !upload.whole {
                let sentence = "a file is not whole yet: put its missing parts first";
                return Err(Error::new(ErrorCode::Conflict, sentence));
            }
            if entry.handling.files.iter().any(|one| one.file == *file) {
                let sentence = "a file is named twice";
                return Err(Error::new(ErrorCode::BadParams, sentence));
            }
            let (file, size_bytes) = (*file, upload.size_bytes);
            entry.handling.files.push(CarriedFile { file, size_bytes });
            let (name, media_type, sha256) = (name.clone(), media_type.clone(), upload.sha256);
            entry.content.files.push(File { file, name, media_type, size_bytes, sha256 });
            // Sealed again with the entry, under the same month's key.
            changes.push(FileChange::Kept(Box::new(upload.clone())));
        }
        Ok(changes)
    }

    /// That the files of an entry are gone.
    pub fn without_files(&self, room: RoomId, seq: Seq) -> Vec<FileChange> {
        let files = self.files.of_entry(room, seq).into_iter();
        files.map(|file| FileChange::Gone(room, file)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use warproom_proto::MemberId;

    use super::*;

    fn upload(number: u8, begun_ms: i64) -> Upload {
        Upload {
            file: FileId::from_bytes([number; 16]),
            room: RoomId::from_bytes([number % 2; 16]),
            owner: Principal::Member(MemberId::from_bytes([number % 3; 16])),
            organisation: OrganisationId::from_bytes([number % 2; 16]),
            size_bytes: u64::from(number),
            sha256: Sha256([number; 32]),
            begun_ms,
            whole: false,
        }
    }

    fn carry(files: &mut Files, upload: &Upload, seq: Seq) {
        let carried = CarriedFile { file: upload.file, size_bytes: upload.size_bytes };
        files.carry(upload.room, seq, &[carried]);
    }

    #[test]
    fn what_nothing_carries_is_left_after_its_time_and_what_is_carried_never() {
        let mut files = Files::default();
        let (old, young, carried) = (upload(1, 100), upload(2, 200), upload(3, 50));
        for one in [&old, &young, &carried] {
            files.keep(one.clone());
        }
        carry(&mut files, &carried, 7);
        assert_eq!(files.left_since(100), []);
        assert_eq!(files.left_since(200), [(old.room, old.file)]);
        assert_eq!(files.of_entry(carried.room, 7), [carried.file]);
        assert!(files.waiting(carried.owner, carried.file).is_none());
        assert_eq!(files.carried(carried.room, 7, carried.file), Some(&carried));
        assert!(files.carried(carried.room, 8, carried.file).is_none(), "of another entry");
        assert!(files.carried(old.room, 7, old.file).is_none(), "of none");
        let elsewhere = files.carried(young.room, 7, carried.file);
        assert!(elsewhere.is_none(), "of an entry of another room");
        assert!(files.knows(carried.file) && !files.knows(upload(4, 0).file));
    }

    #[test]
    fn a_file_has_as_many_parts_as_its_bytes_need() {
        let part_bytes = u64::try_from(limits::PART_BYTES).unwrap();
        for (size_bytes, parts) in [(0, 0), (1, 1), (part_bytes, 1), (part_bytes * 2 + 1, 3)] {
            assert_eq!(Upload { size_bytes, ..upload(1, 0) }.parts(), parts);
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Keep(u8),
        Whole(u8),
        Carry(u8, Seq),
        Remove(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..9_u8).prop_map(Step::Keep),
            (1..9_u8).prop_map(Step::Whole),
            ((1..9_u8), (1..4_u64)).prop_map(|(file, seq)| Step::Carry(file, seq)),
            (1..9_u8).prop_map(Step::Remove),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order, the indices say what the files themselves say.
        #[test]
        fn quotas_and_indices_follow_from_the_files_there_are(
            steps in proptest::collection::vec(step(), 0..60),
        ) {
            let mut files = Files::default();
            for step in steps {
                match step {
                    Step::Keep(n) => files.keep(upload(n, 0)),
                    Step::Whole(n) if files.knows(upload(n, 0).file) => {
                        files.keep(Upload { whole: true, ..upload(n, 0) });
                    }
                    Step::Carry(n, seq) if files.waiting(upload(n, 0).owner, upload(n, 0).file).is_some() => {
                        carry(&mut files, &upload(n, 0), seq);
                    }
                    Step::Whole(_) | Step::Carry(..) => {}
                    Step::Remove(n) => {
                        files.remove(upload(n, 0).file);
                        prop_assert!(!files.knows(upload(n, 0).file));
                    }
                }
                let mut used = BTreeMap::new();
                for Known { upload, of } in files.known.values() {
                    *used.entry((upload.organisation, upload.room)).or_insert(0) += upload.size_bytes.max(65_536);
                    prop_assert_eq!(files.waiting.contains(&(upload.owner, upload.file)), of.is_none());
                    if let Some(of) = of {
                        prop_assert!(files.of_entry(upload.room, *of).contains(&upload.file));
                    }
                }
                prop_assert_eq!(&files.used_bytes, &used);
                let carried: usize = files.by_entry.values().map(Vec::len).sum();
                prop_assert_eq!(carried + files.waiting.len(), files.known.len());
            }
        }
    }
}
