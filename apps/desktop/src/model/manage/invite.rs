//! Inviting a person.

use std::collections::BTreeSet;

use warproom_client::proto::calls::AddInvitation;
use warproom_client::proto::register::Role;
use warproom_client::proto::{Handle, Name, OrganisationId};

use super::{Asked, ManagePage, Once, handle, lists, once};
use crate::Effect;
use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};

/// Somebody to be invited.
#[derive(Clone)]
pub struct InviteForm {
    /// The person's name.
    pub name: String,
    /// The handle they will have: suggested from the name until somebody types one.
    pub handle: String,
    /// Whether somebody did.
    pub is_handle_typed: bool,
    /// What is typed to find the organisation.
    pub finding: String,
    /// The organisation, from the register.
    pub organisation: Option<OrganisationId>,
    /// What they will be.
    pub role: Role,
    /// How the form stands.
    pub asked: Asked,
}

impl Default for InviteForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            handle: String::new(),
            is_handle_typed: false,
            finding: String::new(),
            organisation: None,
            role: Role::Officer,
            asked: Asked::NotYet,
        }
    }
}

impl InviteForm {
    fn call(&self) -> Result<AddInvitation, String> {
        let name: Name = self.name.trim().parse().map_err(|_| {
            "Write the person's name, as colleagues know them: 1 to 80 characters.".to_owned()
        })?;
        let handle: Handle =
            self.handle.trim().parse().map_err(|error| format!("Handle: {error}."))?;
        let organisation = self
            .organisation
            .ok_or("Choose the organisation they act for. One that is missing is added under Organisations first.")?;
        Ok(AddInvitation { name, handle, organisation, role: self.role })
    }
}

/// Takes the form, and suggests a handle for as long as nobody has typed one.
pub(super) fn fill(model: &mut Model, mut form: InviteForm) {
    if form.handle != model.manage.invite.handle {
        form.is_handle_typed = !form.handle.is_empty();
    }
    if !form.is_handle_typed {
        form.handle = handle::suggested(&form.name, &taken(model));
    }
    model.manage.invite = form;
}

fn taken(model: &Model) -> BTreeSet<&str> {
    let members = model.directory.members.values().map(|member| member.handle.as_str());
    let invited = model.manage.invitations.iter().flatten();
    members.chain(invited.map(|pending| pending.member.handle.as_str())).collect()
}

pub(super) fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let form = &mut model.manage.invite;
    form.asked = match form.call() {
        Ok(call) => {
            out.push(Effect::Call(call.into()));
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
    let Request::AddInvitation(call) = request else { return };
    match result {
        Ok(Reply::AddInvitation(added)) => {
            model.manage.invite = InviteForm::default();
            let shown = Once::Invitation {
                name: call.name.clone(),
                organisation: model.directory.organisation(call.organisation),
                text: added.text.clone(),
                expires_at_ms: added.expires_at_ms,
            };
            let without = format!(
                "The invitation of {} was made after you had left its page, so its text was not shown. Revoke it under Invitations, and invite them again.",
                call.name
            );
            once::keep(model, shown, ManagePage::Invitations, &without);
            lists::refresh(model, out);
        }
        Ok(_) => {}
        Err(refusal) => model.manage.invite.asked = Asked::refused(refusal),
    }
}
