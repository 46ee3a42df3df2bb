//! Webhooks: programs that speak no WebSocket post into a room by one HTTP request.
//!
//! A webhook belongs to a bot: its secret, the last part of its address, names the bot, whose grant
//! bounds what it may do. Each request is taken off the bot's rate before it is read. A body is told
//! by its shape: Slack's and Mattermost's ([`slack`]), Alertmanager's ([`alertmanager`]), or Warproom's
//! own ([`own`]). Each is read, without any effect and without the state held, to a [`Draft`]; then
//! the draft is posted as the bot, by the same functions as its calls.
//!
//! It knows no HTTP beyond a status and a text to answer with. Nothing here writes a secret, an
//! address or a word of a message to the log.

mod alertmanager;
mod answer;
mod mrkdwn;
mod own;
mod slack;
mod terms;
mod tlp;
mod wording;

use std::sync::Arc;

use aws_lc_rs::digest::{Context as Digest, SHA256};
use serde_json::{Map, Value};
use warproom_proto::alert::Source;
use warproom_proto::calls::{PostAlert, PostEntry};
use warproom_proto::register::Bot;
use warproom_proto::rpc::request_text;
use warproom_proto::{BotId, EntryId, Error, Principal, Secret};

pub use answer::{Answer, Shape};
use terms::Terms;

use crate::calls;
use crate::context::Context;
use crate::decoders::Posted;
use crate::identity;
use crate::journal::now_ms;
use crate::rate::Rate;

/// The bot whose webhook has this secret now. Wrong, revoked and expired are alike: none.
pub fn bot(context: &Context, secret: &Secret) -> Option<Bot> {
    context.state().register.bot_by_hook(&identity::hash(secret), now_ms()).cloned()
}

/// Reads what was posted to a bot's webhook and posts it to a room.
pub async fn receive(context: &Arc<Context>, bot: &Bot, body: &[u8]) -> Answer {
    let answer = match take(context, bot, body).await {
        Ok(()) => Answer::OK,
        Err(refusal) => refusal,
    };
    tracing::info!(bot = %bot.bot, bytes = body.len(), status = answer.status, "webhook");
    answer
}

async fn take(context: &Arc<Context>, bot: &Bot, body: &[u8]) -> Result<(), Answer> {
    let rate = Rate::of_bot(bot.grant.per_minute);
    let allowed = context.rates.take(Principal::Bot(bot.bot), rate);
    allowed.map_err(|error| glance(body).refuse(&error))?;
    let message = message(body).ok_or(Answer::INVALID_PAYLOAD)?;
    let shape = shape(&message);
    // Reading takes its time: it works on a copy, so that nobody waits for the state.
    let terms = Terms::new(&context.state(), bot)?;
    let mut draft = match shape {
        Shape::Slack => slack::read(&message, &terms)?,
        Shape::Alertmanager => alertmanager::read(message, &terms)?,
        Shape::Own => own::read(message, &terms)?,
    };
    if let Draft::Alert(alert) = &mut draft {
        let earlier = terms.earlier(&context.state(), alert);
        if let Some(earlier) = earlier {
            terms.follow(alert, &earlier);
            if shape == Shape::Alertmanager {
                alertmanager::follow(alert, &earlier, bot.bot);
            }
        }
    }
    let author = Principal::Bot(bot.bot);
    let posted = match draft {
        Draft::Post(post) => calls::post_as(context, author, *post).await,
        Draft::Alert(alert) => calls::alert_as(context, author, *alert).await,
    };
    posted.map(drop).map_err(|error: Error| shape.refuse(&error))
}

/// Reads a body as [`receive`] does, for the fuzz targets: nothing is posted.
pub fn decode(body: &[u8]) -> Posted {
    let read = || {
        let message = message(body).ok_or(Answer::INVALID_PAYLOAD)?;
        let terms = Terms::sample();
        match shape(&message) {
            Shape::Slack => slack::read(&message, &terms),
            Shape::Alertmanager => alertmanager::read(message, &terms),
            Shape::Own => own::read(message, &terms),
        }
    };
    let (label, request) = match read() {
        Ok(Draft::Post(post)) => (post.label, request_text(1, &*post)),
        Ok(Draft::Alert(alert)) => (alert.label, request_text(1, &*alert)),
        Err(refusal) => return Posted::Refused { status: refusal.status },
    };
    request.map_or(Posted::Refused { status: 500 }, |request| Posted::Call { label, request })
}

/// What a message asks to be appended.
enum Draft {
    Post(Box<PostEntry>),
    Alert(Box<PostAlert>),
}

/// The JSON object of a body: the body itself, or the field `payload` of a form. What a client says
/// of its content type is not asked: many send JSON as a form.
fn message(body: &[u8]) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(body).ok()?;
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    let mut fields = form_urlencoded::parse(body);
    let (_, payload) = fields.find(|(name, _)| name == "payload")?;
    serde_json::from_str(&payload).ok()
}

fn shape(message: &Map<String, Value>) -> Shape {
    let has = |name| message.contains_key(name);
    if has("groupKey") && has("alerts") {
        Shape::Alertmanager
    } else if has("headline") {
        Shape::Own
    } else {
        Shape::Slack
    }
}

/// Whose form a body seems to have that is not read: enough to refuse it in words that its sender
/// follows.
fn glance(body: &[u8]) -> Shape {
    const KEY: &[u8] = b"groupKey";
    if body.windows(KEY.len()).any(|part| part == KEY) { Shape::Alertmanager } else { Shape::Slack }
}

