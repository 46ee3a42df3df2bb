//! A profile as those who use it see it: what is kept comes back, nobody else can read it, and nothing
//! that was changed is taken for what was written.

mod cache;
mod damage;
mod files;
mod key_store;
mod sealed;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use tempfile::TempDir;
use warproom_client::proto::calls::{
    ListMembers, ListOutstanding, ListRooms, Me, MemberList, OutstandingList, PostEntry, RoomList,
    RoomMembers,
};
use warproom_client::proto::invitation::{Address, Fingerprint};
use warproom_client::proto::register::Role;
use warproom_client::proto::{DeviceId, EntryId, Label, Outstanding, Principal, Stage, WarpId};
use warproom_client::{DeviceKey, Heads};

use super::*;
use crate::effect::Outgoing;
use crate::fixture::{member, name, room};
use crate::model::compose::Draft;
use crate::model::settings::{Settings, Theme};
use crate::news::Refusal;
use crate::request::{Reply, Request};

/// A key store that forgets everything with the test.
#[derive(Default)]
pub(super) struct MemoryKeys(Mutex<BTreeMap<String, Secret>>);

impl Keys for MemoryKeys {
    fn keep(&self, name: &str, secret: &Secret) -> Result<()> {
        self.0.lock().unwrap().insert(name.to_owned(), secret.clone());
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Option<Secret>> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }

    fn glance(&self, name: &str) -> Option<Secret> {
        self.find(name).unwrap()
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.0.lock().unwrap().remove(name);
        Ok(())
    }
}

/// A key store that is locked for good.
struct LockedKeys;

impl Keys for LockedKeys {
    fn keep(&self, _: &str, _: &Secret) -> Result<()> {
        Err(ProfileError::KeyStore("it is locked".to_owned()))
    }

    fn find(&self, name: &str) -> Result<Option<Secret>> {
        self.keep(name, &secret("")).map(|()| None)
    }

    fn glance(&self, _: &str) -> Option<Secret> {
        None
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.keep(name, &secret(""))
    }
}

fn with_keys(root: PathBuf, keys: Arc<dyn Keys>) -> Profiles {
    Profiles { root, keys, cost: Cost::TEST }
}

/// A computer with one profile on it.
struct Computer {
    dir: TempDir,
    profiles: Profiles,
    name: ProfileName,
}

impl Computer {
    /// Its profile sealed under the passphrase "right".
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let profiles = Profiles::for_test(dir.path().join("desktop"));
        let name = profiles.create(&identity(), &Lock::Passphrase(secret("right"))).unwrap().name;
        Self { dir, profiles, name }
    }

    fn open(&self) -> Profile {
        self.profiles.open(&self.name, Some(&secret("right"))).unwrap()
    }

    fn refused(&self) -> ProfileError {
        self.profiles.open(&self.name, Some(&secret("right"))).err().unwrap()
    }

    fn file(&self, file: &str) -> PathBuf {
        self.dir.path().join("desktop").join(&self.name.0).join(file)
    }
}

/// An open profile in this folder.
pub(crate) fn one_for_test(root: &std::path::Path) -> Profile {
    let (profiles, right) = (Profiles::for_test(root.to_owned()), secret("right"));
    let name = profiles.create(&identity(), &Lock::Passphrase(right.clone())).unwrap().name;
    profiles.open(&name, Some(&right)).unwrap()
}

fn secret(text: &str) -> Secret {
    text.to_owned().into()
}

fn identity() -> Identity {
    let me = Me {
        principal: Principal::Member(member(5)),
        name: name("Canary Name"),
        handle: Some("canary-handle".parse().unwrap()),
        role: Some(Role::Manager),
    };
    Identity {
        address: Address {
            host_port: "canary-host.example:7443".to_owned(),
            authority: Fingerprint([0xC5; 32]),
        },
        device: DeviceId::random(),
        key: DeviceKey::generate(),
        me,
        warp: name("Canary WARP"),
        warp_id: WarpId::random(),
    }
}

fn outgoing(text: &str) -> Outgoing {
    Outgoing::Post(PostEntry {
        room: room(1),
        id: EntryId::random(),
        label: Label::Amber,
        text: text.parse().unwrap(),
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: Vec::new(),
    })
}

fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), label: Some(Label::Red), ..Draft::default() }
}

fn text(outgoing: &Outgoing) -> &str {
    let Outgoing::Post(post) = outgoing else { panic!("only posts are kept here") };
    post.text.as_str()
}

fn texts(profile: &Profile) -> Vec<String> {
    profile.outbox().unwrap().iter().map(|(outgoing, _)| text(outgoing).to_owned()).collect()
}

