//! What a person is told when something was not done: a sentence, and what to do about it.

use std::time::Duration;

use warproom_client::proto::{Error, ErrorCode};
use warproom_client::{CallError, ConnectError, Distrust, JoinError, SignOut, TransferError};

use crate::news::Refusal;
use crate::{Effect, News};

/// The news that an effect was not done.
pub(super) fn of(effect: Effect, why: Refusal) -> News {
    match effect {
        Effect::OpenInvitation(_) => News::Invited(Err(why)),
        Effect::Redeem { .. } | Effect::Enrol { .. } => News::Joined(Err(why)),
        Effect::OpenProfile { .. } => News::Opened(Err(why)),
        Effect::Page { room, from } => News::Page { room, from, page: Err(why) },
        Effect::Thread { room, to } => News::Thread { room, to, entries: Err(why) },
        Effect::Search { search, .. } => News::SearchEnded { search, end: Err(why) },
        Effect::Call(request) => News::Answered(request, Err(why)),
        Effect::Send(outgoing) => News::Kept(outgoing.id(), Err(why)),
        Effect::WriteFile { .. } => News::Wrote(Err(why)),
        Effect::LookAtFile { room, .. } => News::FileLookedAt { room, found: Err(why) },
        Effect::SaveFile(save) => News::FileSaved { save, at: Err(why) },
        Effect::Export(wish) => News::Exported { room: wish.room, written: Err(why) },
        Effect::ReadDisclosure(wish) => {
            News::DisclosureRead { number: wish.number, made: Err(why) }
        }
        Effect::WriteDisclosure { .. } => News::DisclosureWritten(Err(why)),
        Effect::ProveAudit(seq) => News::Proved { seq, proof: Err(why) },
        Effect::ReadCheckpoint => News::Checkpoint(Err(why)),
        Effect::CloseProfile
        | Effect::DestroyProfile(_)
        | Effect::Follow { .. }
        | Effect::TrustHistory { .. }
        | Effect::TrustLog { .. }
        | Effect::Discard(_)
        | Effect::KeepDraft { .. }
        | Effect::KeepSettings(_)
        | Effect::MakeTotp { .. }
        | Effect::Notify(_)
        | Effect::Copy(_)
        | Effect::OpenLink(_) => News::Trouble(why),
    }
}

/// More is under way than can be.
pub(super) fn too_much() -> Refusal {
    Refusal::new("this computer cannot keep up", "wait a moment, then try again")
}

/// There is no connection to ask over.
pub(super) fn not_connected() -> Refusal {
    Refusal::new("not connected", "it can be done once the connection is back")
}

/// The server is there and does not answer.
pub(super) fn no_answer() -> Refusal {
    Refusal::new(
        "the server does not answer",
        "look whether it was done before you try again; if it goes on, tell whoever runs the server",
    )
}

/// The profile was closed before it was done.
pub(super) fn closed() -> Refusal {
    Refusal::new("no profile is open", "open one, then try again")
}

/// The system gives no thread.
pub(super) fn no_thread() -> Refusal {
    Refusal::new("this computer has no memory left for it", "close other programs, then try again")
}

/// Why a call was not answered.
pub(super) fn of_call(error: &CallError) -> Refusal {
    let advice = match error {
        CallError::Refused(refusal) => return of_server(refusal),
        CallError::SignedOut(reason) => return of_sign_out(reason),
        CallError::Disconnected => "look whether it was done before you try again",
        CallError::OutboxFull => "wait until what waits is sent, then try again",
        CallError::TooLong | CallError::Text(_) => "send less at once, in plain text",
        CallError::Rewritten(_) => {
            "do not go on in this room before your WARP's manager has told you why, in another way than here"
        }
        CallError::Unreadable(_) => "update this program",
        _ => "",
    };
    Refusal::new(error.to_string(), advice)
}

/// Why a file was not brought up or saved.
pub(super) fn of_transfer(error: &TransferError) -> Refusal {
    let advice = match error {
        TransferError::Call(error) => return of_call(error),
        TransferError::Disk(_) => {
            "check that it is there, that you may read it, and that the disk has room"
        }
        TransferError::NotAFile => "choose one file; pack a folder into one first",
        TransferError::Changed => "close whatever writes to it, then attach it again",
        TransferError::OtherFile => {
            "do not take it from anywhere else either before whoever runs the server has looked into it"
        }
        TransferError::TooMany(_) => "take some of them away, or choose another folder",
        _ => "",
    };
    Refusal::new(error.to_string(), advice)
}

