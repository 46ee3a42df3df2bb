//! Changing a password and TOTP secret: what somebody with a stolen session, password or device still has
//! afterwards (CWE-613, sessions that outlive the credentials; CWE-294, replay).

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::time::{Instant, timeout};
use warproom_client::{
    CallError, ConnectError, JoinError, Joined, State, TotpSecret, connect, enrol_device,
};
use warproom_proto::calls::{
    ChangeCredentials, ListDevices, ListRooms, OtherDevices, Proof, StartSession, TotpEnrolment,
    sign_in_message,
};
use warproom_proto::{ErrorCode, Secret};
use warproom_tests::harness::{DEADLINE, Heard, Person, Warp, refusal};

use super::next_step;

const NEW: &str = "another horse and a battery";

/// How soon a stale session is over.
const SOON: Duration = Duration::from_secs(1);

fn change(password: &str, code: Secret) -> ChangeCredentials {
    ChangeCredentials {
        password: password.to_owned().into(),
        totp_code: code,
        new_password: Some(NEW.to_owned().into()),
        new_totp: None,
        other_devices: OtherDevices::Keep,
    }
}

/// Enrols a device of the manager's; the refusal, if it is refused.
async fn enrol(
    warp: &Warp,
    password: &str,
    code: Secret,
) -> anyhow::Result<Result<Joined, ErrorCode>> {
    let (handle, name) = ("mary".parse()?, "laptop".parse()?);
    let password = password.to_owned().into();
    match enrol_device(warp.address(), handle, password, code, name).await {
        Ok(joined) => Ok(Ok(joined)),
        Err(JoinError::Refused(error)) => Ok(Err(error.code)),
        Err(other) => Err(other.into()),
    }
}

#[tokio::test]
async fn changing_the_password_ends_every_other_session_within_a_second() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    // By the code of now's successor; the one after that is too far ahead, so the change waits for it.
    let thief = enrol(&warp, Person::PASSWORD, mary.totp.code_at(next_step()?)).await?;
    let thief = thief.ok().context("mary's password and code are right")?;
    let mut stale = warp.raw().await?;
    let signature = thief.key.sign(&sign_in_message(stale.exporter()));
    let proof = Proof::Device { device: thief.device, signature };
    stale.ask(&StartSession { proof, audit_seen: None }).await?;

    let code = fresh_code(mary).await?;
    let call =
        ChangeCredentials { other_devices: OtherDevices::Revoke, ..change(Person::PASSWORD, code) };
    mary.client.call(call).await?;
    let answered = Instant::now();
    ensure!(matches!(stale.hear().await?, Heard::Closed(Some(4001))), "the thief's goes on");
    ensure!(answered.elapsed() < SOON, "only after {:?}", answered.elapsed());
    let again = connect(warp.address().clone(), thief.credentials()).await.err();
    let Some(ConnectError::Refused(error)) = again else { panic!("not refused: {again:?}") };
    ensure!(error.code == ErrorCode::SignInRefused, "{error:?}");
    // This device goes on, on the connection it has.
    let devices = mary.client.call(ListDevices { member: None }).await?.devices;
    ensure!(devices.iter().map(|one| one.device).eq([mary.device]), "{devices:?}");
    Ok(())
}

#[tokio::test]
async fn a_device_that_is_kept_comes_back_by_itself() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let laptop = enrol(&warp, Person::PASSWORD, mary.totp.code_at(next_step()?)).await?;
    let laptop = laptop.ok().context("mary's password and code are right")?;
    let (client, _events) = connect(warp.address().clone(), laptop.credentials()).await?;
    let mut state = client.state();
    mary.client.call(change(Person::PASSWORD, fresh_code(mary).await?)).await?;
    let out = state.wait_for(|state| !matches!(state, State::Connected));
    let out = timeout(DEADLINE, out).await??.clone();
    ensure!(!matches!(out, State::SignedOut { .. }), "{out:?}");
    let back = state.wait_for(|state| matches!(state, State::Connected));
    timeout(DEADLINE, back).await??;
    client.call(ListRooms::default()).await?;
    Ok(())
}

