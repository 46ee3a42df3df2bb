//! The commands of the server binary: what they are called, and what each sets going.

mod keeping;
mod ready;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use warproom_proto::{Handle, Name, schema};
use warproom_server::audit::{self, anchor};
use warproom_server::config::{Config, LogFormat};
use warproom_server::serve::Server;
use warproom_server::setup::{self, Founding, Places};
use warproom_server::store::{self, Store};
use warproom_server::{doctor, files, keys, tls};

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
        /// The folder for the store, if not beside the configuration.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// The folder for the keys, if not beside the configuration.
        #[arg(long, default_value = "keys")]
        keys: PathBuf,
    },
    /// Serve the WARP until stopped. SIGHUP loads the certificate again.
    Serve,
    /// Check every record of a stopped server's store, or of a backup, and name what is wrong.
    Verify {
        /// A checkpoint of the audit log that was kept elsewhere: the log must continue it.
        #[arg(long, value_name = "FILE", conflicts_with = "backup")]
        checkpoint: Option<PathBuf>,
        /// The folder of a backup, to be checked in place of the store.
        #[arg(long)]
        backup: Option<PathBuf>,
        /// The folder of the keys that open the backup. Default: the WARP's own.
        #[arg(long, requires = "backup")]
        keys: Option<PathBuf>,
    },
    /// Take a backup into a folder, or add to the backups in it what is new. The server may run.
    Backup {
        /// The folder.
        #[arg(long)]
        to: PathBuf,
    },
    /// Make the WARP's folder anew from a backup, and from a copy of its keys.
    Restore {
        /// The folder of the backup.
        #[arg(long)]
        from: PathBuf,
        /// The folder with the copy of the keys.
        #[arg(long)]
        keys: PathBuf,
    },
    /// Change a key for a new one, while the server runs.
    Rotate {
        #[command(subcommand)]
        what: Rotated,
    },
    /// Make a new key for the audit log's checkpoints. A server takes it when it starts; the former one
    /// signs beside it.
    AuditKey,
    /// Make a new server certificate for the configured address.
    Certificate,
    /// Make the certificate authority that is to come, for those to be given who have the present one's
    /// file. It takes over with `rotate authority`.
    NextAuthority,
    /// Look over the set-up, and say what to mend. Changes nothing; the server may run meanwhile.
    Doctor,
    /// Write the manual pages into a folder.
    #[command(hide = true)]
    Manual {
        /// Which folder.
        folder: PathBuf,
    },
    /// Print the protocol's machine-readable description (OpenRPC).
    Schema,
}

/// What can be changed for a new one.
#[derive(Clone, Copy, Subcommand)]
enum Rotated {
    /// The key that opens the store. The old one is destroyed.
    MasterKey,
    /// The server's certificate and its key.
    Certificate,
    /// The certificate authority, and the server's certificate with it. The old one's key is destroyed.
    Authority {
        /// Make one now, also where `next-authority` has made one, whose key may have been stolen too.
        #[arg(long)]
        anew: bool,
    },
}

