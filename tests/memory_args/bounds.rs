//! Calls whose result, or a length that they write, is more than the buffer has:
//! the log has what the buffer holds, and nothing from behind it.

use rtrace::abi::{self, Abi};

use crate::invocation::{Arg, Expect, Extent, Invocation};

const FILE: u64 = 10;
const SOCKET: u64 = 13;
const LISTENER: u64 = 18;
const CLIENT: u64 = 19;
const MSG_TRUNC: u64 = 0x20;

/// Name, numbers of the scalar arguments, the argument that is memory, its size;
/// and the argument that points to that size, if one does.
type Row = (&'static str, &'static [(u8, u64)], u8, usize, Option<u8>);

const ROWS: &[Row] = &[
    // A datagram of 20 bytes.
    ("recvfrom", &[(0, SOCKET), (2, 6), (3, MSG_TRUNC), (4, 0), (5, 0)], 1, 6, None),
    // Addresses of 16 bytes.
    ("getsockname", &[(0, LISTENER)], 1, 4, Some(2)),
    ("getpeername", &[(0, CLIENT)], 1, 3, Some(2)),
    ("accept4", &[(0, LISTENER), (3, 0)], 1, 5, Some(2)),
    // SOL_SOCKET, SO_PEERCRED: 12 bytes
    ("getsockopt", &[(0, SOCKET), (1, 1), (2, 17)], 3, 7, Some(4)),
    ("getgroups", &[(0, 0)], 1, 0, None),
    ("flistxattr", &[(0, FILE), (2, 0)], 1, 0, None),
    ("readlink", &[(2, 2)], 1, 2, None),
];

pub(crate) fn invocations(abi: Abi) -> Vec<Invocation> {
    ROWS.iter().filter_map(|row| invocation(abi, row)).collect()
}

fn invocation(abi: Abi, &(name, numbers, arg, size, told): &Row) -> Option<Invocation> {
    let (nr, prototype) = abi::by_name(abi, name)?;
    let mut call = Invocation::of(abi, nr, prototype);
    call.expect.clear();
    if name == "readlink" {
        call.point(0, *b"link\0");
    }
    let buffer = call.point(arg, vec![0; size]);
    if let Some(told) = told {
        call.point(told, (size as u32).to_ne_bytes());
    }
    for (index, value) in numbers {
        call.args[usize::from(*index)] = Arg::Value(*value);
    }
    call.expect.clear();
    call.expect.push(Expect::Exit(arg, buffer, Extent::Exactly(size)));
    Some(call)
}
