//! Sockets: protocols and options depend on family and level.

use super::super::scalar::{decimal, hex};
use super::super::structs::{named, number};
use super::super::{Site, quote};
use crate::abi;
use crate::event::Phase;

pub(super) fn protocol(site: &Site<'_>, out: &mut String) -> bool {
    const AF_INET: u64 = 2;
    const AF_INET6: u64 = 10;
    const AF_NETLINK: u64 = 16;
    match site.word(0) {
        AF_INET | AF_INET6 => named("ip_protocol", site.word(2), out),
        AF_NETLINK => named("netlink_family", site.word(2), out),
        _ => return false,
    }
    true
}

/// The sets of option names by level: `SOL_SOCKET`, `SOL_IP`, ….
const LEVELS: [(u64, &str); 8] = [
    (1, "sockopt_socket"),
    (0, "sockopt_ip"),
    (41, "sockopt_ipv6"),
    (6, "sockopt_tcp"),
    (17, "sockopt_udp"),
    (263, "sockopt_packet"),
    (270, "sockopt_netlink"),
    (255, "sockopt_raw"),
];

pub(super) fn option(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    if arg == 2 {
        let level = LEVELS.iter().find(|(level, _)| *level == site.word(1));
        match level.and_then(|(_, set)| abi::set(set)) {
            Some(set) => super::super::scalar::one_of(set, site.word(2), out),
            None => hex(site.word(2), out),
        }
        return true;
    }
    let is_asked = site.name() == "getsockopt";
    match site.bytes(3, if is_asked { Phase::Exit } else { Phase::Entry }) {
        Some(bytes) => value(site, bytes, out),
        None => return false,
    }
    true
}

/// Most options are an `int`.
fn value(site: &Site<'_>, bytes: &[u8], out: &mut String) {
    const SOL_SOCKET: u64 = 1;
    const SO_ERROR: u64 = 4;
    let int = number(bytes, 0, 4);
    match (bytes.len(), site.word(1), site.word(2)) {
        (4, SOL_SOCKET, SO_ERROR) if int != 0 => {
            out.push('[');
            out.push_str(abi::errno_name(int as u16).unwrap_or("?"));
            out.push(']');
        }
        (4, ..) => {
            out.push('[');
            decimal(int as i32, out);
            out.push(']');
        }
        _ => quote::cut(bytes, site.style.string_limit, false, out),
    }
}
