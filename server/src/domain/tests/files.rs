//! Files: who may bring how much, and which entry carries what.

use warproom_proto::calls::BeginFile;
use warproom_proto::{CarriedFile, FileId, NamedFile, Sha256};

use super::super::{FileBounds, FileChange, Upload};
use super::*;

/// A room of the same members, besides [`ROOM`].
const OTHER: RoomId = RoomId::from_bytes([3; 16]);

const BOUNDS: FileBounds = FileBounds {
    largest_bytes: 1_000_000,
    waiting: 3,
    room_bytes: 1_500_000,
    organisation_bytes: 2_000_000,
};

fn file(n: u8) -> FileId {
    FileId::from_bytes([n; 16])
}

/// Officers 10 and 20 and the bot in both rooms.
fn rooms() -> State {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(20)));
    for (seq, who) in (1..).zip([person(10), person(20), Principal::Bot(BOT)]) {
        let entry = notice_entry(EntryId::random(), person(11), joined(who));
        let summary = Summary::of(&entry.handling, Vec::new());
        state.apply_entry(OTHER, (seq, 0), &entry, &summary);
    }
    state
}

/// A file of so many bytes in [`ROOM`].
fn call(n: u8, size_bytes: u64) -> BeginFile {
    BeginFile { room: ROOM, size_bytes, sha256: Sha256([n; 32]) }
}

fn begin(
    state: &State,
    who: Principal,
    n: u8,
    call: &BeginFile,
) -> Result<Option<FileChange>, Error> {
    state.decide_begin(who, call, file(n), (&BOUNDS, NOW))
}

/// The file that a decision keeps.
fn kept(change: &FileChange) -> &Upload {
    let FileChange::Kept(upload) = change else { panic!("nothing is gone") };
    upload
}

/// Lets somebody begin a file, which then has this number.
fn begun(state: &mut State, who: Principal, n: u8, call: &BeginFile) {
    let change = begin(state, who, n, call).unwrap().unwrap();
    state.apply_file(&change);
}

fn whole(state: &mut State, who: Principal, n: u8) {
    let change = state.decide_whole(who, file(n)).unwrap().unwrap();
    state.apply_file(&change);
}

#[test]
fn a_file_is_announced_by_whoever_may_write_in_its_room() {
    let state = rooms();
    let upload = Upload {
        file: file(5),
        room: ROOM,
        owner: person(10),
        organisation: organisation(10),
        size_bytes: 1_000_000,
        sha256: Sha256([5; 32]),
        begun_ms: NOW,
        whole: false,
    };
    let decided = begin(&state, person(10), 5, &call(5, 1_000_000)).unwrap().unwrap();
    assert_eq!(kept(&decided), &upload);
    let bots = begin(&state, Principal::Bot(BOT), 5, &call(5, 1_000_000)).unwrap().unwrap();
    assert_eq!(kept(&bots).organisation, organisation(10), "its owner's");
    let larger = begin(&state, person(10), 5, &call(5, 1_000_001));
    assert_eq!(code(larger), Some(ErrorCode::BadParams));
    let outside = begin(&state, person(30), 5, &call(5, 1));
    assert_eq!(code(outside), Some(ErrorCode::NotFound), "not in the room");
}

#[test]
fn a_file_that_is_on_its_way_up_is_not_announced_again() {
    let mut state = rooms();
    begun(&mut state, person(10), 5, &call(5, 100));
    assert!(matches!(begin(&state, person(10), 6, &call(5, 100)), Ok(None)));
    let same = |who, call: &BeginFile| state.same_upload(who, call);
    assert_eq!(same(person(10), &call(5, 100)), Some(file(5)));
    assert_eq!(same(person(10), &call(5, 99)), None);
    assert_eq!(same(person(10), &call(6, 100)), None);
    assert_eq!(same(person(10), &BeginFile { room: OTHER, ..call(5, 100) }), None);
    assert_eq!(same(person(20), &call(5, 100)), None, "somebody else's");
}

#[test]
fn files_that_wait_have_a_bound_for_each_member() {
    let mut state = rooms();
    for n in 1..=3 {
        begun(&mut state, person(10), n, &call(n, 10));
    }
    let fourth = |state: &State, who| code(begin(state, who, 4, &call(4, 10)));
    assert_eq!(fourth(&state, person(10)), Some(ErrorCode::Conflict));
    assert_eq!(fourth(&state, person(20)), None);
    state.apply_file(&FileChange::Gone(ROOM, file(2)));
    assert_eq!(fourth(&state, person(10)), None, "one was given up");
}

#[test]
fn an_organisation_keeps_so_much_in_a_room_and_so_much_in_all_and_anothers_does_not_count() {
    let mut state = rooms();
    begun(&mut state, person(10), 1, &call(1, 1_000_000));
    // Its bots count towards it too.
    let bot = Principal::Bot(BOT);
    assert!(begin(&state, bot, 2, &call(2, 500_000)).is_ok());
    let refused = |state: &State, call: &BeginFile| {
        let error = begin(state, bot, 2, call).err().unwrap();
        assert_eq!(error.code, ErrorCode::Conflict);
        error.message
    };
    let sentence = refused(&state, &call(2, 500_001));
    assert!(sentence.contains("1500000 bytes of files in this room"), "{sentence}");
    let elsewhere = |size_bytes| BeginFile { room: OTHER, ..call(2, size_bytes) };
    assert!(begin(&state, bot, 2, &elsewhere(1_000_000)).is_ok());
    begun(&mut state, person(10), 3, &call(3, 1));
    let sentence = refused(&state, &elsewhere(1_000_000));
    assert!(sentence.contains("2000000 bytes of files in this WARP"), "{sentence}");
    assert!(begin(&state, person(20), 2, &call(2, 1_000_000)).is_ok());
}

