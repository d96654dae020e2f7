//! The formats of RDF, read back by other implementations: all have the same graph.

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

/// Names that some syntax has trouble with: `/tmp` is before each.
const PATHS: [&[u8]; 8] = [
    b"a b\t\"\\\xff\xfe<>{}|^`",
    "é\u{1f600}\u{85}\u{2028}\u{feff}".as_bytes(),
    b"\x01\x02\x08\x0b\x0c\x1b\x1f\x7f",
    b"cr\r lf\n crlf\r\n tab\t end\r",
    "\u{fffe}\u{ffff}\u{fdd0}\u{1fffe}\u{10ffff}".as_bytes(),
    b"surrogates \xed\xa0\x80 \xed\xbf\xbf \xed\xa0\x80\xed\xb0\x80",
    b"too long \xc0\xaf \xf5\x80\x80\x80 cut \xe2\x82",
    b"]]> &amp; &#1; <!-- <?x ?> ' \"\"\" \\u0041 %00 @id",
];

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
    for (ordinal, path) in (1..).zip(PATHS) {
        let mut open = batch.record(Kind::Call, TaskId(1), ordinal);
        open.start(tick()).call(call(257)).words([-100i64 as u64, 8, 0, 0, 0, 0]);
        open.piece(1, Role::Path, Phase::Entry, State::Whole, path);
        open.returned(tick(), 2 + ordinal as i64, false);
        open.finish();
    }
    let mut socket = batch.record(Kind::Call, TaskId(1), 11);
    socket.start(tick()).call(call(41)).words([1, 1, 0, 0, 0, 0]).returned(tick(), 90, false);
    socket.finish();
    let mut connect = batch.record(Kind::Call, TaskId(1), 12);
    connect.start(tick()).call(call(42)).words([90, 8, 110, 0, 0, 0]);
    connect.piece(1, Role::Sockaddr, Phase::Entry, State::Whole, b"\x01\0\0x\x01\xff");
    connect.returned(tick(), 0, false);
    connect.finish();
    let mut child = batch.record(Kind::Start, TaskId(2), 0);
    child.at(tick()).words([101, 101, 2, 1, 13, Origin::Fork.code().into()]);
    child.finish();
    let mut fork = batch.record(Kind::Call, TaskId(1), 13);
    fork.start(tick()).call(call(57)).returned(tick(), 101, false);
    fork.finish();
    let mut exec = batch.record(Kind::Call, TaskId(2), 1);
    exec.start(tick()).call(call(59)).words([8, 8, 8, 0, 0, 0]);
    exec.piece(0, Role::Path, Phase::Entry, State::Whole, b"/bin/\xc3");
    exec.piece(1, Role::Arg, Phase::Entry, State::Whole, b"x\n\r\x01\"\xff");
    exec.piece(1, Role::Arg, Phase::Entry, State::Whole, "\0\u{fffe}]]>&lt;".as_bytes());
    for variable in [&b"A=1"[..], b"B=\x1b[0m", b"C=\xed\xa0\x80", b"D= \r\n\t ", b""] {
        exec.piece(2, Role::Env, Phase::Entry, State::Whole, variable);
    }
    exec.returned(tick(), 0, false);
    exec.finish();
    let mut exit = batch.record(Kind::Exit, TaskId(2), 2);
    exit.at(tick()).words([1, 0, 0, 0, 0, 0]);
    exit.finish();
    let mut wait = batch.record(Kind::Call, TaskId(1), 14);
    wait.start(tick()).call(call(61)).words([u64::MAX, 0, 0, 0, 0, 0]).returned(tick(), 101, false);
    wait.finish();
    batch
}

/// The log in all syntaxes, `run.FORMAT` in a directory of its own.
fn converted() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    write_log(&log);
    for to in ["nt", "nq", "ttl", "trig", "rdfxml", "jsonld"] {
        let path = in_format(&dir, to);
        let [log, path] = [&log, &path].map(|path| path.to_str().expect("text"));
        rtrace(&["convert", log, "--to", to, "-o", path]);
    }
    dir
}

fn in_format(dir: &tempfile::TempDir, format: &str) -> PathBuf {
    dir.path().join("run").with_extension(format)
}

/// Runs a script of Python's, with rdflib there.
fn python(script: &str, dir: &tempfile::TempDir) {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/venv");
    let python = String::from_utf8(output(&mut Command::new(venv))).expect("a path");
    output(Command::new(python.trim()).arg("-c").arg(script).current_dir(dir.path()));
}

