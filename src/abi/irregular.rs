//! Memory that depends on another argument: what `irregular` in
//! `syscall-tables/prototypes.tbl` stands for in one call.
//!
//! One function a call, each a short table from its command to what the pointer
//! leads to. The sources are the manual pages and the headers in Linux's
//! `include/uapi`. A command that is not in a table takes no pointer there, or
//! one that nobody has described; its word is in the record all the same.

use super::tables::{self as t, Argument, Pointee};
use super::types::{Abi, Dir, Len, Memory, Prototype, Struct};

/// A direction and what a pointer leads to; `None`: no pointer.
type Target = Option<(Dir, Memory)>;

/// What argument `arg` (counted from 0) of a call points to, if the prototype says
/// `irregular` there; `None` if it is no pointer under this command.
///
/// The result is never [`Memory::Irregular`].
pub fn resolve(abi: Abi, proto: &Prototype, args: &[u64; 6], arg: usize) -> Target {
    let [first, second, ..] = args.map(|word| word as u32);
    match (proto.name, arg) {
        ("ioctl", 2) => ioctl(second),
        ("fcntl" | "fcntl64", 2) => fcntl(second),
        ("futex", 3) => futex(second, &t::STRUCT_TIMESPEC),
        ("futex_time64", 3) => futex(second, &t::STRUCT_TIMESPEC64),
        ("clone", 2) => clone(first),
        ("prctl", 1..5) => prctl(first, second, arg),
        ("arch_prctl", 1) => arch_prctl(first),
        ("ptrace", 2 | 3) => ptrace(abi, first, arg),
        ("bpf", 1) => Some(bpf(first)),
        ("seccomp", 2) => seccomp(first),
        ("keyctl", 1..5) => keyctl(first, arg),
        ("quotactl", 3) => quotactl(first >> 8),
        ("quotactl_fd", 3) => quotactl(second >> 8),
        ("landlock_add_rule", 2) => landlock_rule(second),
        ("msgsnd", 1) => Some((Dir::In, message(abi, args[2]))),
        ("msgrcv", 1) => Some((Dir::Out, message(abi, args[2]))),
        ("msgctl", 2) => msgctl(second),
        ("shmctl", 2) => shmctl(second),
        ("semctl", 3) => semctl(args[2] as u32),
        ("io_uring_enter", 4) => io_uring_enter(args[3]),
        ("io_uring_register", 2) => io_uring_register(second, args[3]),
        ("get_mempolicy", 1) => Some((Dir::Out, node_mask(abi, args[2]))),
        ("set_mempolicy", 1) => Some((Dir::In, node_mask(abi, args[2]))),
        ("mbind", 3) => Some((Dir::In, node_mask(abi, args[4]))),
        ("migrate_pages", 2 | 3) => Some((Dir::In, node_mask(abi, args[1]))),
        ("mincore", 2) => Some((Dir::Out, bytes(args[1].div_ceil(PAGE)))),
        ("modify_ldt", 1) => modify_ldt(first),
        ("sysfs", 1) if first == 1 => Some((Dir::In, Memory::Str)),
        ("sysfs", 2) if first == 2 => Some((Dir::Out, Memory::Str)),
        ("syslog", 1) if matches!(first, 2..=4) => Some((Dir::Out, Memory::Bytes(Len::RetUpTo(2)))),
        ("fsconfig", 3) => fsconfig(second),
        ("reboot", 3) if args[2] as u32 == RESTART2 => Some((Dir::In, Memory::Str)),
        ("riscv_hwprobe", 0) => Some((Dir::InOut, bytes(args[1].saturating_mul(16)))),
        _ => None,
    }
}

/// Pages that mincore counts: the smallest of all architectures here.
const PAGE: u64 = 4096;
/// `LINUX_REBOOT_CMD_RESTART2`, the command that takes a string.
const RESTART2: u32 = 0xa1b2_c3d4;

/// One struct.
const fn one(layout: &'static Struct) -> Memory {
    Memory::Struct(layout, Len::Const(1))
}

/// A struct whose size argument `arg` states.
const fn sized(layout: &'static Struct, arg: u8) -> Memory {
    Memory::Sized(layout, Len::Arg(arg))
}