#[test]
fn a_quota_bounds_how_many_files_there_are_however_little_is_in_them() {
    let mut state = rooms();
    // A bot's are the organisation's too; what is carried no longer waits.
    let mut begun_so_far = 0;
    for n in 1..=u8::MAX {
        let Ok(Some(change)) = begin(&state, person(10), n, &call(n, u64::from(n) % 2)) else {
            break;
        };
        state.apply_file(&change);
        let carried = CarriedFile { file: file(n), size_bytes: 0 };
        state.files.carry(ROOM, n.into(), &[carried]);
        begun_so_far += 1;
    }
    assert_eq!(begun_so_far, 22, "1.5 MB in a room, and each counts as 64 KiB");
    state.apply_file(&FileChange::Gone(ROOM, file(7)));
    assert!(begin(&state, person(10), 99, &call(99, 0)).is_ok(), "what is gone counts no more");
}

#[test]
fn a_file_is_whole_once_and_only_its_owner_says_so() {
    let mut state = rooms();
    begun(&mut state, person(10), 5, &call(5, 100));
    assert_eq!(code(state.decide_whole(person(20), file(5))), Some(ErrorCode::NotFound));
    assert_eq!(code(state.decide_whole(person(10), file(6))), Some(ErrorCode::NotFound));
    assert_eq!(state.files.on_disk().count(), 0);
    let change = state.decide_whole(person(10), file(5)).unwrap().unwrap();
    let before = state.files.waiting(person(10), file(5)).unwrap();
    assert_eq!(kept(&change), &Upload { whole: true, ..before.clone() });
    state.apply_file(&change);
    assert!(matches!(state.decide_whole(person(10), file(5)), Ok(None)));
    assert_eq!(state.files.on_disk().collect::<Vec<_>>(), [file(5)]);
    begun(&mut state, person(10), 6, &call(6, 0));
    let empty = state.decide_whole(person(10), file(6)).unwrap().unwrap();
    state.apply_file(&empty);
    assert_eq!(state.files.on_disk().collect::<Vec<_>>(), [file(5)], "nothing of it is there");
}

/// What an entry of somebody's in [`ROOM`] would carry.
fn give(state: &State, author: Principal, files: &[u8]) -> Result<(Vec<FileId>, Entry), Error> {
    let mut entry = notice_entry(EntryId::random(), author, Kind::Post { reply_to: None });
    let named = |n: &u8| NamedFile {
        file: file(*n),
        name: format!("log {n}.txt").parse().unwrap(),
        media_type: Some("text/plain".parse().unwrap()),
    };
    let files: Vec<_> = files.iter().map(named).collect();
    let changes = state.give_files(ROOM, &files, &mut entry)?;
    Ok((changes.iter().map(|change| kept(change).file).collect(), entry))
}

#[test]
fn an_entry_carries_whole_files_of_its_author_for_its_room_once() {
    let mut state = rooms();
    begun(&mut state, person(10), 5, &call(5, 100));
    let refused = |state: &State, who, files: &[u8]| code(give(state, who, files));
    let not_yet = refused(&state, person(10), &[5]);
    assert_eq!(not_yet, Some(ErrorCode::Conflict), "its parts are missing");
    whole(&mut state, person(10), 5);
    begun(&mut state, person(10), 6, &BeginFile { room: OTHER, ..call(6, 10) });
    whole(&mut state, person(10), 6);
    assert_eq!(refused(&state, person(20), &[5]), Some(ErrorCode::NotFound), "not theirs");
    assert_eq!(refused(&state, person(10), &[6]), Some(ErrorCode::NotFound), "another room's");
    assert_eq!(refused(&state, person(10), &[5, 5]), Some(ErrorCode::BadParams), "named twice");

    begun(&mut state, person(10), 7, &call(7, 200));
    whole(&mut state, person(10), 7);
    let (kept, entry) = give(&state, person(10), &[7, 5]).unwrap();
    assert_eq!(kept, [file(7), file(5)], "sealed again with the entry");
    let carried: Vec<_> =
        entry.handling.files.iter().map(|one| (one.file, one.size_bytes)).collect();
    assert_eq!(carried, [(file(7), 200), (file(5), 100)]);
    let shown: Vec<_> = entry.content.files.iter().map(|one| (one.file, one.sha256)).collect();
    assert_eq!(shown, [(file(7), Sha256([7; 32])), (file(5), Sha256([5; 32]))]);

    apply(&mut state, 10, &entry, Vec::new());
    let twice = refused(&state, person(10), &[5]);
    assert_eq!(twice, Some(ErrorCode::NotFound), "another entry carries it");
    let gone = state.without_files(ROOM, 10);
    let gone: Vec<_> = gone
        .iter()
        .map(|change| match change {
            FileChange::Gone(room, file) => (*room, *file),
            FileChange::Kept(_) => panic!("all of them are gone"),
        })
        .collect();
    assert_eq!(gone, [(ROOM, file(7)), (ROOM, file(5))]);
    assert!(state.without_files(OTHER, 10).is_empty());
}

#[test]
fn an_entry_carries_16_files_at_most() {
    let mut state = rooms();
    for n in 1..=17 {
        let wide = FileBounds { waiting: 20, ..BOUNDS };
        let begun = state.decide_begin(person(10), &call(n, 1), file(n), (&wide, NOW));
        state.apply_file(&begun.unwrap().unwrap());
        whole(&mut state, person(10), n);
    }
    let numbers: Vec<u8> = (1..=17).collect();
    assert_eq!(code(give(&state, person(10), &numbers[..16])), None);
    assert_eq!(code(give(&state, person(10), &numbers)), Some(ErrorCode::BadParams));
}