#[test]
fn an_identity_reads_back_as_itself_and_keeps_new_names() {
    let computer = Computer::new();
    let mut profile = computer.open();
    let before = profile.identity().clone();
    assert_eq!(before.address.host_port, "canary-host.example:7443");
    let mut me = before.me.clone();
    me.name = name("Another Name");
    profile.keep_identity(&me, &name("Another WARP")).unwrap();
    drop(profile);
    let profile = computer.open();
    let after = profile.identity();
    assert_eq!((after.me.name.as_str(), after.warp.as_str()), ("Another Name", "Another WARP"));
    assert_eq!(after.address, before.address);
    assert_eq!((after.device, after.warp_id), (before.device, before.warp_id));
    assert_eq!(after.key.to_text().expose(), before.key.to_text().expose());
    assert_eq!(profile.name(), &computer.name);
}

#[test]
fn settings_read_back_as_themselves_and_are_the_usual_ones_at_first() {
    let computer = Computer::new();
    assert_eq!(computer.open().settings().unwrap(), Settings::default());
    let settings = Settings { theme: Theme::HighContrast, zoom: 1.5, ..Settings::default() };
    computer.open().keep_settings(&settings).unwrap();
    assert_eq!(computer.open().settings().unwrap(), settings);
}

#[test]
fn a_draft_is_kept_until_it_is_empty() {
    let computer = Computer::new();
    let profile = computer.open();
    profile.keep_draft(room(1), &draft("one")).unwrap();
    profile.keep_draft(room(2), &draft("two")).unwrap();
    profile.keep_draft(room(1), &draft("one more")).unwrap();
    let answer = Draft { reply_to: Some(4), ..Draft::default() };
    profile.keep_draft(room(3), &answer).unwrap();
    drop(profile);
    let profile = computer.open();
    let kept = vec![(room(1), draft("one more")), (room(2), draft("two")), (room(3), answer)];
    assert_eq!(profile.drafts().unwrap(), kept);
    for (room, _) in kept {
        // A label alone is nothing to keep.
        profile.keep_draft(room, &draft("")).unwrap();
    }
    assert_eq!(profile.drafts().unwrap(), []);
}

