//! What lies over the page: forms, pickers, lists, questions.

use warproom_client::proto::calls::Found;
use warproom_client::proto::{Label, Reporting, Severity, Urgency};
use warproom_desktop::fixture::{self, NOW_MS};
use warproom_desktop::model::ask::{self, AlertForm, AnswerForm, AskForm, Preset};
use warproom_desktop::model::desk::{self, Overlay};
use warproom_desktop::model::find::{self, Query};
use warproom_desktop::model::manage::{self, Deed};
use warproom_desktop::{Action, Model, News};

use super::{CONTRAST, DARK, LIGHT, Scenes, act, hear, toggle};

pub fn scenes(scenes: &mut Scenes) {
    scenes.form("switcher", DARK, switcher);
    scenes.one("switcher", CONTRAST, switcher);
    scenes.form("palette", LIGHT, palette);
    scenes.form("search", DARK, search);
    scenes.form("search-empty", LIGHT, search_empty);
    scenes.one("date", LIGHT, date);
    scenes.form("new-alert", LIGHT, new_alert);
    scenes.one("new-alert", CONTRAST, new_alert);
    scenes.form("new-ask", DARK, new_ask);
    scenes.form("answer", LIGHT, answer);
    scenes.one("emoji", DARK, emoji);
    scenes.form("link", LIGHT, link);
    scenes.form("shortcuts", DARK, shortcuts);
    scenes.one("confirm", LIGHT, confirm);
    scenes.one("confirm", CONTRAST, confirm);
}

fn over(overlay: Overlay) -> Model {
    let mut model = fixture::incident_model();
    toggle(&mut model, overlay);
    model
}

fn switcher() -> Model {
    let mut model = fixture::incident_model();
    fixture::many_rooms(&mut model, 200);
    toggle(&mut model, Overlay::Switcher);
    act(&mut model, Action::Find(find::Action::SwitcherWords("group 1".to_owned())));
    model
}

fn palette() -> Model {
    over(Overlay::Palette)
}

fn search_empty() -> Model {
    over(Overlay::Search)
}

fn search() -> Model {
    let mut model = over(Overlay::Search);
    let words = "shared service".to_owned();
    let query = Query { words, ..Query::default() };
    act(&mut model, Action::Find(find::Action::Query(query)));
    act(&mut model, Action::Find(find::Action::Search));
    let number = model.find.search.number;
    let hit = |author, label, text: &str, minutes: i64| {
        let entry = fixture::post(author, label, text);
        let seq = 40 - minutes.unsigned_abs() / 10;
        fixture::delivered(fixture::room(1), seq, NOW_MS - minutes * 60_000, entry)
    };
    let long =
        "We have looked at it again, at length, and with the supplier on the telephone. ".repeat(4);
    let hits = [
        hit(1, Label::AmberStrict, "Anyone else on the shared service seeing this?", 6),
        hit(
            6,
            Label::Red,
            &format!("{long}The shared service was entered through a managed account."),
            30,
        ),
        hit(2, Label::Green, "The shared service moves to its new address in March.", 300),
    ];
    for hit in hits {
        hear(&mut model, &News::Found { search: number, hit });
    }
    let end = Ok(Found { hits: 3, looked_at: 412, next_before: Some(2) });
    hear(&mut model, &News::SearchEnded { search: number, end });
    model
}

fn date() -> Model {
    let mut model = over(Overlay::JumpToDate);
    act(&mut model, Action::Find(find::Action::Date("last Monday".to_owned())));
    model
}

fn new_alert() -> Model {
    let mut model = over(Overlay::NewAlert);
    let form = AlertForm {
        headline: "Ivanti Connect Secure: two zero-days exploited".to_owned(),
        text: "CVE-2023-46805 and CVE-2024-21887, chained.".to_owned(),
        severity: Some(Severity::Severe),
        urgency: Urgency::Immediate,
        subjects: "CVE-2023-46805\nIvanti".to_owned(),
        reporting: Reporting::Anonymous,
        label: Some(Label::Green),
        ..AlertForm::default()
    };
    act(&mut model, Action::Ask(ask::Action::AlertForm(form)));
    model
}

fn new_ask() -> Model {
    let mut model = over(Overlay::NewAsk);
    let form = AskForm {
        text: "Which of you run Ivanti Connect Secure?".to_owned(),
        due_in_minutes: "45".to_owned(),
        options: Preset::RollCall.options().join("\n"),
        ..AskForm::default()
    };
    act(&mut model, Action::Ask(ask::Action::AskForm(form)));
    model
}

fn answer() -> Model {
    let mut model = fixture::incident_model();
    act(&mut model, Action::Ask(ask::Action::OpenAnswer(fixture::room(1), 4)));
    let form = AnswerForm {
        choice: Some(1),
        note: "We look at the gateway first.".to_owned(),
        ..AnswerForm::default()
    };
    act(&mut model, Action::Ask(ask::Action::AnswerForm(form)));
    model
}

fn emoji() -> Model {
    over(Overlay::Emoji { react_to: Some(2) })
}

fn link() -> Model {
    let mut model = fixture::incident_model();
    let link = "https://www.ncsc.gov.uk.login.example.net/guidance/a-very-long-path/that-goes-on/and-on/until-nobody-reads-it?session=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    act(&mut model, Action::Desk(desk::Action::LookAtLink(link.to_owned())));
    model
}

fn shortcuts() -> Model {
    over(Overlay::Shortcuts)
}

fn confirm() -> Model {
    let mut model = fixture::incident_model();
    let remove = Deed::Remove(fixture::member(3));
    act(&mut model, Action::Manage(manage::Action::Ask(remove)));
    model
}
