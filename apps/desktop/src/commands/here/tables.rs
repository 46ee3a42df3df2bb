//! The tables, one for each place.

use egui::{Key, KeyboardShortcut, Modifiers};
use warproom_client::proto::Label;

use super::{Here, Row, by, plain, rows};
use crate::model::room::Act;
use crate::model::rooms::Direction;
use crate::model::settings::{SendWith, Settings};

/// What the window's library does with every control and field by itself.
pub(super) const BY_EGUI: [(&str, &str); 6] = [
    ("Tab", "Next control"),
    ("Shift+Tab", "Control before"),
    ("Enter or Space", "Do what the control says"),
    ("Ctrl+C", "Copy what is marked, with its label"),
    ("Ctrl+X, Ctrl+V", "Cut and paste in a field"),
    ("Ctrl+Z, Ctrl+Y", "Undo and redo in a field"),
];

/// The tables by the places that have the keyboard, as the list of shortcuts shows them.
pub(super) fn all(settings: &Settings) -> Vec<(&'static str, Vec<Row>)> {
    let with = settings.send_with;
    vec![
        ("In the timeline", rows(TIMELINE)),
        ("In what waits for an answer", rows(CARD)),
        ("In the composer", [rows(sends(with)), rows(new_lines(with))].concat()),
        ("In an empty composer", rows(LATEST)),
        ("In the composer's offers", rows(OFFERS)),
        ("On labels to choose from", rows(LABELS)),
        ("In the list of rooms", rows(ROOM_LIST)),
        ("In a list that a field narrows", rows(PICKER)),
        ("In a field", rows(FIELD)),
        ("In the emoji", rows(EMOJI)),
        ("In a form", rows(FORM)),
        ("In the tabs of managing", rows(TABS)),
    ]
}

/// A key in the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeline {
    /// Choose the entry above or below.
    Choose(Direction),
    /// Scroll by a screen.
    Screen(Direction),
    /// To the first entry of the room.
    First,
    /// To the newest.
    Newest,
    /// Do this with the chosen entry.
    Do(Act),
}

const DETAILS: &str = "Show who has read the chosen entry, and its history";

/// In the timeline.
pub const TIMELINE: &[Here<Timeline>] = &[
    on(Timeline::Choose(Direction::Back), "Choose the entry above", &[plain(Key::ArrowUp)]),
    on(Timeline::Choose(Direction::On), "Choose the entry below", &[plain(Key::ArrowDown)]),
    on(Timeline::Screen(Direction::Back), "Scroll up by a screen", &[plain(Key::PageUp)]),
    on(Timeline::Screen(Direction::On), "Scroll down by a screen", &[plain(Key::PageDown)]),
    on(Timeline::First, "Go to the first entry", &[plain(Key::Home)]),
    on(Timeline::Newest, "Go to the newest entry", &[plain(Key::End)]),
    on(Timeline::Do(Act::Thread), "Open the thread of the chosen entry", &[plain(Key::Enter)]),
    on(Timeline::Do(Act::Reply), "Reply to the chosen entry", &[plain(Key::R)]),
    on(Timeline::Do(Act::Quote), "Quote the chosen entry", &[plain(Key::Q)]),
    on(Timeline::Do(Act::Copy), "Copy the chosen entry with its label", &[plain(Key::C)]),
    on(Timeline::Do(Act::React), "React to the chosen entry…", &[plain(Key::Plus)]),
    on(Timeline::Do(Act::Edit), "Edit the chosen entry", &[plain(Key::E)]),
    on(Timeline::Do(Act::Details), DETAILS, &[plain(Key::D)]),
    on(Timeline::Do(Act::TakeBack), "Take the chosen entry back…", &[plain(Key::Delete)]),
];

/// A key on the card of an ask that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// Answer with the option at this place.
    Answer(usize),
    /// Open the form for an answer with a note.
    Form,
    /// To the card beside it.
    Step(Direction),
}

const ANSWER: &str = "Answer with that option";

/// On the card of an ask that waits.
pub const CARD: &[Here<Card>] = &[
    on(Card::Answer(0), ANSWER, &[plain(Key::Num1)]),
    on(Card::Answer(1), ANSWER, &[plain(Key::Num2)]),
    on(Card::Answer(2), ANSWER, &[plain(Key::Num3)]),
    on(Card::Answer(3), ANSWER, &[plain(Key::Num4)]),
    on(Card::Answer(4), ANSWER, &[plain(Key::Num5)]),
    on(Card::Answer(5), ANSWER, &[plain(Key::Num6)]),
    on(Card::Answer(6), ANSWER, &[plain(Key::Num7)]),
    on(Card::Answer(7), ANSWER, &[plain(Key::Num8)]),
    on(Card::Form, "Answer with a note", &[plain(Key::Enter)]),
    on(Card::Step(Direction::Back), "Ask before", &[plain(Key::ArrowLeft)]),
    on(Card::Step(Direction::On), "Next ask", &[plain(Key::ArrowRight)]),
];

