//! The rooms themselves, in groups. Only those that can be seen are drawn, so that two hundred cost no
//! more than twenty.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align2, Color32, CornerRadius, EventFilter, FontId, Id, Pos2, Rect, Response, Role, ScrollArea,
    Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};
use warproom_client::proto::{Label, RoomId};

use super::super::Cx;
use super::super::widgets::{quiet, takes_focus};
use crate::commands::here;
use crate::look::{TARGET, size, space, strong_family};
use crate::model::desk::Focus;
use crate::model::room::Room;
use crate::model::rooms::{self, Direction, Group};
use crate::{Action, Model};

/// A room's name on one line, and on the next its ceiling and how much is unread.
const ROW: f32 = TARGET + space::L;

/// What the second line of a long name adds.
const LINE: f32 = size::BODY + space::XS;

/// The lines that a name has at most. Of one that is longer still, the whole is told by pointing at it, and by
/// the row's name.
const LINES: usize = 2;

/// The characters of a name that fit on a line in any case: an M is the widest letter.
const SHORT: usize = 14;

/// The heading of a group, with the space above it.
const HEADING: f32 = TARGET + space::S;

enum Line<'a> {
    Heading(&'static str),
    Room(&'a Room),
}

struct Placed<'a> {
    top: f32,
    high: f32,
    line: Line<'a>,
}

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    if model.rooms.rooms.is_empty() {
        return empty(ui, cx);
    }
    let area = ScrollArea::vertical().id_salt("rooms").auto_shrink(false);
    area.show_viewport(ui, |ui, viewport| {
        let (lines, height) = place(ui, model);
        ui.set_height(height);
        let (origin, width) = (ui.min_rect().min, ui.available_width());
        for (at, placed) in lines.iter().enumerate() {
            let Placed { top, high, .. } = *placed;
            let is_seen = top < viewport.max.y && top + high > viewport.min.y;
            let rect = Rect::from_min_size(origin + Vec2::new(0.0, top), Vec2::new(width, high));
            match placed.line {
                Line::Heading(text) if is_seen => heading(ui, cx, rect, text),
                Line::Room(room) if is_seen || is_needed(ui, model, room) => {
                    self::room(ui, cx, rect, room, &Neighbours::of(&lines, at, rect));
                }
                Line::Heading(_) | Line::Room(_) => {}
            }
        }
    });
}

fn empty(ui: &mut Ui, cx: &Cx<'_>) {
    let text = if cx.model.rooms.is_known {
        "No room yet. Ask your WARP's manager to bring you into one."
    } else {
        "The rooms are listed as soon as the server has told them."
    };
    quiet(ui, cx.look, text);
}

/// Every line with its place, and how high they are together.
fn place<'m>(ui: &Ui, model: &'m Model) -> (Vec<Placed<'m>>, f32) {
    let (mut lines, mut top, mut group) = (Vec::new(), 0.0, None);
    for (of, room) in model.listed_rooms() {
        if group != Some(of) {
            group = Some(of);
            lines.push(Placed { top, high: HEADING, line: Line::Heading(name_of(of)) });
            top += HEADING;
        }
        let high = height(ui, model, room);
        lines.push(Placed { top, high, line: Line::Room(room) });
        top += high;
    }
    (lines, top)
}

fn height(ui: &Ui, model: &Model, room: &Room) -> f32 {
    if room.settings.name.as_str().chars().count() <= SHORT {
        return ROW;
    }
    let is_open = model.rooms.open == Some(room.id);
    // The colour makes no difference to the height.
    let job = name_job(room, is_open, ui.available_width() - SIDES, Color32::PLACEHOLDER);
    if ui.painter().layout_job(job).rows.len() > 1 { ROW + LINE } else { ROW }
}

/// What stands beside a name, on both sides together.
const SIDES: f32 = (space::XS + space::S) * 2.0;

/// The name of a room, on as many lines as it may have.
fn name_job(room: &Room, is_open: bool, width: f32, ink: Color32) -> LayoutJob {
    let font = if room.unread() > 0 || is_open {
        FontId::new(size::BODY, strong_family())
    } else {
        FontId::proportional(size::BODY)
    };
    let name = room.settings.name.to_string();
    let mut job = LayoutJob::single_section(name, TextFormat::simple(font, ink));
    job.wrap = TextWrapping { max_width: width, max_rows: LINES, ..TextWrapping::default() };
    job
}

const fn name_of(group: Group) -> &'static str {
    match group {
        Group::ForYou => "For you",
        Group::Unread => "Unread",
        Group::Others => "Rooms",
    }
}

/// A room out of sight is drawn all the same while it has the keyboard, or is to get it.
fn is_needed(ui: &Ui, model: &Model, room: &Room) -> bool {
    model.rooms.open == Some(room.id) || ui.memory(|memory| memory.has_focus(id_of(room.id)))
}

fn id_of(room: RoomId) -> Id {
    Id::unique(("room in the list", room))
}

/// The rooms above and below one, and where they stand.
struct Neighbours {
    above: Option<(RoomId, Rect)>,
    below: Option<(RoomId, Rect)>,
}

impl Neighbours {
    fn of(lines: &[Placed<'_>], at: usize, rect: Rect) -> Self {
        let here = lines[at].top;
        let one = |placed: &Placed<'_>| match placed.line {
            Line::Room(room) => Some((room.id, rect.translate(Vec2::new(0.0, placed.top - here)))),
            Line::Heading(_) => None,
        };
        let above = lines[..at].iter().rev().find_map(one);
        let below = lines[at + 1..].iter().find_map(one);
        Self { above, below }
    }
}

