//! What waits, what takes it away, and what a form is refused for.

mod milder;

use super::*;
use crate::effect::Outgoing;
use crate::fixture::{
    self, NOW_MS, alert, asking, delivered, fill, kind, member, name, organisation, post, room,
};
use crate::model::compose::Sending;
use crate::model::desk::{Focus, Overlay};
use crate::news::{Refusal, SignedIn};
use warproom_client::proto::calls::{CauseList, From, OutstandingList, Posted};
use warproom_client::proto::register::{Dependency, RegisterEntry};
use warproom_client::proto::{
    Ask, Entry, Head, Kind, Label, Principal, Reporting, Severity, Stage, Subject,
};

fn listed(ask: Seq, minutes: Option<i64>) -> Outstanding {
    Outstanding {
        room: room(1),
        ask,
        stage: Stage::Asked,
        due_at_ms: minutes.map(|minutes| NOW_MS + minutes * 60_000),
        organisations: vec![organisation(5)],
        exercise: false,
    }
}

fn list(model: &mut Model, outstanding: Vec<Outstanding>) -> Vec<Effect> {
    let reply = Reply::ListOutstanding(OutstandingList { outstanding });
    model.hear(&News::Answered(Request::ListOutstanding(ListOutstanding {}), Ok(reply)))
}

/// A roll call of Ffion's that is due in so many minutes.
fn roll_call(minutes: i64) -> Entry {
    asking(post(1, Label::AmberStrict, "Who is hit?"), &Ask::ROLL_CALL, minutes)
}

fn answer(author: u8, of: Seq, council: u8) -> Entry {
    let choice = name("affected");
    let organisation = organisation(council);
    kind(post(author, Label::AmberStrict, "-"), Kind::Answer { of, organisation, choice })
}

/// Priya's model in the open incident room with one roll call in it, entry 1.
fn asked() -> Model {
    let mut model = fixture::model();
    act(&mut model, crate::Action::Rooms(crate::model::rooms::Action::Open(room(1))));
    fill(&mut model, room(1), vec![roll_call(45)]);
    model
}

fn act(model: &mut Model, action: crate::Action) -> Vec<Effect> {
    model.act(action)
}

fn ask_act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(crate::Action::Ask(action))
}

fn waits(model: &Model) -> Vec<Seq> {
    model.waiting().iter().map(|card| card.outstanding.ask).collect()
}

fn sent(effects: &[Effect]) -> Option<&Outgoing> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(outgoing) => Some(outgoing),
        _ => None,
    })
}

fn trouble(model: &Model) -> &str {
    model.ask.trouble.as_deref().unwrap_or_default()
}

#[test]
fn signing_in_asks_what_waits() {
    let mut model = fixture::model();
    let me = model.session.clone().unwrap().me;
    let effects = model.hear(&News::SignedIn(SignedIn { warp: name("Kent"), me }));
    let calls = |is: fn(&Request) -> bool| {
        effects.iter().filter(|one| matches!(one, Effect::Call(call) if is(call))).count()
    };
    assert_eq!(calls(|call| matches!(call, Request::ListOutstanding(_))), 1);
    assert_eq!(calls(|call| matches!(call, Request::ListCauses(_))), 1);
}

#[test]
fn an_ask_that_arrives_waits_at_once_and_a_reminder_only_takes_its_place() {
    let mut model = asked();
    assert_eq!(waits(&model), [1]);
    assert_eq!(model.waiting()[0].outstanding.stage, Stage::Asked);
    let reminder = Outstanding { stage: Stage::Soon, ..listed(1, Some(45)) };
    for _ in 0..2 {
        let _ = model.hear(&News::Reminder(reminder.clone()));
    }
    assert_eq!(model.ask.outstanding, [reminder]);
}

