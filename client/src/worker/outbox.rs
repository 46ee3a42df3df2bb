//! Appends on their way: each sent under one id until it is answered.
//!
//! Most of them wait in the bounded queue that the handle fills; only what was sent at least once is
//! held here. It sends nothing itself: the worker asks it what is due.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::Instant;
use warproom_proto::{Error, ErrorCode};

use crate::client::Outgoing;
use crate::error::{CallError, retry_after};

/// Appends on their way.
pub(crate) struct Outbox {
    queue: mpsc::Receiver<Outgoing>,
    /// To be sent, in the order they were handed in: numbers grow.
    due: BTreeMap<u64, Outgoing>,
    /// Sent over the present connection and not answered.
    sent: BTreeMap<u64, Outgoing>,
    /// The server asked to slow down.
    paused_until: Option<Instant>,
}

impl Outbox {
    pub(crate) const fn new(queue: mpsc::Receiver<Outgoing>) -> Self {
        Self { queue, due: BTreeMap::new(), sent: BTreeMap::new(), paused_until: None }
    }

    /// How many wait for an answer.
    pub(crate) fn in_flight(&self) -> usize {
        self.sent.len()
    }

    /// Whether the next one may be taken from the queue.
    pub(crate) fn takes_next(&self) -> bool {
        self.due.is_empty() && self.wakes_at().is_none()
    }

    /// The next one from the queue. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        self.queue.recv().await
    }

    /// Takes one over.
    pub(crate) fn add(&mut self, outgoing: Outgoing) {
        self.due.insert(outgoing.id, outgoing);
    }

    /// The text to be sent now, if any.
    pub(crate) fn send(&mut self) -> Option<String> {
        if self.wakes_at().is_some() {
            return None;
        }
        while let Some((id, outgoing)) = self.due.pop_first() {
            if !outgoing.reply.is_closed() {
                let text = outgoing.text.clone();
                self.sent.insert(id, outgoing);
                return Some(text);
            }
        }
        None
    }

    /// Takes an answer. Gives it back if it is not for one of these.
    pub(crate) fn answer(
        &mut self,
        id: u64,
        result: Result<Box<RawValue>, Error>,
    ) -> Option<Result<Box<RawValue>, Error>> {
        let Some(outgoing) = self.sent.remove(&id) else { return Some(result) };
        match result {
            Err(error) if error.code == ErrorCode::SlowDown => {
                self.paused_until = retry_after(&error).map(|wait| Instant::now() + wait);
                self.due.insert(id, outgoing);
            }
            // Who stopped waiting does not want it.
            other => drop(outgoing.reply.send(other.map_err(CallError::Refused))),
        }
        None
    }

    /// The connection ended: everything unanswered is to be sent again.
    pub(crate) fn disconnected(&mut self) {
        self.due.append(&mut self.sent);
        self.paused_until = None;
    }

    /// When a pause ends, if there is one.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        self.paused_until.filter(|until| *until > Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    type Answer = oneshot::Receiver<Result<Box<RawValue>, CallError>>;

    fn outgoing(id: u64) -> (Outgoing, Answer) {
        let (reply, answer) = oneshot::channel();
        (Outgoing { id, text: id.to_string(), reply }, answer)
    }

    fn outbox(ids: &[u64]) -> (Outbox, Vec<Answer>) {
        let mut outbox = Outbox::new(mpsc::channel(1).1);
        let mut answers = Vec::new();
        for id in ids {
            let (outgoing, answer) = outgoing(*id);
            outbox.add(outgoing);
            answers.push(answer);
        }
        (outbox, answers)
    }

    #[test]
    fn what_is_unanswered_is_sent_again_in_order() {
        let (mut outbox, mut answers) = outbox(&[5, 6, 7]);
        assert_eq!([outbox.send(), outbox.send()], [Some("5".into()), Some("6".into())]);
        assert!(outbox.answer(5, Ok(RawValue::NULL.to_owned())).is_none());
        assert!(answers[0].try_recv().unwrap().is_ok());
        outbox.disconnected();
        assert_eq!([outbox.send(), outbox.send()], [Some("6".into()), Some("7".into())]);
        assert_eq!((outbox.send(), outbox.in_flight()), (None, 2));
    }

    #[test]
    fn asked_to_slow_down_it_waits_and_sends_again() {
        let (mut outbox, mut answers) = outbox(&[5, 6]);
        outbox.send();
        assert!(outbox.answer(5, Err(Error::slow_down(60_000))).is_none());
        assert!(answers[0].try_recv().is_err());
        assert_eq!((outbox.send(), outbox.takes_next()), (None, false));
        assert!(outbox.wakes_at().is_some());
        outbox.paused_until = Some(Instant::now());
        assert_eq!((outbox.wakes_at(), outbox.send()), (None, Some("5".into())));
    }

    #[test]
    fn a_refusal_is_final_and_who_gave_up_is_not_sent_for() {
        let (mut outbox, mut answers) = outbox(&[5, 6]);
        drop(answers.remove(1));
        outbox.send();
        assert!(outbox.answer(5, Err(ErrorCode::NotFound.into())).is_none());
        assert!(matches!(answers[0].try_recv().unwrap(), Err(CallError::Refused(_))));
        assert!(outbox.send().is_none());
        assert!(outbox.answer(9, Ok(RawValue::NULL.to_owned())).is_some());
    }
}
