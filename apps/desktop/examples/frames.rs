//! Measures what a frame costs: 200 rooms, 100,000 entries in one of them, 50 entries arriving each
//! second, at 60 frames a second. Prints one line of JSON.
//!
//! ```text
//! cargo run --release -p warproom-desktop --features fixture --example frames
//! ```
//!
//! It has no window: a frame is everything this program does for it, from taking news to the triangles
//! handed to the graphics card. All of that happens on one thread, and its cost is the processor time of
//! that thread by the system's own clock of it (`CLOCK_THREAD_CPUTIME_ID`, `clock_gettime`), which
//! counts nanoseconds and no other program's. `process_ms` is the same by the clock of the whole process:
//! what is more than the thread's was done by others. The world's threads, which read and keep, are not
//! here: those are in the figures of the real window.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use egui::{
    Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase,
    Vec2,
};
use rustix::time::{ClockId, clock_getres, clock_gettime};
use warproom_client::proto::calls::From;
use warproom_client::proto::{Label, RoomId, Seq};
use warproom_desktop::controller::Controller;
use warproom_desktop::fixture::{self, Script};
use warproom_desktop::model::rooms;
use warproom_desktop::{Action, Effect, News, look, views};

const ROOMS: u16 = 200;
const ENTRIES: Seq = 100_000;
const FRAMES_A_SECOND: u32 = 60;
const ENTRIES_A_SECOND: u32 = 50;

/// Ten seconds of each.
const FRAMES: u32 = 10 * FRAMES_A_SECOND;

fn main() -> Result<()> {
    let mut window = Window::open();
    for _ in 0..FRAMES_A_SECOND {
        window.frame(Vec::new());
    }
    let before = processor_time(ClockId::ProcessCPUTime);
    let newest = window.measure(|_| Vec::new());
    let process = processor_time(ClockId::ProcessCPUTime).saturating_sub(before);
    let process = process.as_secs_f64() * 1000.0 / f64::from(FRAMES);
    // As fast as a wheel is turned: a screen in a quarter of a second.
    let scrolling = window.measure(|_| vec![wheel(60.0)]);
    let writing = window.measure(|frame| {
        let is_stroke = frame % 6 == 0;
        if is_stroke { vec![Event::Text("a".to_owned())] } else { Vec::new() }
    });
    let figures = serde_json::json!({
        "clock_ns": resolution_ns(),
        "process_ms": process,
        "newest_ms": newest.json(),
        "scrolling_ms": scrolling.json(),
        "writing_ms": writing.json(),
        "rows_held": window.controller.model.rooms.open().map(|room| room.log.items.len()),
        "resident_mib": resident_mib()?,
    });
    Ok(writeln!(std::io::stdout().lock(), "{figures}")?)
}

fn wheel(points: f32) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, points),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    }
}

/// A window that nobody sees.
struct Window {
    context: Context,
    controller: Controller<Script>,
    /// The room with the most in it.
    room: RoomId,
    frames: u32,
    /// Entries that are due, in parts of a frame.
    due: u32,
    last: Seq,
}

impl Window {
    fn open() -> Self {
        let mut model = fixture::model();
        fixture::many_rooms(&mut model, ROOMS);
        let room = fixture::room(1);
        fixture::crowd(&mut model, room, ENTRIES);
        let context = Context::default();
        look::load_fonts(&context);
        let mut controller = Controller { model, world: Script::default() };
        controller.act(Action::Rooms(rooms::Action::Open(room)));
        Self { context, controller, room, frames: 0, due: 0, last: ENTRIES }
    }

    /// The processor time of each frame, in milliseconds.
    fn measure(&mut self, mut input: impl FnMut(u32) -> Vec<Event>) -> Figures {
        let mut costs = Vec::new();
        for frame in 0..FRAMES {
            costs.push(self.frame(input(frame)));
        }
        costs.sort_by(f64::total_cmp);
        Figures(costs)
    }

    /// Draws a frame and answers what it cost, in milliseconds.
    fn frame(&mut self, mut events: Vec<Event>) -> f64 {
        self.arrive();
        self.serve();
        self.frames += 1;
        events.insert(0, Event::PointerMoved(Pos2::new(700.0, 400.0)));
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, Vec2::new(1280.0, 800.0))),
            time: Some(f64::from(self.frames) / f64::from(FRAMES_A_SECOND)),
            focused: true,
            events,
            ..RawInput::default()
        };
        let began = processor_time(ClockId::ThreadCPUTime);
        self.controller.turn();
        let mut actions = Vec::new();
        let controller = &self.controller;
        let mut output = self.context.run_ui(input, |ui| {
            actions.extend(views::ui(ui, &controller.model));
        });
        for action in actions {
            self.controller.act(action);
        }
        let triangles = self.context.tessellate(output.shapes, output.pixels_per_point);
        let cost = processor_time(ClockId::ThreadCPUTime).saturating_sub(began);
        drop(triangles);
        // There is no graphics card to hand them to.
        output.textures_delta.clear();
        cost.as_secs_f64() * 1000.0
    }

    /// The entries that arrive before this frame.
    fn arrive(&mut self) {
        self.due += ENTRIES_A_SECOND;
        while self.due >= FRAMES_A_SECOND {
            self.due -= FRAMES_A_SECOND;
            self.last += 1;
            let at_ms = fixture::NOW_MS + i64::from(self.frames) * 16;
            let entry = fixture::post(1, Label::AmberStrict, "Still down here; next call at four.");
            let delivered = fixture::delivered(self.room, self.last, at_ms, entry);
            self.controller.world.to_tell.push_back(News::Clock(at_ms));
            self.controller.world.to_tell.push_back(News::Entry(delivered));
        }
    }

    /// Answers the pages that were asked for, as a server would.
    fn serve(&mut self) {
        for effect in std::mem::take(&mut self.controller.world.asked) {
            let Effect::Page { room, from } = effect else { continue };
            let numbers = match from {
                From::Before(seq) => seq.saturating_sub(200).max(1)..=seq.saturating_sub(1),
                From::After(seq) => seq + 1..=(seq + 200).min(self.last),
                From::Latest | From::Time(_) => self.last.saturating_sub(199)..=self.last,
            };
            let page = Ok(fixture::crowd_page(room, numbers, self.last));
            self.controller.world.to_tell.push_back(News::Page { room, from, page });
        }
    }
}

/// Costs in milliseconds, the least first.
struct Figures(Vec<f64>);

impl Figures {
    fn json(&self) -> serde_json::Value {
        let at = |hundredths: usize| self.0[(self.0.len() - 1) * hundredths / 100];
        serde_json::json!({ "p50": at(50), "p99": at(99), "worst": at(100) })
    }
}

/// The processor time that this thread, or the process, has had.
fn processor_time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// How fine the thread's clock is, in nanoseconds.
fn resolution_ns() -> i64 {
    clock_getres(ClockId::ThreadCPUTime).tv_nsec
}

/// What this process holds in memory, in MiB.
fn resident_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u32 = line.context("no VmRSS")?.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kib) / 1024.0)
}
