//! Configuration: one TOML file with comments, overridden by the environment. Every default works.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

/// The name of the file in a WARP's folder.
pub const FILE: &str = "warproom.toml";

/// What the environment's variables begin with: `WARPROOM_SERVER_LISTEN`, `WARPROOM_SERVER_LIMITS__STRANGERS`.
const ENVIRONMENT: &str = "WARPROOM_SERVER_";

/// The largest `largest_mib`: beyond it, what a half-put file lacks would not fit into a reply.
const LARGEST_MIB: u64 = 4096;

/// A server's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The WARP's folder, in which the file is.
    #[serde(skip)]
    pub folder: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where members reach the server, as `host:port`. Port 0 stands for the one listened on.
    pub address: String,
    /// The folder of the store, relative to this file.
    pub data: PathBuf,
    /// The folder of the keys, relative to this file. Keep it off the backups of the store.
    pub keys: PathBuf,
    /// What to log: a `tracing` filter.
    pub log: String,
    /// How the log is written.
    pub log_format: LogFormat,
    /// Where metrics are shown by plain HTTP; nowhere, if it is not said.
    pub metrics: Option<SocketAddr>,
    /// Whether that may be beyond this machine.
    pub metrics_beyond_this_machine: bool,
    /// The most memory for reading the store, in MiB: what holds a million entries.
    pub cache_mib: u64,
    /// Free disk space below which nothing is stored any more, in MiB.
    pub reserve_mib: u64,
    /// The bounds on files.
    pub files: FileLimits,
    /// The bounds.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7443)),
            address: "localhost:7443".into(),
            data: "data".into(),
            keys: "keys".into(),
            log: "info".into(),
            log_format: LogFormat::Text,
            metrics: None,
            metrics_beyond_this_machine: false,
            cache_mib: 1024,
            reserve_mib: 64,
            files: FileLimits::default(),
            limits: Limits::default(),
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line, for programs.
    Json,
}

/// The bounds on files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileLimits {
    /// The largest file, in MiB.
    pub largest_mib: u64,
    /// Files of one member or bot that are on their way up, or wait for an entry.
    pub waiting: usize,
    /// What one organisation may keep in one room, in MiB.
    pub room_mib: u64,
    /// What one organisation may keep in all rooms, in MiB.
    pub organisation_mib: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self { largest_mib: 100, waiting: 8, room_mib: 2048, organisation_mib: 8192 }
    }
}

/// The bounds a server keeps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections that are not signed in: in all.
    pub strangers: usize,
    /// Connections that are not signed in: from one IPv4 /24 or IPv6 /64.
    pub strangers_per_source: usize,
    /// The longest TLS handshake and upgrade, each, in milliseconds.
    pub handshake_ms: u64,
    /// The longest time to sign in, in milliseconds.
    pub sign_in_ms: u64,
    /// Failed sign-ins by password from one IPv4 /24 or IPv6 /64 that cost nothing, whatever the account.
    pub failures_per_source: u32,
    /// Signed-in connections of one member or bot.
    pub connections: usize,
    /// Requests per second and connection, in the long run.
    pub requests_per_second: u32,
    /// Requests at once and connection, after a pause.
    pub request_burst: u32,
    /// Acts of one member per hour over all connections, in the long run; a quarter of it at once. They change
    /// rooms, labels or the register, raise alerts or take back, and are kept for good.
    pub acts_per_hour: u32,
    /// Parts of files per second and connection, up and down together.
    pub file_parts_per_second: u32,
    /// Requests in flight per connection. Beyond it nothing more is read.
    pub in_flight: usize,
    /// Milliseconds between pings; two missed end the connection.
    pub ping_ms: u64,
    /// Milliseconds between two writings of what was refused: refusals in between are counted.
    pub refusals_ms: u64,
    /// Hours that the server runs on after its clock jumped before anything is erased for its age.
    pub retention_wait_hours: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            strangers: 512,
            strangers_per_source: 16,
            handshake_ms: 3_000,
            sign_in_ms: 10_000,
            failures_per_source: 100,
            connections: 16,
            requests_per_second: 20,
            request_burst: 60,
            acts_per_hour: 1_200,
            file_parts_per_second: 100,
            in_flight: 32,
            ping_ms: 25_000,
            refusals_ms: 60_000,
            retention_wait_hours: 24,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is none.
    #[error("there is no WARP in {}: {FILE} is missing. Make one with: warproom-server --folder {} init", folder.display(), folder.display())]
    Missing {
        /// The folder that was looked in.
        folder: PathBuf,
    },
    /// It says something it cannot.
    #[error("{}: {problem}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
}

