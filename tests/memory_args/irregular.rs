//! Calls whose memory depends on another argument.

use rtrace::abi::{self, Abi};

use crate::invocation::{Arg, Buffer, Expect, Extent, Invocation};

const FILE: u64 = 10;
const PIPE: u64 = 11;
const SOCKET: u64 = 13;

/// What an irregular argument points to.
enum Is {
    /// These bytes go in.
    In(Vec<u8>),
    /// A string goes in.
    Text(&'static str),
    /// So many bytes come out.
    Out(usize),
    /// A string comes out, with room for so many bytes.
    Name(usize),
    /// As many bytes come out as the result says, out of so many.
    Counted(usize),
}
use Is::{Counted, In, Name, Out, Text};

/// Name, numbers of the scalar arguments, then the argument that is memory.
type Row = (&'static str, &'static [(u8, u64)], u8, Is);

pub(crate) fn invocations(abi: Abi) -> Vec<Invocation> {
    rows(abi).into_iter().filter_map(|row| invocation(abi, row)).collect()
}

fn words(values: &[u32]) -> Is {
    In(values.iter().flat_map(|value| value.to_ne_bytes()).collect())
}

fn pattern(length: usize) -> Is {
    In(b"an irregular pattern, ".iter().copied().cycle().take(length).collect())
}

fn rows(abi: Abi) -> Vec<Row> {
    let wide = abi.word() == 8;
    let word = abi.word();
    let flock = if wide { 32 } else { 16 };
    vec![
        // F_SETLK, F_GETLK, F_OFD_SETLK; F_SETOWN_EX; F_GETOWN_EX; F_SET_RW_HINT
        ("fcntl", &[(0, FILE), (1, 6)], 2, pattern(flock)),
        ("fcntl", &[(0, FILE), (1, 5)], 2, pattern(flock)),
        ("fcntl", &[(0, FILE), (1, 15)], 2, pattern(8)),
        ("fcntl", &[(0, FILE), (1, 16)], 2, Out(8)),
        ("fcntl", &[(0, FILE), (1, 1036)], 2, pattern(8)),
        ("fcntl64", &[(0, FILE), (1, 6)], 2, pattern(flock)),
        // F_SETLK64 of 32-bit programs: struct flock64 has 24 bytes there.
        ("fcntl64", &[(0, FILE), (1, 13)], 2, pattern(24)),
        // TCSETS, TIOCSWINSZ, FIONBIO; FIONREAD, FS_IOC_GETFLAGS
        ("ioctl", &[(0, PIPE), (1, 0x5402)], 2, pattern(36)),
        ("ioctl", &[(0, PIPE), (1, 0x5414)], 2, pattern(8)),
        ("ioctl", &[(0, PIPE), (1, 0x5421)], 2, words(&[1])),
        ("ioctl", &[(0, PIPE), (1, 0x541b)], 2, Out(4)),
        ("ioctl", &[(0, SOCKET), (1, 0x8933)], 2, pattern(if wide { 40 } else { 32 })),
        // PR_SET_NAME, PR_GET_NAME, PR_GET_PDEATHSIG
        ("prctl", &[(0, 15)], 1, Text("a name")),
        ("prctl", &[(0, 16)], 1, Name(16)),
        ("prctl", &[(0, 2)], 1, Out(4)),
        // FUTEX_WAIT with a timeout that is over at once
        ("futex", &[(1, 0)], 3, In(vec![0; 2 * word])),
        ("setsockopt", &[(0, SOCKET), (1, 1), (2, 0x7777), (4, 24)], 3, pattern(24)),
        ("msgsnd", &[(0, u64::MAX), (2, 20)], 1, pattern(word + 20)),
        ("keyctl", &[(0, 1)], 1, Text("a keyring")),
        ("landlock_add_rule", &[(0, u64::MAX), (1, 1)], 2, pattern(12)),
        // SECCOMP_GET_ACTION_AVAIL
        ("seccomp", &[(0, 2)], 2, words(&[0x7fff_0000])),
        // BPF_MAP_CREATE
        ("bpf", &[(0, 0), (2, 64)], 1, pattern(64)),
        // LINUX_REBOOT_CMD_RESTART2; the caller has no privilege
        ("reboot", &[(0, 0xfee1_dead), (1, 672_274_793), (2, 0xa1b2_c3d4)], 3, Text("a reason")),
        // ARCH_GET_FS
        ("arch_prctl", &[(0, 0x1003)], 1, Out(8)),
        // Writing an entry: read_exec_only and the like are checked first
        ("modify_ldt", &[(0, 1), (2, 16)], 1, pattern(16)),
        ("modify_ldt", &[(0, 0), (2, 64)], 1, Counted(64)),
        ("set_mempolicy", &[(0, 0), (2, 64)], 1, In(vec![0; 8])),
        ("mincore", &[(1, 0)], 2, Out(0)),
        // Q_SETQUOTA of user quotas: the device does not exist
        ("quotactl", &[(0, 0x8000_0800)], 3, pattern(if wide { 72 } else { 68 })),
        // IORING_REGISTER_EVENTFD
        ("io_uring_register", &[(0, u64::MAX), (1, 4), (3, 1)], 2, words(&[77])),
        // FSCONFIG_SET_STRING
        ("fsconfig", &[(0, u64::MAX), (1, 1)], 3, Text("a value")),
        ("sysfs", &[(0, 1)], 1, Text("ext4")),
    ]
}

fn invocation(abi: Abi, (name, numbers, arg, is): Row) -> Option<Invocation> {
    let (nr, prototype) = abi::by_name(abi, name)?;
    let mut call = Invocation::of(abi, nr, prototype);
    for (index, value) in numbers {
        call.args[usize::from(*index)] = Arg::Value(*value);
    }
    match is {
        In(bytes) => {
            call.point(arg, bytes.clone());
            call.expect.push(Expect::Entry(arg, bytes));
        }
        Text(text) => {
            call.point(arg, [text.as_bytes(), &[0]].concat());
            call.expect.push(Expect::Entry(arg, text.into()));
        }
        Out(length) | Counted(length) | Name(length) => {
            let buffer = call.point(arg, vec![0; length]);
            let extent = match is {
                Counted(_) => Extent::Result(1),
                Name(_) => Extent::String,
                _ => Extent::Fixed(length),
            };
            call.expect.push(Expect::Exit(arg, buffer, extent));
        }
    }
    // A futex word lies in memory that nobody captures.
    if name == "futex" {
        let futex = call.buffer(Buffer::zeros(8));
        call.args[0] = Arg::Buffer(futex);
    }
    Some(call)
}
