//! Joining: invitations, devices, second factors, and the answers to those who have none of them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use warproom_client::{
    CallError, ConnectError, Connector, DeviceKey, Distrust, JoinError, SignOut, State, TotpSecret,
    connect, enrol_device, open_invitation,
};
use warproom_proto::calls::{
    Call, EnrolDevice, ListDevices, ListInvitations, ListMembers, ListRooms, NewDevice,
    RedeemInvitation, RevokeDevice, RevokeInvitation, ShowInvitation, TotpEnrolment,
    sign_in_message,
};
use warproom_proto::invitation::{Address, Invitation};
use warproom_proto::register::Role;
use warproom_proto::{ErrorCode, Secret};
use warproom_tests::harness::{DEADLINE, Person, Raw, Warp, add_lapsed_invitation, refusal};

/// The seconds of the next TOTP step: a code that the server takes and that is not used up yet.
fn next_step() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs() + 30
}

/// A device that proves itself on a raw connection.
fn device(raw: &Raw) -> NewDevice {
    let key = DeviceKey::generate();
    let signature = key.sign(&sign_in_message(raw.exporter()));
    NewDevice { name: "raw".parse().unwrap(), public_key: key.public_key(), signature }
}

fn redemption(raw: &Raw, code: &Secret, password: &str, totp_code: Option<&str>) -> Value {
    let totp = TotpSecret::generate();
    let code_now = totp_code.map_or_else(|| totp.code_now(), |code| code.to_owned().into());
    let call = RedeemInvitation {
        code: code.clone(),
        password: password.to_owned().into(),
        totp: TotpEnrolment { secret: totp.to_base32(), code: code_now },
        device: device(raw),
    };
    serde_json::to_value(call).unwrap()
}

fn enrolment(raw: &Raw, handle: &str, password: &str, totp_code: &Secret) -> Value {
    let call = EnrolDevice {
        handle: handle.parse().unwrap(),
        password: password.to_owned().into(),
        totp_code: totp_code.clone(),
        device: device(raw),
    };
    serde_json::to_value(call).unwrap()
}

fn code_of(reply: &str) -> Option<i64> {
    let reply: Value = serde_json::from_str(reply).unwrap();
    reply["error"]["code"].as_i64()
}

fn is(reply: &str, code: ErrorCode) {
    assert_eq!(code_of(reply), Some(i64::from(code.number())), "{reply}");
}

#[tokio::test]
async fn an_invitation_says_whom_it_is_for_and_makes_them_a_member() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let (joining, invited) = open_invitation(&invitation).await?;
    assert_eq!(invited.warp.as_str(), "Kent WARP");
    assert_eq!(invited.organisation.as_str(), "Dover District Council");
    assert_eq!((invited.handle.as_str(), invited.role), ("dan", Role::Officer));

    let joined =
        joining.redeem(Person::password(), &TotpSecret::generate(), "desk".parse()?).await?;
    let (client, _events) = connect(invitation.address.clone(), joined.credentials()).await?;
    assert_eq!(client.me().handle, Some("dan".parse()?));
    let members = warp.manager().client.call(ListMembers {}).await?.members;
    assert!(members.iter().any(|member| member.handle.as_str() == "dan"));
    Ok(())
}

#[tokio::test]
async fn an_invitation_works_once() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let (first, _) = open_invitation(&invitation).await?;
    let (second, _) = open_invitation(&invitation).await?;
    first.redeem(Person::password(), &TotpSecret::generate(), "one".parse()?).await?;
    let again = second.redeem(Person::password(), &TotpSecret::generate(), "two".parse()?).await;
    let Err(JoinError::Refused(error)) = again else { panic!("redeemed twice") };
    assert_eq!(error.code, ErrorCode::SignInRefused);
    assert!(JoinError::Refused(error).requires_other_input());
    Ok(())
}

#[tokio::test]
async fn of_two_who_redeem_at_once_one_joins() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let (joining, _) = open_invitation(&invitation).await?;
    let (one, two) = (TotpSecret::generate(), TotpSecret::generate());
    let (first, second) = tokio::join!(
        joining.redeem(Person::password(), &one, "one".parse()?),
        joining.redeem(Person::password(), &two, "two".parse()?),
    );
    let won = [first.is_ok(), second.is_ok()];
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let lost = first.err().or(second.err());
    let Some(JoinError::Refused(error)) = lost else { panic!("not refused by the server") };
    assert_eq!(error.code, ErrorCode::SignInRefused);
    Ok(())
}

