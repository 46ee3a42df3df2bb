//! The machine as the bench sees it: cores, processor time, memory, and what else is running.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit,
};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// `/proc` counts processor time in hundredths of a second (`USER_HZ`, proc(5)), on every
/// architecture this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Which core does what.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    /// The server under measurement.
    pub server: usize,
    /// The load, and the bench itself.
    pub load: usize,
}

impl Cores {
    /// The first two cores that this process may use; with only one, both are that one.
    pub fn pick() -> anyhow::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut usable = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let server = usable.next().context("this process may use no core")?;
        Ok(Self { server, load: usable.next().unwrap_or(server) })
    }
}

/// Keeps this thread, and what it starts, on one core.
pub fn pin(core: usize) -> anyhow::Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).with_context(|| format!("core {core} cannot be used"))
}

/// Becomes another program, kept on one core, that ends with whoever started it. Returns only if
/// that fails.
pub fn exec_on(core: usize, command: &[OsString]) -> anyhow::Result<()> {
    let (program, arguments) = command.split_first().context("no program was named")?;
    pin(core)?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let error = Command::new(program).args(arguments).exec();
    bail!("{} cannot be started: {error}", program.display())
}

/// Allows this process, and what it starts, as many open files as the system lets it have.
pub fn raise_open_files() -> anyhow::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Processor time that a process has used, in seconds. The process is `self` or a number.
pub fn cpu_seconds(process: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in brackets and may hold spaces; utime and stime are 14 and 15.
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat is not as expected")?;
    let mut ticks = fields.split_ascii_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let (Some(Ok(user)), Some(Ok(system))) = (ticks.next(), ticks.next()) else {
        bail!("/proc/PID/stat is not as expected");
    };
    Ok((f64::from(user) + f64::from(system)) / TICKS_PER_SECOND)
}

/// Processor time that was used on a core by anyone, in seconds.
pub fn core_busy_seconds(core: usize) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).context("no such core")?;
    // user nice system idle iowait irq softirq steal (proc(5))
    let fields: Vec<f64> = line.split_ascii_whitespace().filter_map(|n| n.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|field| fields.get(*field)).sum::<f64>();
    Ok(busy / TICKS_PER_SECOND)
}

/// The memory of a process that is in RAM, in KiB.
pub fn resident_kib(process: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("VmRSS is missing")?;
    Ok(kib.trim().parse()?)
}

/// Refuses a folder in memory: what is durable there costs nothing.
pub fn check_on_disk(folder: &Path) -> anyhow::Result<()> {
    /// linux/magic.h
    const TMPFS: i64 = 0x0102_1994;
    let kind = rustix::fs::statfs(folder)?.f_type;
    if kind == TMPFS {
        bail!("{} is in memory; choose another with --folder", folder.display());
    }
    Ok(())
}

/// One line on where this was measured.
pub fn description() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": ")).map_or("?", |(_, name)| name);
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = read("/proc/sys/kernel/osrelease");
    let commit = ["WARPROOM_COMMIT", "GITHUB_SHA"].iter().find_map(|name| std::env::var(name).ok());
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "{cores} × {model}, Linux {}, load {load}, commit {}",
        kernel.trim(),
        commit.as_deref().unwrap_or("not said"),
    )
}