/// Why there is no connection.
pub(super) fn of_connect(error: &ConnectError) -> Refusal {
    let advice = match error {
        ConnectError::Address => "check the address, from \"warproom://\" to its last character",
        ConnectError::Unreachable(_) | ConnectError::TooSlow | ConnectError::Ended => {
            "check this computer's network; if it is well, ask your WARP's manager whether the server is up"
        }
        ConnectError::Untrusted(Distrust::Dates) => {
            "check this computer's date and time; if they are right, tell your WARP's manager"
        }
        ConnectError::Untrusted(_) => {
            "do not go on from this network: call your WARP's manager, and compare the fingerprint"
        }
        ConnectError::Busy => "wait a minute, then try again",
        ConnectError::Incompatible => "update this program, or tell whoever runs the server",
        ConnectError::Refused(refusal) => return of_server(refusal),
        _ => "",
    };
    Refusal::new(error.to_string(), advice)
}

/// Why an invitation was not opened or redeemed, or a device not enrolled.
pub(super) fn of_join(error: &JoinError) -> Refusal {
    match error {
        JoinError::Connect(error) => of_connect(error),
        JoinError::Refused(refusal) => of_server(refusal),
        other => Refusal::new(other.to_string(), "choose another password"),
    }
}

/// Why this device is signed out for good.
pub(super) fn of_sign_out(reason: &SignOut) -> Refusal {
    match reason {
        SignOut::Refused(refusal) => of_server(refusal),
        SignOut::Revoked => Refusal::new(
            "the server signed this device out",
            "ask your WARP's manager why; a new invitation, or enrolling it again, brings you back",
        ),
        SignOut::Closed => closed(),
    }
}

fn of_server(refusal: &Error) -> Refusal {
    let advice = match refusal.code {
        ErrorCode::SignInRequired => "ask your WARP's manager: this needs another role",
        ErrorCode::SignInRefused => {
            "it may have lapsed or been revoked, or the code is of another moment: look at it again, then ask your WARP's manager"
        }
        ErrorCode::NotFound => "it may have been taken away meanwhile",
        ErrorCode::NotAllowed => "ask a lead of the room, or your WARP's manager",
        ErrorCode::Conflict => "look at what is there now, then choose another name or leave it",
        ErrorCode::LabelRefused => {
            "choose another label: at most as strict as the room's ceiling, and at least as strict as what it answers"
        }
        ErrorCode::SlowDown => return Refusal::new(refusal.to_string(), slow_down(refusal)),
        ErrorCode::StorageFull | ErrorCode::StorageFailed | ErrorCode::ServerFault => {
            "tell whoever runs the server"
        }
        ErrorCode::NoSuchCall
        | ErrorCode::NotJson
        | ErrorCode::NotARequest
        | ErrorCode::Unknown(_) => {
            "this program and the server may be of different versions: update the older one"
        }
        ErrorCode::BadParams => "check what you entered",
        _ => "",
    };
    Refusal::new(refusal.to_string(), advice)
}

fn slow_down(refusal: &Error) -> String {
    let wait = refusal.data.as_ref().map(|data| Duration::from_millis(data.retry_after_ms));
    match wait.unwrap_or_default().as_millis().div_ceil(1000) {
        0 => "wait a moment, then try again".to_owned(),
        1 => "try again in a second".to_owned(),
        // Nobody counts that long, whatever a server says.
        3600.. => "try again later".to_owned(),
        seconds => format!("try again in {seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_the_protocol_has_advice() {
        for code in ErrorCode::ALL {
            assert!(!of_server(&code.into()).advice.is_empty(), "{code:?}");
        }
    }

    #[test]
    fn being_too_fast_says_when_to_come_again() {
        assert_eq!(of_server(&Error::slow_down(2_500)).advice, "try again in 3 seconds");
        assert_eq!(of_server(&Error::slow_down(u64::MAX)).advice, "try again later");
    }

    #[test]
    fn whoever_may_sit_in_between_is_warned_of() {
        let other = ConnectError::Untrusted(Distrust::OtherAuthority);
        assert!(of_connect(&other).advice.starts_with("do not go on from this network"));
        let dates = ConnectError::Untrusted(Distrust::Dates);
        assert!(of_connect(&dates).advice.contains("date and time"));
    }
}
