//! `disclose`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;
use warproom_client::proto::register::Member;
use warproom_client::proto::{Label, Principal};
use warproom_client::{Disclosure, DisclosureRules, Rule, Selection};

use crate::args::Disclose;
use crate::names::{self, Purpose};
use crate::out::write_new;
use crate::problem::problem;
use crate::session::Session;
use crate::show;

/// What was written, for a program.
#[derive(Serialize)]
struct Written<'a> {
    folder: String,
    entries: usize,
    withheld: usize,
    strictest: Option<Label>,
    files: Vec<&'a str>,
}

/// `disclose`
pub(crate) async fn disclose(session: &Session, args: &Disclose) -> Result<()> {
    if args.to.symlink_metadata().is_ok() {
        return Err(problem(
            format!("{} is there already", show::safe(&args.to.display().to_string())),
            "name a folder that is not there yet, so that no two disclosures are mixed",
        )
        .into());
    }
    let words = hidden_words(args)?;
    let members = session.members().await?;
    let rules = rules(args, words, &members)?;
    let selection = selection(session, args, &members).await?;
    let collected = session.client().disclose(&selection).await?;
    let now_ms = session.now().timestamp().as_millisecond();
    let disclosure = Disclosure::make(&collected, &selection, &rules, now_ms)?;
    let files = disclosure.files().context("the files could not be made")?;
    write(&args.to, &files)?;
    let written = Written {
        folder: args.to.display().to_string(),
        entries: disclosure.entries(),
        withheld: disclosure.withheld().len(),
        strictest: disclosure.strictest(),
        files: files.iter().map(|(name, _)| *name).collect(),
    };
    session.out().give(&written, in_words)
}

fn in_words(written: &Written<'_>) -> String {
    let label =
        written.strictest.map_or_else(String::new, |label| format!("  {}", show::chip(label)));
    format!(
        "{} entries are disclosed in {}, {} rows say what is withheld{label}\nRead document.md and \
         withheld.md before you hand anything on: rules find what they know, and no more. Files that \
         entries carry are named and not contained",
        written.entries,
        show::safe(&written.folder),
        written.withheld
    )
}

async fn selection(session: &Session, args: &Disclose, members: &[Member]) -> Result<Selection> {
    let mut rooms = Vec::new();
    for text in &args.rooms {
        let room = session.room(text, Purpose::Reading).await?;
        if !rooms.iter().any(|(known, _)| *known == room.room) {
            rooms.push((room.room, room.settings.name));
        }
    }
    let people = args.person.iter();
    let people = people.map(|text| Ok(names::find(members, text, Purpose::Writing)?.member));
    let until = args.until.map(|day| day.checked_add(1.day())).transpose()?;
    Ok(Selection {
        rooms,
        from_ms: args.from.map(|day| midnight(session, day)).transpose()?,
        until_ms: until.map(|day| midnight(session, day)).transpose()?,
        people: people.collect::<Result<_>>()?,
        words: args.words.clone(),
        up_to: args.up_to,
        purpose: args.purpose.into(),
        reference: args.reference.clone(),
    })
}

/// The moment a day begins here.
fn midnight(session: &Session, day: Date) -> Result<i64> {
    let start = day.to_zoned(session.zone().clone()).context("this day is out of reach")?;
    Ok(start.timestamp().as_millisecond())
}

fn rules(args: &Disclose, words: Vec<String>, members: &[Member]) -> Result<DisclosureRules> {
    let mut rules: BTreeMap<_, _> =
        args.hide.iter().map(|hide| (hide.rule, hide.exemption.clone())).collect();
    if rules.contains_key(&Rule::Words) && words.is_empty() {
        return Err(problem(
            "there are no words to be blacked out",
            "give them with --hide-words or --hide-words-of",
        )
        .into());
    }
    if !words.is_empty() {
        rules.entry(Rule::Words).or_default();
    }
    let subject = |text: &String| {
        let member = names::find(members, text, Purpose::Writing)?.member;
        Ok(Principal::Member(member))
    };
    let subjects: Result<BTreeSet<_>> = args.subject.iter().map(subject).collect();
    Ok(DisclosureRules { rules, subjects: subjects?, words })
}

fn hidden_words(args: &Disclose) -> Result<Vec<String>> {
    let mut words = args.hide_words.clone();
    if let Some(file) = &args.hide_words_of {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        words
            .extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(words)
}

/// Writes the folder, for its owner alone. The statement comes last: a folder without one is not whole.
fn write(folder: &Path, files: &[(&str, String)]) -> Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes to be set"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, text) in files {
        write_new(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_disclosure_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("foi");
        write(&folder, &[("document.md", "one".to_owned())]).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("document.md"))), (0o700, 0o600));
        assert!(write(&folder, &[]).is_err(), "no two disclosures are mixed");
    }
}
