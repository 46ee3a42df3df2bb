//! Certificates: whether they are there, belong together, name the address, and hold.

use super::Finding;
use crate::config::Config;
use crate::tls::facts::{self, Facts};
use crate::tls::{AUTHORITY_CERTIFICATE, Certificate, authority};

/// How long before its end a certificate is to be renewed: long enough to find somebody who can.
const SOON_S: i64 = 30 * 24 * 60 * 60;

const RENEW: &str = "Run `warproom-server certificate` and send the server SIGHUP";
const CLOCK: &str =
    "Set this machine's clock right; if it is right, run `warproom-server certificate`";

pub(super) fn examine(config: &Config, now_s: i64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (server, authority) = (facts::of_server(&config.keys), facts::of_authority(&config.keys));
    match Certificate::load(&config.keys) {
        Ok(_) => findings.push(Finding::fine("certificate, key and authority belong together")),
        // That of the authority is told below, with what helps.
        Err(_) if server.is_ok() && authority.is_err() => {}
        Err(error) => findings.push(Finding::mend(error.to_string(), RENEW)),
    }
    if let Ok(server) = server {
        findings.push(names(&server, config.host()));
        findings.push(time("the server's certificate", &server, now_s, RENEW));
    }
    match authority {
        Ok(authority) => {
            let how = "Run `warproom-server rotate authority`, while it is good still";
            findings.push(time("the authority", &authority, now_s, how));
        }
        Err(error) => findings.push(Finding::mend(
            error.to_string(),
            "Put keys/authority.pem back from your copy of the keys: clients trust no other",
        )),
    }
    if let Some(file) = authority::next(&config.keys) {
        findings.push(Finding::note(format!(
            "an authority is to come: give {} to whoever has {AUTHORITY_CERTIFICATE} to trust, then run \
             `warproom-server rotate authority`",
            file.display()
        )));
    }
    findings
}

fn names(server: &Facts, host: &str) -> Finding {
    if server.hosts.iter().any(|name| name.eq_ignore_ascii_case(host)) {
        return Finding::fine(format!("the certificate names {host}"));
    }
    let named = server.hosts.join(", ");
    Finding::mend(
        format!("the certificate names {named}, and not {host}, where members reach the server"),
        RENEW,
    )
}

fn time(what: &str, facts: &Facts, now_s: i64, how: &str) -> Finding {
    let days = (facts.ends_s - now_s) / (24 * 60 * 60);
    if now_s < facts.begins_s {
        return Finding::mend(format!("{what} is not good yet"), CLOCK);
    }
    if now_s >= facts.ends_s {
        return Finding::mend(format!("{what} has ended"), how);
    }
    if facts.ends_s - now_s < SOON_S {
        return Finding::mend(format!("{what} ends in {days} days"), how);
    }
    Finding::fine(format!("{what} is good for {days} days"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let hosts = vec!["warp.example".to_owned(), "::1".to_owned()];
        Facts { hosts, begins_s: 1_000, ends_s: 1_000 + 10 * SOON_S }
    }

    #[test]
    fn a_certificate_for_another_host_is_to_be_made_anew() {
        assert!(!names(&facts(), "WARP.example").needs_mending());
        assert!(!names(&facts(), "::1").needs_mending());
        let other = names(&facts(), "other.example").to_string();
        assert!(
            other.contains("warp.example, ::1, and not other.example") && other.contains(RENEW)
        );
    }

    #[test]
    fn a_certificate_too_early_too_late_or_nearly_so_is_told_apart() {
        let ends_s = facts().ends_s;
        let said = |now_s| time("it", &facts(), now_s, RENEW).to_string();
        assert!(said(999).contains("not good yet") && said(999).contains("clock"));
        assert_eq!(said(1_000), "ok:   it is good for 300 days");
        assert!(said(ends_s - SOON_S + 1).contains("ends in 29 days"));
        assert!(said(ends_s).contains("has ended") && said(ends_s).contains(RENEW));
    }

    #[test]
    fn keys_that_are_missing_are_said_with_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let config = Config { keys: home.path().to_owned(), ..Config::default() };
        let said: Vec<_> = examine(&config, 0).iter().map(ToString::to_string).collect();
        assert!(said.len() == 2 && said[0].contains("server.pem") && said[0].contains(RENEW));
        assert!(said[1].contains("authority.pem") && said[1].contains("your copy"), "{said:?}");
    }
}
