//! `rtrace convert`: where it reads and writes, and what it says when it cannot.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rtrace::abi::Abi;
use rtrace::event::{Batch, Call, Kind, Origin, TaskId};
use rtrace::log::{End, Header, Writer};

fn rtrace() -> Command {
    Command::new(env!("CARGO_BIN_EXE_rtrace"))
}

/// Status, standard output and standard error as text.
fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// One `getppid` of task 1, the first with the task's start before it.
fn slice(ordinal: u64) -> Batch {
    let mut batch = Batch::new();
    if ordinal == 1 {
        let mut start = batch.record(Kind::Start, TaskId(1), 0);
        start.at(1).words([100, 100, 1, 0, 0, Origin::Root.code().into()]);
        start.finish();
    }
    let mut call = batch.record(Kind::Call, TaskId(1), ordinal);
    call.start(ordinal * 10).call(Call { abi: Abi::X86_64, nr: 110 });
    call.returned(ordinal * 10 + 5, 1, false);
    call.finish();
    batch
}

fn write_log(path: &Path, run: u8, slices: u64) {
    let header = Header { run: [run; 16], ..Header::default() };
    let mut log = Writer::new(File::create(path).expect("new"), &header).expect("a header");
    for ordinal in 1..=slices {
        log.write_batch(&slice(ordinal)).expect("a block");
    }
    log.finish(End::default()).expect("an end");
}

/// A directory with `a.mp` and `b.mp` of two runs.
fn logs() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    write_log(&dir.path().join("a.mp"), 0xaa, 2);
    write_log(&dir.path().join("b.mp"), 0xbb, 3);
    dir
}

#[test]
fn several_logs_stand_one_after_the_other() {
    let dir = logs();
    let out = rtrace()
        .args(["convert", "a.mp", "b.mp", "--to", "jsonl", "-o", "out.jsonl"])
        .current_dir(&dir)
        .output()
        .expect("runs");
    assert_eq!(ended(&out), (Some(0), String::new(), String::new()));
    let text = fs::read_to_string(dir.path().join("out.jsonl")).expect("written");
    let runs: Vec<_> = text.lines().map(|line| &line[8..10]).collect();
    assert_eq!(runs, ["aa", "aa", "aa", "bb", "bb", "bb", "bb"]);
}

#[test]
fn a_dash_is_standard_input_and_output() {
    let dir = logs();
    let log = File::open(dir.path().join("a.mp")).expect("there");
    let out = rtrace()
        .args(["convert", "-", "--to", "jsonl", "-o", "-"])
        .stdin(log)
        .current_dir(&dir)
        .output()
        .expect("runs");
    let (status, text, errors) = ended(&out);
    assert_eq!((status, text.lines().count(), errors.as_str()), (Some(0), 3, ""));
}

#[test]
fn a_reader_who_has_seen_enough_ends_it_quietly() {
    let dir = tempfile::tempdir().expect("a directory");
    write_log(&dir.path().join("long.mp"), 1, 5000);
    let mut child = rtrace()
        .args(["convert", "long.mp", "--to", "nt"])
        .current_dir(&dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut first = [0; 10];
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut first).expect("some output");
    drop(stdout);
    let out = child.wait_with_output().expect("ends");
    assert_eq!(ended(&out), (Some(0), String::new(), String::new()));
}

#[test]
fn a_format_that_does_not_exist_is_a_usage_error() {
    let dir = logs();
    for (format, hint) in [("tlt", "did you mean 'ttl'?"), ("nothing", "--list-formats")] {
        let args = ["convert", "a.mp", "--to", format, "-o", "out"];
        let out = rtrace().args(args).current_dir(&dir).output().expect("runs");
        let (status, _, errors) = ended(&out);
        assert_eq!(status, Some(2));
        assert!(errors.contains(&format!("unknown format '{format}'")), "{errors}");
        assert!(errors.contains(hint), "{errors}");
        assert!(!dir.path().join("out").exists(), "nothing is written");
    }
}

#[test]
fn what_is_no_log_leaves_the_output_alone() {
    let dir = logs();
    fs::write(dir.path().join("text"), "hello").expect("written");
    fs::write(dir.path().join("out"), "from yesterday").expect("written");
    let args = ["convert", "a.mp", "text", "--to", "nt", "-o", "out"];
    let out = rtrace().args(args).current_dir(&dir).output().expect("runs");
    let (status, _, errors) = ended(&out);
    assert_eq!(status, Some(1));
    assert!(errors.contains("text: this is not an rtrace log"), "{errors}");
    assert_eq!(fs::read(dir.path().join("out")).expect("there"), b"from yesterday");
}

#[test]
fn the_sound_part_of_a_damaged_log_is_converted() {
    let dir = logs();
    let path = dir.path().join("b.mp");
    let mut bytes = fs::read(&path).expect("there");
    let whole = bytes.len();
    bytes.truncate(whole - 100);
    fs::write(&path, bytes).expect("written");
    let args = ["convert", "b.mp", "--to", "jsonl"];
    let out = rtrace().args(args).current_dir(&dir).output().expect("runs");
    let (status, text, errors) = ended(&out);
    assert_eq!((status, text.lines().count()), (Some(0), 4));
    assert!(errors.contains("b.mp: "), "{errors}");
    assert!(errors.contains("the log has no end"), "{errors}");
}

#[test]
fn a_growing_log_is_followed_to_its_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("live.mp");
    let mut log = Writer::new(File::create(&path).expect("new"), &Header::default()).expect("ok");
    let mut child = rtrace()
        .args(["convert", "--follow", "live.mp", "--to", "jsonl"])
        .current_dir(&dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    for ordinal in 1..=3 {
        log.write_batch(&slice(ordinal)).expect("a block");
        if ordinal == 1 {
            assert!(next().contains("\"kind\":\"start\""));
        }
        // It comes before the log goes on: nothing is held back.
        assert!(next().contains(&format!("\"ordinal\":{ordinal},")));
    }
    let (_, mut file) = log.finish(End::default()).expect("an end");
    file.flush().expect("written");
    assert!(lines.next().is_none(), "nothing behind the end");
    assert!(child.wait().expect("ends").success());
}

/// `-t` and its kin print the time of the zone in which they are asked, with the
/// clock of the header.
#[test]
fn times_of_day_are_local() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.mp");
    let clock = rtrace::log::Clock { realtime: 1_700_000_000_000_000_000, monotonic: 0 };
    let header = Header { clock, ..Header::default() };
    let mut log = Writer::new(File::create(&path).expect("new"), &header).expect("a header");
    log.write_batch(&slice(1)).expect("a block");
    log.finish(End::default()).expect("an end");
    let first = |zone: &str, option: &str| {
        let out = rtrace()
            .args(["convert", "a.mp", "--to", "strace", option])
            .env("TZ", zone)
            .current_dir(&dir)
            .output()
            .expect("runs");
        let (status, text, errors) = ended(&out);
        assert_eq!((status, errors.as_str()), (Some(0), ""));
        text.split_whitespace().nth(1).expect("a time").to_owned()
    };
    // 2023-11-14 22:13:20 UTC; zones in POSIX's form, that need no data.
    assert_eq!(first("UTC0", "-t"), "22:13:20");
    assert_eq!(first("IST-5:30", "-t"), "03:43:20");
    assert_eq!(first("EST5EDT,M3.2.0,M11.1.0", "-t"), "17:13:20");
    assert_eq!(first("IST-5:30", "-tt"), "03:43:20.000000");
    assert_eq!(first("IST-5:30", "-ttt"), "1700000000.000000");
}
