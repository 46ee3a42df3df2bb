//! The board, through its accessible names.

use egui::Role;
use egui_kittest::Node;
use egui_kittest::kittest::{AccessKitNode, NodeT, Queryable};
use warproom_client::proto::calls::{Board, BoardRow, Page};
use warproom_client::proto::{Label, OrganisationId};

use super::Screen;
use super::ask::{part, said};
use crate::fixture::{name, organisation};
use crate::model::board::tests::{answer, record, roll_call, show};
use crate::model::desk::{self, Focus};
use crate::model::room::Beside;
use crate::request::{Reply, Request};
use crate::views::{Cx, board};
use crate::{Action, Effect, News, look};

fn draw(ui: &mut egui::Ui, cx: &mut Cx<'_>) {
    board::ui(ui, cx, 1);
}

fn shown(board: Board) -> Screen {
    let mut screen = part(show(board).0, (look::BESIDE_WIDTH, 900.0), draw);
    screen.run_ok();
    screen
}

fn usual() -> Screen {
    shown(roll_call(Label::AmberStrict, false))
}

/// The rows from top to bottom, by name.
fn rows(screen: &Screen) -> Vec<String> {
    let is_row = |node: &AccessKitNode<'_>| {
        node.role() == Role::Button && node.label().is_some_and(|label| label.contains(": "))
    };
    let named =
        |node: Node<'_>| (node.rect().min.y, node.accesskit_node().label().unwrap_or_default());
    let mut rows: Vec<_> = screen.get_all_by(is_row).map(named).collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn a_board_counts_each_answer_and_names_who_has_not_answered() {
    let screen = usual();
    screen.get_by_label("affected: 1 of 8");
    screen.get_by_label("not affected: 1 of 8");
    screen.get_by_label("investigating: 0 of 8");
    screen.get_by_label("Not answered: 6");
    said(&screen, Role::Label, "Thanet District Council, Ashford");
    said(&screen, Role::Group, "board: TLP:AMBER+STRICT; Who is hit?");
}

#[test]
fn a_row_says_what_it_shows() {
    let screen = usual();
    let row = said(&screen, Role::Button, "Canterbury City Council");
    let name = row.accesskit_node().label().unwrap_or_default();
    for part in ["affected since", "TLP:AMBER+STRICT", "2 answers", "note: Forms are down"] {
        assert!(name.contains(part), "{name}");
    }
    let missing = said(&screen, Role::Button, "Swale Borough Council");
    let name = missing.accesskit_node().label().unwrap_or_default();
    assert!(name.ends_with("no answer that you may read"), "{name}");
}

#[test]
fn rows_are_sorted_by_a_button_that_says_that_it_is_chosen() {
    let mut screen = usual();
    assert!(rows(&screen)[0].starts_with("Ashford"), "{:?}", rows(&screen));
    screen.get_by_label("sort by latest").click();
    screen.run_ok();
    let rows = rows(&screen);
    assert!(rows[0].starts_with("Dover") && rows[1].starts_with("Canterbury"), "{rows:?}");
    let button = screen.get_by_label("sort by latest");
    assert_eq!(button.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
}

#[test]
fn a_row_opens_the_history_of_its_organisation() {
    let mut screen = usual();
    said(&screen, Role::Button, "Canterbury City Council").click();
    screen.run_ok();
    let call = screen.state().world.asked.iter().find_map(|effect| match effect {
        Effect::Call(Request::BoardHistory(call)) => Some(*call),
        _ => None,
    });
    let call = call.unwrap();
    assert_eq!((call.of, call.organisation, call.after), (1, organisation(1), 0));
    screen.get_by_label("Its earlier answers are being read …");
    let records = vec![
        record(2, &answer(1, Label::AmberStrict, "investigating", "Looking")),
        record(5, &answer(1, Label::AmberStrict, "affected", "Forms are down")),
    ];
    let latest = roll_call(Label::Green, false).latest;
    let page = Page { records, amendments: Vec::new(), latest };
    screen.state_mut().hear(&News::Answered(call.into(), Ok(Reply::BoardHistory(page))));
    screen.run_ok();
    let first = screen.get_by_label("▲ investigating").rect();
    let last = screen.get_by_label("● affected").rect();
    assert!(first.max.y <= last.min.y, "{first} {last}");
    assert!(screen.query_by_label("Its earlier answers are being read …").is_none());
    said(&screen, Role::Button, "Canterbury City Council").click();
    screen.run_ok();
    assert!(screen.query_by_label("▲ investigating").is_none());
}

#[test]
fn an_exercise_is_unmistakable() {
    let screen = shown(roll_call(Label::AmberStrict, true));
    screen.get_by_label("exercise, not real");
    said(&screen, Role::Group, "board: exercise, not real");
    assert!(usual().query_by_label("exercise, not real").is_none());
}

#[test]
fn of_a_hundred_organisations_only_those_on_the_screen_are_drawn() {
    let mut board = roll_call(Label::AmberStrict, false);
    board.rows = (0..100)
        .map(|number| BoardRow {
            organisation: OrganisationId::from_bytes([100 + number; 16]),
            name: name(&format!("Council number {number:03}")),
            answer: None,
            answers: 0,
        })
        .collect();
    let screen = shown(board);
    let drawn = rows(&screen).len();
    assert!((3..16).contains(&drawn), "{drawn}");
}

#[test]
fn nothing_of_a_board_is_wider_than_its_place() {
    let mut board = roll_call(Label::AmberStrict, true);
    board.rows[0].name = name("Llanfairpwllgwyngyll ".repeat(4)[..80].trim());
    let mut screen = shown(board);
    said(&screen, Role::Button, "Dover District Council").click();
    screen.run_ok();
    let nodes: Vec<_> =
        screen.get_all_by(|node: &AccessKitNode<'_>| node.label().is_some()).collect();
    assert!(nodes.len() > 12, "{}", nodes.len());
    for node in nodes {
        let (rect, label) = (node.rect(), node.accesskit_node().label());
        assert!(rect.max.x <= look::BESIDE_WIDTH + 0.5, "{label:?} {rect}");
    }
}

#[test]
fn a_board_takes_the_keyboard_and_is_closed_by_its_button() {
    let mut screen = usual();
    screen.state_mut().act(Action::Desk(desk::Action::Focus(Focus::Beside)));
    screen.run_ok();
    assert!(said(&screen, Role::Group, "board: ").is_focused());
    let open = screen.state().model.rooms.open().unwrap().reading.beside;
    assert_eq!(open, Some(Beside::Board(1)));
    screen.get_by_label("Export…").click();
    screen.run_ok();
    assert!(screen.state().model.desk.confirm.is_some());
}

#[test]
fn every_shape_and_sign_is_in_the_bundled_fonts() {
    let screen = usual();
    let signs: String = (0..8).map(board::shape).chain(["⚠…·–“”"]).collect();
    let lacks = |signs: &str| {
        screen.ctx.fonts_mut(|fonts| {
            let font = egui::FontId::proportional(look::size::BODY);
            signs.chars().filter(|sign| !fonts.has_glyph(&font, *sign)).collect::<String>()
        })
    };
    assert_eq!(lacks("\u{13000}"), "\u{13000}", "a hieroglyph is in none");
    assert_eq!(lacks(&signs), "");
}
