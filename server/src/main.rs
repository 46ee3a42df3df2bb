//! `warproom-server`: one WARP, one binary.

mod command;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match command::run(command::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            command::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
