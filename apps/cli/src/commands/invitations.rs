//! `invite` and `invitation …`

use anyhow::Result;
use warproom_client::proto::calls::{AddInvitation, ListInvitations, RevokeInvitation};

use crate::args::{InvitationCommand, Invite, Revoke};
use crate::names::{self, Purpose};
use crate::out::note;
use crate::session::Session;
use crate::show;

/// `invite`
pub(crate) async fn invite(session: &Session, args: &Invite) -> Result<()> {
    let organisation = session.organisation(&args.organisation, Purpose::Writing).await?;
    let call = AddInvitation {
        name: args.name.clone(),
        handle: args.handle.clone(),
        organisation: organisation.organisation,
        role: args.role.into(),
    };
    let added = session.call(call).await?;
    // The text alone goes to standard output, so that it can be piped to where it is needed.
    session.out().give(&added, |added| show::safe(added.text.expose()))?;
    note(&format!(
        "Hand this text to {}, {}, and to nobody else, by a way you trust: whoever has it becomes that member.\nIt works once, until {}, and is not shown again. They run `warproom join`, and paste it when asked.",
        args.name,
        organisation.name,
        show::when(added.expires_at_ms, session.zone()),
    ));
    Ok(())
}

/// `invitation …`
pub(crate) async fn run(session: &Session, command: &InvitationCommand) -> Result<()> {
    match command {
        InvitationCommand::List => list(session).await,
        InvitationCommand::Revoke(args) => revoke(session, args).await,
    }
}

async fn list(session: &Session) -> Result<()> {
    let pending = session.call(ListInvitations {}).await?.invitations;
    let people = session.directory(&[]).await;
    for invitation in &pending {
        let human = |it: &_| show::invitation(it, &people, session.zone());
        session.out().give(invitation, human)?;
    }
    if pending.is_empty() {
        session.out().say("No invitation is waiting to be redeemed.")?;
    }
    Ok(())
}

async fn revoke(session: &Session, args: &Revoke) -> Result<()> {
    let pending = session.call(ListInvitations {}).await?.invitations;
    let found = names::find(&pending, &args.invitation, Purpose::Writing)?;
    let done = session.call(RevokeInvitation { invitation: found.invitation }).await?;
    session.out().give(&done, |_| format!("The invitation of {} is void", found.member.name))
}
