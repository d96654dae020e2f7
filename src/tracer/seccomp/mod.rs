//! The calls at which a seccomp filter stops the command and all that it starts; every other
//! one costs next to nothing.
//!
//! A stop at the entry is the filter's (RET_TRACE), the one at the exit is asked for then.
//! A task with a filter of its own (whose refusals outrank RET_TRACE, so that no stop comes)
//! stops at every call, as without this, and so does what it makes.

mod assembler;

use super::Sink;
use super::engine::Tracer;
use super::placement::is_about_processors;
use crate::abi::{self, Abi, Filter, Prototype, Verb};
use crate::sys::seccomp::Instruction;
use assembler::{Architecture, Verdict, assemble};

/// The architectures of calls that a program of this machine can make, each with its ABIs,
/// in the order of their numbers.
const ARCHITECTURES: &[&[Abi]] = if cfg!(target_arch = "aarch64") {
    &[&[Abi::Aarch64]]
} else if cfg!(target_arch = "riscv64") {
    &[&[Abi::Riscv64]]
} else {
    &[&[Abi::X86_64, Abi::X32], &[Abi::I386]]
};

/// The program that traces those calls, and what the tracer must know of in any case.
pub(super) fn program(filter: &Filter) -> Vec<Instruction> {
    let of = |abis: &&[Abi]| Architecture {
        audit: abis[0].audit(),
        ranges: ranges(abis.iter().flat_map(|abi| verdicts(filter, *abi))),
    };
    let architectures: Vec<_> = ARCHITECTURES.iter().map(of).collect();
    assemble(&architectures)
}

/// What becomes of an ABI's calls; the last one is that of all numbers behind it.
fn verdicts(filter: &Filter, abi: Abi) -> Vec<(u32, Verdict)> {
    let first = if abi == Abi::X32 { abi::X32_BIT } else { 0 };
    let known = abi::calls(abi).map(|(nr, _)| nr + 1).max().unwrap_or(first);
    let end = known.max(first + filter.bound(abi));
    (first..=end).map(|nr| (nr as u32, verdict(filter, abi, nr))).collect()
}

/// Numbers that follow each other and have one verdict are a range.
fn ranges(verdicts: impl Iterator<Item = (u32, Verdict)>) -> Vec<(u32, Verdict)> {
    let mut ranges: Vec<_> = verdicts.collect();
    ranges.dedup_by_key(|(_, verdict)| *verdict);
    ranges
}

fn verdict(filter: &Filter, abi: Abi, nr: u64) -> Verdict {
    let mut subcalls = abi::subcalls(abi).filter(|(subcall, _)| *subcall as u32 == nr as u32);
    if filter.allows(abi, nr) || subcalls.any(|(subcall, _)| filter.allows(abi, subcall)) {
        return Verdict::Trace;
    }
    abi::lookup(abi, nr).map_or(Verdict::Allow, needed)
}

const PR_SET_SECCOMP: u32 = 22; // linux/prctl.h
const UFFDIO_REGISTER: u32 = 0xc020_aa00; // linux/userfaultfd.h

/// Whether a call must be known of though nobody wants it in the log: processes, who may
/// read whose memory, where tasks run, what cannot be seen.
fn needed(prototype: &Prototype) -> Verdict {
    let is_needed = match prototype.effect.verb {
        Verb::Forks | Verb::Execs | Verb::Exits | Verb::Credits | Verb::Mounts => true,
        _ => matches!(
            prototype.name,
            "seccomp"
                | "unshare"
                | "setns"
                | "ptrace"
                | "kill"
                | "fsopen"
                | "io_uring_setup"
                | "io_uring_enter"
        ),
    };
    match prototype.name {
        name if is_needed || is_about_processors(name) => Verdict::Trace,
        "prctl" => Verdict::TraceIf { argument: 0, is: PR_SET_SECCOMP },
        "ioctl" => Verdict::TraceIf { argument: 1, is: UFFDIO_REGISTER },
        _ => Verdict::Allow,
    }
}

impl<S: Sink> Tracer<S> {
    /// A call has returned: if the task has a filter of its own by it, it stops at every
    /// call from now on.
    pub(super) fn notice_own_filter(&mut self, tid: i32, result: i64) {
        // linux/seccomp.h, linux/prctl.h
        const SET_MODE_FILTER: u64 = 1;
        const FLAG_TSYNC: u64 = 1;
        const FLAG_NEW_LISTENER: u64 = 8;
        const MODE_FILTER: u64 = 2;
        let Some(task) = self.tasks.get(&tid).filter(|task| task.is_sieved) else { return };
        let [operation, second, ..] = task.pending.args;
        let is_synced = match task.pending.prototype.map(|prototype| prototype.name) {
            Some("prctl") if operation as u32 == PR_SET_SECCOMP && second == MODE_FILTER => false,
            // A positive result names a thread that kept the others from it.
            Some("seccomp")
                if operation == SET_MODE_FILTER
                    && (result == 0 || second & FLAG_NEW_LISTENER != 0) =>
            {
                second & FLAG_TSYNC != 0
            }
            _ => return,
        };
        let pid = task.pid;
        let has_it = |other: i32, pid_of: i32| other == tid || is_synced && pid_of == pid;
        let mut others = 0;
        for task in self.tasks.values_mut().filter(|task| has_it(task.tid, task.pid)) {
            task.is_sieved = false;
            others += u32::from(task.tid != tid);
        }
        if others > 0 {
            self.blind_spot(
                tid,
                "calls that its own seccomp filter refuses to its other threads \
                 (SECCOMP_FILTER_FLAG_TSYNC) are seen from their next recorded call on",
            );
        }
    }

