//! `rtrace run --print`: lines while the command runs, whoever reads them.

mod common;

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};

use common::{Rtrace, Trace, tool};

fn rtrace() -> Command {
    Command::new(env!("CARGO_BIN_EXE_rtrace"))
}

#[test]
fn lines_are_those_of_convert() {
    let script = "echo out; (sleep 0.2; echo late) & ls / | wc -l; kill -USR1 $$; wait";
    let run = Rtrace::run("sh").args(["-c", &format!("trap : USR1; {script}")]);
    let run = run.option("--print").option("-q").finish();
    run.exited(0);
    assert!(run.stdout.starts_with("out\n") && run.stdout.ends_with("late\n"), "{}", run.stdout);
    let offline = tool(rtrace().arg("convert").arg(&run.log).args(["--to", "strace"]));
    assert!(offline.lines().count() > 300, "{offline}");
    assert_eq!(run.stderr, offline);
}

/// What a blocked call is waiting in is told, and its end when it comes.
#[test]
fn a_pending_call_is_shown_while_it_waits() {
    let mut running = Rtrace::run("cat").option("--print").start();
    let shown = |end: &str| {
        running.until(&format!("stderr ends with {end:?}"), || {
            running.stderr().ends_with(end).then_some(())
        });
    };
    shown(" read(0, ");
    running.write(b"abc");
    running.until("the read's end is shown", || {
        running.stderr().contains(" read(0, \"abc\", 131072)            = 3\n").then_some(())
    });
    running.finish().exited(0);
}

/// A call of another task between its begin and its end makes two lines of it.
#[test]
fn a_pending_call_is_left_unfinished_where_another_line_comes() {
    let script = "exec 3<&0; read x <&3 & wait; :";
    let mut running = Rtrace::run("sh").args(["-c", script]).option("--print").start();
    running.until("both wait", || {
        let text = running.stderr();
        (text.contains(" rt_sigsuspend([], 8") && text.contains(" read(0, ")).then_some(())
    });
    running.write(b"x\n");
    let run = running.finish();
    run.exited(0);
    assert!(run.stderr.contains(" rt_sigsuspend([], 8 <unfinished ...>\n"), "{}", run.stderr);
    let resumed = run.stderr.lines().find(|line| line.contains("<... rt_sigsuspend resumed>) "));
    assert!(resumed.is_some_and(|line| line.contains("= ? ERESTARTNOHAND")), "{}", run.stderr);
}

/// Runs 50,000 calls with `--print` and standard error as given.
fn with_stderr(stderr: impl Into<Stdio>) {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("log.mp");
    let script = "i=0; while [ $i -lt 25000 ]; do : > /dev/null; i=$((i+1)); done; exit 9";
    let status = rtrace()
        .args(["run", "--print", "-o"])
        .arg(&log)
        .args(["--", "sh", "-c", script])
        .stderr(stderr)
        .status()
        .expect("rtrace runs");
    assert_eq!(status.code(), Some(9));
    let trace = Trace::read(&log);
    trace.is_sound();
    assert!(trace.complete, "the log is complete");
    let opened = trace.calls("openat").filter(|call| call.path(1) == Some(b"/dev/null")).count();
    assert_eq!(opened, 25_000);
}

#[test]
fn a_closed_stderr_stops_nothing() {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    with_stderr(writer);
}

#[test]
fn a_full_pipe_that_nobody_reads_stops_nothing() {
    let (reader, writer) = io::pipe().expect("a pipe");
    with_stderr(writer);
    drop(reader);
}

#[test]
fn a_full_disk_stops_nothing() {
    with_stderr(File::create("/dev/full").expect("it is there"));
}