/// So many bytes, as a word of the tracee says it: it may be nonsense.
fn bytes(count: u64) -> Memory {
    Memory::Bytes(Len::Const(u32::try_from(count).unwrap_or(u32::MAX)))
}

/// A `struct msgbuf`: the type, then `size` bytes of text.
fn message(abi: Abi, size: u64) -> Memory {
    bytes(size.saturating_add(abi.word() as u64))
}

/// A bit for each of `max` NUMA nodes, in whole words.
fn node_mask(abi: Abi, max: u64) -> Memory {
    let word = abi.word() as u64;
    bytes(max.div_ceil(word * 8).saturating_mul(word))
}

/// ioctl(2): the table, and for what it lacks the direction and size that the
/// request's own bits state (`_IOC` in asm-generic/ioctl.h).
fn ioctl(request: u32) -> Target {
    if let Some(known) = t::ioctl(request) {
        return match known.argument {
            Argument::None | Argument::Value(_) => None,
            Argument::Memory(dir, pointee) => Some((dir, pointed(pointee))),
        };
    }
    let size = request >> 16 & 0x3fff;
    let dir = match request >> 30 {
        1 => Dir::In,
        2 => Dir::Out,
        3 => Dir::InOut,
        _ => return None,
    };
    (size > 0).then(|| (dir, bytes(size.into())))
}

fn pointed(pointee: Pointee) -> Memory {
    match pointee {
        Pointee::Struct(layout, count) => Memory::Struct(layout, Len::Const(count)),
        Pointee::Value(_) => one(&t::STRUCT_INT),
        Pointee::Bytes(count) => Memory::Bytes(Len::Const(count)),
        Pointee::Str => Memory::Str,
    }
}

/// fcntl(2), by its operation.
fn fcntl(op: u32) -> Target {
    Some(match op {
        5 => (Dir::InOut, one(&t::STRUCT_FLOCK)),         // F_GETLK
        6 | 7 => (Dir::In, one(&t::STRUCT_FLOCK)),        // F_SETLK, F_SETLKW
        12 | 36 => (Dir::InOut, one(&t::STRUCT_FLOCK64)), // F_GETLK64, F_OFD_GETLK
        13 | 14 => (Dir::In, one(&t::STRUCT_FLOCK64)),    // F_SETLK64, F_SETLKW64
        37 | 38 => (Dir::In, one(&t::STRUCT_FLOCK64)),    // F_OFD_SETLK, F_OFD_SETLKW
        15 => (Dir::In, one(&t::STRUCT_F_OWNER_EX)),      // F_SETOWN_EX
        16 => (Dir::Out, one(&t::STRUCT_F_OWNER_EX)),     // F_GETOWN_EX
        17 => (Dir::Out, Memory::Bytes(Len::Const(8))),   // F_GETOWNER_UIDS
        1035 | 1037 => (Dir::Out, one(&t::STRUCT_U64)),   // F_GET_RW_HINT, F_GET_FILE_RW_HINT
        1036 | 1038 => (Dir::In, one(&t::STRUCT_U64)),    // F_SET_RW_HINT, F_SET_FILE_RW_HINT
        1039 => (Dir::InOut, Memory::Bytes(Len::Const(8))), // F_GETDELEG
        1040 => (Dir::In, Memory::Bytes(Len::Const(8))),  // F_SETDELEG
        _ => return None,
    })
}

/// futex(2): some operations have a timeout, for the others the word is a number.
fn futex(op: u32, timespec: &'static Struct) -> Target {
    // Without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME: WAIT, LOCK_PI,
    // WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2.
    matches!(op & 0x7f, 0 | 6 | 9 | 11 | 13).then_some((Dir::In, one(timespec)))
}

/// clone(2) writes a thread id (CLONE_PARENT_SETTID) or a descriptor (CLONE_PIDFD).
fn clone(flags: u32) -> Target {
    (flags & (0x0010_0000 | 0x1000) != 0).then_some((Dir::Out, one(&t::STRUCT_INT)))
}