#[test]
fn ones_own_ask_a_lapsed_one_and_one_that_is_over_wait_for_nobody() {
    let mut own = roll_call(10);
    own.handling.author = Principal::Member(member(5));
    let week = 7 * 24 * 60;
    let mut expired = asking(alert(1, Label::Green, Severity::Minor, "h", "t"), &Ask::ROLL_CALL, 9);
    if let Kind::Alert(alert) = &mut expired.handling.kind {
        alert.expires_at_ms = Some(NOW_MS);
    }
    let mut model = fixture::model();
    fill(&mut model, room(1), vec![own, roll_call(-week), expired]);
    assert_eq!(waits(&model), [] as [Seq; 0]);
    fill(&mut model, room(1), vec![roll_call(1 - week)]);
    assert_eq!(waits(&model), [4]);
}

#[test]
fn a_guest_is_asked_nothing() {
    let mut model = fixture::signed_in(8);
    fill(&mut model, room(1), vec![roll_call(10)]);
    assert!(waits(&model).is_empty());
}

#[test]
fn an_answer_of_ones_own_organisation_takes_the_ask_away_and_another_does_not() {
    let mut model = asked();
    fill(&mut model, room(1), vec![answer(2, 1, 2)]);
    assert_eq!(waits(&model), [1]);
    fill(&mut model, room(1), vec![answer(5, 1, 5)]);
    assert!(waits(&model).is_empty());
}

#[test]
fn an_ask_that_is_taken_back_or_superseded_waits_no_more() {
    let mut model = asked();
    fill(
        &mut model,
        room(1),
        vec![kind(post(1, Label::AmberStrict, "-"), Kind::Retract { of: 1 })],
    );
    assert!(waits(&model).is_empty());

    let mut model = asked();
    let mut update = alert(1, Label::AmberStrict, Severity::Minor, "Over", "It is over.");
    if let Kind::Alert(alert) = &mut update.handling.kind {
        alert.supersedes = Some(1);
    }
    fill(&mut model, room(1), vec![update]);
    assert!(waits(&model).is_empty());
}

#[test]
fn a_manager_keeps_what_waits_for_others_and_is_offered_no_answer_to_it() {
    let mut model = fixture::model();
    let organisations = vec![organisation(2), organisation(5)];
    let told = Outstanding { stage: Stage::Managers, organisations, ..listed(1, Some(-60)) };
    list(&mut model, vec![told]);
    assert!(model.waiting()[0].is_ours);
    let _ = model.hear(&News::Entry(delivered(room(1), 9, NOW_MS, answer(5, 1, 5))));
    let card = model.waiting().remove(0);
    assert_eq!((card.is_ours, card.outstanding.organisations), (false, vec![organisation(2)]));
}

#[test]
fn what_is_overdue_comes_first_then_what_is_due_next_then_what_is_worst() {
    let mut model = fixture::model();
    let at = |severity, minutes| {
        asking(alert(1, Label::Green, severity, "h", "t"), &Ask::ACKNOWLEDGE, minutes)
    };
    let entries = vec![
        at(Severity::Minor, 60),
        at(Severity::Extreme, 60),
        at(Severity::Minor, 10),
        at(Severity::Minor, -5),
        post(1, Label::Green, "No time"),
    ];
    fill(&mut model, room(1), entries);
    list(
        &mut model,
        vec![
            listed(1, Some(60)),
            listed(2, Some(60)),
            listed(3, Some(10)),
            listed(4, Some(-5)),
            listed(5, None),
        ],
    );
    assert_eq!(waits(&model), [4, 3, 2, 1, 5]);
}

#[test]
fn the_servers_list_is_believed_but_for_what_came_after_it_was_made() {
    let mut model = asked();
    list(&mut model, vec![listed(7, None)]);
    assert_eq!(waits(&model), [1, 7], "entry 1 came live, before the list");
    list(&mut model, Vec::new());
    assert!(waits(&model).is_empty(), "the next list knows it");
}

