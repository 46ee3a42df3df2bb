//! `organisation …`

use anyhow::Result;
use warproom_client::proto::calls::{AddOrganisation, ChangeOrganisation};
use warproom_client::proto::register::Organisation;
use warproom_client::proto::{Name, OrganisationId};

use crate::args::{OrganisationAdd, OrganisationChange, OrganisationCommand};
use crate::names::{self, Purpose};
use crate::problem::problem;
use crate::session::Session;
use crate::show;

/// `organisation …`
pub(crate) async fn run(session: &Session, command: &OrganisationCommand) -> Result<()> {
    match command {
        OrganisationCommand::List => list(session).await,
        OrganisationCommand::Add(args) => add(session, args).await,
        OrganisationCommand::Change(args) => change(session, args).await,
        OrganisationCommand::DependsOn(args) => super::concerns::depends_on(session, args).await,
        OrganisationCommand::Deputies(args) => super::concerns::deputies(session, args).await,
    }
}

async fn list(session: &Session) -> Result<()> {
    let people = session.directory(&[]).await;
    for organisation in session.organisations().await? {
        session.out().give(&organisation, |entry| show::organisation(entry, &people))?;
    }
    Ok(())
}

async fn add(session: &Session, args: &OrganisationAdd) -> Result<()> {
    let clients = ids(&session.organisations().await?, &args.clients)?;
    let call = AddOrganisation { name: args.name.clone(), aliases: args.aliases.clone(), clients };
    let added = session.call(call).await?;
    session.out().give(&added, |added| format!("Added {} ({})", args.name, added.organisation))
}

async fn change(session: &Session, args: &OrganisationChange) -> Result<()> {
    let all = session.organisations().await?;
    let before = names::find(&all, &args.organisation, Purpose::Writing)?;
    let organisation = changed(before, &all, args)?;
    if organisation == *before {
        return Err(problem(
            "nothing would change",
            "say what to change, for example --alias NAME; `warproom organisation list` shows what is set",
        )
        .into());
    }
    let name = organisation.name.clone();
    let done = session.call(ChangeOrganisation { organisation }).await?;
    session.out().give(&done, |_| format!("Changed {name}"))
}

/// The entry as it will be. What is to go goes first, so that `--drop-alias X --alias x` respells.
fn changed(
    before: &Organisation,
    all: &[Organisation],
    args: &OrganisationChange,
) -> Result<Organisation> {
    let mut entry = before.clone();
    let dropped: Vec<String> = args.drop_aliases.iter().map(Name::folded).collect();
    entry.aliases.retain(|alias| !dropped.contains(&alias.folded()));
    let dropped = ids(all, &args.drop_clients)?;
    entry.clients.retain(|client| !dropped.contains(client));
    for alias in &args.aliases {
        if !entry.aliases.contains(alias) {
            entry.aliases.push(alias.clone());
        }
    }
    for client in ids(all, &args.clients)? {
        if !entry.clients.contains(&client) {
            entry.clients.push(client);
        }
    }
    entry.name = args.name.clone().unwrap_or(entry.name);
    Ok(entry)
}

fn ids(all: &[Organisation], texts: &[String]) -> Result<Vec<OrganisationId>> {
    texts.iter().map(|text| Ok(names::find(all, text, Purpose::Writing)?.organisation)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(n: u8, name: &str, alias: &str) -> Organisation {
        Organisation {
            organisation: OrganisationId::from_bytes([n; 16]),
            name: name.parse().unwrap(),
            aliases: vec![alias.parse().unwrap()],
            clients: Vec::new(),
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let all = [organisation(1, "Civica", "Civica plc"), organisation(2, "Dover", "DDC")];
        let args = OrganisationChange {
            organisation: "civica".into(),
            name: None,
            aliases: vec!["civica PLC".parse().unwrap()],
            drop_aliases: vec!["CIVICA PLC".parse().unwrap()],
            clients: vec!["dover".into()],
            drop_clients: Vec::new(),
        };
        let after = changed(&all[0], &all, &args).unwrap();
        assert_eq!(after.name, all[0].name);
        assert_eq!(after.aliases, args.aliases);
        assert_eq!(after.clients, [all[1].organisation]);
    }
}