/// The name of an entry that is the same for the same revision of the same message, so that a
/// repetition is answered with the first one's result: a version 8 UUID (RFC 9562 §5.8). An exercise and
/// what is real are never the same message.
fn entry_id(bot: BotId, source: &Source, exercise: bool) -> EntryId {
    let mut digest = Digest::new(&SHA256);
    digest.update(b"warproom.hook.v1");
    digest.update(bot.as_bytes());
    for part in [source.id.as_str(), source.revision.as_str()] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    if exercise {
        digest.update(b"exercise");
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finish().as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    EntryId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use warproom_proto::Label;

    use super::*;

    #[test]
    fn a_body_is_json_or_a_form_and_its_fields_tell_its_shape() {
        let of = |body: &str| message(body.as_bytes()).map(|message| shape(&message));
        assert!(matches!(of(r#"{"text":"a"}"#), Some(Shape::Slack)));
        assert!(matches!(of("payload=%7B%22text%22%3A%22a+b%22%7D"), Some(Shape::Slack)));
        assert!(matches!(of("  {}"), Some(Shape::Slack)));
        assert!(matches!(of(r#"{"headline":"a"}"#), Some(Shape::Own)));
        assert!(matches!(of(r#"{"groupKey":"a","alerts":[]}"#), Some(Shape::Alertmanager)));
        for broken in ["", "[]", "text=a", "{", "payload=[1]", "payload=", "\u{0}"] {
            assert!(of(broken).is_none(), "{broken:?}");
        }
        assert!(message(b"{\"text\":\"\xff\"}").is_none());
        assert!(message("[".repeat(100_000).as_bytes()).is_none());
        assert!(message(format!("{{\"a\":{}", "[".repeat(90_000)).as_bytes()).is_none());
    }

    #[test]
    fn at_a_glance_a_group_of_alertmanagers_is_told_from_the_rest() {
        assert_eq!(glance(br#"{"groupKey":"a","alerts":[]}"#), Shape::Alertmanager);
        assert_eq!(glance(b"payload=%7B%22groupKey%22%3A1%7D"), Shape::Alertmanager);
        for other in [&b""[..], b"{", b"\xff", br#"{"text":"a"}"#, br#"{"headline":"a"}"#] {
            assert_eq!(glance(other), Shape::Slack);
        }
    }

    #[test]
    fn the_same_revision_has_the_same_name_and_no_other_has_it() {
        let source = |id: &str, revision: &str| Source {
            id: id.parse().unwrap(),
            revision: revision.parse().unwrap(),
        };
        let bot = BotId::random();
        let name = entry_id(bot, &source("a", "bc"), false);
        assert_eq!(name, entry_id(bot, &source("a", "bc"), false));
        assert!(name != entry_id(bot, &source("a", "bc"), true), "an exercise has its name");
        let others = [(bot, "ab", "c"), (bot, "a", "bd"), (BotId::random(), "a", "bc")];
        assert!(others.iter().all(|(bot, id, at)| entry_id(*bot, &source(id, at), false) != name));
        assert!(name.to_string().parse::<EntryId>().is_ok());
        assert_eq!(&name.to_string()[14..15], "8");
    }

    /// Any JSON object of the fields that senders use, with anything in them.
    fn any_object() -> impl proptest::strategy::Strategy<Value = Map<String, Value>> {
        use proptest::prelude::*;
        let names = prop::sample::select(vec![
            "text",
            "attachments",
            "blocks",
            "elements",
            "fields",
            "type",
            "title",
            "value",
            "channel",
            "username",
            "url",
            "version",
            "groupKey",
            "status",
            "alerts",
            "labels",
            "annotations",
            "summary",
            "instance",
            "commonLabels",
            "startsAt",
            "endsAt",
            "truncatedAlerts",
            "headline",
            "label",
            "severity",
            "id",
            "revision",
            "subjects",
            "references",
        ]);
        let words = prop::sample::select(vec![
            "",
            "4",
            "firing",
            "resolved",
            "section",
            "rich_text",
            "rich_text_list",
            "mrkdwn",
            "severe",
            "TLP:AMBER",
            "TLP:RED",
            "tlp amber strict",
            "<!channel> <https://a|b> ![c](d)",
            "db1.x:91",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            words.prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(5, 64, 6, move |inner| {
            let object = prop::collection::btree_map(names.clone(), inner.clone(), 0..8);
            let object = object.prop_map(|fields| {
                fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            });
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::Array),
                object.prop_map(Value::Object),
            ]
        });
        value.prop_filter_map("an object", |value| value.as_object().cloned())
    }

    #[test]
    fn whatever_is_sent_is_read_or_refused_and_never_under_a_milder_label() {
        proptest::proptest!(|(message in any_object())| {
            let terms = Terms::sample();
            let drafts = [
                slack::read(&message, &terms),
                alertmanager::read(message.clone(), &terms),
                own::read(message, &terms),
            ];
            for draft in drafts {
                let label = match draft {
                    Ok(Draft::Post(post)) => post.label,
                    Ok(Draft::Alert(alert)) => alert.label,
                    Err(refusal) => {
                        assert!((400..=404).contains(&refusal.status), "{refusal:?}");
                        continue;
                    }
                };
                assert!((Label::Green..=Label::Amber).contains(&label), "{label}");
            }
        });
    }
}
