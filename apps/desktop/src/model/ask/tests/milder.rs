//! What is asked about before an answer goes more openly than is usual in its room.

use super::*;
use crate::model::milder::Meant;

/// An ask under TLP:GREEN in a room whose default is TLP:AMBER+STRICT, with the form of its answer open.
fn answering_a_green_ask() -> Model {
    let mut model = fixture::model();
    act(&mut model, crate::Action::Rooms(crate::model::rooms::Action::Open(room(1))));
    let ask = asking(post(1, Label::Green, "Who is hit?"), &Ask::ROLL_CALL, 45);
    fill(&mut model, room(1), vec![ask]);
    ask_act(&mut model, Action::OpenAnswer(room(1), 1));
    model
}

#[test]
fn an_answer_with_a_note_is_asked_about_once_where_it_is_milder_than_the_room() {
    let mut model = answering_a_green_ask();
    let effects = answer_form(&mut model, |form| {
        form.choice = Some(0);
        form.note = "Planning is down".to_owned();
    });
    assert!(sent(&effects).is_none(), "it waits for the question");
    let confirm = model.desk.confirm.take().expect("a question");
    assert_eq!(confirm.title, "Answer under TLP:GREEN?");
    assert!(confirm.what_it_does.contains("TLP:AMBER+STRICT"), "{}", confirm.what_it_does);

    // Another label by now is another question.
    let mut form = model.ask.answer.clone();
    form.label = Some(Label::Amber);
    ask_act(&mut model, Action::AnswerForm(form.clone()));
    assert!(sent(&act(&mut model, *confirm.then.clone())).is_none());
    assert_eq!(model.desk.confirm.take().unwrap().title, "Answer under TLP:AMBER?");

    form.label = None;
    ask_act(&mut model, Action::AnswerForm(form));
    let effects = act(&mut model, *confirm.then);
    let Some(Outgoing::Answer(answer)) = sent(&effects) else { panic!("no answer") };
    assert_eq!(answer.label, Some(Label::Green));
    assert!(model.desk.confirm.is_none());
}

#[test]
fn an_answer_that_only_chooses_or_is_as_strict_as_the_room_is_not_asked_about() {
    let mut model = answering_a_green_ask();
    let effects = answer_form(&mut model, |form| form.choice = Some(0));
    assert!(sent(&effects).is_some() && model.desk.confirm.is_none());

    let mut model = answering_a_green_ask();
    let effects = answer_form(&mut model, |form| {
        form.choice = Some(0);
        form.note = "Planning is down".to_owned();
        form.label = Some(Label::AmberStrict);
    });
    assert!(sent(&effects).is_some() && model.desk.confirm.is_none());
}

#[test]
fn a_yes_for_one_room_is_none_for_another() {
    let mut model = answering_a_green_ask();
    let mut form = model.ask.answer.clone();
    form.choice = Some(0);
    form.note = "Planning is down".to_owned();
    ask_act(&mut model, Action::AnswerForm(form));
    let elsewhere = Meant { room: room(2), label: Label::Green };
    assert!(sent(&ask_act(&mut model, Action::SendAnswerMeant(elsewhere))).is_none());
    assert!(model.desk.confirm.is_some());
}
