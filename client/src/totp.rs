//! The second factor: a TOTP secret (RFC 6238: SHA-1, 6 digits, 30 seconds), as every authenticator
//! app reads it.
//!
//! It is made here when an invitation is redeemed, shown once as text or QR code, and not kept: from
//! then on it lives in the member's authenticator app and in the server's register.

use std::time::{SystemTime, UNIX_EPOCH};

use totp_rs::{Algorithm, TOTP};
use warproom_proto::{Handle, Name, Secret};
use zeroize::{Zeroize, Zeroizing};

/// The size RFC 4226 §4 recommends.
const SECRET_BYTES: usize = 20;

/// A TOTP secret, wiped when dropped.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// A new secret of 20 random bytes.
    ///
    /// # Panics
    ///
    /// When the operating system gives no randomness: there is no safe way on.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without randomness there is no safe way on")]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        aws_lc_rs::rand::fill(&mut *bytes).expect("the system has randomness");
        Self(bytes)
    }

    /// The secret for typing into an authenticator app: base32 without padding.
    #[must_use]
    pub fn to_base32(&self) -> Secret {
        self.with(String::new(), String::new(), TOTP::get_secret_base32).into()
    }

    /// The secret for a QR code: an `otpauth://` address that names the WARP and the member.
    #[must_use]
    pub fn uri(&self, warp: &Name, handle: &Handle) -> Secret {
        // A colon parts issuer and account in this format, so neither may hold one.
        let issuer = warp.as_str().replace(':', " ");
        self.with(issuer, handle.as_str().to_owned(), TOTP::get_url).into()
    }

    /// The code at a time, in seconds since 1970 UTC.
    #[must_use]
    pub fn code_at(&self, unix_seconds: u64) -> Secret {
        self.with(String::new(), String::new(), |totp| totp.generate(unix_seconds)).into()
    }

    /// The code now, by this computer's clock.
    #[must_use]
    pub fn code_now(&self) -> Secret {
        // A clock before 1970 gives a code that the server refuses, as any wrong clock does.
        self.code_at(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    fn with<T>(&self, issuer: String, account_name: String, use_it: impl FnOnce(&TOTP) -> T) -> T {
        let mut totp = TOTP {
            algorithm: Algorithm::SHA1,
            digits: 6,
            skew: 1,
            step: 30,
            secret: self.0.to_vec(),
            issuer: Some(issuer).filter(|issuer| !issuer.is_empty()),
            account_name,
        };
        let used = use_it(&totp);
        totp.secret.zeroize();
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc_secret() -> TotpSecret {
        TotpSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        // The RFC prints eight digits; six-digit codes are their last six.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc_secret().code_at(seconds).expose(), code, "{seconds}");
        }
    }

    #[test]
    fn an_authenticator_app_can_read_it() {
        let secret = rfc_secret();
        assert_eq!(secret.to_base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let warp: Name = "Kent: WARP".parse().unwrap();
        let uri = secret.uri(&warp, &"jo.smith".parse().unwrap());
        assert!(uri.expose().starts_with("otpauth://totp/Kent%20%20WARP:jo.smith?"));
        assert!(uri.expose().contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        let again = TOTP::from_url(uri.expose()).unwrap();
        assert_eq!(again.generate(59), "287082");
    }

    #[test]
    fn no_two_secrets_are_alike() {
        assert_ne!(
            TotpSecret::generate().to_base32().expose(),
            TotpSecret::generate().to_base32().expose()
        );
    }
}
