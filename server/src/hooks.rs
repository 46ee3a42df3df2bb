//! Webhooks: programs that speak no WebSocket post into a room by one HTTP request.
//!
//! A webhook belongs to a bot: its secret, the last part of its address, names the bot, whose grant
//! bounds what it may do. A body is told by its shape: Slack's and Mattermost's ([`slack`]),
//! Alertmanager's ([`alertmanager`]), or Warproom's own ([`own`]). Each is read, without any effect,
//! to a [`Draft`]; then the draft is posted as the bot, by the same functions as its calls.
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
use data_encoding::BASE32_NOPAD;
use serde_json::{Map, Value};
use warproom_proto::alert::Source;
use warproom_proto::calls::{PostAlert, PostEntry};
use warproom_proto::register::Bot;
use warproom_proto::{BotId, EntryId, Error, Principal, Secret};

pub use answer::Answer;
use answer::Shape;
use terms::Terms;

use crate::calls;
use crate::context::Context;
use crate::identity;
use crate::journal::now_ms;

/// What a webhook's secret begins with, so that a scanner for leaked secrets knows one. Letters and
/// digits only, as all of it: Slack's clients take nothing else in the last part of an address.
const SECRET_PREFIX: &str = "wphook";

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A new webhook's secret.
pub fn new_secret() -> Result<Secret, aws_lc_rs::error::Unspecified> {
    let mut bytes = [0; SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut bytes)?;
    // As long as it gets, so that no part of it stays behind in memory that was too short.
    let length = SECRET_PREFIX.len() + BASE32_NOPAD.encode_len(SECRET_BYTES);
    let mut text = String::with_capacity(length);
    text.push_str(SECRET_PREFIX);
    BASE32_NOPAD.encode_append(&bytes, &mut text);
    text.make_ascii_lowercase();
    Ok(text.into())
}

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
    let message = message(body).ok_or(Answer::INVALID_PAYLOAD)?;
    let shape = shape(&message);
    let draft = {
        let state = context.state();
        let terms = Terms::new(&state, bot)?;
        let mut draft = match shape {
            Shape::Slack => slack::read(&message, &terms)?,
            Shape::Alertmanager => alertmanager::read(message, &terms)?,
            Shape::Own => own::read(message, &terms)?,
        };
        if let Draft::Alert(alert) = &mut draft {
            terms.follow_up(&state, alert);
        }
        draft
    };
    let author = Principal::Bot(bot.bot);
    let posted = match draft {
        Draft::Post(post) => calls::post_as(context, author, *post).await,
        Draft::Alert(alert) => calls::alert_as(context, author, *alert).await,
    };
    posted.map(drop).map_err(|error: Error| shape.refuse(&error))
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

/// The name of an entry that is the same for the same revision of the same message, so that a
/// repetition is answered with the first one's result: a version 8 UUID (RFC 9562 §5.8).
fn entry_id(bot: BotId, source: &Source) -> EntryId {
    let mut digest = Digest::new(&SHA256);
    digest.update(b"warproom.hook.v1");
    digest.update(bot.as_bytes());
    for part in [source.id.as_str(), source.revision.as_str()] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finish().as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    EntryId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_letters_and_digits_with_256_random_bits_and_never_alike() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        let text = one.expose();
        assert!(text.starts_with("wphook") && text.len() == 6 + 52, "{} characters", text.len());
        assert!(text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        assert!(text != other.expose());
    }

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
    fn the_same_revision_has_the_same_name_and_no_other_has_it() {
        let source = |id: &str, revision: &str| Source {
            id: id.parse().unwrap(),
            revision: revision.parse().unwrap(),
        };
        let bot = BotId::random();
        let name = entry_id(bot, &source("a", "bc"));
        assert_eq!(name, entry_id(bot, &source("a", "bc")));
        let others = [(bot, "ab", "c"), (bot, "a", "bd"), (BotId::random(), "a", "bc")];
        assert!(others.iter().all(|(bot, id, at)| entry_id(*bot, &source(id, at)) != name));
        assert!(name.to_string().parse::<EntryId>().is_ok());
        assert_eq!(&name.to_string()[14..15], "8");
    }
}