#[tokio::test]
async fn an_open_session_alone_changes_no_password_and_guessing_is_slowed_down()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let wrong = || change("not the password at all", mary.totp.code_now());
    for _ in 0..6 {
        let refused = refusal(mary.client.call(wrong()).await)?;
        ensure!(refused.code == ErrorCode::SignInRefused, "{refused:?}");
    }
    let slowed = refusal(mary.client.call(wrong()).await)?;
    ensure!(slowed.code == ErrorCode::SlowDown, "{slowed:?}");
    Ok(())
}

#[tokio::test]
async fn after_a_change_the_old_password_and_the_old_secret_are_worth_nothing() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let new = TotpSecret::generate();
    let totp = TotpEnrolment { secret: new.to_base32(), code: new.code_now() };
    let code = mary.totp.code_at(next_step()?);
    let call = ChangeCredentials { new_totp: Some(totp), ..change(Person::PASSWORD, code) };
    mary.client.call(call.clone()).await?;
    // The same again, as a replay would say it: neither password nor code.
    let replayed = refusal(mary.client.call(call).await)?;
    ensure!(replayed.code == ErrorCode::SignInRefused, "{replayed:?}");

    let fresh = fresh_after(&new, next_step()?).await?;
    for (password, code) in [
        (Person::PASSWORD, fresh.clone()),
        (NEW, mary.totp.code_at(next_step()?)),
        (NEW, new.code_at(next_step()? - 90)),
    ] {
        let refused = enrol(&warp, password, code).await?.err();
        ensure!(refused == Some(ErrorCode::SignInRefused), "{refused:?}");
    }
    ensure!(enrol(&warp, NEW, fresh).await?.is_ok(), "the new ones let in");
    Ok(())
}

#[tokio::test]
async fn a_used_code_is_used_up_also_after_a_restart() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let code = warp.manager().totp.code_at(next_step()?);
    ensure!(enrol(&warp, Person::PASSWORD, code.clone()).await?.is_ok(), "the first time");
    warp.kill()?;
    warp.restart().await?;
    let again = enrol(&warp, Person::PASSWORD, code).await?.err();
    ensure!(again == Some(ErrorCode::SignInRefused), "{again:?}");
    Ok(())
}

#[tokio::test]
async fn a_change_that_changes_nothing_or_too_little_is_refused() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let code = mary.totp.code_at(next_step()?);
    let nothing =
        ChangeCredentials { new_password: None, ..change(Person::PASSWORD, code.clone()) };
    let short = Some("eleven char".to_owned().into());
    let short = ChangeCredentials { new_password: short, ..change(Person::PASSWORD, code.clone()) };
    for call in [nothing, short] {
        let refused = refusal(mary.client.call(call).await)?;
        ensure!(refused.code == ErrorCode::BadParams, "{refused:?}");
    }
    // Neither used the code up.
    let done: Result<_, CallError> = mary.client.call(change(Person::PASSWORD, code)).await;
    ensure!(done.is_ok(), "{done:?}");
    Ok(())
}

/// A code that is not used up, where that of the step ahead is: it waits for the next one.
async fn fresh_code(person: &Person) -> anyhow::Result<Secret> {
    fresh_after(&person.totp, next_step()?).await
}

/// The code of the step after the one of these seconds, once a server takes it: it may be one ahead.
async fn fresh_after(totp: &TotpSecret, seconds: u64) -> anyhow::Result<Secret> {
    /// A step, and some more.
    const STEP: Duration = Duration::from_secs(40);
    let used = seconds / 30;
    let ahead = async || {
        let next = next_step().ok()?;
        (next / 30 > used).then(|| totp.code_at(next))
    };
    warproom_tests::harness::eventually(STEP, ahead).await
}
