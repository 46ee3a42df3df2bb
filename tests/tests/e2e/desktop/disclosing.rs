//! A request for information answered at a desk: what is written says what the command line's folder says,
//! and what is blacked out stands nowhere in it.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use tempfile::tempdir;
use warproom_client::Rule;
use warproom_client::proto::audit::Event as Audited;
use warproom_client::proto::calls::{AddToRoom, AuditPage, From, ListMembers};
use warproom_client::proto::disclosure::Purpose;
use warproom_client::proto::register::Role;
use warproom_client::proto::{EntryId, Label, RoomId, RoomRole};
use warproom_desktop::model::manage::{Action, DisclosureForm, ManagePage};
use warproom_desktop::{Effect, Model, News};
use warproom_tests::harness::{Person, Warp};

use super::super::programs::Computer;
use super::desk::{Desk, tells_nothing};
use super::leaving::{audited, seated_model, until};

/// The files of a disclosure.
const FILES: usize = 5;

fn is_read(news: &News) -> bool {
    matches!(news, News::DisclosureRead { .. })
}

fn is_written(news: &News) -> bool {
    matches!(news, News::DisclosureWritten(_))
}

fn json(folder: &Path, name: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&fs::read_to_string(folder.join(name))?)?)
}

/// How many pages of disclosures somebody sees in the audit log.
async fn sees(person: &Person) -> anyhow::Result<usize> {
    let page = person.client.call(AuditPage { from: From::Latest, limit: 200 }).await?;
    let records = page.records.iter().filter_map(audited);
    Ok(records.filter(|record| matches!(record.event, Audited::Disclosed { .. })).count())
}

async fn write(desk: &mut Desk, model: &mut Model, folder: &str) -> anyhow::Result<()> {
    let mut form = model.manage.disclosure.form.clone();
    folder.clone_into(&mut form.folder);
    drop(model.act(Action::FillDisclosure(Box::new(form)).into()));
    let effects = model.act(Action::WriteDisclosure.into());
    until(desk, model, effects, ("written", is_written)).await
}

/// The form of a request.
fn form(room: RoomId) -> DisclosureForm {
    let mut form = DisclosureForm::default();
    form.wanted.rooms.insert(room);
    form.wanted.up_to = Some(Label::Amber);
    form.wanted.purpose = Some(Purpose::FreedomOfInformation);
    form.wanted.reference = String::from("FOI 2026/113");
    form.wanted.words = String::from("ransom note");
    form.hidden.words = String::from("canary");
    form.hidden.rules = [Rule::Names, Rule::Emails, Rule::Telephones].into();
    form.hidden.exemptions.insert(Rule::Names, "FOIA s.40(2)".to_owned());
    form
}

/// The same by the command line.
fn disclose(bryn: &Computer, room: RoomId, to_text: &str) -> anyhow::Result<()> {
    let id = room.to_string();
    let said = bryn.says(&[
        "disclose",
        &id,
        "--to",
        to_text,
        "--purpose",
        "foi",
        "--reference",
        "FOI 2026/113",
        "--words",
        "ransom note",
        "--up-to",
        "amber",
        "--hide",
        "names=FOIA s.40(2)",
        "--hide",
        "emails",
        "--hide",
        "telephones",
        "--hide-words",
        "canary",
    ])?;
    assert!(said.contains("1 entries are disclosed"), "{said}");
    Ok(())
}

/// Whether two folders say the same. When they were made, and where the audit log stood, may differ.
fn same_in_meaning(path: &Path, to: &Path) -> anyhow::Result<()> {
    for name in ["document.json", "withheld.json"] {
        assert_eq!(json(path, name)?, json(to, name)?, "{name}");
    }
    let (ours, theirs) = (json(path, "statement.json")?, json(to, "statement.json")?);
    for part in
        ["format", "purpose", "reference", "selection", "rules", "terms", "entries", "strictest"]
    {
        assert_eq!(ours[part], theirs[part], "{part}");
    }
    Ok(())
}

