//! Sealing: AES-256-GCM-SIV with a random nonce, and the full database key as associated data, so
//! that a value opens only in the place it was sealed for.
//!
//! Each log has one data key per calendar month, kept in the database wrapped by the master key;
//! destroying that one value destroys the month. A sealed value is
//!
//! ```text
//! period 2 ‖ nonce 12 ‖ ciphertext ‖ tag 16
//! ```
//!
//! A period is a month (the lower 11 bits) and a *generation* (the upper 5). A month has one
//! generation, but for the while in which some of its records are erased: then what stays is sealed
//! anew under the next one, and the key of the former is destroyed ([`super::erase`]). So numbers are
//! free again, and 32 are enough for ever.
//!
//! It knows nothing of what is sealed, and decides nothing about months: the record's time does.

#[cfg(any(feature = "planted", all(feature = "simulated", not(test))))]
mod untagged;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use warproom_proto::record::LogId;
use zeroize::Zeroizing;

use super::database::Database;
use super::fault::{Fault, guarded};
use super::key::MasterKey;
use super::layout;
#[cfg(any(feature = "planted", all(feature = "simulated", not(test))))]
use crate::planted::{Plant, is_planted};

const TAG_BYTES: usize = 16;

/// How much longer a value is when it is sealed.
pub(super) const SEAL_BYTES: usize = 2 + NONCE_LEN + TAG_BYTES;

/// Unwrapped keys kept in memory; a key is under 1 KiB. A server reads a few months of a few
/// hundred rooms at a time; beyond that the cache starts afresh, which costs one unwrapping each.
const CACHED_KEYS: usize = 1024;

/// A key that seals and opens.
pub(super) struct DataKey(
    LessSafeKey,
    #[cfg(any(feature = "planted", all(feature = "simulated", not(test))))] [u8; 32],
);

/// A value is not what was sealed in this place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotSealedHere;

/// The wrapping key and the data keys in use.
pub(super) struct KeyRing {
    /// Held while a wrapped key is fetched and opened, so that a change of the master key is never
    /// seen half done.
    wrapping: RwLock<DataKey>,
    known: RwLock<HashMap<(LogId, u16), Arc<DataKey>>>,
    /// The period in which a log's month is sealed now, where that was looked up.
    current: RwLock<HashMap<(LogId, u16), u16>>,
}

/// A data key that no record uses yet, and the form in which it is stored.
pub(super) struct NewKey {
    pub(super) key: Arc<DataKey>,
    pub(super) wrapped: Vec<u8>,
}

/// Why a data key cannot be had.
pub(super) enum NoKey {
    /// It is not there, or does not open.
    Damaged,
    /// The database failed.
    Fault(Fault),
}

impl DataKey {
    pub(super) fn new(bytes: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "the array has the one length this cipher takes")]
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, bytes).expect("32 bytes"));
        Self(
            key,
            #[cfg(any(feature = "planted", all(feature = "simulated", not(test))))]
            *bytes,
        )
    }

    /// Seals `plain` for the database key `place`, under the month its data key belongs to.
    pub(super) fn seal(&self, month: u16, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| Fault::broken("the system gave no random numbers"))?;
        let mut sealed = Vec::with_capacity(2 + NONCE_LEN + plain.len() + TAG_BYTES);
        sealed.extend_from_slice(&month.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self.0.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place),
            &mut sealed[2 + NONCE_LEN..],
        );
        let tag = tag.map_err(|_| Fault::broken("a value could not be sealed"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for `place` and appends it to `plain`.
    pub(super) fn open(
        &self,
        place: &[u8],
        sealed: &[u8],
        plain: &mut Vec<u8>,
    ) -> Result<(), NotSealedHere> {
        let nonce = layout::field(sealed, 2).ok_or(NotSealedHere)?;
        let start = plain.len();
        plain.extend_from_slice(&sealed[2 + NONCE_LEN..]);
        let opened = self.0.open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place),
            &mut plain[start..],
        );
        #[cfg(any(feature = "planted", all(feature = "simulated", not(test))))]
        if opened.is_err() && is_planted(Plant::SkipTagCheck) {
            plain.truncate(start);
            return untagged::open(&self.1, &sealed[2..], plain).ok_or(NotSealedHere);
        }
        let length = opened.map_err(|_| NotSealedHere)?.len();
        plain.truncate(start + length);
        Ok(())
    }
}

impl KeyRing {
    pub(super) fn new(master: &MasterKey) -> Self {
        Self {
            wrapping: RwLock::new(wrapping(master)),
            known: RwLock::default(),
            current: RwLock::default(),
        }
    }

