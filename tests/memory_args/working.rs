//! What it takes for calls to succeed. The tracee has prepared descriptors
//! (`tests/tracees/memory.c`), a file `data`, a link `link`.

use rtrace::abi::{self, Abi};

use crate::invocation::{Arg, Buffer, Expect, Invocation};

const FILE: u64 = 10;
const PIPE: u64 = 11;
const PIPE_IN: u64 = 12;
const SOCKET: u64 = 13;
const PEER: u64 = 14;
const DIRECTORY: u64 = 15;
const EPOLL: u64 = 16;
const TIMER: u64 = 17;
const LISTENER: u64 = 18;
const CLIENT: u64 = 19;
const QUEUE: u64 = 20;
const CWD: u64 = -100_i64 as u64;

/// An argument that is not what the prototype alone would make it.
enum Set {
    /// A number.
    To(u64),
    /// NULL.
    Null,
    /// These bytes in memory.
    Holds(Vec<u8>),
    /// Zeros, as many as there would be.
    Zeros,
    /// A path.
    Path(&'static str),
    /// The caller's pid.
    OwnPid,
}
use Set::{Holds, Null, OwnPid, Path, To, Zeros};

/// The calls of the table that an ABI has.
pub(crate) fn invocations(abi: Abi) -> Vec<Invocation> {
    let table =
        [files(), descriptors(), waiting(), tasks(), signals(), sockets(), times(), machine()];
    let mut calls = Vec::new();
    for (name, sets) in table.into_iter().flatten() {
        let Some((nr, prototype)) = abi::by_name(abi, name) else { continue };
        let mut call = Invocation::of(abi, nr, prototype);
        for (arg, set) in sets {
            apply(&mut call, arg, set);
        }
        calls.push(call);
    }
    calls.extend(with_remote_memory(abi));
    assert!(calls.len() > 90, "only {} calls are in the table", calls.len());
    calls
}

fn apply(call: &mut Invocation, arg: u8, set: Set) {
    let index = usize::from(arg);
    match set {
        To(value) => call.args[index] = Arg::Value(value),
        OwnPid => call.args[index] = Arg::OwnPid,
        Null => {
            call.args[index] = Arg::Value(0);
            call.expect.retain(
                |e| !matches!(e, Expect::Entry(of, _) | Expect::Exit(of, ..) if *of == arg),
            );
        }
        Holds(bytes) => {
            call.point(arg, bytes.clone());
            call.expect.push(Expect::Entry(arg, bytes));
        }
        Zeros => {
            let Arg::Buffer(buffer) = call.args[index] else { return };
            let zeros = vec![0; call.buffers[buffer].bytes.len()];
            apply(call, arg, Holds(zeros));
        }
        Path(path) => {
            call.point(arg, [path.as_bytes(), &[0]].concat());
            call.expect.push(Expect::Entry(arg, path.into()));
        }
    }
}

type Table = Vec<(&'static str, Vec<(u8, Set)>)>;

fn words(values: &[u32]) -> Set {
    Holds(values.iter().flat_map(|value| value.to_ne_bytes()).collect())
}

fn files() -> Table {
    let data = || (0, Path("data"));
    vec![
        ("getcwd", vec![(1, To(4096))]),
        ("readlink", vec![(0, Path("link")), (2, To(256))]),
        ("readlinkat", vec![(0, To(CWD)), (1, Path("link")), (3, To(256))]),
        ("stat", vec![data()]),
        ("lstat", vec![data()]),
        ("stat64", vec![data()]),
        ("lstat64", vec![data()]),
        ("fstat", vec![(0, To(FILE))]),
        ("fstat64", vec![(0, To(FILE))]),
        ("newfstatat", vec![(0, To(CWD)), (1, Path("data"))]),
        ("fstatat64", vec![(0, To(CWD)), (1, Path("data"))]),
        ("statx", vec![(0, To(CWD)), (1, Path("data")), (3, To(0x7ff))]),
        ("statfs", vec![data()]),
        ("fstatfs", vec![(0, To(FILE))]),
        ("statfs64", vec![data(), (1, To(84))]),
        ("fstatfs64", vec![(0, To(FILE)), (1, To(84))]),
        ("file_getattr", vec![(0, To(CWD)), (1, Path("data"))]),
        ("access", vec![data()]),
        ("faccessat", vec![(0, To(CWD)), (1, Path("data"))]),
        ("open", vec![data()]),
        ("openat", vec![(0, To(CWD)), (1, Path("data"))]),
        ("openat2", vec![(0, To(CWD)), (1, Path("data")), (2, Zeros)]),
        ("chdir", vec![(0, Path("."))]),
        ("truncate", vec![data(), (1, To(4096))]),
        ("inotify_init1", vec![]),
        ("memfd_create", vec![]),
    ]
}

fn descriptors() -> Table {
    vec![
        ("pipe", vec![]),
        ("pipe2", vec![]),
        ("read", vec![(0, To(FILE))]),
        ("pread64", vec![(0, To(FILE))]),
        ("readv", vec![(0, To(FILE))]),
        ("preadv", vec![(0, To(FILE))]),
        ("preadv2", vec![(0, To(FILE))]),
        ("write", vec![(0, To(FILE))]),
        ("pwrite64", vec![(0, To(FILE))]),
        ("writev", vec![(0, To(FILE))]),
        ("pwritev", vec![(0, To(FILE))]),
        ("pwritev2", vec![(0, To(FILE))]),
        ("vmsplice", vec![(0, To(PIPE_IN))]),
        ("getdents", vec![(0, To(DIRECTORY))]),
        ("getdents64", vec![(0, To(DIRECTORY))]),
        ("_llseek", vec![(0, To(FILE))]),
        ("sendfile", vec![(0, To(PIPE_IN)), (1, To(FILE)), (2, Zeros), (3, To(16))]),
        ("sendfile64", vec![(0, To(PIPE_IN)), (1, To(FILE)), (2, Zeros), (3, To(16))]),
        (
            "splice",
            vec![(0, To(FILE)), (1, words(&[16, 0])), (2, To(PIPE_IN)), (3, Null), (4, To(16))],
        ),
        (
            "copy_file_range",
            vec![(0, To(FILE)), (1, Zeros), (2, To(FILE)), (3, words(&[1024, 0])), (4, To(16))],
        ),
        ("cachestat", vec![(0, To(FILE)), (1, words(&[0, 0, 4096, 0]))]),
    ]
}

fn waiting() -> Table {
    // The first pipe's end is ready: bit 11, or a struct pollfd with POLLIN.
    let ready = || words(&[1 << PIPE, 0]);
    let pollfd = || words(&[PIPE as u32, 1]);
    vec![
        ("poll", vec![(0, pollfd()), (1, To(1))]),
        ("ppoll", vec![(0, pollfd()), (1, To(1)), (2, Zeros)]),
        ("ppoll_time64", vec![(0, pollfd()), (1, To(1)), (2, Zeros)]),
        ("_newselect", vec![(0, To(64)), (1, ready()), (2, Zeros), (3, Zeros), (4, Zeros)]),
        (
            "pselect6",
            vec![(0, To(64)), (1, ready()), (2, Zeros), (3, Zeros), (4, Zeros), (5, Null)],
        ),
        (
            "pselect6_time64",
            vec![(0, To(64)), (1, ready()), (2, Zeros), (3, Zeros), (4, Zeros), (5, Null)],
        ),
        ("epoll_wait", vec![(0, To(EPOLL)), (2, To(2))]),
        ("epoll_pwait", vec![(0, To(EPOLL)), (2, To(2))]),
        ("epoll_pwait2", vec![(0, To(EPOLL)), (2, To(2)), (3, Zeros)]),
        ("io_setup", vec![(0, To(8)), (1, Zeros)]),
    ]
}

fn tasks() -> Table {
    let any = u64::MAX;
    vec![
        ("wait4", vec![(0, To(any))]),
        ("waitpid", vec![(0, To(any))]),
        ("waitid", vec![(1, To(0)), (3, To(4))]),
        ("get_robust_list", vec![(0, To(0))]),
        ("getcpu", vec![]),
        ("getrlimit", vec![(0, To(3))]),
        ("ugetrlimit", vec![(0, To(3))]),
        ("prlimit64", vec![(0, To(0)), (1, To(3)), (2, Null)]),
        ("getrusage", vec![]),
        ("sched_getaffinity", vec![(0, To(0)), (1, To(128))]),
        ("sched_getattr", vec![(0, To(0))]),
        ("sched_getparam", vec![(0, To(0))]),
        ("sched_rr_get_interval", vec![(0, To(0))]),
        ("sched_rr_get_interval_time64", vec![(0, To(0))]),
        ("capget", vec![(0, words(&[0x2008_0522, 0]))]),
        ("getresuid", vec![]),
        ("getresgid", vec![]),
        ("getresuid32", vec![]),
        ("getresgid32", vec![]),
        ("sched_setaffinity", vec![(0, To(0)), (1, To(8)), (2, words(&[1, 0]))]),
    ]
}

fn signals() -> Table {
    vec![
        ("rt_sigaction", vec![(0, To(10)), (1, Zeros), (3, To(8))]),
        ("sigaction", vec![(0, To(10)), (1, Zeros)]),
        ("rt_sigpending", vec![]),
        ("sigpending", vec![]),
        ("rt_sigprocmask", vec![]),
        ("sigprocmask", vec![]),
        ("sigaltstack", vec![(0, Null)]),
        ("signalfd4", vec![(0, To(u64::MAX))]),
    ]
}

fn sockets() -> Table {
    vec![
        ("socketpair", vec![(0, To(1)), (1, To(1))]),
        ("accept", vec![(0, To(LISTENER))]),
        ("accept4", vec![(0, To(LISTENER))]),
        ("getsockname", vec![(0, To(LISTENER))]),
        ("getpeername", vec![(0, To(CLIENT))]),
        ("getsockopt", vec![(0, To(LISTENER)), (1, To(1)), (2, To(8))]),
        (
            "setsockopt",
            vec![(0, To(LISTENER)), (1, To(1)), (2, To(8)), (3, words(&[65536])), (4, To(4))],
        ),
        ("recvfrom", vec![(0, To(SOCKET)), (2, To(256)), (4, Null), (5, Null)]),
        ("recvmsg", vec![(0, To(SOCKET))]),
        ("sendto", vec![(0, To(PEER)), (4, Null), (5, To(0))]),
        ("mq_getsetattr", vec![(0, To(QUEUE)), (1, Null)]),
        ("mq_timedreceive", vec![(0, To(QUEUE)), (4, Null)]),
        ("mq_timedreceive_time64", vec![(0, To(QUEUE)), (4, Null)]),
    ]
}

fn times() -> Table {
    vec![
        ("adjtimex", vec![(0, Zeros)]),
        ("clock_adjtime", vec![(1, Zeros)]),
        ("clock_adjtime64", vec![(1, Zeros)]),
        ("clock_getres", vec![]),
        ("clock_getres_time64", vec![]),
        ("clock_gettime", vec![]),
        ("clock_gettime64", vec![]),
        ("clock_nanosleep", vec![(2, Zeros)]),
        ("clock_nanosleep_time64", vec![(2, Zeros)]),
        ("nanosleep", vec![(0, Zeros)]),
        ("gettimeofday", vec![]),
        ("time", vec![]),
        ("times", vec![]),
        ("getitimer", vec![]),
        ("setitimer", vec![(1, Zeros)]),
        ("timer_create", vec![(1, Null)]),
        ("timerfd_gettime", vec![(0, To(TIMER))]),
        ("timerfd_gettime64", vec![(0, To(TIMER))]),
        ("timerfd_settime", vec![(0, To(TIMER)), (2, Zeros)]),
        ("timerfd_settime64", vec![(0, To(TIMER)), (2, Zeros)]),
    ]
}

fn machine() -> Table {
    vec![
        ("getrandom", vec![]),
        ("uname", vec![]),
        ("olduname", vec![]),
        ("oldolduname", vec![]),
        ("sysinfo", vec![]),
        ("lsm_list_modules", vec![(1, words(&[256]))]),
    ]
}

/// `process_vm_readv` of the caller itself: out of one buffer into two.
fn with_remote_memory(abi: Abi) -> Option<Invocation> {
    let (nr, prototype) = abi::by_name(abi, "process_vm_readv")?;
    let mut call = Invocation::of(abi, nr, prototype);
    apply(&mut call, 0, OwnPid);
    let word = abi.word();
    let source = call.buffer(Buffer::of(*b"what lies in another process"));
    let mut remote = Buffer::zeros(2 * word);
    remote.pointers.push((0, source));
    remote.bytes[word] = 28;
    let remote = call.buffer(remote);
    call.args[3] = Arg::Buffer(remote);
    call.args[4] = Arg::Value(1);
    call.expect.retain(|expect| !matches!(expect, Expect::Entry(..)));
    Some(call)
}
