//! `--filter seccomp`: the kernel leaves calls out, and nothing else changes.
//!
//! All tests of this program can be run so:
//! `RTRACE_TEST_OPTIONS="--filter seccomp -e all" cargo test --test survival`; those fail that
//! let go of tracees, that expect them to outlive rtrace, or that look at seccomp itself.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use rtrace::event::{FactKey, FactKind};

use crate::common::{Build, Rtrace, Run, Trace, tracee, tracee_built};

/// Calls whose number does not depend on who runs when.
const STEADY: &str = "trace=%file,execve,clone,clone3,fork,vfork,exit_group,close,pipe,pipe2,dup2";

/// Whether a filter can be had here: in many containers everything is filtered already.
fn may_filter() -> bool {
    let may = !rtrace::sys::seccomp::is_filtered();
    if !may {
        eprintln!("passed over: all is filtered here, and rtrace traces as without");
    }
    may
}

fn filtered(run: Rtrace, set: &str) -> Rtrace {
    ["-q", "--filter", "seccomp", "-e", set].into_iter().fold(run, Rtrace::option)
}

/// The log of a run, from which calls are left out: their ordinals are missing.
fn whole(run: &Run) -> Trace {
    let trace = run.partial_trace();
    assert!(trace.complete, "{}", run.stderr);
    trace
}

/// How often each call was made, and how many tasks there were.
fn tally(trace: &Trace) -> (BTreeMap<&'static str, usize>, usize) {
    let mut calls = BTreeMap::new();
    for call in trace.tasks.values().flat_map(|task| &task.calls) {
        *calls.entry(call.name).or_default() += 1;
    }
    (calls, trace.tasks.len())
}

/// The same calls are recorded as where rtrace leaves the others out.
#[track_caller]
fn same(plan: impl Fn() -> Rtrace, set: &str) {
    let plain = plan().option("-e").option(set).finish();
    let by_kernel = filtered(plan(), set).finish();
    assert_eq!(plain.status, by_kernel.status, "{}", by_kernel.stderr);
    let [plain, by_kernel] = [plain, by_kernel].map(|run| whole(&run));
    assert!(tally(&plain).0.values().sum::<usize>() > 3, "there is something to compare");
    assert_eq!(tally(&plain), tally(&by_kernel));
    assert_eq!(plain.blind_spots().len(), by_kernel.blind_spots().len());
}

#[test]
fn a_batch_of_a_shell() {
    let script =
        "for i in 1 2 3; do /bin/true; done; seq 100 | sort -r | head -3; cat /none; exit 7";
    same(|| Rtrace::bash(script), STEADY);
}

#[test]
fn a_make() {
    let makefile = "all: a b\na b:\n\t@echo $@ >$@ && cat $@\n";
    let plan = || {
        let run = Rtrace::run("make").arg("-s");
        std::fs::write(run.dir().join("Makefile"), makefile).expect("written");
        run
    };
    same(plan, STEADY);
}

#[test]
fn a_python_with_threads() {
    let script = "import os, threading
def look(n):
    for i in range(50): os.path.exists(f'/none/{n}/{i}')
threads = [threading.Thread(target=look, args=(n,)) for n in range(5)]
[t.start() for t in threads]; [t.join() for t in threads]
os.system('true')";
    let plan = || Rtrace::run("/usr/bin/python3").args(["-S", "-c", script]);
    same(plan, "trace=stat,newfstatat,statx,clone,clone3,vfork,execve,exit_group");
}

#[test]
fn programs_of_both_widths_by_one_filter() {
    let (wide, narrow) = (tracee("chain32"), tracee_built("chain32", Build::I386));
    let plan = || Rtrace::run(&wide).args([&narrow, &wide, &narrow]);
    same(plan, STEADY);
    let run = filtered(Rtrace::run(tracee("int80")), "all").finish();
    run.exited(0).trace().agrees_with(&run.stdout);
    // A subcall of socketcall(2) that is wanted.
    let subcalls = tracee_built("subcalls", Build::I386);
    same(|| Rtrace::run(&subcalls), "bind,socket,semop,semget,execve,exit_group,openat");
}

/// Those that show every race of births, ends and execs.
#[test]
fn storms() {
    for (name, arg) in [("fork_storm", "40"), ("vfork_storm", "20"), ("threads", "30")] {
        let run = filtered(Rtrace::run(tracee(name)).arg(arg), "all").finish();
        run.exited(0);
        run.trace().agrees_with(&run.stdout);
    }
}

#[test]
fn execs_by_threads_restarted_calls_and_stops() {
    for name in ["exec_thread", "restart", "stop_cont", "handlers", "own_trap"] {
        let run = filtered(Rtrace::run(tracee(name)), "all").finish();
        let native = Rtrace::without(tracee(name)).finish();
        assert_eq!(run.status, native.status, "{name}");
        run.trace().agrees_with(&run.stdout);
    }
}

