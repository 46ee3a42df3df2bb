//! Warproom's own form of a webhook's message, for whoever writes a sender: the fields of an alert,
//! in the protocol's words. Unknown fields and unknown words are refused with a sentence, so that a
//! mistake is seen by whoever made it.

use serde::Deserialize;
use serde_json::{Map, Value};
use warproom_proto::alert::Source;
use warproom_proto::calls::PostAlert;
use warproom_proto::{
    Alert, Certainty, EntryId, Label, Line, Message, Reporting, Severity, Subject, Text, Urgency,
};

use super::terms::Terms;
use super::{Answer, Draft, entry_id, wording};

/// A message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// What it says in one line.
    headline: String,
    /// What has happened, in Markdown.
    text: Option<String>,
    /// What its readers should do, in Markdown.
    what_to_do: Option<String>,
    /// How bad it is.
    severity: Option<Severity>,
    /// How soon something is to be done.
    urgency: Option<Urgency>,
    /// How sure it is.
    certainty: Option<Certainty>,
    /// What it does to an earlier one of the same id.
    message: Option<Message>,
    /// Who may read it; at least the webhook's own.
    label: Option<Label>,
    /// What it is about.
    #[serde(default)]
    subjects: Vec<Subject>,
    /// Where more is to be read.
    #[serde(default)]
    references: Vec<Line>,
    /// What it is where it comes from: a further message of the same id takes its place.
    id: Option<Line>,
    /// Which revision of it this is: the same one again posts nothing.
    revision: Option<Line>,
    /// Whether it belongs to an exercise.
    #[serde(default)]
    exercise: bool,
}

/// Reads a message to an alert.
pub fn read(message: Map<String, Value>, terms: &Terms) -> Result<Draft, Answer> {
    let fields: Fields = serde_json::from_value(Value::Object(message))
        .map_err(|error| refuse(&error.to_string()))?;
    let source = match (&fields.id, &fields.revision) {
        (Some(id), Some(revision)) => Some(Source { id: id.clone(), revision: revision.clone() }),
        (None, None) => None,
        _ => return Err(refuse("id and revision stand together")),
    };
    let message = fields.message.unwrap_or_default();
    match message {
        Message::Update if source.is_none() => {
            return Err(refuse("an update needs id and revision"));
        }
        Message::Cancel if source.is_none() => {
            return Err(refuse("a cancel needs id and revision"));
        }
        Message::Alert | Message::Update | Message::Cancel => {}
    }
    let headline: Line = wording::text(&fields.headline)
        .parse()
        .map_err(|error| refuse(&format!("headline: {error}")))?;
    let text = words("text", fields.text.as_deref())?;
    let what_to_do = words("what_to_do", fields.what_to_do.as_deref())?;
    let said = [
        Some(headline.as_str()),
        text.as_ref().map(Text::as_str),
        what_to_do.as_ref().map(Text::as_str),
    ];
    let label = terms.label(fields.label, said.into_iter().flatten())?;
    Ok(Draft::Alert(Box::new(PostAlert {
        room: terms.room,
        id: source
            .as_ref()
            .map_or_else(EntryId::random, |source| entry_id(terms.bot, source, fields.exercise)),
        label,
        alert: Alert {
            severity: fields.severity.unwrap_or(Severity::Unknown),
            urgency: fields.urgency.unwrap_or(Urgency::Unknown),
            certainty: fields.certainty.unwrap_or(Certainty::Unknown),
            message,
            issued_at_ms: None,
            effective_at_ms: None,
            expires_at_ms: None,
            source,
            supersedes: None,
        },
        headline,
        text,
        what_to_do,
        references: fields.references,
        issuer: None,
        subjects: fields.subjects,
        ask: None,
        common_cause: Reporting::No,
        exercise: fields.exercise,
        files: Vec::new(),
    })))
}

/// A text that may be missing or empty.
fn words(field: &str, raw: Option<&str>) -> Result<Option<Text>, Answer> {
    let clean = raw.map(wording::text).filter(|text| !text.is_empty());
    let read = |text: String| text.parse().map_err(|error| refuse(&format!("{field}: {error}")));
    clean.map(read).transpose()
}

