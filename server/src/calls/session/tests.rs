//! Signing in, over a store of its own and without a network.

use std::net::IpAddr;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::BASE32_NOPAD;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use totp_rs::{Algorithm, TOTP};
use warproom_proto::audit::Network;
use warproom_proto::calls::{Path, TotpEnrolment, authority_message, sign_in_message};
use warproom_proto::register::{Act, Event, Member, Role, Signature, Standing};
use warproom_proto::{BotId, Head, InvitationId, Label, OrganisationId, Seq, WarpId, merkle};

use super::*;
use crate::audit::is_right;
use crate::context::alone::Alone;
use crate::domain::tests::{person, with_room};

/// What officer 10's device, and every new one, signs here.
const EXPORTER: [u8; 32] = [7; 32];
const DESK: DeviceId = DeviceId::from_bytes([1; 16]);
const BOT: BotId = BotId::from_bytes([50; 16]);
const PASSWORD: &str = "correct horse battery";
const TOTP_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn member(n: u8) -> MemberId {
    MemberId::from_bytes([n; 16])
}

fn secret(text: &str) -> Secret {
    text.to_owned().into()
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap()
}

fn signature(exporter: &[u8; 32]) -> Signature {
    Signature(pair().sign(&sign_in_message(exporter)).as_ref().try_into().unwrap())
}

fn public_key() -> PublicKey {
    PublicKey(pair().public_key().as_ref().try_into().unwrap())
}

fn new(exporter: &[u8; 32]) -> NewDevice {
    let name = "laptop".parse().unwrap();
    NewDevice { name, public_key: public_key(), signature: signature(exporter) }
}

/// The code that a TOTP secret gives now.
fn code(totp_secret: &str) -> Secret {
    let bytes = BASE32_NOPAD.decode(totp_secret.as_bytes()).unwrap();
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 0, 30, bytes, None, String::new());
    totp.generate(u64::try_from(now_ms()).unwrap() / 1000).into()
}

/// Officer 10 has a device, a password and a second factor; 40 is invited; a bot has a token.
async fn alone() -> Alone {
    let mut state = with_room(Label::Red);
    let mut bot = state.register.bot(BotId::from_bytes([2; 16])).unwrap().clone();
    (bot.bot, bot.grant.expires_at_ms) = (BOT, i64::MAX);
    let name = "desk".parse().unwrap();
    let device = Device { device: DESK, member: member(10), name, public_key: public_key() };
    let invited = Member {
        member: member(40),
        name: "Eve Evans".parse().unwrap(),
        handle: "eve.evans".parse().unwrap(),
        organisation: OrganisationId::from_bytes([20; 16]),
        role: Role::Officer,
        standing: Standing::Active,
    };
    let code_hash = identity::hash(&secret("invitation"));
    let (invitation, expires_at_ms) = (InvitationId::from_bytes([40; 16]), i64::MAX);
    let (warp, name) = (WarpId::from_bytes([1; 16]), "Kent WARP".parse().unwrap());
    for event in [
        Event::WarpFounded { warp, name },
        Event::InvitationAdded { invitation, member: invited, code_hash, expires_at_ms },
        Event::DeviceEnrolled(device),
        Event::BotAdded { bot, token_hash: identity::hash(&secret("token")), hook_hash: None },
    ] {
        state.apply_act(&Act { by: None, event }, 0);
    }
    let alone = Alone::with(state, &[]);
    let password_phc = alone.context.passwords.hash(secret(PASSWORD)).await.unwrap();
    let totp_secret = secret(TOTP_SECRET);
    act(
        &alone,
        Event::CredentialsSet { member: member(10), password_phc, totp_secret, changed_from: None },
    );
    alone
}

fn act(alone: &Alone, event: Event) {
    alone.context.state.write().unwrap().apply_act(&Act { by: None, event }, 0);
}

fn stranger(alone: &Alone) -> Stranger {
    let source = IpAddr::from([198, 51, 100, 7]).into();
    Stranger { context: alone.context.clone(), source, exporter: EXPORTER }
}

async fn sign<C: Call>(alone: &Alone, call: C) -> Result<SignedIn, Error> {
    let frame = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": C::METHOD, "params": call,
    });
    let frame = frame.to_string();
    let request = rpc::Request::read(&frame).unwrap();
    sign_in(&stranger(alone), &request).await.map(|(signed_in, _)| signed_in)
}

