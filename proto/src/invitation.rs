//! The text a manager hands to a new officer: where the server is, how to know it, and a code that
//! works once.
//!
//! ```text
//! warproom://warp.example:7443/<fingerprint of the authority>/<code>
//! ```
//!
//! Both parts are base64url without padding: the SHA-256 of the certificate authority's DER, and 16
//! random bytes. No character needs quoting in a shell or a mail.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};

use crate::secret::Secret;
use crate::text::TextError;

/// The SHA-256 of a WARP's own certificate authority (of its DER form). The one thing a client
/// trusts, so no public authority has to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The host name in an *endorsement* of this authority: a certificate for this name alone, made by the
    /// authority before it, is how that one vouches for its successor.
    ///
    /// `<base32 of the fingerprint, in small letters>.authority.warproom.invalid`; no host can be called so
    /// ([RFC 6761 §6.4](https://www.rfc-editor.org/rfc/rfc6761#section-6.4)).
    #[must_use]
    pub fn endorsement_name(&self) -> String {
        let fingerprint = BASE32_NOPAD.encode(&self.0).to_ascii_lowercase();
        format!("{fingerprint}.authority.warproom.invalid")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}

impl FromStr for Fingerprint {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TextError::NotBase64)?;
        Ok(Self(bytes.try_into().map_err(|_| TextError::WrongLength { wanted: 32 })?))
    }
}

crate::newtype::text_newtype!(
    Fingerprint,
    "Fingerprint",
    "^[A-Za-z0-9_-]{43}$",
    "The SHA-256 of the WARP's certificate authority, base64url."
);

/// Where a WARP's server is and how to know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Host name or IP address with port, as `warp.example:7443` or `[::1]:7443`.
    pub host_port: String,
    /// The authority its certificate must come from.
    pub authority: Fingerprint,
}

impl Address {
    /// The host without port and brackets, as a certificate names it.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.host_port.rsplit_once(':').map_or(&*self.host_port, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Display for Address {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{SCHEME}{}/{}", self.host_port, self.authority)
    }
}

impl FromStr for Address {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let rest = text.strip_prefix(SCHEME).ok_or(InvitationError::Scheme)?;
        let (host_port, authority) = rest.split_once('/').ok_or(InvitationError::Incomplete)?;
        let (host, port) = host_port.rsplit_once(':').ok_or(InvitationError::Incomplete)?;
        let host_is_plain = !host.is_empty()
            && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
        // A number may have a sign and more zeros elsewhere; here each address has one spelling.
        let port_is_plain = port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
        if !host_is_plain || !port_is_plain {
            return Err(InvitationError::Incomplete);
        }
        Ok(Self {
            host_port: host_port.to_owned(),
            authority: authority.parse().map_err(|_| InvitationError::Incomplete)?,
        })
    }
}

const SCHEME: &str = "warproom://";

/// An invitation as its receiver holds it. It carries a secret, so it has no `Debug`.
#[derive(Clone)]
pub struct Invitation {
    /// The server.
    pub address: Address,
    /// The code that works once: 16 random bytes, base64url.
    pub code: Secret,
}

impl Invitation {
    /// The text to hand over.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}/{}", self.address, self.code.expose())
    }
}

impl FromStr for Invitation {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let (address, code) = text.trim().rsplit_once('/').ok_or(InvitationError::Incomplete)?;
        let bytes = BASE64URL_NOPAD.decode(code.as_bytes());
        if bytes.is_ok_and(|bytes| bytes.len() == 16) {
            Ok(Self { address: address.parse()?, code: code.to_owned().into() })
        } else if text.trim().starts_with(SCHEME) {
            Err(InvitationError::Incomplete)
        } else {
            Err(InvitationError::Scheme)
        }
    }
}

/// Why a text is not an invitation. The sentences are shown to people and never repeat the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// It does not begin as one.
    #[error("not an invitation: it begins with \"warproom://\"")]
    Scheme,
    /// A part is missing or cut off.
    #[error(
        "the invitation is incomplete: copy it whole, from \"warproom://\" to its last character"
    )]
    Incomplete,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "warproom://[::1]:7443/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn an_invitation_reads_back_as_itself() {
        let invitation: Invitation = TEXT.parse().unwrap();
        assert_eq!(invitation.to_text(), TEXT);
        assert_eq!(invitation.address.host(), "::1");
        assert!(format!("  {TEXT}\n").parse::<Invitation>().is_ok());
    }

    #[test]
    fn every_cut_of_an_invitation_is_refused() {
        for end in 0..TEXT.len() {
            let refusal = TEXT[..end].parse::<Invitation>().err();
            assert!(refusal.is_some(), "{end}");
        }
        assert_eq!("https://warp.example/".parse::<Address>(), Err(InvitationError::Scheme));
    }

    #[test]
    fn an_authority_is_endorsed_by_a_name_of_its_own() {
        let name = Fingerprint([0xFF; 32]).endorsement_name();
        assert_eq!(
            name,
            "777777777777777777777777777777777777777777777777777q.authority.warproom.invalid"
        );
        assert_ne!(name, Fingerprint([0xFE; 32]).endorsement_name());
        assert!(name.split('.').all(|label| label.len() <= 63), "RFC 1035 §2.3.4");
    }

    #[test]
    fn a_port_has_one_spelling() {
        for port in [":+7443/", ":07443/", ":-1/", ":70000/", ":/"] {
            let text = TEXT.replace(":7443/", port);
            assert_eq!(
                text.parse::<Invitation>().err(),
                Some(InvitationError::Incomplete),
                "{text}"
            );
        }
    }
}
