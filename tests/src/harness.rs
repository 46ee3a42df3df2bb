//! What every end-to-end test begins with: the real binaries, a throw-away WARP in a folder of its
//! own, people who joined it the way people do, and connections that say whatever a test likes.
//!
//! How things flow: [`binaries`] builds the server and the client once in a test process. A
//! [`Warp`] makes a WARP with the server's `init`, runs `serve` as a child on a port of its own, and
//! redeems the first invitation for its manager. A [`Person`] holds a device that was enrolled over
//! TLS and a client signed in with it; [`Raw`] is a connection with no manners. Nothing here sleeps
//! for a fixed time: [`eventually`] asks again until a deadline.

mod asking;
mod binaries;
mod canary;
mod display;
mod logs;
mod newcomer;
mod person;
mod raw;
mod reading;
mod served;
mod traced;
mod wait;
mod warp;

pub use asking::{answering, asking, choices, from_now, grant, roll_call, warning};
pub use binaries::{
    PLANTED, client_binary, demo_binary, desktop_binary, desktop_example, example_binary,
    planted_binary, relay_binary, server_binary,
};
pub use canary::{Canary, found};
pub use display::Display;
pub use logs::{add_aged_room, add_lapsed_invitation, copy_folder};
pub use newcomer::newcomer_joins;
pub use person::{Person, refusal, settings};
pub use raw::{Heard, Raw, RawTls, raw_tls, raw_tls_from};
pub use reading::{act_of, chain_end, entry_of, text_of};
pub use served::{Served, https};
pub use traced::{NotStarted, Traced};
pub use wait::{DEADLINE, entries_up_to, eventually, next_entry, next_event, silence, until};
pub use warp::{Builder, Warp};
