//! What leaves a desk, and what it is shown of who did what: a room taken out, the audit log with its proofs,
//! and another password.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow};
use tempfile::tempdir;
use tokio::time::timeout;
use warproom_client::State;
use warproom_client::proto::audit::{Event as Audited, Record as AuditRecord};
use warproom_client::proto::calls::{
    AuditPage, From, ListMembers, ListOrganisations, ListRooms, OtherDevices,
};
use warproom_client::proto::register::Role;
use warproom_client::proto::{Body, Label, Principal, Record, RoomId, Secret};
use warproom_desktop::effect::Lock;
use warproom_desktop::model::credentials::{self, What};
use warproom_desktop::model::desk as model_desk;
use warproom_desktop::model::export::{self, Form};
use warproom_desktop::model::manage::{self, Asked, ManagePage, Proof, Shown};
use warproom_desktop::news::{Connection, Opened};
use warproom_desktop::request::Request;
use warproom_desktop::{Effect, Model, News};
use warproom_tests::harness::{DEADLINE, Person, Warp, eventually};

use super::desk::{Desk, PASSPHRASE, seated};

const NEW_PASSWORD: &str = "another horse and a battery";

/// A model of who sits at a desk, connected, that knows who is who and its rooms.
pub(super) async fn seated_model(desk: &mut Desk, opened: Opened) -> anyhow::Result<Model> {
    let mut model = Model::default();
    drop(model.hear(&News::Opened(Ok(opened))));
    model.connection = Connection::Connected;
    let asked: [Request; 3] =
        [ListMembers {}.into(), ListOrganisations {}.into(), ListRooms { all: false }.into()];
    for request in asked {
        let reply = desk.call(request.clone()).await?.map_err(|why| anyhow!("{why}"))?;
        drop(model.hear(&News::Answered(request, Ok(reply))));
    }
    Ok(model)
}

/// Has the world do what the model asks for, and the model hear this of what comes of it.
pub(super) async fn until(
    desk: &mut Desk,
    model: &mut Model,
    effects: Vec<Effect>,
    (what, is): (&str, fn(&News) -> bool),
) -> anyhow::Result<()> {
    for effect in effects {
        desk.perform(effect);
    }
    let news = desk.until(what, |news| is(news).then(|| news.clone())).await?;
    drop(model.hear(&news));
    Ok(())
}

pub(super) fn audited(record: &Record) -> Option<AuditRecord> {
    match &record.body {
        Body::Shown { item, .. } => serde_json::from_str(item.get()).ok(),
        Body::Withheld { .. } => None,
    }
}

/// Whether somebody sees in the audit log that who is meant exported a room.
async fn sees_export(person: &Person, by: Principal, of: RoomId) -> anyhow::Result<bool> {
    let page = person.client.call(AuditPage { from: From::Latest, limit: 200 }).await?;
    let is_it = |record: AuditRecord| {
        record.by == Some(by)
            && matches!(record.event, Audited::Exported { room, .. } if room == of)
    };
    Ok(page.records.iter().filter_map(audited).any(is_it))
}

#[tokio::test]
async fn a_room_is_taken_out_to_a_file_under_its_label_without_red_and_everyone_can_see_it()
-> anyhow::Result<()> {
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let (mut desk, profile, dora, room) = seated(&warp, folder.path()).await?;
    dora.post(room, Label::Amber, "the portal is down").await?;
    dora.post(room, Label::Red, "between us").await?;
    let opened = desk.open(&profile).await?;
    let dan = opened.me.principal;
    desk.signed_in().await?;
    let mut model = seated_model(&mut desk, opened).await?;
    let exported = |news: &News| matches!(news, News::Exported { .. });
    for (form, name) in [(Form::Text, "room.txt"), (Form::Json, "room.jsonl")] {
        let path = papers.path().join(name);
        let file = path.to_str().context("text")?.to_owned();
        drop(model.act(export::Action::Begin(room).into()));
        drop(model.act(export::Action::Form(form).into()));
        drop(model.act(export::Action::File(file).into()));
        let effects = model.act(export::Action::Export.into());
        until(&mut desk, &mut model, effects, ("exported", exported)).await?;
        let told = model.desk.notices.last().context("it is told")?;
        assert!(told.text.contains("The file is TLP:AMBER:"), "{}", told.text);
        let text = fs::read_to_string(&path)?;
        assert!(text.contains("the portal is down") && !text.contains("between us"), "{text}");
    }
    let text = fs::read_to_string(papers.path().join("room.txt"))?;
    assert_eq!((text.lines().next(), text.lines().last()), (Some("TLP:AMBER"), Some("TLP:AMBER")));
    assert!(text.contains("dora, Dover District Council\n    the portal is down\n"), "{text}");
    let lines = fs::read_to_string(papers.path().join("room.jsonl"))?;
    let history = dora.history(room).await?;
    let seqs = lines.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line)?;
        anyhow::ensure!(line["room"] == room.to_string());
        line["record"]["seq"].as_u64().context("its number")
    });
    let seqs: Vec<_> = seqs.collect::<Result<_, _>>()?;
    assert_eq!(seqs, history.iter().map(|record| record.seq).collect::<Vec<_>>());
    assert!(sees_export(&dora, dan, room).await?, "who is in the room can see it");
    Ok(())
}