#[tokio::test]
async fn unknown_used_lapsed_and_revoked_invitations_answer_alike() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (_, used) = warp.invite("used", dover, Role::Officer).await?;
    Person::join(&used).await?;
    let (added, revoked) = warp.invite("revoked", dover, Role::Officer).await?;
    let call = RevokeInvitation { invitation: added.invitation };
    warp.manager().client.call(call).await?;
    warp.stop().await?;
    let lapsed = add_lapsed_invitation(&warp, "lapsed".parse()?, dover)?;
    let unknown: Secret = "BBBBBBBBBBBBBBBBBBBBBA".to_owned().into();

    let codes = [&unknown, &used.code, &lapsed.code, &revoked.code];
    for method in [ShowInvitation::METHOD, RedeemInvitation::METHOD] {
        // Started anew, so that the brake on guessing codes is not what answers.
        if warp.process().is_some() {
            warp.stop().await?;
        }
        warp.restart().await?;
        let mut answers = Vec::new();
        for code in codes {
            let mut raw = warp.raw().await?;
            let params = match method {
                ShowInvitation::METHOD => json!({"code": code}),
                _ => redemption(&raw, code, Person::PASSWORD, None),
            };
            answers.push(raw.call(7, method, &params).await?);
        }
        is(&answers[0], ErrorCode::SignInRefused);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{method}: {answers:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_revoked_invitation_is_no_longer_listed_and_frees_its_handle() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let client = &warp.manager().client;
    let (added, _) = warp.invite("dan", dover, Role::Officer).await?;
    let listed = client.call(ListInvitations {}).await?.invitations;
    assert_eq!(listed.iter().map(|one| one.invitation).collect::<Vec<_>>(), [added.invitation]);
    let taken = warp.invite("dan", dover, Role::Officer).await.err();
    let taken = taken.and_then(|error| error.downcast::<CallError>().ok());
    assert_eq!(taken.and_then(|error| error.code()), Some(ErrorCode::Conflict));

    let revoke = || client.call(RevokeInvitation { invitation: added.invitation });
    revoke().await?;
    assert_eq!(refusal(revoke().await)?.code, ErrorCode::NotFound);
    assert!(client.call(ListInvitations {}).await?.invitations.is_empty());
    warp.invite("dan", dover, Role::Officer).await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_totp_code_or_a_short_password_leaves_the_invitation_whole() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let mut raw = warp.raw().await?;
    for (password, totp) in [(Person::PASSWORD, Some("not a code")), ("eleven char", None)] {
        let params = redemption(&raw, &invitation.code, password, totp);
        is(&raw.call(1, RedeemInvitation::METHOD, &params).await?, ErrorCode::BadParams);
    }
    let (joining, _) = open_invitation(&invitation).await?;
    let short: Secret = "eleven char".to_owned().into();
    let refused = joining.redeem(short, &TotpSecret::generate(), "desk".parse()?).await;
    assert!(matches!(refused, Err(JoinError::Password)), "the client does not even send it");
    joining.redeem(Person::password(), &TotpSecret::generate(), "desk".parse()?).await?;
    Ok(())
}

#[tokio::test]
async fn a_device_must_hold_the_key_it_brings() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("dan", dover, Role::Officer).await?;
    let (mut raw, other) = (warp.raw().await?, warp.raw().await?);
    // A signature over another connection, as an interceptor would have one.
    let params = redemption(&other, &invitation.code, Person::PASSWORD, None);
    is(&raw.call(1, RedeemInvitation::METHOD, &params).await?, ErrorCode::BadParams);
    Ok(())
}

#[tokio::test]
async fn another_device_joins_by_handle_password_and_code() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let code = mary.totp.code_at(next_step());
    let laptop =
        enrol_device(warp.address(), "mary".parse()?, Person::password(), code, "laptop".parse()?)
            .await?;
    assert_ne!(laptop.device, mary.device);
    let (client, _events) = connect(warp.address().clone(), laptop.credentials()).await?;
    assert_eq!(client.me().principal, mary.principal());
    let devices = client.call(ListDevices { member: None }).await?.devices;
    let names: Vec<_> = devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["desk", "laptop"]);
    Ok(())
}

#[tokio::test]
async fn a_totp_code_works_once() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let totp = &warp.manager().totp;
    let enrol = async |code: Secret| {
        let (handle, name) = ("mary".parse()?, "laptop".parse()?);
        let done = enrol_device(warp.address(), handle, Person::password(), code, name).await;
        anyhow::Ok(match done {
            Ok(_) => None,
            Err(JoinError::Refused(error)) => Some(error.code),
            Err(other) => return Err(other.into()),
        })
    };
    let next = totp.code_at(next_step());
    assert_eq!(enrol(next.clone()).await?, None);
    assert_eq!(enrol(next).await?, Some(ErrorCode::SignInRefused), "used for another device");
    // The one that was used when joining, or one before it: used up all the same.
    assert_eq!(enrol(totp.code_at(next_step() - 30)).await?, Some(ErrorCode::SignInRefused));
    Ok(())
}

#[tokio::test]
async fn an_unknown_handle_answers_byte_for_byte_as_a_wrong_password_or_code() -> anyhow::Result<()>
{
    let warp = Warp::start().await?;
    let right = warp.manager().totp.code_at(next_step());
    let wrong: Secret = "not a code".to_owned().into();
    let tries = [
        ("nobody", Person::PASSWORD, &right),
        ("mary", "not the password at all", &right),
        ("mary", Person::PASSWORD, &wrong),
    ];
    let mut answers = Vec::new();
    for (handle, password, code) in tries {
        let mut raw = warp.raw().await?;
        let params = enrolment(&raw, handle, password, code);
        answers.push(raw.call(3, EnrolDevice::METHOD, &params).await?);
    }
    is(&answers[0], ErrorCode::SignInRefused);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    Ok(())
}

