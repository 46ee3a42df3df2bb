//! JSON Feed 1.0 and 1.1 (jsonfeed.org).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::{Draft, Whole, escaped};
use crate::formats::{Refusal, json_text};
use crate::plain;

#[derive(Deserialize)]
struct Document<'a> {
    version: Option<String>,
    title: Option<String>,
    home_page_url: Option<String>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

pub(super) fn read(document: &[u8]) -> Result<(Whole, Vec<Result<Draft, String>>), Refusal> {
    let unreadable = |reason: String| Refusal::Unreadable { format: "a feed", reason };
    let text = json_text(document, "a feed")?;
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|e| unreadable(plain::line(&e.to_string(), 200)))?;
    let version = document.version.unwrap_or_default();
    if !version.contains("jsonfeed.org/version/") {
        return Err(unreadable("it is JSON, but not JSON Feed".to_owned()));
    }
    let base = document.home_page_url.and_then(|address| Url::parse(&address).ok());
    let title = escaped(&document.title.unwrap_or_default());
    let whole = Whole { title, base, ..Whole::default() };
    let drafts = document.items.unwrap_or_default();
    let drafts = drafts.into_iter().filter(|raw| raw.get() != "null").map(draft).collect();
    Ok((whole, drafts))
}

fn draft(raw: &RawValue) -> Result<Draft, String> {
    let item: Value =
        serde_json::from_str(raw.get()).map_err(|e| plain::line(&e.to_string(), 200))?;
    if !item.is_object() {
        return Err("it is not an object".to_owned());
    }
    let text = |key: &str| match &item[key] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let words = ["content_text", "summary"].map(text);
    let html = text("content_html");
    let said = words.iter().find(|text| !text.trim().is_empty());
    let tags = item["tags"].as_array().into_iter().flatten();
    Ok(Draft {
        id: text("id"),
        links: ["url", "external_url"].map(text).into_iter().filter(|l| !l.is_empty()).collect(),
        title: escaped(&text("title")),
        text: if html.trim().is_empty() { escaped(said.map_or("", String::as_str)) } else { html },
        published: text("date_published"),
        updated: text("date_modified"),
        categories: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        rights: Vec::new(),
    })
}
