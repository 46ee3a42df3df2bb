//! Every control has a name and a role, in every state of the window, and Tab reaches it.
//!
//! The walk goes over the whole accessibility tree, as a screen reader does. It asks more than the
//! harness does by itself: also of what can be acted on without being an input, also of images, and
//! that no two controls side by side sound the same.

mod places;
pub(super) mod states;
mod tab;

use std::collections::BTreeMap;

use egui::accesskit::{Action, Role};
use egui_kittest::kittest::{AccessKitNode, NodeT};
use egui_kittest::{Harness, Node};

use super::screen;
use states::State;

/// What is wrong with the names in this window, one line each.
fn faults<S>(screen: &Harness<'_, S>) -> Vec<String> {
    let root = screen.root();
    let nodes: Vec<_> = root.children_recursive().filter(|node| !is_hidden(node)).collect();
    let mut faults: Vec<_> = nodes.iter().filter_map(unnamed).collect();
    let mut heard: BTreeMap<_, usize> = BTreeMap::new();
    for node in nodes.iter().map(NodeT::accesskit_node).filter(is_control) {
        *heard.entry((context(&node), format!("{:?}", node.role()), name(&node))).or_default() += 1;
    }
    let twice = heard.into_iter().filter(|((.., name), times)| *times > 1 && !name.is_empty());
    faults.extend(twice.map(|((_, role, name), times)| format!("{times} × {role} {name:?}")));
    faults
}

fn is_hidden(node: &Node<'_>) -> bool {
    node.accesskit_node().is_hidden()
}

/// Whether somebody can do something with it. Plain text can be marked with the mouse and is no
/// control for that, nor is the bar at the edge of what is scrolled: the keyboard scrolls without it.
fn is_control(node: &AccessKitNode<'_>) -> bool {
    let data = node.data();
    let is_for_mouse =
        matches!(node.role(), Role::Label | Role::TextRun | Role::Heading | Role::ScrollBar);
    let is_acted_on = data.supports_action(Action::Click) && !is_for_mouse;
    egui::accessibility::is_input(node.role()) || data.supports_action(Action::Focus) || is_acted_on
}

/// What is said of it. A hint within a field is no name: it is gone once something is written.
fn name(node: &AccessKitNode<'_>) -> String {
    node.label().unwrap_or_default().trim().to_owned()
}

fn unnamed(node: &Node<'_>) -> Option<String> {
    let node = node.accesskit_node();
    let needs_name = is_control(&node) || node.role() == Role::Image;
    let is_vague = node.role() == Role::Unknown || node.role() == Role::GenericContainer;
    match (needs_name, name(&node).is_empty(), is_vague) {
        (true, true, _) => Some(format!("no name: {}", describe(&node))),
        (true, false, true) => Some(format!("no role: {}", describe(&node))),
        _ => None,
    }
}

fn describe(node: &AccessKitNode<'_>) -> String {
    let named = std::iter::successors(node.parent(), AccessKitNode::parent);
    let within: Vec<_> = named.map(|one| name(&one)).filter(|name| !name.is_empty()).collect();
    format!("{:?} {:?} at {:?} within {within:?}", node.role(), name(node), node.raw_bounds())
}

/// What stands around a control and tells it from its like: the layer it lies on, and the nearest
/// group or row with a name of its own.
fn context(node: &AccessKitNode<'_>) -> (String, String) {
    let mut above = std::iter::successors(node.parent(), AccessKitNode::parent);
    let row = above.find(|one| !name(one).is_empty()).map(|one| format!("{:?}", one.id()));
    (layer(node), row.unwrap_or_default())
}

/// The layer a node lies on: each is a child of the window.
fn layer(node: &AccessKitNode<'_>) -> String {
    let up: Vec<_> = std::iter::successors(Some(*node), AccessKitNode::parent).collect();
    let layer = up.len().checked_sub(2).map(|place| format!("{:?}", up[place].id()));
    layer.unwrap_or_default()
}

/// A window with one thing in it.
fn window(mut draw: impl FnMut(&mut egui::Ui) + 'static) -> Harness<'static> {
    let mut has_fonts = false;
    Harness::builder().with_accessibility_check(false).build_ui(move |ui| {
        if has_fonts {
            draw(ui);
        } else {
            crate::look::load_fonts(ui.ctx());
            has_fonts = true;
            ui.ctx().request_repaint();
        }
    })
}

#[test]
fn the_walk_catches_what_has_no_name() {
    let mut text = String::new();
    let field = window(move |ui| {
        ui.text_edit_singleline(&mut text);
    });
    assert!(faults(&field)[0].starts_with("no name: TextInput"), "{:?}", faults(&field));
    let empty = window(|ui| {
        let _ = ui.button("  ");
    });
    assert!(faults(&empty)[0].starts_with("no name: Button"), "{:?}", faults(&empty));
    let bare = window(|ui| {
        let size = egui::Vec2::splat(20.0);
        let _ = ui.allocate_exact_size(size, egui::Sense::click());
    });
    assert_eq!(faults(&bare).len(), 1, "{:?}", faults(&bare));
    let image = window(|ui| {
        let (_, response) = ui.allocate_exact_size(egui::Vec2::splat(20.0), egui::Sense::hover());
        response.widget_info(|| egui::WidgetInfo::new(Role::Image));
    });
    assert!(faults(&image)[0].starts_with("no name: Image"), "{:?}", faults(&image));
}

#[test]
fn the_walk_catches_two_controls_that_sound_the_same() {
    let row = |ui: &mut egui::Ui, name: &str| {
        let builder = egui::UiBuilder::new()
            .id_salt(name)
            .accessibility_role(Role::Group)
            .accessibility_label(name);
        ui.scope_builder(builder, |ui| ui.button("Remove"));
    };
    let rows = window(move |ui| {
        row(ui, "Ffion");
        row(ui, "Dele");
    });
    assert_eq!(faults(&rows), Vec::<String>::new(), "their rows tell them apart");
    let bare = window(|ui| {
        let _ = (ui.button("Remove"), ui.button("Remove"));
    });
    assert_eq!(faults(&bare), ["2 × Button \"Remove\""]);
}

/// Whether these states have no faults, all of them told at once.
fn assert_named(states: Vec<State>) {
    let mut all = Vec::new();
    for State { called, model } in states {
        let mut screen = screen(model);
        screen.run_ok();
        all.extend(faults(&screen).into_iter().map(|fault| format!("{called}: {fault}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn everything_before_signing_in_has_a_name() {
    assert_named(states::welcome());
}

#[test]
fn everything_of_a_room_has_a_name() {
    assert_named(states::rooms());
}

#[test]
fn everything_of_every_overlay_has_a_name() {
    assert_named(states::overlays());
}

#[test]
fn everything_of_every_pane_has_a_name() {
    assert_named(states::panes());
}

#[test]
fn everything_of_every_page_of_managing_has_a_name() {
    assert_named(states::managing());
}

#[test]
fn everything_told_in_passing_has_a_name() {
    assert_named(states::told());
}