/// prctl(2), by its option, its second argument, and which argument is asked for.
fn prctl(option: u32, second: u32, arg: usize) -> Target {
    Some(match (option, arg) {
        // PR_GET_PDEATHSIG, UNALIGN, FPEMU, FPEXC, ENDIAN, TSC, CHILD_SUBREAPER
        (2 | 5 | 9 | 11 | 19 | 25 | 37, 1) => (Dir::Out, one(&t::STRUCT_INT)),
        (15, 1) => (Dir::In, Memory::Str),  // PR_SET_NAME
        (16, 1) => (Dir::Out, Memory::Str), // PR_GET_NAME
        (22, 2) if second == 2 => (Dir::In, one(&t::STRUCT_SOCK_FPROG)), // PR_SET_SECCOMP
        (40 | 0x4a, 1) => (Dir::Out, one(&t::STRUCT_ULONG)), // PR_GET_TID_ADDRESS, SHADOW_STACK
        // PR_SET_MM: AUXV, MAP, MAP_SIZE
        (35, 2) if second == 12 => (Dir::In, Memory::Bytes(Len::Arg(3))),
        (35, 2) if second == 14 => (Dir::In, sized(&t::STRUCT_PRCTL_MM_MAP, 3)),
        (35, 2) if second == 15 => (Dir::Out, one(&t::STRUCT_UINT)),
        (62, 4) if second == 0 => (Dir::Out, one(&t::STRUCT_U64)), // PR_SCHED_CORE_GET
        (0x4155_5856, 1) => (Dir::Out, Memory::Bytes(Len::Arg(2))), // PR_GET_AUXV
        (0x5356_4d41, 4) if second == 0 => (Dir::In, Memory::Str), // PR_SET_VMA_ANON_NAME
        _ => return None,
    })
}

/// arch_prctl(2), by its operation.
fn arch_prctl(op: u32) -> Target {
    Some(match op {
        0x1003 | 0x1004 => (Dir::Out, one(&t::STRUCT_ULONG)), // ARCH_GET_FS, ARCH_GET_GS
        // ARCH_GET_XCOMP_SUPP, _PERM, _GUEST_PERM
        0x1021 | 0x1022 | 0x1024 => (Dir::Out, one(&t::STRUCT_U64)),
        // ARCH_GET_UNTAG_MASK, ARCH_GET_MAX_TAG_BITS, ARCH_SHSTK_STATUS
        0x4001 | 0x4003 | 0x5005 => (Dir::Out, one(&t::STRUCT_ULONG)),
        _ => return None,
    })
}

