//! Signals: real-time ones, stops, traps of the tracee's own, restarted calls.

use crate::common::{Account, Rtrace, Run, tracee};

fn recorded(name: &str, args: &[&str]) -> Run {
    let run = Rtrace::run(tracee(name)).args(args).finish();
    run.exited(0);
    run.trace().agrees_with(&run.stdout);
    run
}

#[test]
fn setuid_reaches_every_thread_by_a_real_time_signal() {
    recorded("realtime", &["setuid"]);
}

#[test]
fn queued_real_time_signals_keep_their_values_and_order() {
    let run = recorded("realtime", &["queue"]);
    let said: Vec<i32> =
        run.stdout.lines().filter_map(|line| line.strip_prefix("value ")?.parse().ok()).collect();
    assert_eq!(said.len(), 21);
    // siginfo_t: si_value stands at byte 24 of a queued signal's.
    let trace = run.trace();
    let mut logged: Vec<i32> = Vec::new();
    for signal in trace.root().signals.iter().filter(|signal| signal.number >= 34) {
        let bytes = signal.info.get(24..28).expect("the siginfo is whole");
        logged.push(i32::from_ne_bytes(bytes.try_into().expect("four bytes")));
        assert_eq!(logged.last().map(|value| value / 1000), Some(signal.number));
    }
    // Handlers nest: the last one delivered runs first.
    logged.sort_unstable();
    let mut sorted = said;
    sorted.sort_unstable();
    assert_eq!(logged, sorted);
}

#[test]
fn a_stopped_process_is_stopped_and_its_call_restarted() {
    let run = recorded("stop_cont", &[]);
    let trace = run.trace();
    let child = Account::of(&run.stdout, "task")[0].number("tid") as i32;
    let child = trace.task(child);
    assert!(child.named("restart_syscall").count() >= 1, "poll goes on by restart_syscall");
    assert!(child.continues >= 3, "it went on after each stop");
    // ERESTART_RESTARTBLOCK is what the tracer sees; user space never does.
    let interrupted = child.named("poll").next().expect("it polls");
    assert!(matches!(interrupted.result, Some(-516 | -4)), "{interrupted:?}");
    assert!(child.named("restart_syscall").any(|call| call.result == Some(1)));
}

#[test]
fn a_stopped_process_with_threads() {
    recorded("stop_cont", &["threads"]);
}

#[test]
fn traps_of_the_tracees_own() {
    let run = recorded("own_trap", &[]);
    // int3, int1, raise, kill, sigqueue, and a single step (virtual machines have
    // been seen to make two of it).
    let traps = Account::of(&run.stdout, "signal")[0].number("count");
    assert!((6..=7).contains(&traps), "{traps} traps reached the handler");
}

#[test]
fn interrupted_calls_are_restarted_or_not() {
    recorded("restart", &[]);
}

#[test]
fn handlers_nested_on_another_stack_and_left_by_a_jump() {
    recorded("handlers", &[]);
}

#[test]
fn a_storm_of_signals() {
    recorded("signal_storm", &["200"]);
}

#[test]
#[ignore = "long: repetition"]
fn a_long_storm_of_signals() {
    recorded("signal_storm", &["50000"]);
}
