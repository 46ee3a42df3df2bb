//! Tab goes to everything that can be acted on, and Shift+Tab back; neither is ever stuck.

use std::collections::BTreeMap;

use egui::accesskit::{Action, NodeId};
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{AccessKitNode, NodeT as _};

use super::super::{Screen, screen};
use super::states::{self, State};
use super::{context, describe, is_hidden, layer};

/// More than the controls of any window here.
const MOST: usize = 400;

/// What can have the keyboard, with what it is. What lies on top has it alone.
fn wanted(screen: &Screen) -> BTreeMap<NodeId, String> {
    let layer = focused(screen).map(|(_, layer)| layer).filter(|_| is_over(screen));
    let nodes = screen.root().children_recursive().filter(|node| !is_hidden(node));
    let nodes = nodes.map(|node| node.accesskit_node());
    let can = |node: &AccessKitNode<'_>| {
        node.data().supports_action(Action::Focus)
            && !node.is_disabled()
            && layer.as_ref().is_none_or(|layer| context(node).0 == *layer)
    };
    nodes.filter(can).map(|node| (node.locate().0, describe(&node))).collect()
}

/// Whether something lies over the pane.
fn is_over(screen: &Screen) -> bool {
    let desk = &screen.state().model.desk;
    desk.confirm.is_some() || !desk.overlays.is_empty()
}

/// What has the keyboard, and the layer it lies on.
fn focused(screen: &Screen) -> Option<(NodeId, String)> {
    let mut nodes = screen.root().children_recursive().map(|node| node.accesskit_node());
    let focused = nodes.find(AccessKitNode::is_focused)?;
    Some((focused.locate().0, context(&focused).0))
}

/// Whether the keyboard is in what lies on top, if something does.
fn is_on_top(screen: &Screen) -> bool {
    let below = screen.root().children().next().map(|node| layer(&node.accesskit_node()));
    !is_over(screen) || focused(screen).is_some_and(|(_, layer)| Some(layer) != below)
}

/// Goes round by Tab until the keyboard is where it was first, and says what is wrong with that.
fn round(screen: &mut Screen, way: &str, modifiers: Modifiers) -> Vec<String> {
    let mut left = wanted(screen);
    let (mut first, mut comes_round, mut faults) = (None, left.is_empty(), Vec::new());
    for _ in 0..MOST {
        tab(screen, modifiers);
        let Some((now, _)) = focused(screen) else { continue };
        left.remove(&now);
        if !is_on_top(screen) {
            faults.push(format!("{way} leaves what lies on top"));
            break;
        }
        if first == Some(now) {
            comes_round = true;
            break;
        }
        first = first.or(Some(now));
    }
    faults.extend(left.values().map(|one| format!("{way} does not reach {one}")));
    faults.extend((!comes_round).then(|| format!("{way} does not come round")));
    faults
}

/// Presses Tab, in one frame.
fn tab(screen: &mut Screen, modifiers: Modifiers) {
    let pressed =
        Event::Key { key: Key::Tab, physical_key: None, pressed: true, repeat: false, modifiers };
    screen.event(pressed);
    screen.step();
}

fn assert_reached(states: Vec<State>) {
    let mut all = Vec::new();
    for State { called, model } in states {
        let mut screen = screen(model);
        screen.run_ok();
        let mut faults = Vec::new();
        if !is_on_top(&screen) {
            faults.push("what was opened does not take the keyboard".to_owned());
        }
        for (way, modifiers) in [("Tab", Modifiers::NONE), ("Shift+Tab", Modifiers::SHIFT)] {
            faults.extend(round(&mut screen, way, modifiers));
        }
        all.extend(faults.into_iter().map(|fault| format!("{called}: {fault}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn tab_reaches_everything_before_signing_in() {
    assert_reached(states::welcome());
}

#[test]
fn tab_reaches_everything_of_a_room() {
    assert_reached(states::rooms());
}

#[test]
fn tab_reaches_everything_of_every_overlay() {
    assert_reached(states::overlays());
}

#[test]
fn tab_reaches_everything_of_every_pane() {
    assert_reached(states::panes());
}

#[test]
fn tab_reaches_everything_of_every_page_of_managing() {
    assert_reached(states::managing());
}

#[test]
fn tab_reaches_everything_told_in_passing() {
    assert_reached(states::told());
}
