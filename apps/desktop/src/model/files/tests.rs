//! What is attached, sent and saved, without a window.

use warproom_client::proto::{File, FileId, Label, Sha256};

use super::*;
use crate::effect::Outgoing;
use crate::fixture::{self, room};
use crate::model::compose::{Action as Compose, Sending};
use crate::news::{Connection, Refusal};

/// A file that an entry carries.
pub(crate) fn carried(name: &str) -> File {
    File {
        file: FileId::from_bytes([7; 16]),
        name: name.parse().unwrap(),
        media_type: "application/pdf".parse().ok(),
        size_bytes: 1_250_000,
        sha256: Sha256([3; 32]),
    }
}

/// The incident room, whose newest entry carries a file; and that entry's number.
pub(crate) fn with_file() -> (Model, Seq) {
    let mut model = fixture::incident_model();
    let mut entry = fixture::post(1, Label::Amber, "The report of the supplier");
    entry.content.files = vec![carried("report.pdf")];
    fixture::fill(&mut model, room(1), vec![entry]);
    let seq = model.rooms.open().unwrap().log.latest;
    (model, seq)
}

pub(crate) fn found(path: &str) -> News {
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let found = Ok(Attached { path: path.to_owned(), name, size_bytes: 2_000, announced: None });
    News::FileLookedAt { room: room(1), found }
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(action.into())
}

fn attached(model: &Model) -> Vec<&str> {
    let draft = model.compose.drafts.get(&room(1));
    draft.iter().flat_map(|draft| &draft.files).map(|file| file.name.as_str()).collect()
}

#[test]
fn a_file_is_looked_at_before_it_is_attached_and_can_be_taken_out_again() {
    let mut model = fixture::incident_model();
    let asked = act(&mut model, Action::Drop(vec!["/home/ann/report.pdf".to_owned()]));
    assert!(matches!(&asked[..], [Effect::LookAtFile { room: at, path }]
        if *at == room(1) && path == "/home/ann/report.pdf"));
    assert!(attached(&model).is_empty(), "nobody has looked yet");
    let _ = model.hear(&found("/home/ann/report.pdf"));
    let _ = model.hear(&found("/home/ann/report.pdf"));
    let _ = model.hear(&found("/home/ann/log.txt"));
    assert_eq!(attached(&model), ["report.pdf", "log.txt"], "the same one is attached once");
    let _ = act(&mut model, Action::TakeOut(0));
    assert_eq!(attached(&model), ["log.txt"]);
}

#[test]
fn a_typed_path_that_is_no_file_is_said_in_its_form_and_kept() {
    let mut model = fixture::incident_model();
    let toggle = crate::model::desk::Action::Toggle(Overlay::AttachFile);
    let _ = model.act(toggle.into());
    let _ = act(&mut model, Action::Path("/nowhere".to_owned()));
    let _ = act(&mut model, Action::Attach);
    let refusal = Refusal::new("/nowhere cannot be attached", "check that it is there");
    let _ = model.hear(&News::FileLookedAt { room: room(1), found: Err(refusal) });
    assert_eq!(
        model.files.trouble.as_deref(),
        Some("/nowhere cannot be attached: check that it is there")
    );
    assert_eq!(model.files.path, "/nowhere");
    let _ = model.hear(&found("/home/ann/report.pdf"));
    assert!(model.desk.overlays.is_empty() && model.files.path.is_empty());
}

#[test]
fn an_entry_takes_its_files_into_the_outbox_under_a_label_and_says_how_far_they_are() {
    let mut model = fixture::incident_model();
    let _ = model.hear(&found("/home/ann/report.pdf"));
    let asked = model.act(Compose::Send.into());
    let sent = asked.iter().find_map(|effect| match effect {
        Effect::Send(Outgoing::PostWithFiles(with)) => Some(with),
        _ => None,
    });
    let with = sent.expect("it goes with its file");
    assert_eq!(with.post.text.as_str(), "report.pdf", "what has no words is called as its files");
    assert_eq!(with.post.label, Label::AmberStrict);
    assert_eq!(with.files[0].path, "/home/ann/report.pdf");
    assert!(attached(&model).is_empty());
    let moved = Moved { done_bytes: 500, size_bytes: 2_000 };
    let (id, name) = (with.post.id, "report.pdf".to_owned());
    let _ = model.hear(&News::FileUp { id, name, moved });
    assert_eq!(model.files.up[&id].1.in_words(), "500 bytes of 2.0 kB");
    let why = Refusal::new("report.pdf: the file changed while it was sent", "attach it again");
    let _ = model.hear(&News::Sent(id, Err(why.clone())));
    assert!(model.files.up.is_empty());
    assert_eq!(model.compose.outbox[0].state, Sending::Refused(why));
}

#[test]
fn a_label_more_open_than_the_rooms_is_asked_about_with_files_too() {
    let mut model = fixture::incident_model();
    let _ = model.hear(&found("/home/ann/report.pdf"));
    let _ = model.act(Compose::Label(Label::Green).into());
    let asked = model.act(Compose::Send.into());
    assert!(!asked.iter().any(|effect| matches!(effect, Effect::Send(_))));
    assert_eq!(model.desk.confirm.unwrap().title, "Send this as TLP:GREEN?");
}

#[test]
fn an_edit_takes_no_file_and_an_entry_no_more_than_the_server_does() {
    let mut model = fixture::incident_model();
    for number in 0..=limits::FILES {
        let _ = model.hear(&found(&format!("/home/ann/{number}")));
    }
    assert_eq!(attached(&model).len(), limits::FILES);
    assert!(model.compose.trouble.as_deref().unwrap().contains("at most 16 files"));
    let mine = fixture::post(5, Label::Amber, "mine");
    fixture::fill(&mut model, room(1), vec![mine]);
    let _ = model.act(Compose::EditLatest.into());
    assert!(act(&mut model, Action::Drop(vec!["/home/ann/x".to_owned()])).is_empty());
    assert!(model.compose.trouble.as_deref().unwrap().starts_with("An edit changes the text"));
}

#[test]
fn what_is_saved_is_told_with_its_label_and_fetched_once_at_a_time() {
    let (mut model, seq) = with_file();
    let file = carried("report.pdf").file;
    let asked = act(&mut model, Action::Save(seq, file));
    let [Effect::SaveFile(save)] = &asked[..] else { panic!("it is fetched") };
    assert_eq!((save.label, save.folder.as_str()), (Label::Amber, ""));
    assert!(act(&mut model, Action::Save(seq, file)).is_empty());
    let at = Ok("/home/ann/Downloads/report.pdf".to_owned());
    let _ = model.hear(&News::FileSaved { save: save.clone(), at });
    let notice = &model.desk.notices.last().unwrap().text;
    assert!(
        notice.starts_with("report.pdf is TLP:AMBER and was saved as /home/ann/Downloads/"),
        "{notice}"
    );
    assert!(model.files.down.is_empty());
}

#[test]
fn nothing_is_fetched_without_a_connection() {
    let (mut model, seq) = with_file();
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert!(act(&mut model, Action::Save(seq, carried("report.pdf").file)).is_empty());
    assert!(model.desk.notices[0].text.starts_with("Not connected"));
}
