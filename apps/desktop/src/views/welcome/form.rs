//! What the steps have in common: going on by Enter, the row of buttons, advice on passwords, and how
//! a profile is kept.

use egui::{Response, Ui};
use zeroize::Zeroizing;

use crate::Action;
use crate::commands::here;
use crate::look::space;
use crate::model::desk::Focus;
use crate::model::welcome::{self, Keeping, Strength};
use crate::views::Cx;
use crate::views::widgets::{self, takes_focus};

/// Goes on if Enter was pressed in a field. The keyboard stays there in case there is no going on.
pub(super) fn goes_on(ui: &Ui, cx: &mut Cx<'_>, field: &Response) {
    if field.lost_focus() && here::seen(ui, here::FIELD).is_some() {
        field.request_focus();
        cx.act(Action::Welcome(welcome::Action::Next));
    }
}

/// The first field of a page: it has the keyboard when the page comes up.
pub(super) fn first(ui: &Ui, cx: &mut Cx<'_>, field: &Response) {
    takes_focus(cx, Focus::Field, field);
    goes_on(ui, cx, field);
}

/// Why there was no going on, what is being done, and the buttons.
pub(super) fn buttons(ui: &mut Ui, cx: &mut Cx<'_>, on: &str, back: Option<&str>) -> Response {
    ui.add_space(space::S);
    told(ui, cx);
    let row = ui.horizontal_wrapped(|ui| {
        let next = widgets::primary_button(ui, cx.look, on);
        if next.clicked() {
            cx.act(Action::Welcome(welcome::Action::Next));
        }
        if back.is_some_and(|back| widgets::button(ui, back).clicked()) {
            cx.act(Action::Welcome(welcome::Action::Back));
        }
        next
    });
    ui.add_space(space::XL);
    row.inner
}

/// Why there was no going on, or what is being done. A screen reader says it by itself.
fn told(ui: &mut Ui, cx: &Cx<'_>) {
    let welcome = &cx.model.welcome;
    let said = if welcome.is_busy {
        widgets::quiet(ui, cx.look, &welcome.doing)
    } else if let Some(trouble) = &welcome.trouble {
        widgets::trouble(ui, cx.look, trouble)
    } else {
        return;
    };
    ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
}

/// A field for a secret. Answers the new text when it was changed.
pub(in crate::views) fn secret(
    ui: &mut Ui,
    name: &str,
    text: &Zeroizing<String>,
) -> (Response, Option<Zeroizing<String>>) {
    let (response, changed) = widgets::secret_field(ui, name, text);
    (response, changed.map(Zeroizing::new))
}

/// How strong it is, and what would make it better.
pub(in crate::views) fn strength(
    ui: &mut Ui,
    cx: &Cx<'_>,
    what: &str,
    strength: Option<&Strength>,
) {
    let Some(strength) = strength else { return };
    let filled = usize::from(strength.score) + 1;
    let bar: String = (0..5).map(|place| if place < filled { '■' } else { '□' }).collect();
    widgets::strong(ui, &format!("{bar} This {what} is {}.", strength.word));
    widgets::quiet(ui, cx.look, &strength.time);
    for advice in &strength.advice {
        widgets::quiet(ui, cx.look, advice);
    }
}

/// What this device is called and how its secrets are kept. Answers what was changed.
pub(super) fn keeping(ui: &mut Ui, cx: &mut Cx<'_>, keeping: &Keeping) -> Option<Keeping> {
    let mut new = None;
    ui.add_space(space::M);
    widgets::heading(ui, "This computer");
    let (field, changed) = widgets::field(ui, "Name of this device", &keeping.device);
    goes_on(ui, cx, &field);
    widgets::quiet(ui, cx.look, "You and your managers see it in the list of your devices.");
    if let Some(device) = changed {
        new = Some(Keeping { device, ..keeping.clone() });
    }
    let wants_passphrase = cx.model.welcome.wants_passphrase(keeping);
    if cx.model.welcome.key_store {
        ui.horizontal_wrapped(|ui| {
            for (name, use_passphrase) in
                [("Keep it in the key store", false), ("Seal it under a passphrase", true)]
            {
                if widgets::choice(ui, name, use_passphrase == wants_passphrase).clicked() {
                    new = Some(Keeping { use_passphrase, ..keeping.clone() });
                }
            }
        });
    }
    widgets::quiet(ui, cx.look, meaning(cx.model.welcome.key_store, wants_passphrase));
    if wants_passphrase { passphrase(ui, cx, keeping).or(new) } else { new }
}

/// What each way of keeping a profile means.
const fn meaning(key_store: bool, wants_passphrase: bool) -> &'static str {
    match (key_store, wants_passphrase) {
        (true, false) => {
            "The key of this profile goes into this computer's own key store. Warproom opens without \
             asking, for whoever is signed in to this account of the computer."
        }
        (true, true) => {
            "The profile is sealed under a passphrase, which is asked for at each start. Right for a \
             borrowed or shared computer. Nobody can recover a forgotten passphrase."
        }
        (false, _) => {
            "This computer has no key store, so the profile is sealed under a passphrase, which is \
             asked for at each start. Nobody can recover a forgotten passphrase."
        }
    }
}

fn passphrase(ui: &mut Ui, cx: &mut Cx<'_>, keeping: &Keeping) -> Option<Keeping> {
    let (field, passphrase) = secret(ui, "Passphrase of this profile", &keeping.passphrase);
    goes_on(ui, cx, &field);
    strength(ui, cx, "passphrase", cx.model.welcome.passphrase.as_ref());
    widgets::quiet(
        ui,
        cx.look,
        "Four or more words that do not belong together. Not your password.",
    );
    let (field, again) = secret(ui, "The same passphrase again", &keeping.again);
    goes_on(ui, cx, &field);
    if passphrase.is_none() && again.is_none() {
        return None;
    }
    let mut new = keeping.clone();
    new.passphrase = passphrase.unwrap_or(new.passphrase);
    new.again = again.unwrap_or(new.again);
    Some(new)
}
