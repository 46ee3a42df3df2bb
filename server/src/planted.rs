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
    #[cfg(feature = "planted")]
    SkipTagCheck,
}

/// Whether this fault is awake.
#[cfg(feature = "planted")]
pub(crate) fn is_planted(plant: Plant) -> bool {
    awake() == Some(plant)
}

/// Whether this fault is awake. It is not: nothing is planted in this build.
#[cfg(not(feature = "planted"))]
pub(crate) const fn is_planted(_: Plant) -> bool {
    false
}

#[cfg(feature = "planted")]
fn awake() -> Option<Plant> {
    static AWAKE: std::sync::OnceLock<Option<Plant>> = std::sync::OnceLock::new();
    let read = || {
        let name = std::env::var("WARPROOM_PLANTED").ok()?;
        Some(match name.as_str() {
            "ack-before-flush" => Plant::AckBeforeFlush,
            "no-live-membership-check" => Plant::NoLiveMembershipCheck,
            "skip-position-check" => Plant::SkipPositionCheck,
            "skip-tag-check" => Plant::SkipTagCheck,
            // A test that wakes nothing would prove nothing.
            _ => panic!("no fault of this name is planted: {name}"),
        })
    };
    *AWAKE.get_or_init(read)
}
