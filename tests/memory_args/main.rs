//! Every call that passes memory, in or out: a pattern is planted where the
//! prototype says, and found in the log.
//!
//! `invocation` makes a call out of a prototype, `working` says what it takes
//! for a call to succeed, `irregular` holds those whose memory depends on
//! another argument, `subcalls` those that another call makes, `bounds` those that
//! say more than they write. `tests/tracees/memory.c` makes the calls.

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod compare;
mod invocation;
mod irregular;
mod subcalls;
mod working;

use std::fs;
use std::path::Path;

use rtrace::abi::{self, Abi};

use common::{Build, Rtrace, tracee_built};
use compare::Comparison;
use invocation::Invocation;

/// Makes the calls under rtrace and holds the log against them.
fn check(build: Build, calls: &[Invocation]) -> Comparison {
    let lines: Vec<String> = calls.iter().map(Invocation::line).collect();
    let plan = Rtrace::run("bash").option("-s").option("4096").patience(240);
    let file = plan.dir().join("invocations");
    fs::write(&file, lines.join("")).expect("a temporary file");
    let script = format!("exec {} <{}", tracee_built("memory", build).display(), file.display());
    let run = plan.args(["--norc", "-c", &script]).readable_by_all().finish();
    run.exited(0);
    let trace = run.trace();
    let comparison = Comparison::of(&trace, &run.stdout, calls);
    comparison.keep(Path::new(env!("CARGO_TARGET_TMPDIR")), build);
    comparison
}

fn build_of(abi: Abi) -> Build {
    if abi == Abi::I386 { Build::I386 } else { Build::Native }
}

/// Patterns planted blindly: what goes in is captured even if the call fails.
fn patterns_go_in(abi: Abi) {
    let calls: Vec<_> =
        abi::calls(abi).filter_map(|(nr, p)| Invocation::planted(abi, nr, p)).collect();
    assert!(calls.len() > 170, "only {} calls pass memory", calls.len());
    check(build_of(abi), &calls).finds_everything();
}

/// Calls that succeed: what the kernel wrote is what the log has.
fn results_come_out(abi: Abi) {
    let calls = working::invocations(abi);
    let comparison = check(build_of(abi), &calls);
    comparison.finds_everything();
    comparison.all_succeeded();
}

/// Memory that depends on another argument.
fn irregular_memory(abi: Abi) {
    check(build_of(abi), &irregular::invocations(abi)).finds_everything();
}

/// A result or length that is more than the buffer has.
fn nothing_from_behind(abi: Abi) {
    let comparison = check(build_of(abi), &bounds::invocations(abi));
    comparison.finds_everything();
    comparison.all_succeeded();
}

#[test]
fn patterns_go_in_x86_64() {
    patterns_go_in(Abi::X86_64);
}

#[test]
fn patterns_go_in_i386() {
    patterns_go_in(Abi::I386);
}

#[test]
fn results_come_out_x86_64() {
    results_come_out(Abi::X86_64);
}

#[test]
fn results_come_out_i386() {
    results_come_out(Abi::I386);
}

#[test]
fn irregular_memory_x86_64() {
    irregular_memory(Abi::X86_64);
}

#[test]
fn irregular_memory_i386() {
    irregular_memory(Abi::I386);
}

#[test]
fn calls_that_another_call_makes() {
    check(Build::I386, &subcalls::invocations()).finds_everything();
}

#[test]
fn nothing_from_behind_a_buffer_x86_64() {
    nothing_from_behind(Abi::X86_64);
}

#[test]
fn nothing_from_behind_a_buffer_i386() {
    nothing_from_behind(Abi::I386);
}
