//! The demo: the incident of January 2024, played by real clients, a real relay and a real webhook
//! against a real server over real TLS, on loopback and in a temporary folder. The councils are those
//! of the public story; their officers are invented.
//!
//! It is a program of its own, above everything else: a demo is a WARP with people in it.

mod cast;
mod feeds;
mod play;
mod transcript;

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Play the incident of January 2024 on a throw-away server, then stay up to be joined.
#[derive(Parser)]
#[command(name = "warproom-demo", version)]
struct Arguments {
    /// End after the play.
    #[arg(long)]
    exit: bool,
}

fn main() -> anyhow::Result<()> {
    let Arguments { exit } = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new("warn")?)
        .with_writer(std::io::stderr)
        .init();
    let ending = if exit { play::Ending::Exit } else { play::Ending::StayUp };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(play::play(ending))
}
