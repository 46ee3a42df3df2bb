//! What is counted, and how it reads for Prometheus: the text of `OpenMetrics` 1.0, base units, `_total` on
//! counters, everything of ours beginning with `warproom_`.
//!
//! Parts count as they work: an atomic addition, and one look into a table of labels where there are labels.
//! What is only looked at when somebody asks (queues, the disk, memory) is set by whoever asks, just before
//! the text is written. This module knows no part of the server but its error codes.
//!
//! A label's value is a `&'static str`: it stands in the source. So nothing that people name (members, rooms,
//! organisations), no id and no address can become one, and there are only so many series.

mod process;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use warproom_proto::ErrorCode;

use crate::hooks::Answer;

/// The media type of what [`Metrics::text`] gives (`OpenMetrics` 1.0).
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The labels of a series; see the top.
type Labels<const N: usize> = [(&'static str, &'static str); N];
type Counts<const N: usize> = Family<Labels<N>, Counter>;
type Times<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;
/// What goes up and down.
pub type Level = Gauge;
type Measure = Gauge<f64, AtomicU64>;

/// The outcome of what was done.
const OK: &str = "ok";

/// The method of a call that there is not.
const NO_METHOD: &str = "unknown";

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// Connections before they are signed in.
    pub door: Door,
    /// Calls of whoever is signed in, and signing in.
    pub calls: Calls,
    /// What the writer commits.
    pub storing: Storing,
    /// Live delivery.
    pub delivery: Delivery,
    /// Messages to webhooks, by what was answered.
    webhooks: Counts<1>,
    /// What is set just before it is read.
    pub now: Now,
}

/// Connections before they are signed in.
#[derive(Clone, Default)]
pub struct Door {
    /// Those that are there.
    pub strangers: Gauge,
    /// Those that were turned away, being too many.
    pub turned_away: Counter,
    handshakes: Counts<1>,
}

/// How a TLS handshake ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// It was made.
    Done,
    /// It broke.
    Failed,
    /// It took too long.
    TooSlow,
}

/// Calls.
pub struct Calls {
    done: Counts<2>,
    seconds: Times<1>,
    sign_ins: Counts<2>,
    /// Requests beyond a connection's rate.
    pub too_fast: Counter,
}

/// What the writer commits.
pub struct Storing {
    records: Counts<1>,
    group_records: Histogram,
    seconds: Histogram,
    failed: Counts<1>,
}

/// Live delivery.
#[derive(Default)]
pub struct Delivery {
    /// Entries and stubs put into the queues of connections.
    pub delivered: Counter,
    /// Times that a connection fell behind.
    pub behind: Counter,
}

/// What is set just before it is read.
#[derive(Default)]
pub struct Now {
    /// Connections of members, of bots.
    pub members: Gauge,
    /// Connections of bots.
    pub bots: Gauge,
    /// Frames that wait for connections, in all.
    pub queued_frames: Gauge,
    /// The most that wait for one connection.
    pub longest_queue_frames: Gauge,
    /// Appends that wait for the writer.
    pub waiting_appends: Gauge,
    /// Whether the server is ready: 1 or 0.
    pub ready: Gauge,
    /// Free space where the store is.
    pub disk_free_bytes: Measure,
    /// What the store takes on the disk.
    pub store_bytes: Measure,
    /// What has to stay free.
    pub reserve_bytes: Measure,
    /// When the server's certificate ends, in seconds since 1970 UTC.
    pub certificate_expiry_s: Measure,
    /// When the latest backup was taken, in seconds since 1970 UTC; 0 if none was.
    pub latest_backup_s: Measure,
    /// How long nothing is erased for its age yet, because the clock jumped; 0 if it is.
    pub retention_wait_s: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process));
        let ours = registry.sub_registry_with_prefix("warproom");
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        ours.register("build", "This server's version", Info::new(version));
        let (door, calls) = (Door::default(), Calls::new(ours));
        door.register(ours);
        let storing = Storing::new(ours);
        let delivery = Delivery::default();
        let name = "deliveries";
        ours.register(name, "Entries and stubs queued for connections", delivery.delivered.clone());
        let help = "Times that a connection did not keep up and was told to catch up";
        ours.register("fallen_behind", help, delivery.behind.clone());
        let webhooks = Counts::default();
        ours.register("webhooks", "Messages to webhooks, by outcome", webhooks.clone());
        let now = Now::default();
        now.register(ours);
        Self { registry, door, calls, storing, delivery, webhooks, now }
    }
}

