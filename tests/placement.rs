//! Tracer and tracees share a processor (`--colocate`): nobody sees it, nobody stays
//! bound, and what runs in parallel goes on to.

mod common;

use std::fs;
use std::process::Command;

use common::{Build, Rtrace, Running, tracee, tracee_built};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A field of a task's status.
fn field(task: &str, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{task}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// The processors that a task may use, as the kernel lists them.
fn cpus(task: &str) -> Option<String> {
    field(task, "Cpus_allowed_list")
}

fn own_cpus() -> String {
    cpus("self").expect("of this process")
}

/// Whether there is a choice of processors.
fn has_choice() -> bool {
    let has = own_cpus().contains([',', '-']);
    if !has {
        eprintln!("passed over: there is one processor only");
    }
    has
}

/// All threads of processes.
fn threads(pids: &[i32]) -> Vec<String> {
    let of = |pid: &i32| fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    pids.iter().flat_map(of).map(name).collect()
}

/// The keeper of a running rtrace.
fn keeper(rtrace: i32) -> Option<i32> {
    let children = fs::read_dir(format!("/proc/{rtrace}/task")).ok()?.flatten();
    let children: String = children
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .collect::<Vec<_>>()
        .join(" ");
    let mut pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.find(|pid: &i32| field(&pid.to_string(), "Name").as_deref() == Some("rtrace-keeper"))
}

/// The processes of a run but rtrace's own.
fn tracees(running: &Running) -> Vec<i32> {
    let mut pids = running.processes();
    let own = [Some(running.pid()), keeper(running.pid())];
    pids.retain(|pid| !own.contains(&Some(*pid)));
    pids
}

fn bound(tasks: &[String]) -> usize {
    let is_bound = |task: &&String| cpus(task).is_some_and(|cpus| !cpus.contains([',', '-']));
    tasks.iter().filter(is_bound).count()
}

/// Many short processes and some threads, for good.
const BUSY: &str = "for i in 1 2; do while :; do /bin/true; done & done
    python3 -c 'import os, threading
def calls():
    while True:
        os.getppid()
for i in range(3):
    threading.Thread(target=calls).start()' &
    wait";

/// A run of that, in which somebody is bound.
fn busy() -> Running {
    let running = Rtrace::bash(BUSY).option("--colocate=on").may_leave_processes().start();
    running.until("somebody is bound", || (bound(&threads(&tracees(&running))) > 2).then_some(()));
    running
}

#[test]
fn tasks_see_and_set_their_processors() {
    for build in [Build::Native, Build::I386] {
        let program = tracee_built("places", build);
        let without = Rtrace::without(&program).finish();
        for mode in ["auto", "on", "off"] {
            let run = Rtrace::run(&program).option(format!("--colocate={mode}")).finish();
            run.exited(0);
            assert_eq!(run.stdout, without.stdout, "{build:?} {mode}");
        }
    }
}

#[test]
fn tools_see_the_truth() {
    let script = "nproc; taskset -cp $$ | sed 's/.*: //'; taskset -c 0 nproc
        python3 -c 'import os; print(os.sched_getaffinity(0), os.cpu_count())'";
    let without = Rtrace::without("bash").args(["--norc", "-c", script]).finish();
    let run = Rtrace::bash(script).option("--colocate=on").finish();
    run.exited(0);
    assert_eq!(run.stdout, without.stdout);
}

#[test]
fn the_log_has_the_truth() {
    let run = Rtrace::run(tracee("places")).option("--colocate=on").finish();
    let trace = run.trace();
    let calls: Vec<_> = trace.calls("sched_getaffinity").collect();
    let first = calls.iter().find(|call| call.result > Some(0)).expect("it has asked");
    let mask = first.pieces.iter().find(|piece| piece.arg == 2).expect("it was captured");
    let count: u32 = mask.bytes.iter().map(|byte| byte.count_ones()).sum();
    let shown = run.stdout.lines().next().expect("its first look");
    let told = shown.split_once("bytes: ").expect("processors").1.split(' ').count();
    assert_eq!(count as usize, told);
}

#[test]
fn tracer_and_tracee_share_a_processor() {
    if !has_choice() {
        return;
    }
    let script = "until grep -q '^Cpus_allowed_list:\\s[0-9]*$' /proc/self/status; do :; done";
    for mode in ["auto", "on"] {
        Rtrace::bash(script).option(format!("--colocate={mode}")).finish().exited(0);
    }
}

#[test]
fn what_computes_goes_on_in_parallel() {
    if !has_choice() {
        return;
    }
    for pause in ["0", "300000"] {
        let makefile = "all: 0 1\n0 1:\n\t$(PROGRAM) meeting $@ $(PAUSE)\n";
        let plan = Rtrace::run("make").args(["-sj2", &format!("PAUSE={pause}")]);
        let plan = plan.arg(format!("PROGRAM={}", tracee("together").display()));
        fs::write(plan.dir().join("Makefile"), makefile).expect("its directory");
        fs::write(plan.dir().join("meeting"), [0; 4096]).expect("its directory");
        plan.finish().exited(0);
    }
}

#[test]
fn nobody_is_touched_without_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut counts = Vec::new();
    for mode in ["off", "on"] {
        let (log, calls) = (dir.path().join("log"), dir.path().join("calls"));
        let status = Command::new("strace")
            .args(["-qq", "-e", "trace=sched_setaffinity", "-o"])
            .arg(&calls)
            .arg(env!("CARGO_BIN_EXE_rtrace"))
            .args(["run", "--colocate", mode, "-o"])
            .arg(&log)
            .args(["--", "bash", "--norc", "-c"])
            .arg("for i in {1..20}; do /bin/true; done")
            .status()
            .expect("strace runs");
        assert!(status.success());
        let calls = fs::read_to_string(&calls).expect("strace's log");
        counts.push(calls.matches("sched_setaffinity(").count());
    }
    assert_eq!(counts[0], 0);
    assert_eq!(counts[1] > 0, has_choice(), "{counts:?}");
}