#[test]
fn an_ask_older_than_the_list_that_comes_in_late_waits_for_nobody() {
    let mut model = fixture::model();
    let mut summary = fixture::summary(1, fixture::ROOMS[0].0, Label::Red, Label::AmberStrict);
    summary.latest.seq = 1;
    let reply = Reply::ListRooms(warproom_client::proto::calls::RoomList { rooms: vec![summary] });
    let call = warproom_client::proto::calls::ListRooms { all: false };
    let _ = model.hear(&News::Answered(Request::ListRooms(call), Ok(reply)));
    for seq in [1, 2] {
        let _ = model.hear(&News::Entry(delivered(room(1), seq, NOW_MS, roll_call(5))));
    }
    assert_eq!(waits(&model), [2]);
}

#[test]
fn an_entry_that_is_not_held_is_fetched_once() {
    let mut model = fixture::model();
    let pages = |effects: Vec<Effect>| {
        let is_page = |one: &Effect| matches!(one, Effect::Page { from: From::Before(8), .. });
        effects.iter().filter(|one| is_page(one)).count()
    };
    assert_eq!(pages(list(&mut model, vec![listed(7, None)])), 1);
    assert_eq!(pages(model.hear(&News::Reminder(listed(7, None)))), 0);
    assert!(model.waiting()[0].title.is_none());
}

#[test]
fn a_card_says_what_is_asked_and_why_it_concerns_us() {
    let mut model = fixture::incident_model();
    let depends_on =
        Dependency { subject: Subject::Vendor(name("Civica UK Ltd")), aliases: vec![] };
    let mine = RegisterEntry {
        organisation: organisation(5),
        depends_on: vec![depends_on],
        shown: false,
        deputies: Vec::new(),
    };
    model.directory.entries.insert(organisation(5), mine);
    list(&mut model, vec![listed(4, Some(45))]);
    let mut card = model.waiting().remove(0);
    assert_eq!(card.title.take().unwrap(), "Shared IT service of three councils is offline");
    assert_eq!((card.label, card.severity), (Some(Label::AmberStrict), Some(Severity::Extreme)));
    assert_eq!(card.options.len(), 4);
    assert_eq!(card.why.unwrap(), "your supplier: Civica UK Ltd");
}

#[test]
fn one_stroke_answers_and_the_ask_stays_until_the_answer_is_stored() {
    let mut model = asked();
    ask_act(&mut model, Action::NextWaiting);
    assert_eq!(model.desk.focus.0, Focus::Waiting);
    let effects = ask_act(&mut model, Action::Answer(room(1), 1, 1));
    let Some(Outgoing::Answer(answer)) = sent(&effects) else { panic!("no answer") };
    assert_eq!(
        (answer.of, answer.choice.as_str(), answer.label),
        (1, "investigating", Some(Label::AmberStrict))
    );
    assert_eq!(model.waiting()[0].on_its_way, Some(name("investigating")));
    assert_eq!(model.desk.focus.0, Focus::Composer);
    assert!(ask_act(&mut model, Action::Answer(room(1), 1, 0)).is_empty(), "one is on its way");
    let posted = Posted { seq: 2, at_ms: NOW_MS, head: Head([0; 32]) };
    let _ = model.hear(&News::Sent(answer.id, Ok(posted)));
    assert!(waits(&model).is_empty());
}

#[test]
fn a_refused_answer_gives_its_ask_back() {
    let mut model = asked();
    let effects = ask_act(&mut model, Action::Answer(room(1), 1, 0));
    let id = sent(&effects).unwrap().id();
    let refusal = Refusal::new("Your organisation has answered this as often as it may", "");
    let _ = model.hear(&News::Sent(id, Err(refusal.clone())));
    // The outbox is another part's: it marks what was refused.
    model.compose.outbox[0].state = Sending::Refused(refusal);
    let card = model.waiting().remove(0);
    assert!(card.on_its_way.is_none() && card.is_ours);
}

#[test]
fn a_number_beyond_the_options_is_no_answer() {
    let mut model = asked();
    assert!(ask_act(&mut model, Action::Answer(room(1), 1, 4)).is_empty());
}

