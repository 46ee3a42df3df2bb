//! How this computer shows and tells things, and what may interrupt the person on every device.

mod notify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use warproom_client::proto::CauseId;
use warproom_client::proto::calls::{Preferences, QuietHours, SetPreferences, ShowPreferences};

use crate::model::Model;
use crate::request::{Reply, Request};
use crate::{Effect, News};

/// How this computer shows and tells things. Kept in the profile, sealed like the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The colours.
    pub theme: Theme,
    /// How large everything is: 1.0 is the system's size; 0.7 to 3.0.
    pub zoom: f32,
    /// Whether nothing moves by itself.
    pub reduced_motion: bool,
    /// What the system's notifications say.
    pub notify: Notify,
    /// Which key sends.
    pub send_with: SendWith,
    /// The common causes that were put away until one more organisation names them: how many did.
    pub put_away: BTreeMap<CauseId, u32>,
    /// What may interrupt, as the server keeps it for every device; none: not told yet.
    #[serde(skip)]
    pub preferences: Option<Preferences>,
}

/// The colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// White and yellow on black, with lines around everything.
    HighContrast,
}

/// What the system's notifications say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notify {
    /// There are none.
    Off,
    /// That there is something: no WARP, no name, no room, no word of it.
    #[default]
    WithoutContent,
    /// Label, room, author and first line; of anything stricter than TLP:GREEN only that it is there,
    /// because a screen may be seen by anybody.
    WithContent,
}

/// Which key sends. The other one begins a new line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendWith {
    /// Enter; Shift+Enter begins a new line.
    #[default]
    Enter,
    /// Ctrl+Enter; Enter begins a new line.
    CtrlEnter,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            zoom: 1.0,
            reduced_motion: false,
            notify: Notify::default(),
            send_with: SendWith::default(),
            put_away: BTreeMap::new(),
            preferences: None,
        }
    }
}

/// What a person sets.
#[derive(Clone, Debug)]
pub enum Action {
    /// The settings of this computer are now these.
    Set(Settings),
    /// Larger.
    ZoomIn,
    /// Smaller.
    ZoomOut,
    /// As the system has it.
    ZoomReset,
    /// What may interrupt, on every device.
    Prefer(Preferences),
}

/// Hours that are usual, until they are changed: 22:00 to 07:00.
pub const USUAL_QUIET: QuietHours = QuietHours { from_minute: 22 * 60, to_minute: 7 * 60 };

/// The smallest and the largest zoom: what still fits a small screen, and what still shows a line.
pub const ZOOM: std::ops::RangeInclusive<f32> = 0.7..=3.0;

/// One step of zooming.
const ZOOM_STEP: f32 = 0.1;

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Set(settings) => keep(model, settings, out),
        Action::ZoomIn => zoom(model, model.settings.zoom + ZOOM_STEP, out),
        Action::ZoomOut => zoom(model, model.settings.zoom - ZOOM_STEP, out),
        Action::ZoomReset => zoom(model, 1.0, out),
        Action::Prefer(preferences) => {
            let request = Request::SetPreferences(SetPreferences { preferences });
            out.push(Effect::Call(request));
        }
    }
}

fn zoom(model: &mut Model, zoom: f32, out: &mut Vec<Effect>) {
    // In whole steps, so that zooming in and out ends where it began.
    let zoom = (zoom / ZOOM_STEP).round() * ZOOM_STEP;
    let settings = Settings { zoom, ..model.settings.clone() };
    keep(model, settings, out);
}

fn keep(model: &mut Model, mut settings: Settings, out: &mut Vec<Effect>) {
    settings.zoom = settings.zoom.clamp(*ZOOM.start(), *ZOOM.end());
    settings.preferences = model.settings.preferences;
    if model.session.is_some() {
        out.push(Effect::KeepSettings(settings.clone()));
    }
    model.settings = settings;
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::SignedIn(_) => out.push(Effect::Call(Request::ShowPreferences(ShowPreferences {}))),
        News::Answered(_, Ok(Reply::ShowPreferences(preferences))) => {
            model.settings.preferences = Some(*preferences);
        }
        News::Answered(Request::SetPreferences(set), result) => match result {
            Ok(_) => model.settings.preferences = Some(set.preferences),
            Err(refusal) => model.tell_trouble(refusal),
        },
        _ => {}
    }
    notify::hear(model, news, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn act(model: &mut Model, action: Action) -> Vec<Effect> {
        model.act(crate::Action::Settings(action))
    }

    #[test]
    fn zooming_stays_within_its_bounds_and_ends_where_it_began() {
        let mut model = fixture::model();
        for _ in 0..40 {
            let _ = act(&mut model, Action::ZoomIn);
        }
        assert!((model.settings.zoom - ZOOM.end()).abs() < 0.001);
        for _ in 0..20 {
            let _ = act(&mut model, Action::ZoomOut);
        }
        assert!((model.settings.zoom - 1.0).abs() < 0.001, "{}", model.settings.zoom);
        let _ = act(&mut model, Action::ZoomReset);
        assert!((model.settings.zoom - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn settings_are_kept_and_preferences_stay_the_servers() {
        let mut model = fixture::model();
        let _ = model.hear(&News::Answered(
            ShowPreferences {}.into(),
            Ok(Reply::ShowPreferences(Preferences::default())),
        ));
        let wished = Settings { theme: Theme::HighContrast, ..Settings::default() };
        let asked = act(&mut model, Action::Set(wished));
        assert!(
            matches!(&asked[..], [Effect::KeepSettings(kept)] if kept.theme == Theme::HighContrast)
        );
        assert_eq!(model.settings.preferences, Some(Preferences::default()));
    }

    #[test]
    fn what_may_interrupt_changes_only_once_the_server_has_it() {
        let mut model = fixture::model();
        let all = Preferences { all: true, ..Preferences::default() };
        let asked = act(&mut model, Action::Prefer(all));
        let [Effect::Call(request @ Request::SetPreferences(_))] = &asked[..] else {
            panic!("it asks the server");
        };
        assert_eq!(model.settings.preferences, None);
        let refusal = crate::news::Refusal::new("not connected", "");
        let _ = model.hear(&News::Answered(request.clone(), Err(refusal)));
        assert_eq!(model.settings.preferences, None);
        assert!(model.desk.notices[0].is_trouble);
        let done = Reply::SetPreferences(warproom_client::proto::calls::Done {});
        let _ = model.hear(&News::Answered(request.clone(), Ok(done)));
        assert_eq!(model.settings.preferences, Some(all));
    }
}
