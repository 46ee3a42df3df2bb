//! Who may knock: how many connections that are not signed in there may be, in all and from one
//! source. What signing in takes is not its business.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Limits;
use crate::identity::Source;
use crate::metrics::{Door, Level};

/// Those who are not signed in: so many in all, so many from one source.
pub struct Admission {
    most: usize,
    most_per_source: usize,
    present: Arc<Mutex<Present>>,
    door: Door,
}

#[derive(Default)]
struct Present {
    all: usize,
    by_source: HashMap<Source, usize>,
}

impl Admission {
    /// With nobody in it.
    pub fn new(limits: &Limits, door: Door) -> Self {
        Self {
            most: limits.strangers,
            most_per_source: limits.strangers_per_source,
            present: Arc::default(),
            door,
        }
    }

    /// A place for a connection from this address, if there is one.
    pub fn admit(&self, address: IpAddr) -> Option<Place> {
        let source = Source::from(address);
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let here = present.by_source.get(&source).copied().unwrap_or(0);
        if present.all >= self.most || here >= self.most_per_source {
            drop(present);
            self.door.turned_away.inc();
            tracing::debug!("a connection was refused: too many that are not signed in");
            return None;
        }
        present.all += 1;
        present.by_source.insert(source, here + 1);
        self.door.strangers.inc();
        Some(Place {
            source,
            present: self.present.clone(),
            strangers: self.door.strangers.clone(),
        })
    }
}

/// A connection's place among those not signed in; dropped at sign-in or at the end.
pub struct Place {
    source: Source,
    present: Arc<Mutex<Present>>,
    strangers: Level,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        self.strangers.dec();
        present.all -= 1;
        if let Some(here) = present.by_source.get_mut(&self.source) {
            *here -= 1;
            if *here == 0 {
                present.by_source.remove(&self.source);
            }
        }
    }
}