/// ptrace(2), by its operation: `addr` is argument 2, `data` 3.
fn ptrace(abi: Abi, op: u32, arg: usize) -> Target {
    // struct user_regs_struct, struct user_fpregs_struct (sys/user.h)
    let (registers, floats) = if abi == Abi::I386 { (68, 108) } else { (216, 512) };
    Some(match (op, arg) {
        (1..=3, 3) => (Dir::Out, one(&t::STRUCT_ULONG)), // PEEKTEXT, PEEKDATA, PEEKUSER
        (12, 3) => (Dir::Out, bytes(registers)),         // GETREGS
        (13, 3) => (Dir::In, bytes(registers)),          // SETREGS
        (14, 3) => (Dir::Out, bytes(floats)),            // GETFPREGS
        (15, 3) => (Dir::In, bytes(floats)),             // SETFPREGS
        (18, 3) => (Dir::Out, bytes(512)),               // GETFPXREGS
        (19, 3) => (Dir::In, bytes(512)),                // SETFPXREGS
        (25, 3) => (Dir::Out, one(&t::STRUCT_USER_DESC)), // GET_THREAD_AREA
        (26, 3) => (Dir::In, one(&t::STRUCT_USER_DESC)), // SET_THREAD_AREA
        (0x4201, 3) => (Dir::Out, one(&t::STRUCT_ULONG)), // GETEVENTMSG
        (0x4202, 3) => (Dir::Out, one(&t::STRUCT_SIGINFO)), // GETSIGINFO
        (0x4203, 3) => (Dir::In, one(&t::STRUCT_SIGINFO)), // SETSIGINFO
        (0x4204, 3) => (Dir::Out, Memory::Iovec(Len::Const(1))), // GETREGSET
        (0x4205, 3) => (Dir::In, Memory::Iovec(Len::Const(1))), // SETREGSET
        (0x4209, 2) => (Dir::In, one(&t::STRUCT_PTRACE_PEEKSIGINFO_ARGS)), // PEEKSIGINFO
        (0x4209, 3) => (Dir::Out, Memory::Struct(&t::STRUCT_SIGINFO, Len::Ret)),
        (0x420a, 3) => (Dir::Out, Memory::Sigset(Len::Arg(2))), // GETSIGMASK
        (0x420b, 3) => (Dir::In, Memory::Sigset(Len::Arg(2))),  // SETSIGMASK
        (0x420c, 3) => (Dir::Out, Memory::Struct(&t::STRUCT_SOCK_FILTER, Len::Ret)), // GET_FILTER
        (0x420d, 3) => (Dir::InOut, Memory::Bytes(Len::Arg(2))), // SECCOMP_GET_METADATA
        (0x420e, 3) => (Dir::Out, sized(&t::STRUCT_PTRACE_SYSCALL_INFO, 2)), // GET_SYSCALL_INFO
        (0x4212, 3) => (Dir::In, sized(&t::STRUCT_PTRACE_SYSCALL_INFO, 2)), // SET_SYSCALL_INFO
        (0x420f, 3) => (Dir::Out, sized(&t::STRUCT_PTRACE_RSEQ_CONFIGURATION, 2)),
        // SET_ and GET_SYSCALL_USER_DISPATCH_CONFIG
        (0x4210, 3) => (Dir::In, sized(&t::STRUCT_PTRACE_SUD_CONFIG, 2)),
        (0x4211, 3) => (Dir::Out, sized(&t::STRUCT_PTRACE_SUD_CONFIG, 2)),
        _ => return None,
    })
}

/// bpf(2): the member of `union bpf_attr` that the command uses.
fn bpf(cmd: u32) -> (Dir, Memory) {
    let attr = match cmd {
        0 => sized(&t::STRUCT_BPF_MAP_CREATE, 2),
        1..=4 | 0x15 => sized(&t::STRUCT_BPF_MAP_ELEM, 2),
        5 => sized(&t::STRUCT_BPF_PROG_LOAD, 2),
        6 | 7 => sized(&t::STRUCT_BPF_OBJ, 2),
        8 | 9 => sized(&t::STRUCT_BPF_PROG_ATTACH, 2),
        0xf => sized(&t::STRUCT_BPF_OBJ_GET_INFO, 2),
        0x12 => sized(&t::STRUCT_BPF_BTF_LOAD, 2),
        0x1c => sized(&t::STRUCT_BPF_LINK_CREATE, 2),
        _ => Memory::Bytes(Len::Arg(2)),
    };
    // TEST_RUN, the GET_NEXT_IDs, OBJ_GET_INFO, PROG_QUERY, TASK_FD_QUERY and the
    // batches answer in the attributes.
    let answers = matches!(cmd, 0xa..=0xc | 0xf | 0x10 | 0x14 | 0x17..=0x1b | 0x1f);
    (if answers { Dir::InOut } else { Dir::In }, attr)
}

/// seccomp(2), by its operation.
fn seccomp(op: u32) -> Target {
    Some(match op {
        1 => (Dir::In, one(&t::STRUCT_SOCK_FPROG)), // SECCOMP_SET_MODE_FILTER
        2 => (Dir::In, one(&t::STRUCT_UINT)),       // SECCOMP_GET_ACTION_AVAIL
        3 => (Dir::Out, one(&t::STRUCT_SECCOMP_NOTIF_SIZES)),
        _ => return None,
    })
}

