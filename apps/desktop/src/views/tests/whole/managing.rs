//! Inviting a person, by keyboard from the palette to the text that is handed over.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::calls::InvitationAdded;
use warproom_client::proto::register::Role;
use warproom_client::proto::{InvitationId, Secret};

use super::{has_keyboard, incident, press, tab_to, tell, write};
use crate::fixture::{NOW_MS, organisation};
use crate::request::{Reply, Request};
use crate::{Effect, News};

#[test]
fn a_person_is_invited_by_keyboard_alone() {
    let mut screen = incident();
    press(&mut screen, Modifiers { shift: true, ..Modifiers::COMMAND }, Key::P);
    write(&mut screen, "manage invitations");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    tab_to(&mut screen, "Invite a person");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert!(has_keyboard(&screen, "Name of the person"));
    write(&mut screen, "Nia Prosser");
    tab_to(&mut screen, "Find the organisation");
    write(&mut screen, "ashford");
    tab_to(&mut screen, "Ashford Borough Council");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    screen.get_by_label("Organisation: Ashford Borough Council");
    tab_to(&mut screen, "Make the invitation");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    let calls: Vec<_> = screen
        .state()
        .world
        .asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::Call(Request::AddInvitation(call)) => Some(call.clone()),
            _ => None,
        })
        .collect();
    let [call] = &calls[..] else { panic!("{} invitations were made", calls.len()) };
    assert_eq!((call.name.as_str(), call.handle.as_str()), ("Nia Prosser", "nia"));
    assert_eq!((call.organisation, call.role), (organisation(4), Role::Officer));

    let added = InvitationAdded {
        invitation: InvitationId::from_bytes([8; 16]),
        text: Secret::from("warproom://kent.example:8443/abc/code".to_owned()),
        expires_at_ms: NOW_MS + 3_600_000,
    };
    let request = Request::AddInvitation(call.clone());
    tell(&mut screen, News::Answered(request, Ok(Reply::AddInvitation(added))));
    tab_to(&mut screen, "Copy invitation");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert!(matches!(
        screen.state().world.asked.last(),
        Some(Effect::Copy(text)) if text.contains("warproom://kent.example:8443/abc/code")
    ));
}
