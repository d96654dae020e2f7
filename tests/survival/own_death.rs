//! Signals that are meant for rtrace itself, and its sudden end.

use nix::sys::signal::Signal;

use crate::common::{Exit, Rtrace, Running, tracee};

/// A tracee that catches those signals, and has made a few steps.
fn stepping(signals: &[Signal]) -> Running {
    let numbers = signals.iter().map(|signal| (*signal as i32).to_string());
    let mut running = Rtrace::run(tracee("stepper")).args(numbers).may_leave_processes().start();
    running.until_said("ready ");
    running.write(b"abc");
    running.until_said("step 2");
    running
}

/// SIGTERM and SIGHUP go to the command first.
#[test]
fn term_and_hup_reach_the_command() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let mut running = stepping(&[signal]);
        running.signal(signal);
        running.until_said(&format!("caught {}", signal as i32));
        running.write(b"d");
        running.until_said("step 3");
        let run = running.finish();
        run.exited(23);
        assert!(run.stdout.ends_with("end 4\n"));
        run.trace().agrees_with(&run.stdout);
    }
}

/// `timeout(1)` sends a SIGTERM to its child and another to the group: rtrace
/// gets two, and they are one request.
#[test]
fn timeout_does_not_count_as_a_second_request() {
    let script = "trap 'echo caught; exit 3' TERM; kill -TERM $PPID; kill -TERM $PPID; \
                  while :; do :; done";
    for _ in 0..5 {
        let run = Rtrace::bash(script).finish();
        run.exited(3);
        assert_eq!(run.trace().root().exit, Some(Exit::Code(3)), "it was followed to its end");
    }
}

/// rtrace is in the group that a tracee signals: the command has got it already, and
/// nobody has asked to let go.
#[test]
fn a_signal_for_the_whole_group_is_not_passed_on() {
    let script = "count=0; trap 'count=$((count + 1))' TERM; trap 'other=got' HUP
        for i in 1 2 3 4 5; do kill -TERM 0; kill -HUP 0; sleep 0.12; done
        echo $count $other; exit 4";
    let run = Rtrace::bash(script).finish();
    run.exited(4);
    assert_eq!(run.stdout, "5 got\n");
    assert_eq!(run.trace().root().exit, Some(Exit::Code(4)), "it was followed to its end");
}

#[test]
fn a_command_that_term_kills_ends_the_run() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let running = stepping(&[]);
        running.signal(signal);
        let run = running.finish();
        run.died_of(signal as i32);
        assert_eq!(run.trace().root().exit, Some(Exit::Signal(signal as i32)));
    }
}

/// A second one makes rtrace let go; the command goes on, the log is closed.
#[test]
fn a_second_term_detaches() {
    let mut running = stepping(&[Signal::SIGTERM]);
    running.signal(Signal::SIGTERM);
    running.until_said("caught 15");
    // One that comes at once is the same request: it is sent until it is another.
    let pid = running.pid();
    running.until("rtrace is gone", || {
        running.signal(Signal::SIGTERM);
        (!is_alive(pid)).then_some(())
    });
    assert_eq!(running.processes().len(), 1, "the command lives");
    running.write(b"def");
    running.until_said("step 5");
    running.close();
    running.until_said("end 6");
    let run = running.finish();
    let trace = run.partial_trace();
    assert!(trace.complete, "the log was closed");
    assert_eq!(trace.root().detached, Some(0));
    run.until("the command has ended", || run.left().is_empty().then_some(()));
}

/// What a caller has blocked or ignored keeps no observation from the log.
#[test]
fn a_quiet_tree_is_flushed_whatever_the_callers_signals() {
    for wrapper in ["--block-signal", "--ignore-signal"] {
        let mut running = Rtrace::run(tracee("stepper")).under(["env", wrapper]).start();
        running.until_said("ready ");
        running.write(b"ab");
        let log = running.log().to_owned();
        running.until("two steps are in the log", || {
            let trace = crate::common::Trace::read(&log);
            (trace.calls("getpgid").count() == 2).then_some(())
        });
        running.finish().exited(23);
    }
}

