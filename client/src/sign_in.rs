//! The first request on a new connection, asked and answered before anything else flows: signing in,
//! or what a stranger may ask. Everything after it is the worker's.

use std::time::Duration;

use tokio::time::timeout;

use warproom_proto::calls::{Call, SignedIn, StartSession};
use warproom_proto::rpc::{Incoming, request_text};
use warproom_proto::{ErrorCode, Seq};

use crate::error::ConnectError;
use crate::key::Credentials;
use crate::transport::{Dialler, Frame, Link, SIGNED_OUT};

/// How long an answer may take: the server hashes a password for some of them, behind a queue.
const ANSWER: Duration = Duration::from_secs(20);

/// The number of the only request; the worker counts on from it.
pub(crate) const FIRST_ID: u64 = 1;

/// Opens a connection and signs it in, and asks for the proof that the audit log continues the records of it
/// that are remembered.
pub(crate) async fn sign_in(
    dialler: &Dialler,
    credentials: &Credentials,
    audit_seen: Option<Seq>,
) -> Result<(Link, SignedIn), ConnectError> {
    let mut link = dialler.open().await?;
    let proof = credentials.proof(&link.established.exporter);
    let signed_in = ask(&mut link, &StartSession { proof, audit_seen }).await?;
    Ok((link, signed_in))
}

/// Asks one thing and waits for its reply.
pub(crate) async fn ask<C: Call>(link: &mut Link, call: &C) -> Result<C::Reply, ConnectError> {
    timeout(ANSWER, ask_at_leisure(link, call)).await.map_err(|_| ConnectError::TooSlow)?
}

async fn ask_at_leisure<C: Call>(link: &mut Link, call: &C) -> Result<C::Reply, ConnectError> {
    let text = request_text(FIRST_ID, call).map_err(|_| ConnectError::Incompatible)?;
    link.writer.queue(text).await.map_err(|_| ConnectError::Ended)?;
    loop {
        link.writer.flush().await.map_err(|_| ConnectError::Ended)?;
        match link.reader.next().await {
            Frame::Text(text) => match Incoming::read(&text) {
                Ok(Incoming::Reply { result, .. }) => {
                    let reply = result.map_err(ConnectError::Refused)?;
                    return serde_json::from_str(reply.get())
                        .map_err(|_| ConnectError::Incompatible);
                }
                Ok(Incoming::Notice(_) | Incoming::UnknownNotice) => {}
                Err(_) => return Err(ConnectError::Incompatible),
            },
            Frame::Life => link.writer.mark(),
            Frame::Closed(Some(SIGNED_OUT)) => {
                return Err(ConnectError::Refused(ErrorCode::SignInRefused.into()));
            }
            Frame::Closed(_) => return Err(ConnectError::Ended),
            Frame::Odd => return Err(ConnectError::Incompatible),
        }
    }
}
