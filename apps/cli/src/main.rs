//! The Warproom command line: everything a member of a WARP does, from a terminal or a script.
//!
//! How things flow: `args` reads what was typed, `commands` has one function per command, `session`
//! connects with a `profile`, `names` and `moment` find what is meant, `prompt` asks a person, `show`
//! turns answers into text, `out` prints it, and `problem` says what went wrong and what to do. It
//! knows the client crate alone: no sockets, no TLS, no rules of the server.

mod advice;
mod args;
mod chain;
mod commands;
mod directory;
mod moment;
mod names;
mod out;
mod problem;
mod profile;
mod prompt;
mod session;
mod show;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    // A thread of its own keeps the connection alive while this one waits for a person's input.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(args)),
        Err(error) => Err(anyhow::Error::new(error).context("cannot start")),
    };
    match result {
        Err(error) if problem::report(&error) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}