/// The form of the answer to entry 1, changed.
fn answer_form(model: &mut Model, change: impl FnOnce(&mut AnswerForm)) -> Vec<Effect> {
    let mut form = model.ask.answer.clone();
    change(&mut form);
    ask_act(model, Action::AnswerForm(form));
    ask_act(model, Action::SendAnswer)
}

#[test]
fn an_answer_with_a_note_is_refused_in_words_and_loses_nothing() {
    let mut model = asked();
    ask_act(&mut model, Action::OpenAnswer(room(1), 1));
    assert!(answer_form(&mut model, |form| form.note = "x".repeat(2049)).is_empty());
    assert_eq!(trouble(&model), "Choose one of the answers.");
    answer_form(&mut model, |form| form.choice = Some(0));
    assert!(trouble(&model).starts_with("The note is too long by 1 bytes"), "{}", trouble(&model));
    answer_form(&mut model, |form| form.label = Some(Label::Amber));
    assert!(trouble(&model).starts_with("The ask is TLP:AMBER+STRICT"), "{}", trouble(&model));
    answer_form(&mut model, |form| {
        form.label = Some(Label::Red);
        form.reporting = Reporting::Anonymous;
    });
    assert!(trouble(&model).starts_with("Name the supplier"), "{}", trouble(&model));
    answer_form(&mut model, |form| form.subjects = "supplier Civica".to_owned());
    assert!(trouble(&model).starts_with("What is TLP:RED never counts"), "{}", trouble(&model));
    assert_eq!(model.ask.answer.note.len(), 2049);

    let effects = answer_form(&mut model, |form| {
        form.label = None;
        form.note = "Planning is down".to_owned();
    });
    let Some(Outgoing::Answer(answer)) = sent(&effects) else { panic!("no answer") };
    assert_eq!(answer.note.as_ref().unwrap().as_str(), "Planning is down");
    assert_eq!(answer.subjects, [Subject::Vendor(name("Civica"))]);
    assert_eq!(answer.common_cause, Reporting::Anonymous);
    assert!(model.desk.overlays.is_empty() && model.ask.answer.note.is_empty());
}

#[test]
fn what_was_typed_for_one_ask_is_there_again_for_it_and_not_for_another() {
    let mut model = asked();
    ask_act(&mut model, Action::OpenAnswer(room(1), 1));
    ask_act(
        &mut model,
        Action::AnswerForm(AnswerForm { note: "so far".into(), ..AnswerForm::default() }),
    );
    act(&mut model, crate::Action::Desk(crate::model::desk::Action::Back));
    ask_act(&mut model, Action::OpenAnswer(room(1), 1));
    assert_eq!(model.ask.answer.note, "so far");
    ask_act(&mut model, Action::OpenAnswer(room(1), 2));
    assert_eq!(model.ask.answer.note, "");
}

/// The form of a new ask, changed, in the incident room: default AMBER+STRICT.
fn new_ask(model: &mut Model, change: impl FnOnce(&mut AskForm)) -> Vec<Effect> {
    let mut form = model.ask.ask.clone();
    change(&mut form);
    ask_act(model, Action::AskForm(form));
    ask_act(model, Action::SendAsk)
}

