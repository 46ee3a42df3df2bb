//! `ask`, `answer` and `outstanding`; and what a post or an alert asks.

use anyhow::Result;
use jiff::Zoned;
use warproom_client::proto::calls::{AnswerAsk, ListOutstanding, PostEntry, RoomSummary};
use warproom_client::proto::{Ask, EntryId, Name, Outstanding, limits};

use super::reports;
use crate::args::{self, Asking, Options};
use crate::directory::Directory;
use crate::moment::Moment;
use crate::names::Purpose;
use crate::out::Out;
use crate::problem::{Problem, problem};
use crate::prompt;
use crate::session::Session;
use crate::show::{self, Item};

/// `ask`
pub(crate) async fn ask(session: &Session, args: &args::Ask) -> Result<()> {
    let asks = build(&args.choices.options()?, args.due.as_ref(), &session.now())?;
    let text = prompt::text(args.text.as_deref())?;
    let room = session.room(&args.room, Purpose::Writing).await?;
    let label = args.label.unwrap_or(room.settings.default_label);
    let call = PostEntry {
        room: room.room,
        id: EntryId::random(),
        label,
        text,
        reply_to: None,
        mentions: Vec::new(),
        subjects: args.subjects.list(),
        ask: Some(asks),
        exercise: args.exercise,
        files: Vec::new(),
    };
    let posted = session.append(call).await?;
    session.out().give(&posted, |posted| {
        let name = show::safe(room.settings.name.as_str());
        let board = board_command(&room, posted.seq);
        let said = format!("Asked in #{} in {name}  {}\n{board}", posted.seq, show::chip(label));
        show::marked(args.exercise, &said)
    })
}

/// What an entry asks as its author wrote it, if anything.
pub(super) fn asking(asking: &Asking, now: &Zoned) -> Result<Option<Ask>> {
    let ask = asking.ask.as_ref().map(|options| build(options, asking.due.as_ref(), now));
    ask.transpose()
}

fn build(options: &Options, due: Option<&Moment>, now: &Zoned) -> Result<Ask> {
    let options = match options {
        Options::Usual(words) => words.iter().map(|word| word.parse()).collect::<Result<_, _>>()?,
        Options::Own(own) => own.clone(),
    };
    let due_at_ms = due.map(|due| due.to_come_ms(now, "the answer is due")).transpose()?;
    let latest_ms = now.timestamp().as_millisecond().saturating_add(limits::ASK_MS);
    if due_at_ms.is_some_and(|due_at_ms| due_at_ms > latest_ms) {
        return Err(problem("this is too late for an answer", "write a time within 31 days").into());
    }
    Ok(Ask { options, due_at_ms })
}

/// Where the answers are to be seen.
pub(super) fn board_command(room: &RoomSummary, seq: u64) -> String {
    let mut people = Directory::default();
    people.learn_room(room);
    format!("The answers: warproom board {} {seq}", people.room_argument(room.room))
}

/// `answer`
pub(crate) async fn answer(session: &Session, args: &args::Answer) -> Result<()> {
    let subjects = args.subjects.list();
    let common_cause = reports::reporting(args.report, &subjects)?;
    let note = args.note.as_deref().map(|note| prompt::text(Some(note))).transpose()?;
    let room = session.room(&args.room, Purpose::Writing).await?;
    let asking = session.entry(room.room, args.of).await?;
    let of = args.of;
    let Some(handling) = asking.entry.map(|entry| entry.handling) else {
        return Err(nothing_asked(format!("#{of} is withheld from you, or was taken back")).into());
    };
    let Some(asks) = handling.ask else {
        return Err(nothing_asked(format!("#{of} asks nothing")).into());
    };
    let choice = choose(&asks, &args.choice)?.clone();
    let label = args.label.unwrap_or(handling.label);
    let call = AnswerAsk {
        room: room.room,
        id: EntryId::random(),
        of,
        choice: choice.clone(),
        label: Some(label),
        note,
        subjects: subjects.clone(),
        common_cause,
    };
    let posted = session.append(call).await?;
    session.out().give(&posted, |_| {
        let mut said = format!(
            "Your organisation answers #{of}: {}  {}",
            show::safe(choice.as_str()),
            show::chip(label)
        );
        if !subjects.is_empty() {
            said.push('\n');
            said.push_str(&reports::counted(common_cause, &subjects, label, Some(&choice)));
        }
        show::marked(handling.exercise, &said)
    })
}

