//! What the server says once: the text of an invitation, the token of a bot. It is on the screen until
//! its page is left, and nowhere after.

use warproom_client::proto::{Name, Secret};

use crate::Effect;
use crate::model::Model;

/// Something that is shown only now.
#[derive(Clone)]
pub enum Once {
    /// An invitation was made.
    Invitation {
        /// For whom.
        name: Name,
        /// What their organisation is called.
        organisation: String,
        /// The text to hand over.
        text: Secret,
        /// When it lapses, in milliseconds since 1970 UTC.
        expires_at_ms: i64,
    },
    /// A bot was added, or got a new token.
    Bot {
        /// Which.
        name: String,
        /// Its token.
        token: Secret,
        /// The address of its webhook, if it has one.
        hook: Option<Secret>,
        /// Whether there was another before, which has ended.
        is_another: bool,
    },
}

/// A part of it that can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The text of the invitation.
    Invitation,
    /// The token of the bot.
    Token,
    /// The address of its webhook.
    Hook,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "The invitation",
            Self::Token => "The token",
            Self::Hook => "The address of the webhook",
        }
    }
}

impl Once {
    fn part(&self, part: Part) -> Option<&Secret> {
        match (self, part) {
            (Self::Invitation { text, .. }, Part::Invitation) => Some(text),
            (Self::Bot { token, .. }, Part::Token) => Some(token),
            (Self::Bot { hook, .. }, Part::Hook) => hook.as_ref(),
            _ => None,
        }
    }
}

pub(super) fn copy(model: &mut Model, part: Part, out: &mut Vec<Effect>) {
    let Some(secret) = model.manage.once.as_ref().and_then(|once| once.part(part)) else { return };
    out.push(Effect::Copy(secret.expose().to_owned()));
    model.tell(format!("{} is on the clipboard.", part.name()));
}

/// Shows it, if somebody is there to see it; else tells what to do without it.
pub(super) fn keep(model: &mut Model, once: Once, page: super::ManagePage, without: &str) {
    if model.manage.is_up && model.manage.page == page {
        model.manage.once = Some(once);
    } else {
        model.tell_trouble(&crate::news::Refusal::new(without, ""));
    }
}
