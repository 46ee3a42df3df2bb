//! Files of drafts and of what waits: kept with them, with what the server knows of each.

use warproom_client::proto::{FileId, Label};

use super::{Computer, room};
use crate::effect::{Outgoing, PostWithFiles};
use crate::model::compose::Draft;
use crate::model::files::{Announced, Attached};

fn attached(announced: Option<Announced>) -> Attached {
    let path = "/home/ann/report.pdf".to_owned();
    Attached { path, name: "report.pdf".to_owned(), size_bytes: 7, announced }
}

fn with_file(announced: Option<Announced>) -> PostWithFiles {
    let Outgoing::Post(post) = super::outgoing("see") else { panic!("it is a post") };
    PostWithFiles { post, files: vec![attached(announced)] }
}

#[test]
fn a_draft_of_files_alone_is_kept() {
    let computer = Computer::new();
    let draft =
        Draft { label: Some(Label::Amber), files: vec![attached(None)], ..Draft::default() };
    computer.open().keep_draft(room(1), &draft).unwrap();
    assert_eq!(computer.open().drafts().unwrap(), [(room(1), draft)]);
}

#[test]
fn what_the_server_knows_of_a_file_stays_though_its_entry_is_sent_again() {
    let computer = Computer::new();
    let profile = computer.open();
    let mut with = with_file(None);
    profile.keep_outgoing(&Outgoing::PostWithFiles(with.clone())).unwrap();
    let announced = Announced { file: FileId::from_bytes([7; 16]), is_up: false };
    with.files[0].announced = Some(announced);
    profile.renew_outgoing(&Outgoing::PostWithFiles(with.clone())).unwrap();
    // As the window has it, which was told nothing of that.
    with.files[0].announced = None;
    profile.keep_outgoing(&Outgoing::PostWithFiles(with.clone())).unwrap();
    let kept = profile.outbox().unwrap();
    let [(Outgoing::PostWithFiles(kept), None)] = &kept[..] else { panic!("it waits") };
    assert_eq!(kept.files[0].announced, Some(announced));
    // What was let go does not come back.
    profile.drop_outgoing(with.post.id).unwrap();
    profile.renew_outgoing(&Outgoing::PostWithFiles(with)).unwrap();
    assert!(profile.outbox().unwrap().is_empty());
}