#[test]
fn an_ask_needs_a_text_two_answers_and_a_time_that_is_one() {
    let mut model = asked();
    act(&mut model, crate::Action::Desk(crate::model::desk::Action::Toggle(Overlay::NewAsk)));
    for (change, says) in [
        (AskForm { text: " ".into(), ..AskForm::default() }, "Write what you ask."),
        (
            AskForm { text: "Who?".into(), options: "yes".into(), ..AskForm::default() },
            "An ask has 2 to 8",
        ),
        (
            AskForm { text: "Who?".into(), options: "yes\nYES".into(), ..AskForm::default() },
            "“YES” stands there twice",
        ),
        (
            AskForm {
                text: "Who?".into(),
                options: "yes\nno".into(),
                due_in_minutes: "soon".into(),
                ..AskForm::default()
            },
            "“soon” is no time",
        ),
    ] {
        assert!(new_ask(&mut model, |form| *form = change).is_empty());
        assert!(trouble(&model).starts_with(says), "{}", trouble(&model));
    }
    assert_eq!(model.ask.ask.text, "Who?");

    let effects = new_ask(&mut model, |form| {
        form.options = Preset::RollCall.options().join("\n");
        form.due_in_minutes = "30".into();
    });
    let Some(Outgoing::Post(post)) = sent(&effects) else { panic!("no ask") };
    assert_eq!((post.label, post.room), (Label::AmberStrict, room(1)));
    let ask = post.ask.clone().unwrap();
    assert_eq!(ask.options, Ask::ROLL_CALL.map(name));
    assert_eq!(ask.due_at_ms, Some(NOW_MS + 30 * 60_000));
    assert!(model.desk.overlays.is_empty() && model.ask.ask.text.is_empty());
}

#[test]
fn an_ask_more_open_than_the_rooms_default_is_asked_about_once() {
    let mut model = asked();
    let effects = new_ask(&mut model, |form| {
        form.text = "Who?".into();
        form.options = "yes\nno".into();
        form.label = Some(Label::Green);
    });
    assert!(effects.is_empty());
    let confirm = model.desk.confirm.clone().unwrap();
    let usual = "is TLP:AMBER+STRICT unless somebody says otherwise. TLP:GREEN is milder";
    assert!(confirm.what_it_does.contains(usual), "{}", confirm.what_it_does);
    let effects = act(&mut model, crate::Action::Desk(crate::model::desk::Action::Confirm));
    let Some(Outgoing::Post(post)) = sent(&effects) else { panic!("no ask") };
    assert_eq!(post.label, Label::Green);
}

#[test]
fn an_extreme_alert_says_that_it_interrupts_everyone_before_it_is_sent() {
    let mut model = asked();
    let form = AlertForm { headline: "Offline".into(), exercise: true, ..AlertForm::default() };
    ask_act(&mut model, Action::AlertForm(form.clone()));
    assert!(ask_act(&mut model, Action::SendAlert).is_empty());
    assert!(trouble(&model).starts_with("Say how bad it is"), "{}", trouble(&model));

    let form = AlertForm { severity: Some(Severity::Extreme), ..form };
    ask_act(&mut model, Action::AlertForm(form));
    assert!(ask_act(&mut model, Action::SendAlert).is_empty());
    let confirm = model.desk.confirm.clone().unwrap();
    assert!(confirm.what_it_does.contains("interrupts everyone"), "{}", confirm.what_it_does);
    let effects = act(&mut model, crate::Action::Desk(crate::model::desk::Action::Confirm));
    let Some(Outgoing::Alert(alert)) = sent(&effects) else { panic!("no alert") };
    assert!(alert.exercise);
    assert_eq!(alert.ask.clone().unwrap().options, Ask::ACKNOWLEDGE.map(name));
    assert!(model.ask.alert.headline.is_empty());
}

#[test]
fn a_severe_alert_under_the_rooms_label_is_sent_without_a_question() {
    let mut model = asked();
    let severity = Some(Severity::Severe);
    let form = AlertForm { headline: "Offline".into(), severity, ..AlertForm::default() };
    ask_act(&mut model, Action::AlertForm(form));
    assert!(sent(&ask_act(&mut model, Action::SendAlert)).is_some());
}

fn cause(number: u8, organisations: u32, named: &[u8], at_ms: i64) -> CommonCause {
    CommonCause {
        cause: CauseId::from_bytes([number; 16]),
        subject: Subject::Vendor(name("Civica")),
        organisations,
        named: named.iter().copied().map(organisation).collect(),
        since_ms: NOW_MS,
        at_ms,
        exercise: false,
    }
}