const SEND: &str = "Send what I wrote";
const CTRL_ENTER: KeyboardShortcut = by(Modifiers::COMMAND, Key::Enter);
const ENTER_SENDS: &[Here<()>] = &[on((), SEND, &[plain(Key::Enter), CTRL_ENTER])];
const CTRL_ENTER_SENDS: &[Here<()>] = &[on((), SEND, &[CTRL_ENTER])];

/// In the composer: what sends.
pub const fn sends(with: SendWith) -> &'static [Here<()>] {
    match with {
        SendWith::Enter => ENTER_SENDS,
        SendWith::CtrlEnter => CTRL_ENTER_SENDS,
    }
}

const NEW_LINE: &str = "Begin a new line";
const BY_SHIFT_ENTER: &[Here<()>] = &[on((), NEW_LINE, &[by(Modifiers::SHIFT, Key::Enter)])];
const BY_ENTER: &[Here<()>] = &[on((), NEW_LINE, &[plain(Key::Enter)])];

/// In the composer: what begins a new line. The field itself reads it.
const fn new_lines(with: SendWith) -> &'static [Here<()>] {
    match with {
        SendWith::Enter => BY_SHIFT_ENTER,
        SendWith::CtrlEnter => BY_ENTER,
    }
}

/// The keys that begin a new line in the composer.
pub const fn new_line(with: SendWith) -> KeyboardShortcut {
    new_lines(with)[0].keys[0]
}

/// In a composer with nothing written in it.
pub const LATEST: &[Here<()>] = &[on((), "Edit my latest entry", &[plain(Key::ArrowUp)])];

/// A key while the composer offers something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Choose another.
    Step(Direction),
    /// Take it.
    Take,
    /// Take none.
    Close,
}

/// In the composer while names or emoji are offered.
pub const OFFERS: &[Here<Offer>] = &[
    on(Offer::Step(Direction::Back), "Offer above", &[plain(Key::ArrowUp)]),
    on(Offer::Step(Direction::On), "Offer below", &[plain(Key::ArrowDown)]),
    on(Offer::Take, "Take the offer", &[plain(Key::Enter), plain(Key::Tab)]),
    on(Offer::Close, "Take none", &[plain(Key::Escape)]),
];

const LABEL: &str = "Choose that label";

/// On labels to choose from: in the composer and in every form.
pub const LABELS: &[Here<Label>] = &[
    on(Label::Clear, LABEL, &[plain(Key::Num1)]),
    on(Label::Green, LABEL, &[plain(Key::Num2)]),
    on(Label::Amber, LABEL, &[plain(Key::Num3)]),
    on(Label::AmberStrict, LABEL, &[plain(Key::Num4)]),
    on(Label::Red, LABEL, &[plain(Key::Num5)]),
];

/// In the list of rooms.
pub const ROOM_LIST: &[Here<Direction>] = &[
    on(Direction::Back, "To the room above, not opening it", &[plain(Key::ArrowUp)]),
    on(Direction::On, "To the room below, not opening it", &[plain(Key::ArrowDown)]),
];

/// In a field that narrows a list: the switcher, the palette, the search.
pub const PICKER: &[Here<Direction>] = &[
    on(Direction::Back, "Choose the line above", &[plain(Key::ArrowUp)]),
    on(Direction::On, "Choose the line below", &[plain(Key::ArrowDown)]),
];

/// In a field of one line.
pub const FIELD: &[Here<()>] = &[on((), "Take what is written or chosen", &[plain(Key::Enter)])];

/// In the field of the emoji picker.
pub const EMOJI: &[Here<()>] = &[on((), "From the field to the emoji", &[plain(Key::ArrowDown)])];

/// In the form of an ask, an alert or an answer.
pub const FORM: &[Here<()>] = &[on((), "Send the form that is open", &[CTRL_ENTER])];

/// On the tabs of managing.
pub const TABS: &[Here<Direction>] = &[
    on(Direction::Back, "Page before", &[plain(Key::ArrowLeft)]),
    on(Direction::On, "Next page", &[plain(Key::ArrowRight)]),
];

const fn on<M: Copy>(does: M, name: &'static str, keys: &'static [KeyboardShortcut]) -> Here<M> {
    Here { does, name, keys }
}