/// What was refused since this was asked last, and for whom, if there is such a member.
fn refused_since(alone: &Alone) -> Vec<(Means, Option<MemberId>)> {
    let records = alone.context.audit.counts.take().records();
    let refused = records.into_iter().map(|record| match record.event {
        audit::Event::SignInRefused { means, of, .. } => (means, of),
        other => panic!("{other:?}"),
    });
    refused.collect()
}

fn by_device(device: DeviceId, exporter: &[u8; 32]) -> StartSession {
    let proof = Proof::Device { device, signature: signature(exporter) };
    StartSession { proof, audit_seen: None }
}

fn by_token(token: &str) -> StartSession {
    StartSession { proof: Proof::Token(secret(token)), audit_seen: None }
}

#[tokio::test]
async fn a_device_signs_in_by_its_key_and_a_bot_by_its_token_and_the_audit_log_says_so() {
    let alone = alone().await;
    let officer = sign(&alone, by_device(DESK, &EXPORTER)).await.unwrap();
    assert_eq!((officer.me.principal, officer.device), (person(10), Some(DESK)));
    assert_eq!(officer.me.role, Some(Role::Officer));
    let key = officer.audit.unwrap().key;
    let known_by = authority_message(officer.warp, &alone.context.certificate.authority());
    let [signature] = &*officer.authority else { panic!("{:?}", officer.authority) };
    assert!(is_right(&key, &known_by, signature), "nobody would follow to another authority");
    let bot = sign(&alone, by_token("token")).await.unwrap();
    assert_eq!((bot.me.principal, bot.device), (Principal::Bot(BOT), None));
    let from: Option<Network> = Some(stranger(&alone).source.network());
    for (seq, means, device) in [(1, Means::Device, Some(DESK)), (2, Means::Token, None)] {
        let stored = alone.context.store.read(LogId::AUDIT, seq).unwrap().unwrap();
        let record: audit::Record = serde_json::from_slice(&stored.item).unwrap();
        assert_eq!(record.event, audit::Event::SignedIn { means, device, count: 1 });
        assert_eq!(record.from, from);
    }
    assert_eq!(refused_since(&alone), []);
}