#[tokio::test]
async fn a_revoked_device_is_out_within_a_second_and_stays_out() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let code = mary.totp.code_at(next_step());
    let (handle, name) = ("mary".parse()?, "laptop".parse()?);
    let laptop = enrol_device(warp.address(), handle, Person::password(), code, name).await?;
    let (client, mut events) = connect(warp.address().clone(), laptop.credentials()).await?;

    mary.client.call(RevokeDevice { device: laptop.device }).await?;
    let answered = Instant::now();
    let mut state = client.state();
    let out = state.wait_for(|state| matches!(state, State::SignedOut { .. }));
    let out = timeout(DEADLINE, out).await??.clone();
    assert!(answered.elapsed() < Duration::from_secs(1));
    assert_eq!(out, State::SignedOut { reason: SignOut::Revoked });
    while events.next().await.is_some() {}

    let again = connect(warp.address().clone(), laptop.credentials()).await.err();
    let Some(ConnectError::Refused(error)) = again else { panic!("not refused: {again:?}") };
    assert_eq!(error.code, ErrorCode::SignInRefused);
    mary.client.call(ListRooms::default()).await?;
    Ok(())
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_and_the_officers_device_is_not() -> anyhow::Result<()> {
    /// Failures that cost nothing, and one more.
    const TRIES: usize = 6;
    let warp = Warp::start().await?;
    let code: Secret = "000000".to_owned().into();
    let mut raw = warp.raw().await?;
    let params = enrolment(&raw, "mary", "a guess of a password", &code);
    for _ in 0..TRIES {
        is(&raw.call(1, EnrolDevice::METHOD, &params).await?, ErrorCode::SignInRefused);
    }
    let slowed = raw.call(1, EnrolDevice::METHOD, &params).await?;
    is(&slowed, ErrorCode::SlowDown);
    let slowed: Value = serde_json::from_str(&slowed)?;
    let wait = slowed["error"]["data"]["retry_after_ms"].as_u64();
    assert!(wait.is_some_and(|wait| (1..=1_000).contains(&wait)), "{wait:?}");
    // The same account, from the same source, by its key: at once.
    warp.manager().connect().await?;
    Ok(())
}

#[tokio::test]
async fn a_signature_of_another_connection_signs_nobody_in() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let (mut victim, mut interceptor) = (warp.raw().await?, warp.raw().await?);
    let signature = mary.key.sign(&sign_in_message(victim.exporter()));
    let params = json!({"proof": {"device": {"device": mary.device, "signature": signature}}});
    is(&interceptor.call(1, "session.start", &params).await?, ErrorCode::SignInRefused);
    let own = victim.call(1, "session.start", &params).await?;
    assert_eq!(code_of(&own), None, "{own}");
    Ok(())
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused_as_not_this_warps() -> anyhow::Result<()> {
    let (ours, other) = (Warp::start().await?, Warp::start().await?);
    let address = Address {
        host_port: other.address().host_port.clone(),
        authority: ours.address().authority,
    };
    let refused =
        Connector::new(address.clone(), ours.manager().credentials()).connect().await.err();
    let Some(error @ ConnectError::Untrusted(Distrust::OtherAuthority)) = refused else {
        panic!("not taken for another's server: {refused:?}")
    };
    assert!(error.may_be_intercepted());

    let code = "AAAAAAAAAAAAAAAAAAAAAA".to_owned().into();
    let refused = open_invitation(&Invitation { address, code }).await.err();
    assert!(
        matches!(
            refused,
            Some(JoinError::Connect(ConnectError::Untrusted(Distrust::OtherAuthority)))
        ),
        "{refused:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_stranger_is_told_to_sign_in_whatever_else_it_asks() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mut raw = warp.raw().await?;
    for method in ["room.list", "member.list", "entry.post", "register.page", "no.such.call"] {
        is(&raw.call(1, method, &json!({})).await?, ErrorCode::SignInRequired);
    }
    Ok(())
}

#[tokio::test]
async fn a_signed_in_connection_signs_in_once() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mut raw = warp.raw().await?;
    raw.sign_in(warp.manager()).await?;
    is(&raw.call(9, "session.start", &json!({})).await?, ErrorCode::NotAllowed);
    is(&raw.call(9, "no.such.call", &json!({})).await?, ErrorCode::NoSuchCall);
    Ok(())
}

#[tokio::test]
async fn members_devices_and_credentials_outlive_a_restart() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    assert!(warp.stop().await?.success());
    warp.restart().await?;
    let (client, _events) = dan.connect().await?;
    assert_eq!(client.me().principal, dan.principal());
    // What was used up before the restart is not remembered, the secret itself is.
    let code = dan.totp.code_at(next_step());
    let (handle, name) = ("dan".parse()?, "laptop".parse()?);
    enrol_device(warp.address(), handle, Person::password(), code, name).await?;
    // Clients that were signed in come back by themselves.
    dan.back().await?;
    Ok(())
}