    /// The data key of a log and month, if there is one.
    pub(super) fn find(
        &self,
        db: &Database,
        log: LogId,
        month: u16,
    ) -> Result<Option<Arc<DataKey>>, NoKey> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(&(log, month)) {
            return Ok(Some(Arc::clone(key)));
        }
        drop(known);
        let place = layout::data_key(log, month);
        let wrapping = self.wrapping.read().unwrap_or_else(PoisonError::into_inner);
        let Some(wrapped) = guarded(|| db.get(place)).map_err(NoKey::Fault)? else {
            return Ok(None);
        };
        let bytes = unwrap(&wrapping, &place, &wrapped).map_err(|_| NoKey::Damaged)?;
        let key = Arc::new(DataKey::new(&bytes));
        // Still under the lock: whoever drops keys clears what is remembered after it.
        self.remember(log, month, &key);
        Ok(Some(key))
    }

    /// The period in which new values of a log's month are sealed: the newest generation there is.
    pub(super) fn current(&self, db: &Database, log: LogId, month: u16) -> Result<u16, Fault> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(period) = current.get(&(log, month)) {
            return Ok(*period);
        }
        drop(current);
        let mut found = month;
        for period in generations(month) {
            if guarded(|| db.get(layout::data_key(log, period)))?.is_some() {
                // Under way to another generation: that one is the newer.
                let next = guarded(|| db.get(layout::erasing(log, period)))?;
                found = next
                    .and_then(|next| layout::field(&next, 0))
                    .map_or(period, u16::from_be_bytes);
                break;
            }
        }
        self.turn_to(log, found);
        Ok(found)
    }

    /// From now on values of this month are sealed in this period.
    pub(super) fn turn_to(&self, log: LogId, period: u16) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.len() >= CACHED_KEYS {
            current.clear();
        }
        current.insert((log, month_in(period)), period);
    }

    /// Lets go of a data key that is destroyed.
    pub(super) fn forget(&self, log: LogId, period: u16) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&(log, period));
    }

    /// Opens the wrapped form of the data key of a log and month, wherever it was kept.
    pub(super) fn unwrap(
        &self,
        log: LogId,
        month: u16,
        wrapped: &[u8],
    ) -> Result<DataKey, NotSealedHere> {
        let wrapping = self.wrapping.read().unwrap_or_else(PoisonError::into_inner);
        unwrap(&wrapping, &layout::data_key(log, month), wrapped).map(|bytes| DataKey::new(&bytes))
    }

    /// The wrapped form of a data key, wrapped for another master key.
    pub(super) fn rewrap(
        &self,
        place: &[u8],
        wrapped: &[u8],
        to: &WrappingKey,
    ) -> Result<Vec<u8>, NoKey> {
        let wrapping = self.wrapping.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = unwrap(&wrapping, place, wrapped).map_err(|_| NoKey::Damaged)?;
        let month = period_of_sealed(wrapped).ok_or(NoKey::Damaged)?;
        to.0.seal(month, place, bytes.as_ref()).map_err(NoKey::Fault)
    }

    /// Puts another wrapping key in place of the one there is, while `exchange` does the same to
    /// everything that is wrapped. If that fails, nothing changes here.
    pub(super) fn change(
        &self,
        to: WrappingKey,
        exchange: impl FnOnce() -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut wrapping = self.wrapping.write().unwrap_or_else(PoisonError::into_inner);
        exchange()?;
        *wrapping = to.0;
        // What was dropped with the old key is known here no more.
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// Makes a data key. It is not known here until [`KeyRing::remember`] is told that the wrapped
    /// form is stored: nothing may ever be sealed under a key that was not.
    pub(super) fn make(&self, log: LogId, month: u16) -> Result<NewKey, Fault> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::fill(bytes.as_mut())
            .map_err(|_| Fault::broken("the system gave no random numbers"))?;
        let wrapping = self.wrapping.read().unwrap_or_else(PoisonError::into_inner);
        let wrapped = wrapping.seal(month, &layout::data_key(log, month), bytes.as_ref())?;
        Ok(NewKey { key: Arc::new(DataKey::new(&bytes)), wrapped })
    }

    pub(super) fn remember(&self, log: LogId, month: u16, key: &Arc<DataKey>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CACHED_KEYS {
            known.clear();
        }
        known.insert((log, month), Arc::clone(key));
    }
}

/// A master key's use for wrapping data keys.
pub(super) struct WrappingKey(DataKey);

impl WrappingKey {
    pub(super) fn of(master: &MasterKey) -> Self {
        Self(wrapping(master))
    }