/// keyctl(2), by its operation and which argument is asked for.
fn keyctl(op: u32, arg: usize) -> Target {
    Some(match (op, arg) {
        (1, 1) => (Dir::In, Memory::Str), // JOIN_SESSION_KEYRING
        (2 | 12, 2) => (Dir::In, Memory::Bytes(Len::Arg(3))), // UPDATE, INSTANTIATE
        (6 | 11 | 17, 2) => (Dir::Out, Memory::Bytes(Len::RetUpTo(3))), // DESCRIBE, READ, GET_SECURITY
        (10 | 29, 2 | 3) => (Dir::In, Memory::Str),                     // SEARCH, RESTRICT_KEYRING
        (20, 2) => (Dir::In, Memory::Iovec(Len::Arg(3))),               // INSTANTIATE_IOV
        (23, 1) => (Dir::In, one(&t::STRUCT_KEYCTL_DH_PARAMS)),         // DH_COMPUTE
        (23, 2) => (Dir::Out, Memory::Bytes(Len::RetUpTo(3))),
        (23, 4) => (Dir::In, one(&t::STRUCT_KEYCTL_KDF_PARAMS)),
        (24, 3) => (Dir::In, Memory::Str), // PKEY_QUERY
        (24, 4) => (Dir::Out, Memory::Bytes(Len::Const(56))), // struct keyctl_pkey_query
        (25..=28, 1) => (Dir::In, one(&t::STRUCT_KEYCTL_PKEY_PARAMS)), // PKEY_ENCRYPT … VERIFY
        (25..=28, 2) => (Dir::In, Memory::Str),
        (31, 1) => (Dir::Out, Memory::Bytes(Len::Arg(2))), // CAPABILITIES
        _ => return None,
    })
}

/// quotactl(2), by its subcommand (`op` without the quota's type).
fn quotactl(cmd: u32) -> Target {
    Some(match cmd {
        0x80_0002 => (Dir::In, Memory::Path),               // Q_QUOTAON
        0x80_0004 => (Dir::Out, one(&t::STRUCT_UINT)),      // Q_GETFMT
        0x80_0005 => (Dir::Out, one(&t::STRUCT_IF_DQINFO)), // Q_GETINFO
        0x80_0006 => (Dir::In, one(&t::STRUCT_IF_DQINFO)),  // Q_SETINFO
        0x80_0007 => (Dir::Out, one(&t::STRUCT_IF_DQBLK)),  // Q_GETQUOTA
        0x80_0008 => (Dir::In, one(&t::STRUCT_IF_DQBLK)),   // Q_SETQUOTA
        0x80_0009 => (Dir::Out, one(&t::STRUCT_IF_NEXTDQBLK)), // Q_GETNEXTQUOTA
        0x5801 | 0x5802 | 0x5806 => (Dir::In, one(&t::STRUCT_UINT)), // Q_XQUOTAON, OFF, RM
        0x5803 | 0x5809 => (Dir::Out, bytes(112)),          // Q_XGETQUOTA, Q_XGETNEXTQUOTA
        0x5804 => (Dir::In, bytes(112)),                    // Q_XSETQLIM: struct fs_disk_quota
        0x5805 => (Dir::Out, bytes(80)),                    // Q_XGETQSTAT: struct fs_quota_stat
        0x5808 => (Dir::InOut, bytes(160)),                 // Q_XGETQSTATV: struct fs_quota_statv
        _ => return None,
    })
}

/// landlock_add_rule(2), by the rule's type.
fn landlock_rule(rule: u32) -> Target {
    Some(match rule {
        1 => (Dir::In, one(&t::STRUCT_LANDLOCK_PATH_BENEATH_ATTR)),
        2 => (Dir::In, one(&t::STRUCT_LANDLOCK_NET_PORT_ATTR)),
        _ => return None,
    })
}

/// `IPC_64`: i386 programs ask for the new layout of a struct with it.
const IPC_64: u32 = 0x100;

/// msgctl(2), by its operation.
fn msgctl(op: u32) -> Target {
    Some(match op & !IPC_64 {
        1 => (Dir::In, one(&t::STRUCT_MSQID_DS)), // IPC_SET
        2 | 11 | 13 => (Dir::Out, one(&t::STRUCT_MSQID_DS)), // IPC_STAT, MSG_STAT, MSG_STAT_ANY
        3 | 12 => (Dir::Out, one(&t::STRUCT_MSGINFO)), // IPC_INFO, MSG_INFO
        _ => return None,
    })
}

