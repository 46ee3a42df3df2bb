//! Picking from a long list by typing a part of a name: what is offered is in the register, nothing is
//! taken as typed.

use egui::{Id, Ui, UiBuilder};
use warproom_client::proto::register::{Member, Organisation};

use super::super::Cx;
use super::super::widgets::{button, field, quiet};
use crate::model::find::Wanted;

/// The most that are offered at a time: more are not read but typed past.
const OFFERED: usize = 8;

/// What was done with the picker.
pub(super) enum Picked<T> {
    /// Something was typed.
    Typed(String),
    /// One was taken.
    Taken(T),
}

/// A field, and below it what it finds.
pub(super) fn picker<T>(
    ui: &mut Ui,
    cx: &Cx<'_>,
    (name, typed): (&str, &str),
    offers: Vec<(T, String)>,
) -> Option<Picked<T>> {
    let builder = UiBuilder::new().scope_id(Id::unique(("manage picker", name)));
    ui.scope_builder(builder, |ui| {
        let (_, changed) = field(ui, name, typed);
        let mut picked = changed.map(Picked::Typed);
        let more = offers.len().saturating_sub(OFFERED);
        ui.horizontal_wrapped(|ui| {
            if offers.is_empty() {
                quiet(ui, cx.look, "None has this in its name.");
            }
            for (one, says) in offers.into_iter().take(OFFERED) {
                if button(ui, &says).clicked() {
                    picked = Some(Picked::Taken(one));
                }
            }
            if more > 0 {
                quiet(ui, cx.look, &format!("and {more} more: type a part of the name"));
            }
        });
        picked
    })
    .inner
}

/// Whether every word that was typed is in one of these texts.
pub(super) fn finds(typed: &str, texts: &[&str]) -> bool {
    Wanted::new(typed).fits(&texts.join(" "), "")
}

/// The organisations that are found by name or alias, by name.
pub(super) fn organisations<'a>(cx: &Cx<'a>, typed: &str) -> Vec<&'a Organisation> {
    let is_found = |one: &&Organisation| {
        finds(typed, &[one.name.as_str()])
            || one.aliases.iter().any(|alias| finds(typed, &[alias.as_str()]))
    };
    let mut found: Vec<_> = cx.model.directory.organisations.values().filter(is_found).collect();
    found.sort_by_cached_key(|one| one.name.folded());
    found
}

/// The members that are found by name, organisation or handle, by name.
pub(super) fn members<'a>(cx: &Cx<'a>, typed: &str) -> Vec<&'a Member> {
    let directory = &cx.model.directory;
    let is_found = |one: &&Member| {
        let organisation = directory.organisation(one.organisation);
        finds(typed, &[one.name.as_str(), one.handle.as_str(), &organisation])
    };
    let mut found: Vec<_> = directory.members.values().filter(is_found).collect();
    found.sort_by_cached_key(|one| one.name.folded());
    found
}