fn refuse(problem: &str) -> Answer {
    Answer::sentence(400, format!("this message is not understood, nothing was posted: {problem}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alert(message: Value) -> Result<PostAlert, Answer> {
        let Value::Object(message) = message else { panic!("not an object") };
        match read(message, &Terms::sample())? {
            Draft::Alert(alert) => Ok(*alert),
            Draft::Post(_) => panic!("a post"),
        }
    }

    #[test]
    fn every_field_arrives_where_it_belongs() {
        let read = alert(json!({
            "headline": "Patch now", "text": "It is\r\nexploited.", "what_to_do": "Patch.",
            "severity": "severe", "urgency": "immediate", "certainty": "observed",
            "label": "TLP:AMBER", "subjects": [{"vendor": "Ivanti"}, {"cve": "CVE-2024-21887"}],
            "references": ["https://a.example/1"], "id": "adv-1", "revision": "2", "exercise": true,
        }));
        let read = read.unwrap();
        assert_eq!(read.headline.as_str(), "Patch now");
        assert_eq!(read.text.unwrap().as_str(), "It is\nexploited.");
        assert_eq!(read.what_to_do.unwrap().as_str(), "Patch.");
        assert_eq!(read.alert.severity, Severity::Severe);
        assert_eq!(read.alert.urgency, Urgency::Immediate);
        assert_eq!(read.alert.certainty, Certainty::Observed);
        assert_eq!((read.label, read.subjects.len(), read.references.len()), (Label::Amber, 2, 1));
        assert_eq!(read.alert.source.unwrap().revision.as_str(), "2");
        assert!(read.exercise);
    }

    #[test]
    fn a_headline_alone_is_enough_and_nothing_is_made_up() {
        let read = alert(json!({"headline": "Something"})).unwrap();
        assert_eq!(read.alert.severity, Severity::Unknown);
        assert_eq!((read.label, read.alert.source), (Label::Green, None));
        let again = alert(json!({"headline": "Something"})).unwrap();
        assert!(read.id != again.id, "two messages without an id are two");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (wrong, named) in [
            (json!({"headline": "a", "sevrity": "severe"}), "sevrity"),
            (json!({"headline": "a", "severity": "critical"}), "critical"),
            (json!({"headline": "a", "label": "TLP:AMBER STRICT"}), "TLP:AMBER+STRICT"),
            (json!({"headline": "", "text": "b"}), "headline"),
            (json!({"headline": "a\nb"}), "headline"),
            (json!({"headline": 5}), "string"),
            (json!({"headline": "a", "id": "b"}), "revision"),
            (json!({"headline": "a", "revision": "b"}), "id"),
            (json!({"headline": "a", "message": "cancel"}), "a cancel needs id and revision"),
            (json!({"headline": "a", "message": "update"}), "an update needs id and revision"),
            (json!({"headline": "a", "message": "cancel", "id": "b"}), "stand together"),
            (json!({"headline": "a", "text": "x".repeat(70_000)}), "text: a text has"),
            (json!({"headline": "a", "subjects": [{"supplier": "b"}]}), "supplier"),
        ] {
            let answer = alert(wrong).err().unwrap();
            assert_eq!(answer.status, 400);
            assert!(answer.text.contains(named), "{named}: {}", answer.text);
        }
    }

    #[test]
    fn a_stated_label_raises_and_one_above_the_grant_is_refused() {
        let label = |label| alert(json!({"headline": "a", "label": label})).map(|read| read.label);
        assert_eq!(label("TLP:CLEAR"), Ok(Label::Green));
        assert_eq!(label("TLP:AMBER"), Ok(Label::Amber));
        assert_eq!(label("TLP:RED").err().unwrap().status, 403);
        let spelt = alert(json!({"headline": "a", "what_to_do": "keep it TLP:RED"}));
        assert_eq!(spelt.err().unwrap().status, 403);
    }
}
