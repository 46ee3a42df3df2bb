//! Every control can be brought into the window, in the smallest that must do and on a 4K screen: it lies
//! within it, or something scrolls there.

use egui::accesskit::Role;
use egui::{Rect, Vec2};
use egui_kittest::Node;
use egui_kittest::kittest::{AccessKitNode, NodeT as _};

use super::super::{Screen, sized};
use super::states::{self, State};
use super::{describe, is_control, is_hidden};

/// The smallest window that must do, and a 4K screen that is not scaled, in points.
const SIZES: [Vec2; 2] = [Vec2::new(1024.0, 700.0), Vec2::new(3840.0, 2160.0)];

/// More than any state needs to be scrolled from its beginning to its end.
const SCROLLS: usize = 60;

/// Those of the dialog that lies over the window, if there is one.
fn controls(screen: &Screen) -> Vec<Node<'_>> {
    let all = screen.root().children_recursive();
    let all: Vec<_> = all.filter(|node| !is_hidden(node)).collect();
    let is_dialog =
        |node: &AccessKitNode<'_>| matches!(node.role(), Role::Dialog | Role::AlertDialog);
    let has_dialog = all.iter().any(|node| is_dialog(&node.accesskit_node()));
    let is_meant = |node: &Node<'_>| {
        let node = node.accesskit_node();
        let mut above = std::iter::successors(node.parent(), AccessKitNode::parent);
        is_control(&node) && (!has_dialog || above.any(|one| is_dialog(&one)))
    };
    all.into_iter().filter(is_meant).collect()
}

/// Which one it is, also in a later frame.
fn key(node: &Node<'_>) -> String {
    format!("{:?}", node.accesskit_node().id())
}

/// Whether all of it is within; of what is higher than the window, a part.
fn is_within(window: Rect, control: Rect) -> bool {
    let window = window.expand(1.0);
    let (wide, high) = (window.x_range(), window.y_range());
    let fits = high.contains(control.top()) && high.contains(control.bottom());
    let is_sideways = wide.contains(control.left()) && wide.contains(control.right());
    is_sideways && (fits || (control.height() > window.height() && window.intersects(control)))
}

fn find<'s>(screen: &'s Screen, id: &str) -> Option<Node<'s>> {
    controls(screen).into_iter().find(|node| key(node) == id)
}

/// How something is brought into the window.
#[derive(Clone, Copy)]
enum By {
    Scrolling,
    Keyboard,
}

/// Whether a control is in the window once it was brought there. A row that its list let go of meanwhile is
/// drawn again where it is seen.
fn brought(screen: &mut Screen, window: Rect, id: &str, by: By) -> bool {
    if let Some(node) = find(screen, id) {
        match by {
            By::Scrolling => node.scroll_to_me(),
            By::Keyboard => node.focus(),
        }
    }
    screen.run_ok();
    find(screen, id).is_none_or(|node| is_within(window, node.rect()))
}

/// The controls that nothing brings into the window, in words.
fn lost(screen: &mut Screen, size: Vec2) -> Vec<String> {
    let window = Rect::from_min_size(egui::Pos2::ZERO, size);
    let outside = |screen: &Screen| -> Vec<String> {
        let outside = controls(screen).into_iter().filter(|node| !is_within(window, node.rect()));
        outside.map(|node| key(&node)).collect()
    };
    let mut wanted = outside(screen);
    let mut lost = Vec::new();
    for _ in 0..SCROLLS {
        let Some(id) = wanted.pop() else { break };
        // The timeline scrolls by itself: to what has the keyboard.
        let is_there = brought(screen, window, &id, By::Scrolling)
            || brought(screen, window, &id, By::Keyboard);
        if !is_there {
            lost.extend(find(screen, &id).map(|node| describe(&node.accesskit_node())));
        }
        let still = outside(screen);
        wanted.retain(|one| still.contains(one));
    }
    assert!(wanted.is_empty(), "{} are never looked for", wanted.len());
    lost
}

/// Whether nothing is lost in these states, all of them told at once.
fn assert_reachable(states: fn() -> Vec<State>) {
    let mut all = Vec::new();
    for size in SIZES {
        for State { called, model } in states() {
            let mut screen = sized(model, size.x, size.y);
            screen.run_ok();
            let lost = lost(&mut screen, size);
            all.extend(lost.into_iter().map(|lost| format!("{called}, {size}: {lost}")));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_walk_catches_what_is_out_of_the_window() {
    let out = |offset: f32| {
        let mut screen = super::window(move |ui| {
            let rect = Rect::from_min_size(egui::pos2(offset, 10.0), Vec2::splat(40.0));
            let _ = ui.put(rect, egui::Button::new("Send"));
        });
        screen.run_ok();
        let window = Rect::from_min_size(egui::Pos2::ZERO, screen.ctx.content_rect().size());
        let node = egui_kittest::kittest::Queryable::get_by_label(&screen, "Send");
        is_within(window, node.rect())
    };
    assert!(out(20.0));
    assert!(!out(-20.0) && !out(100_000.0));
}

#[test]
fn everything_before_signing_in_can_be_brought_into_the_window() {
    assert_reachable(states::welcome);
}

#[test]
fn everything_of_a_room_can_be_brought_into_the_window() {
    assert_reachable(states::rooms);
}

#[test]
fn everything_of_every_overlay_can_be_brought_into_the_window() {
    assert_reachable(states::overlays);
}

#[test]
fn everything_of_every_pane_can_be_brought_into_the_window() {
    assert_reachable(states::panes);
}

#[test]
fn everything_of_every_page_of_managing_can_be_brought_into_the_window() {
    assert_reachable(states::managing);
}

#[test]
fn everything_told_in_passing_can_be_brought_into_the_window() {
    assert_reachable(states::told);
}