fn heading(ui: &mut Ui, cx: &Cx<'_>, rect: Rect, text: &str) {
    let font = FontId::new(size::SMALL, strong_family());
    let at = rect.left_bottom() + Vec2::new(space::M, -space::XS);
    ui.painter().text(at, Align2::LEFT_BOTTOM, text, font, cx.look.quiet);
    let response = ui.interact(rect, Id::unique(("rooms", text)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
}

fn room(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect, room: &Room, neighbours: &Neighbours) {
    let is_open = cx.model.rooms.open == Some(room.id);
    let response = ui.interact(rect, id_of(room.id), Sense::click());
    let name = spoken(room);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open, &name));
    if is_open || cx.model.rooms.open.is_none() {
        takes_focus(cx, Focus::Rooms, &response);
    }
    if ui.is_rect_visible(rect) {
        paint(ui, cx, rect, room, &response);
    }
    if response.has_focus() {
        walk(ui, &response, neighbours);
    }
    if response.gained_focus() {
        ui.scroll_to_rect(rect, None);
    }
    if response.on_hover_text(name).clicked() {
        cx.act(Action::Rooms(rooms::Action::Open(room.id)));
    }
}

/// Arrow keys go from room to room, whether the next one is in sight or not.
fn walk(ui: &Ui, response: &Response, neighbours: &Neighbours) {
    let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    if !ui.memory(|memory| memory.had_focus_last_frame(response.id)) {
        // Arrows are ours only from the frame after the one in which the keyboard came.
        ui.ctx().request_repaint();
    }
    // Taken, so that the next room, which is drawn later in this frame, does not go on.
    let next = match here::taken(ui, here::ROOM_LIST).first() {
        Some(Direction::On) => neighbours.below,
        Some(Direction::Back) => neighbours.above,
        None => None,
    };
    if let Some((id, rect)) = next {
        ui.memory_mut(|memory| memory.request_focus(id_of(id)));
        ui.scroll_to_rect(rect, None);
    }
}

/// What a screen reader says of a room: all that the row shows.
fn spoken(room: &Room) -> String {
    let mut parts = vec![room.settings.name.to_string()];
    let unread = room.unread();
    if unread > 0 {
        parts.push(format!("{unread} unread"));
    }
    match room.mentions.len() {
        0 => {}
        1 => parts.push("1 mention".to_owned()),
        many => parts.push(format!("{many} mentions")),
    }
    match room.concerning.len() {
        0 => {}
        1 => parts.push("1 concerns your organisation".to_owned()),
        many => parts.push(format!("{many} concern your organisation")),
    }
    if room.rewritten.is_some() {
        parts.push("its history does not hold".to_owned());
    }
    parts.push(format!("ceiling {}", room.settings.ceiling));
    parts.join(", ")
}

fn paint(ui: &Ui, cx: &Cx<'_>, rect: Rect, room: &Room, response: &Response) {
    let look = cx.look;
    let painter = ui.painter();
    let is_open = cx.model.rooms.open == Some(room.id);
    let body = rect.shrink2(Vec2::new(space::XS, 1.0));
    if is_open || response.hovered() {
        painter.rect_filled(body, CornerRadius::same(crate::look::ROUND), look.raised);
    }
    if is_open {
        let bar = Rect::from_min_max(body.min, Pos2::new(body.min.x + space::XS, body.max.y));
        painter.rect_filled(bar, CornerRadius::ZERO, look.accent);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, look.accent);
        let round = CornerRadius::same(crate::look::ROUND);
        painter.rect_stroke(body, round, stroke, StrokeKind::Inside);
    }
    let inner = body.shrink2(Vec2::new(space::S, space::XS / 2.0));
    counts(ui, inner, room, look.text, look.accent);
    let galley = painter.layout_job(name_job(room, is_open, inner.width(), look.text));
    painter.galley(inner.min, galley, look.text);
    ceiling(ui, inner.left_bottom(), room.settings.ceiling);
}

/// Draws how much is unread, how often one is called by name and how much concerns one's organisation, at
/// the right of the second line.
fn counts(ui: &Ui, inner: Rect, room: &Room, ink: Color32, accent: Color32) {
    let (unread, mentions, concerning) =
        (room.unread(), room.mentions.len(), room.concerning.len());
    let font = FontId::new(size::SMALL, strong_family());
    let mut at = inner.right_bottom();
    for (sign, count) in [('⚠', concerning), ('@', mentions)] {
        if count == 0 {
            continue;
        }
        let text = format!("{sign}{count}");
        let drawn = ui.painter().text(at, Align2::RIGHT_BOTTOM, text, font.clone(), accent);
        at.x = drawn.min.x - space::S;
    }
    if unread > 0 {
        ui.painter().text(at, Align2::RIGHT_BOTTOM, unread.to_string(), font, ink);
    }
}

/// The ceiling as FIRST shows a label: on black, in every theme. The row's name says it too.
fn ceiling(ui: &Ui, at: Pos2, label: Label) {
    let [red, green, blue] = label.rgb();
    let ink = Color32::from_rgb(red, green, blue);
    let font = FontId::new(size::SMALL, strong_family());
    let galley = ui.painter().layout_no_wrap(label.as_str().to_owned(), font, ink);
    let padding = Vec2::new(space::XS, 0.0);
    let chip =
        Rect::from_min_size(at - Vec2::new(0.0, galley.size().y), galley.size() + padding * 2.0);
    let (round, line) = (CornerRadius::same(3), Stroke::new(1.0, ink.gamma_multiply(0.6)));
    ui.painter().rect(chip, round, Color32::BLACK, line, StrokeKind::Inside);
    ui.painter().galley(chip.min + padding, galley, ink);
}
