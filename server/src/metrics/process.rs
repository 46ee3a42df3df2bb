//! The process itself, under the names that Prometheus' own client libraries use for it. Read from `/proc`
//! when somebody asks; on a system without it, these are left out.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(stat) = Stat::read() else { return Ok(()) };
        let mut put = |name: &str, help: &str, value: f64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
        };
        put("process_resident_memory_bytes", "Resident memory", stat.resident_bytes)?;
        put("process_virtual_memory_bytes", "Virtual memory", stat.virtual_bytes)?;
        put("process_threads", "Threads", stat.threads)?;
        if let Some(start_s) = stat.start_s {
            put("process_start_time_seconds", "Start, since 1970 UTC", start_s)?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            put("process_open_fds", "Open file descriptors", count(open.count()))?;
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            let most = count(usize::try_from(most).unwrap_or(usize::MAX));
            put("process_max_fds", "File descriptors there may be", most)?;
        }
        let help = "Processor time, of user and system";
        let cpu = encoder.encode_descriptor("process_cpu_seconds", help, None, MetricType::Counter);
        ConstCounter::new(stat.cpu_s).encode(cpu?)
    }
}

/// What `/proc/self/stat` says (proc(5)).
struct Stat {
    cpu_s: f64,
    threads: f64,
    /// Since 1970 UTC.
    start_s: Option<f64>,
    virtual_bytes: f64,
    resident_bytes: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in brackets, which may hold anything.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // Numbers as in proc(5), whose third is the first here.
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let ticks = f64::from(u32::try_from(clock_ticks_per_second()).ok()?);
        let page_bytes = f64::from(u32::try_from(page_size()).ok()?);
        let since_boot_s = field(22)? / ticks;
        Some(Self {
            cpu_s: (field(14)? + field(15)?) / ticks,
            threads: field(20)?,
            start_s: boot_s().map(|boot_s| boot_s + since_boot_s),
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * page_bytes,
        })
    }
}

/// When the system started, in seconds since 1970 UTC.
fn boot_s() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_moves_no_field() {
        let zeros = "0 ".repeat(10);
        let line = format!("7 (a) b (c) S {zeros}200 100 0 0 20 0 9 0 300 4096 3 0\n");
        let stat = Stat::parse(&line).unwrap();
        let ticks = f64::from(u32::try_from(clock_ticks_per_second()).unwrap());
        assert!((stat.cpu_s - 300.0 / ticks).abs() < 1e-9, "{}", stat.cpu_s);
        assert!((stat.threads - 9.0).abs() < 1e-9 && (stat.virtual_bytes - 4096.0).abs() < 1e-9);
        assert!(Stat::parse("7 (a").is_none() && Stat::parse("7 (a) S 0").is_none());
    }

    #[test]
    fn this_process_uses_memory_and_started_before_now() {
        let stat = Stat::read().unwrap();
        assert!(stat.resident_bytes > 1e6 && stat.resident_bytes <= stat.virtual_bytes);
        let now_s = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
        assert!(stat.start_s.unwrap() <= now_s + 2.0);
    }
}
