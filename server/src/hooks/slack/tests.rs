//! What is read of messages in Slack's form.

use serde_json::json;
use warproom_proto::Label;

use super::*;

fn post(message: Value) -> Result<PostEntry, Answer> {
    let Value::Object(message) = message else { panic!("not an object") };
    match read(&message, &Terms::sample())? {
        Draft::Post(post) => Ok(*post),
        Draft::Alert(_) => panic!("an alert"),
    }
}

fn text(message: Value) -> String {
    post(message).map_or_else(|answer| answer.text.into(), |post| post.text.to_string())
}

#[test]
fn a_text_is_the_post() {
    let post = post(json!({"text": "<!channel> see <https://a.example|the page>"})).unwrap();
    assert_eq!(post.text.as_str(), "@channel see the page (https://a.example)");
    assert_eq!(post.label, Label::Green);
    assert!(post.mentions.is_empty());
}

#[test]
fn an_attachment_is_read_in_the_order_people_see_it() {
    let attachment = json!({
        "fallback": "not shown", "color": "danger", "pretext": "before", "author_name": "Monitor",
        "author_icon": "https://i.example/a.png", "title": "Disk full",
        "title_link": "https://m.example/1", "text": "99 %", "image_url": "https://i.example/b.png",
        "thumb_url": "https://i.example/c.png", "footer": "Monitor 5", "footer_icon": "https://i.example/d.png",
        "fields": [{"title": "Host", "value": "a1", "short": true}, null, {"title": "Load", "value": 5}, {"value": "x"}],
        "ts": 1_700_000_000,
    });
    let read = text(json!({"attachments": [null, attachment]}));
    let expected =
        "before\nMonitor\nDisk full (https://m.example/1)\n99 %\nHost: a1\nLoad: 5\nx\nMonitor 5";
    assert_eq!(read, expected);
    assert_eq!(text(json!({"attachments": [{"fallback": "only this"}]})), "only this");
}

#[test]
fn blocks_are_read_and_their_fallback_is_not_said_twice() {
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Outage"}},
        {"type": "divider"},
        null,
        {"type": "section", "text": {"type": "mrkdwn", "text": "*mail* is down"},
         "fields": [{"type": "mrkdwn", "text": "since 9"}, null],
         "accessory": {"type": "image", "image_url": "https://i.example/x.png", "alt_text": "x"}},
        {"type": "context", "elements": [{"type": "image", "image_url": "https://i.example/y.png",
         "alt_text": "logo"}, {"type": "plain_text", "text": "Monitor"}]},
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "go to "},
             {"type": "link", "url": "https://a.example", "text": "here"}, {"type": "broadcast", "range": "here"}]},
            {"type": "rich_text_list", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
                {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "fire"}]}]}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Press"}}]},
    ]);
    let expected = "Outage\n*mail* is down\nsince 9\nlogo Monitor\ngo to here (https://a.example)@here\n- one\n- :fire:";
    assert_eq!(text(json!({"text": "Outage", "blocks": blocks})), expected);
    let read = text(json!({"text": "In short", "blocks": blocks}));
    assert_eq!(read, format!("In short\n{expected}"));
    assert_eq!(text(json!({"attachments": [{"color": "#fff", "blocks": blocks}]})), expected);
}

#[test]
fn a_username_is_shown_as_words_and_no_icon_is() {
    let message = json!({"text": "hello", "username": "Root\n of\u{202e} All", "icon_url": "https://i.example"});
    assert_eq!(text(message), "as “Root of All”\nhello");
    assert_eq!(text(json!({"text": "hello", "username": " "})), "hello");
    assert_eq!(text(json!({"text": "hello", "username": null})), "hello");
}

#[test]
fn a_channel_may_be_a_room_of_the_grant_and_no_other() {
    let room =
        |channel: Value| post(json!({"text": "a", "channel": channel})).map(|post| post.room);
    assert!(room(json!("#Ops")).is_ok() && room(json!(null)).is_ok() && room(json!("")).is_ok());
    for elsewhere in ["#board", "@jo", "C024BE91L"] {
        assert_eq!(room(json!(elsewhere)), Err(Answer::CHANNEL_NOT_FOUND), "{elsewhere}");
    }
}

#[test]
fn nothing_to_read_and_nothing_to_understand_are_told_apart() {
    for empty in [
        json!({}),
        json!({"text": " \n"}),
        json!({"text": null, "attachments": null}),
        json!({"attachments": [null, {}], "blocks": [{"type": "divider"}]}),
        json!({"username": "only a name"}),
        json!({"attachments": [{"image_url": "https://i.example/x.png"}]}),
    ] {
        assert_eq!(post(empty.clone()).err(), Some(Answer::NO_TEXT), "{empty}");
    }
    for broken in [
        json!({"text": 5}),
        json!({"text": "a", "attachments": "b"}),
        json!({"text": "a", "attachments": ["b"]}),
        json!({"text": "a", "blocks": {"type": "section"}}),
        json!({"text": "a", "channel": ["b"]}),
        json!({"text": "a", "username": {}}),
    ] {
        assert_eq!(post(broken.clone()).err(), Some(Answer::INVALID_PAYLOAD), "{broken}");
    }
    assert_eq!(post(json!({"text": "x".repeat(70_000)})).err(), Some(Answer::TOO_LONG));
}

#[test]
fn a_label_in_any_part_of_it_counts() {
    let amber = json!({"text": "see below", "attachments": [{"fields": [{"title": "TLP", "value": "AMBER"}]}]});
    assert_eq!(post(amber).unwrap().label, Label::Amber);
    let red = post(json!({"text": "hello", "username": "TLP:RED"})).err().unwrap();
    assert!(red.status == 403 && red.text.contains("TLP:RED"), "{red:?}");
}
