//! Adding an organisation to the register, and changing its entry.

use warproom_client::proto::calls::{AddOrganisation, ChangeOrganisation};
use warproom_client::proto::register::Organisation;
use warproom_client::proto::{Name, OrganisationId, limits};

use super::{Asked, Shown, lists};
use crate::Effect;
use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};

/// An organisation to be added, or changed.
#[derive(Clone, Default)]
pub struct OrganisationForm {
    /// Which is changed; none: a new one.
    pub of: Option<OrganisationId>,
    /// Its name.
    pub name: String,
    /// What else it is called, one in a line.
    pub aliases: String,
    /// What is typed to find a client.
    pub finding: String,
    /// The organisations it serves.
    pub clients: Vec<OrganisationId>,
    /// How the form stands.
    pub asked: Asked,
}

impl OrganisationForm {
    fn of(organisation: &Organisation) -> Self {
        let aliases: Vec<_> = organisation.aliases.iter().map(Name::as_str).collect();
        Self {
            of: Some(organisation.organisation),
            name: organisation.name.to_string(),
            aliases: aliases.join("\n"),
            finding: String::new(),
            clients: organisation.clients.clone(),
            asked: Asked::NotYet,
        }
    }

    fn call(&self) -> Result<Request, String> {
        let name: Name = self
            .name
            .trim()
            .parse()
            .map_err(|_| "Write the organisation's name: 1 to 80 characters.".to_owned())?;
        let aliases = names(self.aliases.lines())?;
        let clients = self.clients.clone();
        if aliases.len().max(clients.len()) > limits::ORGANISATION_LIST {
            let most = limits::ORGANISATION_LIST;
            return Err(format!("At most {most} aliases and {most} clients."));
        }
        Ok(match self.of {
            None => AddOrganisation { name, aliases, clients }.into(),
            Some(organisation) => {
                let organisation = Organisation { organisation, name, aliases, clients };
                ChangeOrganisation { organisation }.into()
            }
        })
    }
}

/// Names that were typed: those that are not blank.
pub(super) fn names<'a>(typed: impl Iterator<Item = &'a str>) -> Result<Vec<Name>, String> {
    let typed = typed.map(str::trim).filter(|name| !name.is_empty());
    let parse = |name: &str| {
        let refuse = |_| {
            format!(
                "\u{201c}{name}\u{201d} is too long or not printable: a name has 1 to 80 characters."
            )
        };
        name.parse::<Name>().map_err(refuse)
    };
    typed.map(parse).collect()
}

/// Begins the form of a new organisation, or goes on with it.
pub(super) fn begin(model: &mut Model) {
    if model.manage.organisation.of.is_some() {
        model.manage.organisation = OrganisationForm::default();
    }
}

/// Opens an organisation's page.
pub(super) fn open(model: &mut Model, id: OrganisationId) {
    let known = model.directory.organisations.get(&id);
    model.manage.organisation = known.map(OrganisationForm::of).unwrap_or_default();
}

pub(super) fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let form = &mut model.manage.organisation;
    if form.of.is_none() && model.manage.shown != Shown::New {
        // The page of an organisation that is not known: nothing to change, and nothing new.
        return;
    }
    let is_same = |call: &ChangeOrganisation| {
        let now = model.directory.organisations.get(&call.organisation.organisation);
        now == Some(&call.organisation)
    };
    form.asked = match form.call() {
        Ok(Request::ChangeOrganisation(call)) if is_same(&call) => {
            Asked::Refused("Nothing would change.".to_owned())
        }
        Ok(request) => {
            out.push(Effect::Call(request));
            Asked::Waiting
        }
        Err(sentence) => Asked::Refused(sentence),
    };
}

pub(super) fn answered(
    model: &mut Model,
    request: &Request,
    result: &Result<Reply, Refusal>,
    out: &mut Vec<Effect>,
) {
    let (said, id) = match request {
        Request::AddOrganisation(call) => (format!("{} is in the register.", call.name), None),
        Request::ChangeOrganisation(call) => {
            let id = Some(call.organisation.organisation);
            (format!("The entry of {} is changed.", call.organisation.name), id)
        }
        _ => return,
    };
    if let Err(refusal) = result {
        model.manage.organisation.asked = Asked::refused(refusal);
        return;
    }
    model.tell(said);
    model.manage.organisation = OrganisationForm::default();
    let is_open = |shown| match id {
        Some(id) => shown == Shown::Organisation(id),
        None => shown == Shown::New,
    };
    if model.manage.page == super::ManagePage::Organisations && is_open(model.manage.shown) {
        super::open(model, Shown::List, out);
    }
    lists::refresh(model, out);
}