#[test]
fn processes_are_known_though_none_of_their_calls_is_wanted() {
    let script = "/bin/true; /bin/echo x | cat";
    let run = filtered(Rtrace::bash(script), "openat").finish();
    let trace = whole(run.exited(0));
    let kinds: Vec<_> = tally(&trace).0.into_keys().collect();
    assert_eq!(kinds, ["openat"]);
    assert_eq!(trace.tasks.len(), 4);
    assert_eq!(trace.tasks.values().filter(|task| !task.execs.is_empty()).count(), 4);
}

/// Whether a clone makes a thread is in its memory, which is not captured then.
#[test]
fn threads_are_told_from_processes_though_no_clone_is_wanted() {
    let script = "import threading, subprocess
subprocess.run(['true'])
threads = [threading.Thread(target=print) for n in range(5)]
[t.start() for t in threads]; [t.join() for t in threads]";
    let plan = || Rtrace::run("/usr/bin/python3").args(["-S", "-c", script]);
    for run in [filtered(plan(), "openat"), plan().option("-e").option("openat")] {
        let trace = whole(run.finish().exited(0));
        assert_eq!((trace.tasks.len(), trace.processes().len()), (7, 2));
    }
}

/// Its own filter refuses a call before ours could ask for it: it is seen all the same.
#[test]
fn a_tracee_with_a_filter_of_its_own() {
    let getpgid = libc_getpgid();
    let deny = |words: Rtrace| words.args([getpgid.as_str(), "77"]);
    let script = "import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def ask():
    print(libc.syscall(SYS, 0), ctypes.get_errno())
ask()
if os.fork() == 0:
    ask(); os._exit(0)
os.wait()"
        .replace("SYS", &getpgid);
    let plan = || deny(Rtrace::run(tracee("deny"))).args(["/usr/bin/python3", "-c", &script]);
    let run = filtered(plan(), "getpgid").finish();
    run.exited(0);
    assert_eq!(run.stdout, "-1 77\n-1 77\n");
    let trace = whole(&run);
    let results: Vec<_> = trace.calls("getpgid").map(|call| call.result).collect();
    assert_eq!(results, [Some(-77), Some(-77)]);
}

/// The number of getpgid(2) on this machine.
fn libc_getpgid() -> String {
    let abi = rtrace::abi::Abi::from_name(std::env::consts::ARCH).expect("an ABI");
    rtrace::abi::number(abi, "getpgid").expect("it is there").to_string()
}

/// Calls about processors are seen though nobody wants them, and find tasks unbound.
#[test]
fn who_asks_for_its_processors_sees_all() {
    let script = "import os
for i in range(3000): os.path.exists('/none')
print(sorted(os.sched_getaffinity(0)))";
    let python = || Rtrace::run("/usr/bin/python3").args(["-S", "-c", script]);
    let alone = Rtrace::without("/usr/bin/python3").args(["-S", "-c", script]);
    let run = filtered(python(), "stat,newfstatat,statx").option("--colocate").option("on");
    assert_eq!(run.finish().exited(0).stdout, alone.finish().stdout);
}

#[test]
fn kill_9_of_rtrace_ends_the_tree() {
    if !may_filter() {
        return;
    }
    let plan = Rtrace::run(tracee("stepper")).may_leave_processes();
    let mut running = filtered(plan, "getpgid").start();
    running.until_said("ready ");
    running.write(b"ab");
    running.until_said("step 1");
    running.signal(Signal::SIGKILL);
    running.until("all are gone", || running.processes().is_empty().then_some(()));
    running.finish().died_of(9);
}

/// A second SIGTERM asks to let go, which a filter does not allow.
#[test]
fn a_second_term_ends_the_tree() {
    if !may_filter() {
        return;
    }
    let plan = Rtrace::run(tracee("stepper")).arg((Signal::SIGTERM as i32).to_string());
    let running = filtered(plan.may_leave_processes(), "getpgid").start();
    running.until_said("ready ");
    running.signal(Signal::SIGTERM);
    running.until_said("caught 15");
    running.until("all are gone", || {
        running.signal(Signal::SIGTERM);
        running.processes().is_empty().then_some(())
    });
    let run = running.finish();
    assert!(run.partial_trace().complete, "the log was closed");
}

#[test]
fn what_it_changes_is_said() {
    if !may_filter() {
        return;
    }
    let script = "grep NoNewPrivs /proc/self/status";
    let plan = || ["--filter", "seccomp", "--profile", "batch"].into_iter();
    let run = plan().fold(Rtrace::bash(script), Rtrace::option).finish();
    assert!(run.exited(0).stderr.contains("is killed when rtrace ends"), "{}", run.stderr);
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run = plan().fold(Rtrace::bash(script).readable_by_all().under(user), Rtrace::option);
    let run = run.finish();
    assert_eq!(run.exited(0).stdout.trim(), "NoNewPrivs:\t1");
    assert!(run.stderr.contains("no_new_privs"), "{}", run.stderr);
}

