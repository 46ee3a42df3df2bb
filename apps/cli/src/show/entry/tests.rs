//! How entries look to a person.

use jiff::tz::TimeZone;
use warproom_client::proto::{Ask, EntryId, MemberId, OrganisationId, RoomId};

use super::*;

fn item(entry: serde_json::Value) -> Item {
    let entry = Some(serde_json::from_value(entry).unwrap());
    Item { entry, ..stub(Some(1_705_568_400_000)) }
}

fn stub(at_ms: Option<i64>) -> Item {
    let (superseded, concerns) = (None, Vec::new());
    Item { seq: 12, at_ms, erased: false, entry: None, edited: false, superseded, concerns }
}

fn shown(item: &Item, people: &Directory) -> String {
    let room = RoomId::from_bytes([7; 16]);
    let scene = Scene { people, zone: &TimeZone::UTC, now_ms: 0, room };
    anstream::adapter::strip_str(&entry(item, &scene)).to_string()
}

fn post(exercise: bool) -> (Item, Directory) {
    let author = MemberId::from_bytes([1; 16]);
    let mut people = Directory::default();
    people.learn(Principal::Member(author), "Jo Smith", Some("Dover District Council"));
    let item = item(serde_json::json!({
        "handling": {
            "id": EntryId::from_bytes([2; 16]), "author": {"member": author},
            "label": "TLP:AMBER", "kind": "post", "reply_to": 7, "exercise": exercise,
            "subjects": [{"vendor": "Civica"}],
        },
        "content": {"text": "Forms are down.\n#13 withheld from you"},
    }));
    (item, people)
}

#[test]
fn a_post_names_its_author_label_and_thread() {
    let (mut item, people) = post(false);
    assert_eq!(
        shown(&item, &people),
        "2024-01-18 09:00  #12   TLP:AMBER   Jo Smith, Dover District Council  re #7  \
         [vendor Civica]\n    Forms are down.\n    #13 withheld from you"
    );
    item.edited = true;
    assert!(shown(&item, &people).contains("(edited)"));
}

#[test]
fn an_exercise_says_so_on_every_line() {
    let (mut item, people) = post(true);
    item.entry.as_mut().unwrap().handling.ask =
        Some(Ask { options: vec!["yes".parse().unwrap(), "no".parse().unwrap()], due_at_ms: None });
    let shown = shown(&item, &people);
    assert_eq!(shown.lines().count(), 5, "{shown}");
    assert!(shown.lines().all(|line| line.starts_with("EXERCISE  ")), "{shown}");
}

#[test]
fn an_answer_names_the_organisation_it_counts_for() {
    let (_, mut people) = post(false);
    let organisation = OrganisationId::from_bytes([4; 16]);
    people.learn_organisation_name(organisation, "Dover District Council");
    let answer = item(serde_json::json!({
        "handling": {
            "id": EntryId::from_bytes([2; 16]),
            "author": {"member": MemberId::from_bytes([1; 16])}, "label": "TLP:GREEN",
            "kind": "answer", "of": 9, "organisation": organisation, "choice": "affected",
            "subjects": [{"vendor": "Civica"}],
        },
        "content": {"text": "Planning only."},
    }));
    assert_eq!(
        shown(&answer, &people),
        "2024-01-18 09:00  #12   TLP:GREEN   Dover District Council answers #9: affected  \
         (Jo Smith)  [vendor Civica]\n    Planning only."
    );
}

#[test]
fn what_is_withheld_is_a_number_and_no_more() {
    assert_eq!(shown(&stub(None), &Directory::default()), "#12 withheld from you");
    let erased = Item { erased: true, ..stub(None) };
    assert_eq!(shown(&erased, &Directory::default()), "#12 erased under retention");
}

#[test]
fn an_unknown_kind_is_shown_as_something() {
    let entry = serde_json::json!({"handling": {
        "id": EntryId::from_bytes([2; 16]), "author": {"member": MemberId::from_bytes([1; 16])},
        "label": "TLP:RED", "kind": "of a newer server",
    }});
    assert!(
        shown(&item(entry), &Directory::default()).ends_with("something this version cannot show")
    );
}