    /// A mount of FUSE is being made: a tracee may serve it, whoever opened the device.
    pub(super) fn before_mount(&mut self, tid: i32) {
        if !self.options.by_seccomp {
            return; // then it was seen to be opened
        }
        let Some(task) = self.tasks.get(&tid) else { return };
        let kind = match task.pending.prototype.map(|prototype| prototype.name) {
            Some("mount") => task.pending.args[2],
            Some("fsopen") => task.pending.args[0],
            _ => return,
        };
        self.reader.begin(tid);
        if self.reader.word(kind, 4) == Some(u64::from(u32::from_le_bytes(*b"fuse")))
            && self.reader.served.expect_fuse()
        {
            self.blind_spot(tid, "memory of a file on FUSE is read only once it is there");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::assembler::tests::run;
    use super::*;

    const X86_64: u32 = 0xC000_003E;
    const I386: u32 = 0x4000_0003;

    fn traced(set: &str, audit: u32, number: u64) -> bool {
        let filter = Filter::parse(set).expect("a set");
        let program = program(&filter);
        run(&program, audit, number as u32, [0; 6]).expect("a sound program")
    }

    fn number(abi: Abi, name: &str) -> u64 {
        abi::number(abi, name).expect("a call")
    }

    #[test]
    fn what_is_wanted_is_traced_by_every_abi() {
        for set in ["read,connect", "!write,mmap", "none", "all", "%file", "?60000,?450@64"] {
            let filter = Filter::parse(set).expect("a set");
            let program = program(&filter);
            assert!(program.len() <= 4096, "{set}: the kernel takes no more (BPF_MAXINSNS)");
            let far = [600, 5000, 60_000, 1 << 20];
            for (audit, abi, bit) in
                [(X86_64, Abi::X86_64, 0), (X86_64, Abi::X32, abi::X32_BIT), (I386, Abi::I386, 0)]
            {
                for nr in (0..600).chain(far).map(|nr| nr | bit) {
                    let is_traced = run(&program, audit, nr as u32, [0; 6]).expect("it ends");
                    let is_wanted = filter.allows(abi, nr);
                    assert!(is_traced || !is_wanted, "{set}: {nr} of {abi:?}");
                    let name = abi::lookup(abi, nr).map_or("", |prototype| prototype.name);
                    if matches!(name, "lseek" | "futex" | "getpid") || name.is_empty() {
                        assert_eq!(is_traced, is_wanted, "{set}: {nr} {name} of {abi:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_the_tracer_needs_is_traced_always() {
        for name in ["execve", "clone", "exit_group", "setuid", "sched_getaffinity", "seccomp"] {
            for (audit, abi) in [(X86_64, Abi::X86_64), (I386, Abi::I386), (X86_64, Abi::X32)] {
                assert!(traced("none", audit, number(abi, name)), "{name} of {abi:?}");
            }
        }
        assert!(!traced("none", X86_64, number(Abi::X86_64, "openat")));
    }

    #[test]
    fn a_call_that_makes_others_is_traced_if_one_of_them_is_wanted() {
        let socketcall = number(Abi::I386, "socketcall");
        assert!(traced("bind", I386, socketcall));
        assert!(!traced("openat", I386, socketcall));
        assert!(traced("semop@32", I386, number(Abi::I386, "ipc")));
    }

    #[test]
    fn filters_and_served_memory_are_seen_and_no_other_prctl_or_ioctl() {
        let program = program(&Filter::none());
        let asks = |name, words| {
            let number = number(Abi::X86_64, name) as u32;
            run(&program, X86_64, number, words).expect("it ends")
        };
        assert!(asks("prctl", [22, 2, 0, 0, 0, 0]) && !asks("prctl", [15, 22, 0, 0, 0, 0]));
        let register = u64::from(UFFDIO_REGISTER);
        assert!(asks("ioctl", [3, register | 1 << 32, 0, 0, 0, 0]));
        assert!(!asks("ioctl", [3, 0x5401, 0, 0, 0, 0]));
    }
}
