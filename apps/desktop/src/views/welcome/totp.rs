//! The second factor: a QR code for an authenticator app, the same for typing, and a code as proof.

use egui::{Color32, Mesh, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::form;
use crate::Action;
use crate::look::space;
use crate::model::welcome::{self, Passwords, Qr, Step};
use crate::news::Invitation;
use crate::views::Cx;
use crate::views::widgets;

/// The white border that readers need around a code, in squares (ISO/IEC 18004).
const QUIET_ZONE: u16 = 4;

pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    invitation: &Invitation,
    passwords: &Passwords,
    code: &str,
) {
    widgets::title(ui, "Set up your authenticator app");
    let what = "Scan this with an authenticator app on your telephone. It shows six digits that change \
                every half minute; nobody signs in as you without them.";
    widgets::quiet(ui, cx.look, what);
    ui.add_space(space::S);
    if let Some(qr) = &cx.model.welcome.qr {
        draw(ui, qr);
    }
    ui.label("No camera? Type this into the app instead:");
    let secret = &invitation.totp_secret;
    ui.horizontal_wrapped(|ui| {
        ui.monospace(in_fours(secret.expose()));
        if widgets::button(ui, "Copy the secret").clicked() {
            cx.act(Action::Welcome(welcome::Action::CopySecret(secret.clone())));
        }
    });
    ui.add_space(space::S);
    let (field, changed) = widgets::field(ui, "Six-digit code", code);
    form::first(ui, cx, &field);
    if let Some(code) = changed {
        let step = Step::Totp(invitation.clone(), passwords.clone(), code);
        cx.act(Action::Welcome(welcome::Action::Edit(Box::new(step))));
    }
    widgets::quiet(ui, cx.look, "The code that the app shows now: proof that it has the secret.");
    form::buttons(ui, cx, "Join", Some("Back"));
}

/// Black on white in every theme, because that is what cameras read.
pub(in crate::views) fn draw(ui: &mut Ui, qr: &Qr) {
    let squares = u16::try_from(qr.side()).unwrap_or(u16::MAX).saturating_add(2 * QUIET_ZONE);
    // Whole pixels, so that no line between two squares is blurred.
    let square = (space::XS * ui.ctx().pixels_per_point()).round() / ui.ctx().pixels_per_point();
    let side = f32::from(squares) * square;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    response.widget_info(|| {
        let name =
            "QR code of the secret for your authenticator app; the same stands below for typing";
        WidgetInfo::labeled(Role::Image, true, name)
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let mut mesh = Mesh::default();
    mesh.add_colored_rect(rect, Color32::WHITE);
    let place = |column: usize| f32::from(u16::try_from(column).unwrap_or(u16::MAX)) * square;
    let first = rect.min + Vec2::splat(f32::from(QUIET_ZONE) * square);
    for (column, row) in qr.dark() {
        let at = Pos2::new(first.x + place(column), first.y + place(row));
        mesh.add_colored_rect(Rect::from_min_size(at, Vec2::splat(square)), Color32::BLACK);
    }
    ui.painter().add(mesh);
}

pub(in crate::views) fn in_fours(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