/// Whatever happens to rtrace.
#[test]
fn nobody_stays_bound_when_rtrace_is_killed() {
    if !has_choice() {
        return;
    }
    for _ in 0..10 {
        let running = busy();
        let keeper = keeper(running.pid()).expect("there is one");
        running.signal(Signal::SIGKILL);
        running.until("all are free", || {
            let left = tracees(&running);
            let gone = fs::metadata(format!("/proc/{keeper}/cmdline")).is_err()
                || field(&keeper.to_string(), "State").is_none_or(|state| state.starts_with('Z'));
            (gone && !left.is_empty() && bound(&threads(&left)) == 0).then_some(())
        });
        assert!(!tracees(&running).is_empty(), "they live on");
        drop(running);
    }
}

#[test]
fn nobody_stays_bound_when_they_are_let_go() {
    if !has_choice() {
        return;
    }
    let running = busy();
    let pid = running.pid();
    running.until("rtrace is gone", || {
        running.signal(Signal::SIGHUP);
        field(&pid.to_string(), "State").is_none_or(|state| state.starts_with('Z')).then_some(())
    });
    let left = running.processes();
    assert!(!left.is_empty(), "they live on");
    assert_eq!(bound(&threads(&left)), 0);
}

#[test]
fn nobody_is_bound_without_a_keeper() {
    if !has_choice() {
        return;
    }
    let running = busy();
    let keeper = keeper(running.pid()).expect("there is one");
    kill(Pid::from_raw(keeper), Signal::SIGKILL).expect("it is there");
    running.until("all are free", || (bound(&threads(&tracees(&running))) == 0).then_some(()));
}

#[test]
fn the_keeper_has_nothing_of_others() {
    if !has_choice() {
        return;
    }
    let running = busy();
    let keeper = keeper(running.pid()).expect("there is one");
    let link = |name: &str| fs::read_link(format!("/proc/{keeper}/{name}")).expect("it lives");
    let open: Vec<_> = fs::read_dir(format!("/proc/{keeper}/fd")).expect("it lives").collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(link("fd/0").to_string_lossy().starts_with("pipe:"));
    assert_eq!(link("cwd"), std::path::Path::new("/"));
    assert_eq!(field(&keeper.to_string(), "NSsid"), Some(keeper.to_string()));
    let blocked = field(&keeper.to_string(), "SigBlk").expect("it lives");
    let blocked = u64::from_str_radix(&blocked, 16).expect("a mask");
    for signal in [Signal::SIGINT, Signal::SIGHUP, Signal::SIGTERM, Signal::SIGTSTP] {
        assert_ne!(blocked & 1 << (signal as i32 - 1), 0, "{signal}");
    }
}