#[tokio::test]
async fn whoever_remembers_the_audit_log_is_shown_that_it_continues_and_nobody_else_is() {
    let alone = alone().await;
    let mut roots = vec![Head([0; 32])];
    let mut sign_in = async |seen: Option<Seq>| {
        let call = StartSession { audit_seen: seen, ..by_token("token") };
        let signed_in = sign(&alone, call).await.unwrap();
        let shown = signed_in.audit.unwrap().note.checkpoint().clone();
        roots.push(shown.root);
        assert_eq!(shown.size, Seq::try_from(roots.len() - 1).unwrap());
        let continues = |seen: Seq, path: Path| {
            let remembered = (seen, &roots[usize::try_from(seen).unwrap()]);
            merkle::continues(remembered, (shown.size, &shown.root), &path.hashes)
        };
        signed_in.audit_path.map(|path| continues(seen.unwrap(), path))
    };
    assert_eq!(sign_in(None).await, None);
    for (seen, is_shown) in [
        (1, Some(true)),
        (3, Some(true)),
        (1, Some(true)),
        (4, Some(true)),
        // It never had so many.
        (7, None),
        (Seq::MAX, None),
    ] {
        assert_eq!(sign_in(Some(seen)).await, is_shown, "{seen}");
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_key_or_a_token_the_answer_is_the_same_and_it_is_counted() {
    let alone = alone().await;
    let nobodys = DeviceId::from_bytes([9; 16]);
    for (call, means, of) in [
        (by_device(DESK, &[8; 32]), Means::Device, Some(member(10))),
        (by_device(nobodys, &EXPORTER), Means::Device, None),
        (by_token("another"), Means::Token, None),
    ] {
        let refusal = sign(&alone, call).await.unwrap_err();
        assert_eq!(refusal, ErrorCode::SignInRefused.into());
        assert_eq!(refused_since(&alone), [(means, of)]);
    }
}

#[tokio::test]
async fn whoever_may_do_nothing_or_whose_device_is_gone_is_not_let_in_by_a_right_proof() {
    let alone = alone().await;
    let admitted = |who, device| {
        let admitted = admit(&stranger(&alone), who, device);
        admitted.map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(admitted(person(10), Some(DESK)), Ok(()));
    let gone = DeviceId::from_bytes([9; 16]);
    assert_eq!(admitted(person(10), Some(gone)), Err(ErrorCode::SignInRefused));
    let (role, standing) = (Role::Officer, Standing::Suspended);
    act(&alone, Event::MemberChanged { member: member(10), role, standing });
    assert_eq!(admitted(person(10), Some(DESK)), Err(ErrorCode::SignInRefused));
}

#[tokio::test]
async fn whoever_has_as_many_connections_as_there_may_be_is_told_to_close_one() {
    let alone = alone().await;
    let most = alone.context.limits.connections;
    let register = || alone.context.hub.register(person(10), Some(DESK), most).unwrap();
    let open: Vec<_> = std::iter::repeat_with(register).take(most).collect();
    let refusal = sign(&alone, by_device(DESK, &EXPORTER)).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::SlowDown);
    assert!(refusal.message.contains("connections"), "{}", refusal.message);
    drop(open);
    assert!(sign(&alone, by_device(DESK, &EXPORTER)).await.is_ok());
}

#[tokio::test]
async fn an_invitation_says_whom_it_is_for_and_makes_them_a_member_once() {
    let alone = alone().await;
    let shown = |code| {
        let call = ShowInvitation { code: secret(code) };
        show_invitation(&stranger(&alone), &call).map_err(|refusal| refusal.code)
    };
    assert_eq!(shown("another"), Err(ErrorCode::SignInRefused));
    assert_eq!(refused_since(&alone), [(Means::Invitation, None)]);
    let invited = shown("invitation").unwrap();
    assert_eq!((invited.warp.as_str(), invited.organisation.as_str()), ("Kent WARP", "Council 20"));
    assert_eq!((invited.name.as_str(), invited.handle.as_str()), ("Eve Evans", "eve.evans"));

    let redeem = |with: &str, password, code, exporter| RedeemInvitation {
        code: secret(with),
        password: secret(password),
        totp: TotpEnrolment { secret: secret(TOTP_SECRET), code },
        device: new(exporter),
    };
    let right = || code(TOTP_SECRET);
    for (call, refused) in [
        (redeem("another", PASSWORD, right(), &EXPORTER), ErrorCode::SignInRefused),
        (redeem("invitation", PASSWORD, right(), &[8; 32]), ErrorCode::BadParams),
        (redeem("invitation", PASSWORD, secret("none"), &EXPORTER), ErrorCode::BadParams),
        (redeem("invitation", "short", right(), &EXPORTER), ErrorCode::BadParams),
    ] {
        assert_eq!(sign(&alone, call).await.unwrap_err().code, refused);
    }
    let once = redeem("invitation", PASSWORD, right(), &EXPORTER);
    let joined = sign(&alone, once.clone()).await.unwrap();
    assert_eq!(joined.me.principal, person(40));
    let device = joined.device.unwrap();
    let enrolled = alone.context.state().register.device(device).unwrap().clone();
    assert_eq!((enrolled.name.as_str(), enrolled.public_key), ("laptop", public_key()));
    assert_eq!(sign(&alone, once).await.unwrap_err().code, ErrorCode::SignInRefused);
}

/// Another device of somebody's, by this password and code.
fn enrolling(handle: &str, password: &str, totp_code: Secret) -> EnrolDevice {
    let (handle, password) = (handle.parse().unwrap(), secret(password));
    EnrolDevice { handle, password, totp_code, device: new(&EXPORTER) }
}

#[tokio::test]
async fn another_device_takes_the_password_and_a_code_that_was_not_used() {
    let alone = alone().await;
    let (right, of) = (code(TOTP_SECRET), Some(member(10)));
    for (call, of) in [
        (enrolling("officer.10", "another password", right.clone()), of),
        (enrolling("officer.10", PASSWORD, secret("none")), of),
        (enrolling("nobody", PASSWORD, right.clone()), None),
    ] {
        let refusal = sign(&alone, call).await.unwrap_err();
        assert_eq!(refusal, ErrorCode::SignInRefused.into());
        assert_eq!(refused_since(&alone), [(Means::Password, of)]);
    }
    let unsigned =
        EnrolDevice { device: new(&[8; 32]), ..enrolling("officer.10", PASSWORD, right.clone()) };
    assert_eq!(sign(&alone, unsigned).await.unwrap_err().code, ErrorCode::BadParams);
    let enrolled = sign(&alone, enrolling("officer.10", PASSWORD, right.clone())).await.unwrap();
    assert_eq!(enrolled.me.principal, person(10));
    assert_ne!(enrolled.device, Some(DESK));
    let again = sign(&alone, enrolling("officer.10", PASSWORD, right)).await.unwrap_err();
    assert_eq!(again, ErrorCode::SignInRefused.into());
    assert_eq!(refused_since(&alone), [(Means::Password, of)], "a code used before is a wrong one");
}

#[tokio::test]
async fn whoever_was_wrong_too_often_waits_even_with_the_right_password() {
    let alone = alone().await;
    let right = || enrolling("officer.10", PASSWORD, code(TOTP_SECRET));
    for _ in 0..6 {
        let wrong = enrolling("officer.10", PASSWORD, secret("none"));
        assert_eq!(sign(&alone, wrong).await.unwrap_err().code, ErrorCode::SignInRefused);
    }
    refused_since(&alone);
    assert_eq!(sign(&alone, right()).await.unwrap_err().code, ErrorCode::SlowDown);
    assert_eq!(refused_since(&alone), [(Means::Password, Some(member(10)))]);
    let office = Stranger { source: IpAddr::from([203, 0, 113, 9]).into(), ..stranger(&alone) };
    assert!(enrol(&office, right()).await.is_ok(), "from somewhere else");
}

/// How many of these were hashed and wrong, and how many were told to wait.
fn wrong_and_braked(answers: &[Result<SignedIn, Error>]) -> (usize, usize) {
    let many = |code| {
        let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
        refused.filter(|refusal| refusal.code == code).count()
    };
    (many(ErrorCode::SignInRefused), many(ErrorCode::SlowDown))
}

#[tokio::test]
async fn of_guesses_all_at_once_as_many_are_tried_as_of_guesses_one_after_the_other() {
    let alone = alone().await;
    let wrong = || enrolling("officer.10", "another password", secret("none"));
    let guesses = join_all((0..64).map(|_| sign(&alone, wrong()))).await;
    assert_eq!(wrong_and_braked(&guesses), (6, 58));
    assert_eq!(sign(&alone, wrong()).await.unwrap_err().code, ErrorCode::SlowDown);
}

#[tokio::test]
async fn the_right_password_among_wrong_ones_at_once_lets_in_and_begins_the_count_anew() {
    let alone = alone().await;
    let wrong = || enrolling("officer.10", "another password", secret("none"));
    let right = || enrolling("officer.10", PASSWORD, code(TOTP_SECRET));
    let guesses = join_all([wrong(), wrong(), right(), wrong()].map(|call| sign(&alone, call)));
    let guesses = guesses.await;
    assert_eq!(wrong_and_braked(&guesses), (3, 0));
    assert_eq!(guesses[2].as_ref().unwrap().me.principal, person(10));
    // What ended after the right one counts.
    let guesses = join_all((0..64).map(|_| sign(&alone, wrong()))).await;
    let (wrong, braked) = wrong_and_braked(&guesses);
    assert!((3..=6).contains(&wrong) && wrong + braked == 64, "{wrong} {braked}");
}

#[tokio::test]
async fn a_guess_whose_connection_goes_away_counts_and_one_that_nothing_came_of_does_not() {
    let alone = alone().await;
    let (stranger, wrong) =
        (stranger(&alone), || enrolling("officer.10", "another password", secret("none")));
    for _ in 0..6 {
        let mut guess = Box::pin(enrol(&stranger, wrong()));
        assert!((&mut guess).now_or_never().is_none(), "it is being hashed");
    }
    assert_eq!(sign(&alone, wrong()).await.unwrap_err().code, ErrorCode::SlowDown);

    let other = |password| enrolling("nobody", password, secret("none"));
    let giant = "x".repeat(2_000);
    for _ in 0..7 {
        assert_eq!(sign(&alone, other(&giant)).await.unwrap_err().code, ErrorCode::BadParams);
    }
    let guesses = join_all((0..64).map(|_| sign(&alone, other("another password")))).await;
    assert_eq!(wrong_and_braked(&guesses), (6, 58));
}

#[test]
fn the_secret_of_nobody_is_as_much_work_as_anyones() {
    let secret = nobodys_secret();
    assert!(TotpCodes::matches(&secret, &code(secret.expose()), now_ms()).is_some());
    assert!(!identity::signed(&NOBODYS_KEY, &EXPORTER, &signature(&EXPORTER)));
}
