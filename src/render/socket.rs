//! Socket addresses.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::scalar::decimal;
use super::structs::{named, number};
use super::{Site, interface, memory, quote};

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;
const AF_PACKET: u64 = 17;

/// Appends a `struct sockaddr`.
pub(super) fn address(_: &Site<'_>, bytes: &[u8], out: &mut String) {
    if bytes.len() < 2 {
        out.push_str("{}");
        return;
    }
    let family = number(bytes, 0, 2);
    out.push_str("{sa_family=");
    named("socket_family", family, out);
    let body = &bytes[2..];
    match family {
        AF_UNIX => unix(body, out),
        AF_INET if bytes.len() >= 16 => inet(body, out),
        AF_INET6 if bytes.len() >= 24 => inet6(bytes, out),
        AF_NETLINK if bytes.len() >= 12 => netlink(bytes, out),
        AF_PACKET if bytes.len() >= 20 => link(bytes, out),
        _ if body.is_empty() => {}
        _ => {
            out.push_str(", sa_data=");
            quote::quoted(body, out);
        }
    }
    out.push('}');
}

/// unix(7): a path, or behind a NUL byte an abstract name; nothing if unnamed.
fn unix(path: &[u8], out: &mut String) {
    if path.is_empty() {
        return;
    }
    out.push_str(", sun_path=");
    if path[0] == 0 && path.len() > 1 {
        out.push('@');
        quote::quoted(&path[1..], out);
    } else {
        let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
        quote::quoted(&path[..end], out);
    }
}

fn port(bytes: &[u8]) -> u16 {
    (number(bytes, 0, 2) as u16).swap_bytes()
}

fn inet(body: &[u8], out: &mut String) {
    let host = Ipv4Addr::from((number(body, 2, 4) as u32).swap_bytes());
    // Writing to a string does not fail.
    let _ = write!(out, ", sin_port=htons({}), sin_addr=inet_addr(\"{host}\")", port(body));
}

fn inet6(bytes: &[u8], out: &mut String) {
    let flow = (number(bytes, 4, 4) as u32).swap_bytes();
    let host: [u8; 16] = std::array::from_fn(|i| bytes.get(8 + i).copied().unwrap_or_default());
    // Writing to a string does not fail.
    let _ = write!(out, ", sin6_port=htons({}), sin6_flowinfo=htonl({flow})", port(&bytes[2..]));
    let _ = write!(out, ", inet_pton(AF_INET6, \"{}\", &sin6_addr)", Ipv6Addr::from(host));
    // The first ones' sockaddr_in6 had no scope.
    if bytes.len() >= 28 {
        out.push_str(", sin6_scope_id=");
        scope(&host, number(bytes, 24, 4), out);
    }
}

/// An interface, for addresses of one link; otherwise a number.
fn scope(host: &[u8; 16], scope: u64, out: &mut String) {
    let is_of_link = matches!(host, [0xfe, 0x80..=0xbf, ..] | [0xff, 0x02, ..]);
    if is_of_link {
        interface::index(scope, out);
    } else {
        decimal(scope, out);
    }
}

/// Appends a protocol of the link layer, in the network's byte order.
pub(super) fn ethertype(protocol: u64, out: &mut String) {
    out.push_str("htons(");
    named("ethertype", u64::from((protocol as u16).swap_bytes()), out);
    out.push(')');
}

/// packet(7).
fn link(bytes: &[u8], out: &mut String) {
    let length = number(bytes, 11, 1) as usize;
    out.push_str(", sll_protocol=");
    ethertype(number(bytes, 2, 2), out);
    out.push_str(", sll_ifindex=");
    interface::index(number(bytes, 4, 4), out);
    out.push_str(", sll_hatype=");
    named("arp_hardware", number(bytes, 8, 2), out);
    out.push_str(", sll_pkttype=");
    named("packet_type", number(bytes, 10, 1), out);
    out.push_str(", sll_halen=");
    decimal(length, out);
    if length > 0 {
        out.push_str(", sll_addr=");
        let address = bytes.get(12..).unwrap_or_default();
        memory::list(&address[..address.len().min(length)], out, |octet, out| {
            // Writing to a string does not fail.
            let _ = write!(out, "{octet:02x}");
        });
    }
}

fn netlink(bytes: &[u8], out: &mut String) {
    let (pid, groups) = (number(bytes, 4, 4), number(bytes, 8, 4));
    // Writing to a string does not fail.
    let _ = write!(out, ", nl_pid={pid}, nl_groups=");
    let _ = if groups == 0 { write!(out, "00000000") } else { write!(out, "{groups:#08x}") };
}
