//! What a webhook answers: a status and a line of text. Slack's own words where Slack has one, since
//! its clients look for them; a sentence for a person elsewhere.

use std::borrow::Cow;

use warproom_proto::{Error, ErrorCode};

/// An answer to a webhook's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status (RFC 9110 §15).
    pub status: u16,
    /// The body, plain text.
    pub text: Cow<'static, str>,
    /// When to come again, in seconds (RFC 9110 §10.2.3).
    pub retry_after_s: Option<u64>,
}

impl Answer {
    /// It is on stable storage.
    pub const OK: Self = Self::word(200, "ok");
    /// Not a webhook's secret: wrong, revoked or expired, never said which.
    pub const INVALID_TOKEN: Self = Self::word(403, "invalid_token");
    /// Not to be understood.
    pub const INVALID_PAYLOAD: Self = Self::word(400, "invalid_payload");
    /// Nothing to read in it.
    pub const NO_TEXT: Self = Self::word(400, "no_text");
    /// More than one entry holds.
    pub const TOO_LONG: Self = Self::word(400, "msg_too_long");
    /// No room of this name that the webhook may post to.
    pub const CHANNEL_NOT_FOUND: Self = Self::word(404, "channel_not_found");

    const fn word(status: u16, text: &'static str) -> Self {
        Self { status, text: Cow::Borrowed(text), retry_after_s: None }
    }

    /// An answer that says a sentence.
    pub fn sentence(status: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, text: text.into(), retry_after_s: None }
    }
}

/// Whose form a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Slack's or Mattermost's.
    Slack,
    /// Alertmanager's.
    Alertmanager,
    /// Warproom's own.
    Own,
}

/// How long to wait where the server cannot tell, in seconds: somebody has to look after its disk.
const UNTIL_MENDED_S: u64 = 60;

impl Shape {
    /// What is answered where the server refuses what was asked of it.
    pub fn refuse(self, error: &Error) -> Answer {
        let status = match error.code {
            // Alertmanager tries again after a 5xx and after nothing else, 429 included: a webhook's
            // 429 would lose the last message of a group. Everyone else understands 429.
            ErrorCode::SlowDown if self == Self::Alertmanager => 503,
            ErrorCode::SlowDown => 429,
            ErrorCode::StorageFull | ErrorCode::StorageFailed => 503,
            // The bot ended between being asked for and posting.
            ErrorCode::SignInRequired | ErrorCode::SignInRefused => return Answer::INVALID_TOKEN,
            ErrorCode::NotFound if self == Self::Slack => return Answer::CHANNEL_NOT_FOUND,
            ErrorCode::NotFound => 404,
            ErrorCode::NotAllowed | ErrorCode::LabelRefused => 403,
            ErrorCode::BadParams => 400,
            ErrorCode::Conflict => 409,
            _ => 500,
        };
        let wait_s = error.data.as_ref().map(|data| data.retry_after_ms.div_ceil(1_000));
        let retry_after_s = match (status, wait_s) {
            (_, Some(seconds)) => Some(seconds),
            (503, None) => Some(UNTIL_MENDED_S),
            _ => None,
        };
        Answer { status, text: error.message.clone(), retry_after_s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_too_fast_is_told_when_to_come_again_in_words_that_it_follows() {
        let error = Error::slow_down(1_500);
        let answer = Shape::Slack.refuse(&error);
        assert_eq!((answer.status, answer.retry_after_s), (429, Some(2)));
        let answer = Shape::Alertmanager.refuse(&error);
        assert_eq!((answer.status, answer.retry_after_s), (503, Some(2)));
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        for code in ErrorCode::ALL {
            let status = Shape::Alertmanager.refuse(&code.into()).status;
            let passes = matches!(
                code,
                ErrorCode::StorageFull | ErrorCode::StorageFailed | ErrorCode::SlowDown
            );
            assert_eq!(status == 503, passes, "{code:?}: {status}");
        }
        assert_eq!(Shape::Own.refuse(&ErrorCode::SignInRequired.into()), Answer::INVALID_TOKEN);
        assert_eq!(Shape::Slack.refuse(&ErrorCode::NotFound.into()), Answer::CHANNEL_NOT_FOUND);
    }
}
