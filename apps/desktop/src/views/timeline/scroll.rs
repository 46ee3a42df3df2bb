//! What the screen remembers of a timeline: where it stands, and how high its parts were.

use std::collections::HashMap;

use egui::{Id, Rect, Ui, Vec2};
use warproom_client::proto::Seq;

use super::parts::Part;
use crate::look::{TARGET, space};
use crate::model::room::{Jump, Room};

/// A part is taken to be this high until it was drawn: the least there is, so that what is drawn at
/// first is enough to fill the screen.
const GUESS: f32 = TARGET;

/// The heights that are remembered: of many screens. Beyond, they are forgotten and measured anew.
const HEIGHTS: usize = 2_000;

/// An entry that was jumped to is outlined for this many seconds.
const FLASH_SECONDS: f64 = 2.5;

/// Where the timeline stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Anchor {
    /// At the newest entry, following it.
    #[default]
    Bottom,
    /// With the upper edge of this part so many points below that of the view.
    Part(Part, f32),
}

/// What the model was told of what is on the screen.
#[expect(clippy::struct_excessive_bools, reason = "it is compared, and never decided by")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) rows: (Seq, Seq),
    pub(super) revision: u64,
    pub(super) latest: Seq,
    pub(super) is_loading: bool,
    pub(super) is_troubled: bool,
    pub(super) is_looked_at: bool,
    pub(super) is_connected: bool,
}

/// What the screen remembers.
#[derive(Clone, Default)]
pub(super) struct Scroll {
    pub(super) anchor: Anchor,
    /// The topmost part that was seen, and where: what the anchor becomes when one scrolls.
    pub(super) top: Option<(Part, f32)>,
    pub(super) reported: Option<Report>,
    /// The last row that was there when the timeline last stood at its end.
    pub(super) seen: Seq,
    /// The entry that was jumped to, and until when it is outlined, in the seconds of the screen.
    pub(super) flash: Option<(Seq, f64)>,
    /// The rows that were drawn last, with their upper and lower edges in the view.
    pub(super) places: Vec<(Seq, f32, f32)>,
    heights: HashMap<Part, f32>,
    view: Vec2,
    jumped: u64,
    chosen: Option<Seq>,
    focused: Option<Id>,
}

impl Scroll {
    /// Fits what is remembered to the view: heights are those of one width.
    pub(super) fn fit(&mut self, view: Rect, room: &Room) {
        #[expect(clippy::float_cmp, reason = "it is the same number as long as nothing is resized")]
        if self.view.x != view.width() || self.heights.len() > HEIGHTS {
            self.heights.clear();
        }
        self.view = view.size();
        if let Anchor::Part(part, at) = self.anchor
            && let Some(row) = super::parts::row_of(part)
            && !room.log.items.contains_key(&row)
        {
            // It was let go of.
            let near = room.log.row_near(row);
            self.anchor = near.map_or(Anchor::Bottom, |row| Anchor::Part(Part::Row(row), at));
        }
    }

    /// How high a part is, or is taken to be.
    pub(super) fn height(&self, part: Part) -> f32 {
        self.heights.get(&part).copied().unwrap_or(GUESS)
    }

    /// Remembers how high a part is.
    pub(super) fn measured(&mut self, part: Part, height: f32) {
        self.heights.insert(part, height);
    }

    /// Moves what is shown: up with a positive number, as a wheel turned towards the past.
    pub(super) fn by(&mut self, points: f32) {
        match self.anchor {
            Anchor::Bottom if points <= 0.0 => {}
            Anchor::Bottom => {
                if let Some((part, at)) = self.top {
                    self.anchor = Anchor::Part(part, at + points);
                }
            }
            Anchor::Part(part, at) => self.anchor = Anchor::Part(part, at + points),
        }
    }

    /// Moves by nearly a screen.
    pub(super) fn by_screen(&mut self, screens: f32) {
        self.by(screens * (self.view.y - space::XXL).max(TARGET));
    }

    /// Takes the wheel while the pointer is over the view.
    pub(super) fn wheel(&mut self, ui: &Ui, view: Rect) {
        if !ui.rect_contains_pointer(view) {
            return;
        }
        let turned = ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
        if turned != 0.0 {
            self.by(turned);
        }
    }

    /// Goes where the model wishes: each wish once. And keeps a choice made by keys in sight.
    pub(super) fn honour(&mut self, room: &Room, ui: &Ui) {
        if let Some((jump, number)) = room.reading.jump
            && number > self.jumped
        {
            self.jumped = number;
            self.jump(room, jump, ui);
        }
        if room.reading.chosen != self.chosen {
            self.chosen = room.reading.chosen;
            if let Some(seq) = self.chosen {
                self.bring(seq);
            }
        }
    }

    fn jump(&mut self, room: &Room, jump: Jump, ui: &Ui) {
        match jump {
            Jump::Latest => self.anchor = Anchor::Bottom,
            Jump::Unread => {
                let first = room.reading.unread_after.and_then(|after| room.log.row_after(after));
                let at = |row| Anchor::Part(Part::Row(row), TARGET * 4.0);
                self.anchor = first.map_or(Anchor::Bottom, at);
            }
            Jump::Entry(seq) => {
                let Some(row) = room.log.row_near(seq) else { return };
                self.anchor = Anchor::Part(Part::Row(row), self.view.y / 3.0);
                let until = ui.input(|input| input.time) + FLASH_SECONDS;
                self.flash = Some((row, until));
                let wait = std::time::Duration::from_secs_f64(FLASH_SECONDS);
                ui.ctx().request_repaint_after(wait);
            }
        }
    }

    /// Moves no more than it takes to have a row in sight.
    fn bring(&mut self, row: Seq) {
        let place = self.places.iter().find(|(seq, ..)| *seq == row).copied();
        let high = self.height(Part::Row(row));
        match place {
            Some((_, top, _)) if top < 0.0 => self.anchor = Anchor::Part(Part::Row(row), space::S),
            Some((_, _, bottom)) if bottom > self.view.y => {
                let at = (self.view.y - high - space::S).max(space::S);
                self.anchor = Anchor::Part(Part::Row(row), at);
            }
            Some(_) => {}
            None => self.anchor = Anchor::Part(Part::Row(row), self.view.y / 3.0),
        }
    }

    /// Brings whatever got the keyboard by Tab into sight, if it stands in a row beyond the edge.
    pub(super) fn follow_focus(&mut self, ui: &Ui, view: Rect) {
        let focused = ui.memory(egui::Memory::focused);
        if focused == self.focused {
            return;
        }
        self.focused = focused;
        let Some(rect) = focused.and_then(|id| ui.ctx().read_response(id)).map(|one| one.rect)
        else {
            return;
        };
        let is_in_row = self.places.iter().any(|(_, top, bottom)| {
            rect.min.y >= view.min.y + top - 1.0
                && rect.max.y <= view.min.y + bottom + 1.0
                && view.x_range().contains(rect.center().x)
        });
        if is_in_row && rect.min.y < view.min.y {
            self.by(view.min.y - rect.min.y + space::S);
            ui.ctx().request_repaint();
        } else if is_in_row && rect.max.y > view.max.y {
            self.by(view.max.y - rect.max.y - space::S);
            ui.ctx().request_repaint();
        }
    }

    /// Whether this row is outlined because it was jumped to.
    pub(super) fn flashes(&self, ui: &Ui, row: Seq) -> bool {
        let now = ui.input(|input| input.time);
        self.flash.is_some_and(|(seq, until)| seq == row && now < until)
    }
}