impl Config {
    /// Reads the configuration of a WARP's folder; its paths become absolute or relative to where
    /// the program runs.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let file = folder.join(FILE);
        if !file.exists() {
            return Err(ConfigError::Missing { folder: folder.to_owned() });
        }
        Self::merge(Figment::new().merge(Toml::file_exact(&file)), folder)
    }

    /// Reads the text of a configuration that is to be in a WARP's folder.
    pub fn read(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        Self::merge(Figment::new().merge(Toml::string(text)), folder)
    }

    fn merge(figment: Figment, folder: &Path) -> Result<Self, ConfigError> {
        let figment = figment.merge(Env::prefixed(ENVIRONMENT).ignore(&["folder"]).split("__"));
        let wrong = |problem| ConfigError::Wrong { file: folder.join(FILE), problem };
        let mut config: Self = figment.extract().map_err(|error| wrong(error.to_string()))?;
        config.check().map_err(|problem| wrong(problem.to_owned()))?;
        folder.clone_into(&mut config.folder);
        config.data = folder.join(config.data);
        config.keys = folder.join(config.keys);
        Ok(config)
    }

    fn check(&self) -> Result<(), &'static str> {
        let has_port = self
            .address
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        let limits = &self.limits;
        let is_seen_by_others = self.metrics.is_some_and(|metrics| !metrics.ip().is_loopback());
        if is_seen_by_others && !self.metrics_beyond_this_machine {
            return Err(
                "metrics: anyone who reaches this address could read them; use 127.0.0.1, or \
                        set metrics_beyond_this_machine = true where a firewall or a container keeps \
                        others away",
            );
        }
        if !has_port {
            return Err("address must be host:port, as \"warp.example:7443\"");
        }
        if [limits.handshake_ms, limits.sign_in_ms, limits.ping_ms, limits.refusals_ms].contains(&0)
        {
            return Err("limits: a time of 0 ms would end every connection");
        }
        let counts =
            [limits.strangers, limits.strangers_per_source, limits.in_flight, limits.connections];
        if counts.contains(&0)
            || limits.requests_per_second == 0
            || limits.request_burst == 0
            || limits.acts_per_hour == 0
            || limits.file_parts_per_second == 0
        {
            return Err("limits: a count of 0 would refuse everyone");
        }
        if self.files.largest_mib > LARGEST_MIB {
            return Err("files: largest_mib is at most 4096");
        }
        Ok(())
    }

    /// The host part of the address, without brackets.
    pub fn host(&self) -> &str {
        let host = self.address.rsplit_once(':').map_or(&*self.address, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The file that `init` writes: every setting, with its default and what it does.
    #[must_use]
    pub fn template(listen: SocketAddr, address: &str) -> String {
        include_str!("../warproom.toml")
            .replace("127.0.0.1:7443", &listen.to_string())
            .replace("localhost:7443", address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample says the defaults, all of them, so a reader of it knows what is in force.
    #[test]
    fn the_sample_configuration_is_the_defaults() {
        let sample: Config =
            Figment::from(Toml::string(include_str!("../warproom.toml"))).extract().unwrap();
        assert_eq!(format!("{sample:?}"), format!("{:?}", Config::default()));
        let mentioned = |name: &str| include_str!("../warproom.toml").contains(name);
        let fields = ["listen", "address", "data", "keys", "log", "cache_mib", "reserve_mib"];
        assert!(
            ["log_format", "metrics", "metrics_beyond_this_machine"].into_iter().all(mentioned)
        );
        let limits = ["strangers", "strangers_per_source", "handshake_ms", "sign_in_ms"];
        let files = ["[files]", "largest_mib", "waiting", "room_mib", "organisation_mib"];
        let more =
            ["failures_per_source", "file_parts_per_second", "refusals_ms", "retention_wait_hours"]
                .into_iter()
                .chain(files);
        assert!(more.into_iter().all(mentioned));
        assert!(mentioned("acts_per_hour"));
        let more = ["connections", "requests_per_second", "request_burst", "in_flight", "ping_ms"];
        assert!(fields.iter().chain(&limits).chain(&more).all(|name| mentioned(name)));
    }

    #[test]
    fn a_bad_setting_is_named_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let problem = |text: &str| {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            Config::load(folder.path()).unwrap_err().to_string()
        };
        assert!(problem("lisen = \"127.0.0.1:1\"").contains("lisen"), "unknown field");
        assert!(problem("listen = \"here\"").contains("listen"), "wrong type");
        assert!(problem("address = \"warp.example\"").contains("host:port"));
        assert!(problem("[limits]\nping_ms = 0").contains("0 ms"));
        assert!(problem("metrics = \"0.0.0.0:9464\"").contains("anyone who reaches"));
        assert!(problem("log_format = \"xml\"").contains("log_format"));
        assert!(problem("= 1").contains("warproom.toml"), "not TOML");
        let nowhere = Config::load(&folder.path().join("nowhere")).unwrap_err().to_string();
        assert!(nowhere.contains("init"), "{nowhere}");
    }
}
