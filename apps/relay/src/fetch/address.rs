//! Which addresses are fetched, where a redirect may lead, and how an address is shown.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::FetchError;

/// Whether an address may be fetched: `https`, or `http` on this very computer; no user in it.
pub fn check_address(url: &Url) -> Result<(), FetchError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::UserInAddress);
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(FetchError::NotHttps(shown(url))),
    }
}

/// Where a redirect leads, if it may be followed.
pub(super) fn follow(from: &Url, to: &str) -> Result<Url, FetchError> {
    let next = from.join(to).map_err(|_| FetchError::BadRedirect)?;
    let from_https = from.scheme() == "https";
    if from_https && next.scheme() != "https" {
        return Err(FetchError::Downgrade(shown(&next)));
    }
    // A feed on the web has no business on this computer or in this network, where others listen.
    if Reach::of(&next) < Reach::of(from) {
        return Err(FetchError::BadRedirect);
    }
    check_address(&next)?;
    Ok(next)
}

/// Whether an address is certainly that of this very computer, so that nothing is sent unprotected.
/// Names below `localhost` are not: who looks them up decides where they lead.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        None => false,
    }
}

/// From where an address can be reached, as far as can be seen of it. A redirect only goes outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// From this computer.
    Here,
    /// From its network: addresses that are not routed on the internet.
    Network,
    /// From anywhere.
    Anywhere,
}

impl Reach {
    fn of(url: &Url) -> Self {
        match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                // RFC 6761, section 6.3: all names below it lead here too.
                let here = name == "localhost" || name.ends_with(".localhost");
                if here { Self::Here } else { Self::Anywhere }
            }
            Some(Host::Ipv4(address)) => Self::of_v4(address),
            Some(Host::Ipv6(address)) => Self::of_v6(address),
            None => Self::Here,
        }
    }

    const fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, ..] = address.octets();
        // Nothing is at 0.0.0.0/8 but this computer (RFC 1122, section 3.2.1.3).
        if address.is_loopback() || a == 0 {
            Self::Here
        } else if address.is_private()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            // Shared by the customers of a provider (RFC 6598).
            || a == 100 && b & 0b1100_0000 == 64
        {
            Self::Network
        } else {
            Self::Anywhere
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if let Some(v4) = address.to_ipv4_mapped() {
            Self::of_v4(v4)
        } else if address.is_loopback() || address.is_unspecified() {
            Self::Here
        } else if address.is_unique_local()
            || address.is_unicast_link_local()
            || address.is_multicast()
        {
            Self::Network
        } else {
            Self::Anywhere
        }
    }
}

/// An address as it may be shown and logged.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for addresses that cannot have a user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(from: &str, to: &str) -> Result<String, FetchError> {
        follow(&from.parse().unwrap(), to).map(String::from)
    }

    #[test]
    fn a_redirect_never_leaves_https() {
        let error = followed("https://x.example/a", "http://x.example/b?key=1").unwrap_err();
        assert!(matches!(error, FetchError::Downgrade(to) if to == "http://x.example/b"));
        let error = followed("https://x.example/a", "http://127.0.0.1/b").unwrap_err();
        assert!(matches!(error, FetchError::Downgrade(_)));
        let error = followed("http://localhost/a", "http://x.example/b").unwrap_err();
        assert!(matches!(error, FetchError::NotHttps(_)));
        assert_eq!(followed("https://x.example/a/b", "../c").unwrap(), "https://x.example/c");
        assert_eq!(followed("https://x.example/", "//y.example/").unwrap(), "https://y.example/");
    }

    #[test]
    fn nobody_outside_leads_to_this_computer() {
        let here = [
            "127.0.0.1:8443",
            "[::1]",
            "localhost",
            "localhost.",
            "x.localhost",
            "X.LocalHost.",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "[::]",
            "[::ffff:0.0.0.0]",
        ];
        for host in here {
            for from in ["https://x.example/a", "https://10.0.0.1/a"] {
                let error = followed(from, &format!("https://{host}/")).unwrap_err();
                assert!(matches!(error, FetchError::BadRedirect), "{from} {host}: {error:?}");
            }
        }
    }

    #[test]
    fn nobody_outside_leads_into_this_network() {
        let network = [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:192.168.1.1]",
        ];
        for host in network {
            let to = format!("https://{host}/");
            let error = followed("https://x.example/a", &to).unwrap_err();
            assert!(matches!(error, FetchError::BadRedirect), "{host}: {error:?}");
            assert!(followed("https://10.0.0.1/a", &to).is_ok(), "{host}");
        }
        for outside in ["https://100.128.0.1/", "https://172.32.0.1/", "https://[2001:db8::1]/"] {
            assert_eq!(followed("https://x.example/a", outside).unwrap(), outside);
        }
    }

    #[test]
    fn plain_http_is_for_this_computer_and_nothing_secret_is_shown() {
        let check = |url: &str| check_address(&url.parse().unwrap());
        assert!(check("https://x.example/").is_ok() && check("http://127.0.0.1:80/").is_ok());
        assert!(check("http://localhost./").is_ok() && check("http://x.localhost/").is_err());
        for bad in
            ["http://x.example/", "http://127.0.0.1.x.example/", "ftp://x.example/", "file:///x"]
        {
            assert!(matches!(check(bad), Err(FetchError::NotHttps(_))), "{bad}");
        }
        assert!(matches!(check("https://me@x.example/"), Err(FetchError::UserInAddress)));
        let secret = "https://me:pw@x.example/feed?key=1#2".parse().unwrap();
        assert_eq!(shown(&secret), "https://x.example/feed");
    }
}