#[test]
fn the_outbox_keeps_its_order_and_survives_a_crash() {
    let computer = Computer::new();
    let profile = computer.open();
    let all = ["first", "second", "third"].map(outgoing);
    for outgoing in &all {
        profile.keep_outgoing(outgoing).unwrap();
    }
    // The files as they are now, while the program still runs: what a crash would leave.
    let crashed = tempfile::tempdir().unwrap();
    let folder = crashed.path().join(&computer.name.0);
    fs::create_dir(&folder).unwrap();
    for file in fs::read_dir(computer.file("")).unwrap().flatten() {
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let after = Profiles::for_test(crashed.path().to_owned());
    let after = after.open(&computer.name, Some(&secret("right"))).unwrap();
    assert_eq!(texts(&after), ["first", "second", "third"]);
    profile.drop_outgoing(all[1].id()).unwrap();
    profile.keep_outgoing(&outgoing("fourth")).unwrap();
    drop(profile);
    assert_eq!(texts(&computer.open()), ["first", "third", "fourth"]);
}

#[test]
fn a_refused_entry_keeps_its_place_and_is_not_refused_when_it_is_sent_again() {
    let computer = Computer::new();
    let profile = computer.open();
    let (first, second) = (outgoing("first"), outgoing("second"));
    profile.keep_outgoing(&first).unwrap();
    profile.keep_outgoing(&second).unwrap();
    let refusal = Refusal::new("the room's ceiling is lower", "choose another label");
    profile.keep_refusal(first.id(), &refusal).unwrap();
    drop(profile);
    let profile = computer.open();
    let refusals = |profile: &Profile| -> Vec<_> {
        profile.outbox().unwrap().into_iter().map(|(_, refusal)| refusal).collect()
    };
    assert_eq!(refusals(&profile), [Some(refusal.clone()), None]);
    profile.keep_outgoing(&first).unwrap();
    assert_eq!(refusals(&profile), [None, None]);
    assert_eq!(texts(&profile), ["first", "second"]);
    profile.drop_outgoing(first.id()).unwrap();
    profile.keep_refusal(first.id(), &refusal).unwrap();
    assert_eq!(texts(&profile), ["second"]);
}

#[test]
fn the_newest_reply_to_each_request_is_remembered_and_no_other_kind() {
    let computer = Computer::new();
    let profile = computer.open();
    let rooms = Request::ListRooms(ListRooms { all: false });
    let reply = |names: &[&str]| {
        let rooms =
            names.iter().map(|called| crate::fixture::summary(1, called, Label::Red, Label::Amber));
        Reply::ListRooms(RoomList { rooms: rooms.collect() })
    };
    profile.remember(&rooms, &reply(&["General"])).unwrap();
    let members = Request::ListMembers(ListMembers {});
    let none = Reply::ListMembers(MemberList { members: Vec::new() });
    profile.remember(&members, &none).unwrap();
    profile.remember(&rooms, &reply(&["General", "Warnings"])).unwrap();
    profile.remember(&Request::ListRooms(ListRooms { all: true }), &reply(&["Secret"])).unwrap();
    for of in [1, 2] {
        let members = Request::RoomMembers(RoomMembers { room: room(of) });
        profile.remember(&members, &none).unwrap();
    }
    drop(profile);
    let remembered = computer.open().remembered().unwrap();
    assert_eq!(remembered.len(), 4);
    let Some((Request::ListRooms(ListRooms { all: false }), Reply::ListRooms(list))) =
        remembered.first()
    else {
        panic!("the rooms were asked for first")
    };
    assert_eq!(list.rooms.len(), 2);
    let Some((Request::RoomMembers(of), _)) = remembered.last() else { panic!("asked for last") };
    assert_eq!(of.room, room(2));
}

#[test]
fn what_tells_of_a_room_goes_when_the_room_does_or_something_in_it_is_taken_back() {
    let computer = Computer::new();
    let profile = computer.open();
    let none = Reply::ListMembers(MemberList { members: Vec::new() });
    let about = || {
        let remembered = profile.remembered().unwrap();
        remembered.iter().filter_map(|(request, _)| request.tells_of()).collect::<Vec<_>>()
    };
    for number in [1, 2] {
        let members = Request::RoomMembers(RoomMembers { room: room(number) });
        profile.remember(&members, &none).unwrap();
    }
    profile.forget_room(room(1)).unwrap();
    assert_eq!(about(), [room(2)]);
    let retract = crate::fixture::kind(
        crate::fixture::post(1, Label::Green, "taken back"),
        warproom_client::proto::Kind::Retract { of: 1 },
    );
    let taken_back = crate::fixture::delivered(room(2), 2, crate::fixture::NOW_MS, retract);
    profile.keep_entries(room(2), &[taken_back]).unwrap();
    assert!(about().is_empty());
}

#[test]
fn a_room_that_is_left_is_in_no_remembered_list() {
    let computer = Computer::new();
    let profile = computer.open();
    let room_of = |number| {
        crate::fixture::summary(number, &format!("Room {number}"), Label::Red, Label::Green)
    };
    let rooms = Reply::ListRooms(RoomList { rooms: vec![room_of(1), room_of(2)] });
    profile.remember(&Request::ListRooms(ListRooms { all: false }), &rooms).unwrap();
    let waits_in = |number| Outstanding {
        room: room(number),
        ask: 7,
        stage: Stage::Asked,
        due_at_ms: None,
        organisations: Vec::new(),
        exercise: false,
    };
    let outstanding = vec![waits_in(2), waits_in(1)];
    let waits = Reply::ListOutstanding(OutstandingList { outstanding });
    profile.remember(&Request::ListOutstanding(ListOutstanding {}), &waits).unwrap();
    profile.forget_room(room(1)).unwrap();
    let named: Vec<_> = profile
        .remembered()
        .unwrap()
        .into_iter()
        .flat_map(|(_, reply)| match reply {
            Reply::ListRooms(list) => list.rooms.iter().map(|one| one.room).collect(),
            Reply::ListOutstanding(list) => list.outstanding.iter().map(|one| one.room).collect(),
            _ => Vec::new(),
        })
        .collect();
    assert_eq!(named, [room(2), room(2)]);
}

#[test]
fn heads_read_back_as_themselves() {
    let computer = Computer::new();
    assert_eq!(computer.open().heads().unwrap(), Heads::default());
    let position = serde_json::json!({ "seq": 7, "head": "ab".repeat(32) });
    let heads =
        serde_json::json!({ "register": position, "rooms": { room(1).to_string(): position } });
    let heads: Heads = serde_json::from_value(heads).unwrap();
    computer.open().keep_heads(&heads).unwrap();
    assert_eq!(computer.open().heads().unwrap(), heads);
    assert_eq!(heads.room(room(1)).map(|position| position.seq), Some(7));
}

#[test]
fn another_passphrase_is_told_from_damage_and_none_from_a_wrong_one() {
    let computer = Computer::new();
    let open = |passphrase: Option<&str>| {
        let passphrase = passphrase.map(secret);
        computer.profiles.open(&computer.name, passphrase.as_ref()).err()
    };
    assert!(matches!(open(Some("wrong")), Some(ProfileError::WrongPassphrase)));
    assert!(matches!(open(Some("")), Some(ProfileError::WrongPassphrase)));
    assert!(matches!(open(None), Some(ProfileError::NeedsPassphrase)));
    assert!(open(Some("right")).is_none());
    let empty = computer.profiles.create(&identity(), &Lock::Passphrase(secret("")));
    assert!(matches!(empty, Err(ProfileError::NeedsPassphrase)));
}

#[test]
fn a_profile_is_open_in_one_place_at_a_time() {
    let computer = Computer::new();
    let profile = computer.open();
    assert!(matches!(computer.refused(), ProfileError::InUse));
    let destroyed = computer.profiles.destroy(&computer.name);
    assert!(matches!(destroyed, Err(ProfileError::InUse)));
    drop(profile);
    computer.open();
}

#[test]
fn profiles_are_listed_by_names_that_say_nothing() {
    let computer = Computer::new();
    let kept = computer.profiles.create(&identity(), &Lock::KeyStore).unwrap();
    let listed = computer.profiles.list().unwrap();
    let names: Vec<_> = listed.iter().map(|profile| profile.name.0.as_str()).collect();
    assert_eq!(names, ["profile-1", "profile-2"]);
    assert_eq!((listed[0].needs_passphrase, &listed[0].warp), (true, &None));
    assert_eq!(listed[1], kept);
    assert_eq!((kept.needs_passphrase, kept.warp), (false, Some(name("Canary WARP"))));
}

#[test]
fn the_key_store_tells_a_warps_new_name() {
    let computer = Computer::new();
    let kept = computer.profiles.create(&identity(), &Lock::KeyStore).unwrap();
    let mut profile = computer.profiles.open(&kept.name, None).unwrap();
    let me = profile.identity().me.clone();
    profile.keep_identity(&me, &name("Another WARP")).unwrap();
    assert_eq!(computer.profiles.list().unwrap()[1].warp, Some(name("Another WARP")));
}

#[test]
fn a_destroyed_profile_leaves_neither_key_nor_file() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Arc::<MemoryKeys>::default();
    let profiles = with_keys(dir.path().to_owned(), Arc::clone(&keys) as Arc<dyn Keys>);
    let kept = profiles.create(&identity(), &Lock::KeyStore).unwrap();
    assert_eq!(keys.0.lock().unwrap().len(), 2);
    profiles.destroy(&kept.name).unwrap();
    assert!(keys.0.lock().unwrap().is_empty());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(matches!(profiles.destroy(&kept.name), Err(ProfileError::NotFound)));
    assert!(matches!(profiles.open(&kept.name, None), Err(ProfileError::NotFound)));
}

