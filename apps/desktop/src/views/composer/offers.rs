//! What completes the word before the cursor, above the field. The keyboard stays in the field.

use egui::Ui;
use warproom_client::proto::RoomId;

use crate::Action;
use crate::model::compose;
use crate::views::Cx;
use crate::views::widgets;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId) {
    let Some(completing) = cx.model.compose.completing_in(room) else { return };
    let mut taken = None;
    widgets::card(ui, cx.look, |ui| {
        for (place, (shown, _)) in completing.offers.iter().enumerate() {
            if widgets::choice(ui, shown, place == completing.chosen).clicked() {
                taken = Some(place);
            }
        }
        widgets::quiet(ui, cx.look, "↑ ↓ choose, Enter or Tab takes, Escape closes");
    });
    if let Some(place) = taken {
        cx.act(Action::Compose(compose::Action::TakeOffer(Some(place))));
    }
}
