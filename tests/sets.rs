//! Holds the values of `syscall-tables/sets.tbl` against the system's headers.
//!
//! A member that no header has must be in `tests/sets.newer`: it is newer than
//! Debian 12's headers (Linux 6.1), or known to the kernel alone.

mod cc;

use std::collections::{BTreeMap, BTreeSet};

use rtrace::abi;

const NEWER: &str = include_str!("sets.newer");

/// Headers that cannot be included together are in separate groups.
const GROUPS: &[&str] = &[
    "linux/types.h linux/time.h linux/posix_types.h linux/time_types.h asm/stat.h linux/stat.h
     linux/fcntl.h linux/openat2.h asm/signal.h asm/siginfo.h linux/timex.h linux/fs.h
     linux/fiemap.h linux/inotify.h linux/fanotify.h asm/poll.h linux/eventpoll.h linux/mount.h
     linux/quota.h linux/dqblk_xfs.h linux/aio_abi.h linux/io_uring.h linux/userfaultfd.h
     linux/sched.h linux/sched/types.h linux/resource.h linux/capability.h linux/futex.h
     linux/prctl.h asm/prctl.h linux/ptrace.h asm/ptrace-abi.h linux/seccomp.h linux/landlock.h
     linux/keyctl.h linux/ipc.h linux/msg.h linux/shm.h linux/sem.h linux/perf_event.h linux/bpf.h
     asm/termios.h asm/termbits.h linux/tty.h linux/loop.h linux/if_tun.h linux/if_packet.h linux/netlink.h
     linux/rtnetlink.h linux/if_ether.h linux/if_alg.h linux/if_xdp.h linux/net_tstamp.h
     linux/net.h linux/tls.h linux/in.h linux/in6.h linux/udp.h linux/memfd.h linux/mman.h
     linux/mempolicy.h linux/membarrier.h linux/kcmp.h linux/kexec.h linux/random.h linux/reboot.h
     linux/personality.h linux/ioprio.h linux/module.h linux/xattr.h linux/close_range.h
     linux/falloc.h linux/wait.h linux/pidfd.h linux/magic.h linux/rseq.h linux/elf.h
     linux/icmpv6.h linux/tcp.h asm/socket.h linux/securebits.h asm/vm86.h",
    "fcntl.h sys/mman.h sys/socket.h netinet/in.h netinet/tcp.h netinet/udp.h netinet/icmp6.h
     net/if.h sys/wait.h sys/mount.h sys/time.h sys/resource.h signal.h sys/epoll.h sys/eventfd.h
     sys/signalfd.h sys/timerfd.h sys/inotify.h sys/shm.h sys/sem.h sys/msg.h sys/swap.h
     sys/quota.h sys/file.h unistd.h sys/stat.h sys/statvfs.h sys/poll.h sched.h time.h
     sys/timex.h sys/prctl.h sys/personality.h dirent.h sys/ioctl.h",
    "sys/socket.h netinet/in.h net/if.h linux/if_arp.h linux/vm_sockets.h linux/netfilter_ipv4.h
     linux/icmp.h linux/netfilter_ipv4/ip_tables.h linux/sctp.h linux/mptcp.h sys/ptrace.h",
];

/// libc says 5 to 7 on 64-bit, where the kernel takes both.
const LIBC_DIFFERS: &[&str] = &["F_GETLK64", "F_SETLK64", "F_SETLKW64"];

/// The names of all members that a header could have, each with its values.
fn members() -> BTreeMap<&'static str, BTreeSet<u64>> {
    let mut members: BTreeMap<_, BTreeSet<u64>> = BTreeMap::new();
    for (value, name) in abi::sets().flat_map(|set| set.entries) {
        // Lower-case names are bit fields of a struct, not constants.
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
            members.entry(*name).or_default().insert(*value);
        }
    }
    members
}

/// The values of those names that a group of headers has.
fn values(headers: &str, names: &[&'static str]) -> BTreeMap<&'static str, i64> {
    let preamble = format!("#define _GNU_SOURCE\n{}", cc::includes(headers));
    let mut known = names.to_vec();
    loop {
        let expressions: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
        let (source, first) = cc::printer(&preamble, &expressions);
        let errors = match cc::run(&source, "-m64") {
            Ok(output) => {
                let numbers = output.lines().map(|line| line.parse().expect("a number"));
                return known.into_iter().zip(numbers).collect();
            }
            Err(errors) => errors,
        };
        let unknown: BTreeSet<usize> = errors.lines().filter_map(error_line).collect();
        let all = known.len();
        let mut line = first - 1;
        known.retain(|_| {
            line += 1;
            !unknown.contains(&line)
        });
        assert!(known.len() < all, "{errors}");
    }
}

/// The line of `…/probe.c:LINE:COLUMN: error: …`.
fn error_line(message: &str) -> Option<usize> {
    let (place, _) = message.split_once(": error: ")?;
    place.split_once("probe.c:")?.1.split(':').next()?.parse().ok()
}

/// The same value, be the table's of 64 bits or the header's of 32.
fn agrees(table: u64, header: i64) -> bool {
    let fits_32 = i32::try_from(header).is_ok() || u32::try_from(header).is_ok();
    table as i64 == header || (fits_32 && table as u32 == header as u32)
}

#[test]
fn values_are_the_headers() {
    let members = members();
    let names: Vec<&str> = members.keys().copied().collect();
    let groups: Vec<_> = GROUPS.iter().map(|headers| values(headers, &names)).collect();
    let newer: BTreeSet<&str> = NEWER
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect();
    let mut wrong = Vec::new();
    for (name, tables) in members {
        let headers: Vec<i64> =
            groups.iter().filter_map(|group| group.get(name)).copied().collect();
        let same = |table: &u64| headers.iter().any(|header| agrees(*table, *header));
        if headers.is_empty() && !newer.contains(name) {
            wrong.push(format!("{name}: no header has it, and tests/sets.newer neither"));
        } else if !headers.is_empty() && !tables.iter().all(same) && !LIBC_DIFFERS.contains(&name) {
            wrong.push(format!("{name}: table {tables:x?}, headers {headers:x?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
