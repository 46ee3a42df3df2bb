//! Organisations, and what one's own depends on.

use serde_json::{Value, json};
use warproom_client::proto::Subject;
use warproom_client::proto::calls::{Done, OrganisationAdded, RegisterEntryList};
use warproom_client::proto::register::{Dependency, RegisterEntry};

use super::super::{
    Action, Asked, EntryForm, ManagePage, OrganisationForm, Row, Shown, SubjectKind,
};
use super::{answer, calls, does, managing, no, said};
use crate::Model;
use crate::fixture::{self, member, name, organisation};
use crate::request::Reply;

#[test]
fn an_organisation_is_added_with_its_aliases_and_clients() {
    let mut model = managing(ManagePage::Organisations);
    does(&mut model, Action::Open(Shown::New));
    let form = OrganisationForm {
        name: "East Kent Services".into(),
        aliases: "EKS\n\n EK Services \n".into(),
        clients: vec![organisation(1), organisation(2)],
        ..OrganisationForm::default()
    };
    does(&mut model, Action::FillOrganisation(form));
    let asked = does(&mut model, Action::SubmitOrganisation);
    let expected = json!({"AddOrganisation": {
        "name": "East Kent Services", "aliases": ["EKS", "EK Services"],
        "clients": [organisation(1), organisation(2)],
    }});
    assert_eq!(asked, [expected]);
    answer(&mut model, &asked[0], Err(no()));
    assert_eq!(model.manage.organisation.asked, Asked::Refused("this does not fit".into()));
    assert_eq!(model.manage.organisation.aliases, "EKS\n\n EK Services \n");
    let added = OrganisationAdded { organisation: organisation(30) };
    let asked = answer(&mut model, &asked[0], Ok(Reply::AddOrganisation(added)));
    assert!(calls(&asked).contains(&"ListOrganisations"));
    assert_eq!(model.manage.shown, Shown::List);
    assert_eq!(said(&model), "East Kent Services is in the register.");
}

#[test]
fn an_organisation_is_changed_whole_and_only_if_something_changes() {
    let mut model = managing(ManagePage::Organisations);
    does(&mut model, Action::Open(Shown::Organisation(organisation(2))));
    assert!(does(&mut model, Action::SubmitOrganisation).is_empty());
    assert_eq!(model.manage.organisation.asked, Asked::Refused("Nothing would change.".into()));
    let form = OrganisationForm { aliases: "DDC".into(), ..model.manage.organisation.clone() };
    does(&mut model, Action::FillOrganisation(form));
    let expected = json!({"ChangeOrganisation": {"organisation": {
        "organisation": organisation(2), "name": "Dover District Council", "aliases": ["DDC"],
        "clients": [],
    }}});
    assert_eq!(does(&mut model, Action::SubmitOrganisation), [expected]);
}

/// An officer of Canterbury at the form of its entry, which the server says is this.
fn at_the_entry() -> Model {
    let mut model = fixture::signed_in(1);
    does(&mut model, Action::Show(ManagePage::Organisations));
    let asked = does(&mut model, Action::Open(Shown::Entry));
    assert_eq!(asked, [json!({"ListRegisterEntries": {}})]);
    assert!(model.manage.entry.is_none());
    let civica =
        Dependency { subject: Subject::Vendor(name("Civica")), aliases: vec![name("EKS")] };
    let entries = vec![
        RegisterEntry {
            organisation: organisation(2),
            depends_on: Vec::new(),
            shown: true,
            deputies: Vec::new(),
        },
        RegisterEntry {
            organisation: organisation(1),
            depends_on: vec![civica],
            shown: false,
            deputies: vec![member(1)],
        },
    ];
    let reply = Reply::ListRegisterEntries(RegisterEntryList { entries });
    answer(&mut model, &asked[0], Ok(reply));
    model
}

fn form(model: &Model) -> EntryForm {
    model.manage.entry.clone().unwrap()
}

#[test]
fn the_entry_begins_with_what_the_server_says_and_is_kept_whole() {
    let mut model = at_the_entry();
    let mut entry = form(&model);
    assert!(!entry.shown);
    let row =
        |kind, name: &str, aliases: &str| Row { kind, name: name.into(), aliases: aliases.into() };
    assert_eq!(entry.rows, [row(SubjectKind::Supplier, "Civica", "EKS")]);
    entry.rows.push(row(SubjectKind::Cve, "cve-2024-21887", ""));
    entry.rows.push(row(SubjectKind::Cpe, "cpe:2.3:a:Ivanti:connect_secure:22.7:*", "ICS, Pulse"));
    entry.rows.push(row(SubjectKind::Topic, " ", ""));
    entry.shown = true;
    does(&mut model, Action::FillEntry(entry));
    let asked = does(&mut model, Action::SubmitEntry);
    let expected = json!({"SetRegisterEntry": {
        "depends_on": [
            {"subject": {"vendor": "Civica"}, "aliases": ["EKS"]},
            {"subject": {"cve": "CVE-2024-21887"}},
            {"subject": {"cpe": "ivanti:connect_secure"}, "aliases": ["ICS", "Pulse"]},
        ],
        "shown": true,
        "deputies": [member(1)],
    }});
    assert_eq!(asked, [expected]);
    answer(&mut model, &asked[0], Ok(Reply::SetRegisterEntry(Done {})));
    assert_eq!(said(&model), "What your organisation depends on is kept.");
    assert_eq!(form(&model).asked, Asked::NotYet);
}

#[test]
fn an_entry_that_is_refused_keeps_what_was_typed() {
    let mut model = at_the_entry();
    let asked: Vec<Value> = does(&mut model, Action::SubmitEntry);
    answer(&mut model, &asked[0], Err(no()));
    assert_eq!(form(&model).asked, Asked::Refused("this does not fit".into()));
    assert_eq!(form(&model).rows.len(), 1);
}

#[test]
fn an_entry_says_how_a_thing_is_written() {
    let mut model = at_the_entry();
    let mut why = |kind, name: &str, aliases: &str| {
        let row = Row { kind, name: name.into(), aliases: aliases.into() };
        does(&mut model, Action::FillEntry(EntryForm { rows: vec![row], ..EntryForm::default() }));
        assert!(does(&mut model, Action::SubmitEntry).is_empty());
        match form(&model).asked {
            Asked::Refused(sentence) => sentence,
            _ => String::new(),
        }
    };
    assert!(why(SubjectKind::Cve, "2024-21887", "").contains("CVE-2024-21887"));
    assert!(why(SubjectKind::Cpe, "ivanti", "").contains("ivanti:connect_secure"));
    assert!(why(SubjectKind::Supplier, "", "EKS").contains("other names of what?"));
    assert!(why(SubjectKind::Supplier, "Civica", "a,b,c,d,e,f,g,h,i").contains("at most 8"));
}
