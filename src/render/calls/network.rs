//! Sockets: the protocol depends on the family.

use super::super::structs::named;
use super::super::{Site, socket};

pub(super) fn protocol(site: &Site<'_>, out: &mut String) -> bool {
    const AF_INET: u64 = 2;
    const AF_INET6: u64 = 10;
    const AF_NETLINK: u64 = 16;
    const AF_PACKET: u64 = 17;
    const AF_BLUETOOTH: u64 = 31;
    match site.word(0) {
        AF_INET | AF_INET6 => named("ip_protocol", site.word(2), out),
        AF_NETLINK => named("netlink_family", site.word(2), out),
        AF_PACKET => socket::ethertype(site.word(2), out),
        AF_BLUETOOTH => named("bluetooth_protocol", site.word(2), out),
        _ => return false,
    }
    true
}
