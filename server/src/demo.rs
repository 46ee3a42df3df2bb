//! The demo: the incident of January 2024, played by real clients against a real server.

/// What happens after the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server stops.
    Exit,
    /// The server stays up, and says how to join it.
    StayUp,
}

/// Plays.
pub async fn play(_: Ending) -> anyhow::Result<()> {
    Ok(())
}
