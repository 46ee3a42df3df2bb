//! Who somebody is: passwords, TOTP codes, device signatures, tokens and codes, and the brakes on
//! guessing them.
//!
//! Slow work (argon2id, 64 MiB each) runs on threads of its own, a few at a time, so that a flood of
//! sign-ins costs those who sign in and nobody else.

mod password;
mod throttle;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use totp_rs::{Algorithm, Secret as TotpBytes, TOTP};
use warproom_proto::calls::sign_in_message;
use warproom_proto::register::{PublicKey, Signature};
use warproom_proto::{Head, Secret};

pub use password::{PasswordError, Passwords};
pub use throttle::{Attempt, Source, Throttle};

/// What a bot's token begins with, so that a scanner for leaked secrets knows one.
const TOKEN_PREFIX: &str = "wpbot_";

/// The same for a webhook's secret. Letters and digits only, as all of it: Slack's clients take nothing
/// else in the last part of an address.
const HOOK_PREFIX: &str = "wphook";

/// Seconds in a TOTP step (RFC 6238 §5.2).
const STEP_SECONDS: u64 = 30;

/// Whether a device's key signed this very TLS connection.
#[must_use]
pub fn signed(key: &PublicKey, exporter: &[u8; 32], signature: &Signature) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, key.0);
    key.verify(&sign_in_message(exporter), &signature.0).is_ok()
}

/// A new invitation code, and what is kept of it.
pub fn invitation_code() -> Result<(Secret, Head), aws_lc_rs::error::Unspecified> {
    let code: Secret = BASE64URL_NOPAD.encode(&random::<16>()?).into();
    let hash = hash(&code);
    Ok((code, hash))
}

/// A new bot token, and what is kept of it.
pub fn bot_token() -> Result<(Secret, Head), aws_lc_rs::error::Unspecified> {
    let token: Secret =
        format!("{TOKEN_PREFIX}{}", BASE64URL_NOPAD.encode(&random::<32>()?)).into();
    let hash = hash(&token);
    Ok((token, hash))
}

/// A new webhook's secret, and what is kept of it.
pub fn hook_secret() -> Result<(Secret, Head), aws_lc_rs::error::Unspecified> {
    let random = BASE32_NOPAD.encode(&random::<32>()?).to_ascii_lowercase();
    let secret: Secret = format!("{HOOK_PREFIX}{random}").into();
    let hash = hash(&secret);
    Ok((secret, hash))
}

/// What is kept of a random code or token. One round of SHA-256 is enough for what has 128 random
/// bits or more.
#[must_use]
pub fn hash(secret: &Secret) -> Head {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.expose().as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Head(bytes)
}

fn random<const N: usize>() -> Result<[u8; N], aws_lc_rs::error::Unspecified> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(bytes)
}

/// TOTP codes (RFC 6238: SHA-1, 6 digits, 30 s). That each is good once is decided with what it is
/// used for: see [`crate::domain::Checked`].
pub struct TotpCodes;

impl TotpCodes {
    /// Whether a code is right now, give or take one step for clocks that differ.
    #[must_use]
    pub fn matches(secret: &Secret, code: &Secret, now_ms: i64) -> Option<u64> {
        let bytes = TotpBytes::Encoded(secret.expose().to_owned()).to_bytes().ok()?;
        if !(20..=64).contains(&bytes.len()) {
            return None;
        }
        let totp =
            TOTP::new_unchecked(Algorithm::SHA1, 6, 0, STEP_SECONDS, bytes, None, String::new());
        let step = u64::try_from(now_ms).ok()? / 1000 / STEP_SECONDS;
        let right = |step: &u64| {
            let expected = totp.generate(step * STEP_SECONDS);
            let (expected, code) = (expected.as_bytes(), code.expose().as_bytes());
            aws_lc_rs::constant_time::verify_slices_are_equal(expected, code).is_ok()
        };
        (step.saturating_sub(1)..=step + 1).find(right)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    #[test]
    fn a_device_signs_one_connection_and_stands_for_no_other() {
        let pair = |seed| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let key = |pair: &Ed25519KeyPair| PublicKey(pair.public_key().as_ref().try_into().unwrap());
        let (device, other) = (pair(1), pair(2));
        let signature = device.sign(&sign_in_message(&[7; 32]));
        let signature = Signature(signature.as_ref().try_into().unwrap());
        assert!(signed(&key(&device), &[7; 32], &signature));
        assert!(!signed(&key(&device), &[8; 32], &signature), "of another connection");
        assert!(!signed(&key(&other), &[7; 32], &signature), "of another device");
    }

    /// RFC 6238, appendix B, for SHA-1 cut to six digits: the secret is "12345678901234567890".
    #[test]
    fn totp_codes_are_those_of_the_rfc() {
        let secret: Secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned().into();
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
        {
            let code = code.to_owned().into();
            let step = TotpCodes::matches(&secret, &code, seconds * 1000);
            assert_eq!(step, Some(u64::try_from(seconds).unwrap() / 30));
            for (off_seconds, is_right) in [(-60, false), (-30, true), (25, true), (90, false)] {
                let matched = TotpCodes::matches(&secret, &code, (seconds + off_seconds) * 1000);
                assert_eq!(matched, step.filter(|_| is_right), "a clock off by {off_seconds} s");
            }
        }
        let short = "GEZDGNBV".to_owned().into();
        assert_eq!(TotpCodes::matches(&short, &"287082".to_owned().into(), 59_000), None);
    }

    #[test]
    fn tokens_are_typed_and_never_alike() {
        let (first, second) = (bot_token().unwrap(), bot_token().unwrap());
        assert!(first.0.expose().starts_with("wpbot_") && first.0.expose().len() == 49);
        assert!(first.1 != second.1 && hash(&first.0) == first.1);
        let (first, second) = (invitation_code().unwrap(), invitation_code().unwrap());
        assert_eq!(first.0.expose().len(), 22, "128 random bits as base64url");
        assert!(first.1 != second.1 && hash(&first.0) == first.1);
        let (first, second) = (hook_secret().unwrap(), hook_secret().unwrap());
        let text = first.0.expose();
        assert!(text.starts_with("wphook") && text.len() == 6 + 52, "256 random bits as base32");
        assert!(text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        assert!(first.1 != second.1 && hash(&first.0) == first.1);
    }
}
