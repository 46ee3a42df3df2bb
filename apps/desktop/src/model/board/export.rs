//! A board that leaves the WARP: as a file, or on the clipboard. Either carries its label, and the
//! person is told which before a file is written.

use warproom_client::proto::Label;

use super::Action;
use crate::Effect;
use crate::model::desk::Confirm;
use crate::model::{Model, label, moment};
use crate::news::Refusal;

/// The longest part of a file's name that comes from what is asked.
const NAME_CHARS: usize = 48;

/// Says what the file carries, and asks.
pub(super) fn ask(model: &mut Model) {
    let Some(csv) = csv(model) else { return };
    let first = csv.lines().next().unwrap_or_default();
    let label = first.split(' ').next().and_then(|word| word.parse::<Label>().ok());
    let meaning = label.map(label::meaning).unwrap_or_default();
    let red = if csv.contains("withheld: TLP:RED") {
        " Answers that are TLP:RED are left out of it, and it says so."
    } else {
        ""
    };
    model.desk.confirm = Some(Confirm {
        title: "Write this board to a file?".to_owned(),
        what_it_does: format!(
            "The file carries {first} in its first line: what is in it {meaning}.{red} It is \
             written to your downloads, unsealed: whoever can read that folder can read it."
        ),
        verb: "Write file",
        is_dangerous: false,
        then: Box::new(crate::Action::Board(Action::WriteCsv)),
    });
}

pub(super) fn write(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(text) = csv(model) else { return };
    let Some(view) = model.open_board_view() else { return };
    let exercise = if view.exercise { "exercise-" } else { "" };
    let (title, at) = (slug(&view.title), slug(&moment::short(model.now_ms)));
    out.push(Effect::WriteFile { name: format!("{exercise}board-{title}-{at}.csv"), text });
}

pub(super) fn copy(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(view) = model.open_board_view() else { return };
    match view.markdown(|who| model.directory.name(who)) {
        Ok(text) => {
            let label = text.lines().next().unwrap_or_default().to_owned();
            // The label stands first already; it stands last too, as in everything copied out.
            out.push(Effect::Copy(format!("{}\n\n{label}\n", text.trim_end())));
            model.tell(format!("The board is copied with its label, {label}."));
        }
        Err(why) => refuse(model, &why),
    }
}

fn csv(model: &mut Model) -> Option<String> {
    let view = model.open_board_view()?;
    match view.csv(|who| model.directory.name(who)) {
        Ok(text) => Some(text),
        Err(why) => {
            refuse(model, &why);
            None
        }
    }
}

/// Letters and digits with hyphens between: a name that every file system takes.
pub(in crate::model) fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let whole = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let cut: String = whole.chars().take(NAME_CHARS).collect();
    cut.trim_end_matches('-').to_owned()
}

fn refuse(model: &mut Model, why: &impl ToString) {
    model.tell_trouble(&Refusal::new(why.to_string(), "nothing was written or copied"));
}
