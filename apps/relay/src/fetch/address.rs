//! Which addresses are fetched, where a redirect may lead, and how an address is shown.

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
    // A feed on the web has no business on this computer, where other programs listen.
    if is_loopback(&next) && !is_loopback(from) {
        return Err(FetchError::BadRedirect);
    }
    check_address(&next)?;
    Ok(next)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
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
        for inside in ["https://127.0.0.1:8443/", "https://[::1]/", "https://localhost/"] {
            let error = followed("https://x.example/a", inside).unwrap_err();
            assert!(matches!(error, FetchError::BadRedirect), "{inside}: {error:?}");
        }
    }

    #[test]
    fn plain_http_is_for_this_computer_and_nothing_secret_is_shown() {
        let check = |url: &str| check_address(&url.parse().unwrap());
        assert!(check("https://x.example/").is_ok() && check("http://127.0.0.1:80/").is_ok());
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
