//! `organisation depends-on`, `organisation deputies`, `causes` and `interruptions`: what concerns
//! whom, and what may interrupt.

use anyhow::Result;
use warproom_client::proto::calls::{
    ListCauses, ListRegisterEntries, Preferences, SetPreferences, SetRegisterEntry, ShowPreferences,
};
use warproom_client::proto::register::{Dependency, RegisterEntry};
use warproom_client::proto::{Name, Subject};

use crate::args::{DependsOn, Deputies, How, Interruptions, Switch};
use crate::names::{self, Purpose};
use crate::problem::{Problem, problem};
use crate::session::Session;
use crate::show;

/// `organisation depends-on`
pub(crate) async fn depends_on(session: &Session, args: &DependsOn) -> Result<()> {
    if let Some(organisation) = &args.of {
        return of_another(session, organisation).await;
    }
    let before = session.own_entry().await?;
    let named = args.named.list();
    if named.is_empty() && !args.share && !args.private {
        return show_entry(session, &before).await;
    }
    let mut after = before.clone();
    change(&mut after.depends_on, named, &args.how)?;
    after.shown = (before.shown || args.share) && !args.private;
    keep(session, &before, after).await
}

/// Changes what is depended on, keeping what is not named.
fn change(
    depends_on: &mut Vec<Dependency>,
    named: Vec<Dependency>,
    how: &How,
) -> Result<(), Problem> {
    if how.remove {
        return named.iter().try_for_each(|one| remove(depends_on, one));
    }
    if how.set {
        depends_on.clear();
    }
    for one in named {
        add(depends_on, one);
    }
    Ok(())
}

/// Adds a dependency, or to one that is there its new aliases.
fn add(depends_on: &mut Vec<Dependency>, named: Dependency) {
    let known = depends_on.iter_mut().find(|known| is_same(&known.subject, &named.subject));
    let Some(known) = known else {
        depends_on.push(named);
        return;
    };
    for alias in named.aliases {
        if !known.aliases.iter().any(|one| one.folded() == alias.folded()) {
            known.aliases.push(alias);
        }
    }
}

/// Takes a dependency out, or only the aliases that were named with it.
fn remove(depends_on: &mut Vec<Dependency>, named: &Dependency) -> Result<(), Problem> {
    let at = depends_on.iter().position(|known| is_same(&known.subject, &named.subject));
    let Some(at) = at else {
        return Err(problem(
            format!("your organisation does not depend on {}", show::subject(&named.subject)),
            "write it as `warproom organisation depends-on` shows it",
        ));
    };
    if named.aliases.is_empty() {
        depends_on.remove(at);
        return Ok(());
    }
    let goes: Vec<_> = named.aliases.iter().map(Name::folded).collect();
    depends_on[at].aliases.retain(|alias| !goes.contains(&alias.folded()));
    Ok(())
}

/// Whether two are written the same, whatever their case. Removing takes no looser likeness: what
/// warns of the same is not what somebody typed.
fn is_same(one: &Subject, other: &Subject) -> bool {
    show::subject(one).to_lowercase() == show::subject(other).to_lowercase()
}

/// `organisation deputies`
pub(crate) async fn deputies(session: &Session, args: &Deputies) -> Result<()> {
    let before = session.own_entry().await?;
    if args.deputies.is_empty() && !args.none {
        return show_entry(session, &before).await;
    }
    let members = session.members().await?;
    let mut after = before.clone();
    after.deputies.clear();
    for deputy in &args.deputies {
        let found = names::find(&members, deputy, Purpose::Writing)?;
        if found.organisation != before.organisation {
            return Err(problem(
                format!("{} acts for another organisation", found.name),
                "name members of your own organisation; `warproom members` says who they are",
            )
            .into());
        }
        if !after.deputies.contains(&found.member) {
            after.deputies.push(found.member);
        }
    }
    keep(session, &before, after).await
}

async fn keep(session: &Session, before: &RegisterEntry, after: RegisterEntry) -> Result<()> {
    if after == *before {
        return Err(problem(
            "nothing would change",
            "see what is set with `warproom organisation depends-on`",
        )
        .into());
    }
    let RegisterEntry { depends_on, shown, deputies, .. } = after.clone();
    session.call(SetRegisterEntry { depends_on, shown, deputies }).await?;
    show_entry(session, &after).await
}

async fn show_entry(session: &Session, entry: &RegisterEntry) -> Result<()> {
    let people = session.directory(&[]).await;
    session.out().give(entry, |entry| show::register_entry(entry, &people))
}

