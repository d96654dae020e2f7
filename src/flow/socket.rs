//! Sockets and their addresses.

use super::resource::ResourceId;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What is known of a socket. Numbers are those of socket(2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Socket {
    /// Address family (`AF_*`).
    pub family: Option<u16>,
    /// Type (`SOCK_*`), without flags.
    pub kind: Option<u32>,
    /// Protocol (`IPPROTO_*`).
    pub protocol: Option<u32>,
    /// Own address.
    pub local: Option<Endpoint>,
    /// Peer's address.
    pub remote: Option<Endpoint>,
    /// The absolute path of a Unix socket that was bound to one in this run: its address
    /// may be relative to where the process stood.
    pub path: Option<Vec<u8>>,
    /// The same of the socket at the other end, if this one has connected to a path.
    pub remote_path: Option<Vec<u8>>,
    /// The machine at the other end, if it is another one.
    pub host: Option<ResourceId>,
    /// The socket at the other end.
    pub peer: Option<ResourceId>,
    /// Of a Unix connection, the process that has connected to it, or that listened, by
    /// its id as the tracer sees it.
    pub peer_pid: Option<u32>,
}

/// `AF_UNIX`.
pub const AF_UNIX: u16 = 1;
/// `AF_INET`.
pub const AF_INET: u16 = 2;
/// `AF_INET6`.
pub const AF_INET6: u16 = 10;
/// `SOCK_STREAM`.
pub(super) const SOCK_STREAM: u32 = 1;
/// `SOCK_DGRAM`.
pub(super) const SOCK_DGRAM: u32 = 2;
/// `SOCK_SEQPACKET`.
const SOCK_SEQPACKET: u32 = 5;
/// `AF_NETLINK`.
pub const AF_NETLINK: u16 = 16;

impl Socket {
    /// The word that Linux has for its family and type: `TCP`, `UDPv6`, `UNIX-STREAM`, …
    pub fn protocol_name(&self) -> &'static str {
        const RAW: u32 = 3;
        match (self.family, self.kind) {
            (Some(AF_UNIX), Some(SOCK_STREAM)) => "UNIX-STREAM",
            (Some(AF_UNIX), Some(SOCK_DGRAM)) => "UNIX-DGRAM",
            (Some(AF_UNIX), Some(SOCK_SEQPACKET)) => "UNIX-SEQPACKET",
            (Some(AF_UNIX), _) => "UNIX",
            (Some(AF_INET), Some(SOCK_STREAM)) => "TCP",
            (Some(AF_INET), Some(SOCK_DGRAM)) => "UDP",
            (Some(AF_INET), Some(RAW)) => "RAW",
            (Some(AF_INET6), Some(SOCK_STREAM)) => "TCPv6",
            (Some(AF_INET6), Some(SOCK_DGRAM)) => "UDPv6",
            (Some(AF_INET6), Some(RAW)) => "RAWv6",
            (Some(AF_NETLINK), _) => "NETLINK",
            _ => "socket",
        }
    }
}

/// Whether a socket hands over what was written to it message by message.
pub(super) fn keeps_messages_apart(socket: &Socket) -> bool {
    matches!(socket.kind, Some(SOCK_DGRAM | SOCK_SEQPACKET))
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An IPv4 address and port.
    Inet(Ipv4Addr, u16),
    /// An IPv6 address and port.
    Inet6(Ipv6Addr, u16),
    /// A Unix socket's path; an abstract one starts with NUL; empty: unnamed.
    Unix(Vec<u8>),
    /// Netlink port and groups.
    Netlink(u32, u32),
    /// Another family and the bytes behind it.
    Other(u16, Vec<u8>),
}

impl Endpoint {
    /// Reads a `struct sockaddr` as the kernel writes it: the family in the
    /// machine's order (little-endian everywhere rtrace runs), ports in the
    /// network's. `None` for fewer bytes than the family needs.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let family = u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?);
        let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        Some(match family {
            AF_UNIX => Self::Unix(unix_path(bytes.get(2..)?).to_vec()),
            AF_INET => {
                let address: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
                Self::Inet(address.into(), port()?)
            }
            AF_INET6 => {
                let address: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
                Self::Inet6(address.into(), port()?)
            }
            AF_NETLINK => Self::Netlink(word(4)?, word(8)?),
            other => Self::Other(other, bytes.get(2..)?.to_vec()),
        })
    }

    /// As it is displayed, with the bytes of a Unix socket's name as they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Unix(name) => match name.strip_prefix(b"\0") {
                Some(name) => [b"@", name].concat(),
                None => name.clone(),
            },
            _ => self.to_string().into_bytes(),
        }
    }

    /// The `struct sockaddr` that [`Endpoint::parse`] reads.
    pub(super) fn to_sockaddr(&self) -> Vec<u8> {
        let family = |family: u16| family.to_le_bytes().to_vec();
        let mut bytes;
        match self {
            Self::Inet(address, port) => {
                bytes = family(AF_INET);
                bytes.extend(port.to_be_bytes());
                bytes.extend(address.octets());
            }
            Self::Inet6(address, port) => {
                bytes = family(AF_INET6);
                bytes.extend(port.to_be_bytes());
                bytes.extend([0; 4]); // flow information
                bytes.extend(address.octets());
            }
            Self::Unix(path) => {
                bytes = family(AF_UNIX);
                bytes.extend(path);
            }
            Self::Netlink(port, groups) => {
                bytes = family(AF_NETLINK);
                bytes.extend([0; 2]);
                bytes.extend([port.to_le_bytes(), groups.to_le_bytes()].concat());
            }
            Self::Other(other, rest) => {
                bytes = family(*other);
                bytes.extend(rest);
            }
        }
        bytes
    }

    /// The path of a Unix socket in the file system.
    pub fn path(&self) -> Option<&[u8]> {
        match self {
            Self::Unix(path) if !matches!(path.first(), None | Some(0)) => Some(path),
            _ => None,
        }
    }
}

/// A path ends at its NUL, which may be missing; an abstract name, which starts
/// with one, at the address's end (unix(7)).
fn unix_path(bytes: &[u8]) -> &[u8] {
    if bytes.first() == Some(&0) {
        return if bytes.iter().all(|byte| *byte == 0) { &[] } else { bytes };
    }
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address, port) => write!(f, "{address}:{port}"),
            Self::Inet6(address, port) => write!(f, "[{address}]:{port}"),
            Self::Unix(_) => f.write_str(&String::from_utf8_lossy(&self.to_bytes())),
            Self::Netlink(port, _) => write!(f, "netlink:{port}"),
            Self::Other(family, _) => write!(f, "family {family}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> Option<String> {
        Endpoint::parse(bytes).map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn addresses_of_every_family() {
        let inet = [2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(shown(&inet).as_deref(), Some("127.0.0.1:8080"));
        let mut inet6 = [0; 28];
        (inet6[0], inet6[3], inet6[23]) = (10, 53, 1);
        assert_eq!(shown(&inet6).as_deref(), Some("[::1]:53"));
        assert_eq!(shown(b"\x01\0/run/x\0junk").as_deref(), Some("/run/x"));
        assert_eq!(shown(b"\x01\0\0abstract").as_deref(), Some("@abstract"));
        assert_eq!(Endpoint::parse(b"\x01\0"), Some(Endpoint::Unix(Vec::new())));
        assert_eq!(shown(b"\x02\0\0\x50\x7f"), None);
        assert_eq!(shown(b""), None);
    }
}
