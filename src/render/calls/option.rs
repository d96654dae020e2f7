//! Socket options: what a value is depends on level and name, socket(7), ip(7),
//! ipv6(7), packet(7).

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::scalar::{address, decimal, name_in};
use super::super::structs::{named, number};
use super::super::{Site, interface, quote};
use crate::abi;
use crate::event::Phase;

const SOL_IP: u64 = 0;
const SOL_SOCKET: u64 = 1;
const SOL_IPV6: u64 = 41;
const SOL_PACKET: u64 = 263;

/// A level with the set of its options' names, and what they begin with.
const LEVELS: [(u64, &str, &str); 8] = [
    (SOL_SOCKET, "sockopt_socket", "SO_"),
    (SOL_IP, "sockopt_ip", "IP_"),
    (SOL_IPV6, "sockopt_ipv6", "IPV6_"),
    (6, "sockopt_tcp", "TCP_"),
    (17, "sockopt_udp", "UDP_"),
    (SOL_PACKET, "sockopt_packet", "PACKET_"),
    (270, "sockopt_netlink", "NETLINK_"),
    (255, "sockopt_raw", "RAW_"),
];

/// How an option's value is shown.
#[derive(Clone, Copy)]
enum View {
    Int,
    Errno,
    /// A struct of the tables, as far as it is there.
    Struct(&'static str),
    Membership,
    Membership6,
    PacketMembership,
    Filter,
    Bytes,
}

/// The options that are no plain `int`.
fn view(level: u64, name: u64, len: usize) -> View {
    match (level, name) {
        (SOL_SOCKET, 4) => View::Errno,
        (SOL_SOCKET, 13) => View::Struct("linger"),
        (SOL_SOCKET, 17) => View::Struct("ucred"),
        (SOL_SOCKET, 26 | 51) => View::Filter, // SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF
        (SOL_SOCKET, 37) if len > 4 => View::Int, // SO_TIMESTAMPING: a struct since 5.15
        (SOL_IP, 35 | 36) => View::Membership, // IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP
        (SOL_IPV6, 20 | 21 | 27 | 28) => View::Membership6,
        (SOL_PACKET, 1 | 2) => View::PacketMembership,
        (SOL_PACKET, 6) => View::Struct("tpacket_stats"),
        _ if len == 4 => View::Int,
        _ => View::Bytes,
    }
}

pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    match arg {
        2 => name(site, out),
        _ => value(site, out),
    }
    true
}

/// Appends an option's name.
fn name(site: &Site<'_>, out: &mut String) {
    const SO_GET_FILTER: u64 = 26;
    let (level, option) = (site.word(1) & 0xffff_ffff, site.word(2) & 0xffff_ffff);
    let Some((_, set, prefix)) = LEVELS.iter().find(|(known, ..)| *known == level) else {
        return decimal(option, out);
    };
    match abi::set(set).and_then(|set| name_in(set, option)) {
        _ if is_asked(site) && (level, option) == (SOL_SOCKET, SO_GET_FILTER) => {
            out.push_str("SO_GET_FILTER");
        }
        Some(name) => out.push_str(name),
        // Writing to a string does not fail.
        None => drop(write!(out, "{option:#x} /* {prefix}??? */")),
    }
}

fn is_asked(site: &Site<'_>) -> bool {
    site.name() == "getsockopt"
}

/// Appends an option's value; its address where there is none.
fn value(site: &Site<'_>, out: &mut String) {
    let phase = if is_asked(site) { Phase::Exit } else { Phase::Entry };
    let Some(bytes) = site.bytes(3, phase).filter(|bytes| !bytes.is_empty()) else {
        return address(site.word(3), out);
    };
    let view = view(site.word(1) & 0xffff_ffff, site.word(2) & 0xffff_ffff, bytes.len());
    if !is_asked(site) && bytes.len() < least(view) {
        return address(site.word(3), out);
    }
    shown(site, view, bytes, out);
}

/// The bytes that the kernel needs of one that is set.
fn least(view: View) -> usize {
    match view {
        View::Int | View::Errno => 4,
        View::Struct("ucred") => 12,
        View::Struct(_) | View::Membership => 8,
        View::PacketMembership | View::Filter => 16,
        View::Membership6 => 20,
        View::Bytes => 0,
    }
}

fn shown(site: &Site<'_>, view: View, bytes: &[u8], out: &mut String) {
    let int = number(bytes, 0, 4);
    match view {
        View::Errno if int != 0 => {
            out.push('[');
            out.push_str(abi::errno_name(int as u16).unwrap_or("?"));
            out.push(']');
        }
        View::Int | View::Errno => {
            out.push('[');
            decimal(int as i32, out);
            out.push(']');
        }
        View::Struct(name) => match abi::structure(name) {
            Some(one) => site.structure(one, bytes, out),
            None => address(site.word(3), out),
        },
        View::Membership => {
            let [group, local] = [0, 4].map(|at| (number(bytes, at, 4) as u32).swap_bytes());
            let (group, local) = (Ipv4Addr::from(group), Ipv4Addr::from(local));
            // Writing to a string does not fail.
            let _ = write!(out, "{{imr_multiaddr=inet_addr(\"{group}\")");
            let _ = write!(out, ", imr_interface=inet_addr(\"{local}\")}}");
        }
        View::Membership6 => {
            let group: [u8; 16] = std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0));
            let group = Ipv6Addr::from(group);
            // Writing to a string does not fail.
            let _ = write!(out, "{{inet_pton(AF_INET6, \"{group}\", &ipv6mr_multiaddr)");
            out.push_str(", ipv6mr_interface=");
            interface::index(number(bytes, 16, 4), out);
            out.push('}');
        }
        View::PacketMembership => packet_membership(bytes, out),
        View::Filter => {
            let word = site.abi.word();
            out.push_str("{len=");
            decimal(number(bytes, 0, 2), out);
            out.push_str(", filter=");
            address(number(bytes, word, word), out);
            out.push('}');
        }
        View::Bytes => quote::cut(bytes, site.style.string_limit, false, out),
    }
}

fn packet_membership(bytes: &[u8], out: &mut String) {
    let length = number(bytes, 6, 2) as usize;
    out.push_str("{mr_ifindex=");
    interface::index(number(bytes, 0, 4), out);
    out.push_str(", mr_type=");
    named("packet_membership", number(bytes, 4, 2), out);
    out.push_str(", mr_alen=");
    decimal(length, out);
    out.push_str(", mr_address=");
    let member = bytes.get(8..).unwrap_or_default();
    interface::octets(&member[..member.len().min(length)], out);
    out.push('}');
}
