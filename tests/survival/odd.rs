//! Lives, execs and signals that are uncommon: each tracee judges for itself
//! whether all went as the kernel promises, and tells by its exit status.

use rtrace::event::Role;

use crate::common::{Account, Build, Exit, Rtrace, Run, Trace, tracee, tracee_built};

/// Runs a tracee's mode to the status that it also has without rtrace.
#[track_caller]
fn as_without(name: &str, args: &[&str], code: i32) -> Run {
    Rtrace::without(tracee(name)).args(args).finish().exited(code);
    let run = Rtrace::run(tracee(name)).args(args).finish();
    run.exited(code);
    run
}

#[track_caller]
fn told(name: &str, mode: &str, code: i32) -> Run {
    let run = as_without(name, &[mode], code);
    run.trace().agrees_with(&run.stdout);
    run
}

#[test]
fn a_vfork_in_the_child_of_a_vfork() {
    told("odd_lives", "double_vfork", 40);
}

#[test]
fn a_vfork_child_killed_before_its_exec() {
    let run = told("odd_lives", "killed_vfork", 41);
    let trace = run.trace();
    assert_eq!(trace.calls("vfork").filter(|call| call.result.is_some()).count(), 10);
}

#[test]
fn a_process_that_shares_memory_and_files() {
    let run = told("odd_lives", "sharing", 42);
    let trace = run.trace();
    assert!(trace.tasks.values().all(crate::common::Task::is_process), "it is no thread");
}

#[test]
fn a_leader_that_ends_before_its_threads() {
    let run = told("odd_lives", "leader_first", 43);
    let trace = run.trace();
    let last = trace.tasks.values().nth(1).expect("the thread");
    assert_eq!(last.exit, Some(Exit::Code(43)));
    assert_eq!(last.execs.last().map(|exec| exec.2), Some(trace.root().id));
    assert_eq!(trace.root().exit, Some(Exit::Code(1)), "it left by itself");
}

#[test]
fn a_child_killed_by_its_parents_end() {
    told("odd_lives", "death_signal", 44);
}

#[test]
fn a_whole_group_killed_at_once() {
    told("odd_lives", "whole_group", 45);
}

#[test]
fn a_robust_mutex_whose_owner_is_gone() {
    as_without("odd_lives", &["robust"], 46).trace();
}

#[test]
fn another_root_and_other_ids() {
    // A directory is made; twice would be one too many.
    let run = Rtrace::run(tracee("odd_lives")).arg("confined").finish();
    run.exited(47);
    run.trace().agrees_with(&run.stdout);
}

#[test]
fn exit_group_while_threads_run() {
    told("odd_lives", "busy_end", 48);
}

#[test]
fn a_pid_namespace_killed_from_within() {
    told("odd_lives", "all_in_namespace", 49);
}

#[test]
fn threads_that_execute_one_after_the_other() {
    let run = as_without("odd_execs", &["threads", "5"], 30);
    let trace = run.trace();
    assert_eq!(trace.tasks.len(), 6);
    let tasks: Vec<_> = trace.tasks.values().collect();
    for pair in tasks.windows(2) {
        let exec = pair[1].execs.first().expect("each thread executes");
        assert_eq!((exec.0, exec.2), (tasks[0].tids[0], pair[0].id), "it takes the leader's id");
        assert_eq!(pair[1].process, tasks[0].id, "it is one process to the end");
    }
}

#[test]
fn a_program_in_memory() {
    for how in ["fexecve", "execveat"] {
        let run = as_without("odd_execs", &[how], 31);
        let trace = run.trace();
        let call = trace.calls("execveat").next().expect("it calls execveat");
        assert_eq!((call.result, call.path(1)), (Some(0), Some(&b""[..])), "{call:?}");
        assert_eq!(trace.root().execs.len(), 2);
    }
}

#[test]
fn scripts_that_run_scripts() {
    let run = told("odd_execs", "scripts", 32);
    let trace = run.trace();
    let results: Vec<_> = trace.calls("execve").map(|call| call.result).collect();
    assert_eq!(results, [Some(0), Some(-40), Some(0)], "one exec each, whatever the depth");
}

