//! Crashes, damage and hostility, end to end.

#[path = "e2e/bad_input.rs"]
mod bad_input;
#[path = "e2e/crash.rs"]
mod crash;
#[path = "e2e/damage.rs"]
mod damage;
#[path = "e2e/durability.rs"]
mod durability;
#[path = "e2e/hostile.rs"]
mod hostile;
#[path = "e2e/limits.rs"]
mod limits;
#[path = "e2e/python.rs"]
mod python;
#[path = "e2e/secrets.rs"]
mod secrets;