/// Brings both managers who answer requests into the room.
async fn bring_in(warp: &Warp, dora: &Person, room: RoomId) -> anyhow::Result<()> {
    let members = warp.manager().client.call(ListMembers {}).await?.members;
    for one in members {
        if ["alex.fenwick", "bryn.jones"].contains(&one.handle.as_str()) {
            let (id, role) = (EntryId::random(), RoomRole::Participant);
            dora.client.append(AddToRoom { room, id, member: one.member, role }).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_answered_as_the_command_line_answers_it_and_nothing_blacked_out_is_in_it()
-> anyhow::Result<()> {
    let (warp, folder, papers) = (Warp::start().await?, tempdir()?, tempdir()?);
    let dover = warp.organisation("Dover District Council").await?;
    let dora = warp.officer("dora", dover).await?;
    let room = warp.room(&[&dora], Label::Red, Label::Green).await?;
    let (added, _) = warp.invite("alex.fenwick", dover, Role::Manager).await?;
    let mut desk = Desk::at(folder.path()).await?;
    let profile = desk.join(added.text.expose()).await?;
    let (_, invitation) = warp.invite("bryn.jones", dover, Role::Manager).await?;
    let bryn = Computer::new()?;
    bryn.join(&invitation.to_text())?;
    let opened = desk.open(&profile).await?;
    desk.signed_in().await?;
    bring_in(&warp, &dora, room).await?;
    let text = "Ransom note: ring dora on 020 7946 0958, d[@]canary[.]example, about CANARY";
    dora.post(room, Label::Green, text).await?;
    dora.post(room, Label::Red, "a ransom note in red").await?;
    dora.post(room, Label::Green, "nothing about it").await?;

    let mut model = seated_model(&mut desk, opened).await?;
    drop(model.act(Action::Show(ManagePage::Disclosure).into()));
    drop(model.act(Action::FillDisclosure(Box::new(form(room))).into()));
    let effects = model.act(Action::ReadDisclosure.into());
    until(&mut desk, &mut model, effects, ("read", is_read)).await?;
    let disclosing = &model.manage.disclosure;
    assert_eq!(disclosing.trouble, None);
    let made = disclosing.made.as_ref().context("it is made")?;
    assert_eq!((made.entries, made.strictest), (1, Some(Label::Green)));
    assert_eq!(sees(&dora).await?, 1, "who is in the room can see it, before it is written");

    let path = papers.path().join("desk");
    let typed = path.to_str().context("text")?;
    write(&mut desk, &mut model, typed).await?;
    assert_eq!(model.manage.disclosure.written.as_deref(), Some(typed));
    let hidden = ["canary", "dora", "7946", "in red", "nothing about"];
    assert_eq!(tells_nothing(&path, &hidden)?, FILES);

    let to = papers.path().join("cli");
    let to_text = to.to_str().context("text")?;
    disclose(&bryn, room, to_text)?;
    same_in_meaning(&path, &to)?;

    // What is there is not written over, and what is blacked out else asks the server for nothing.
    write(&mut desk, &mut model, typed).await?;
    let refused = model.manage.disclosure.trouble.clone().unwrap_or_default();
    assert!(refused.contains("the folder could not be written"), "{refused}");
    let mut form = model.manage.disclosure.form.clone();
    form.hidden.words = "canary\nransom".to_owned();
    drop(model.act(Action::FillDisclosure(Box::new(form)).into()));
    let effects: Vec<Effect> = model.act(Action::ReadDisclosure.into());
    until(&mut desk, &mut model, effects, ("made again", is_read)).await?;
    let again = papers.path().join("again");
    write(&mut desk, &mut model, again.to_str().context("text")?).await?;
    assert_eq!(tells_nothing(&again, &["canary", "ransom", "dora"])?, FILES);
    assert_eq!(sees(&dora).await?, 2, "one of the desk, one of the command line");
    Ok(())
}
