//! Giving a bot its grant.

use warproom_client::proto::calls::AddBot;
use warproom_client::proto::register::{Grant, Hook};
use warproom_client::proto::{Label, Name, RoomId, limits};

use super::{Asked, ManagePage, Once, Shown, lists, once};
use crate::Effect;
use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};

/// The longest grant that is offered, in days: a token nobody has looked at for longer than two years
/// should be looked at.
const MOST_DAYS: u16 = 730;

/// A bot to be added.
#[derive(Clone)]
pub struct BotForm {
    /// What it is called.
    pub name: String,
    /// What is typed to find a room.
    pub finding: String,
    /// The rooms it is put into.
    pub rooms: Vec<RoomId>,
    /// The strictest label it may read; none: it reads nothing.
    pub read: Option<Label>,
    /// The strictest label it may post; none: it posts nothing.
    pub post: Option<Label>,
    /// Whether it may answer asks, for its owner's organisation.
    pub answer: bool,
    /// How many entries it may append in a minute.
    pub per_minute: String,
    /// How many days its grant lasts.
    pub days: String,
    /// Whether it has a webhook: the room it posts to, once chosen, and its label.
    pub hook: Option<(Option<RoomId>, Label)>,
    /// How the form stands.
    pub asked: Asked,
}

impl Default for BotForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            finding: String::new(),
            rooms: Vec::new(),
            read: None,
            post: None,
            answer: false,
            per_minute: Grant::USUAL_PER_MINUTE.to_string(),
            days: "90".to_owned(),
            hook: None,
            asked: Asked::NotYet,
        }
    }
}

impl BotForm {
    fn call(&self, now_ms: i64) -> Result<AddBot, String> {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let name: Name = self
            .name
            .trim()
            .parse()
            .map_err(|_| "Write what the bot is called: 1 to 80 characters.".to_owned())?;
        if !(1..=limits::GRANT_ROOMS).contains(&self.rooms.len()) {
            return Err(format!("Choose 1 to {} rooms for it.", limits::GRANT_ROOMS));
        }
        if self.read == Some(Label::Red) {
            return Err("TLP:RED is for individuals: a bot may not read it.".to_owned());
        }
        if self.answer && self.read.is_none() {
            return Err(
                "To answer asks it must be able to read them: choose what it may read.".to_owned()
            );
        }
        let per_minute = number(&self.per_minute, limits::BOT_PER_MINUTE).ok_or_else(|| {
            format!("Entries a minute: a number from 1 to {}.", limits::BOT_PER_MINUTE)
        })?;
        let days = number(&self.days, MOST_DAYS)
            .ok_or_else(|| format!("Days until it ends: a number from 1 to {MOST_DAYS}."))?;
        let hook = self.hook.map(|hook| self.hook(hook)).transpose()?;
        let grant = Grant {
            rooms: self.rooms.clone(),
            read: self.read,
            post: self.post,
            answer: self.answer,
            per_minute,
            expires_at_ms: now_ms + i64::from(days) * DAY_MS,
        };
        Ok(AddBot { name, grant, hook })
    }

    fn hook(&self, (room, label): (Option<RoomId>, Label)) -> Result<Hook, &'static str> {
        let room = room.filter(|room| self.rooms.contains(room));
        let room =
            room.ok_or("Choose the room that the webhook posts to, among the bot's rooms.")?;
        if self.post.is_none_or(|post| label > post) {
            return Err("The webhook's label is stricter than what the bot may post.");
        }
        Ok(Hook { room, label })
    }
}

fn number(text: &str, most: u16) -> Option<u16> {
    text.trim().parse().ok().filter(|number| (1..=most).contains(number))
}

pub(super) fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let now_ms = model.now_ms;
    let form = &mut model.manage.bot;
    form.asked = match form.call(now_ms) {
        Ok(call) => {
            out.push(Effect::Call(call.into()));
            Asked::Waiting
        }
        Err(sentence) => Asked::Refused(sentence),
    };
}

pub(super) fn answered(
    model: &mut Model,
    request: &Request,
    result: &Result<Reply, Refusal>,
    out: &mut Vec<Effect>,
) {
    let (added, name, is_another) = match (request, result) {
        (Request::AddBot(_), Err(refusal)) => {
            model.manage.bot.asked = Asked::refused(refusal);
            return;
        }
        (Request::AddBot(call), Ok(Reply::AddBot(added))) => {
            model.manage.bot = BotForm::default();
            (added, call.name.to_string(), false)
        }
        (Request::RotateBot(call), Ok(Reply::RotateBot(added))) => {
            let bot = model.directory.bots.get(&call.bot);
            (added, bot.map_or_else(String::new, |bot| bot.name.to_string()), true)
        }
        _ => return,
    };
    if model.manage.page == ManagePage::Bots {
        super::open(model, Shown::List, out);
    }
    let without = format!(
        "The new token of {name} came after you had left its page, so it was not shown. Give the bot another one under Bots."
    );
    let shown =
        Once::Bot { name, token: added.token.clone(), hook: added.hook.clone(), is_another };
    once::keep(model, shown, ManagePage::Bots, &without);
    if !is_another {
        // Another token changes no list, and is told as the deed it is.
        model.tell("The bot is in its rooms, and may connect.");
        lists::refresh(model, out);
    }
}
