//! Taking a room out, without a window.

use super::*;
use crate::fixture::{self, room};
use crate::news::Connection;

pub(crate) fn begun(model: &mut Model) {
    let _ = model.act(Action::Begin(room(1)).into());
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(action.into())
}

fn wished(asked: &[Effect]) -> Option<&Wish> {
    asked.iter().find_map(|effect| match effect {
        Effect::Export(wish) => Some(&**wish),
        _ => None,
    })
}

#[test]
fn a_room_is_taken_out_once_to_the_file_that_was_named() {
    let mut model = fixture::incident_model();
    begun(&mut model);
    assert_eq!(model.desk.overlays, [Overlay::Export]);
    assert!(model.export.file.starts_with("export-incident-east-kent-services-"));
    assert_eq!(model.export.file.rsplit('.').next(), Some("txt"));
    let _ = act(&mut model, Action::Form(Form::Json));
    assert_eq!(model.export.file.rsplit('.').next(), Some("jsonl"));
    let _ = act(&mut model, Action::File(" ~/incident.jsonl ".to_owned()));
    let asked = act(&mut model, Action::Export);
    let wish = wished(&asked).expect("it is asked for");
    assert_eq!((wish.room, wish.form), (room(1), Form::Json));
    assert_eq!(wish.file, "~/incident.jsonl");
    assert_eq!(wish.names.room_name, "Incident: East Kent Services");
    assert!(act(&mut model, Action::Export).is_empty(), "once");
}

#[test]
fn how_far_it_is_stays_though_the_form_is_closed_and_the_end_tells_the_label() {
    let mut model = fixture::incident_model();
    begun(&mut model);
    let _ = act(&mut model, Action::Export);
    let _ = model.act(crate::model::desk::Action::Back.into());
    let _ = model.hear(&News::Exporting { room: room(1), done: 200, latest: 900 });
    begun(&mut model);
    assert_eq!(model.export.under_way, Some((200, 900)));
    let path = "/home/ann/Downloads/export.txt".to_owned();
    let written = Written { path, label: Label::AmberStrict, records: 900, withheld: 3 };
    let _ = model.hear(&News::Exported { room: room(1), written: Ok(written) });
    let told = &model.desk.notices.last().unwrap().text;
    assert!(
        told.contains("900 records, 3 of them withheld. The file is TLP:AMBER+STRICT"),
        "{told}"
    );
    assert!(model.desk.overlays.is_empty() && model.export.room.is_none());
}

#[test]
fn what_was_refused_is_said_in_the_form_and_can_be_tried_again() {
    let mut model = fixture::incident_model();
    begun(&mut model);
    let _ = act(&mut model, Action::Export);
    let why = Refusal::new("the disk is full", "make room");
    let _ = model.hear(&News::Exported { room: room(1), written: Err(why) });
    assert_eq!(model.export.trouble.as_deref(), Some("the disk is full: make room"));
    assert!(wished(&act(&mut model, Action::Export)).is_some());
}

#[test]
fn nothing_is_taken_out_without_a_connection_or_a_name() {
    let mut model = fixture::incident_model();
    begun(&mut model);
    let _ = act(&mut model, Action::File("  ".to_owned()));
    assert!(act(&mut model, Action::Export).is_empty());
    assert!(model.export.trouble.as_deref().unwrap().starts_with("Name the file"));
    let _ = act(&mut model, Action::File("x.txt".to_owned()));
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert!(act(&mut model, Action::Export).is_empty());
    assert!(model.export.trouble.as_deref().unwrap().starts_with("There is no connection"));
}

#[test]
fn who_is_not_in_a_room_takes_nothing_out_of_it() {
    let mut model = fixture::incident_model();
    let _ = act(&mut model, Action::Begin(room(99)));
    assert!(model.desk.overlays.is_empty());
}