#[tokio::test]
async fn the_audit_log_is_read_with_its_checkpoint_and_a_record_of_it_is_proved()
-> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, ..) = seated(&warp, folder.path()).await?;
    let opened = desk.open(&profile).await?;
    desk.signed_in().await?;
    let mut model = seated_model(&mut desk, opened).await?;
    let effects = model.act(manage::Action::Show(ManagePage::Audit).into());
    let is_page = |news: &News| matches!(news, News::Answered(Request::AuditPage(_), Ok(_)));
    until(&mut desk, &mut model, effects, ("a page of it", is_page)).await?;
    let is_checkpoint = |news: &News| matches!(news, News::Checkpoint(Ok(_)));
    until(&mut desk, &mut model, Vec::new(), ("its checkpoint", is_checkpoint)).await?;

    let audit = &model.manage.audit;
    assert_eq!((audit.oldest, audit.broken.as_deref()), (1, None));
    let size = audit.checkpoint.as_ref().context("it is there")?.note.checkpoint().size;
    assert!(size >= 1 && audit.latest >= size);
    let mine = audit.lines.iter().find(|line| line.words.starts_with("dan, Dover"));
    let mine = mine.context("a sign-in of his own")?;
    assert!(mine.words.contains("signed in by a"), "{}", mine.words);
    assert!(audit.lines.iter().all(|line| line.at_ms.is_some()), "stubs are not listed");

    let seq = mine.seq;
    drop(model.act(manage::Action::Open(Shown::Audited(seq)).into()));
    let effects = model.act(manage::Action::ProveAudit(seq).into());
    let is_proved = |news: &News| matches!(news, News::Proved { .. });
    until(&mut desk, &mut model, effects, ("proved", is_proved)).await?;
    match &model.manage.audit.proof {
        Some((of, Proof::Proved(_))) => assert_eq!(*of, seq),
        Some((_, Proof::Failed(why))) => panic!("{why}"),
        _ => panic!("nothing came of it"),
    }
    // Of what is not there nothing is proved.
    let effects = model.act(manage::Action::ProveAudit(1_000_000).into());
    until(&mut desk, &mut model, effects, ("refused", is_proved)).await?;
    assert!(matches!(model.manage.audit.proof, Some((1_000_000, Proof::Failed(_)))));
    Ok(())
}

#[tokio::test]
async fn another_password_set_at_a_desk_signs_the_other_session_out() -> anyhow::Result<()> {
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.join("dan", dover, Role::Officer).await?;
    let mut desk = Desk::at(folder.path()).await?;
    let used = seconds()? + STEP_SECONDS;
    desk.perform(Effect::Enrol {
        address: warp.address().clone(),
        handle: dan.handle.clone(),
        password: Person::password(),
        code: dan.totp.code_at(used),
        device: "desk".parse()?,
        lock: Lock::Passphrase(PASSPHRASE.to_owned().into()),
    });
    let profile = desk.joined().await?.map_err(|why| anyhow!("{why}"))?;
    let opened = desk.open(&profile.name).await?;
    desk.signed_in().await?;
    let mut model = seated_model(&mut desk, opened).await?;
    let code = code_after(&dan, used).await?;
    fill(&mut model, "not his password", &code)?;
    change(&mut desk, &mut model).await?;
    let Asked::Refused(why) = &model.credentials.asked else { panic!("it should be refused") };
    assert!(why.contains("the present password or code is wrong"), "{why}");

    let mut state = dan.client.state();
    fill(&mut model, Person::PASSWORD, &code)?;
    change(&mut desk, &mut model).await?;
    assert!(model.credentials.form.is_none(), "it is done");
    let out = state.wait_for(|state| matches!(state, State::SignedOut { .. }));
    timeout(DEADLINE, out).await.context("the other session goes on")??;
    // This device stays, on the connection that it has.
    let mine = desk.call(Request::from(ListRooms { all: false })).await?;
    assert!(mine.is_ok());
    Ok(())
}

/// A step of TOTP (RFC 6238 §5.2).
const STEP_SECONDS: u64 = 30;

fn seconds() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// The code of the step after that of this moment, once a server takes it: it may be one ahead.
async fn code_after(person: &Person, used: u64) -> anyhow::Result<Secret> {
    /// A step, and some more.
    const LONGEST: Duration = Duration::from_secs(STEP_SECONDS + 10);
    let ahead = async || {
        let next = seconds().ok()? + STEP_SECONDS;
        (next / STEP_SECONDS > used / STEP_SECONDS).then(|| person.totp.code_at(next))
    };
    eventually(LONGEST, ahead).await
}

/// Sends the form, which is asked about first, because other devices are to be revoked.
async fn change(desk: &mut Desk, model: &mut Model) -> anyhow::Result<()> {
    drop(model.act(credentials::Action::Submit.into()));
    assert!(model.desk.confirm.is_some(), "revoking is asked about");
    let effects = model.act(model_desk::Action::Confirm.into());
    let is_answer = |news: &News| matches!(news, News::Answered(Request::ChangeCredentials(_), _));
    until(desk, model, effects, ("answered", is_answer)).await
}

/// Fills the form of another password in, with all other devices to be revoked.
fn fill(model: &mut Model, password: &str, code: &Secret) -> anyhow::Result<()> {
    drop(model.act(credentials::Action::Begin(What::Password).into()));
    let mut form = model.credentials.form.clone().context("the form is open")?;
    form.password = password.to_owned().into();
    code.expose().clone_into(&mut form.code);
    form.new = NEW_PASSWORD.to_owned().into();
    form.again = NEW_PASSWORD.to_owned().into();
    form.other_devices = OtherDevices::Revoke;
    drop(model.act(credentials::Action::Fill(Box::new(form)).into()));
    Ok(())
}
