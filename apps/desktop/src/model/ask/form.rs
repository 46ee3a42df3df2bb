//! What is being written: an answer, an ask, an alert. Everything typed is kept as it was typed, and
//! read when it is sent, so that nothing is lost by being refused.

use warproom_client::proto::{
    Ask, Certainty, Label, Message, Reporting, RoomId, Seq, Severity, Urgency,
};

/// An answer being written.
#[derive(Clone, Default)]
pub struct AnswerForm {
    /// Which of the options, by its place.
    pub choice: Option<usize>,
    /// What there is to add.
    pub note: String,
    /// Who may read it; none: whoever may read the ask.
    pub label: Option<Label>,
    /// The suppliers and products it is about, one a line.
    pub subjects: String,
    /// Whether it counts towards a common cause of these.
    pub reporting: Reporting,
}

/// An ask being written.
#[derive(Clone, Default)]
pub struct AskForm {
    /// What is asked.
    pub text: String,
    /// The options, from a preset or one's own, one a line.
    pub options: String,
    /// How many minutes there are to answer; empty: no time.
    pub due_in_minutes: String,
    /// The label; none: the room's default.
    pub label: Option<Label>,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// An alert being written.
#[derive(Clone)]
pub struct AlertForm {
    /// What it says in one line.
    pub headline: String,
    /// What has happened.
    pub text: String,
    /// What to do.
    pub what_to_do: String,
    /// How bad; none: not said yet, and it is not sent before.
    pub severity: Option<Severity>,
    /// How soon.
    pub urgency: Urgency,
    /// How sure.
    pub certainty: Certainty,
    /// What it is about, one a line.
    pub subjects: String,
    /// Whether it asks every organisation to acknowledge it.
    pub acknowledge: bool,
    /// How many minutes there are to do so; empty: no time.
    pub due_in_minutes: String,
    /// Whether it counts towards a common cause.
    pub reporting: Reporting,
    /// The label; none: the room's default.
    pub label: Option<Label>,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The alert it takes the place of, if it is not a new one.
    pub revises: Option<Revises>,
}

/// What an alert does to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revises {
    /// The room of both.
    pub room: RoomId,
    /// The earlier one.
    pub of: Seq,
    /// Whether it updates it, or says that it holds no more.
    pub message: Message,
}

impl Default for AlertForm {
    fn default() -> Self {
        Self {
            headline: String::new(),
            text: String::new(),
            what_to_do: String::new(),
            severity: None,
            urgency: Urgency::Unknown,
            certainty: Certainty::Unknown,
            subjects: String::new(),
            acknowledge: true,
            due_in_minutes: String::new(),
            reporting: Reporting::No,
            label: None,
            exercise: false,
            revises: None,
        }
    }
}

/// Options that everybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// An acknowledgement.
    Acknowledge,
    /// A roll call.
    RollCall,
}

impl Preset {
    /// Its options.
    pub const fn options(self) -> &'static [&'static str] {
        match self {
            Self::Acknowledge => &Ask::ACKNOWLEDGE,
            Self::RollCall => &Ask::ROLL_CALL,
        }
    }
}
