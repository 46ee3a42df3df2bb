//! What an answer tells by its bytes, its size and its time (CWE-203, CWE-208; CVE-2018-15473 for handles).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use warproom_client::DeviceKey;
use warproom_proto::calls::{ListMembers, RevokeInvitation};
use warproom_proto::register::Role;
use warproom_proto::{DeviceId, EntryId, Error, ErrorCode, FileId, Label, MemberId, RoomId, Seq};
use warproom_tests::harness::{Person, Raw, Warp};
use warproom_tests::say;

use super::floods;
use crate::files;

/// Samples of each kind; two kinds are compared, so there are 2,000.
const SAMPLES: usize = 1_000;

/// How far the chance that one kind takes longer than the other may be from one half. With 1,000 samples of
/// each its error is about 0.013; this is more than five times that, for machines that are busy.
const BOUND: f64 = 0.07;

/// A question about something that is there and not the asker's, and one about nothing.
struct Pair {
    name: &'static str,
    method: &'static str,
    hidden: Value,
    nothing: Value,
}

#[tokio::test]
async fn what_is_hidden_and_what_is_not_there_answer_alike_in_bytes_and_time() -> anyhow::Result<()>
{
    let fast = ("WARPROOM_SERVER_LIMITS__FILE_PARTS_PER_SECOND", 100_000);
    let warp = Warp::builder().env(fast.0, fast.1).start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let mary = warp.manager();
    // An officer is shown every member, so it is a guest who asks: of its room alone, with one other in it.
    let (eve, other) = (warp.guest("eve", dover).await?, warp.officer("olive", dover).await?);
    let own = warp.room(&[&other, &eve], Label::Green, Label::Green).await?;
    sees_nobody_but(&eve, &other).await?;
    let hidden = warp.room(&[mary], Label::Green, Label::Green).await?;
    for n in 0..50 {
        mary.post(hidden, Label::Green, &format!("post {n}")).await?;
    }
    let (added, revoked) = warp.invite("revoked", dover, Role::Officer).await?;
    mary.client.call(RevokeInvitation { invitation: added.invitation }).await?;

    let (posted, file) =
        files::post(mary, hidden, Label::Green, b"what the supplier wrote").await?;
    let upload = files::begin(&mary.client, hidden, b"what is not posted yet").await?;

    let part = |room: RoomId, seq: Seq, file: FileId| json!({"room": room, "seq": seq, "file": file, "part": 0});
    let page = |room: RoomId| json!({"room": room, "from": "latest", "limit": 50});
    let member = |member: MemberId| json!({"member": member});
    let device = |device: DeviceId| json!({"device": device});
    let mention = |member: MemberId| {
        let id = EntryId::random();
        json!({"room": own, "id": id, "label": Label::Green, "text": "hello", "mentions": [member]})
    };
    let signed_in = [
        Pair {
            name: "rooms",
            method: "history.page",
            hidden: page(hidden),
            nothing: page(RoomId::random()),
        },
        Pair {
            name: "members",
            method: "device.list",
            hidden: member(mary.member),
            nothing: member(MemberId::random()),
        },
        Pair {
            name: "mentioned members",
            method: "entry.post",
            hidden: mention(mary.member),
            nothing: mention(MemberId::random()),
        },
        Pair {
            name: "devices",
            method: "device.revoke",
            hidden: device(mary.device),
            nothing: device(DeviceId::random()),
        },
        Pair {
            name: "files",
            method: "file.read",
            hidden: part(hidden, posted.seq, file),
            nothing: part(RoomId::random(), posted.seq, FileId::random()),
        },
        Pair {
            name: "uploads",
            method: "file.status",
            hidden: json!({"file": upload.file}),
            nothing: json!({"file": FileId::random()}),
        },
    ];
    let mut raw = warp.raw().await?;
    raw.sign_in(&eve).await?;
    for pair in &signed_in {
        compare(&mut raw, pair).await?;
    }
    let code = |code: &str| json!({"code": code});
    let invitations = Pair {
        name: "invitations",
        method: "invitation.show",
        hidden: code(revoked.code.expose()),
        nothing: code("BBBBBBBBBBBBBBBBBBBBBA"),
    };
    compare(&mut warp.raw().await?, &invitations).await?;
    let wrong = DeviceKey::generate().sign(b"another message");
    let proof =
        |device: DeviceId| json!({"proof": {"device": {"device": device, "signature": wrong}}});
    let devices = Pair {
        name: "devices of strangers",
        method: "session.start",
        hidden: proof(mary.device),
        nothing: proof(DeviceId::random()),
    };
    compare(&mut warp.raw().await?, &devices).await
}