/// In many containers everything is filtered: what that filter refuses would make no stop.
#[test]
fn an_rtrace_that_is_filtered_itself_traces_as_without() {
    let getpgid = libc_getpgid();
    let deny = [tracee("deny").into_os_string(), getpgid.clone().into(), "77".into()];
    let script = format!("import ctypes; ctypes.CDLL(None).syscall({getpgid}, 0)");
    let plan = Rtrace::run("/usr/bin/python3").args(["-S", "-c", &script]).under(deny);
    let run = ["--filter", "seccomp", "-e", "getpgid"].into_iter().fold(plan, Rtrace::option);
    let run = run.finish();
    assert!(run.exited(0).stderr.contains("rtrace is filtered itself"), "{}", run.stderr);
    assert_eq!(whole(&run).calls("getpgid").filter(|call| call.result == Some(-77)).count(), 1);
}

/// The kernel's own account of a process, over both its programs, and all its threads.
#[test]
fn what_was_read_and_written_in_all_is_known() {
    if !may_filter() {
        return;
    }
    let script = "import os, threading
def write(): os.write(fd, b'x' * 1000)
fd = os.open('made', os.O_WRONLY | os.O_CREAT)
threads = [threading.Thread(target=write) for n in range(5)]
[t.start() for t in threads]; [t.join() for t in threads]
os.execlp('head', 'head', '-c', '7000', '/dev/zero')";
    let plan = Rtrace::run("/usr/bin/python3").args(["-S", "-c", script]);
    let run = filtered(plan, "openat").finish();
    assert_eq!(run.exited(0).stdout.len(), 7000);
    let trace = whole(&run);
    let facts = trace.facts.iter().filter(|fact| fact.kind == FactKind::Account);
    let written: Vec<_> = facts.map(|fact| fact.number(FactKey::Wchar)).collect();
    assert_eq!(written, [Some(12_000)]);
}

/// How files are after they were written is looked at though no write is seen, whoever had
/// opened them.
#[test]
fn what_files_were_like_is_known() {
    let script = "seq 1000 >a; { seq 10; seq 100; } >b; : <b; exec 5>c; echo xy >&5";
    let plan = ["-q", "--filter", "seccomp", "--profile", "batch"];
    let run = plan.into_iter().fold(Rtrace::bash(script), Rtrace::option).finish();
    let trace = whole(run.exited(0));
    let facts = trace.facts.iter().filter(|fact| fact.kind == FactKind::Written);
    let mut last = BTreeMap::new();
    for fact in facts {
        let path = String::from_utf8_lossy(fact.bytes(FactKey::Path).expect("a path"));
        let name = path.rsplit('/').next().expect("a name").to_owned();
        last.insert(name, fact.number(FactKey::Size));
    }
    let expected = [("a", 3893), ("b", 21 + 292), ("c", 3)];
    assert_eq!(last, expected.map(|(name, size)| (name.to_owned(), Some(size))).into());
}

/// All ways to have a filter of one's own, but for the strict mode, which one that is
/// filtered cannot have, and a tracer that nobody asked for.
#[test]
fn filters_of_the_tracees_own_of_every_kind() {
    if !may_filter() {
        return;
    }
    let native = Rtrace::without(tracee("seccomp")).finish();
    let modes = |text: &str| -> Vec<String> {
        let is_meant = |line: &&str| line.starts_with("mode") && !line.contains("strict");
        text.lines().filter(is_meant).map(str::to_owned).collect()
    };
    let run = filtered(Rtrace::run(tracee("seccomp")), "all").finish();
    run.exited(0).trace().agrees_with(&run.stdout);
    assert_eq!(modes(&run.stdout), modes(&native.stdout));

    let run = filtered(Rtrace::run(tracee("seccomp")), "getpgid").finish();
    assert_eq!(modes(&run.exited(0).stdout), modes(&native.stdout));
    let trace = whole(&run);
    let refused = |errno: i64| trace.calls("getpgid").any(|call| call.result == Some(-errno));
    assert!(refused(70), "by one of its own");
    assert!(refused(72), "by the second of two");
    let blind = trace.blind_spots();
    assert!(blind.iter().any(|(_, text)| text.contains("TSYNC")), "{blind:?}");
}

#[test]
fn another_user_needs_no_new_privs_no_more_than_root() {
    if !may_filter() {
        return;
    }
    let script = "id -u; grep NoNewPrivs /proc/self/status";
    let run = ["-q", "-u", "nobody", "--filter", "seccomp", "--profile", "batch"]
        .into_iter()
        .fold(Rtrace::bash(script).readable_by_all(), Rtrace::option)
        .finish();
    let nobody = nix::unistd::User::from_name("nobody").expect("users").expect("nobody");
    assert_eq!(run.exited(0).stdout, format!("{}\nNoNewPrivs:\t0\n", nobody.uid));
    assert!(whole(&run).calls("execve").count() >= 3);
}
