//! Messages in the form of Slack's incoming webhooks, as Mattermost takes them too: `text`,
//! `attachments`, `blocks`, and the overrides `channel` and `username`.
//!
//! What is for people to read becomes one text. What is not is left out: colours, images and their
//! addresses, buttons. Mentions become words and call nobody. A `null` among the items of a list is
//! passed over, as Mattermost does.

use serde_json::{Map, Value};
use warproom_proto::calls::PostEntry;
use warproom_proto::{EntryId, RoomId, Text};

use super::mrkdwn::{link, plain};
use super::terms::Terms;
use super::{Answer, Draft, wording};

/// How much of a sender's name is shown, in characters: what a name has here.
const NAME_CHARS: usize = 80;

type Object = Map<String, Value>;

/// Reads a message to a post.
pub fn read(message: &Object, terms: &Terms) -> Result<Draft, Answer> {
    let room = room(message, terms)?;
    let body = body(message)?;
    if body.is_empty() {
        return Err(Answer::NO_TEXT);
    }
    let said = match string(message, "username")? {
        Some(name) => match wording::line(&plain(name), NAME_CHARS) {
            name if name.is_empty() => body,
            name => format!("as “{name}”\n{body}"),
        },
        None => body,
    };
    let label = terms.label(None, [&*said])?;
    let text: Text = said.parse().map_err(|_| Answer::TOO_LONG)?;
    Ok(Draft::Post(Box::new(PostEntry {
        room,
        id: EntryId::random(),
        label,
        text,
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: Vec::new(),
    })))
}

/// Where it goes: to the webhook's room, or to the one it names if that is in the grant.
fn room(message: &Object, terms: &Terms) -> Result<RoomId, Answer> {
    match string(message, "channel")?.map(str::trim) {
        None | Some("") => Ok(terms.room),
        Some(channel) => terms.room_named(channel).ok_or(Answer::CHANNEL_NOT_FOUND),
    }
}

/// All that there is to read, one part under the other.
fn body(message: &Object) -> Result<String, Answer> {
    let mut parts = Parts::default();
    let blocks = blocks(message)?;
    let text = string(message, "text")?.map(plain).unwrap_or_default();
    // Beside blocks, the text is what a notification says of them: most often the same.
    if !blocks.contains(text.trim()) {
        parts.add(&text);
    }
    parts.add(&blocks);
    for attachment in items(message, "attachments")? {
        parts.add(&self::attachment(attachment)?);
    }
    Ok(wording::text(&parts.0))
}

fn attachment(attachment: &Object) -> Result<String, Answer> {
    let of = |name| Ok::<_, Answer>(string(attachment, name)?.map(plain).unwrap_or_default());
    let mut parts = Parts::default();
    parts.add(&of("pretext")?);
    parts.add(&of("author_name")?);
    let (title, address) = (of("title")?, string(attachment, "title_link")?);
    parts.add(&match address.filter(|_| !title.is_empty()) {
        Some(address) => link(address, &title),
        None => title,
    });
    parts.add(&of("text")?);
    for field in items(attachment, "fields")? {
        let [title, value] = ["title", "value"].map(|name| scalar(field.get(name)));
        let (title, value) = (plain(&title), plain(&value));
        let both = !title.is_empty() && !value.is_empty();
        parts.add(&format!("{title}{}{value}", if both { ": " } else { "" }));
    }
    parts.add(&blocks(attachment)?);
    if parts.0.is_empty() {
        parts.add(&of("fallback")?);
    }
    parts.add(&of("footer")?);
    Ok(parts.0)
}

/// The words of Block Kit's blocks. Blocks of kinds that have none, or that are not known, say nothing.
fn blocks(message: &Object) -> Result<String, Answer> {
    let mut parts = Parts::default();
    for block in items(message, "blocks")? {
        match kind(block) {
            "header" | "section" | "markdown" => {
                parts.add(&words(block.get("text")));
                for field in list(block.get("fields")) {
                    parts.add(&words(Some(field)));
                }
            }
            "context" => {
                let said = list(block.get("elements")).iter().map(|element| words(Some(element)));
                parts.add(&said.filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" "));
            }
            "rich_text" => {
                let mut said = String::new();
                rich(list(block.get("elements")), &mut said);
                parts.add(&said);
            }
            "image" => {
                parts.add(&words(block.get("title")));
                parts.add(&plain(&scalar(block.get("alt_text"))));
            }
            _ => {}
        }
    }
    Ok(parts.0)
}

/// The words of a text object, or of a bare string where one stands for it.
fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => plain(text),
        Some(Value::Object(object)) => match kind(object) {
            "plain_text" | "mrkdwn" => plain(&scalar(object.get("text"))),
            "image" => plain(&scalar(object.get("alt_text"))),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// The words of rich text, which nests no deeper than JSON may.
fn rich(elements: &[Value], said: &mut String) {
    for element in elements.iter().filter_map(Value::as_object) {
        match kind(element) {
            "rich_text_list" => {
                for item in list(element.get("elements")) {
                    said.push_str("- ");
                    rich(std::slice::from_ref(item), said);
                }
            }
            kind => {
                if let Some(word) = rich_word(kind, element) {
                    said.push_str(&word);
                } else {
                    rich(list(element.get("elements")), said);
                    said.push('\n');
                }
            }
        }
    }
}

/// The words of an element of rich text that has no others in it.
fn rich_word(kind: &str, element: &Object) -> Option<String> {
    let of = |name| scalar(element.get(name));
    Some(match kind {
        "text" => of("text"),
        "link" => link(&of("url"), &of("text")),
        "emoji" => format!(":{}:", of("name")),
        "user" => format!("@{}", of("user_id")),
        "usergroup" => format!("@{}", of("usergroup_id")),
        "channel" => format!("#{}", of("channel_id")),
        "broadcast" => format!("@{}", of("range")),
        "date" => of("fallback"),
        _ => return None,
    })
}

/// Parts of a text, each on lines of its own.
#[derive(Default)]
struct Parts(String);

impl Parts {
    fn add(&mut self, part: &str) {
        let part = part.trim();
        if !part.is_empty() {
            if !self.0.is_empty() {
                self.0.push('\n');
            }
            self.0.push_str(part);
        }
    }
}

fn kind(object: &Object) -> &str {
    object.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A value as it is shown: senders write numbers where texts are meant.
fn scalar(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

/// A field that is a text, if it is there at all.
fn string<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, Answer> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Answer::INVALID_PAYLOAD),
    }
}

/// The objects of a field that is a list of them, if it is there at all.
fn items<'a>(object: &'a Object, name: &str) -> Result<Vec<&'a Object>, Answer> {
    let list = match object.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Answer::INVALID_PAYLOAD),
    };
    let present = list.iter().filter(|item| !item.is_null());
    present.map(|item| item.as_object().ok_or(Answer::INVALID_PAYLOAD)).collect()
}

#[cfg(test)]
mod tests;
