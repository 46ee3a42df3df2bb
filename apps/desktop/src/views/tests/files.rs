//! Files by accessible name: attached, taken out, shown on an entry, saved.

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
