//! Disclosure: records of rooms for somebody outside, with what is withheld blacked out by rule and listed.
//!
//! How things flow: [`Client::disclose`](crate::Client::disclose) collects what the server gives out, and
//! each page of it is in the audit log by then ([`collect`]); [`Disclosure::make`] makes of it a document,
//! a list of what is withheld and a statement of how it was made ([`document`], [`written`]), with every
//! text taken through the rules ([`redact`]). What it is not: it decides nothing about labels, which the
//! server does, and it does not know where its files go.

mod collect;
mod document;
mod redact;
#[cfg(test)]
mod tests;
mod texts;
mod written;

pub use collect::{Collected, DisclosedPerson, DisclosedRoom, DisclosedSoFar, Selection};
pub use document::{Disclosure, DisclosureRules, ScheduleRow};
pub use redact::{Redactor, Rule, RuleError};
