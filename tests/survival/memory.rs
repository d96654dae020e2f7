//! Pointers to nothing, arguments that are huge, paths of every kind.

use rtrace::event::{FactKey, FactKind, Role, State};

use crate::common::{Account, Rtrace, tracee};

#[test]
fn pointers_to_nothing() {
    let run = Rtrace::run(tracee("bad_pointers")).finish();
    run.exited(0);
    assert!(run.stdout.ends_with("done\n"), "{}", run.stderr);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);

    let faulted = &Account::of(&run.stdout, "faulted")[0];
    let kept = faulted.word("bytes").expect("the tracee says").as_bytes();
    let piece = trace
        .calls("openat")
        .filter_map(|call| call.piece(1, Role::Path))
        .find(|piece| piece.state == State::Faulted)
        .expect("a string that runs into an unmapped page");
    assert_eq!(piece.bytes, kept, "what can be read of it is kept");

    let unreadable = trace
        .calls("openat")
        .filter(|call| call.result == Some(-14) && call.words[1] < 0x1000)
        .filter_map(|call| call.piece(1, Role::Path))
        .filter(|piece| piece.state == State::Unreadable);
    assert!(unreadable.count() >= 2, "low pointers are recorded as unreadable");
}

/// Who reads such memory first waits for a thread that may wait for us.
#[test]
fn memory_that_a_thread_of_the_tracee_provides() {
    Rtrace::without(tracee("page_server")).finish().exited(56);
    let run = Rtrace::run(tracee("page_server")).finish();
    run.exited(56);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let served = trace.calls("getpgid").filter(|call| call.words[0] == 0x7700);
    assert_eq!(served.count(), 2, "it provides the pages that the kernel touches, and no others");
    let mut paths = trace.calls("openat").filter_map(|call| call.path(1));
    assert!(paths.any(|path| path == b"/nonexistent/served"), "once the kernel has read it");
    assert!(trace.blind_spots().iter().any(|(_, text)| text.contains("userfaultfd")));
}

/// The same of whoever looks at a file whose file system a tracee serves.
#[test]
fn files_that_a_tracee_serves() {
    let without = Rtrace::without(tracee("fuse_server")).finish();
    if without.status.code() == Some(77) {
        // Where nobody can mount FUSE, nobody can wait for it.
        eprintln!("not tested, {}", without.stdout);
        return;
    }
    without.exited(57);
    let run = Rtrace::run(tracee("fuse_server")).finish();
    run.exited(57);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let paths = trace.calls("openat").filter(|call| call.path(1) == Some(b"/nonexistent/first"));
    assert_eq!(paths.count(), 2, "the kernel has read it, and so the log has it");
    let unseen = trace.calls("write").filter_map(|call| call.piece(1, Role::Data));
    assert!(unseen.into_iter().any(|data| data.state == State::Unreadable), "nobody touched it");
    let facts = trace.facts.iter().filter(|fact| fact.kind == FactKind::File);
    let mut sizes = facts.filter(|fact| fact.bytes(FactKey::Path).is_some_and(ends_in_served));
    assert_eq!(sizes.next().and_then(|fact| fact.number(FactKey::Size)), Some(8192));
    assert!(trace.blind_spots().iter().any(|(_, text)| text.contains("FUSE")));

    // What is in them is not read at all.
    let run = Rtrace::run(tracee("fuse_server")).option("--facts").option("full").finish();
    run.exited(57);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let facts = trace.facts.iter().filter(|fact| fact.kind == FactKind::Content);
    let served = facts.filter(|fact| fact.bytes(FactKey::Path).is_some_and(ends_in_served));
    let said: Vec<_> = served.map(|fact| fact.bytes(FactKey::Text)).collect();
    assert!(!said.is_empty() && said.iter().all(Option::is_some), "{said:?}");
}

fn ends_in_served(path: &[u8]) -> bool {
    path.ends_with(b"served/file")
}

#[test]
fn an_argv_of_two_megabytes() {
    let run = Rtrace::run(tracee("big_argv")).finish();
    run.exited(0);
    let said = Account::of(&run.stdout, "argv");
    assert_eq!(said.len(), 2);
    assert_eq!(said[0].word("digest"), said[1].word("digest"), "argv came through");

    let trace = run.trace();
    let exec = trace.root().named("execve").last().expect("it executes itself");
    let args: Vec<&[u8]> =
        exec.pieces.iter().filter(|p| p.role == Role::Arg).map(|p| p.bytes.as_slice()).collect();
    assert_eq!(args.len() as i64, said[0].number("count"));
    assert!(exec.pieces.iter().all(|piece| piece.state == State::Whole));
    assert!(args.iter().map(|arg| arg.len() + 1).sum::<usize>() > 2_000_000);
    let digest = args.iter().fold(5381u32, |sum, arg| {
        let step = |sum: u32, byte: u8| sum.wrapping_mul(33).wrapping_add(byte.into());
        step(arg.iter().fold(sum, |sum, byte| step(sum, *byte)), 0)
    });
    assert_eq!(i64::from(digest), said[0].number("digest"), "every byte of argv is in the log");
}

#[test]
fn paths_of_every_kind() {
    let run = Rtrace::run(tracee("odd_paths")).finish();
    run.exited(0);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    assert!(trace.calls("openat").any(|call| call.path(1).is_some_and(|path| path.len() == 4095)));
    assert!(trace.calls("openat").any(|call| call.path(1) == Some(b"new\nline")));
    assert!(trace.calls("openat").any(|call| call.path(1) == Some(b"\xff\xfe not utf-8 \x80")));
    // What is longer than PATH_MAX is kept to there, and marked.
    let long = trace.calls("openat").filter(|call| call.result == Some(-36));
    let states: Vec<_> = long.filter_map(|call| Some(call.piece(1, Role::Path)?.state)).collect();
    assert!(states.contains(&State::Cut), "{states:?}");
}
