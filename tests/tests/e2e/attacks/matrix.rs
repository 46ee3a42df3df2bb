//! Every call of the protocol, made by everyone whose call it is not, on what is not theirs.
//!
//! The fields come from the golden vectors, with the ids of a real WARP in place of theirs. A manager makes
//! the same calls last, to show that the fields were right and that authority alone refused. A call
//! without a line in [`ROWS`] fails the test: to add a call, add one line.

#[path = "matrix/extremes.rs"]
mod extremes;
#[path = "matrix/forged.rs"]
mod forged;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_client::{DeviceKey, Joined, TotpSecret, open_invitation};
use warproom_proto::ErrorCode::{
    self, BadParams, Conflict, LabelRefused, NotAllowed, NotFound, SignInRefused, SignInRequired,
};
use warproom_proto::calls::{
    self, AddBot, ChangeMember, From, HistoryPage, ListMembers, OpenRoom, RegisterPage,
    RemoveMember, ShowUpload, UploadStatus, sign_in_message,
};
use warproom_proto::invitation::Invitation;
use warproom_proto::register::{Grant, Role, Standing};
use warproom_proto::{
    BotId, DeviceId, EntryId, FileId, InvitationId, Label, MemberId, OrganisationId, PartData,
    Position, RoomId, RoomSettings, Secret, Seq,
};
use warproom_tests::harness::{Person, Raw, Warp, grant, roll_call, warning};

use super::{next_step, refused};
use crate::files;

/// What is on its way up.
const UPLOADED: &[u8] = b"what the supplier wrote";

/// It is done: this much is everyone's, and about themselves.
const DONE: Option<ErrorCode> = None;

/// A call, and what each gets who makes it.
struct Row {
    call: &'static str,
    /// Whoever is not signed in: a stranger, one removed, one suspended, a member of another WARP.
    outside: Option<ErrorCode>,
    /// Somebody invited who has not redeemed the invitation.
    pending: Option<ErrorCode>,
    /// A guest of another room.
    guest: Option<ErrorCode>,
    /// A bot of another room.
    bot: Option<ErrorCode>,
}

/// A call before sign-in.
const fn entrance(call: &'static str, pending: Option<ErrorCode>) -> Row {
    let inside = Some(NotAllowed);
    Row { call, outside: Some(SignInRefused), pending, guest: inside, bot: inside }
}

/// A call after sign-in.
const fn inside(call: &'static str, guest: Option<ErrorCode>, bot: Option<ErrorCode>) -> Row {
    let outside = Some(SignInRequired);
    Row { call, outside, pending: outside, guest, bot }
}

/// A call for officers or managers.
const fn office(call: &'static str) -> Row {
    inside(call, Some(NotAllowed), Some(NotAllowed))
}

/// A call of whoever is in a room, bots too.
const fn room(call: &'static str) -> Row {
    inside(call, Some(NotFound), Some(NotFound))
}

/// A call of members in a room.
const fn member(call: &'static str) -> Row {
    inside(call, Some(NotFound), Some(NotAllowed))
}

/// A call of any member, about themselves.
const fn own(call: &'static str) -> Row {
    inside(call, DONE, Some(NotAllowed))
}

