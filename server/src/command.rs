//! The commands of the server binary: what they are called, and what each sets going.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use warproom_proto::{Handle, Name, schema};
use warproom_server::config::Config;
use warproom_server::serve::Server;
use warproom_server::setup::{self, Founding};
use warproom_server::store::{self, MasterKey};
use warproom_server::tls;

/// Warproom: a war room for a WARP. One server serves one WARP.
#[derive(Parser)]
#[command(name = "warproom-server", version)]
pub struct Arguments {
    /// The WARP's folder: configuration, keys and store.
    #[arg(long, short, global = true, env = "WARPROOM_SERVER_FOLDER", default_value = "warp")]
    folder: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a WARP: its keys, its store, and an invitation for its first manager.
    Init {
        /// What the WARP is called.
        #[arg(long)]
        warp: Name,
        /// The first manager's organisation.
        #[arg(long)]
        organisation: Name,
        /// The first manager's name.
        #[arg(long)]
        manager: Name,
        /// The first manager's short name, for signing in and mentions.
        #[arg(long)]
        handle: Handle,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:7443")]
        listen: SocketAddr,
        /// Where members will reach the server, as host:port.
        #[arg(long, default_value = "localhost:7443")]
        address: String,
    },
    /// Serve the WARP until stopped. SIGHUP loads the certificate again.
    Serve,
    /// Check every record of a stopped server's store, and name the first bad one.
    Verify,
    /// Make a new server certificate for the configured address.
    Certificate,
    /// Print the protocol's machine-readable description (OpenRPC).
    Schema,
}

/// Runs a command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { folder, command } = arguments;
    match command {
        Command::Init { warp, organisation, manager, handle, listen, address } => {
            let founding = Founding { warp, organisation, manager, handle, listen, address };
            let invitation = setup::init(&folder, founding)?;
            say(&format!(
                "The WARP is made in {folder}.\n\n\
                 Start it:            warproom-server --folder {folder} serve\n\
                 Join as its manager: warproom join {invitation}\n\n\
                 The invitation works once, within 14 days. Keep {folder}/keys off the backups of {folder}/data.",
                folder = folder.display(),
                invitation = invitation.to_text(),
            ))?;
        }
        Command::Serve => {
            let config = Config::load(&folder)?;
            log(&config.log)?;
            runtime()?.block_on(serve(config))?;
        }
        Command::Verify => return verify(&folder),
        Command::Certificate => {
            let config = Config::load(&folder)?;
            let hosts = setup::hosts(&config);
            tls::make_server_certificate(&config.keys, &hosts)?;
            say(&format!(
                "A new certificate for {} is in place. A running server takes it on SIGHUP.",
                hosts.join(", ")
            ))?;
        }
        Command::Schema => say(&serde_json::to_string_pretty(&schema::openrpc())?)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut server = Server::start(config).await?;
    say(&format!(
        "listening on {}; members reach it at {}",
        server.local, server.address.host_port
    ))?;
    loop {
        tokio::select! {
            _ = hangup.recv() => server.reload(),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = server.failed() => anyhow::bail!("the server failed inside; its log says where"),
        }
    }
    server.stop().await;
    Ok(())
}

fn verify(folder: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(folder)?;
    let key = MasterKey::load(&config.keys.join(setup::MASTER_KEY))?;
    let report = store::verify(&config.data, &key)?;
    for (log, position) in &report.logs {
        say(&format!("{log}: {} records, head {}", position.seq, position.head))?;
    }
    for damage in &report.damage {
        complain(&format!("damaged: {damage}"));
    }
    if !report.damage.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    say(&format!("{} records, every chain whole", report.records))?;
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("the runtime cannot be started")
}

fn log(filter: &str) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(filter).context("`log` in the configuration is not a filter")?;
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .init();
    Ok(())
}

/// Prints to the standard output. A reader that went away is no failure.
fn say(text: &str) -> anyhow::Result<()> {
    let mut to = std::io::stdout().lock();
    match writeln!(to, "{text}").and_then(|()| to.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints to the standard error.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "warproom-server: {text}");
}
