//! Bots: the grant of the form, and tokens that do not stay.

use serde_json::{Value, json};
use warproom_client::proto::calls::{BotAdded, BotList, Done, ListBots};
use warproom_client::proto::register::{Bot, Grant};
use warproom_client::proto::{BotId, Label, Secret};

use super::super::{Action, Asked, BotForm, Deed, ManagePage, Once, Part, Shown};
use super::{answer, does, managing, no, said};
use crate::fixture::{NOW_MS, member, name, room};
use crate::model::desk;
use crate::request::{Reply, Request};
use crate::{Effect, Model, News};

fn filled() -> BotForm {
    BotForm {
        name: "Monitoring".into(),
        rooms: vec![room(2), room(3)],
        read: Some(Label::Green),
        post: Some(Label::Amber),
        answer: true,
        per_minute: "30".into(),
        days: "10".into(),
        hook: Some((Some(room(3)), Label::Green)),
        ..BotForm::default()
    }
}

fn armed() -> BotAdded {
    BotAdded {
        bot: BotId::from_bytes([2; 16]),
        token: Secret::from("token-of-the-bot".to_owned()),
        hook: Some(Secret::from("https://kent.example/hooks/secret".to_owned())),
    }
}

fn with_a_bot() -> Model {
    let mut model = managing(ManagePage::Bots);
    let grant = Grant {
        rooms: vec![room(2)],
        read: None,
        post: Some(Label::Green),
        answer: false,
        per_minute: 60,
        expires_at_ms: NOW_MS + 1,
    };
    let bot = BotId::from_bytes([2; 16]);
    let bot = Bot { bot, name: name("Feeds"), owner: member(5), grant, hook: None };
    let list = Reply::ListBots(BotList { bots: vec![bot] });
    let _ = model.hear(&News::Answered(Request::ListBots(ListBots {}), Ok(list)));
    model
}

#[test]
fn a_bot_is_added_with_the_grant_of_the_form() {
    let mut model = managing(ManagePage::Bots);
    does(&mut model, Action::Open(Shown::New));
    does(&mut model, Action::FillBot(filled()));
    let asked = does(&mut model, Action::AddBot);
    let expected = json!({"AddBot": {
        "name": "Monitoring",
        "grant": {
            "rooms": [room(2), room(3)], "read": "TLP:GREEN", "post": "TLP:AMBER", "answer": true,
            "per_minute": 30, "expires_at_ms": NOW_MS + 10 * 86_400_000,
        },
        "hook": {"room": room(3), "label": "TLP:GREEN"},
    }});
    assert_eq!(asked, [expected]);
    answer(&mut model, &asked[0], Err(no()));
    assert_eq!(model.manage.bot.asked, Asked::Refused("this does not fit".into()));
    assert_eq!(model.manage.bot.name, "Monitoring");
}

#[test]
fn a_bot_says_what_is_missing_or_too_much() {
    let mut model = managing(ManagePage::Bots);
    let mut why = |form| {
        does(&mut model, Action::FillBot(form));
        assert_eq!(does(&mut model, Action::AddBot), Vec::<Value>::new());
        match &model.manage.bot.asked {
            Asked::Refused(sentence) => sentence.clone(),
            _ => String::new(),
        }
    };
    assert!(why(BotForm { name: String::new(), ..filled() }).contains("what the bot is called"));
    assert!(why(BotForm { rooms: Vec::new(), ..filled() }).contains("Choose 1 to 64 rooms"));
    assert!(
        why(BotForm { read: Some(Label::Red), ..filled() }).contains("TLP:RED is for individuals")
    );
    assert!(why(BotForm { read: None, ..filled() }).contains("able to read"));
    assert!(why(BotForm { per_minute: "601".into(), ..filled() }).contains("from 1 to 600"));
    assert!(why(BotForm { days: "0".into(), ..filled() }).contains("Days until it ends"));
    let elsewhere = Some((Some(room(4)), Label::Green));
    assert!(why(BotForm { hook: elsewhere, ..filled() }).contains("Choose the room"));
    let strict = Some((Some(room(3)), Label::Red));
    assert!(
        why(BotForm { hook: strict, ..filled() }).contains("stricter than what the bot may post")
    );
}

#[test]
fn token_and_address_are_shown_once_copied_and_gone_with_the_page() {
    let mut model = managing(ManagePage::Bots);
    does(&mut model, Action::Open(Shown::New));
    does(&mut model, Action::FillBot(filled()));
    let asked = does(&mut model, Action::AddBot);
    answer(&mut model, &asked[0], Ok(Reply::AddBot(armed())));
    assert!(
        matches!(&model.manage.once, Some(Once::Bot { name, is_another: false, .. }) if name == "Monitoring")
    );
    let mut copied = |part| match &model.act(crate::Action::Manage(Action::Copy(part)))[..] {
        [Effect::Copy(text)] => text.clone(),
        _ => String::new(),
    };
    assert_eq!(copied(Part::Token), "token-of-the-bot");
    assert_eq!(copied(Part::Hook), "https://kent.example/hooks/secret");
    let _ = model.act(crate::Action::Desk(desk::Action::Show(desk::Pane::Room)));
    assert!(model.manage.once.is_none());
}

#[test]
fn rotating_and_revoking_are_spelled_out_and_asked_for() {
    let mut model = with_a_bot();
    let bot = BotId::from_bytes([2; 16]);
    does(&mut model, Action::Ask(Deed::RotateBot(bot)));
    let what = model.desk.confirm.as_ref().unwrap().what_it_does.clone();
    assert!(what.contains("The old one ends at once"), "{what}");
    let asked = does(&mut model, Action::Do(Deed::RotateBot(bot)));
    assert_eq!(asked, [json!({"RotateBot": {"bot": bot}})]);
    answer(&mut model, &asked[0], Ok(Reply::RotateBot(armed())));
    assert!(
        matches!(&model.manage.once, Some(Once::Bot { name, is_another: true, .. }) if name == "Feeds")
    );
    let asked = does(&mut model, Action::Do(Deed::RevokeBot(bot)));
    assert_eq!(asked, [json!({"RevokeBot": {"bot": bot}})]);
    answer(&mut model, &asked[0], Ok(Reply::RevokeBot(Done {})));
    assert_eq!(said(&model), "Feeds (bot) can no longer connect.");
}
