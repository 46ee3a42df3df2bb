//! The relay's command line: reads the configuration, connects, and runs until told to stop.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use warproom_client::{Client, Connector, State};
use warproom_relay::check::check;
use warproom_relay::config::Config;
use warproom_relay::cursor::StateFolder;
use warproom_relay::run;

/// Brings public warnings from feeds into the rooms of a WARP.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read the sources and post what is new, until stopped.
    Run {
        #[command(flatten)]
        file: File,
        /// Read every source once, then end; fails if a source failed.
        #[arg(long)]
        once: bool,
    },
    /// Read every source once and show what would be posted; nothing is posted or remembered.
    Check {
        #[command(flatten)]
        file: File,
    },
    /// Write the manual pages into a folder.
    #[command(hide = true)]
    Manual {
        /// Which folder.
        folder: PathBuf,
    },
}

#[derive(Args)]
struct File {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "relay.toml")]
    config: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging();
    let result = match arguments.command {
        Command::Check { file } => check_only(&file.config),
        Command::Run { file, once } => start(&file.config, once),
        Command::Manual { folder } => manual(&folder),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logs to the error output, so that the other is free for what `check` shows.
fn start_logging() {
    let filter = EnvFilter::try_from_env("WARPROOM_RELAY_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,warproom_relay=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

fn manual(folder: &Path) -> anyhow::Result<ExitCode> {
    clap_mangen::generate_to(Arguments::command(), folder)?;
    Ok(ExitCode::SUCCESS)
}

fn check_only(file: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    let failed = check(&config, &mut io::stdout())?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start(file: &Path, once: bool) -> anyhow::Result<ExitCode> {
    /// How long a fetch that was given up may take to notice.
    const FAREWELL: Duration = Duration::from_secs(1);
    let config = Config::load(file)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(run(config, once));
    runtime.shutdown_timeout(FAREWELL);
    result
}

async fn run(config: Config, once: bool) -> anyhow::Result<ExitCode> {
    let shelf = Arc::new(StateFolder::open(&config.state)?);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        if until_told_to_stop().await.is_ok() {
            tracing::info!("stopping");
            stop.send_replace(true);
        }
        // Kept open: a closed channel would read as a stop.
        stop.closed().await;
    });
    let Some(client) = connect(&config, once, stopped.clone()).await? else {
        return Ok(ExitCode::SUCCESS);
    };
    let code = if once {
        let mut stopped = stopped;
        tokio::select! {
            failed = run::once(config.sources, shelf, client.clone()) => {
                if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            _ = stopped.wait_for(|stop| *stop) => ExitCode::FAILURE,
        }
    } else {
        let mut state = client.state();
        tokio::select! {
            () = run::until(config.sources, shelf, client.clone(), stopped) => ExitCode::SUCCESS,
            _ = state.wait_for(|state| matches!(state, State::SignedOut { .. })) => {
                anyhow::bail!(
                    "the server has signed this bot out: its token is revoked or has expired; ask \
                     the WARP's manager for another"
                );
            }
        }
    };
    client.close().await;
    Ok(code)
}

/// Connects; a server that is away is waited for, unless there is only one round.
async fn connect(
    config: &Config,
    once: bool,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<Option<Client>> {
    /// Between two tries.
    const PAUSE: Duration = Duration::from_secs(15);
    let address = config.warp.address()?;
    let credentials = config.warp.credentials()?;
    loop {
        let connector = Connector::new(address.clone(), credentials.clone());
        let connected = tokio::select! {
            connected = connector.connect() => connected,
            _ = stopped.wait_for(|stop| *stop) => return Ok(None),
        };
        match connected {
            Ok((client, mut events)) => {
                // A relay follows nothing; what comes unasked is let go.
                tokio::spawn(async move { while events.next().await.is_some() {} });
                return Ok(Some(client));
            }
            Err(error) if once || !error.is_worth_retrying() => {
                return Err(error).context("cannot sign in to the WARP's server");
            }
            Err(error) => {
                let pause = error.retry_after().unwrap_or(PAUSE).max(PAUSE);
                tracing::warn!(%error, seconds = pause.as_secs(), "no connection; trying again");
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = stopped.wait_for(|stop| *stop) => return Ok(None),
                }
            }
        }
    }
}

async fn until_told_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        result = tokio::signal::ctrl_c() => result,
    }
}
