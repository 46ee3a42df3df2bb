//! What may interrupt: the server keeps it, so it needs a connection.

use warproom_client::proto::calls::Preferences;

use crate::model::settings;
use crate::{Action, Model};

/// Other preferences; none: they are so already, are not known, or cannot be changed now.
pub(super) fn prefer(model: &Model, change: fn(&mut Preferences)) -> Option<Action> {
    let before = model.settings.preferences.filter(|_| model.is_connected())?;
    let mut after = before;
    change(&mut after);
    (after != before).then_some(settings::Action::Prefer(after).into())
}

/// Quiet hours as they are usual, or none where there are any.
pub(super) fn quiet(preferences: &mut Preferences) {
    preferences.quiet = match preferences.quiet {
        Some(_) => None,
        None => Some(settings::USUAL_QUIET),
    };
}
