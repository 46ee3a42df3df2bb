//! What a client proves itself with: a device's Ed25519 key, or a bot's token.
//!
//! It is not where keys are kept: an application writes [`DeviceKey::to_text`] into a profile of its
//! own and reads it back. At every sign-in the key signs the TLS exporter of that very connection,
//! so the signature is of no use on any other.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use warproom_proto::calls::{Proof, sign_in_message};
use warproom_proto::register::{PublicKey, Signature};
use warproom_proto::{DeviceId, Secret};
use zeroize::Zeroizing;

/// Who signs in. Cheap to clone; no `Debug`, because it is secret.
#[derive(Clone)]
pub enum Credentials {
    /// A member's device.
    Device {
        /// What the server calls it.
        device: DeviceId,
        /// The key that stays on it.
        key: DeviceKey,
    },
    /// A bot's token.
    Token(Secret),
}

impl Credentials {
    /// The proof for the one connection whose exporter this is.
    pub(crate) fn proof(&self, exporter: &[u8; 32]) -> Proof {
        match self {
            Self::Device { device, key } => {
                Proof::Device { device: *device, signature: key.sign(&sign_in_message(exporter)) }
            }
            Self::Token(token) => Proof::Token(token.clone()),
        }
    }
}

/// A device's Ed25519 key (RFC 8032). Wiped from memory when the last clone goes.
#[derive(Clone)]
pub struct DeviceKey {
    seed: Arc<Zeroizing<[u8; SEED_BYTES]>>,
    pair: Arc<Ed25519KeyPair>,
    public: PublicKey,
}

/// The size of an Ed25519 private key (RFC 8032 §5.1.5).
const SEED_BYTES: usize = 32;

impl DeviceKey {
    /// A new key.
    ///
    /// # Panics
    ///
    /// When the operating system gives no randomness: there is no safe way on.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without randomness there is no safe way on")]
    pub fn generate() -> Self {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        aws_lc_rs::rand::fill(&mut *seed).expect("the system has randomness");
        Self::from_seed(seed).expect("every 32 bytes are an Ed25519 seed (RFC 8032 §5.1.5)")
    }

    /// Reads what [`DeviceKey::to_text`] wrote.
    pub fn from_text(text: &str) -> Result<Self, DeviceKeyError> {
        let hex = text.trim().as_bytes();
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        if hex.len() != 2 * SEED_BYTES {
            return Err(DeviceKeyError);
        }
        for (byte, digits) in seed.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = nibble(digits[0])? << 4 | nibble(digits[1])?;
        }
        Self::from_seed(seed)
    }

    /// The private key as 64 lower-case hexadecimal digits, for a profile that only its owner reads.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        // Exactly as long as it gets: growing would leave copies behind.
        let mut text = String::with_capacity(2 * SEED_BYTES);
        for byte in self.seed.iter() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.into()
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        // RFC 8032 fixes the size of a signature, so nothing is cut off or left over.
        let mut signature = Signature([0; 64]);
        signature.0.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }

    fn from_seed(seed: Zeroizing<[u8; SEED_BYTES]>) -> Result<Self, DeviceKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(|_| DeviceKeyError)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| DeviceKeyError)?;
        Ok(Self { seed: Arc::new(seed), pair: Arc::new(pair), public: PublicKey(public) })
    }
}

/// The text is not a device's key: the profile is damaged, or it is another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a device key: expected 64 lower-case hexadecimal digits")]
pub struct DeviceKeyError;

const fn nibble(digit: u8) -> Result<u8, DeviceKeyError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(DeviceKeyError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    #[test]
    fn a_key_reads_back_as_itself() {
        let key = DeviceKey::generate();
        let again = DeviceKey::from_text(key.to_text().expose()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(again.to_text().expose(), key.to_text().expose());
    }

    #[test]
    fn a_key_is_the_one_of_rfc_8032_test_1() {
        let text = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(DeviceKey::from_text(text).unwrap().public_key().to_string(), public);
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for bad in ["", "9d61", &"g".repeat(64), &"AB".repeat(32), &"é".repeat(32)] {
            assert_eq!(DeviceKey::from_text(bad).err(), Some(DeviceKeyError), "{bad}");
        }
    }

    #[test]
    fn a_sign_in_is_signed_for_one_connection_only() {
        let key = DeviceKey::generate();
        let credentials = Credentials::Device { device: DeviceId::random(), key: key.clone() };
        let Proof::Device { signature, .. } = credentials.proof(&[7; 32]) else {
            panic!("a device proves itself by its key")
        };
        let public = UnparsedPublicKey::new(&ED25519, key.public_key().0);
        assert!(public.verify(&sign_in_message(&[7; 32]), &signature.0).is_ok());
        assert!(public.verify(&sign_in_message(&[8; 32]), &signature.0).is_err());
    }
}