const ROWS: &[Row] = &[
    entrance("invitation.show", DONE),
    // Let in with the right code, and refused for a TOTP code that is none.
    entrance("invitation.redeem", Some(BadParams)),
    entrance("device.enrol", Some(SignInRefused)),
    entrance("session.start", Some(SignInRefused)),
    office("organisation.list"),
    office("organisation.add"),
    office("organisation.change"),
    own("organisation.entries"),
    office("organisation.set_entry"),
    own("member.list"),
    office("member.change"),
    office("member.remove"),
    own("member.preferences"),
    own("member.prefer"),
    // Signed in is not enough: the password and code are not the guest's.
    inside("member.credentials", Some(SignInRefused), Some(NotAllowed)),
    office("invitation.add"),
    office("invitation.list"),
    office("invitation.revoke"),
    member("device.list"),
    member("device.revoke"),
    office("bot.add"),
    office("bot.rotate"),
    office("bot.list"),
    office("bot.revoke"),
    own("cause.list"),
    office("register.page"),
    // Asked for all of them.
    inside("room.list", Some(NotAllowed), Some(NotAllowed)),
    office("room.open"),
    member("room.change"),
    member("room.add"),
    member("room.remove"),
    room("room.members"),
    room("room.follow"),
    room("room.unfollow"),
    member("room.read"),
    member("room.seen"),
    member("room.typing"),
    member("room.present"),
    room("entry.post"),
    room("entry.alert"),
    room("entry.answer"),
    room("entry.edit"),
    room("entry.retract"),
    member("entry.reached"),
    room("entry.relabel"),
    member("entry.react"),
    room("board.show"),
    room("board.history"),
    own("ask.outstanding"),
    room("history.page"),
    room("history.referring"),
    member("search.run"),
    room("file.begin"),
    room("file.put"),
    room("file.status"),
    room("file.abandon"),
    room("file.read"),
    member("room.export"),
    office("disclosure.run"),
    own("audit.page"),
    inside("audit.checkpoint", DONE, DONE),
    inside("audit.consistency", DONE, DONE),
    inside("audit.inclusion", DONE, DONE),
    office("proposal.make"),
    office("proposal.approve"),
    office("proposal.end"),
    office("proposal.list"),
    office("room.hold"),
    member("retention.show"),
];

/// Calls on what only their own tests make: proposals of another manager. A manager finds none under the
/// ids of the golden vectors.
const FOUND_ELSEWHERE: &[&str] = &["proposal.approve", "proposal.end"];

/// What a manager does last, in this order, because it takes away what other calls need.
const LAST: &[&str] = &[
    "room.present",
    "room.change",
    "room.remove",
    "entry.retract",
    "device.revoke",
    "bot.rotate",
    "bot.revoke",
    "invitation.revoke",
    "member.change",
    "member.remove",
];

/// Every call of the protocol.
#[derive(Default)]
struct Methods(Vec<&'static str>);

impl calls::Visitor for Methods {
    fn call<C: calls::Call>(&mut self) {
        self.0.push(C::METHOD);
    }
}

#[test]
fn every_call_has_a_line_in_the_matrix() {
    let mut methods = Methods::default();
    calls::each(&mut methods);
    let called: BTreeSet<_> = methods.0.into_iter().collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|row| row.call).collect();
    assert_eq!(called, rows, "add one line for each new call to ROWS");
    assert_eq!(ROWS.len(), rows.len(), "each call has one line");
}

#[tokio::test]
async fn no_call_does_anything_for_whom_it_is_not() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let elsewhere = Elsewhere::prepare().await?;
    let before = grounds.heads().await?;
    let mut wrong = Vec::new();
    for who in Who::ALL {
        let mut raw = grounds.connect(who).await?;
        for row in ROWS {
            let expected = match who {
                Who::Pending => row.pending,
                Who::Guest => row.guest,
                Who::Bot => row.bot,
                _ => row.outside,
            };
            let is_entrance = row.outside == Some(SignInRefused);
            let got = match who {
                Who::Guest | Who::Bot if is_entrance => {
                    let fields = grounds.proof(row.call, who, &raw)?;
                    vec![refused(&raw.call(7, row.call, &fields).await?)?]
                }
                Who::OtherWarps if is_entrance => {
                    elsewhere.tried_at(&grounds.warp, row.call).await?
                }
                // Whoever gets in by an entrance is not outside any more.
                _ if is_entrance => {
                    let mut fresh = grounds.warp.raw().await?;
                    let fields = grounds.proof(row.call, who, &fresh)?;
                    vec![refused(&fresh.call(7, row.call, &fields).await?)?]
                }
                _ => vec![refused(&raw.call(7, row.call, &grounds.fields(row.call)?).await?)?],
            };
            if got.iter().any(|got| *got != expected) {
                wrong.push(format!("{who:?} {}: {got:?} instead of {expected:?}", row.call));
            }
        }
    }
    elsewhere.opens_its_own().await?;
    ensure!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // Whatever was answered, nothing was done: no log has grown, and of the upload is missing what was.
    let after = grounds.heads().await?;
    ensure!(before == after, "{before:?} became {after:?}");
    grounds.same_fields_are_right_for_a_manager().await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Stranger,
    Removed,
    Suspended,
    OtherWarps,
    Pending,
    Guest,
    Bot,
}

