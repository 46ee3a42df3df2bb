//! Sealing: what goes into a profile's databases, and what comes out of them again.
//!
//! Everything is sealed with AES-256-GCM-SIV (RFC 8452) under a fresh nonce, bound to the table and
//! the row it belongs to, so that no value can be moved to another place. Before that it is padded, so
//! that its size says little. Ids become opaque names under a second key, so that the rows of one room
//! belong together and nobody can tell to which room.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac, rand};
use zeroize::Zeroizing;

use super::{ProfileError, Result};

/// The size of an AES-256 key, and of what HKDF derives from it.
pub(super) const KEY_BYTES: usize = 32;

/// The key of one profile: everything kept is sealed under keys derived from it.
pub(super) type ProfileKey = Zeroizing<[u8; KEY_BYTES]>;

/// The opaque name of an id: 128 bits of HMAC-SHA256, as many as the id has.
pub(super) type Opaque = [u8; 16];

/// Values are padded to a multiple of this. Most of what people write fits into one or two.
const BLOCK_BYTES: usize = 256;

/// How many bytes say, in front of a value, how long it is without its padding.
const LENGTH_BYTES: usize = 4;

/// A new profile's key.
pub(super) fn new_key() -> Result<ProfileKey> {
    random()
}

/// Random bytes, wiped when they are dropped.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(&mut *bytes).map_err(|_| ProfileError::Sealing("it gives no random numbers"))?;
    Ok(bytes)
}

/// A row of a table: what a sealed value is bound to.
pub(super) struct Place(Vec<u8>);

impl Place {
    /// The row whose key is these parts. Within a table every part has one size, so that no two rows
    /// have the same place.
    pub(super) fn new(table: &'static str, key: &[&[u8]]) -> Self {
        // No table's name has a zero in it.
        Self([table.as_bytes(), &[0], &key.concat()].concat())
    }
}

/// Seals and opens.
pub(super) struct Seal {
    values: RandomizedNonceKey,
    names: hmac::Key,
}

impl Seal {
    /// With the keys derived from this one by HKDF-SHA256 (RFC 5869).
    pub(super) fn new(key: &ProfileKey) -> Result<Self> {
        let values = derived(key, b"warproom desktop profile 1: values")?;
        let names = derived(key, b"warproom desktop profile 1: names")?;
        let values = RandomizedNonceKey::new(&AES_256_GCM_SIV, &*values).map_err(|_| cannot())?;
        Ok(Self { values, names: hmac::Key::new(hmac::HMAC_SHA256, &*names) })
    }

    /// The opaque name of something in a table. In another table it has another one.
    pub(super) fn name(&self, table: &'static str, what: &[u8]) -> Opaque {
        let tag = hmac::sign(&self.names, &[table.as_bytes(), &[0], what].concat());
        let mut name = Opaque::default();
        name.copy_from_slice(&tag.as_ref()[..size_of::<Opaque>()]);
        name
    }

    /// Pads and seals a value: nonce, then value, then tag.
    pub(super) fn seal(&self, place: &Place, value: &[u8]) -> Result<Vec<u8>> {
        let length = u32::try_from(value.len()).map_err(|_| cannot())?;
        let padded = (LENGTH_BYTES + value.len()).next_multiple_of(BLOCK_BYTES);
        // As large as it gets at once: growing would leave copies behind.
        let mut buffer = Zeroizing::new(Vec::with_capacity(padded));
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(value);
        buffer.resize(padded, 0);
        let (nonce, tag) = self
            .values
            .seal_in_place_separate_tag(Aad::from(&place.0), &mut buffer)
            .map_err(|_| cannot())?;
        Ok([nonce.as_ref(), &buffer[..], tag.as_ref()].concat())
    }

    /// Opens what was sealed for this place; none if it is anything else.
    pub(super) fn open(&self, place: &Place, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let padded = self.values.open_in_place(nonce, Aad::from(&place.0), &mut buffer).ok()?;
        let (length, value) = padded.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        value.get(..length).map(|value| Zeroizing::new(value.to_vec()))
    }
}

/// A key for one purpose.
fn derived(key: &ProfileKey, purpose: &[u8]) -> Result<ProfileKey> {
    let mut bytes = ProfileKey::default();
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &**key)
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|derived| derived.fill(&mut *bytes))
        .map_err(|_| cannot())?;
    Ok(bytes)
}

const fn cannot() -> ProfileError {
    ProfileError::Sealing("its cryptography fails")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal::new(&Zeroizing::new([7; KEY_BYTES])).unwrap()
    }

    #[test]
    fn a_value_opens_where_it_was_sealed_and_nowhere_else() {
        let (seal, place) = (seal(), Place::new("drafts", &[&[1; 16]]));
        let sealed = seal.seal(&place, b"word").unwrap();
        assert_eq!(seal.open(&place, &sealed).unwrap().as_slice(), b"word");
        for other in [Place::new("drafts", &[&[2; 16]]), Place::new("outbox", &[&[1; 16]])] {
            assert!(seal.open(&other, &sealed).is_none());
        }
        let stranger = Seal::new(&Zeroizing::new([8; KEY_BYTES])).unwrap();
        assert!(stranger.open(&place, &sealed).is_none());
    }

    #[test]
    fn no_bit_of_a_sealed_value_can_be_changed_and_no_end_cut_off() {
        let (seal, place) = (seal(), Place::new("drafts", &[]));
        let sealed = seal.seal(&place, b"word").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(seal.open(&place, &changed).is_none(), "{at}");
            assert!(seal.open(&place, &sealed[..at]).is_none(), "{at}");
        }
    }

    #[test]
    fn sizes_are_rounded_and_the_same_value_looks_different_each_time() {
        let (seal, place) = (seal(), Place::new("drafts", &[]));
        let size = |length| seal.seal(&place, &vec![b'a'; length]).unwrap().len();
        assert_eq!(size(0), size(252));
        assert_eq!(size(252) + BLOCK_BYTES, size(253));
        assert_ne!(seal.seal(&place, b"word").unwrap(), seal.seal(&place, b"word").unwrap());
        for length in [0, 251, 252, 253, 100_000] {
            let value = vec![b'a'; length];
            let sealed = seal.seal(&place, &value).unwrap();
            assert_eq!(*seal.open(&place, &sealed).unwrap(), value);
        }
    }

    #[test]
    fn a_name_says_nothing_and_is_another_in_another_table() {
        let seal = seal();
        assert_eq!(seal.name("entries", &[1; 16]), seal.name("entries", &[1; 16]));
        assert_ne!(seal.name("entries", &[1; 16]), seal.name("drafts", &[1; 16]));
        assert_ne!(seal.name("entries", &[1; 16]), seal.name("entries", &[2; 16]));
        assert_ne!(seal.name("entries", &[1; 16]), [1; 16]);
    }
}
