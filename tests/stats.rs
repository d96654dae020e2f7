//! `rtrace stats`, held against strace -c, against the rows of `--to csv`, and
//! against its schema.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use common::{python, tool};

fn rtrace(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    command.args(words).current_dir(dir).output().expect("rtrace runs")
}

#[track_caller]
fn stats(dir: &Path, words: &[&str]) -> String {
    let output = rtrace(dir, &[&["stats"], words].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Records a script in a directory of its own: `run.mp`.
fn recorded(options: &[&str], script: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let words = [&["run", "-q", "-o", "run.mp"], options, &["--", "bash", "--norc", "-c", script]];
    rtrace(dir.path(), &words.concat());
    dir
}

#[test]
fn counts_and_errors_are_those_of_strace() {
    // What they do depends on nothing but their files: no jobs that race.
    let script = "for i in 1 2 3; do /bin/true; done; cat /nonexistent; head -c 9 /etc/passwd";
    let dir = tempfile::tempdir().expect("a directory");
    rtrace(dir.path(), &["run", "-q", "-o", "run.mp", "--", "dash", "-c", script]);
    tool(
        Command::new("strace")
            .args(["-c", "-U", "name,calls,errors", "-f", "-o", "counts"])
            .args(["dash", "-c", script])
            .current_dir(&dir),
    );
    let counts = std::fs::read_to_string(dir.path().join("counts")).expect("strace's table");
    // A heading, a rule, the calls, a rule, the total.
    let lines = counts.lines().skip(2).take_while(|line| !line.starts_with('-'));
    let theirs: BTreeMap<String, (u64, u64)> = lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| words.get(at).map_or(0, |n| n.parse().expect("a number"));
            (words[0].to_owned(), (number(1), number(2)))
        })
        .collect();
    let json = stats(dir.path(), &["run.mp", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let mut ours = BTreeMap::new();
    for row in json["rows"].as_array().expect("rows") {
        let number = |name: &str| row[name].as_u64().expect("a number");
        // Calls that never return are none of strace's.
        let count = number("count") - number("unfinished");
        if count > 0 {
            let name = row["call"].as_str().expect("a name");
            ours.insert(name.to_owned(), (count, number("errors")));
        }
    }
    assert!(ours.len() > 15 && ours.values().any(|(_, errors)| *errors > 2), "{ours:?}");
    assert_eq!(ours, theirs);
}

/// The same sums from the rows of `--to csv`.
const SUMS: &str = r#"
import collections, csv, math
def table(name):
    return list(csv.DictReader(open(name, newline=""), strict=True))
calls = [row for row in table("run.csv") if row["kind"] == "call"]
def numbers(calls):
    times = sorted(int(call["duration"]) for call in calls if not call["unfinished"])
    rank = lambda p: times[math.ceil(len(times) * p / 100) - 1] if times else None
    return {"count": len(calls), "errors": sum(bool(call["error"]) for call in calls),
            "unfinished": len(calls) - len(times), "total": sum(times) if times else None,
            "mean": sum(times) // len(times) if times else None, "max": rank(100),
            "p50": rank(50), "p95": rank(95), "p99": rank(99)}
def same(row, calls):
    for name, value in numbers(calls).items():
        shown = int(row[name]) if row[name] else None
        few = len(calls) <= 128 or not name.startswith("p")
        assert shown == value or not few and abs(shown - value) <= value * .008, (name, row, value)
def groups(key):
    found = collections.defaultdict(list)
    for call in calls:
        found[key(call)].append(call)
    return found
READS, WRITES = {"read", "pread64", "recvfrom", "sendfile"}, {"write", "pwrite64", "sendto", "sendfile"}
def moved(calls, names):
    return sum(max(0, int(call["result"] or 0)) for call in calls if call["call"] in names)

by_call = groups(lambda call: (call["call"], call["abi"]))
rows = table("call.csv")
assert {(row["call"], row["abi"]) for row in rows} == set(by_call) and len(rows) == len(by_call)
assert any(len(group) > 128 for group in by_call.values())
for row in rows:
    same(row, by_call[row["call"], row["abi"]])
totals = [int(row["total"] or 0) for row in rows]
assert totals == sorted(totals, reverse=True)

by_process = groups(lambda call: call["process"])
rows = table("process.csv")
assert {row["process"] for row in rows} == set(by_process) and len(rows) == len(by_process) > 3
for row in rows:
    group = by_process[row["process"]]
    same(row, group)
    assert int(row["read"]) == moved(group, READS), row
    assert int(row["written"]) == moved(group, WRITES), row
    assert row["pid"] == group[0]["pid"]
reads = [int(row["read"]) for row in rows]
assert reads == sorted(reads, reverse=True) and reads[0] > 0, "as --sort says"
assert {row["end"] + row["code"] + row["signal"] for row in rows} == {"exited0", "exited3", "killed9"}

by_name = groups(lambda call: (call["class"], call["name"]))
for name, key in [("file", ("class", "name")), ("peer", ("protocol", "local", "remote", "name"))]:
    rows = table(name + ".csv")
    assert rows and len({tuple(row[it] for it in key) for row in rows}) == len(rows), rows
    for row in rows if name == "file" else []:
        group = by_name.get((row["class"], row["name"]), [])
        assert int(row["read"]) == moved([c for c in group if c["call"] != "sendfile"], READS), row
        assert int(row["written"]) == moved([c for c in group if c["call"] != "sendfile"], WRITES), row
        assert int(row["count"]) >= len(group) > 0, row
peers = {(row["protocol"], row["remote"] != ""): row for row in table("peer.csv")}
assert peers["TCP", True]["written"] in "05" and peers["TCP", False]["count"] != "0", peers
assert sum(int(row["written"]) for row in table("peer.csv")) == 8
"#;

const STORY: &str = "(exit 3); sh -c 'kill -9 $$'; seq 3000 >x; cat x | tr 1 2 | wc -c >y
/usr/bin/python3 -c 'import socket
a, b = socket.socketpair(); a.send(b\"xyz\"); b.recv(9)
s = socket.create_server((\"127.0.0.1\", 0)); c = socket.create_connection(s.getsockname())
d, _ = s.accept(); c.send(b\"hello\"); d.recv(99)' & wait";

#[test]
fn numbers_are_those_of_the_events() {
    let dir = recorded(&[], STORY);
    let csv = rtrace(dir.path(), &["convert", "--to", "csv", "-o", "run.csv", "run.mp"]);
    assert!(csv.status.success());
    for (by, sort) in [("call", "total"), ("process", "read"), ("file", "max"), ("peer", "count")] {
        let table = stats(dir.path(), &["run.mp", "--by", by, "--sort", sort, "--format", "csv"]);
        std::fs::write(dir.path().join(by).with_extension("csv"), table).expect("written");
    }
    python(SUMS, dir.path());
}

#[test]
fn json_is_as_its_schema_says() {
    let dir = recorded(&[], STORY);
    for by in ["call", "process", "file", "peer"] {
        let json = stats(dir.path(), &["run.mp", "run.mp", "--by", by, "--format", "json"]);
        std::fs::write(dir.path().join(by).with_extension("json"), json).expect("written");
    }
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/stats.schema.json");
    let script = format!(
        "import json, jsonschema\nschema = json.load(open({schema:?}))\n\
         check = jsonschema.Draft202012Validator(schema)\n\
         check.check_schema(schema)\n\
         for by in ['call', 'process', 'file', 'peer']:\n\
         \x20   document = json.load(open(by + '.json'))\n\
         \x20   check.validate(document)\n\
         \x20   assert document['by'] == by and len(document['logs']) == 2 and document['rows']\n\
         \x20   document['rows'][0]['max'] = -1\n\
         \x20   assert not check.is_valid(document)\n"
    );
    python(&script, dir.path());
}

/// The row whose label has that text, by the names of the columns.
fn row(csv: &str, label: &str) -> BTreeMap<String, String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().expect("names").clone();
    let rows: Vec<_> = reader.records().map(|row| row.expect("as many cells as names")).collect();
    let found = rows.iter().find(|row| row.iter().any(|cell| cell.ends_with(label)));
    let found = found.unwrap_or_else(|| panic!("`{label}` is not in:\n{csv}"));
    names.iter().zip(found).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
}

#[test]
fn several_logs_are_counted_together() {
    let dir = recorded(&[], "/bin/true; cat /etc/hostname >/dev/null");
    let one = stats(dir.path(), &["run.mp", "--by", "file", "--format", "csv"]);
    rtrace(dir.path(), &["run", "-q", "-o", "two.mp", "cat", "/etc/hostname"]);
    let both = stats(dir.path(), &["run.mp", "two.mp", "--by", "file", "--format", "csv"]);
    let count = |csv: &str| row(csv, "/etc/hostname")["count"].parse::<u64>().expect("a number");
    let read = |csv: &str| row(csv, "/etc/hostname")["read"].parse::<u64>().expect("a number");
    assert_eq!((count(&both), read(&both)), (2 * count(&one), 2 * read(&one)), "{one}\n{both}");
    let processes = stats(dir.path(), &["run.mp", "two.mp", "--by", "process", "--format", "csv"]);
    assert_eq!(processes.lines().count(), 1 + 3 + 1, "a process of each run for itself");
}

#[test]
fn filters_choose_calls_and_processes() {
    let dir = recorded(&[], "cat /etc/passwd >/dev/null; /bin/true");
    let count = |words: &[&str]| {
        let json = stats(dir.path(), &[&["run.mp", "--format", "json"], words].concat());
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        json["total"]["count"].as_u64().expect("a number")
    };
    let processes = stats(dir.path(), &["run.mp", "--by", "process", "--format", "csv"]);
    let cat = row(&processes, "cat /etc/passwd");
    let of_cat = cat["count"].parse::<u64>().expect("a number");
    assert_eq!(count(&["-p", &cat["pid"]]), of_cat);
    let true_ = row(&processes, "/bin/true");
    assert_eq!(
        count(&["-p", &cat["pid"], "-p", &true_["pid"]]),
        of_cat + true_["count"].parse::<u64>().expect("a number")
    );
    let opens = count(&["-e", "trace=openat", "-p", &cat["pid"]]);
    assert!((1..of_cat).contains(&opens) && count(&["-e", "trace=openat"]) > opens);
    let text = stats(dir.path(), &["run.mp", "--sort", "count", "--top", "3"]);
    let counts: Vec<u64> = text
        .lines()
        .skip(1)
        .take(3)
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    assert!(counts.len() == 3 && counts.is_sorted_by(|a, b| a >= b), "{text}");
    assert!(text.contains(" more, which `total` includes"), "{text}");
}

#[test]
fn bytes_that_may_be_more_are_never_passed_off_as_all() {
    // Nobody ever writes to that pipe.
    let script = "mkfifo pipe; cat <>pipe & until read -r call </proc/$!/syscall &&
        [[ $call == '0 0x0 '* ]]; do :; done; kill -9 $!; wait; head -c 5 /etc/passwd; true";
    let dir = recorded(&[], script);
    let csv = |by: &str| stats(dir.path(), &["run.mp", "--by", by, "--format", "csv"]);
    let pipe = row(&csv("file"), "/pipe");
    let marks = |row: &BTreeMap<String, String>| {
        (row["read_at_least"].clone(), row["written_at_least"].clone())
    };
    assert_eq!((pipe["read"].as_str(), pipe["class"].as_str()), ("0", "pipe"));
    assert_eq!(marks(&pipe), ("true".into(), String::new()), "{pipe:?}");
    let cat = row(&csv("process"), "killed");
    assert_eq!((cat["unfinished"].as_str(), marks(&cat).0), ("1", "true".into()), "{cat:?}");
    let head = row(&csv("process"), "head -c 5 /etc/passwd");
    assert_eq!((head["written"].as_str(), marks(&head).1), ("5", String::new()), "{head:?}");
    let library = row(&csv("file"), "linux-gnu/libc.so.6");
    assert_eq!(marks(&library), ("true".into(), String::new()), "it is mapped: {library:?}");
    assert_ne!(library["read"], "0");
    let text = stats(dir.path(), &["run.mp", "--by", "file"]);
    assert!(text.lines().any(|line| line.contains("≥ 0 B") && line.ends_with("/pipe")), "{text}");

    // A log without such calls knows of no bytes.
    let dir = recorded(&["-e", "trace=openat,close"], "cat /etc/passwd");
    let csv = stats(dir.path(), &["run.mp", "--by", "file", "--format", "csv"]);
    assert_eq!(marks(&row(&csv, "/etc/passwd")), ("true".into(), "true".into()));
    // What was not asked for is not missing.
    let dir = recorded(&[], "cat /etc/passwd");
    let words = ["run.mp", "--by", "file", "--format", "csv", "-e", "trace=openat,close"];
    assert_eq!(marks(&row(&stats(dir.path(), &words), "/etc/passwd")), <_>::default());
}

#[test]
fn a_terminal_is_not_too_narrow() {
    let dir = recorded(&[], "cat /etc/passwd >/dev/null");
    let rtrace = env!("CARGO_BIN_EXE_rtrace");
    for (columns, by) in [(80, "file"), (80, "process"), (60, "call"), (200, "file")] {
        let line =
            format!("stty cols {columns} rows 24; '{rtrace}' stats run.mp --by {by} --sort p99");
        let output = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .current_dir(&dir)
            .output()
            .expect("script runs");
        let text = anstream::adapter::strip_bytes(&output.stdout).into_vec();
        let text = String::from_utf8(text).expect("text");
        let table: Vec<_> = text.lines().take_while(|line| !line.contains("no room")).collect();
        assert!(table.len() > 3, "{text}");
        let too_wide = table.iter().find(|line| line.chars().count() > columns);
        assert_eq!(too_wide, None, "{text}");
        assert!(table[0].contains("p99"), "what it is sorted by stays: {text}");
        assert_eq!(table[0].contains("mean"), columns > 80, "{text}");
        assert_eq!(text.contains("no room here for: mean"), columns <= 80, "{text}");
    }
}

#[test]
fn what_cannot_be_counted_is_said() {
    let dir = recorded(&["-e", "trace=openat"], "true");
    std::fs::write(dir.path().join("empty"), "").expect("written");
    let says = |words: &[&str], code: i32, expected: &[&str]| {
        let output = rtrace(dir.path(), &[&["stats"], words].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{message}");
        for word in expected {
            assert!(message.contains(word), "`{word}` is not in: {message}");
        }
        String::from_utf8(output.stdout).expect("text")
    };
    says(&[], 2, &["LOG"]);
    says(&["run.mp", "--sort", "cuont"], 2, &["'cuont'", "similar value exists: 'count'"]);
    says(&["run.mp", "--sort", "read"], 2, &["--by call", "'read'", "process, file or peer"]);
    says(&["run.mp", "--by", "procces"], 2, &["'procces'", "'process'"]);
    says(&["run.mp", "-e", "trace=opnat"], 2, &["opnat", "open"]);
    says(&["run.mp", "nope.mp"], 1, &["nope.mp", "cannot open"]);
    says(&["empty"], 1, &["empty", "not an rtrace log"]);
    let words = ["run.mp", "-e", "trace=read", "--format", "csv"];
    let table = says(&words, 0, &["no call of that kind", "-e trace=openat were recorded"]);
    assert_eq!(table.lines().count(), 1, "the names of the columns alone: {table}");
    assert_eq!(says(&["run.mp", "-p", "1"], 0, &["no call"]), "");
}
