//! The formats of RDF, read back by other implementations: all have the same graph.

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::hostile::{PATHS, write_log};
use common::{python, tool};

fn rtrace(args: &[&str]) -> String {
    tool(Command::new(env!("CARGO_BIN_EXE_rtrace")).args(args))
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

#[test]
fn rapper_reads_the_same_triples_from_all() {
    let dir = converted();
    let triples = |syntax: &str, format: &str| {
        let path = in_format(&dir, format);
        let out =
            tool(Command::new("rapper").args(["-q", "-i", syntax, "-o", "ntriples"]).arg(path));
        let mut lines: Vec<_> = out.lines().map(str::to_owned).collect();
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
    python(SCRIPT, converted().path());
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
    python(&SCRIPT.replace("PATHS", &format!("{PATHS:?}")), converted().path());
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
    python(SCRIPT, dir.path());
}

#[test]
fn names_by_a_prefix_are_iris_and_nothing_dangles() {
    const SCRIPT: &str = r#"
import base64, rdflib
from rdflib import Graph, Namespace, URIRef
rdflib.NORMALIZE_LITERALS = False
PREFIX = "http://localhost:80/survol/entity.py?xid="
nt = Graph().parse("prefix.nt", format="nt")
for file, format in [("prefix.ttl", "turtle"), ("prefix.rdfxml", "xml"), ("prefix.jsonld", "json-ld")]:
    assert set(Graph().parse(file, format=format)) == set(nt), file
r = Namespace("https://w3id.org/rtrace/ns#")
named = {o for s, p, o in nt if isinstance(o, URIRef) and o.startswith(PREFIX)}
assert named <= set(nt.subjects()), named - set(nt.subjects())
for file in nt.subjects(r.path):
    whole = nt.value(file, r.pathBytes)
    path = base64.b64decode(str(whole)) if whole else str(nt.value(file, r.path)).encode()
    name = str(file).removeprefix(PREFIX + "CIM_DataFile.Name=").encode()
    if name.startswith(b"B64_"):
        name = base64.urlsafe_b64decode(name[4:] + b"=" * (-len(name) % 4))
    assert name == path, (name, path)
assert URIRef(PREFIX + "CIM_Process.Handle=101") in nt.subjects(r.parent)
assert len(nt) == len(Graph().parse("run.nt", format="nt"))
"#;
    let dir = converted();
    let log = dir.path().join("run.mp");
    for (to, syntax) in
        [("nt", "ntriples"), ("ttl", "turtle"), ("rdfxml", "rdfxml"), ("jsonld", "")]
    {
        let path = dir.path().join("prefix").with_extension(to);
        let [log, path] = [&log, &path].map(|path| path.to_str().expect("text"));
        let prefix = "http://localhost:80/survol/entity.py?xid=";
        rtrace(&["convert", log, "--to", to, "--iri-prefix", prefix, "-o", path]);
        if !syntax.is_empty() {
            // Without a word: rapper reports an IRI that is none.
            let rapper = Command::new("rapper").args(["-c", "-q", "-i", syntax, path]).output();
            let rapper = rapper.expect("rapper is there");
            assert!(rapper.status.success() && rapper.stderr.is_empty(), "{rapper:?}");
        }
    }
    python(SCRIPT, dir.path());
}

/// What is counted at the level of resources is the sum of the events.
#[test]
fn numbers_are_those_of_the_events() {
    const SCRIPT: &str = r##"
import collections, rdflib
R = rdflib.Namespace("https://w3id.org/rtrace/ns#")
events = rdflib.Graph().parse("event.nt")
numbers = rdflib.Graph().parse("resource.nt")
few = rdflib.Graph().parse("process.nt")

def summed(graph, pairs):
    total = collections.Counter()
    for thing, amount in pairs:
        total[str(thing).split("#")[1]] += int(amount)
    return {thing: amount for thing, amount in total.items() if amount}

def of_calls(predicate):
    return summed(events, [(thing, events.value(call, R.result))
                           for call, _, thing in events.triples((None, predicate, None))
                           if events.value(call, R.result) is not None])

# What was mapped too has been read at least so often.
def of_usages(*predicates):
    return summed(numbers, [(numbers.value(usage, R.resource), amount)
                            for predicate in predicates
                            for usage, _, amount in numbers.triples((None, predicate, None))])

read = of_calls(R.reads)
assert read and any("in.txt" in name for name in read), read
assert read == of_usages(R.bytesIn, R.bytesInAtLeast), read
assert not any("/lib" in name for name in of_usages(R.bytesIn)), "mapped, so not known"
assert of_calls(R.writes) == of_usages(R.bytesOut)

# Three pipes; `printf` is the shell itself.
sizes = sorted(int(n) for n in numbers.objects(None, R.bytes))
assert sizes == [2, 30000, 30000], sizes
assert sorted(int(n) for n in few.objects(None, R.bytes)) == sizes
out = [file for file in numbers.subjects(R.wasCreated, None) if str(file).endswith("out.txt")]
assert len(out) == 1 and numbers.value(out[0], R.wasDeleted) is None, out
gone = [file for file in numbers.subjects(R.wasDeleted, None)]
assert [str(file).rsplit("/")[-1] for file in gone] == ["out.tmp"], gone
# The last reader has the content that the writer of the other name made.
versions = set(numbers.objects(None, R.version))
assert len(versions) == 1, versions
for graph in (numbers, few):
    assert not list(graph.triples((None, R.ordinal, None)))
    for kind in (R.Process, R.Execution):
        assert set(graph.subjects(rdflib.RDF.type, kind)) \
            == set(events.subjects(rdflib.RDF.type, kind))
assert not list(few.subjects(rdflib.RDF.type, R.File))
"##;
    const COMMANDS: &str = "head -c 30000 in.txt | cat | wc -c > out.tmp; mv out.tmp out.txt; \
                            cat out.txt >/dev/null; printf ab | cat > /dev/null";
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("in.txt"), vec![b'x'; 40000]).expect("written");
    let mut run = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    tool(run.args(["run", "-q", "-o", "run.mp", "sh", "-c", COMMANDS]).current_dir(dir.path()));
    let log = dir.path().join("run.mp");
    for detail in ["process", "resource", "event"] {
        let out = dir.path().join(detail).with_extension("nt");
        let [log, out] = [&log, &out].map(|path| path.to_str().expect("text"));
        rtrace(&["convert", log, "--to", "nt", "--detail", detail, "-o", out]);
    }
    python(SCRIPT, dir.path());
}