/// Runs a command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { folder, command } = arguments;
    match command {
        Command::Init { warp, organisation, manager, handle, listen, address, data, keys } => {
            let founding = Founding { warp, organisation, manager, handle, listen, address };
            let invitation = setup::init_at(&folder, founding, &Places { data, keys })?;
            say(&format!(
                "The WARP is made in {folder}.\n\n\
                 Start it:            warproom-server --folder {folder} serve\n\
                 Join as its manager: warproom join {invitation}\n\n\
                 The invitation works once, within 14 days. Keep the keys off the backups of the data.",
                folder = folder.display(),
                invitation = invitation.to_text(),
            ))?;
        }
        Command::Serve => {
            let config = Config::load(&folder)?;
            log(&config.log, config.log_format)?;
            runtime()?.block_on(serve(config))?;
        }
        Command::Verify { backup: None, checkpoint, .. } => {
            return verify(&folder, checkpoint.as_deref());
        }
        Command::Verify { backup: Some(from), keys, .. } => {
            return keeping::verify(&folder, &from, keys);
        }
        Command::Backup { to } => keeping::back_up(&folder, &to)?,
        Command::Restore { from, keys } => keeping::restore(&folder, &from, &keys)?,
        Command::Rotate { what: Rotated::MasterKey } => keeping::rotate_master_key(&folder)?,
        Command::Rotate { what: Rotated::Certificate } => keeping::rotate_certificate(&folder)?,
        Command::Rotate { what: Rotated::Authority { anew } } => {
            keeping::rotate_authority(&folder, anew)?;
        }
        Command::AuditKey => {
            let config = Config::load(&folder)?;
            let key = audit::Keys::renew(&config.keys)?;
            say(&format!("The audit log is signed by {key} from the server's next start on."))?;
        }
        Command::Certificate => {
            let config = Config::load(&folder)?;
            let hosts = setup::hosts(&config);
            tls::make_server_certificate(&config.keys, &hosts)?;
            say(&format!(
                "A new certificate for {} is in place. A running server takes it on SIGHUP.",
                hosts.join(", ")
            ))?;
        }
        Command::NextAuthority => {
            let (file, authority) = tls::authority::make_next(&Config::load(&folder)?.keys)?;
            say(&format!(
                "The authority to come, {authority}, is made: {}. Give it to whoever trusts this server \
                 by {}, beside that file. It takes over with `rotate authority`.",
                file.display(),
                tls::AUTHORITY_CERTIFICATE,
            ))?;
        }
        Command::Doctor => return examine(&folder),
        Command::Manual { folder } => clap_mangen::generate_to(Arguments::command(), folder)?,
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
    ready::tell();
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

fn verify(folder: &Path, checkpoint: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(folder)?;
    let key = keys::load(&config)?;
    let (report, store) = store::verify_to_read(&config.data, &key)?;
    let files = files::verify(&store, &config.data);
    let files = files.context("the folder of files cannot be read")?;
    for (log, position) in &report.logs {
        say(&format!("{log}: {} records, head {}", position.seq, position.head))?;
    }
    for damage in &report.damage {
        complain(&format!("damaged: {damage}"));
    }
    for damage in &files.damage {
        complain(&format!("damaged: {damage}"));
    }
    let is_sound = verify_audit(&config, &store, checkpoint)?;
    if !(report.damage.is_empty() && files.damage.is_empty() && is_sound) {
        return Ok(ExitCode::FAILURE);
    }
    say(&format!("{} records, every chain whole", report.records))?;
    say(&format!("{} files, every one whole", files.files))?;
    Ok(ExitCode::SUCCESS)
}

fn examine(folder: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(folder)?;
    EnvFilter::try_new(&config.log).context("`log` in the configuration is not a filter")?;
    let findings = doctor::examine(&config);
    for finding in &findings {
        say(&finding.to_string())?;
    }
    let to_mend = findings.iter().filter(|finding| finding.needs_mending()).count();
    if to_mend > 0 {
        say(&format!("{to_mend} to mend"))?;
        return Ok(ExitCode::FAILURE);
    }
    say("nothing to mend")?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the audit log is what every checkpoint knows: those beside the store, and one kept elsewhere.
fn verify_audit(config: &Config, store: &Store, kept: Option<&Path>) -> anyhow::Result<bool> {
    let mut notes = match anchor::read(&anchor::file(&config.data)) {
        Ok(notes) => notes,
        Err(error) => {
            complain(&format!("damaged: {error}"));
            return Ok(false);
        }
    };
    if let Some(kept) = kept {
        let read = anchor::read(kept)?;
        anyhow::ensure!(!read.is_empty(), "{}: there is no checkpoint in it", kept.display());
        notes.extend(read);
    }
    let checked = audit::check::check(store, &notes)?;
    for problem in &checked.problems {
        complain(&format!("damaged: {problem}"));
    }
    let (size, root) = checked.root;
    say(&format!("audit tree: {size} records, root {root}, {} checkpoints agree", checked.agreed))?;
    Ok(checked.problems.is_empty())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("the runtime cannot be started")
}

fn log(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(filter).context("`log` in the configuration is not a filter")?;
    let colour = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(colour).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
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
