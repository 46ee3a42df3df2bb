//! What goes wrong, told to a person: one sentence what, one sentence what to do next.

use std::fmt;

use crate::advice;
use crate::out::{Closed, note};
use crate::show::safe;

/// Something wrong that a person can mend.
#[derive(Debug)]
pub(crate) struct Problem {
    what: String,
    next: String,
}

/// Something wrong: what, and what to do next. Neither with a full stop.
pub(crate) fn problem(what: impl Into<String>, next: impl Into<String>) -> Problem {
    Problem { what: what.into(), next: next.into() }
}

impl Problem {
    /// What to do.
    pub(crate) fn next(&self) -> &str {
        &self.next
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.what)
    }
}

impl std::error::Error for Problem {}

/// Tells the person. Says whether it was an error at all: nobody reading on is none.
pub(crate) fn report(error: &anyhow::Error) -> bool {
    if error.is::<Closed>() {
        return false;
    }
    let (what, next) = told(error);
    note(&format!("warproom: {}.", safe(&what)));
    if let Some(next) = next {
        note(&format!("What to do: {}.", safe(&next)));
    }
    true
}

/// What went wrong with its causes, and what to do about it.
fn told(error: &anyhow::Error) -> (String, Option<String>) {
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // Some errors say their cause in their own sentence already.
        if !causes.iter().any(|said| said.contains(&text)) {
            causes.push(text);
        }
    }
    let next = error.chain().find_map(|cause| {
        cause
            .downcast_ref::<Problem>()
            .map(|problem| problem.next.clone())
            .or_else(|| advice::next(cause))
    });
    (causes.join(": ").trim_end_matches('.').to_owned(), next)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_problem_is_told_with_what_to_do_next() {
        let result: Result<(), Problem> = Err(problem("the file is empty", "write something"));
        let error = result.context("cannot read x").unwrap_err();
        let expected =
            ("cannot read x: the file is empty".to_owned(), Some("write something".to_owned()));
        assert_eq!(told(&error), expected);
    }
}
