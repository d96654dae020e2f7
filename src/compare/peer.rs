//! Names of sockets that another run can know.

use std::collections::HashSet;
use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use crate::flow::{Endpoint, Socket};

/// Where services have their ports; services(5).
const SERVICES: &str = "/etc/services";
/// Ports below belong to services; ip(7).
const FIRST_USER_PORT: u16 = 1024;

/// The port of an endpoint that has one.
pub(super) fn port(endpoint: &Endpoint) -> Option<u16> {
    match endpoint {
        Endpoint::Inet(_, port) | Endpoint::Inet6(_, port) => Some(*port).filter(|port| *port != 0),
        _ => None,
    }
}

/// Whether a port has a name on this machine.
pub(super) fn is_service(port: u16) -> bool {
    static NAMED: OnceLock<HashSet<u16>> = OnceLock::new();
    let named = NAMED.get_or_init(|| {
        let text = std::fs::read_to_string(SERVICES).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_whitespace().nth(1));
        lines.filter_map(|word| word.split('/').next()?.parse().ok()).collect()
    });
    port < FIRST_USER_PORT || named.contains(&port)
}

/// A name of a socket, with the ports that are the same in every run. `None` for one
/// whose ends nobody named.
pub(super) fn name(socket: &Socket, kept: &FxHashSet<u16>) -> Option<Vec<u8>> {
    let is_kept =
        |end: &Endpoint| port(end).is_some_and(|port| kept.contains(&port) || is_service(port));
    let is_named = |end: &&Endpoint| !matches!(end, Endpoint::Unix(name) if name.is_empty());
    let local = socket.local.as_ref().filter(is_named);
    let remote = socket.remote.as_ref().filter(is_named);
    // The end that serves is the one whose port somebody chose.
    let (word, end) = match (local, remote) {
        (Some(local), Some(remote)) if is_kept(local) && !is_kept(remote) => ("at", local),
        (_, Some(remote)) => ("to", remote),
        (Some(local), None) => ("at", local),
        (None, None) => return None,
    };
    let mut name = format!("{} {word} ", socket.protocol_name()).into_bytes();
    match end {
        Endpoint::Inet(address, _) if !is_kept(end) => {
            name.extend_from_slice(format!("{address}:<port>").as_bytes());
        }
        Endpoint::Inet6(address, _) if !is_kept(end) => {
            name.extend_from_slice(format!("[{address}]:<port>").as_bytes());
        }
        Endpoint::Unix(_) => name.extend_from_slice(&end.to_bytes()),
        // A netlink socket's address is its owner's process id.
        Endpoint::Netlink(..) => name.extend_from_slice(b"the kernel"),
        _ => name.extend_from_slice(end.to_string().as_bytes()),
    }
    Some(name)
}
