//! The same numbers, whoever is asked: `rtrace show`, `stats` and `query`, and `convert` to
//! RDF (`ttl`, `jsonld`) and to JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use chrono::DateTime;
use oxrdf::vocab::{rdf, rdfs};
use oxrdf::{
    Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Term, TermRef, Triple,
};
use serde_json::Value;

/// What is said of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Numbers {
    /// By their ids.
    processes: BTreeMap<u64, Process>,
    /// Bytes read and written, by the names of files and pipes.
    files: BTreeMap<String, [Bytes; 2]>,
    /// The same of all sockets together.
    sockets: [Bytes; 2],
    /// How often functions were called, and failed.
    functions: BTreeMap<String, (u64, u64)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Process {
    calls: u64,
    errors: u64,
    code: Option<u64>,
    signal: Option<u64>,
    /// When it started and ended, where that is said: nanoseconds since the first one did.
    times: Option<(i64, i64)>,
}

/// A number of bytes, and whether there may have been more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bytes(u64, bool);

impl Bytes {
    fn add(&mut self, exact: Option<u64>, at_least: Option<u64>) {
        self.0 += exact.or(at_least).unwrap_or_default();
        self.1 |= at_least.is_some();
    }
}

impl Numbers {
    /// Without what not all of them say: files that nothing was moved from or to, and
    /// times.
    fn common(mut self) -> Self {
        self.files.retain(|_, both| *both != [Bytes::default(); 2]);
        self.processes.values_mut().for_each(|process| process.times = None);
        self
    }

    /// When processes started and ended, counted from the first start.
    fn times(&self) -> BTreeMap<u64, (i64, i64)> {
        let times = self.processes.iter();
        let times = times.map(|(pid, process)| (*pid, process.times.expect("it has times")));
        let times: BTreeMap<_, _> = times.collect();
        let first = times.values().map(|(start, _)| *start).min().unwrap_or_default();
        times.into_iter().map(|(pid, (from, to))| (pid, (from - first, to - first))).collect()
    }
}

/// A run in a directory of its own.
struct Run(tempfile::TempDir);

