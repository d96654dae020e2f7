//! `rtrace convert --to ttl` and `--to nt`, read back by other implementations.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rtrace::abi::Abi;
use rtrace::event::{Batch, Call, Kind, Origin, Phase, Role, State, TaskId};
use rtrace::log::{Clock, End, Header, Host, Writer};

/// Runs a program that must succeed; its standard output.
fn output(command: &mut Command) -> Vec<u8> {
    let Output { status, stdout, stderr } = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot run: {error} (see tests/run)"));
    assert!(status.success(), "{command:?}: {status}: {}", String::from_utf8_lossy(&stderr));
    stdout
}

fn rtrace(args: &[&str]) -> Vec<u8> {
    output(Command::new(env!("CARGO_BIN_EXE_rtrace")).args(args))
}

/// A log of a run with a fork, a wait, a descriptor, and a path that is no text.
fn write_log(path: &Path) {
    let header = Header {
        run: std::array::from_fn(|index| index as u8),
        host: Host { name: b"node \"one\"\n".to_vec(), ..Host::default() },
        clock: Clock { realtime: 1_795_494_344_000_000_000, monotonic: 5 },
        command: vec![b"sh".to_vec(), b"-c".to_vec(), "echo 'ü' \\".into()],
        cwd: b"/tmp".to_vec(),
        ..Header::default()
    };
    let out = BufWriter::new(File::create(path).expect("a new file"));
    let mut log = Writer::new(out, &header).expect("a header");
    log.write_batch(&batch()).expect("a block");
    log.finish(End::default()).expect("an end");
}

fn batch() -> Batch {
    let mut batch = Batch::new();
    let mut time = 0;
    let mut tick = || {
        time += 1000;
        time
    };
    let call = |nr| Call { abi: Abi::X86_64, nr };
    let mut start = batch.record(Kind::Start, TaskId(1), 0);
    start.at(tick()).words([100, 100, 1, 0, 0, Origin::Root.code().into()]);
    start.finish();
    for (ordinal, path) in
        [(1, &b"a b\t\"\\\xff\xfe<>{}|^`"[..]), (2, "é\u{1f600}\u{85}".as_bytes())]
    {
        let mut open = batch.record(Kind::Call, TaskId(1), ordinal);
        open.start(tick()).call(call(257)).words([-100i64 as u64, 8, 0, 0, 0, 0]);
        open.piece(1, Role::Path, Phase::Entry, State::Whole, path);
        open.returned(tick(), 3, false);
        open.finish();
    }
    let mut child = batch.record(Kind::Start, TaskId(2), 0);
    child.at(tick()).words([101, 101, 2, 1, 3, Origin::Fork.code().into()]);
    child.finish();
    let mut fork = batch.record(Kind::Call, TaskId(1), 3);
    fork.start(tick()).call(call(57)).returned(tick(), 101, false);
    fork.finish();
    let mut exec = batch.record(Kind::Call, TaskId(2), 1);
    exec.start(tick()).call(call(59)).words([8, 8, 8, 0, 0, 0]);
    exec.piece(0, Role::Path, Phase::Entry, State::Whole, b"/bin/\xc3");
    exec.piece(1, Role::Arg, Phase::Entry, State::Whole, b"x\n\r\x01\"\xff");
    exec.piece(2, Role::Env, Phase::Entry, State::Whole, b"A=1");
    exec.returned(tick(), 0, false);
    exec.finish();
    let mut exit = batch.record(Kind::Exit, TaskId(2), 2);
    exit.at(tick()).words([1, 0, 0, 0, 0, 0]);
    exit.finish();
    let mut wait = batch.record(Kind::Call, TaskId(1), 4);
    wait.start(tick()).call(call(61)).words([u64::MAX, 0, 0, 0, 0, 0]).returned(tick(), 101, false);
    wait.finish();
    batch
}

/// The log in both syntaxes, in a directory of its own.
fn converted() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let (log, nt, ttl) =
        (dir.path().join("run.mp"), dir.path().join("run.nt"), dir.path().join("run.ttl"));
    write_log(&log);
    for (to, path) in [("nt", &nt), ("ttl", &ttl)] {
        let [log, path] = [&log, path].map(|path| path.to_str().expect("text"));
        rtrace(&["convert", log, "--to", to, "-o", path]);
    }
    (dir, nt, ttl)
}

#[test]
fn rapper_reads_the_same_triples_from_both() {
    let (_dir, nt, ttl) = converted();
    let triples = |syntax: &str, path: &Path| {
        let path = path.to_str().expect("text");
        let out = output(Command::new("rapper").args(["-q", "-i", syntax, "-o", "ntriples", path]));
        let mut lines: Vec<_> = out.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines
    };
    let (from_nt, from_ttl) = (triples("ntriples", &nt), triples("turtle", &ttl));
    assert!(from_nt.len() > 80, "only {} triples", from_nt.len());
    assert!(from_nt == from_ttl, "rapper reads other triples from Turtle than from N-Triples");
}

#[test]
fn rdflib_reads_the_same_graph_from_both() {
    const SCRIPT: &str = r#"
import sys
from rdflib import Graph, Namespace
nt, ttl = Graph().parse(sys.argv[1], format="nt"), Graph().parse(sys.argv[2], format="turtle")
lines = sum(1 for line in open(sys.argv[1]) if line.strip())
assert set(nt) == set(ttl), set(nt) ^ set(ttl)
assert len(nt) == lines, f"{lines} lines, {len(nt)} triples"
r = Namespace("https://w3id.org/rtrace/ns#")
paths = sorted(str(path) for path in nt.objects(None, r.path))
assert "/tmp/é\U0001f600\u0085" in paths, paths
[raw] = [raw.toPython() for file, raw in nt.subject_objects(r.pathBytes) if "/tmp/" in file]
assert raw == b'/tmp/a b\t"\\\xff\xfe<>{}|^`', raw
assert len(list(nt.subject_objects(r.forks))) == 1 and len(list(nt.subject_objects(r.joins))) == 1
"#;
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/venv");
    let python = String::from_utf8(output(&mut Command::new(venv))).expect("a path");
    let (_dir, nt, ttl) = converted();
    output(Command::new(python.trim()).arg("-c").arg(SCRIPT).arg(nt).arg(ttl));
}
