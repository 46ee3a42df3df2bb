//! How the connection is, said plainly: in a banner while it is not there, and always in a line beside
//! whose WARP this is.

use egui::{Frame, Margin, Panel, Ui, WidgetInfo};
use warproom_client::Rewritten;

use super::Cx;
use super::widgets;
use crate::look::space;
use crate::model::compose::{Sending, Waiting};
use crate::model::{desk, welcome};
use crate::news::Connection;
use crate::{Action, Model};

/// How loudly it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Calm,
    Warning,
    Danger,
}

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    connection(ui, cx);
    if let Some(found) = cx.model.desk.rewritten.first().copied() {
        rewritten(ui, cx, &found);
    }
}

/// How the connection is, in a word and a shape: small, because mostly it is there.
pub(super) fn standing(ui: &mut Ui, cx: &Cx<'_>) {
    let (sign, word) = match cx.model.connection {
        Connection::None => return,
        Connection::Connected => ("✔", "Connected"),
        Connection::Connecting => ("…", "Connecting"),
        Connection::Reconnecting { .. } => ("⚠", "Not connected"),
        Connection::SignedOut { .. } => ("⚠", "Signed out"),
    };
    let said = widgets::quiet(ui, cx.look, &format!("{sign} {word}"));
    said.widget_info(|| WidgetInfo::labeled(egui::Role::Status, true, word));
}

/// Stays until somebody decides.
fn rewritten(ui: &mut Ui, cx: &mut Cx<'_>, found: &Rewritten) {
    let frame = Frame::new().fill(cx.look.raised).inner_margin(Margin::symmetric(12, 6));
    Panel::top("rewritten").resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let sentence = format!("{}.", desk::rewritten(found));
            let said = ui.colored_label(cx.look.danger, format!("⚠ {sentence}"));
            said.widget_info(|| WidgetInfo::labeled(egui::Role::Alert, true, &sentence));
            if widgets::button(ui, "What does that mean?").clicked() {
                cx.act(Action::Desk(desk::Action::Ask(desk::believing(found))));
            }
        });
    });
}

fn connection(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some((tone, sentence)) = sentence(cx.model) else { return };
    let ink = match tone {
        Tone::Calm => cx.look.text,
        Tone::Warning => cx.look.warning,
        Tone::Danger => cx.look.danger,
    };
    let frame = Frame::new().fill(cx.look.raised).inner_margin(Margin::symmetric(12, 6));
    Panel::top("banner").resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let sign = if tone == Tone::Calm { "…" } else { "⚠" };
            let said = ui.colored_label(ink, format!("{sign} {sentence}"));
            // A screen reader speaks it when it changes.
            said.widget_info(|| WidgetInfo::labeled(egui::Role::Alert, true, &sentence));
            if let Connection::SignedOut { .. } = cx.model.connection
                && widgets::button(ui, "Back to the start").clicked()
            {
                cx.act(Action::Welcome(welcome::Action::SignOut));
            }
        });
    });
}

/// What there is to say.
fn sentence(model: &Model) -> Option<(Tone, String)> {
    let is_waiting = |one: &&Waiting| !matches!(one.state, Sending::Refused(_));
    let waiting = model.compose.outbox.iter().filter(is_waiting).count();
    let kept = match waiting {
        0 => String::new(),
        1 => " One entry waits in the outbox; it is sent once there is a connection.".to_owned(),
        count => format!(
            " {count} entries wait in the outbox; they are sent once there is a connection."
        ),
    };
    match &model.connection {
        Connection::None | Connection::Connected => None,
        Connection::Connecting => Some((
            Tone::Calm,
            format!("Connecting. You can read what this computer keeps, and write.{kept}"),
        )),
        Connection::Reconnecting { why, intercepted: true, .. } => Some((
            Tone::Danger,
            format!("Not connected: {why}. Tell your WARP's manager by another way.{kept}"),
        )),
        Connection::Reconnecting { at_ms, why, intercepted: false } => {
            let when = seconds_until(model.now_ms, *at_ms);
            Some((Tone::Warning, format!("Not connected: {why}. {when}.{kept}")))
        }
        Connection::SignedOut { why } => Some((Tone::Danger, format!("Signed out: {why}."))),
    }
}

fn seconds_until(now_ms: i64, at_ms: i64) -> String {
    // Rounded up, so that it never says 0 while there is time left.
    match (at_ms - now_ms + 999) / 1000 {
        ..=0 => "Reconnecting now".to_owned(),
        seconds => format!("Reconnecting in {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, NOW_MS};

    fn said(connection: Connection) -> Option<(Tone, String)> {
        let mut model = fixture::model();
        model.connection = connection;
        sentence(&model)
    }

    fn lost(at_ms: i64, intercepted: bool) -> Connection {
        let why = "the server cannot be reached".to_owned();
        Connection::Reconnecting { at_ms, why, intercepted }
    }

    #[test]
    fn a_connection_that_is_there_takes_no_room_in_the_banner() {
        assert_eq!(said(Connection::Connected), None);
    }

    #[test]
    fn a_lost_connection_says_why_and_when_it_is_tried_again() {
        let (tone, sentence) = said(lost(NOW_MS + 7_400, false)).unwrap();
        assert_eq!(tone, Tone::Warning);
        assert_eq!(sentence, "Not connected: the server cannot be reached. Reconnecting in 8 s.");
        let (_, sentence) = said(lost(NOW_MS - 1, false)).unwrap();
        assert!(sentence.ends_with("Reconnecting now."), "{sentence}");
    }

    #[test]
    fn an_interception_is_not_said_as_if_it_were_a_bad_line() {
        let (tone, sentence) = said(lost(NOW_MS, true)).unwrap();
        assert_eq!(tone, Tone::Danger);
        assert!(sentence.contains("Tell your WARP's manager"));
    }
}
