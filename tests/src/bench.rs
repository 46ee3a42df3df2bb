//! The bench: what a server of this project costs, measured from outside over real TLS.
//!
//! What it is: the parts of the `bench` binary. The server, the bare server it is compared with and
//! the load are separate processes, the servers on one core and the load on another. What it is not:
//! a test; nothing here fails because a figure is bad.
//!
//! How things flow: `grounds` founds a WARP and starts its server (`process`), `fan_out`, `paced`,
//! `flood`, `idle`, `history`, `board` and `relayed` each measure one thing through raw connections (`connection`, `load`), and
//! `report` prints what they found and which aims it reaches.

pub mod bare;
pub mod board;
pub mod connection;
pub mod fan_out;
pub mod flood;
pub mod grounds;
pub mod history;
pub mod idle;
pub mod load;
pub mod machine;
pub mod paced;
pub mod process;
pub mod relayed;
pub mod report;
pub mod window;