impl Who {
    const ALL: [Self; 7] = [
        Self::Stranger,
        Self::Removed,
        Self::Suspended,
        Self::OtherWarps,
        Self::Pending,
        Self::Guest,
        Self::Bot,
    ];
}

/// A WARP, a room of it with something said in it, and people who are not in that room.
struct Grounds {
    warp: Warp,
    removed: Person,
    suspended: Person,
    guest: Person,
    invitation: Invitation,
    token: Secret,
    /// The room they are not in, and the one they are in.
    rooms: [RoomId; 2],
    /// A file of the manager's that is on its way up to the first, all of it in one part.
    upload: UploadStatus,
    /// One that came up, and the post that carries it.
    posted: (Seq, FileId),
    /// The ids of the golden vectors, and those of this WARP.
    ids: Vec<(&'static str, String)>,
}

impl Grounds {
    async fn prepare() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let manager = warp.manager();
        let dover = warp.organisation("Dover District Council").await?;
        let own = manager.client.call(ListMembers {}).await?.members;
        let own = own.first().context("the manager is a member")?.organisation;
        let victim = warp.officer("victim", own).await?;
        let removed = warp.officer("removed", dover).await?;
        let suspended = warp.officer("suspended", dover).await?;
        let guest = warp.guest("guest", dover).await?;
        let (invited, invitation) = warp.invite("pending", dover, Role::Officer).await?;

        let room = secret_room(manager, &victim).await?;
        let upload = files::begin(&manager.client, room, UPLOADED).await?;
        let (post, file) = files::post(manager, room, Label::Green, b"what was posted").await?;
        let lobby = warp.room(&[manager, &guest], Label::Green, Label::Green).await?;
        let grant = Grant { answer: true, ..grant(lobby, Some(Label::Green), Some(Label::Green)) };
        let added = AddBot { name: "Lobby".parse()?, grant, hook: None };
        let added = manager.client.call(added).await?;

        let (role, standing) = (None, Some(Standing::Suspended));
        let call = ChangeMember { member: suspended.member, role, standing };
        manager.client.call(call).await?;
        manager.client.call(RemoveMember { member: removed.member }).await?;
        let ids = replacements((room, own, dover), &victim, added.bot, invited.invitation)?;
        Ok(Self {
            warp,
            removed,
            suspended,
            guest,
            invitation,
            token: added.token,
            rooms: [room, lobby],
            upload,
            posted: (post.seq, file),
            ids,
        })
    }

    /// How far the register and the rooms have come, and what is missing of the upload.
    async fn heads(&self) -> anyhow::Result<(Vec<Position>, UploadStatus)> {
        let client = &self.warp.manager().client;
        let mut heads = vec![client.call(RegisterPage { after: 0, limit: 1 }).await?.latest];
        for room in self.rooms {
            let page = HistoryPage { room, from: From::Latest, limit: 1 };
            heads.push(client.call(page).await?.latest);
        }
        let upload = client.call(ShowUpload { file: self.upload.file }).await?;
        Ok((heads, upload))
    }

    async fn connect(&self, who: Who) -> anyhow::Result<Raw> {
        let mut raw = self.warp.raw().await?;
        match who {
            Who::Guest => drop(raw.sign_in(&self.guest).await?),
            Who::Bot => drop(raw.sign_in_bot(&self.token).await?),
            _ => {}
        }
        Ok(raw)
    }

    /// The fields of a call, as the golden vector has them, on this WARP.
    fn fields(&self, call: &str) -> anyhow::Result<Value> {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../proto/tests/golden/call.{call}.json"));
        let mut text = fs::read_to_string(&golden).with_context(|| call.to_owned())?;
        for (from, to) in &self.ids {
            text = text.replace(from, to);
        }
        text = text.replace(ENTRY, &EntryId::random().to_string());
        let mut golden: Value = serde_json::from_str(&text)?;
        let mut fields = golden["request"].take();
        if let Some(fields) = fields.as_object_mut() {
            // What is posted carries none.
            fields.remove("files");
        }
        let (seq, file) = self.posted;
        match call {
            "file.put" => {
                let data = PartData(UPLOADED.to_vec());
                fields = json!({"file": self.upload.file, "part": 0, "data": data});
            }
            "file.status" | "file.abandon" => fields = json!({"file": self.upload.file}),
            "file.read" => {
                fields = json!({"room": self.rooms[0], "seq": seq, "file": file, "part": 0});
            }
            _ => {}
        }
        Ok(fields)
    }

