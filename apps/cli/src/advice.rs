//! What a person can do about what the client crate and the server say.

use std::error::Error as StdError;

use warproom_client::proto::{Error as Refusal, ErrorCode};
use warproom_client::{CallError, ConnectError, Distrust, JoinError, SignOut, TransferError};

/// What to do about an error, if it is one of the client crate's.
pub(crate) fn next(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<ConnectError>() {
        connect(error)
    } else if let Some(error) = error.downcast_ref::<JoinError>() {
        join(error)
    } else if let Some(error) = error.downcast_ref::<CallError>() {
        call(error)
    } else if let Some(error) = error.downcast_ref::<TransferError>() {
        transfer(error)
    } else {
        None
    }
}

fn connect(error: &ConnectError) -> Option<String> {
    let next = match error {
        ConnectError::Address => "check the address: it is warproom://host:port/fingerprint",
        ConnectError::Unreachable(_) | ConnectError::TooSlow | ConnectError::Ended => {
            "check this computer's network, and ask your WARP's manager whether the server is up"
        }
        ConnectError::Untrusted(Distrust::Dates) => {
            "check this computer's date and time; if they are right, tell your WARP's manager"
        }
        ConnectError::Untrusted(_) => {
            "do not go on from this network; ask your WARP's manager by telephone, and compare the fingerprint"
        }
        ConnectError::Busy => "wait a minute and try again",
        ConnectError::Incompatible => "update this program, or tell whoever runs the server",
        ConnectError::Refused(refusal) => return refused(refusal),
        _ => return None,
    };
    Some(next.to_owned())
}

fn join(error: &JoinError) -> Option<String> {
    match error {
        JoinError::Connect(error) => connect(error),
        JoinError::Password => Some("choose another password".to_owned()),
        JoinError::Refused(refusal) => refused(refusal),
        _ => None,
    }
}

fn call(error: &CallError) -> Option<String> {
    let next = match error {
        CallError::Refused(refusal) => return refused(refusal),
        CallError::Disconnected => {
            "look whether it was done before you try again; then check this computer's network"
        }
        CallError::OutboxFull => "wait until the connection is back, and try again",
        CallError::TooLong | CallError::Text(_) => "send less at once, in plain text",
        CallError::SignedOut(reason) => return signed_out(reason),
        CallError::Rewritten(_) => crate::chain::ADVICE,
        CallError::Unreadable(_) => "update this program",
        _ => return None,
    };
    Some(next.to_owned())
}

fn transfer(error: &TransferError) -> Option<String> {
    let next = match error {
        TransferError::Call(error) => return call(error),
        TransferError::Disk(_) => "look at the file, its folder and the space on the disk",
        TransferError::NotAFile => "name one file; pack a folder first",
        TransferError::Changed => "wait until nothing writes to it, and send it again",
        TransferError::OtherFile => {
            "do not use what you may have of it; tell your WARP's manager and whoever runs the server"
        }
        TransferError::TooMany(_) => "choose another folder with --to",
        _ => return None,
    };
    Some(next.to_owned())
}

fn signed_out(reason: &SignOut) -> Option<String> {
    match reason {
        SignOut::Refused(refusal) => refused(refusal),
        SignOut::Revoked => Some(
            "if nobody told you why, ask your WARP's manager; a new invitation brings you back"
                .to_owned(),
        ),
        SignOut::Closed => None,
    }
}

/// What to do about a refusal of the server's.
fn refused(refusal: &Refusal) -> Option<String> {
    let next = match refusal.code {
        ErrorCode::SignInRequired => {
            "this needs a member's or another role's sign-in: ask your WARP's manager"
        }
        ErrorCode::SignInRefused => {
            "this device, code or invitation may have lapsed or been revoked: ask your WARP's manager"
        }
        ErrorCode::NotFound => {
            "check the name or number; `warproom rooms` shows the rooms you are in"
        }
        ErrorCode::NotAllowed => {
            "ask a lead of the room (`warproom room members ROOM`) or your WARP's manager"
        }
        ErrorCode::Conflict => "look at what is there now, and choose another name or leave it",
        ErrorCode::LabelRefused => {
            "choose another label with --label; `warproom rooms` shows each room's ceiling, and a reply takes at least the label of what it answers"
        }
        ErrorCode::SlowDown => return Some(slow_down(refusal)),
        ErrorCode::StorageFull | ErrorCode::StorageFailed | ErrorCode::ServerFault => {
            "tell whoever runs the server; nothing was stored"
        }
        ErrorCode::NoSuchCall
        | ErrorCode::NotJson
        | ErrorCode::NotARequest
        | ErrorCode::Unknown(_) => {
            "this program and the server may be of different versions: update the older one"
        }
        ErrorCode::BadParams => "check what you typed against `warproom help COMMAND`",
        _ => return None,
    };
    Some(next.to_owned())
}

fn slow_down(refusal: &Refusal) -> String {
    let wait_ms = refusal.data.as_ref().map_or(0, |data| data.retry_after_ms);
    match wait_ms.div_ceil(1000) {
        0 => "wait a moment and try again".to_owned(),
        1 => "try again in a second".to_owned(),
        seconds => format!("try again in {seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_the_protocol_has_advice() {
        for code in ErrorCode::ALL {
            assert!(refused(&code.into()).is_some(), "{code:?}");
        }
    }

    #[test]
    fn being_too_fast_says_when_to_come_again() {
        assert_eq!(refused(&Refusal::slow_down(2_500)).unwrap(), "try again in 3 seconds");
    }
}