async fn of_another(session: &Session, organisation: &str) -> Result<()> {
    let organisation = session.organisation(organisation, Purpose::Reading).await?;
    let entries = session.call(ListRegisterEntries {}).await?.entries;
    let entry = entries.into_iter().find(|entry| entry.organisation == organisation.organisation);
    match entry {
        Some(entry) => show_entry(session, &entry).await,
        None => Err(problem(
            format!("{} shows nothing of what it depends on", organisation.name),
            "ask its officers to share it with `warproom organisation depends-on --share`",
        )
        .into()),
    }
}

/// `causes`
pub(crate) async fn causes(session: &Session) -> Result<()> {
    let causes = session.call(ListCauses {}).await?.causes;
    let people = session.directory(&[]).await;
    for cause in &causes {
        session.out().give(cause, |cause| show::cause(cause, &people, session.zone()))?;
    }
    if causes.is_empty() {
        session.out().say("No common cause concerns you.")?;
    }
    Ok(())
}

/// `interruptions`
pub(crate) async fn interruptions(session: &Session, args: &Interruptions) -> Result<()> {
    let mut preferences = session.call(ShowPreferences {}).await?;
    if !args.is_only_shown() {
        prefer(&mut preferences, args);
        session.call(SetPreferences { preferences }).await?;
    }
    session.out().give(&preferences, show::preferences)
}

/// Changes what was named, and nothing else.
fn prefer(preferences: &mut Preferences, args: &Interruptions) {
    preferences.all = (preferences.all || args.all) && !args.no_all;
    if let Some(concerns_us) = args.concerns_us {
        preferences.concerns_us = concerns_us == Switch::On;
    }
    if let Some(least) = args.severity {
        preferences.severity = least.0;
    }
    if let Some(quiet) = args.quiet {
        preferences.quiet = quiet.0;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use warproom_client::proto::Severity;
    use warproom_client::proto::calls::QuietHours;

    use super::*;
    use crate::args::{Args, Command, Online};

    fn vendor(name: &str, aliases: &[&str]) -> Dependency {
        Dependency {
            subject: Subject::Vendor(name.parse().unwrap()),
            aliases: aliases.iter().map(|alias| alias.parse().unwrap()).collect(),
        }
    }

    fn changed(named: Dependency, (remove, set): (bool, bool)) -> Result<Vec<Dependency>, String> {
        let mut all = vec![vendor("Civica", &["EKS"]), vendor("Ivanti", &[])];
        let how = How { add: false, remove, set };
        change(&mut all, vec![named], &how).map_err(|problem| problem.to_string())?;
        Ok(all)
    }

    #[test]
    fn adding_keeps_what_is_there_and_merges_aliases() {
        let all = changed(vendor("civica", &["eks", "Civica UK"]), (false, false)).unwrap();
        assert_eq!(all, [vendor("Civica", &["EKS", "Civica UK"]), vendor("Ivanti", &[])]);
        assert_eq!(changed(vendor("Capita", &[]), (false, false)).unwrap().len(), 3);
    }

    #[test]
    fn removing_takes_out_what_is_written_and_nothing_like_it() {
        assert_eq!(changed(vendor("CIVICA", &[]), (true, false)).unwrap(), [vendor("Ivanti", &[])]);
        let all = changed(vendor("Civica", &["eks"]), (true, false)).unwrap();
        assert_eq!(all, [vendor("Civica", &[]), vendor("Ivanti", &[])]);
        assert_eq!(
            changed(vendor("Civica UK Ltd", &[]), (true, false)),
            Err("your organisation does not depend on vendor Civica UK Ltd".into())
        );
    }

    #[test]
    fn setting_leaves_no_others() {
        assert_eq!(changed(vendor("Capita", &[]), (false, true)).unwrap(), [vendor("Capita", &[])]);
    }

    #[test]
    fn preferences_change_only_where_they_are_named() {
        let line = ["warproom", "interruptions", "--severity", "off", "--quiet", "22:00-07:00"];
        let Command::Online(Online::Interruptions(args)) =
            Args::try_parse_from(line).unwrap().command
        else {
            panic!("this is the command interruptions");
        };
        let mut preferences =
            Preferences { all: true, severity: Some(Severity::Minor), ..Preferences::default() };
        prefer(&mut preferences, &args);
        assert!(preferences.all && preferences.concerns_us);
        assert_eq!(preferences.severity, None);
        let night = QuietHours { from_minute: 1320, to_minute: 420 };
        assert_eq!(preferences.quiet, Some(night));
    }
}