    /// What each brings to an entrance: their own, which opened it once or will open it.
    fn proof(&self, call: &str, who: Who, raw: &Raw) -> anyhow::Result<Value> {
        let nobody = DeviceKey::generate();
        let (handle, device, key, totp) = match who {
            Who::Removed => known(&self.removed),
            Who::Suspended => known(&self.suspended),
            Who::Pending => ("pending", DeviceId::random(), &nobody, None),
            _ => ("nobody", DeviceId::random(), &nobody, None),
        };
        let code = match who {
            Who::Pending => self.invitation.code.expose(),
            Who::Removed => self.warp.first_invitation().code.expose(),
            _ => "AAAAAAAAAAAAAAAAAAAAAA",
        };
        let totp_code = match totp {
            Some(totp) => totp.code_at(next_step()?),
            None => "000000".to_owned().into(),
        };
        let password = Person::PASSWORD;
        let proof = Brought { code, handle, password, totp_code, device, key };
        Ok(proof.fields(call, raw))
    }

    /// Nothing but authority refused: a manager who is in the room is refused for none of it.
    async fn same_fields_are_right_for_a_manager(&self) -> anyhow::Result<()> {
        let mut raw = self.warp.raw().await?;
        raw.sign_in(self.warp.manager()).await?;
        let is_last = |call: &str| LAST.iter().position(|last| *last == call);
        let mut calls: Vec<_> =
            ROWS.iter().filter(|row| row.outside == Some(SignInRequired)).collect();
        calls.sort_by_key(|row| is_last(row.call).map_or(0, |at| at + 1));
        let mut wrong = Vec::new();
        for row in calls {
            let reply = raw.call(9, row.call, &self.fields(row.call)?).await?;
            let got = refused(&reply)?;
            let is_right = match row.call {
                // The password of the golden vector is nobody's.
                "member.credentials" => got == Some(SignInRefused),
                call if FOUND_ELSEWHERE.contains(&call) => got == Some(NotFound),
                _ => matches!(got, None | Some(Conflict | LabelRefused)),
            };
            if !is_right {
                wrong.push(format!("{}: {reply}", row.call));
            }
        }
        ensure!(wrong.is_empty(), "refused to a manager:\n{}", wrong.join("\n"));
        Ok(())
    }
}

/// What somebody brings to an entrance.
struct Brought<'a> {
    code: &'a str,
    handle: &'a str,
    password: &'a str,
    totp_code: Secret,
    device: DeviceId,
    key: &'a DeviceKey,
}

impl Brought<'_> {
    /// The fields of an entrance's call on this connection.
    fn fields(&self, call: &str, raw: &Raw) -> Value {
        let Self { code, handle, password, totp_code, device, key } = self;
        let signature = key.sign(&sign_in_message(raw.exporter()));
        let new = json!({"name": "x", "public_key": key.public_key(), "signature": signature});
        let secret = TotpSecret::generate().to_base32();
        match call {
            "invitation.show" => json!({"code": code}),
            "invitation.redeem" => json!({
                "code": code, "password": password, "device": new,
                "totp": {"secret": secret, "code": "no code"},
            }),
            "device.enrol" => json!({
                "handle": handle, "password": password, "totp_code": totp_code, "device": new,
            }),
            _ => json!({"proof": {"device": {"device": device, "signature": signature}}}),
        }
    }
}

/// Another WARP, with an invitation, a bot, and a member whose handle is in both and whose password is not.
struct Elsewhere {
    warp: Warp,
    invitation: Invitation,
    token: Secret,
    twin: Joined,
    totp: TotpSecret,
}

impl Elsewhere {
    const PASSWORD: &'static str = "a password of another WARP";