#[test]
fn execs_that_fail_in_every_way() {
    let run = told("odd_execs", "failing", 33);
    let trace = run.trace();
    assert_eq!(Account::of(&run.stdout, "exit")[0].number("code"), 34, "argv may be empty");
    let failed = trace.calls("execve").filter(|call| call.result != Some(0));
    assert_eq!(failed.count(), 11);
}

#[test]
fn an_environment_of_a_megabyte() {
    let run = as_without("odd_execs", &["huge"], 36);
    assert!(run.stdout.contains("environment 2009\n"), "{}", run.stdout);
    let trace = run.trace();
    let call = trace.root().named("execve").last().expect("it executes itself");
    let bytes: usize = call.pieces.iter().map(|piece| piece.bytes.len()).sum();
    assert!(bytes > 9 * 131_000, "the environment is in the log: {bytes} bytes");
}

/// A difference is taken to what the log has, and to nothing else.
#[test]
fn environments_of_execs_that_were_recorded() {
    let roles = |set: &str, call: &str, index: usize| -> Vec<Role> {
        let run = Rtrace::run(tracee("odd_execs")).arg("hops").option("-e").option(set).finish();
        let trace = run.exited(37).partial_trace();
        let call = trace.root().named(call).nth(index).expect("it is recorded").clone();
        let roles = call.pieces.iter().map(|piece| piece.role);
        roles.filter(|role| matches!(role, Role::Env | Role::EnvDiff)).collect()
    };
    // What it is started with; then execve, execveat, execve.
    assert_eq!(roles("trace=execve,execveat", "execve", 2), [Role::EnvDiff; 2]);
    assert_eq!(roles("trace=execve,execveat", "execveat", 0), [Role::EnvDiff; 2]);
    assert_eq!(roles("trace=execve", "execve", 2), [Role::Env; 2], "there is no execveat");
}

#[test]
fn no_descriptors_and_no_right_to_open_one() {
    let run = as_without("odd_execs", &["closed"], 35);
    let trace = run.trace();
    assert!(trace.calls("getpgid").any(|call| call.words[0] == 0x66));
}

#[test]
fn a_timer_at_ten_kilohertz() {
    told("odd_signals", "timer", 50);
}

#[test]
fn signals_that_are_waited_for() {
    told("odd_signals", "waited", 51);
}

#[test]
fn signals_for_one_thread_of_many() {
    told("odd_signals", "one_thread", 52);
}

#[test]
fn stops_and_continues_without_waiting() {
    told("odd_signals", "stop_race", 53);
}

#[test]
fn a_signals_sender_comes_through() {
    as_without("odd_signals", &["informed"], 54).trace();
}

#[test]
fn faults_that_no_handler_can_take() {
    told("odd_signals", "faults", 55);
}

#[test]
fn goroutines_are_threads_and_not_processes() {
    let run = Rtrace::run(tracee_built("goroutines", Build::Go)).finish();
    run.exited(17);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    // Itself, and the four programs that it executes.
    assert_eq!(trace.processes().len(), 5, "{}", run.stdout);
    let threads = threads_of(&trace);
    assert!(threads >= 3, "the Go runtime has threads: {threads}");
    assert!(trace.calls("accept4").any(|call| call.result.is_some_and(|fd| fd > 0)));
}

fn threads_of(trace: &Trace) -> usize {
    trace.tasks.values().filter(|task| !task.is_process()).count()
}

#[test]
fn uncommon_lives_of_other_builds() {
    for build in [Build::Musl, Build::I386, Build::StaticI386] {
        for (name, mode, code) in [("odd_lives", "whole_group", 45), ("odd_lives", "busy_end", 48)]
        {
            let run = Rtrace::run(tracee_built(name, build)).arg(mode).finish();
            run.exited(code);
            run.trace().agrees_with(&run.stdout);
        }
        let run = Rtrace::run(tracee_built("odd_execs", build)).args(["threads", "3"]).finish();
        run.exited(30);
        assert_eq!(run.trace().tasks.len(), 4, "{build:?}");
    }
}