/// Each guess costs a password check, so there are fewer of them, and the bound is wider: the error of the
/// chance is 0.065 here, and where no password were checked the chance would be 1.
#[tokio::test]
async fn whether_somebody_has_this_handle_is_not_told_by_time() -> anyhow::Result<()> {
    const GUESSES: u8 = 40;
    const BOUND: f64 = 0.3;
    let warp = Warp::start().await?;
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..GUESSES {
        // From a network each, so that no brake answers.
        let source = SocketAddr::from(([127, 2, n, 1], 0));
        let mut stranger = floods::from(source, &warp).await?;
        let first_known = n % 2 == 0;
        for is_known in [first_known, !first_known] {
            let handle = if is_known { "mary" } else { "nobody" };
            let exporter = stranger.exporter()?;
            let guess = floods::enrolment(&exporter, handle, "a guess of a password", "000000");
            let begun = Instant::now();
            let refused = stranger.ask("device.enrol", guess).await?;
            times[usize::from(is_known)].push(begun.elapsed());
            let code = refused
                .err()
                .map(serde_json::from_value::<Error>)
                .transpose()?
                .map(|error| error.code);
            ensure!(code == Some(ErrorCode::SignInRefused), "{handle}: {code:?}");
        }
    }
    let chance = chance_of_longer(&times[1], &times[0]);
    say(format_args!("handles: chance {chance:.3}"));
    ensure!(
        (chance - 0.5).abs() < BOUND,
        "time tells whether there is such an officer: {chance:.3}"
    );
    Ok(())
}

/// Holds where somebody is listed these members, and so there are others to find out about.
async fn sees_nobody_but(eve: &Person, other: &Person) -> anyhow::Result<()> {
    let members = eve.client.call(ListMembers {}).await?.members;
    let mut listed: Vec<_> = members.iter().map(|one| one.member).collect();
    listed.sort_unstable();
    let mut expected = [eve.member, other.member];
    expected.sort_unstable();
    ensure!(listed == expected, "{listed:?} are listed");
    Ok(())
}

/// Asks both questions in turn, in an order that changes, and compares the answers.
async fn compare(raw: &mut Raw, pair: &Pair) -> anyhow::Result<()> {
    let Pair { name, method, hidden, nothing } = pair;
    let answer = raw.call(1, method, nothing).await?;
    ensure!(answer.contains("\"error\""), "{name}: {answer}");
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    for n in 0..SAMPLES {
        let first_hidden = n % 2 == 0;
        for is_hidden in [first_hidden, !first_hidden] {
            let fields = if is_hidden { hidden } else { nothing };
            let begun = Instant::now();
            let got = raw.call(1, method, fields).await?;
            times[usize::from(is_hidden)].push(begun.elapsed());
            ensure!(got == answer, "{name}: {got} is not {answer}");
        }
    }
    let chance = chance_of_longer(&times[1], &times[0]);
    let [nothing, hidden] = times.map(|mut times| {
        times.sort_unstable();
        times[SAMPLES / 2]
    });
    say(format_args!(
        "{name}: medians {nothing:?} (nothing) and {hidden:?} (hidden), chance {chance:.3}"
    ));
    ensure!((chance - 0.5).abs() < BOUND, "{name}: time tells which it is: {chance:.3}");
    Ok(())
}

/// The chance that one of the first takes longer than one of the second: Mann and Whitney's U over the
/// number of pairs. Ranks, so that a few long waits count no more than others.
fn chance_of_longer(first: &[Duration], second: &[Duration]) -> f64 {
    let mut sorted = second.to_vec();
    sorted.sort_unstable();
    let shorter: usize = first
        .iter()
        .map(|time| {
            let less = sorted.partition_point(|other| other < time);
            let most = sorted.partition_point(|other| other <= time);
            less + most
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "two million is exact")]
    let chance = shorter as f64 / (2 * first.len() * second.len()) as f64;
    chance
}

#[test]
fn the_comparison_sees_a_difference_of_a_tenth() {
    let times = |base: u64| -> Vec<_> {
        (0..SAMPLES as u64).map(|n| Duration::from_micros(base + n * 37 % 100)).collect()
    };
    assert!((chance_of_longer(&times(100), &times(100)) - 0.5).abs() < 0.01);
    assert!(chance_of_longer(&times(110), &times(100)) - 0.5 > BOUND);
}
