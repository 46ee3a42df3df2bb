//! Lays a timeline out from its anchor, and draws what can be seen.

use egui::{Rect, Ui, Vec2};
use warproom_client::proto::Seq;

use super::super::Cx;
use super::part;
use super::parts::{self, Part};
use super::scroll::{Anchor, Scroll};
use crate::model::room::Room;

/// So much of a screen is drawn on either side of what can be seen: for whoever walks by keyboard or
/// with a screen reader, and so that heights are known before they are scrolled to.
const BEYOND: f32 = 0.5;

/// Heights that differ by less than this, in points, are the same.
const SAME: f32 = 0.5;

/// How a frame came out.
pub(super) struct Laid {
    /// The first and the last row on the screen.
    pub(super) visible: Option<(Seq, Seq)>,
    /// Whether every height was what it was taken to be: otherwise the pass is done again.
    pub(super) is_settled: bool,
}

/// A part that was drawn, with its upper and lower edges in the view.
type Drawn = (Part, f32, f32);

pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    room: &Room,
    view: Rect,
    scroll: &mut Scroll,
) -> Laid {
    let height = view.height();
    clamp(room, height, scroll);
    let (anchor, at) = match scroll.anchor {
        Anchor::Bottom => (Part::End, height - scroll.height(Part::End)),
        Anchor::Part(part, at) => (part, at),
    };
    let mut drawn = Vec::new();
    let mut draw = |scroll: &mut Scroll, part, top| {
        let place = Rect::from_min_size(
            view.min + Vec2::new(0.0, top),
            Vec2::new(view.width(), scroll.height(part)),
        );
        let high = part::ui(ui, cx, room, part, place, scroll);
        drawn.push((part, top, top + high));
        high
    };
    // Those above stand where the heights that are known put them, the anchor and all below it
    // exactly where they belong. In this order, because Tab goes by it.
    for (part, top) in above(room, (anchor, at), height, scroll) {
        draw(scroll, part, top);
    }
    let (mut top, mut next) = (at, Some(anchor));
    while let Some(part) = next.filter(|_| top < height * (1.0 + BEYOND)) {
        top += draw(scroll, part, top);
        next = parts::after(room, part);
    }
    let is_settled = settle(height, scroll, anchor, &drawn);
    if !is_settled {
        ui.ctx().request_discard("heights in the timeline");
        ui.ctx().request_repaint();
    }
    let row = |(part, top, bottom): &Drawn| match part {
        Part::Row(seq) => Some((*seq, *top, *bottom)),
        _ => None,
    };
    scroll.places = drawn.iter().filter_map(row).collect();
    if scroll.anchor == Anchor::Bottom {
        scroll.seen = room.log.last_row().unwrap_or_default();
    }
    Laid { visible: visible(&scroll.places, view.height()), is_settled }
}

/// Keeps the anchor where there is something to see: not above the first part, not below the last.
fn clamp(room: &Room, height: f32, scroll: &mut Scroll) {
    let Anchor::Part(part, mut at) = scroll.anchor else { return };
    let (mut top, mut one) = (at, part);
    while top > 0.0 {
        let Some(before) = parts::before(room, one) else {
            at -= top;
            break;
        };
        top -= scroll.height(before);
        one = before;
    }
    let (mut bottom, mut one) = (at, Some(part));
    while let Some(here) = one.filter(|_| bottom < height + SAME) {
        bottom += scroll.height(here);
        one = parts::after(room, here);
    }
    // The end is on the screen: from here on it is followed.
    scroll.anchor = if one.is_none() && bottom < height + SAME {
        Anchor::Bottom
    } else {
        Anchor::Part(part, at)
    };
}

/// What stands above the anchor as far as it is drawn, from the top, each with where it stands.
fn above(room: &Room, (anchor, at): (Part, f32), height: f32, scroll: &Scroll) -> Vec<(Part, f32)> {
    let (mut all, mut part, mut top) = (Vec::new(), anchor, at);
    while top > -height * BEYOND {
        let Some(before) = parts::before(room, part) else { break };
        top -= scroll.height(before);
        part = before;
        all.push((part, top));
    }
    all.reverse();
    all
}

/// Keeps the heights as they came out. Where something in sight, down to the anchor, was not as high
/// as it was taken to be, the pass has to be done again with what is known now. Otherwise the topmost
/// row in sight becomes the anchor.
fn settle(height: f32, scroll: &mut Scroll, anchor: Part, drawn: &[Drawn]) -> bool {
    let mut is_settled = true;
    let mut is_above = true;
    for (part, top, bottom) in drawn {
        let is_off = (scroll.height(*part) - (bottom - top)).abs() > SAME;
        is_above &= *part != anchor;
        let counts = is_above || scroll.anchor == Anchor::Bottom;
        let taken = top + scroll.height(*part);
        is_settled &= !(is_off && counts && bottom.max(taken) > 0.0 && *top < height);
        scroll.measured(*part, bottom - top);
    }
    if !is_settled {
        return false;
    }
    let is_row = |part: Part| matches!(part, Part::Row(_));
    let top = drawn.iter().find(|(part, _, bottom)| is_row(*part) && *bottom > 0.0);
    if let Some((part, at, _)) = top {
        scroll.top = Some((*part, *at));
        if scroll.anchor != Anchor::Bottom {
            scroll.anchor = Anchor::Part(*part, *at);
        }
    }
    true
}

/// The first and last row on the screen: the last one whole, if there is one.
fn visible(places: &[(Seq, f32, f32)], height: f32) -> Option<(Seq, Seq)> {
    let mut seen = places.iter().filter(|(_, top, bottom)| *bottom > 0.0 && *top < height);
    let (first, ..) = seen.next()?;
    let whole = places
        .iter()
        .rev()
        .find(|(_, top, bottom)| *bottom > 0.0 && *bottom <= height + SAME && *top < height);
    Some((*first, whole.map_or(*first, |(seq, ..)| *seq)))
}