/// A terminal's Ctrl-C goes to the whole process group: the command has it
/// already, and rtrace must not send it again, nor die of it.
#[test]
fn int_for_rtrace_alone_does_not_end_the_recording() {
    let mut running = stepping(&[Signal::SIGINT, Signal::SIGQUIT]);
    running.signal(Signal::SIGINT);
    running.signal(Signal::SIGQUIT);
    running.write(b"de");
    running.until_said("step 4");
    let run = running.finish();
    run.exited(23);
    assert!(run.stdout.ends_with("end 5\n"), "{}", run.stdout);
    run.trace();
}

#[test]
fn sigpipe_for_rtrace_does_not_end_the_recording() {
    let mut running = stepping(&[]);
    running.signal(Signal::SIGPIPE);
    running.write(b"de");
    running.until_said("step 4");
    let run = running.finish();
    run.exited(23);
    run.trace().agrees_with(&run.stdout);
}

/// The reader of the log's pipe goes away: the job does not suffer.
#[test]
fn the_logs_reader_goes_away() {
    let plan = Rtrace::bash("for i in $(seq 300); do :; done; seq 20000 | tail -1; exit 9");
    let fifo = plan.dir().join("log.fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("mkfifo");
    let plan = plan.log(&fifo);
    let reader = std::thread::spawn(move || {
        use std::io::Read;
        let mut some = [0; 10];
        std::fs::File::open(fifo).expect("the FIFO").read_exact(&mut some).expect("a header");
    });
    let run = plan.finish();
    reader.join().expect("the reader");
    run.exited(9);
    assert_eq!(run.stdout, "20000\n");
    assert!(!run.stderr.is_empty(), "rtrace says that recording failed");
}

/// With plain ptrace the tree goes on as if nothing had been; what was flushed
/// can be read.
#[test]
fn kill_9_of_rtrace() {
    let mut running = stepping(&[Signal::SIGUSR1]);
    let log = running.log().to_owned();
    let logged = |step: u64| {
        let log = log.clone();
        move || {
            let trace = crate::common::Trace::read(&log);
            let found = trace.calls("getpgid").any(|call| call.words[0] == 0x60_0000 + step);
            found.then_some(())
        }
    };
    running.until("three steps are in the log", logged(2));
    running.signal(Signal::SIGKILL);
    let pid = running.pid();
    running.until("rtrace is gone", || (!is_alive(pid)).then_some(()));
    let alone = || Some(running.processes()).filter(|left| left.len() == 1);
    let left = running.until("the command lives, and the keeper is gone", alone);
    running.write(b"defgh");
    running.until_said("step 7");
    let status = std::fs::read_to_string(format!("/proc/{}/status", left[0])).expect("it lives");
    assert!(status.contains("TracerPid:\t0"), "nobody traces it");
    assert!(!status.contains("State:\tT"), "it is not stopped");
    running.close();
    running.until_said("end 8");
    let run = running.finish();
    run.died_of(9);
    let trace = run.partial_trace();
    assert!(!trace.complete, "the log says that it was cut");
    let steps: Vec<_> = trace.calls("getpgid").map(|call| call.words[0] - 0x60_0000).collect();
    assert_eq!(steps, [0, 1, 2]);
    run.until("the command has ended", || run.left().is_empty().then_some(()));
}

#[test]
fn kill_9_of_rtrace_in_a_busy_tree() {
    let script = "for i in 1 2 3 4; do (for j in $(seq 150); do echo $i.$j | cat >/dev/null; \
                  done; echo part $i >> parts) & done; wait; echo all done";
    let running = Rtrace::bash(script).may_leave_processes().start();
    let log = running.log().to_owned();
    running.until("something is in the log", || {
        (crate::common::Trace::read(&log).tasks.len() > 20).then_some(())
    });
    running.signal(Signal::SIGKILL);
    running.until_said("all done");
    let run = running.finish();
    run.died_of(9);
    run.until("the tree has ended", || run.left().is_empty().then_some(()));
    let parts = std::fs::read_to_string(run.dir().join("parts")).expect("the jobs write it");
    assert_eq!(parts.lines().count(), 4);
    assert!(run.partial_trace().tasks.len() > 20);
}

/// Whether a process is there and no zombie.
fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !matches!(
        stat.rsplit_once(')').and_then(|(_, rest)| rest.trim().chars().next()),
        None | Some('Z')
    )
}
