//! Holds the layouts of `syscall-tables/structs.tbl` against a C compiler, for
//! 64-bit and for 32-bit words. `tests/structs.list` says what is compared.

mod cc;

use std::collections::{BTreeMap, BTreeSet};

use rtrace::abi::{self, Layout};

const LIST: &str = include_str!("structs.list");

/// The kernel's headers; libc's own would define some of the structs otherwise.
const KERNEL: &str = "
    linux/types.h linux/posix_types.h linux/time.h linux/time_types.h asm/stat.h asm/statfs.h
    linux/stat.h linux/fcntl.h linux/openat2.h asm/signal.h asm/siginfo.h linux/timex.h
    linux/utime.h linux/times.h linux/fs.h linux/fiemap.h linux/inotify.h linux/fanotify.h
    linux/signalfd.h asm/poll.h linux/eventpoll.h linux/mount.h linux/quota.h linux/uio.h
    linux/aio_abi.h linux/io_uring.h linux/userfaultfd.h linux/sched.h linux/sched/types.h
    linux/resource.h linux/utsname.h linux/sysinfo.h linux/capability.h linux/futex.h asm/ldt.h
    linux/prctl.h linux/ptrace.h linux/filter.h linux/seccomp.h linux/landlock.h linux/keyctl.h
    linux/ipc.h linux/msg.h linux/shm.h linux/sem.h linux/mqueue.h linux/perf_event.h linux/bpf.h
    asm/termios.h asm/termbits.h linux/vt.h linux/loop.h linux/rtc.h linux/hdreg.h linux/random.h
    linux/if_packet.h linux/netlink.h linux/tcp.h linux/rseq.h linux/kexec.h";

/// Names that some of those headers expect to be there.
const KERNEL_NAMES: &str = "typedef __SIZE_TYPE__ size_t;\ntypedef int pid_t;\n\
     typedef unsigned int uid_t;\n";

/// The exported `struct sigaction` is libc's old one: `kernel/signal.c` has this.
const KERNEL_SIGACTION: &str = "#undef sa_handler\nstruct kernel_sigaction {\n\
     void *sa_handler; unsigned long sa_flags; void *sa_restorer; __u64 sa_mask; };\n";

const LIBC: &str = "
    sys/types.h fcntl.h dirent.h sched.h sys/socket.h netinet/in.h net/if.h linux/netlink.h
    scsi/sg.h";

/// A line of the list.
struct Entry {
    headers: &'static str,
    structure: &'static str,
    whole: bool,
    c_type: &'static str,
    /// Fields that C names otherwise.
    fields: BTreeMap<&'static str, &'static str>,
}

fn lines() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn is_apart(line: &str) -> bool {
    line.starts_with("newer ") || line.starts_with("private ")
}

fn entries() -> Vec<Entry> {
    lines().filter(|line| !is_apart(line)).map(entry).collect()
}

fn entry(line: &'static str) -> Entry {
    let (head, fields) = line.split_once(';').unwrap_or((line, ""));
    let mut words = head.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_else(|| panic!("tests/structs.list: {line}"));
    Entry {
        headers: word(),
        structure: word(),
        whole: word() == "=",
        c_type: word(),
        fields: fields.split_whitespace().filter_map(|field| field.split_once('=')).collect(),
    }
}

/// One number of a layout: what it is, the table's value, and the C expression.
struct Claim {
    what: String,
    table: u32,
    expression: String,
}

fn claims(entry: &Entry, layout: &Layout) -> Vec<Claim> {
    let Entry { structure, c_type, .. } = entry;
    let mut claims = Vec::new();
    if entry.whole {
        let (what, expression) = (format!("sizeof {structure}"), format!("sizeof({c_type})"));
        claims.push(Claim { what, table: layout.size, expression });
    }
    for field in layout.fields.iter().filter(|field| !field.name.starts_with('_')) {
        let c_field = entry.fields.get(field.name).copied().unwrap_or(field.name);
        if c_field == "-" {
            continue;
        }
        claims.push(Claim {
            what: format!("offset of {structure}.{}", field.name),
            table: field.offset,
            expression: format!("__builtin_offsetof({c_type}, {c_field})"),
        });
        claims.push(Claim {
            what: format!("size of {structure}.{}", field.name),
            table: field.size * field.count,
            expression: format!("sizeof((({c_type} *)0)->{c_field})"),
        });
    }
    claims
}

fn preamble(headers: &str) -> String {
    match headers {
        "libc" => format!("#define _GNU_SOURCE\n{}", cc::includes(LIBC)),
        _ => format!("{KERNEL_NAMES}{}{KERNEL_SIGACTION}", cc::includes(KERNEL)),
    }
}

/// What the compiler says otherwise.
fn differences(headers: &str, machine: &str) -> Vec<String> {
    let chosen = |entry: &&Entry| {
        entry.headers == headers || entry.headers.strip_prefix(headers) == Some(machine)
    };
    let mut all = Vec::new();
    for entry in entries().iter().filter(chosen) {
        let structure = abi::structure(entry.structure)
            .unwrap_or_else(|| panic!("structs.tbl has no {}", entry.structure));
        let layout = if machine == "-m32" { &structure.ilp32 } else { &structure.lp64 };
        all.extend(claims(entry, layout));
    }
    let expressions: Vec<String> = all.iter().map(|claim| claim.expression.clone()).collect();
    let (source, _) = cc::printer(&preamble(headers), &expressions);
    let output = cc::run(&source, machine).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(output.lines().count(), all.len(), "a number for each claim");
    let judged = all.iter().zip(output.lines());
    judged
        .filter(|(claim, compiler)| claim.table.to_string() != **compiler)
        .map(|(claim, compiler)| {
            format!("{machine}: {}: table {}, compiler {compiler}", claim.what, claim.table)
        })
        .collect()
}

#[test]
fn layouts_are_the_compilers() {
    let mut wrong = Vec::new();
    for headers in ["kernel", "libc"] {
        for machine in ["-m64", "-m32"] {
            wrong.extend(differences(headers, machine));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_struct_is_listed() {
    let compared = entries().into_iter().map(|entry| entry.structure);
    let apart = lines().filter(|line| is_apart(line)).flat_map(|line| line.split(' ').skip(1));
    let listed: BTreeSet<&str> = compared.chain(apart).collect();
    let tables: BTreeSet<&str> = abi::structures().map(|one| one.name).collect();
    assert_eq!(listed, tables, "tests/structs.list and syscall-tables/structs.tbl");
}
