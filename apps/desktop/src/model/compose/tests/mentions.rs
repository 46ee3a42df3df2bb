//! Who is called by name, and completing names and emoji.

use super::*;
use crate::fixture::{member, name, organisation, room};
use crate::model::compose::emoji;
use warproom_client::proto::calls::RoomMember;
use warproom_client::proto::{Principal, RoomRole};

/// Only these are in the room.
fn only(model: &mut Model, people: &[u8]) {
    let one = |number: &u8| RoomMember {
        who: Principal::Member(member(*number)),
        name: name("Somebody"),
        organisation: Some(organisation(*number)),
        organisation_name: None,
        role: RoomRole::Participant,
    };
    model.rooms.open_mut().unwrap().people = Some(people.iter().map(one).collect());
}

fn offered(model: &Model) -> Vec<&str> {
    let offers = model.compose.completing.iter().flat_map(|one| &one.offers);
    offers.map(|(_, put_in)| put_in.as_str()).collect()
}

#[test]
fn every_handle_of_somebody_known_is_a_mention() {
    let mut model = incident();
    let text = "@Ffion, and (@dele): ask @tom. @ffion again; not nobody@dele.example nor @nobody";
    assert_eq!(sent(&mut model, text).mentions, [member(1), member(2), member(4)]);
}

#[test]
fn who_is_not_in_the_room_is_not_called() {
    let mut model = incident();
    only(&mut model, &[1, 5]);
    write(&mut model, "@ffion and @tom");
    let called = model.draft_calls(room(1));
    assert_eq!((called.members, called.elsewhere), (vec![member(1)], vec!["tom".to_owned()]));
    let out = act(&mut model, Action::Send);
    assert_eq!(posts(&out)[0].mentions, [member(1)]);
}

#[test]
fn people_are_offered_by_handle_name_and_organisation() {
    let mut model = incident();
    write(&mut model, "ask @ff");
    assert_eq!(offered(&model), ["@ffion "]);
    assert!(
        model.compose.completing.as_ref().unwrap().offers[0].0.contains("Canterbury City Council")
    );
    write(&mut model, "ask @okaf");
    assert_eq!(offered(&model), ["@dele "]);
    write(&mut model, "ask @swale");
    assert_eq!(offered(&model), ["@jakub "]);
    write(&mut model, "ask @");
    assert!(!offered(&model).contains(&"@priya "), "nobody calls themselves");
    write(&mut model, "mail to x@ff");
    assert!(offered(&model).is_empty());
    write(&mut model, "@ffion there");
    assert!(offered(&model).is_empty(), "the word is over");
}

#[test]
fn only_people_of_the_room_are_offered() {
    let mut model = incident();
    only(&mut model, &[2, 5]);
    write(&mut model, "@");
    assert_eq!(offered(&model), ["@dele "]);
}

#[test]
fn an_offer_is_chosen_and_taken() {
    let mut model = incident();
    act(&mut model, Action::Write("ask @ now".to_owned(), 5));
    let count = offered(&model).len();
    assert!(count > 2);
    let second = offered(&model)[1].to_owned();
    act(&mut model, Action::Offer(Direction::On));
    act(&mut model, Action::TakeOffer(None));
    assert_eq!(draft(&model).text, format!("ask {second} now"));
    assert!(model.compose.completing.is_none());
    act(&mut model, Action::Write("@".to_owned(), 1));
    act(&mut model, Action::Offer(Direction::Back));
    assert_eq!(model.compose.completing.as_ref().unwrap().chosen, count - 1, "around the end");
    act(&mut model, Action::CloseOffers);
    assert_eq!((offered(&model).len(), draft(&model).text.as_str()), (0, "@"));
}

#[test]
fn emoji_are_offered_by_name() {
    let mut model = incident();
    write(&mut model, "done :thum");
    assert_eq!(offered(&model), ["👍", "👎"]);
    act(&mut model, Action::TakeOffer(Some(0)));
    assert_eq!(draft(&model).text, "done 👍");
    write(&mut model, "at 15:00");
    assert!(offered(&model).is_empty());
    write(&mut model, "so: do");
    assert!(offered(&model).is_empty());
}

#[test]
fn emoji_have_names_of_their_own_and_fit_a_reaction() {
    let mut names = BTreeSet::new();
    let mut signs = BTreeSet::new();
    for (sign, name) in emoji::ALL {
        assert!(names.insert(name), "{name} twice");
        assert!(signs.insert(sign), "{sign} twice");
        assert!(sign.len() <= warproom_client::proto::limits::REACTION_BYTES);
        assert_eq!(sign.chars().count(), 1, "{name} is made of several signs");
    }
    assert!(emoji::ALL.len() >= 120);
}
