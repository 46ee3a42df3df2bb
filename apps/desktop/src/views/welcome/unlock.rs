//! Opening a profile that is sealed under a passphrase.

use egui::Ui;
use zeroize::Zeroizing;

use super::form;
use crate::Action;
use crate::model::profile::{ProfileName, ProfileSummary};
use crate::model::welcome::{self, Step};
use crate::views::Cx;
use crate::views::widgets;

pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    profile: &ProfileName,
    passphrase: &Zeroizing<String>,
) {
    let summary = cx.model.welcome.profile(profile).cloned();
    let warp = summary.as_ref().map_or_else(|| profile.to_string(), ProfileSummary::called);
    widgets::title(ui, &format!("Unlock {warp}"));
    widgets::quiet(ui, cx.look, &format!("profile {profile}"));
    let (field, changed) = form::secret(ui, "Passphrase", passphrase);
    form::first(ui, cx, &field);
    if let Some(passphrase) = changed {
        let step = Step::Unlock(profile.clone(), passphrase);
        cx.act(Action::Welcome(welcome::Action::Edit(Box::new(step))));
    }
    widgets::quiet(ui, cx.look, "The one you chose on this computer; not your password.");
    form::buttons(ui, cx, "Unlock", Some("Back"));
    let Some(summary) = summary else { return };
    widgets::quiet(ui, cx.look, "Nobody can recover a forgotten passphrase.");
    if widgets::danger_button(ui, cx.look, "I have forgotten it …").clicked() {
        cx.act(welcome::ask_destroy(&summary));
    }
}
