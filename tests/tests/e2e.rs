//! Behaviours, end to end: the real server over real TLS, asked by the real client.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "e2e/alertmanager.rs"]
mod alertmanager;
#[path = "e2e/alerts.rs"]
mod alerts;
#[path = "e2e/apprise.rs"]
mod apprise;
#[path = "e2e/asks.rs"]
mod asks;
#[path = "e2e/attacks.rs"]
mod attacks;
#[path = "e2e/audit.rs"]
mod audit;
#[path = "e2e/backup.rs"]
mod backup;
#[path = "e2e/bad_input.rs"]
mod bad_input;
#[path = "e2e/bots.rs"]
mod bots;
#[path = "e2e/causes.rs"]
mod causes;
#[path = "e2e/chain.rs"]
mod chain;
#[path = "e2e/concerns.rs"]
mod concerns;
#[path = "e2e/crash.rs"]
mod crash;
#[path = "e2e/damage.rs"]
mod damage;
#[path = "e2e/delivery.rs"]
mod delivery;
#[path = "e2e/desktop.rs"]
mod desktop;
#[path = "e2e/disclosure.rs"]
mod disclosure;
#[path = "e2e/documents.rs"]
mod documents;
#[path = "e2e/durability.rs"]
mod durability;
#[path = "e2e/entries.rs"]
mod entries;
#[path = "e2e/file_limits.rs"]
mod file_limits;
#[path = "e2e/files.rs"]
mod files;
#[path = "e2e/full.rs"]
mod full;
#[path = "e2e/hooks.rs"]
mod hooks;
#[path = "e2e/hostile.rs"]
mod hostile;
#[path = "e2e/javascript.rs"]
mod javascript;
#[path = "e2e/joining.rs"]
mod joining;
#[path = "e2e/labels.rs"]
mod labels;
#[path = "e2e/layers.rs"]
mod layers;
#[path = "e2e/leaks.rs"]
mod leaks;
#[path = "e2e/limits.rs"]
mod limits;
#[path = "e2e/operators.rs"]
mod operators;
#[path = "e2e/planted.rs"]
mod planted;
#[path = "e2e/power.rs"]
mod power;
#[path = "e2e/programs.rs"]
mod programs;
#[path = "e2e/python.rs"]
mod python;
#[path = "e2e/recall.rs"]
mod recall;
#[path = "e2e/register.rs"]
mod register;
#[path = "e2e/relay.rs"]
mod relay;
#[path = "e2e/retention.rs"]
mod retention;
#[path = "e2e/rooms.rs"]
mod rooms;
#[path = "e2e/rotation.rs"]
mod rotation;
#[path = "e2e/secrets.rs"]
mod secrets;
#[path = "e2e/soak.rs"]
mod soak;
#[path = "e2e/window.rs"]
mod window;