impl Run {
    fn of(files: &[(&str, &str)], script: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("written");
        }
        let run = Self(dir);
        run.rtrace(&["run", "-q", "-o", "run.mp", "--", "sh", "-c", script]);
        assert!(run.0.path().join("run.mp").exists(), "it was recorded");
        run
    }

    fn rtrace(&self, words: &[&str]) -> Vec<u8> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.args(words).current_dir(Path::new(self.0.path())).output().expect("it runs").stdout
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_slice(&self.rtrace(words)).expect("JSON")
    }

    fn stats(&self) -> Numbers {
        let rows = |by: &str| {
            let table = self.json(&["stats", "run.mp", "--by", by, "--format", "json"]);
            table["rows"].as_array().expect("rows").clone()
        };
        let mut numbers = Numbers::default();
        for row in rows("process") {
            let process = Process {
                calls: number(&row["count"]),
                errors: number(&row["errors"]),
                code: row["code"].as_u64(),
                signal: row["signal"].as_u64(),
                times: None,
            };
            numbers.processes.insert(number(&row["pid"]), process);
        }
        let bytes = |row: &Value, name: &str, unsure: &str| {
            Bytes(number(&row[name]), row[unsure].as_bool().expect("yes or no"))
        };
        let both = |row: &Value| {
            [bytes(row, "read", "read_at_least"), bytes(row, "written", "written_at_least")]
        };
        for row in rows("file") {
            numbers.files.insert(text(&row["name"]), both(&row));
        }
        for row in rows("call") {
            let counts = (number(&row["count"]), number(&row["errors"]));
            numbers.functions.insert(text(&row["call"]), counts);
        }
        for row in rows("peer") {
            for (sum, bytes) in numbers.sockets.iter_mut().zip(both(&row)) {
                *sum = Bytes(sum.0 + bytes.0, sum.1 | bytes.1);
            }
        }
        numbers
    }

    fn document(&self) -> Numbers {
        let document = self.json(&["convert", "--to", "json", "run.mp"]);
        let mut numbers = Numbers::default();
        for node in document["nodes"].as_array().expect("nodes") {
            match node["class"].as_str() {
                Some("process") => {
                    let time = |name: &str| node[name].as_i64().expect("nanoseconds");
                    let process = Process {
                        calls: number(&node["calls"]),
                        errors: number(&node["errors"]),
                        code: node["exit_code"].as_u64(),
                        signal: node["signal"].as_u64(),
                        times: Some((time("started"), time("ended"))),
                    };
                    numbers.processes.insert(number(&node["pid"]), process);
                }
                Some("function") => {
                    let counts = (number(&node["calls"]), number(&node["errors"]));
                    numbers.functions.insert(text(&node["label"]), counts);
                }
                class if is_moved(node) => {
                    let sums = if class == Some("socket") {
                        &mut numbers.sockets
                    } else {
                        numbers.files.entry(text(&node["label"])).or_default()
                    };
                    let [read, written] = sums;
                    add(read, node, "read");
                    add(written, node, "written");
                }
                _ => {}
            }
        }
        numbers
    }

    fn converted(&self, format: &str) -> Vec<u8> {
        self.rtrace(&["convert", "--to", format, "--detail", "resource", "run.mp"])
    }

    fn turtle(&self) -> Numbers {
        let turtle = self.converted("ttl");
        let triples = oxttl::TurtleParser::new().for_slice(&turtle);
        of_rdf(&triples.map(|triple| triple.expect("Turtle")).collect())
    }

    fn json_ld(&self) -> Numbers {
        let json = self.converted("jsonld");
        let quads = oxjsonld::JsonLdParser::new().for_slice(&json);
        of_rdf(&quads.map(|quad| Triple::from(quad.expect("JSON-LD"))).collect())
    }

    /// Everything that SPARQL finds, asked for in pieces.
    fn sparql(&self) -> Numbers {
        let question = "SELECT ?s ?p ?o { ?s ?p ?o }";
        let tsv = self.rtrace(&["query", "run.mp", "--sparql", question, "--format", "json"]);
        let answer: Value = serde_json::from_slice(&tsv).expect("JSON");
        let rows = answer["results"]["bindings"].as_array().expect("rows");
        let node = |cell: &Value| NamedNode::new(text(&cell["value"])).expect("an IRI");
        let term = |cell: &Value| -> Term {
            match cell["type"].as_str() {
                Some("uri") => node(cell).into(),
                _ => oxrdf::Literal::new_simple_literal(text(&cell["value"])).into(),
            }
        };
        let triple = |row: &Value| Triple::new(node(&row["s"]), node(&row["p"]), term(&row["o"]));
        of_rdf(&rows.iter().map(triple).collect())
    }

    /// What the tree shows: processes.
    fn tree(&self) -> BTreeMap<u64, Process> {
        let text = String::from_utf8(self.rtrace(&["show", "run.mp"])).expect("text");
        text.lines().filter_map(shown).collect()
    }

    /// Holds everybody to the same numbers.
    #[track_caller]
    fn agrees(&self) -> Numbers {
        let (document, turtle, json_ld) = (self.document(), self.turtle(), self.json_ld());
        let sparql = self.sparql();
        assert_eq!(document.times(), turtle.times());
        assert_eq!(document.times(), json_ld.times());
        assert_eq!(document.times(), sparql.times());
        let stats = self.stats().common();
        assert_eq!(document.common(), stats, "--to json, stats");
        assert_eq!(turtle.common(), stats, "--to ttl, stats");
        assert_eq!(json_ld.common(), stats, "--to jsonld, stats");
        assert_eq!(sparql.common(), stats, "query, stats");
        assert_eq!(self.tree(), stats.processes, "show, stats");
        stats
    }

    /// The rows of a query that comes with rtrace.
    fn rows(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let answer = self.json(&["query", "run.mp", "--name", name, "--format", "json"]);
        let rows = answer["results"]["bindings"].as_array().expect("rows");
        let cells = |row: &Value| {
            let cells = row.as_object().expect("a row").iter();
            cells.map(|(name, cell)| (name.clone(), text(&cell["value"]))).collect()
        };
        rows.iter().map(cells).collect()
    }
}

/// Whether a node is something that bytes were moved from or to.
fn is_moved(node: &Value) -> bool {
    node.get("read").is_some() || node.get("written").is_some()
}