#[test]
fn a_common_cause_is_put_away_until_one_more_organisation_names_it() {
    let mut model = fixture::model();
    let causes = vec![cause(1, 2, &[1], NOW_MS), cause(2, 2, &[], NOW_MS + 1)];
    let reply = Reply::ListCauses(CauseList { causes });
    let _ = model.hear(&News::Answered(Request::ListCauses(ListCauses {}), Ok(reply)));
    let shown =
        |model: &Model| -> Vec<u8> { model.causes().map(|one| one.cause.as_bytes()[0]).collect() };
    assert_eq!(shown(&model), [2, 1], "newest first");
    ask_act(&mut model, Action::PutAway(CauseId::from_bytes([1; 16])));
    assert_eq!(shown(&model), [2]);
    let _ = model.hear(&News::CommonCause(cause(1, 3, &[1, 2], NOW_MS + 2)));
    assert_eq!(shown(&model), [1, 2]);
    let who = model.who_names(&model.ask.causes[0]);
    assert_eq!(who, "Canterbury City Council, Dover District Council and 1 not named");
}

#[test]
fn walking_the_cards_goes_round() {
    let mut model = asked();
    fill(&mut model, room(1), vec![roll_call(50)]);
    ask_act(&mut model, Action::NextWaiting);
    assert_eq!(model.ask.chosen, Some((room(1), 1)));
    ask_act(&mut model, Action::NextWaiting);
    assert_eq!(model.ask.chosen, Some((room(1), 2)));
    ask_act(&mut model, Action::Step(Direction::On));
    assert_eq!(model.ask.chosen, Some((room(1), 1)));
    ask_act(&mut model, Action::Step(Direction::Back));
    assert_eq!(model.ask.chosen, Some((room(1), 2)));
}

fn meant() -> Meant {
    Meant { room: room(1), label: Label::AmberStrict }
}

#[test]
fn an_alert_is_updated_with_what_it_says_in_the_form_and_takes_its_place() {
    let mut model = fixture::incident_model();
    let _ = ask_act(&mut model, Action::Revise(4, Message::Update));
    assert_eq!(model.desk.overlays, [Overlay::NewAlert]);
    assert_eq!(model.ask.alert.headline, "Shared IT service of three councils is offline");
    assert!(model.ask.alert.acknowledge);
    let form = AlertForm { headline: "It is back".to_owned(), ..model.ask.alert.clone() };
    let _ = ask_act(&mut model, Action::AlertForm(form));
    let effects = ask_act(&mut model, Action::SendAlertMeant(meant()));
    let [Effect::Send(Outgoing::Alert(alert))] = &effects[..] else { panic!("one alert") };
    assert_eq!((alert.alert.supersedes, alert.alert.message), (Some(4), Message::Update));
    assert_eq!(alert.label, Label::AmberStrict);
    assert!(model.ask.alert.revises.is_none(), "the next one is a new one");
}

#[test]
fn an_alert_that_holds_no_more_asks_nothing() {
    let mut model = fixture::incident_model();
    let _ = ask_act(&mut model, Action::Revise(4, Message::Cancel));
    assert!(!model.ask.alert.acknowledge);
    let effects = ask_act(&mut model, Action::SendAlertMeant(meant()));
    let [Effect::Send(Outgoing::Alert(alert))] = &effects[..] else { panic!("one alert") };
    assert!(alert.ask.is_none() && alert.alert.message == Message::Cancel);
}

#[test]
fn a_half_written_alert_is_not_thrown_away_for_an_update() {
    let mut model = fixture::incident_model();
    let form = AlertForm { headline: "Half written".to_owned(), ..AlertForm::default() };
    let _ = ask_act(&mut model, Action::AlertForm(form));
    let _ = ask_act(&mut model, Action::Revise(4, Message::Update));
    assert_eq!(model.ask.alert.headline, "Half written");
    assert_eq!(model.desk.notices.len(), 1);
}

