//! Whether members can get here: the name of the address, and the port. Nothing beyond this machine is
//! connected to; whether a firewall lets members in shows only from where they are.

use std::io;
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _,
};
use std::time::Duration;

use super::Finding;
use crate::config::Config;

/// How long a connection to this very machine may take.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn examine(config: &Config, is_running: bool) -> Vec<Finding> {
    vec![address(config), reach(config), port(config.listen, is_running)]
}

/// Whether the host that members use has an address. A name of an outside host is asked of the resolver.
fn address(config: &Config) -> Finding {
    let host = config.host();
    match (host, 0).to_socket_addrs().map(|mut found| found.next()) {
        Ok(Some(found)) => Finding::fine(format!("{host} is {}", found.ip())),
        Ok(None) | Err(_) => Finding::mend(
            format!("{host} has no address"),
            "Enter it in DNS, or mend `address` in warproom.toml and run `warproom-server certificate`",
        ),
    }
}

/// Whether what is listened on and what members use can be the same door.
fn reach(config: &Config) -> Finding {
    let is_local_name = config.host() == "localhost"
        || config.host().parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match (config.listen.ip().is_loopback(), is_local_name) {
        (true, false) => Finding::mend(
            format!(
                "it listens on this machine alone, and members are to reach it at {}",
                config.address
            ),
            "Set `listen` in warproom.toml to 0.0.0.0 or [::] with the port; leave it if something on this machine passes TCP on",
        ),
        (_, true) => Finding::mend(
            format!(
                "members are to reach it at {}, which is each one's own machine",
                config.address
            ),
            "Set `address` in warproom.toml to a name that others can reach; leave it for a trial on this machine",
        ),
        (false, false) => Finding::fine(format!("it listens on {}", config.listen)),
    }
}

/// Whether the port is answered while the server runs, and free while it does not.
fn port(listen: SocketAddr, is_running: bool) -> Finding {
    if listen.port() == 0 {
        return Finding::mend(
            "it listens on another port after each start",
            "Set a port in `listen` in warproom.toml",
        );
    }
    if is_running {
        return match TcpStream::connect_timeout(&from_here(listen), PATIENCE) {
            Ok(_) => Finding::fine(format!("{listen} is answered")),
            Err(error) => Finding::mend(
                format!("the server runs, but {listen} is not answered: {error}"),
                "Look at its log; restart it if `listen` was changed since it was started",
            ),
        };
    }
    match TcpListener::bind(listen) {
        Ok(_) => Finding::fine(format!("{listen} is free for the server to listen on")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::mend(
            format!("another program listens on {listen}"),
            "Stop it, or change `listen` in warproom.toml",
        ),
        Err(error) => Finding::mend(
            format!("it cannot listen on {listen}: {error}"),
            "Use an address of this machine and a port from 1024 up as `listen` in warproom.toml",
        ),
    }
}

/// Where a connection from this machine gets to what is listened on.
const fn from_here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str, address: &str) -> Config {
        Config { listen: listen.parse().unwrap(), address: address.into(), ..Config::default() }
    }

    #[test]
    fn a_host_without_an_address_is_said() {
        assert!(!address(&config("127.0.0.1:7443", "127.0.0.1:7443")).needs_mending());
        // RFC 6761 §6.4: never a name.
        let lost = address(&config("127.0.0.1:7443", "warp.invalid:7443")).to_string();
        assert!(lost.contains("warp.invalid has no address") && lost.contains("DNS"), "{lost}");
    }

    #[test]
    fn an_address_that_members_cannot_use_is_said() {
        let said = |listen, address| reach(&config(listen, address)).to_string();
        assert!(said("0.0.0.0:7443", "warp.example:7443").starts_with("ok: "));
        assert!(said("127.0.0.1:7443", "warp.example:7443").contains("this machine alone"));
        for own in ["localhost:7443", "127.0.0.1:7443", "[::1]:7443"] {
            assert!(said("0.0.0.0:7443", own).contains("each one's own machine"), "{own}");
        }
    }

    #[test]
    fn a_port_taken_free_answered_or_silent_is_told_apart() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = other.local_addr().unwrap();
        assert!(port(taken, false).to_string().contains("another program listens"));
        assert_eq!(port(taken, true), Finding::fine(format!("{taken} is answered")));
        drop(other);
        assert!(port(taken, true).to_string().contains("is not answered"));
        assert!(!port(taken, false).needs_mending());
        assert!(port("127.0.0.1:0".parse().unwrap(), false).needs_mending());
        // TEST-NET-1 (RFC 5737), no address of any machine.
        let foreign = port("192.0.2.1:7443".parse().unwrap(), false).to_string();
        assert!(foreign.contains("cannot listen"), "{foreign}");
        assert_eq!(from_here("[::]:7".parse().unwrap()), "[::1]:7".parse().unwrap());
    }
}