/// Adds a node's bytes: `null` are so many at least as another member says, or any.
fn add(sum: &mut Bytes, node: &Value, name: &str) {
    if let Some(bytes) = node.get(name) {
        let at_least = node[[name, "_at_least"].concat()].as_u64();
        let any = bytes.is_null().then_some(0);
        sum.add(bytes.as_u64(), at_least.or(any));
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// A process in a line of the tree: `├─77 cat x  1.2 ms  exit 0  30 calls, 2 failed`.
fn shown(line: &str) -> Option<(u64, Process)> {
    let line = line.trim_start_matches(['├', '└', '│', '─', ' ']);
    let mut parts = line.rsplitn(4, "  ");
    let (counts, status, _time, who) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let pid = who.split(' ').next()?.parse().ok()?;
    let mut counts = counts.split(' ').filter_map(|word| word.parse().ok());
    let signal = status.strip_prefix("killed by ");
    let process = Process {
        calls: counts.next()?,
        errors: counts.next().unwrap_or_default(),
        code: status.strip_prefix("exit ").map(|code| code.parse().expect("a code")),
        signal: signal.map(|name| {
            let number = (1..64).find(|number| rtrace::abi::signal_name(*number) == Some(name));
            number.expect("a signal").into()
        }),
        times: None,
    };
    Some((pid, process))
}

/// Triples, asked for what is said of things.
struct Asked<'a>(&'a Graph);

fn term(name: &str) -> NamedNode {
    NamedNode::new_unchecked(["https://w3id.org/rtrace/ns#", name].concat())
}

impl Asked<'_> {
    fn all(&self, class: &str) -> Vec<NamedOrBlankNode> {
        let class = term(class);
        let subjects = self.0.subjects_for_predicate_object(rdf::TYPE, &class);
        subjects.map(NamedOrBlankNodeRef::into_owned).collect()
    }

    fn value(&self, subject: &NamedOrBlankNode, predicate: NamedNodeRef<'_>) -> Option<String> {
        match self.0.object_for_subject_predicate(subject, predicate)? {
            TermRef::Literal(literal) => Some(literal.value().to_owned()),
            TermRef::NamedNode(node) => Some(node.as_str().to_owned()),
            TermRef::BlankNode(_) => None,
        }
    }

    fn number(&self, subject: &NamedOrBlankNode, name: &str) -> Option<u64> {
        self.value(subject, term(name).as_ref()).map(|text| text.parse().expect("a number"))
    }

    fn time(&self, subject: &NamedOrBlankNode, name: &str) -> i64 {
        let prov = NamedNode::new_unchecked(["http://www.w3.org/ns/prov#", name].concat());
        let text = self.value(subject, prov.as_ref()).expect("a time");
        let time = DateTime::parse_from_rfc3339(&text).expect("a time");
        time.timestamp_nanos_opt().expect("one of this century")
    }
}

/// What RDF at `--detail resource` says.
fn of_rdf(graph: &Graph) -> Numbers {
    let asked = Asked(graph);
    let mut numbers = Numbers::default();
    for process in asked.all("Process") {
        let described = Process {
            calls: asked.number(&process, "callCount").expect("calls"),
            errors: asked.number(&process, "errorCount").expect("errors"),
            code: asked.number(&process, "exitCode"),
            signal: asked.number(&process, "killedBy"),
            times: Some((
                asked.time(&process, "startedAtTime"),
                asked.time(&process, "endedAtTime"),
            )),
        };
        numbers.processes.insert(asked.number(&process, "pid").expect("a pid"), described);
    }
    let (sockets, functions) = (asked.all("Socket"), asked.all("Function"));
    for usage in asked.all("Usage") {
        let resource = asked.value(&usage, term("resource").as_ref()).expect("a resource");
        let resource = NamedNode::new_unchecked(resource).into();
        if functions.contains(&resource) {
            let name = asked.value(&resource, rdfs::LABEL).expect("a label");
            let count = |name| asked.number(&usage, name).expect("a count");
            let (calls, errors) = numbers.functions.entry(name).or_default();
            (*calls, *errors) = (*calls + count("callCount"), *errors + count("errorCount"));
            continue;
        }
        let sums = if sockets.contains(&resource) {
            &mut numbers.sockets
        } else {
            let name = asked.value(&resource, rdfs::LABEL).expect("a label");
            numbers.files.entry(name).or_default()
        };
        let [read, written] = sums;
        read.add(asked.number(&usage, "bytesIn"), asked.number(&usage, "bytesInAtLeast"));
        written.add(asked.number(&usage, "bytesOut"), asked.number(&usage, "bytesOutAtLeast"));
    }
    numbers
}