#[test]
fn a_form_keeps_the_rooms_label_of_when_it_was_begun_where_that_is_stricter() {
    let mut model = asked();
    ask_act(&mut model, Action::AskForm(AskForm { text: "Who?".into(), ..AskForm::default() }));
    relax(&mut model);
    assert_eq!(model.form_default(), Some(Label::AmberStrict));
    let effects = new_ask(&mut model, |form| {
        form.text = "Who?".into();
        form.options = "yes\nno".into();
    });
    let Some(Outgoing::Post(post)) = sent(&effects) else { panic!("no ask") };
    assert_eq!(post.label, Label::AmberStrict);
    assert_eq!(model.form_default(), Some(Label::Green), "the next one begins anew");
}

/// The open room's default becomes TLP:GREEN.
fn relax(model: &mut Model) {
    let open = model.rooms.open().unwrap();
    let (id, seq) = (open.id, open.log.latest + 1);
    let mut settings = open.settings.clone();
    settings.default_label = Label::Green;
    let changed = kind(post(1, Label::Green, "-"), Kind::Changed { settings });
    let _ = model.hear(&News::Entry(delivered(id, seq, NOW_MS, changed)));
    assert_eq!(model.rooms.open().unwrap().settings.default_label, Label::Green);
}

#[test]
fn what_was_put_away_stays_so_after_the_program_is_started_anew() {
    let mut model = fixture::model();
    let causes = vec![cause(1, 2, &[1], NOW_MS)];
    let reply = Reply::ListCauses(CauseList { causes });
    let told = News::Answered(Request::ListCauses(ListCauses {}), Ok(reply));
    let _ = model.hear(&told);
    let effects = ask_act(&mut model, Action::PutAway(CauseId::from_bytes([1; 16])));
    let [Effect::KeepSettings(kept)] = &effects[..] else { panic!("it is kept") };
    let on_disk = serde_json::to_string(kept).unwrap();
    let mut again = fixture::model();
    again.settings = serde_json::from_str(&on_disk).unwrap();
    let _ = again.hear(&told);
    assert_eq!(again.causes().count(), 0);
    let _ = again.hear(&News::CommonCause(cause(1, 3, &[1, 2], NOW_MS + 2)));
    assert_eq!(again.causes().count(), 1);
    let none = Reply::ListCauses(CauseList { causes: Vec::new() });
    let _ = again.hear(&News::Answered(Request::ListCauses(ListCauses {}), Ok(none)));
    assert!(again.settings.put_away.is_empty(), "what is over is forgotten");
}

#[test]
fn going_to_what_waits_leaves_forms_as_they_are_typed_and_a_search_open() {
    let mut model = asked();
    let open = |model: &mut Model, overlay| {
        act(model, crate::Action::Desk(crate::model::desk::Action::Toggle(overlay)));
    };
    open(&mut model, Overlay::NewAsk);
    ask_act(&mut model, Action::AskForm(AskForm { text: "Who?".into(), ..AskForm::default() }));
    ask_act(&mut model, Action::NextWaiting);
    assert!(model.desk.overlays.is_empty());
    assert_eq!(model.ask.ask.text, "Who?");
    open(&mut model, Overlay::Search);
    ask_act(&mut model, Action::NextWaiting);
    assert_eq!(model.desk.overlays, [Overlay::Search]);
    ask_act(&mut model, Action::Answer(room(1), 1, 0));
    assert_eq!(model.desk.focus.0, Focus::Field, "back to the search");
}

#[test]
fn what_a_form_was_refused_for_is_not_said_of_the_next_one() {
    let mut model = asked();
    let toggle = crate::model::desk::Action::Toggle(Overlay::NewAsk);
    act(&mut model, crate::Action::Desk(toggle.clone()));
    ask_act(&mut model, Action::SendAsk);
    assert!(!trouble(&model).is_empty());
    act(&mut model, crate::Action::Desk(crate::model::desk::Action::Back));
    act(&mut model, crate::Action::Desk(toggle));
    assert_eq!(trouble(&model), "");
}