/// shmctl(2), by its operation.
fn shmctl(op: u32) -> Target {
    Some(match op & !IPC_64 {
        1 => (Dir::In, one(&t::STRUCT_SHMID_DS)), // IPC_SET
        2 | 13 | 15 => (Dir::Out, one(&t::STRUCT_SHMID_DS)), // IPC_STAT, SHM_STAT, SHM_STAT_ANY
        3 => (Dir::Out, one(&t::STRUCT_SHMINFO)), // IPC_INFO
        14 => (Dir::Out, one(&t::STRUCT_SHM_INFO)), // SHM_INFO
        _ => return None,
    })
}

/// semctl(2), by its operation.
fn semctl(op: u32) -> Target {
    /// Only the kernel knows how many semaphores a set has: the first 256.
    const VALUES: Memory = Memory::Bytes(Len::Const(512));
    Some(match op & !IPC_64 {
        1 => (Dir::In, one(&t::STRUCT_SEMID_DS)), // IPC_SET
        2 | 18 | 20 => (Dir::Out, one(&t::STRUCT_SEMID_DS)), // IPC_STAT, SEM_STAT, SEM_STAT_ANY
        3 | 19 => (Dir::Out, one(&t::STRUCT_SEMINFO)), // IPC_INFO, SEM_INFO
        13 => (Dir::Out, VALUES),                 // GETALL
        17 => (Dir::In, VALUES),                  // SETALL
        _ => return None,
    })
}

/// io_uring_enter(2), by its flags.
fn io_uring_enter(flags: u64) -> Target {
    const EXT_ARG: u64 = 1 << 3;
    /// The argument is an offset into a registered region, not an address.
    const EXT_ARG_REG: u64 = 1 << 6;
    Some(match (flags & EXT_ARG_REG, flags & EXT_ARG) {
        (0, 0) => (Dir::In, Memory::Sigset(Len::Arg(5))),
        (0, _) => (Dir::In, sized(&t::STRUCT_IO_URING_GETEVENTS_ARG, 5)),
        _ => return None,
    })
}

/// io_uring_register(2), by its operation and the number of arguments.
fn io_uring_register(opcode: u32, count: u64) -> Target {
    /// `IORING_REGISTER_USE_REGISTERED_RING`.
    const REGISTERED_RING: u32 = 1 << 31;
    Some(match opcode & !REGISTERED_RING {
        0 => (Dir::In, Memory::Struct(&t::STRUCT_IOVEC, Len::Arg(3))), // BUFFERS
        2 => (Dir::In, Memory::Struct(&t::STRUCT_INT, Len::Arg(3))),   // FILES
        4 | 7 => (Dir::In, one(&t::STRUCT_INT)),                       // EVENTFD, EVENTFD_ASYNC
        6 => (Dir::In, one(&t::STRUCT_IO_URING_FILES_UPDATE)),         // FILES_UPDATE
        // PROBE: struct io_uring_probe with so many struct io_uring_probe_op
        8 => (Dir::Out, bytes(count.saturating_mul(8).saturating_add(16))),
        11 => (Dir::In, bytes(count.saturating_mul(16))), // RESTRICTIONS
        13 | 15 => (Dir::In, sized(&t::STRUCT_IO_URING_RSRC_REGISTER, 3)), // FILES2, BUFFERS2
        14 | 16 => (Dir::In, sized(&t::STRUCT_IO_URING_RSRC_UPDATE2, 3)), // …_UPDATE
        17 => (Dir::In, Memory::Bytes(Len::Arg(3))),      // IOWQ_AFF
        19 => (Dir::InOut, Memory::Struct(&t::STRUCT_UINT, Len::Const(2))), // IOWQ_MAX_WORKERS
        // RING_FDS, unregister RING_FDS: struct io_uring_rsrc_update
        20 => (Dir::InOut, bytes(count.saturating_mul(16))),
        21 => (Dir::In, bytes(count.saturating_mul(16))),
        22 | 23 => (Dir::In, one(&t::STRUCT_IO_URING_BUF_REG)), // PBUF_RING and its end
        24 => (Dir::In, bytes(64)),                             // SYNC_CANCEL
        25 => (Dir::In, bytes(16)),                             // FILE_ALLOC_RANGE
        26 => (Dir::InOut, bytes(40)),                          // PBUF_STATUS
        _ => return None,
    })
}