    /// Whether it wrapped the data key that lies at `place`.
    pub(super) fn opens(&self, place: &[u8], wrapped: &[u8]) -> bool {
        unwrap(&self.0, place, wrapped).is_ok()
    }
}

fn wrapping(master: &MasterKey) -> DataKey {
    DataKey::new(&master.derive("warproom.store.wrap.v1"))
}

fn unwrap(
    wrapping: &DataKey,
    place: &[u8],
    wrapped: &[u8],
) -> Result<Zeroizing<[u8; 32]>, NotSealedHere> {
    // Room for the tag too, so that the bytes never move and leave a copy behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(32 + TAG_BYTES));
    wrapping.open(place, wrapped, &mut plain)?;
    let bytes: &[u8; 32] = plain.as_slice().try_into().map_err(|_| NotSealedHere)?;
    Ok(Zeroizing::new(*bytes))
}

/// The period whose data key seals this value, as it says itself. A lie opens nothing.
pub(super) fn period_of_sealed(sealed: &[u8]) -> Option<u16> {
    layout::field(sealed, 0).map(u16::from_be_bytes)
}

const MONTH_BITS: u32 = 11;
const LAST_MONTH: u16 = (1 << MONTH_BITS) - 1;

/// The month that a period is of.
pub(super) const fn month_in(period: u16) -> u16 {
    period & LAST_MONTH
}

/// Every period that a month can have, from the first.
pub(super) fn generations(month: u16) -> impl Iterator<Item = u16> {
    (0..1 << (u16::BITS - MONTH_BITS)).map(move |generation: u16| generation << MONTH_BITS | month)
}

/// The calendar month of a time in milliseconds since 1970 UTC, counted from January 1970 and held
/// within what a period can say: the last is August 2140.
pub(super) fn month_of(at_ms: i64) -> u16 {
    const DAY_MS: i64 = 86_400_000;
    // Days are counted from 1 March of year 0, so that the leap day is a year's last: then 400
    // years are 146,097 days, and the months from March follow (153 days in every five).
    let day = at_ms.max(0) / DAY_MS + 719_468;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let months = (day / 146_097 * 400 + year_of_era) * 12 + from_march + 2;
    u16::try_from(months - 1970 * 12).unwrap_or(LAST_MONTH).min(LAST_MONTH)
}

/// When the calendar month of a time began, in milliseconds since 1970 UTC.
#[must_use]
pub fn month_began_ms(at_ms: i64) -> i64 {
    const DAY_MS: i64 = 86_400_000;
    let month = month_of(at_ms);
    let day = at_ms.max(0) / DAY_MS;
    // A month has 31 days at most: the first of them is the last that is of the month before it.
    let first = (0..=31).map(|back| day - back).take_while(|day| month_of(day * DAY_MS) == month);
    first.last().unwrap_or(day).max(0) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_calendar_months() {
        let day = 86_400_000;
        for (at_ms, month) in [
            (i64::MIN, 0),
            (0, 0),
            (31 * day - 1, 0),
            (31 * day, 1),
            (59 * day - 1, 1),
            (59 * day, 2),
            (951_782_400_000, 361),   // 29 February 2000
            (951_868_800_000, 362),   // 1 March 2000
            (1_767_225_599_999, 671), // the last of 2025
            (1_767_225_600_000, 672), // the first of 2026
            (i64::MAX, LAST_MONTH),
        ] {
            assert_eq!(month_of(at_ms), month, "{at_ms}");
        }
    }

    #[test]
    fn a_month_begins_on_its_first_day() {
        for (at_ms, began_ms) in [
            (0, 0),
            (-7, 0),
            (2_678_399_999, 0),
            (2_678_400_000, 2_678_400_000),
            (951_868_800_000 - 1, 949_363_200_000), // 29 February 2000
            (1_767_225_600_000 + 5, 1_767_225_600_000),
        ] {
            assert_eq!(month_began_ms(at_ms), began_ms, "{at_ms}");
        }
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let key = DataKey::new(&[7; 32]);
        let sealed = key.seal(5, b"here", b"text").unwrap();
        let mut plain = b"before ".to_vec();
        key.open(b"here", &sealed, &mut plain).unwrap();
        assert_eq!(plain, b"before text");
        assert_eq!(key.open(b"there", &sealed, &mut Vec::new()), Err(NotSealedHere));
        for at in 2..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(key.open(b"here", &bent, &mut Vec::new()), Err(NotSealedHere), "{at}");
            assert_eq!(key.open(b"here", &sealed[..at], &mut Vec::new()), Err(NotSealedHere));
        }
    }
}