fn nothing_asked(what: String) -> Problem {
    problem(what, "`warproom outstanding` lists the asks that wait for you")
}

/// The option that a text names: whole, by its number, or by its beginning if that fits only one.
fn choose<'a>(ask: &'a Ask, text: &str) -> Result<&'a Name, Problem> {
    let wanted = text.trim().to_lowercase();
    if let Some(whole) = ask.options.iter().find(|option| option.folded() == wanted) {
        return Ok(whole);
    }
    let number = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    if let Some(option) = number.and_then(|at| ask.options.get(at)) {
        return Ok(option);
    }
    let begins = |option: &&Name| !wanted.is_empty() && option.folded().starts_with(&wanted);
    let fits: Vec<_> = ask.options.iter().filter(begins).collect();
    if let [one] = fits[..] {
        return Ok(one);
    }
    let what = if fits.is_empty() { "is none of the options" } else { "fits more than one option" };
    let options = ask.options.iter().enumerate();
    let options: Vec<_> =
        options.map(|(at, option)| format!("{} {}", at + 1, show::safe(option.as_str()))).collect();
    Err(problem(
        format!("\"{}\" {what}", show::safe(text)),
        format!("write one of these, or its number: {}", options.join(", ")),
    ))
}

/// `outstanding`
pub(crate) async fn outstanding(session: &Session) -> Result<()> {
    let list = session.call(ListOutstanding {}).await?.outstanding;
    let people = match session.out() {
        Out::Human => session.directory(&rooms(&list)).await,
        Out::Json => Directory::default(),
    };
    for waits in &list {
        let entry = match session.out() {
            Out::Human => entry_of(session, waits).await,
            Out::Json => None,
        };
        let scene = session.scene(&people, waits.room);
        session.out().give(waits, |waits| show::outstanding(waits, entry.as_ref(), &scene))?;
    }
    if list.is_empty() {
        session.out().say("No ask waits for you.")?;
    }
    Ok(())
}

fn rooms(list: &[Outstanding]) -> Vec<warproom_client::proto::RoomId> {
    list.iter().map(|waits| waits.room).collect()
}

/// The entry that asks, where it can be read: a manager is told of asks in rooms of others too.
pub(super) async fn entry_of(session: &Session, waits: &Outstanding) -> Option<Item> {
    session.entry(waits.room, waits.ask).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roll_call() -> Ask {
        let options = Ask::ROLL_CALL.iter().map(|option| option.parse().unwrap()).collect();
        Ask { options, due_at_ms: None }
    }

    fn chosen(text: &str) -> Result<String, String> {
        choose(&roll_call(), text).map(ToString::to_string).map_err(|problem| problem.to_string())
    }

    #[test]
    fn an_option_is_chosen_whole_by_its_number_or_by_its_beginning() {
        assert_eq!(chosen("Not affected"), Ok("not affected".into()));
        assert_eq!(chosen("2"), Ok("investigating".into()));
        assert_eq!(chosen("sep"), Ok("separate incident".into()));
        let digits =
            Ask { options: vec!["2".parse().unwrap(), "1".parse().unwrap()], due_at_ms: None };
        assert_eq!(choose(&digits, "1").unwrap().as_str(), "1");
    }

    #[test]
    fn what_chooses_nothing_or_two_options_lists_them() {
        for none in ["", "0", "5", "x", "-1"] {
            assert_eq!(chosen(none), Err(format!("\"{none}\" is none of the options")));
        }
        let ask = Ask {
            options: vec!["not yet".parse().unwrap(), "not ever".parse().unwrap()],
            due_at_ms: None,
        };
        let problem = choose(&ask, "not").unwrap_err();
        assert_eq!(problem.to_string(), "\"not\" fits more than one option");
        assert!(problem.next().ends_with("1 not yet, 2 not ever"));
    }

    #[test]
    fn an_answer_is_due_within_31_days() {
        let now: Zoned = "2024-01-18T09:00[Europe/London]".parse().unwrap();
        let due = |text: &str| {
            build(&Options::Usual(&Ask::ROLL_CALL), Some(&text.parse().unwrap()), &now)
        };
        assert_eq!(due("2h").unwrap().due_at_ms, Some(1_705_575_600_000));
        assert!(due("32d").is_err());
        assert!(due("2024-01-18 08:00").is_err());
    }
}
