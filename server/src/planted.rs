//! Faults planted on purpose, so that the tests can prove that they would notice them. A build with the
//! feature `planted` has all of them, and the variable `WARPROOM_PLANTED` wakes one; any other build has
//! none and reads no variable. No build that is used has the feature.

/// A fault that can be woken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    /// An append is answered before anything is on stable storage.
    AckBeforeFlush,
    /// Whoever was taken out of a room goes on getting its entries, on the connection they have.
    NoLiveMembershipCheck,
    /// The positions in the checkpoint are not compared with the logs.
    SkipPositionCheck,
    /// A sealed value opens, whether its tag fits or not.
    #[cfg(any(feature = "planted", all(feature = "simulated", not(test))))]
    SkipTagCheck,
}

/// Whether this fault is awake.
#[cfg(feature = "planted")]
pub(crate) fn is_planted(plant: Plant) -> bool {
    awake() == Some(plant)
}

/// Whether this fault is awake. It is not: nothing is planted in this build.
#[cfg(not(any(feature = "planted", all(feature = "simulated", not(test)))))]
pub(crate) const fn is_planted(_: Plant) -> bool {
    false
}

/// Whether the simulation that runs on this thread has woken this fault.
#[cfg(all(feature = "simulated", not(test), not(feature = "planted")))]
pub(crate) fn is_planted(plant: Plant) -> bool {
    crate::simulated::is_planted(plant)
}

#[cfg(any(feature = "planted", all(feature = "simulated", not(test))))]
impl Plant {
    /// The fault of this name. A test that wakes nothing would prove nothing.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "ack-before-flush" => Self::AckBeforeFlush,
            "no-live-membership-check" => Self::NoLiveMembershipCheck,
            "skip-position-check" => Self::SkipPositionCheck,
            "skip-tag-check" => Self::SkipTagCheck,
            _ => panic!("no fault of this name is planted: {name}"),
        }
    }
}

#[cfg(feature = "planted")]
fn awake() -> Option<Plant> {
    static AWAKE: std::sync::OnceLock<Option<Plant>> = std::sync::OnceLock::new();
    let read = || std::env::var("WARPROOM_PLANTED").ok().map(|name| Plant::named(&name));
    *AWAKE.get_or_init(read)
}