#[test]
fn a_key_store_that_refuses_keeps_no_profile_and_does_not_save_one_from_destruction() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_owned();
    let locked = with_keys(root.clone(), Arc::new(LockedKeys));
    let refused = locked.create(&identity(), &Lock::KeyStore);
    assert!(matches!(refused, Err(ProfileError::KeyStore(_))));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let works = Profiles::for_test(root.clone());
    let kept = works.create(&identity(), &Lock::KeyStore).unwrap();
    assert!(matches!(locked.open(&kept.name, None), Err(ProfileError::KeyStore(_))));
    let empty = Profiles::for_test(root);
    assert!(matches!(empty.open(&kept.name, None), Err(ProfileError::KeyGone)));
    assert!(matches!(locked.destroy(&kept.name), Err(ProfileError::KeyRemains(_))));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn what_an_interrupted_attempt_left_goes_after_a_day() {
    let computer = Computer::new();
    let root = computer.dir.path().join("desktop");
    let left = [root.join(".passing-old"), root.join(".passing-new")];
    for folder in &left {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("store.sqlite"), "something").unwrap();
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(25);
    fs::File::open(&left[0]).unwrap().set_modified(long_ago).unwrap();
    computer.profiles.create(&identity(), &Lock::KeyStore).unwrap();
    assert_eq!(left.map(|folder| folder.exists()), [false, true]);
    assert_eq!(computer.profiles.list().unwrap().len(), 2);
}

#[test]
fn a_name_cannot_lead_elsewhere() {
    let computer = Computer::new();
    for name in ["", "..", ".x", "a/b", "a\\b", "profile-9"] {
        let name = ProfileName(name.to_owned());
        assert!(matches!(computer.profiles.open(&name, None), Err(ProfileError::NotFound)));
        assert!(matches!(computer.profiles.destroy(&name), Err(ProfileError::NotFound)));
    }
    computer.open();
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_a_profile() {
    use std::os::unix::fs::PermissionsExt as _;
    let computer = Computer::new();
    let profile = computer.open();
    profile.keep_draft(room(1), &draft("text")).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(computer.dir.path().join("desktop")), 0o700);
    assert_eq!(mode(computer.file("")), 0o700);
    let files: Vec<_> = fs::read_dir(computer.file("")).unwrap().flatten().collect();
    assert!(files.len() >= 5, "the write-ahead logs are among them");
    for file in files {
        assert_eq!(mode(file.path()), 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn an_open_profile_can_be_given_to_another_thread() {
    fn check<T: Send>() {}
    check::<Profile>();
    check::<Profiles>();
}
