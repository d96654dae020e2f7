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
