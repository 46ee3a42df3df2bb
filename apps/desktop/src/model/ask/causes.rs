//! Common causes: suppliers or products that several organisations name.

use warproom_client::proto::CauseId;
use warproom_client::proto::register::CommonCause;

use crate::model::Model;

/// The server's list: all there are.
pub(super) fn take_list(model: &mut Model, causes: &[CommonCause]) {
    model.ask.causes = causes.to_vec();
    sort(model);
}

/// One that is new, or named by one more organisation.
pub(super) fn take(model: &mut Model, cause: &CommonCause) {
    model.ask.causes.retain(|known| known.cause != cause.cause);
    model.ask.causes.push(cause.clone());
    sort(model);
}

/// Takes one from the top of the room, until one more organisation names it.
pub(super) fn put_away(model: &mut Model, cause: CauseId) {
    let known = model.ask.causes.iter().find(|known| known.cause == cause);
    if let Some(known) = known {
        model.ask.put_away.insert(cause, known.organisations);
    }
}

fn sort(model: &mut Model) {
    model.ask.causes.sort_by_key(|cause| std::cmp::Reverse(cause.at_ms));
}

impl Model {
    /// The common causes that were not put away, newest first.
    pub fn causes(&self) -> impl Iterator<Item = &CommonCause> {
        let seen = |cause: &CommonCause| self.ask.put_away.get(&cause.cause).copied().unwrap_or(0);
        self.ask.causes.iter().filter(move |cause| cause.organisations > seen(cause))
    }

    /// Who names a common cause, in words: `Canterbury City Council, Dover District Council and 1 not
    /// named`.
    pub fn who_names(&self, cause: &CommonCause) -> String {
        let mut who: Vec<_> =
            cause.named.iter().map(|one| self.directory.organisation(*one)).collect();
        let named = u32::try_from(who.len()).unwrap_or(u32::MAX);
        match cause.organisations.saturating_sub(named) {
            0 => {}
            unnamed if who.is_empty() => return format!("{unnamed} not named"),
            unnamed => who.push(format!("{unnamed} not named")),
        }
        match who.pop() {
            Some(last) if who.is_empty() => last,
            Some(last) => format!("{} and {last}", who.join(", ")),
            None => String::new(),
        }
    }
}
