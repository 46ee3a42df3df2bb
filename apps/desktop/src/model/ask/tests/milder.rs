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

#[test]
fn the_answer_to_a_question_about_a_milder_label_counts_for_that_label_alone() {
    let confirm =
        |model: &mut Model| act(model, crate::Action::Desk(crate::model::desk::Action::Confirm));
    let mut model = asked();
    let fill_in = |form: &mut AskForm| {
        form.text = "Who?".into();
        form.options = "yes\nno".into();
        form.label = Some(Label::Green);
    };
    assert!(new_ask(&mut model, fill_in).is_empty());
    let form = AskForm { label: Some(Label::Clear), ..model.ask.ask.clone() };
    ask_act(&mut model, Action::AskForm(form));
    assert!(sent(&confirm(&mut model)).is_none(), "nobody has said yes to TLP:CLEAR");
    assert!(model.desk.confirm.as_ref().unwrap().title.contains("TLP:CLEAR"));
    let effects = confirm(&mut model);
    let Some(Outgoing::Post(post)) = sent(&effects) else { panic!("no ask") };
    assert_eq!(post.label, Label::Clear);

    let severity = Some(Severity::Severe);
    let label = Some(Label::Green);
    let form = AlertForm { headline: "Offline".into(), severity, label, ..AlertForm::default() };
    ask_act(&mut model, Action::AlertForm(form.clone()));
    assert!(sent(&ask_act(&mut model, Action::SendAlert)).is_none());
    ask_act(&mut model, Action::AlertForm(AlertForm { label: Some(Label::Clear), ..form }));
    assert!(sent(&confirm(&mut model)).is_none());
    assert!(sent(&confirm(&mut model)).is_some(), "asked again, and meant");
}
