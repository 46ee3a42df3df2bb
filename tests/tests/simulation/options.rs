//! What a seed says of its simulation: each is small, and each has troubles of its own, so that rare ones
//! are not drowned by common ones.

use std::time::Duration;

use super::chance::Chance;

/// What one simulation is like. Chances are in percent of steps.
#[derive(Clone, Debug)]
pub struct Options {
    pub members: usize,
    pub organisations: usize,
    pub rooms: usize,
    pub steps: u64,
    pub pause: Duration,
    /// How long a piece is on its way at most.
    pub delay: Duration,
    pub capacity_bytes: usize,
    /// Links that break by themselves, in percent of them.
    pub fragile: u64,
    pub tears: u64,
    pub stills: u64,
    pub crashes: u64,
    pub cuts: u64,
    pub disk_failures: u64,
    pub program_crashes: u64,
    pub cut_off: u64,
    pub comings_and_goings: u64,
    pub relabels: u64,
    pub retractions: u64,
    pub erasures: u64,
    /// In percent of events.
    pub slow_readers: u64,
    /// How often somebody writes a great deal at once.
    pub bursts: u64,
    /// Posts that are longer than the store keeps in one piece, in percent of them.
    pub long_posts: u64,
    /// Whether the disk is damaged in the end.
    pub damage: bool,
}

impl Options {
    pub fn of(chance: &mut Chance) -> Self {
        let mut trouble = |most: u64| if chance.percent(60) { 0 } else { 1 + chance.below(most) };
        let (fragile, tears, stills) = (trouble(60), trouble(12), trouble(8));
        let (crashes, cuts, disk_failures) = (trouble(6), trouble(8), trouble(4));
        let (program_crashes, cut_off) = (trouble(8), trouble(8));
        let (slow_readers, bursts, erasures) = (trouble(30), trouble(4), trouble(4));
        let ms = Duration::from_millis;
        Self {
            members: 2 + chance.index(3),
            organisations: 1 + chance.index(3),
            rooms: 1 + chance.index(2),
            steps: 20 + chance.below(30),
            pause: ms(chance.pick([20, 200, 1_000])),
            delay: ms(chance.pick([0, 10, 100, 800])),
            capacity_bytes: chance.pick([1 << 10, 8 << 10, 256 << 10]),
            fragile,
            tears,
            stills,
            crashes,
            cuts,
            disk_failures,
            program_crashes,
            cut_off,
            comings_and_goings: chance.below(20),
            relabels: chance.below(12),
            retractions: chance.below(8),
            erasures,
            slow_readers,
            bursts,
            long_posts: 3,
            damage: chance.percent(25),
        }
    }
}