#[test]
fn rapper_reads_the_same_triples_from_all() {
    let dir = converted();
    let triples = |syntax: &str, format: &str| {
        let path = in_format(&dir, format);
        let out =
            output(Command::new("rapper").args(["-q", "-i", syntax, "-o", "ntriples"]).arg(path));
        let mut lines: Vec<_> = out.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines.dedup();
        lines
    };
    let expected = triples("ntriples", "nt");
    assert!(expected.len() > 150, "only {} triples", expected.len());
    for (syntax, format) in
        [("turtle", "ttl"), ("rdfxml", "rdfxml"), ("nquads", "nq"), ("trig", "trig")]
    {
        let read = triples(syntax, format);
        let odd: Vec<_> = read.iter().filter(|line| !expected.contains(line)).collect();
        let odd: Vec<_> = odd.into_iter().map(|line| String::from_utf8_lossy(line)).collect();
        assert!(odd.is_empty(), "rapper reads from {format} what is not in nt: {odd:#?}");
        assert_eq!(read.len(), expected.len(), "rapper does not read all from {format}");
    }
}

#[test]
fn rdflib_reads_the_same_graph_from_all() {
    const SCRIPT: &str = r#"
import rdflib
from rdflib import Dataset, Graph, Namespace, URIRef
# Lexical forms are part of the graph.
rdflib.NORMALIZE_LITERALS = False
nt = Graph().parse("run.nt", format="nt")
lines = {line for line in open("run.nt", newline="\n") if line.strip()}
assert len(nt) == len(lines), f"{len(lines)} lines, {len(nt)} triples"
for file, format in [("run.ttl", "turtle"), ("run.rdfxml", "xml"), ("run.jsonld", "json-ld")]:
    read = set(Graph().parse(file, format=format))
    assert read == set(nt), (file, read ^ set(nt))
run = URIRef("urn:uuid:00010203-0405-0607-0809-0a0b0c0d0e0f")
for file, format in [("run.nq", "nquads"), ("run.trig", "trig")]:
    quads = Dataset().parse(file, format=format).quads()
    assert {quad[3] for quad in quads} == {run}, file
    read = {quad[:3] for quad in Dataset().parse(file, format=format).quads()}
    assert read == set(nt), (file, read ^ set(nt))
r = Namespace("https://w3id.org/rtrace/ns#")
assert len(list(nt.subject_objects(r.forks))) == 1 and len(list(nt.subject_objects(r.joins))) == 1
"#;
    python(SCRIPT, &converted());
}

#[test]
fn no_byte_is_lost_in_any_syntax() {
    const SCRIPT: &str = r#"
import base64, json, rdflib
from urllib.parse import unquote_to_bytes
rdflib.NORMALIZE_LITERALS = False
graph = rdflib.Graph().parse("run.rdfxml", format="xml")
r = rdflib.Namespace("https://w3id.org/rtrace/ns#")
def raw(property):
    return {base64.b64decode(str(raw)) for raw in graph.objects(None, r[property])}
paths = set()
for file in graph.subjects(r.path):
    path = graph.value(file, r.path)
    whole = graph.value(file, r.pathBytes)
    path = base64.b64decode(str(whole)) if whole else str(path).encode()
    assert unquote_to_bytes(file.split('#file')[1]) == path, path
    paths.add(path)
expected = {b"/tmp/" + bytes(path) for path in PATHS}
assert expected <= paths, expected - paths
assert raw("environmentBytes") == {b"B=\x1b[0m", b"C=\xed\xa0\x80"}, raw("environmentBytes")
assert rdflib.Literal("D= \r\n\t ") in set(graph.objects(None, r.environment))
assert raw("remoteAddressBytes") == {b"\0x\x01\xff"}, raw("remoteAddressBytes")
[argv] = [json.loads(argv) for argv in graph.objects(None, r.argv)]
assert base64.b64decode(argv[0]["base64"]) == b'x\n\r\x01"\xff' and argv[1] == "\0\ufffe]]>&lt;", argv
"#;
    // As Debug shows bytes, Python reads lists of numbers.
    python(&SCRIPT.replace("PATHS", &format!("{PATHS:?}")), &converted());
}

#[test]
fn several_logs_make_one_document() {
    const SCRIPT: &str = r#"
import rdflib
rdflib.NORMALIZE_LITERALS = False
nt = set(rdflib.Graph().parse("run.nt", format="nt"))
for file, format in [("run.ttl", "turtle"), ("run.rdfxml", "xml"), ("run.jsonld", "json-ld")]:
    assert set(rdflib.Graph().parse(file, format=format)) == nt, file
for file, format in [("run.nq", "nquads"), ("run.trig", "trig")]:
    assert {quad[:3] for quad in rdflib.Dataset().parse(file, format=format).quads()} == nt, file
"#;
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    write_log(&log);
    let log = log.to_str().expect("text");
    for format in ["nt", "nq", "ttl", "trig", "rdfxml", "jsonld"] {
        std::fs::write(in_format(&dir, format), rtrace(&["convert", log, log, "--to", format]))
            .expect("written");
    }
    python(SCRIPT, &dir);
}
