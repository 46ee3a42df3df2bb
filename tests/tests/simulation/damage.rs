//! Damage to the disk of a machine that is off: what was put back, cut off or bent is reported at the next
//! start, or changes nothing that is served.

use anyhow::{Context as _, ensure};
use warproom_proto::{LogId, Record};
use warproom_server::simulated::{Disk, Machine};

use super::chance::Chance;

type Image = [(Vec<u8>, Vec<u8>)];

/// How many values are bent, one at a time.
const BENT: usize = 6;

/// Tries each kind of damage.
pub fn try_all(
    machine: &Machine,
    earlier: Option<&Image>,
    chance: &mut Chance,
) -> anyhow::Result<()> {
    let whole = machine.disk.image();
    let served = machine.served_from(&machine.disk).context("the whole disk")?;
    if let Some(earlier) = earlier {
        same_or_refused(machine, earlier, &served).context("the disk was put back")?;
    }
    for _ in 0..BENT {
        let mut bent = whole.clone();
        let records: Vec<_> = (0..bent.len()).filter(|at| bent[*at].0[0] == b'L').collect();
        let Some(at) = chance.one(&records).copied() else { break };
        let value = &mut bent[at].1;
        let byte = chance.index(value.len());
        value[byte] ^= 1 << chance.below(8);
        same_or_refused(machine, &bent, &served).context("a bit was bent")?;
    }
    Ok(())
}

/// A start on such a disk serves just what was there, or nothing.
fn same_or_refused(
    machine: &Machine,
    image: &Image,
    served: &[(LogId, Vec<Record>)],
) -> anyhow::Result<()> {
    let Ok(now) = machine.served_from(&Disk::of(image)) else { return Ok(()) };
    let text = |logs: &[(LogId, Vec<Record>)]| {
        let logs = logs.iter().map(|(_, records)| serde_json::to_string(records));
        logs.collect::<Result<Vec<_>, _>>()
    };
    ensure!(text(&now)? == text(served)?, "damage is served as if it were whole");
    Ok(())
}
