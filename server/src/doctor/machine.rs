//! The machine: its clock, how many files a process may open, and where memory, secrets in it included, may
//! be written to a disk.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::config::Config;

/// When this was written, in seconds since 1970 UTC: no clock is right that is before.
const WRITTEN_S: i64 = 1_767_225_600;

/// How far ahead a clock may be and still be believed.
const FAR_AHEAD_S: i64 = 20 * 365 * 24 * 60 * 60;

/// File descriptors that a server needs besides those of its connections: its store, logs, timers.
const OWN_FILES: u64 = 64;

/// How many connections signed in at once a WARP is likely to have: a hundred organisations' officers with
/// two devices each.
const SIGNED_IN: u64 = 1_000;

pub(super) fn examine(config: &Config, now_s: i64) -> Vec<Finding> {
    let limit = getrlimit(Resource::Nofile);
    let limit = [limit.current, limit.maximum].map(|limit| limit.unwrap_or(u64::MAX));
    let core = getrlimit(Resource::Core).current.unwrap_or(u64::MAX);
    vec![
        clock(now_s),
        files(limit, config.limits.strangers as u64),
        core_dumps(core),
        swap(&fs::read_to_string("/proc/swaps").unwrap_or_default()),
    ]
}

fn clock(now_s: i64) -> Finding {
    if (WRITTEN_S..WRITTEN_S + FAR_AHEAD_S).contains(&now_s) {
        return Finding::fine("the clock shows a time that can be");
    }
    let how = "Set it, and keep it right by NTP: codes for signing in, invitations and times to answer by go by it";
    Finding::mend("the clock shows a time that cannot be", how)
}

/// Judges how many files a process may open, and may at most ask for. They are the limits of whoever runs the
/// doctor: a unit has its own, so one that can be raised says nothing of a server that runs already.
fn files([limit, most]: [u64; 2], strangers: u64) -> Finding {
    let needed = strangers + SIGNED_IN + OWN_FILES;
    if limit >= needed {
        return Finding::fine("a process may open as many files as there can be connections");
    }
    if most >= needed {
        return Finding::note(format!(
            "a server started from here may open {limit} files, and {needed} may be needed: `ulimit -n {needed}` before. \
             One that its unit starts has LimitNOFILE"
        ));
    }
    Finding::mend(
        format!("a process may open {limit} files, and {needed} may be needed"),
        format!(
            "Raise it where the server is started: LimitNOFILE={needed} in its unit, or `ulimit -n {needed}`"
        ),
    )
}

fn core_dumps(limit: u64) -> Finding {
    if limit == 0 {
        return Finding::fine("a crash leaves no image of the memory behind");
    }
    Finding::note(
        "a crash may leave an image of the memory, keys included, on a disk: LimitCORE=0 in the unit, or `ulimit -c 0`, forbids it",
    )
}

/// A list of swap files: a line of headings, and one for each.
fn swap(list: &str) -> Finding {
    let plain = list.lines().skip(1).filter(|line| !line.starts_with("/dev/zram"));
    if plain.count() == 0 {
        return Finding::fine("memory is not written to a disk by swapping");
    }
    Finding::note(
        "memory may be swapped to a disk, keys included: encrypt swap, or set MemorySwapMax=0 in the unit",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_right_is_to_be_set() {
        assert!(clock(0).needs_mending() && clock(WRITTEN_S + FAR_AHEAD_S).needs_mending());
        assert!(!clock(WRITTEN_S).needs_mending());
    }

    #[test]
    fn too_few_files_are_to_be_raised_to_what_is_needed() {
        assert!(files([1024, 1575], 512).to_string().contains("LimitNOFILE=1576"));
        assert_eq!(files([1024, 1576], 512).state, super::super::State::Note);
        assert_eq!(files([1576, 1576], 512).state, super::super::State::Fine);
    }

    #[test]
    fn where_memory_gets_to_a_disk_is_noted() {
        assert_eq!(core_dumps(u64::MAX).state, super::super::State::Note);
        assert_eq!(core_dumps(0).state, super::super::State::Fine);
        let heading = "Filename Type Size Used Priority\n";
        assert_eq!(swap(heading).state, super::super::State::Fine);
        let zram = format!("{heading}/dev/zram0 partition 1 0 100\n");
        assert_eq!(swap(&zram).state, super::super::State::Fine);
        let disk = format!("{heading}/swapfile file 1 0 -2\n");
        assert_eq!(swap(&disk).state, super::super::State::Note);
    }
}
