//! Files by accessible name: attached, taken out, shown on an entry, saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::Label;

use super::{Screen, screen};
use crate::effect::Outgoing;
use crate::fixture;
use crate::model::files::tests::{found, with_file};
use crate::{Effect, Model};

fn shown(model: Model) -> Screen {
    let mut screen = screen(model);
    screen.run_ok();
    screen
}

fn click(screen: &mut Screen, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

#[test]
fn a_file_is_attached_by_its_path_shown_with_its_size_and_taken_out_again() {
    let mut screen = shown(fixture::incident_model());
    click(&mut screen, "Attach a file…");
    screen.get_by_label("Path of the file").type_text("/home/ann/report.pdf");
    screen.run_ok();
    click(&mut screen, "Attach it");
    let asked = &screen.state().world.asked;
    assert!(asked.iter().any(|effect| matches!(effect,
        Effect::LookAtFile { path, .. } if path == "/home/ann/report.pdf")));
    screen.state_mut().world.to_tell.push_back(found("/home/ann/report.pdf"));
    screen.run_ok();
    screen.get_by_label("report.pdf, 2.0 kB");
    click(&mut screen, "Take out report.pdf");
    assert!(screen.query_by_label("report.pdf, 2.0 kB").is_none());
}

/// A file as the window system hands it over.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it before it is sent".to_owned())
    }
}

fn dropped(screen: &mut Screen, path: &str) -> Vec<String> {
    let file: egui::DroppedFileHandle = Arc::new(Dropped(path.into()));
    screen.input_mut().dropped_files = vec![file];
    screen.run_ok();
    screen.input_mut().dropped_files.clear();
    let asked = screen.state().world.asked.iter().filter_map(|effect| match effect {
        Effect::LookAtFile { path, .. } => Some(path.clone()),
        _ => None,
    });
    asked.collect()
}

#[test]
fn what_is_dropped_onto_the_room_is_attached_to_what_is_written_there() {
    let mut screen = shown(fixture::incident_model());
    screen.input_mut().hovered_files = vec![egui::HoveredFile::default()];
    screen.run_ok();
    screen.get_by_label("Let go to attach it to what you write in Incident: East Kent Services");
    screen.input_mut().hovered_files.clear();
    let looked_at = dropped(&mut screen, "/home/ann/report.pdf");
    assert_eq!(looked_at, ["/home/ann/report.pdf"]);
    assert!(screen.query_by_label_contains("Let go to attach it").is_none());
    screen.state_mut().world.to_tell.push_back(found("/home/ann/report.pdf"));
    screen.run_ok();
    screen.get_by_label("report.pdf, 2.0 kB");
    screen.get_by_label("Take out report.pdf");
}

#[test]
fn what_is_dropped_onto_a_form_is_not_attached_to_what_lies_under_it() {
    let mut model = fixture::incident_model();
    let over = crate::model::desk::Action::Toggle(crate::model::desk::Overlay::NewAlert);
    let _ = model.act(over.into());
    let mut screen = shown(model);
    assert!(dropped(&mut screen, "/home/ann/report.pdf").is_empty());
}

#[test]
fn a_file_alone_can_be_sent_and_waits_in_the_room_until_it_is_up() {
    let mut screen = shown(fixture::incident_model());
    screen.state_mut().world.to_tell.push_back(found("/home/ann/report.pdf"));
    screen.run_ok();
    click(&mut screen, "Send");
    let asked = &screen.state().world.asked;
    assert!(
        asked.iter().any(|effect| matches!(effect, Effect::Send(Outgoing::PostWithFiles(_)))),
        "it is on its way with its file"
    );
    screen.get_by_label_contains("With: report.pdf, 2.0 kB");
}

#[test]
fn a_file_of_an_entry_says_what_it_is_under_which_label_and_is_saved_by_name() {
    let (model, seq) = with_file();
    let mut screen = shown(model);
    screen.get_by_label("1.2 MB, said to be application/pdf");
    click(&mut screen, "Save report.pdf…");
    screen.get_by_label_contains("Nothing that is there is written over");
    click(&mut screen, "Save report.pdf");
    let saves = screen.state().world.asked.iter().filter_map(|effect| match effect {
        Effect::SaveFile(save) => Some((save.seq, save.label)),
        _ => None,
    });
    assert_eq!(saves.collect::<Vec<_>>(), [(seq, Label::Amber)]);
    let told = screen.get_all_by_label_contains("being saved: 0 bytes of 1.2 MB").count();
    assert_eq!(told, 2, "on its entry and in the form");
}