    async fn prepare() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let manager = warp.manager();
        let dover = warp.organisation("Dover District Council").await?;
        let (_, invitation) = warp.invite("pending", dover, Role::Officer).await?;
        let room = warp.room(&[manager], Label::Green, Label::Green).await?;
        let grant = grant(room, Some(Label::Green), Some(Label::Green));
        let bot = AddBot { name: "Lobby".parse()?, grant, hook: None };
        let token = manager.client.call(bot).await?.token;
        let (_, of_twin) = warp.invite("guest", dover, Role::Guest).await?;
        let (joining, totp) = (open_invitation(&of_twin).await?.0, TotpSecret::generate());
        let twin = joining.redeem(Self::PASSWORD.to_owned().into(), &totp, "desk".parse()?).await?;
        Ok(Self { warp, invitation, token, twin, totp })
    }

    /// What an entrance of a WARP answers to each thing that opens it here, or might.
    async fn tried_at(&self, at: &Warp, call: &str) -> anyhow::Result<Vec<Option<ErrorCode>>> {
        let mut answers = Vec::new();
        // The second is the one of there.
        for password in [Self::PASSWORD, Person::PASSWORD] {
            let mut raw = at.raw().await?;
            let brought = Brought {
                code: self.invitation.code.expose(),
                handle: "guest",
                password,
                totp_code: self.totp.code_at(next_step()?),
                device: self.twin.device,
                key: &self.twin.key,
            };
            let fields = brought.fields(call, &raw);
            answers.push(refused(&raw.call(7, call, &fields).await?)?);
        }
        if call == "session.start" {
            let fields = json!({"proof": {"token": self.token}});
            answers.push(refused(&at.raw().await?.call(7, call, &fields).await?)?);
        }
        Ok(answers)
    }

    /// What is refused elsewhere is right here.
    async fn opens_its_own(&self) -> anyhow::Result<()> {
        for (call, expected) in [
            ("invitation.show", vec![DONE; 2]),
            ("invitation.redeem", vec![Some(BadParams); 2]),
            ("device.enrol", vec![DONE, Some(SignInRefused)]),
            ("session.start", vec![DONE; 3]),
        ] {
            let got = self.tried_at(&self.warp, call).await?;
            ensure!(got == expected, "{call} at home: {got:?}");
        }
        Ok(())
    }
}

fn known(person: &Person) -> (&str, DeviceId, &DeviceKey, Option<&TotpSecret>) {
    (person.handle.as_str(), person.device, &person.key, Some(&person.totp))
}

/// A room of the manager and an officer, in which 3 is an alert and 7 an ask.
async fn secret_room(manager: &Person, victim: &Person) -> anyhow::Result<RoomId> {
    let settings = RoomSettings {
        name: "Secret".parse()?,
        ceiling: Label::Red,
        default_label: Label::Green,
        typing: true,
        presence: true,
    };
    let room = manager.client.call(OpenRoom { settings }).await?.room;
    let alert = manager.client.append(warning(room, Label::Green, "an alert")?).await?;
    manager.add(room, victim).await?;
    for text in ["five", "six"] {
        manager.post(room, Label::Green, text).await?;
    }
    let ask = manager.ask(room, Label::Green, roll_call(None)?).await?;
    ensure!((alert.seq, ask.seq) == (3, 7), "the golden vectors name 3 and 7");
    Ok(room)
}

/// The entry id of the golden vectors; another one is taken for each call.
const ENTRY: &str = "01890a5d-ac96-774b-bcce-b302099a8007";

/// What stands for what in the golden vectors.
fn replacements(
    (room, own, other): (RoomId, OrganisationId, OrganisationId),
    victim: &Person,
    bot: BotId,
    invitation: InvitationId,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let member: MemberId = victim.member;
    // Theirs is in the past. The last digit stays, because one of them is one later.
    let soon = warproom_tests::harness::from_now(std::time::Duration::from_hours(1))? / 10;
    Ok(vec![
        ("01890a5d-ac96-774b-bcce-b302099a8001", room.to_string()),
        ("01890a5d-ac96-774b-bcce-b302099a8002", member.to_string()),
        ("01890a5d-ac96-774b-bcce-b302099a8003", own.to_string()),
        ("01890a5d-ac96-774b-bcce-b302099a8004", victim.device.to_string()),
        ("01890a5d-ac96-774b-bcce-b302099a8005", bot.to_string()),
        ("01890a5d-ac96-774b-bcce-b302099a8006", invitation.to_string()),
        ("01890a5d-ac96-774b-bcce-b302099a8009", other.to_string()),
        ("170557272000", soon.to_string()),
    ])
}
