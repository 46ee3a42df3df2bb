//! Sealing: AES-256-GCM-SIV with a random nonce, and the full database key as associated data, so
//! that a value opens only in the place it was sealed for.
//!
//! Each log has one data key per calendar month, kept in the database wrapped by the master key;
//! destroying that one value destroys the month. A sealed value is
//!
//! ```text
//! month 2 ‖ nonce 12 ‖ ciphertext ‖ tag 16
//! ```
//!
//! It knows nothing of what is sealed, and decides nothing about months: the record's time does.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use warproom_proto::record::LogId;
use zeroize::Zeroizing;

use super::fault::{Fault, guarded};
use super::key::MasterKey;
use super::layout;

const TAG_BYTES: usize = 16;

/// Unwrapped keys kept in memory; a key is under 1 KiB. A server reads a few months of a few
/// hundred rooms at a time; beyond that the cache starts afresh, which costs one unwrapping each.
const CACHED_KEYS: usize = 1024;

/// A key that seals and opens.
pub(super) struct DataKey(LessSafeKey);

/// A value is not what was sealed in this place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotSealedHere;

/// The wrapping key and the data keys in use.
pub(super) struct KeyRing {
    wrapping: DataKey,
    known: RwLock<HashMap<(LogId, u16), Arc<DataKey>>>,
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
    fn new(bytes: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "the array has the one length this cipher takes")]
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, bytes).expect("32 bytes")))
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
        let length = opened.map_err(|_| NotSealedHere)?.len();
        plain.truncate(start + length);
        Ok(())
    }
}

impl KeyRing {
    pub(super) fn new(master: &MasterKey) -> Self {
        let wrapping = DataKey::new(&master.derive("warproom.store.wrap.v1"));
        Self { wrapping, known: RwLock::default() }
    }

    /// The data key of a log and month, if there is one.
    pub(super) fn find(
        &self,
        db: &sled::Db,
        log: LogId,
        month: u16,
    ) -> Result<Option<Arc<DataKey>>, NoKey> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(&(log, month)) {
            return Ok(Some(Arc::clone(key)));
        }
        drop(known);
        let place = layout::data_key(log, month);
        let Some(wrapped) = guarded(|| db.get(place)).map_err(NoKey::Fault)? else {
            return Ok(None);
        };
        // Room for the tag too, so that the bytes never move and leave a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(32 + TAG_BYTES));
        self.wrapping.open(&place, &wrapped, &mut bytes).map_err(|_| NoKey::Damaged)?;
        let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| NoKey::Damaged)?;
        let key = Arc::new(DataKey::new(bytes));
        self.remember(log, month, &key);
        Ok(Some(key))
    }

    /// Makes a data key. It is not known here until [`KeyRing::remember`] is told that the wrapped
    /// form is stored: nothing may ever be sealed under a key that was not.
    pub(super) fn make(&self, log: LogId, month: u16) -> Result<NewKey, Fault> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::fill(bytes.as_mut())
            .map_err(|_| Fault::broken("the system gave no random numbers"))?;
        let wrapped = self.wrapping.seal(month, &layout::data_key(log, month), bytes.as_ref())?;
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

/// The month whose data key seals this value, as it says itself. A lie opens nothing.
pub(super) fn month_of_sealed(sealed: &[u8]) -> Option<u16> {
    layout::field(sealed, 0).map(u16::from_be_bytes)
}

/// The calendar month of a time in milliseconds since 1970 UTC, counted from January 1970 and held
/// within what two bytes can say.
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
    u16::try_from(months - 1970 * 12).unwrap_or(u16::MAX)
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
            (i64::MAX, u16::MAX),
        ] {
            assert_eq!(month_of(at_ms), month, "{at_ms}");
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