#[test]
fn of_a_pipeline() {
    let run = Run::of(&[], "seq 1 3000 | sort -r | tee copy | wc -c >count; cat copy >/dev/null");
    let numbers = run.agrees();
    let bytes: u64 = (1..=3000u64).map(|n| n.to_string().len() as u64 + 1).sum();
    let pipes: Vec<_> =
        numbers.files.iter().filter(|(name, _)| name.starts_with("pipe:")).collect();
    assert_eq!(pipes.len(), 3, "{pipes:?}");
    for (name, [read, written]) in pipes {
        assert_eq!([read, written], [&Bytes(bytes, false); 2], "{name}");
    }
    assert!(run.rows("pipes").iter().all(|row| row["bytes"] == bytes.to_string()));
    let copy = numbers.files.iter().find(|(name, _)| name.ends_with("/copy"));
    assert_eq!(copy.map(|(_, both)| *both), Some([Bytes(bytes, false); 2]));
}

#[test]
fn of_a_build() {
    let files = [
        ("a.h", "#define A 1\n"),
        ("a.c", "#include \"a.h\"\nint b(void);\nint main(void) { return b() - A; }\n"),
        ("b.c", "int b(void) { return 1; }\n"),
        ("Makefile", "prog: a.o b.o\n\tgcc -o $@ a.o b.o\n%.o: %.c\n\tgcc -c -o $@ $<\n"),
    ];
    let run = Run::of(&files, "make -j2 && ./prog");
    let numbers = run.agrees();
    let header = numbers.files.iter().find(|(name, _)| name.ends_with("/a.h"));
    assert_eq!(header.map(|(_, [read, _])| *read), Some(Bytes(12, false)));
}

#[test]
fn of_a_client_and_its_server() {
    const PROGRAM: &str = "
import os, socket
server = socket.create_server(('127.0.0.1', 0))
if os.fork():
    peer, _ = server.accept()
    peer.sendall(b'x' * len(peer.recv(5, socket.MSG_WAITALL)) * 100)
    peer.close()
    os.wait()
else:
    peer = socket.create_connection(server.getsockname())
    peer.sendall(b'hello')
    while peer.recv(4096): pass
";
    let numbers = Run::of(&[("both.py", PROGRAM)], "python3 both.py; true").agrees();
    assert_eq!(numbers.sockets, [Bytes(505, false); 2]);
}

#[test]
fn of_failures() {
    let script = "sh -c 'exit 3'; cat none; sh -c 'kill -9 $$'; sh -c 'kill -15 $$'; exit 7";
    let run = Run::of(&[], script);
    let numbers = run.agrees();
    let bad = |process: &&Process| process.code != Some(0);
    let mut ends: Vec<_> =
        numbers.processes.values().filter(bad).map(|one| (one.code, one.signal)).collect();
    ends.sort_unstable();
    let killed = |signal| (None, Some(signal));
    let exited = |code| (Some(code), None);
    assert_eq!(ends, [killed(9), killed(15), exited(1), exited(3), exited(7)]);
    let failed = run.rows("failed");
    assert_eq!(failed.len(), ends.len(), "{failed:#?}");
    for row in failed {
        let pid: u64 = row["pid"].parse().expect("a pid");
        let process = &numbers.processes[&pid];
        let name = |signal: u64| rtrace::abi::signal_name(signal as u32).map(str::to_owned);
        let status = process.code.map(|code| code.to_string());
        assert_eq!(Some(row["status"].clone()), status.or(process.signal.and_then(name)));
    }
}

#[test]
fn of_threads() {
    const PROGRAM: &str = "
import threading
def work(n):
    with open(f'out{n}', 'w') as out: out.write('x' * 1000 * n)
    try: open(f'none{n}')
    except OSError: pass
threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
";
    let numbers = Run::of(&[("work.py", PROGRAM)], "python3 work.py; true").agrees();
    for n in 1..5 {
        let name = format!("/out{n}");
        let out = numbers.files.iter().find(|(file, _)| file.ends_with(&name));
        assert_eq!(out.map(|(_, [_, written])| *written), Some(Bytes(1000 * n, false)));
    }
}
