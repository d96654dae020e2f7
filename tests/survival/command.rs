//! The command starts as it would without rtrace.

use std::fs;

use crate::common::{Rtrace, tracee};

/// A parent for the command in both cases: with rtrace it leads no process group.
const PARENT: [&str; 4] = ["bash", "-c", "\"$@\"; exit $?", "-"];

/// What the command finds, with and without rtrace, under a wrapper.
#[track_caller]
fn starts_the_same(wrapper: &[&str]) {
    let finds = |plan: Rtrace| {
        let plan = plan
            .args(["one", "", "two words"])
            .under(PARENT)
            .under(wrapper)
            .env("RTRACE_X", "kept");
        let dir = plan.dir().to_string_lossy().into_owned();
        let run = plan.finish();
        run.exited(0);
        // Our own mark, and bash's note of what it has started.
        let same = |line: &&str| {
            !line.starts_with("env: RTRACE_TEST_RUN=") && !line.starts_with("env: _=")
        };
        run.stdout
            .replace(&dir, "DIR")
            .lines()
            .filter(same)
            .map(hide_tmp)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let program = tracee("start_state");
    let (with, without) = (finds(Rtrace::run(&program)), finds(Rtrace::without(&program)));
    let pairs = with.lines().zip(without.lines());
    let differences: Vec<_> = pairs.filter(|(a, b)| a != b).collect();
    assert!(with == without, "with and without rtrace:\n{differences:#?}");
}

/// The names of the files behind descriptors 1 and 2 differ from run to run.
fn hide_tmp(line: &str) -> String {
    match line.split_once("/.tmp") {
        Some((before, after)) => {
            format!("{before}/TMP{}", after.split_once('/').map_or("", |(_, rest)| rest))
        }
        None => line.to_owned(),
    }
}

#[test]
fn as_usual() {
    starts_the_same(&[]);
}

#[test]
fn with_sigpipe_and_others_ignored() {
    starts_the_same(&["bash", "-c", "trap '' PIPE HUP USR1 CHLD; exec \"$@\"", "-"]);
}

#[test]
fn with_sigpipe_at_its_default() {
    starts_the_same(&["env", "--default-signal=PIPE"]);
}

#[test]
fn with_signals_blocked() {
    starts_the_same(&["env", "--block-signal=USR1,TERM,CHLD,TRAP,RTMIN+3"]);
}

#[test]
fn with_other_limits_and_umask() {
    starts_the_same(&[
        "bash",
        "-c",
        "ulimit -S -n 64; ulimit -c 0; ulimit -s 4096; umask 027; exec \"$@\"",
        "-",
    ]);
}

#[test]
fn with_a_limit_of_file_sizes() {
    starts_the_same(&["bash", "-c", "ulimit -S -f 64; exec \"$@\"", "-"]);
    starts_the_same(&["bash", "-c", "ulimit -f 64; trap '' XFSZ; exec \"$@\"", "-"]);
}

#[test]
fn with_few_descriptors_as_hard_limit() {
    starts_the_same(&["bash", "-c", "ulimit -n 40; exec \"$@\"", "-"]);
}

#[test]
fn with_descriptors_of_the_callers() {
    starts_the_same(&[
        "bash",
        "-c",
        "exec 3</dev/null 7>/dev/null 20<>/dev/zero; exec \"$@\"",
        "-",
    ]);
}

#[test]
fn with_another_priority() {
    starts_the_same(&["nice", "-n", "5", "chrt", "--batch", "0"]);
}

#[test]
fn on_one_processor() {
    starts_the_same(&["taskset", "-c", "0"]);
}

#[test]
fn in_a_session_of_its_own() {
    starts_the_same(&[&["setsid", "--wait"], &PARENT[..]].concat());
}

#[test]
fn with_descriptors_0_1_2_closed() {
    for closing in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
        let account = |plan: Rtrace| {
            let file = plan.dir().join("account.txt");
            let script = format!("exec \"$@\" {closing}");
            let run = plan.arg(&file).under(["bash", "-c", &script, "-"]).finish();
            run.exited(33);
            fs::read_to_string(file).expect("the tracee writes it")
        };
        let program = tracee("closed_fds");
        let (with, without) = (account(Rtrace::run(&program)), account(Rtrace::without(&program)));
        assert_eq!(with, without, "with {closing}");
    }
}

#[test]
fn the_first_record_is_one_execve() {
    let run = Rtrace::run("true").finish();
    run.exited(0);
    let trace = run.trace();
    let first = &trace.root().calls[0];
    assert_eq!((first.name, first.result), ("execve", Some(0)), "{first:?}");
    assert_eq!(trace.calls("execve").count(), 1, "PATH is searched beforehand");
}

#[test]
fn standard_output_is_the_commands_alone() {
    let with = Rtrace::bash("printf 'a\\0b'; printf err >&2").finish();
    assert_eq!((with.stdout.as_str(), with.stderr.as_str()), ("a\0b", "err"));
}
