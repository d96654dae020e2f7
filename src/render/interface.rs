//! Network interfaces, netdevice(7): what a request reads or writes of a
//! `struct ifreq`.

use std::fmt::Write as _;

use super::scalar::{decimal, flags, hex};
use super::structs::{named, number};
use super::{Site, quote, socket};
use crate::abi;
use crate::event::Phase;

/// The length of an interface's name, `IFNAMSIZ`.
const NAME: usize = 16;

/// What stands behind the name.
#[derive(Clone, Copy)]
enum Part {
    Flags,
    Address(&'static str),
    Hardware,
    Int(&'static str),
    Name(&'static str),
    Map,
}

/// A request's part, and whether it asks for it: of such, a failed one has none.
fn part(request: u64) -> Option<(Part, bool)> {
    Some(match request {
        0x8913 => (Part::Flags, true),
        0x8914 => (Part::Flags, false),
        0x8915 => (Part::Address("ifr_addr"), true),
        0x8916 => (Part::Address("ifr_addr"), false),
        0x8917 => (Part::Address("ifr_dstaddr"), true),
        0x8918 => (Part::Address("ifr_dstaddr"), false),
        0x8919 => (Part::Address("ifr_broadaddr"), true),
        0x891a => (Part::Address("ifr_broadaddr"), false),
        0x891b => (Part::Address("ifr_netmask"), true),
        0x891c => (Part::Address("ifr_netmask"), false),
        0x891d => (Part::Int("ifr_metric"), true),
        0x891e => (Part::Int("ifr_metric"), false),
        0x8921 => (Part::Int("ifr_mtu"), true),
        0x8922 => (Part::Int("ifr_mtu"), false),
        0x8923 => (Part::Name("ifr_newname"), false),
        0x8924 => (Part::Hardware, false),
        0x8927 => (Part::Hardware, true),
        0x8929 => (Part::Name("ifr_slave"), true),
        0x8930 => (Part::Name("ifr_slave"), false),
        0x8933 => (Part::Int("ifr_ifindex"), true),
        0x8942 => (Part::Int("ifr_qlen"), true),
        0x8943 => (Part::Int("ifr_qlen"), false),
        0x8970 => (Part::Map, true),
        0x8971 => (Part::Map, false),
        _ => return None,
    })
}

/// Appends what an interface's request points to; says whether it is one.
pub(super) fn request(site: &Site<'_>, bytes: &[u8], out: &mut String) -> bool {
    const SIOCGIFNAME: u64 = 0x8910;
    let number = site.word(1) & 0xffff_ffff;
    if number == SIOCGIFNAME {
        out.push_str("{ifr_ifindex=");
        decimal(int(bytes), out);
        if !site.record.failed {
            out.push_str(", ");
            name("ifr_name", bytes, out);
        }
        out.push('}');
        return true;
    }
    let Some((part, is_asked)) = part(number) else { return false };
    out.push('{');
    name("ifr_name", bytes, out);
    if !(is_asked && site.record.failed) {
        out.push_str(", ");
        shown(site, part, bytes, out);
    }
    out.push('}');
    true
}

fn int(bytes: &[u8]) -> i32 {
    number(bytes, NAME, 4) as i32
}

fn name(field: &str, bytes: &[u8], out: &mut String) {
    out.push_str(field);
    out.push('=');
    let name = &bytes[..bytes.len().min(NAME)];
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    quote::quoted(&name[..end], out);
}

fn shown(site: &Site<'_>, part: Part, bytes: &[u8], out: &mut String) {
    const SOCKADDR: usize = 16;
    let body = bytes.get(NAME..).unwrap_or_default();
    match part {
        Part::Flags => {
            out.push_str("ifr_flags=");
            match abi::set("if_flags") {
                Some(set) => flags(set, number(body, 0, 2), out),
                None => hex(number(body, 0, 2), out),
            }
        }
        Part::Address(field) => {
            out.push_str(field);
            out.push('=');
            socket::address(site, &body[..body.len().min(SOCKADDR)], out);
        }
        Part::Hardware => hardware(body, out),
        Part::Int(field) => {
            out.push_str(field);
            out.push('=');
            decimal(int(bytes), out);
        }
        Part::Name(field) => name(field, body, out),
        Part::Map => map(site, body, out),
    }
}

fn hardware(body: &[u8], out: &mut String) {
    const ADDRESS: usize = 6;
    out.push_str("ifr_hwaddr={sa_family=");
    named("arp_hardware", number(body, 0, 2), out);
    out.push_str(", sa_data=");
    octets(body.get(2..).unwrap_or_default().get(..ADDRESS).unwrap_or_default(), out);
    out.push('}');
}

/// Appends an address of the link layer, `02:00:00:00:00:01`.
pub(super) fn octets(bytes: &[u8], out: &mut String) {
    for (index, octet) in bytes.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(out, "{}{octet:02x}", if index == 0 { "" } else { ":" });
    }
}

/// `struct ifmap`.
fn map(site: &Site<'_>, body: &[u8], out: &mut String) {
    let word = site.abi.word();
    let fields = [
        ("{mem_start=", 0, word),
        (", mem_end=", word, word),
        (", base_addr=", 2 * word, 2),
        (", irq=", 2 * word + 2, 1),
        (", dma=", 2 * word + 3, 1),
        (", port=", 2 * word + 4, 1),
    ];
    out.push_str("ifr_map=");
    for (text, offset, size) in fields {
        out.push_str(text);
        hex(number(body, offset, size), out);
    }
    out.push('}');
}

/// Appends an interface's index: that of the loopback interface is 1 in every
/// network namespace, the others' names are not in the log.
pub(super) fn index(number: u64, out: &mut String) {
    match number {
        1 => out.push_str("if_nametoindex(\"lo\")"),
        _ => decimal(number, out),
    }
}

/// Appends `struct ifconf`: the room that was given, and what of it was filled.
pub(super) fn list(site: &Site<'_>, after: &[u8], out: &mut String) {
    let word = site.abi.word();
    let size = NAME + if word == 8 { 24 } else { 16 };
    let room = |length: u64, out: &mut String| {
        decimal(length as i32, out);
        if (length as usize).is_multiple_of(size) {
            // Writing to a string does not fail.
            let _ = write!(out, " /* {} * sizeof(struct ifreq) */", length as usize / size);
        }
    };
    let before = number(site.bytes(2, Phase::Entry).unwrap_or(after), 0, 4);
    let (length, buffer) = (number(after, 0, 4), number(after, word, word));
    out.push_str("{ifc_len=");
    if buffer != 0 && before != length {
        room(before, out);
        out.push_str(" => ");
    }
    room(length, out);
    out.push_str(", ifc_buf=");
    super::scalar::address(buffer, out);
    out.push('}');
}
