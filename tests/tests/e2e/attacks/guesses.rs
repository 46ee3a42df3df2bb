//! Guesses all at once (CWE-307 by way of CWE-367): what is counted only once it was hashed lets a whole burst
//! through. Of each burst as many are hashed, and told that they are wrong, as of guesses one after the other.

use std::collections::HashMap;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use warproom_proto::ErrorCode;
use warproom_tests::harness::{Person, Warp};
use warproom_tests::wire::Wire;

use super::floods::enrolment;
use super::{next_step, refused};

const BURST: usize = 64;

/// Failures that cost nothing, and the one that the first wait is for.
const TRIED: usize = 6;

const WRONG: Option<ErrorCode> = Some(ErrorCode::SignInRefused);
const BRAKED: Option<ErrorCode> = Some(ErrorCode::SlowDown);

/// Long enough for whoever waits for a turn at hashing on a busy machine.
const SIGN_IN_MS: u64 = 60_000;

/// What a burst of requests was answered, taking turns over the connections, and all of them sent before
/// an answer is read.
async fn burst(
    wires: &mut [Wire],
    count: usize,
    method: &str,
    fields: impl Fn(usize, &Wire) -> anyhow::Result<Value>,
) -> anyhow::Result<HashMap<Option<ErrorCode>, usize>> {
    let (mut asked, connections) = (Vec::new(), wires.len());
    for n in 0..count {
        let wire = &mut wires[n % connections];
        let fields = fields(n, wire)?;
        asked.push((n % connections, wire.request(method, &fields).await?));
    }
    let mut answers = HashMap::new();
    for (wire, id) in asked {
        let reply = wires[wire].reply_to(&json!(id)).await?;
        *answers.entry(refused(&reply)?).or_default() += 1;
    }
    Ok(answers)
}

async fn strangers(warp: &Warp, count: usize) -> anyhow::Result<Vec<Wire>> {
    try_join_all((0..count).map(|_| Wire::stranger(warp))).await
}

#[tokio::test]
async fn an_open_session_has_no_more_guesses_at_once_than_one_after_the_other() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    for connections in [1, 8] {
        let dan = warp.officer(&format!("dan.{connections}"), dover).await?;
        let mut wires = try_join_all((0..connections).map(|_| Wire::person(&warp, &dan))).await?;
        let fields = |n: usize, _: &Wire| {
            Ok(json!({
                "password": format!("a guess of a password {n}"), "totp_code": dan.totp.code_now(),
                "new_password": "another horse and a battery", "other_devices": "keep",
            }))
        };
        let answers = burst(&mut wires, BURST, "member.credentials", fields).await?;
        let expected = HashMap::from([(WRONG, TRIED), (BRAKED, BURST - TRIED)]);
        ensure!(answers == expected, "over {connections} connections: {answers:?}");
    }
    Ok(())
}

#[tokio::test]
async fn strangers_have_no_more_guesses_at_once_than_one_after_the_other() -> anyhow::Result<()> {
    let warp =
        Warp::builder().env("WARPROOM_SERVER_LIMITS__SIGN_IN_MS", SIGN_IN_MS).start().await?;
    let mut wires = strangers(&warp, BURST).await?;
    let guess = |n: usize, wire: &Wire| {
        let password = format!("a guess of a password {n}");
        Ok(enrolment(&wire.exporter()?, "mary", &password, "000000"))
    };
    let answers = burst(&mut wires, BURST, "device.enrol", guess).await?;
    let expected = HashMap::from([(WRONG, TRIED), (BRAKED, BURST - TRIED)]);
    ensure!(answers == expected, "{answers:?}");
    Ok(())
}

#[tokio::test]
async fn one_guess_at_each_of_many_accounts_at_once_is_slowed_down_as_well() -> anyhow::Result<()> {
    const FREE: usize = 10;
    let warp = Warp::builder()
        .env("WARPROOM_SERVER_LIMITS__SIGN_IN_MS", SIGN_IN_MS)
        .env("WARPROOM_SERVER_LIMITS__FAILURES_PER_SOURCE", FREE)
        .start()
        .await?;
    let mut wires = strangers(&warp, BURST).await?;
    let guess = |n: usize, wire: &Wire| {
        let handle = format!("officer.{n}");
        Ok(enrolment(&wire.exporter()?, &handle, "a password that leaked", "000000"))
    };
    let answers = burst(&mut wires, BURST, "device.enrol", guess).await?;
    let expected = HashMap::from([(WRONG, FREE + 1), (BRAKED, BURST - FREE - 1)]);
    ensure!(answers == expected, "{answers:?}");
    Ok(())
}

#[tokio::test]
async fn the_right_password_among_wrong_ones_at_once_lets_in() -> anyhow::Result<()> {
    const RIGHT: usize = 2;
    let warp =
        Warp::builder().env("WARPROOM_SERVER_LIMITS__SIGN_IN_MS", SIGN_IN_MS).start().await?;
    let mut wires = strangers(&warp, TRIED).await?;
    let code = warp.manager().totp.code_at(next_step()?);
    let guess = |n: usize, wire: &Wire| {
        let password = if n == RIGHT { Person::PASSWORD } else { "a guess of a password" };
        Ok(enrolment(&wire.exporter()?, "mary", password, code.expose()))
    };
    let answers = burst(&mut wires, TRIED, "device.enrol", guess).await?;
    ensure!(answers == HashMap::from([(None, 1), (WRONG, TRIED - 1)]), "{answers:?}");
    let rooms = wires[RIGHT].ask("room.list", json!({})).await?;
    rooms.ok().context("the right one is signed in")?;
    Ok(())
}
