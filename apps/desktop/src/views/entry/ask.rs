//! What an entry asks: the options with how many chose each, one's own answer, the time to answer by.

use egui::{RichText, Ui};
use warproom_client::BoardView;
use warproom_client::proto::Ask;

use super::Row;
use crate::look::{size, space};
use crate::model::{ask, board, manage, moment};
use crate::views::Cx;
use crate::views::widgets::{button, primary_button, quiet, strong};
use crate::{Action, Model};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>, asked: &Ask) {
    let (room, seq) = (row.room.id, row.seq);
    let view = cx.model.board.boards.get(&(room, seq));
    ui.label(options(asked, view));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        match own_answer(cx.model, view) {
            Some(own) => {
                strong(ui, &own);
            }
            None if waits(cx.model, row) => {
                strong(ui, "Waits for your organisation's answer");
            }
            None => {}
        }
        if let Some(due_at_ms) = asked.due_at_ms {
            due(ui, cx, due_at_ms);
        }
        // A guest answers for nobody.
        if manage::is_officer(cx.model) && primary_button(ui, cx.look, "Answer…").clicked() {
            cx.act(Action::Ask(ask::Action::OpenAnswer(room, seq)));
        }
        if button(ui, "Board").clicked() {
            cx.act(Action::Board(board::Action::Show(room, seq)));
        }
    });
}

/// The options; with the board, how many organisations chose each and how many have not answered.
fn options(asked: &Ask, view: Option<&BoardView>) -> String {
    let Some(view) = view else {
        let options: Vec<_> = asked.options.iter().map(ToString::to_string).collect();
        return format!("Answers: {}", options.join(" · "));
    };
    let mut counts: Vec<_> =
        view.tally().iter().map(|(option, count)| format!("{option} {count}")).collect();
    counts.push(format!("no answer {}", view.outstanding().count()));
    counts.join(" · ")
}

fn own_answer(model: &Model, view: Option<&BoardView>) -> Option<String> {
    let own = model.my_organisation()?;
    let line = view?.rows.iter().find(|line| line.organisation == own)?;
    let answer = line.answer.as_ref()?;
    let at = moment::brief(model.now_ms, answer.at_ms);
    Some(format!("Your organisation: {} ({at})", answer.choice))
}

fn waits(model: &Model, row: Row<'_>) -> bool {
    let own = model.my_organisation();
    model.ask.outstanding.iter().any(|one| {
        one.room == row.room.id
            && one.ask == row.seq
            && own.is_some_and(|own| one.organisations.contains(&own))
    })
}

fn due(ui: &mut Ui, cx: &Cx<'_>, due_at_ms: i64) {
    let words = moment::due(cx.model.now_ms, due_at_ms);
    let response = if due_at_ms < cx.model.now_ms {
        ui.label(RichText::new(format!("⚠ {words}")).size(size::SMALL).color(cx.look.danger))
    } else {
        quiet(ui, cx.look, &words)
    };
    response.on_hover_ui(|ui| {
        ui.label(moment::full(due_at_ms));
    });
}
