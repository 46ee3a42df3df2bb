//! Whether what the server shows continues what this computer has seen: what the client found out, in
//! words, and what stands on one page after another.

use warproom_client::proto::{Position, Record};
use warproom_client::{AuditBreak, Discontinuity, Rewritten};

use crate::problem::{Problem, problem};
use crate::show::safe;

/// What to do about a history that does not hold.
pub(crate) const ADVICE: &str = "do not rely on it until your WARP's manager has told you why, by telephone; if it was put back from a backup, `warproom room forget ROOM`, `warproom register --forget` and `warproom audit --forget` accept it as it is now";

/// Checks that records follow each other without a gap, and the end of the page before them. (That each page
/// continues what this computer remembers, the client has checked.) `name` says which log, in words.
pub(crate) fn check(
    name: &str,
    end: &mut Option<Position>,
    records: &[Record],
) -> Result<(), Problem> {
    for record in records {
        if let Some(before) = end.replace(record.position())
            && !record.follows(before)
        {
            return Err(broken(name, &format!("#{} does not follow #{}", record.seq, before.seq)));
        }
    }
    Ok(())
}

/// What the client found out by itself, as a problem.
pub(crate) fn rewritten(found: &Rewritten, name: &str) -> Problem {
    let how = match found.how {
        Discontinuity::RolledBack { remembered } => {
            format!("it ends at #{} and had come to #{remembered}", found.seq)
        }
        Discontinuity::Changed => format!("#{} is not what it was", found.seq),
        Discontinuity::Audit(how) => return broken("the audit log", &audit(found.seq, how)),
    };
    broken(name, &how)
}

fn audit(seq: u64, how: AuditBreak) -> String {
    match how {
        AuditBreak::RolledBack { remembered } => {
            format!("it ends at #{seq} and had come to #{remembered}")
        }
        AuditBreak::Forked => format!("#{seq} or one before it is not what it was"),
        AuditBreak::Unproved => {
            format!("the server does not prove that what it shows now continues #{seq}")
        }
        AuditBreak::Signature => "its checkpoint is signed by another key".to_owned(),
        AuditBreak::Withheld => "the server shows no checkpoint of it any more".to_owned(),
    }
}

fn broken(name: &str, how: &str) -> Problem {
    problem(
        format!(
            "the history of {} is not the one this computer has seen before: {how}",
            safe(name)
        ),
        ADVICE,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use warproom_client::proto::record::LogId;
    use warproom_client::proto::{Body, RoomId};

    use super::*;

    fn log(texts: &[&str]) -> Vec<Record> {
        let mut at = Position::start(LogId::room(RoomId::from_bytes([1; 16])));
        let mut records = Vec::new();
        for text in texts {
            let body = json!({"shown": {"at_ms": 0, "salt": "00".repeat(16), "item": text}});
            let body: Body = serde_json::from_str(&body.to_string()).unwrap();
            at = at.next(&body.commitment());
            records.push(Record { seq: at.seq, head: at.head, body });
        }
        records
    }

    #[test]
    fn an_honest_log_passes() {
        let records = log(&["a", "b", "c"]);
        assert!(check("x", &mut None, &records).is_ok());
        assert!(check("x", &mut None, &records[1..]).is_ok());
        assert!(check("x", &mut None, &[]).is_ok());
    }

    #[test]
    fn a_changed_record_is_named() {
        let mut records = log(&["a", "b", "c"]);
        records[1].body = log(&["a", "B"])[1].body.clone();
        let problem = check("x", &mut None, &records).unwrap_err();
        assert!(problem.to_string().ends_with("#2 does not follow #1"), "{problem}");
    }

    #[test]
    fn a_page_must_follow_the_one_before() {
        let (records, other) = (log(&["a", "b", "c", "d"]), log(&["a", "B", "c", "d"]));
        for (later, fits) in [(&records[2..], true), (&other[2..], false), (&records[3..], false)] {
            let mut end = None;
            assert!(check("x", &mut end, &records[..2]).is_ok());
            assert_eq!(check("x", &mut end, later).is_ok(), fits);
        }
    }

    #[test]
    fn a_gap_is_named() {
        let mut records = log(&["a", "b", "c"]);
        records.remove(1);
        let problem = check("x", &mut None, &records).unwrap_err();
        assert!(problem.to_string().ends_with("#3 does not follow #1"), "{problem}");
    }
}
