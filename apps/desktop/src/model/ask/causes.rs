//! Common causes: suppliers or products that several organisations name.

use warproom_client::proto::CauseId;
use warproom_client::proto::register::CommonCause;

use crate::Effect;
use crate::model::Model;
use crate::model::settings;

/// The common causes that are shown at most, the newest of them.
const MOST: usize = 1_000;

/// The server's list: all there are.
pub(super) fn take_list(model: &mut Model, causes: &[CommonCause]) {
    model.ask.causes = causes.to_vec();
    // What is over need not be remembered as put away.
    // A list remembered on disk may be older than what was put away.
    if model.is_connected() {
        let is_listed = |id: &CauseId| causes.iter().any(|one| one.cause == *id);
        model.settings.put_away.retain(|id, _| is_listed(id));
    }
    sort(model);
}

/// One that is new, or named by one more organisation.
pub(super) fn take(model: &mut Model, cause: &CommonCause) {
    model.ask.causes.retain(|known| known.cause != cause.cause);
    model.ask.causes.push(cause.clone());
    sort(model);
}

/// Takes one from the top, until one more organisation names it: also after the program is started
/// anew.
pub(super) fn put_away(model: &mut Model, cause: CauseId, out: &mut Vec<Effect>) {
    let known = model.ask.causes.iter().find(|known| known.cause == cause);
    if let Some(known) = known {
        let mut settings = model.settings.clone();
        settings.put_away.insert(cause, known.organisations);
        out.extend(model.act(crate::Action::Settings(settings::Action::Set(settings))));
    }
}

fn sort(model: &mut Model) {
    model.ask.causes.sort_by_key(|cause| std::cmp::Reverse(cause.at_ms));
    model.ask.causes.truncate(MOST);
}

impl Model {
    /// The common causes that were not put away, newest first.
    pub fn causes(&self) -> impl Iterator<Item = &CommonCause> {
        let seen =
            |cause: &CommonCause| self.settings.put_away.get(&cause.cause).copied().unwrap_or(0);
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
