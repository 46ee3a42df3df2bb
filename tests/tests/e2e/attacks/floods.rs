//! Floods of what is dear: password checks, and passwords that are giants (CWE-400; CVE-2014-9016 for the
//! latter). What others pay is measured in the same run, before and during.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;
use warproom_client::{DeviceKey, TotpSecret};
use warproom_proto::calls::sign_in_message;
use warproom_proto::register::Role;
use warproom_proto::{ErrorCode, Label, RoomId, limits};
use warproom_tests::harness::{Person, Raw, Warp, eventually};
use warproom_tests::say;
use warproom_tests::wire::{Wire, authority, tls_config};

use super::{next_step, refused};

/// Another network than 127.0.0.1's, as failures are counted: they differ in the first 24 bits.
const OFFICE: &str = "127.9.9.9:0";

pub fn enrolment(exporter: &[u8; 32], handle: &str, password: &str, code: &str) -> Value {
    let key = DeviceKey::generate();
    let signature = key.sign(&sign_in_message(exporter));
    json!({
        "handle": handle, "password": password, "totp_code": code,
        "device": {"name": "x", "public_key": key.public_key(), "signature": signature},
    })
}

/// How long posts take that somebody makes one after the other.
async fn posts(person: &Person, room: RoomId, count: usize) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for n in 0..count {
        let begun = Instant::now();
        person.post(room, Label::Green, &format!("post {n}")).await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

/// Resident memory of a process, in bytes.
fn resident_bytes(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

/// Strangers who have passwords checked without end.
#[derive(Clone, Default)]
struct Flood {
    stop: Arc<AtomicBool>,
    checked: Arc<AtomicUsize>,
}

impl Flood {
    /// How many passwords were checked. Whoever is told to slow down had none checked.
    fn checked(&self) -> usize {
        self.checked.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Guesses until it is over. A connection ends at the time to sign in; then comes another.
    async fn guess(self, to: SocketAddr, n: usize) -> anyhow::Result<()> {
        let mut round = 0;
        while !self.is_over() {
            let Ok(mut raw) = Raw::open(to).await else { continue };
            while !self.is_over() {
                round += 1;
                // A handle each, so that no brake answers.
                let handle = format!("nobody.{n}.{round}");
                let params = enrolment(raw.exporter(), &handle, "a guess of a password", "000000");
                let Ok(reply) = raw.call(1, "device.enrol", &params).await else { break };
                match refused(&reply)? {
                    Some(ErrorCode::SignInRefused) => {
                        self.checked.fetch_add(1, Ordering::Relaxed);
                    }
                    // As often as a server with limits of its own takes requests: here they are roomy.
                    Some(ErrorCode::SlowDown) => sleep(Duration::from_millis(50)).await,
                    _ => bail!("{reply}"),
                }
            }
        }
        Ok(())
    }

    /// The most memory that a process has until it is over.
    async fn watch(self, process: u32) -> anyhow::Result<u64> {
        let mut most = 0;
        while !self.is_over() {
            most = most.max(resident_bytes(process)?);
            sleep(Duration::from_millis(20)).await;
        }
        Ok(most)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_password_checks_leaves_others_their_pace_and_memory_bounded()
-> anyhow::Result<()> {
    const STRANGERS: usize = 96;
    const POSTS: usize = 300;
    /// Two checks of 64 MiB at once, what 96 connections buffer, and what the allocator keeps.
    const MOST_BYTES: u64 = 320 * 1024 * 1024;
    /// The aim, and what a busy machine may add. Waiting behind a check would be more: each takes some
    /// hundred milliseconds.
    const MOST_TIMES: u32 = 2;
    const SLACK: Duration = Duration::from_millis(25);
    /// Checks during the posts, and how long posting goes on for them: a busy machine makes few.
    const CHECKS: usize = 8;
    const LONGEST: Duration = Duration::from_mins(1);
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let calm = posts(warp.manager(), room, POSTS).await?;
    let process = warp.process().context("the server runs")?;
    let before = resident_bytes(process)?;

    let flood = Flood::default();
    let mut strangers = Vec::new();
    for n in 0..STRANGERS {
        strangers.push(tokio::spawn(flood.clone().guess(warp.local(), n)));
    }
    let busy = async || (flood.checked() > 8).then_some(());
    eventually(Duration::from_secs(30), busy).await.context("the flood does not begin")?;
    let watching = tokio::spawn(flood.clone().watch(process));
    let checked = flood.checked();
    let (begun, mut flooded) = (Instant::now(), Vec::new());
    while flooded.is_empty() || (flood.checked() < checked + CHECKS && begun.elapsed() < LONGEST) {
        flooded.extend(posts(warp.manager(), room, POSTS).await?);
    }
    flooded.sort_unstable();
    let checked = flood.checked() - checked;
    flood.stop.store(true, Ordering::Relaxed);
    let during = watching.await??;
    for stranger in strangers {
        stranger.abort();
        if let Ok(done) = stranger.await {
            done?;
        }
    }
    let p99 = |times: &[Duration]| times[times.len() * 99 / 100];
    let (calm, flooded) = (p99(&calm), p99(&flooded));
    say(format_args!(
        "p99 of a post {calm:?}, in the flood {flooded:?}; memory {} MiB, in the flood {} MiB; \
         {checked} checks meanwhile",
        before >> 20,
        during >> 20,
    ));
    ensure!(checked >= CHECKS, "that was no flood: {checked} checks while others posted");
    ensure!(flooded < calm * MOST_TIMES + SLACK, "others wait: {calm:?}, {flooded:?}");
    ensure!(during < before + MOST_BYTES, "memory grew from {before} to {during}");
    Ok(())
}

#[tokio::test]
async fn a_giant_password_costs_nothing_at_every_entrance() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let redemption = |raw: &Raw, password: &str| {
        let totp = TotpSecret::generate();
        let device = enrolment(raw.exporter(), "", "", "")["device"].take();
        json!({
            "code": invitation.code, "password": password, "device": device,
            "totp": {"secret": totp.to_base32(), "code": totp.code_now()},
        })
    };
    let giant = "x".repeat(limits::PASSWORD_BYTES + 1);
    let fat = "x".repeat(limits::FRAME_BYTES_BEFORE_SIGN_IN - 2_000);
    for password in [giant.as_str(), fat.as_str()] {
        for handle in ["mary", "nobody"] {
            let mut raw = warp.raw().await?;
            let params = enrolment(raw.exporter(), handle, password, "000000");
            let reply = raw.call(1, "device.enrol", &params).await?;
            ensure!(refused(&reply)? == Some(ErrorCode::BadParams), "{handle}: {reply}");
            ensure!(!reply.contains("xxx"), "the password is in the answer");
        }
        let mut raw = warp.raw().await?;
        let params = redemption(&raw, password);
        let reply = raw.call(1, "invitation.redeem", &params).await?;
        ensure!(refused(&reply)? == Some(ErrorCode::BadParams), "{reply}");
        ensure!(!reply.contains("xxx"), "the password is in the answer");
        let mut raw = warp.raw().await?;
        raw.sign_in(warp.manager()).await?;
        for fields in [
            json!({"password": password, "totp_code": "000000", "new_password": "a long enough one"}),
            json!({
                "password": Person::PASSWORD, "new_password": password,
                "totp_code": warp.manager().totp.code_at(next_step()?),
            }),
        ] {
            let reply = raw.call(1, "member.credentials", &fields).await?;
            ensure!(refused(&reply)? == Some(ErrorCode::BadParams), "{reply}");
        }
    }
    // Many cost less than one check does: their length is looked at before anything is hashed.
    let ordinary = cheapest(&warp, "a guess of a password", 1, 3).await?;
    let giants = cheapest(&warp, &giant, 50, 3).await?;
    ensure!(giants < ordinary, "50 giants take {giants:?}, one check of a password {ordinary:?}");
    // The same fields with a password that is none too long: it was that alone.
    let mut raw = warp.raw().await?;
    let params = redemption(&raw, Person::PASSWORD);
    let reply = raw.call(1, "invitation.redeem", &params).await?;
    ensure!(refused(&reply)?.is_none(), "{reply}");
    Ok(())
}

/// The least time that so many enrolments in a row take, over some rounds. Each time for somebody else, so
/// that no brake answers.
async fn cheapest(
    warp: &Warp,
    password: &str,
    count: usize,
    rounds: usize,
) -> anyhow::Result<Duration> {
    let mut best = Duration::MAX;
    for round in 0..rounds {
        let mut raw = warp.raw().await?;
        let begun = Instant::now();
        for n in 0..count {
            let handle = format!("somebody.{count}.{round}.{n}");
            let params = enrolment(raw.exporter(), &handle, password, "000000");
            let code = refused(&raw.call(1, "device.enrol", &params).await?)?;
            ensure!(code.is_some() && code != Some(ErrorCode::SlowDown), "{code:?}");
        }
        best = best.min(begun.elapsed());
    }
    Ok(best)
}

#[tokio::test]
async fn guesses_from_elsewhere_lock_no_officer_out() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mut guesser = warp.raw().await?;
    let mut slowed = false;
    for _ in 0..8 {
        let params = enrolment(guesser.exporter(), "mary", "a guess of a password", "000000");
        let reply = guesser.call(1, "device.enrol", &params).await?;
        slowed |= refused(&reply)? == Some(ErrorCode::SlowDown);
    }
    ensure!(slowed, "the guesser is not slowed down");
    let mut office = from(OFFICE.parse()?, &warp).await?;
    let code = warp.manager().totp.code_at(next_step()?);
    let params = enrolment(&office.exporter()?, "mary", Person::PASSWORD, code.expose());
    let done = office.ask("device.enrol", params).await?;
    ensure!(done.is_ok(), "the officer is locked out: {done:?}");
    // And the officer's success does not let the guesser go on.
    let params = enrolment(guesser.exporter(), "mary", "a guess of a password", "000000");
    let reply = guesser.call(1, "device.enrol", &params).await?;
    ensure!(refused(&reply)? == Some(ErrorCode::SlowDown), "{reply}");
    Ok(())
}

#[tokio::test]
async fn one_guess_at_each_account_is_slowed_down_and_officers_elsewhere_are_not()
-> anyhow::Result<()> {
    const FREE: usize = 6;
    let warp =
        Warp::builder().env("WARPROOM_SERVER_LIMITS__FAILURES_PER_SOURCE", FREE).start().await?;
    let mut guesser = warp.raw().await?;
    let mut answers = Vec::new();
    for n in 0..FREE + 2 {
        let handle = format!("officer.{n}");
        let params = enrolment(guesser.exporter(), &handle, "a password that leaked", "000000");
        answers.push(refused(&guesser.call(1, "device.enrol", &params).await?)?);
    }
    let (free, slow) = answers.split_at(FREE + 1);
    ensure!(free.iter().all(|code| *code == Some(ErrorCode::SignInRefused)), "{answers:?}");
    ensure!(slow == [Some(ErrorCode::SlowDown)], "{answers:?}");
    // Whoever has a device signs in from the same network; a password serves from another one.
    warp.raw().await?.sign_in(warp.manager()).await?;
    let mut office = from(OFFICE.parse()?, &warp).await?;
    let code = warp.manager().totp.code_at(next_step()?);
    let params = enrolment(&office.exporter()?, "mary", Person::PASSWORD, code.expose());
    let done = office.ask("device.enrol", params).await?;
    ensure!(done.is_ok(), "the officer is locked out: {done:?}");
    Ok(())
}

/// A connection from another address of this machine.
pub async fn from(source: SocketAddr, warp: &Warp) -> anyhow::Result<Wire> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(source)?;
    let tcp: TcpStream = socket.connect(warp.local()).await?;
    let mut wire = Wire::tls_over(tcp, tls_config(&authority(warp))?).await?;
    wire.upgrade_now().await?;
    Ok(wire)
}