impl Metrics {
    /// Counts a message to a webhook by its answer, whose status alone does not tell (RFC 9110 §15).
    pub fn webhook(&self, answer: &Answer) {
        let outcome = match answer.status {
            200 => OK,
            403 if *answer == Answer::INVALID_TOKEN => "invalid_token",
            429 => "slow_down",
            400..500 => "refused",
            _ => "failed",
        };
        self.webhooks.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Door {
    fn register(&self, to: &mut Registry) {
        let help = "Connections that are not signed in";
        to.register("strangers", help, self.strangers.clone());
        let help = "Connections turned away at once, because too many were not signed in";
        to.register("connections_turned_away", help, self.turned_away.clone());
        let help = "TLS handshakes, by outcome";
        to.register("tls_handshakes", help, self.handshakes.clone());
    }

    /// Counts a handshake.
    pub fn handshake(&self, how: Handshake) {
        let outcome = match how {
            Handshake::Done => OK,
            Handshake::Failed => "failed",
            Handshake::TooSlow => "too_slow",
        };
        self.handshakes.get_or_create(&[("outcome", outcome)]).inc();
    }
}

impl Calls {
    fn new(registry: &mut Registry) -> Self {
        let done = Counts::default();
        registry.register("calls", "Calls answered, by method and outcome", done.clone());
        let seconds = Times::new_with_constructor(times as fn() -> Histogram);
        let help = "From a call to its reply, by method";
        registry.register_with_unit("call_duration", help, Unit::Seconds, seconds.clone());
        let sign_ins = Counts::default();
        let help = "Attempts to sign in, by method and outcome";
        registry.register("sign_ins", help, sign_ins.clone());
        let too_fast = Counter::default();
        let help = "Requests refused because a connection made them too fast";
        registry.register("requests_too_fast", help, too_fast.clone());
        Self { done, seconds, sign_ins, too_fast }
    }

    /// Counts a call's reply.
    pub fn answered(&self, method: &'static str, refused: Option<ErrorCode>, took: Duration) {
        let labels = [("method", method), ("outcome", outcome(refused))];
        self.done.get_or_create(&labels).inc();
        self.seconds.get_or_create(&[("method", method)]).observe(took.as_secs_f64());
    }

    /// Counts a request for a call that there is not.
    pub fn unknown(&self) {
        let labels = [("method", NO_METHOD), ("outcome", outcome(Some(ErrorCode::NoSuchCall)))];
        self.done.get_or_create(&labels).inc();
    }

    /// Counts an attempt to sign in.
    pub fn sign_in(&self, method: Option<&'static str>, refused: Option<ErrorCode>) {
        let labels = [("method", method.unwrap_or(NO_METHOD)), ("outcome", outcome(refused))];
        self.sign_ins.get_or_create(&labels).inc();
    }
}

impl Storing {
    fn new(registry: &mut Registry) -> Self {
        let records = Counts::default();
        registry.register("committed_records", "Records stored, by log", records.clone());
        // Up to what the writer takes at once.
        let sizes = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
        let group_records = Histogram::new(sizes);
        let help = "Records stored by one commit";
        registry.register("commit_records", help, group_records.clone());
        let seconds = times();
        let help = "How long a commit took until it was on stable storage";
        registry.register_with_unit("commit_duration", help, Unit::Seconds, seconds.clone());
        let failed = Counts::default();
        let help = "Commits that stored nothing, by reason";
        registry.register("commits_failed", help, failed.clone());
        let storing = Self { records, group_records, seconds, failed };
        // There from the start: what appears with its first count cannot be seen to rise.
        for why in [ErrorCode::StorageFull, ErrorCode::StorageFailed] {
            drop(storing.failed.get_or_create(&[("reason", outcome(Some(why)))]));
        }
        storing
    }

    /// Counts a commit: how many records of the register and of rooms.
    pub fn committed(&self, (register, rooms): (usize, usize), took: Duration) {
        for (log, records) in [("register", register), ("room", rooms)] {
            if records > 0 {
                self.records.get_or_create(&[("log", log)]).inc_by(records as u64);
            }
        }
        let records = u32::try_from(register + rooms).unwrap_or(u32::MAX);
        self.group_records.observe(f64::from(records));
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a commit that stored nothing.
    pub fn failed(&self, why: ErrorCode) {
        self.failed.get_or_create(&[("reason", outcome(Some(why)))]).inc();
    }
}

impl Now {
    fn register(&self, to: &mut Registry) {
        let counts = [
            ("member_connections", "Signed-in connections of members", &self.members),
            ("bot_connections", "Signed-in connections of bots", &self.bots),
            ("queued_frames", "Frames that wait for connections to read", &self.queued_frames),
            (
                "longest_queue_frames",
                "Frames that wait for the slowest connection",
                &self.longest_queue_frames,
            ),
            ("waiting_appends", "Appends that wait for the writer", &self.waiting_appends),
            ("ready", "Whether the server stores and delivers: 1 or 0", &self.ready),
        ];
        for (name, help, gauge) in counts {
            to.register(name, help, gauge.clone());
        }
        let bytes = [
            ("disk_free", "Free space where the store is", &self.disk_free_bytes),
            ("store", "Space that the store takes on the disk", &self.store_bytes),
            ("reserve", "Free space below which nothing is stored", &self.reserve_bytes),
        ];
        for (name, help, gauge) in bytes {
            to.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
        let help = "When the server's certificate ends, since 1970 UTC";
        let name = "certificate_expiry_timestamp";
        to.register_with_unit(name, help, Unit::Seconds, self.certificate_expiry_s.clone());
        let help = "When the latest backup was taken, since 1970 UTC; 0 if none was";
        let name = "latest_backup_timestamp";
        to.register_with_unit(name, help, Unit::Seconds, self.latest_backup_s.clone());
        let help = "For how long nothing is erased for its age, because the clock jumped";
        let name = "retention_wait";
        to.register_with_unit(name, help, Unit::Seconds, self.retention_wait_s.clone());
    }
}

/// From what memory answers to what a client gives up on.
fn times() -> Histogram {
    Histogram::new([
        0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
        2.5, 10.0,
    ])
}

/// A label for how something ended.
const fn outcome(refused: Option<ErrorCode>) -> &'static str {
    let Some(code) = refused else { return OK };
    match code {
        ErrorCode::NotJson => "not_json",
        ErrorCode::NotARequest => "not_a_request",
        ErrorCode::NoSuchCall => "no_such_call",
        ErrorCode::BadParams => "bad_params",
        ErrorCode::ServerFault => "server_fault",
        ErrorCode::SignInRequired => "sign_in_required",
        ErrorCode::SignInRefused => "sign_in_refused",
        ErrorCode::NotFound => "not_found",
        ErrorCode::NotAllowed => "not_allowed",
        ErrorCode::Conflict => "conflict",
        ErrorCode::LabelRefused => "label_refused",
        ErrorCode::SlowDown => "slow_down",
        ErrorCode::StorageFull => "storage_full",
        ErrorCode::StorageFailed => "storage_failed",
        // A newer code than this list knows.
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::Shape;

    #[test]
    fn what_is_counted_reads_as_prometheus_has_it() {
        let metrics = Metrics::default();
        metrics.calls.answered("room.list", None, Duration::from_millis(2));
        metrics.calls.answered("room.list", Some(ErrorCode::NotFound), Duration::from_millis(3));
        metrics.calls.sign_in(None, Some(ErrorCode::SignInRefused));
        metrics.storing.committed((1, 40), Duration::from_millis(4));
        metrics.storing.failed(ErrorCode::StorageFull);
        metrics.webhook(&Answer::INVALID_TOKEN);
        // A label above the grant is no wrong secret.
        metrics.webhook(&Shape::Own.refuse(&ErrorCode::LabelRefused.into()));
        metrics.now.disk_free_bytes.set(1.5e9);
        let text = metrics.text();
        for line in [
            "# TYPE warproom_calls counter",
            "warproom_calls_total{method=\"room.list\",outcome=\"ok\"} 1",
            "warproom_calls_total{method=\"room.list\",outcome=\"not_found\"} 1",
            "warproom_call_duration_seconds_count{method=\"room.list\"} 2",
            "warproom_call_duration_seconds_bucket{le=\"0.0025\",method=\"room.list\"} 1",
            "warproom_sign_ins_total{method=\"unknown\",outcome=\"sign_in_refused\"} 1",
            "warproom_committed_records_total{log=\"room\"} 40",
            "warproom_commit_records_bucket{le=\"64.0\"} 1",
            "warproom_commits_failed_total{reason=\"storage_full\"} 1",
            "warproom_webhooks_total{outcome=\"invalid_token\"} 1",
            "warproom_webhooks_total{outcome=\"refused\"} 1",
            "warproom_disk_free_bytes 1500000000.0",
            "# UNIT warproom_disk_free_bytes bytes",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn every_code_has_a_label_of_its_own() {
        let mut labels: Vec<_> = ErrorCode::ALL.iter().map(|code| outcome(Some(*code))).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), ErrorCode::ALL.len());
        assert!(!labels.contains(&"other") && !labels.contains(&OK));
    }

    /// Everything that can be counted, counted once.
    fn all_counted() -> String {
        let metrics = Metrics::default();
        let outcomes = || ErrorCode::ALL.iter().copied().map(Some).chain([None]);
        for outcome in outcomes() {
            metrics.calls.answered("entry.post", outcome, Duration::ZERO);
            metrics.calls.sign_in(Some("device.enrol"), outcome);
        }
        for how in [Handshake::Done, Handshake::Failed, Handshake::TooSlow] {
            metrics.door.handshake(how);
        }
        metrics.webhook(&Answer::INVALID_TOKEN);
        for status in [200, 400, 403, 429, 500] {
            metrics.webhook(&Answer::sentence(status, "so"));
        }
        metrics.storing.committed((1, 1), Duration::ZERO);
        metrics.text()
    }

    /// The selectors of an expression, `metric{label="value",…}`: the metric, the label, and each value.
    fn selected(expression: &str) -> Vec<(&str, &str, Vec<&str>)> {
        let mut found = Vec::new();
        for (before, rest) in expression.match_indices('{').map(|(at, _)| expression.split_at(at)) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let metric = before.rsplit(|c| !is_name(c)).next().unwrap_or_default();
            let inside = rest[1..].split('}').next().unwrap_or_default();
            for matcher in inside.split(',').filter(|_| metric.starts_with("warproom_")) {
                let Some((label, value)) = matcher.split_once('=') else { continue };
                let values = value.trim_start_matches('~').trim_matches('"').split('|').collect();
                found.push((metric, label.trim_end_matches('!'), values));
            }
        }
        found
    }

    /// A value that is never counted would be an alert that never tells.
    #[test]
    fn dashboard_and_alert_rules_ask_for_values_that_are_counted() {
        let rules = include_str!("../../packaging/prometheus/alerts.yml");
        let dashboard = include_str!("../../packaging/grafana/warproom.json").replace("\\\"", "\"");
        let (text, mut looked) = (all_counted(), 0);
        // Which server it is, Prometheus says.
        let ours = |label: &str| label != "job";
        for line in rules.lines().chain(dashboard.lines()) {
            for (metric, label, values) in selected(line).into_iter().filter(|one| ours(one.1)) {
                for value in values {
                    let wanted = format!("{label}=\"{value}\"");
                    let is_counted =
                        |series: &str| series.starts_with(metric) && series.contains(&wanted);
                    assert!(text.lines().any(is_counted), "{metric} never has {wanted}: {line}");
                    looked += 1;
                }
            }
        }
        assert!(looked >= 7, "only {looked} values found");
    }
}