/// modify_ldt(2): reading or writing.
fn modify_ldt(func: u32) -> Target {
    Some(match func {
        0 | 2 => (Dir::Out, Memory::Bytes(Len::RetUpTo(2))),
        1 | 17 => (Dir::In, one(&t::STRUCT_USER_DESC)),
        _ => return None,
    })
}

/// fsconfig(2), by its command.
fn fsconfig(cmd: u32) -> Target {
    Some(match cmd {
        1 => (Dir::In, Memory::Str),                // FSCONFIG_SET_STRING
        2 => (Dir::In, Memory::Bytes(Len::Arg(4))), // FSCONFIG_SET_BINARY
        3 | 4 => (Dir::In, Memory::Path),           // FSCONFIG_SET_PATH, SET_PATH_EMPTY
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Ty, calls, number};

    /// The target of an argument, as text: `In flock`, `Out 16 bytes`, `-`.
    fn target(abi: Abi, name: &str, args: [u64; 6], arg: usize) -> String {
        let nr = number(abi, name).expect("a call of that ABI");
        let proto = t::lookup(abi, nr).expect("a call of that ABI");
        match resolve(abi, proto, &args, arg) {
            None => "-".into(),
            Some((dir, Memory::Struct(one, Len::Const(1)))) => format!("{dir:?} {}", one.name),
            Some((dir, Memory::Struct(one, len))) => format!("{dir:?} {} {len:?}", one.name),
            Some((dir, Memory::Bytes(Len::Const(count)))) => format!("{dir:?} {count} bytes"),
            Some((dir, other)) => format!("{dir:?} {other:?}"),
        }
    }

    #[test]
    fn a_command_says_what_the_pointer_leads_to() {
        let x86 = |name, args, arg| target(Abi::X86_64, name, args, arg);
        assert_eq!(x86("fcntl", [3, 6, 0, 0, 0, 0], 2), "In flock");
        assert_eq!(x86("fcntl", [3, 5, 0, 0, 0, 0], 2), "InOut flock");
        assert_eq!(x86("fcntl", [3, 3, 0, 0, 0, 0], 2), "-", "F_GETFL has no argument");
        assert_eq!(x86("ioctl", [0, 0x5413, 0, 0, 0, 0], 2), "Out winsize");
        assert_eq!(x86("ioctl", [0, 0x8123_ffee, 0, 0, 0, 0], 2), "Out 291 bytes", "by its bits");
        assert_eq!(x86("futex", [0, 128, 1, 0, 0, 0], 3), "In timespec");
        assert_eq!(x86("futex", [0, 129, 1, 0, 0, 0], 3), "-", "a wake has no timeout");
        assert_eq!(x86("clone", [0x11, 0, 0, 0, 0, 0], 2), "-");
        assert_eq!(x86("clone", [0x3d_0f00, 0, 0, 0, 0, 0], 2), "Out int");
        assert_eq!(x86("mincore", [0, 4097, 0, 0, 0, 0], 2), "Out 2 bytes");
        assert_eq!(x86("prctl", [15, 0, 0, 0, 0, 0], 1), "In Str");
    }

    #[test]
    fn nothing_resolves_to_itself_or_fails_on_nonsense() {
        for abi in Abi::ALL {
            for (_, proto) in calls(abi) {
                let args = (0..proto.params.len()).flat_map(|arg| {
                    [[0; 6], [1; 6], [u64::MAX; 6], [1 << 31; 6]].map(|words| (arg, words))
                });
                for (arg, words) in args {
                    let irregular = proto
                        .params
                        .get(arg)
                        .is_some_and(|param| matches!(param.ty, Ty::Memory(_, Memory::Irregular)));
                    let found = resolve(abi, proto, &words, arg);
                    assert!(!matches!(found, Some((_, Memory::Irregular))), "{}", proto.name);
                    assert!(irregular || found.is_none(), "{} argument {arg}", proto.name);
                }
            }
        }
    }
}
