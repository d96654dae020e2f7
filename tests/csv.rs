//! `rtrace convert --to csv`, read by Python: the rows are those of JSON Lines.

mod common;

use std::process::Command;

use common::hostile::{PATHS, write_log};
use common::{python, tool};

/// Compares rows with lines; what `docs/csv.md` says of bytes is `unescape`.
const SCRIPT: &str = r#"
import base64, csv, json, re
def unescape(cell):
    byte = lambda m: b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)])
    return re.sub(rb"\\(\\|x[0-9a-f]{2})", byte, cell.encode())
def raw(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else (value or "").encode()
def plain(value):
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
text = open("run.csv", newline="").read()
assert all(line.endswith("\r") for line in text.split("\n")[:-1]), "RFC 4180 ends lines with CRLF"
rows = list(csv.DictReader(open("run.csv", newline=""), strict=True))
lines = [json.loads(line) for line in open("run.jsonl")]
assert len(rows) == len(lines) == len(text.split("\r\n")) - 2, (len(rows), len(lines))
names = set()
for row, line in zip(rows, lines):
    assert None not in row and None not in row.values(), row
    parent = line.get("parent") or {}
    line |= {"parent_task": parent.get("task"), "parent_ordinal": parent.get("ordinal")}
    same = ("run kind task ordinal process pid tid time ns lane call abi nr duration result error "
            "unfinished begun tid_before origin parent_task parent_ordinal code signal core "
            "replaced_by reason mode size modified changed hash part stale build_id")
    for key in same.split():
        assert row[key] == plain(line.get(key)), (key, row[key], line)
    resources = [arg["is"] for arg in line.get("args", []) if "is" in arg] + line.get("pair", [])
    resources += [line["returned"]] if "returned" in line else []
    known = {raw(resource["name"]): resource for resource in resources}
    if "name" in line:
        known[raw(line["name"])] = line
        for key in ["loader", "script", "why"]:
            assert unescape(row[key]) == raw(line.get(key)), (key, row, line)
    assert bool(known) == bool(row["class"]), (row, line)
    assert unescape(row["other"]) in known or not row["other"], row
    if known:
        first = known[unescape(row["name"])]
        for key in "class device inode protocol".split():
            assert row[key] == plain(first.get(key)), (key, row, first)
        for key in ["local", "remote"]:
            assert unescape(row[key]) == raw(first.get(key)), (key, row, first)
        names.add(unescape(row["name"]))
    if "execution" in line:
        execution = line["execution"]
        assert unescape(row["executable"]) == raw(execution["executable"]), row
        assert unescape(row["cwd"]) == raw(execution["cwd"]), row
        argv = b" ".join(raw(arg) for arg in execution["argv"])
        assert unescape(row["command_line"]).replace(b"'", b"") == argv.replace(b"'", b""), row
"#;

fn convert(log: &std::path::Path) {
    for format in ["csv", "jsonl"] {
        let out = log.with_extension(format);
        tool(
            Command::new(env!("CARGO_BIN_EXE_rtrace"))
                .arg("convert")
                .arg(log)
                .args(["--to", format, "-o"])
                .arg(out),
        );
    }
}

#[test]
fn hostile_names_have_the_rows_of_json_lines() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    write_log(&log);
    convert(&log);
    // As Debug shows bytes, Python reads lists of numbers.
    let names =
        format!("assert {{b'/tmp/' + bytes(path) for path in {PATHS:?}}} <= names, names\n");
    python(&[SCRIPT, &names].concat(), dir.path());
}

#[test]
fn a_real_run_has_the_rows_of_json_lines() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    let script = r"ls -l / | tail -1; mkfifo p; mv p q; cat nothing; kill -9 $$";
    let mut run = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    run.args(["run", "--facts", "full", "-o"])
        .arg(&log)
        .args(["bash", "-c", script])
        .current_dir(dir.path());
    run.output().expect("rtrace runs");
    convert(&log);
    let more = "assert any(row['hash'] for row in rows) and any(row['build_id'] for row in rows)\n\
        assert len(rows) > 300 and any(row['other'].endswith('/q') for row in rows)\n";
    python(&[SCRIPT, more].concat(), dir.path());
}
