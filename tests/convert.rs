//! `rtrace convert`: where it reads and writes, and what it says when it cannot.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rtrace::abi::Abi;
use rtrace::event::{Batch, Call, Kind, Origin, TaskId};
use rtrace::log::{End, Header, Writer};
use rtrace::sys::lock;

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
    assert_eq!(runs, ["aa", "aa", "aa", "aa", "bb", "bb", "bb", "bb", "bb"]);
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
    assert_eq!((status, text.lines().count(), errors.as_str()), (Some(0), 4, ""));
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
    for (format, hint) in [
        ("tlt", "did you mean 'ttl'?"),
        ("turtle", "'ttl'"),
        ("ntriples", "'nt'"),
        ("N-Triples", "'nt'"),
        ("rdf", "'nt' or "),
        ("spreadsheet", "--list-formats"),
    ] {
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
fn an_input_is_not_overwritten() {
    let dir = logs();
    let log = dir.path().join("a.mp");
    let before = fs::read(&log).expect("there");
    std::os::unix::fs::symlink("a.mp", dir.path().join("link")).expect("a link");
    fs::hard_link(&log, dir.path().join("hard")).expect("a link");
    for out in ["a.mp", "link", "hard"] {
        let args = ["convert", "b.mp", "a.mp", "--to", "nt", "-o", out];
        let output = rtrace().args(args).current_dir(&dir).output().expect("runs");
        let (status, _, errors) = ended(&output);
        assert_eq!(status, Some(1), "{errors}");
        assert!(errors.contains("same file as the input a.mp"), "{errors}");
        assert!(errors.contains("write to another one"), "{errors}");
    }
    let redirected = [
        ("-", File::open(&log).expect("there")),
        ("a.mp", File::open("/dev/null").expect("there")),
    ];
    for (input, stdin) in redirected {
        let appended = File::options().append(true).open(&log).expect("there");
        let args = ["convert", input, "--to", "nt"];
        let output = rtrace().args(args).stdin(stdin).stdout(appended).current_dir(&dir).output();
        assert_eq!(output.expect("runs").status.code(), Some(1));
    }
    assert_eq!(fs::read(&log).expect("there"), before);
    let args = ["convert", "a.mp", "--to", "nt", "-o", "/dev/null"];
    let output = rtrace().args(args).current_dir(&dir).output().expect("runs");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_output_is_emptied_first() {
    let dir = logs();
    fs::write(dir.path().join("out"), "x".repeat(100_000)).expect("written");
    let args = ["convert", "a.mp", "--to", "jsonl", "-o", "out"];
    let output = rtrace().args(args).current_dir(&dir).output().expect("runs");
    assert_eq!(ended(&output), (Some(0), String::new(), String::new()));
    let text = fs::read_to_string(dir.path().join("out")).expect("there");
    assert_eq!(text.lines().count(), 4);
    assert!(text.lines().all(|line| line.starts_with('{')));
}

#[test]
fn a_wrong_set_of_calls_is_a_usage_error() {
    let dir = logs();
    fs::write(dir.path().join("out"), "from yesterday").expect("written");
    for (set, hint) in [
        ("trace=opne", "did you mean 'open'?"),
        ("signal=none", "no qualifier 'signal'"),
        ("trace=/^open", "regular expressions"),
        ("trace=100000", "the number 100000"),
    ] {
        let args = ["convert", "a.mp", "--to", "strace", "-e", set, "-o", "out"];
        let output = rtrace().args(args).current_dir(&dir).output().expect("runs");
        let (status, _, errors) = ended(&output);
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains(hint), "{errors}");
    }
    assert_eq!(fs::read(dir.path().join("out")).expect("there"), b"from yesterday");
}

#[test]
fn the_last_set_of_calls_counts() {
    let dir = logs();
    let lines = |sets: &[&str]| {
        let sets = sets.iter().flat_map(|set| ["-e", set]);
        let args = ["convert", "a.mp", "--to", "strace"].into_iter().chain(sets);
        let output = rtrace().args(args).current_dir(&dir).output().expect("runs");
        let (status, text, errors) = ended(&output);
        assert_eq!((status, errors.as_str()), (Some(0), ""));
        text.matches("getppid").count()
    };
    assert_eq!(lines(&["trace=getppid", "trace=close"]), 0);
    assert_eq!(lines(&["trace=close", "getppid"]), 2);
}

#[test]
fn options_of_text_are_for_text() {
    let dir = logs();
    for option in ["-p1", "-etrace=open", "-s3", "-tt", "-r", "-T", "-y", "-v"] {
        let args = ["convert", "a.mp", "--to", "jsonl", option, "-o", "out"];
        let output = rtrace().args(args).current_dir(&dir).output().expect("runs");
        let (status, _, errors) = ended(&output);
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains(&format!("{} is for --to strace", &option[..2])), "{errors}");
        assert!(!dir.path().join("out").exists(), "nothing is written");
    }
}

#[test]
fn a_prefix_of_iris_is_for_rdf_and_must_be_one() {
    let dir = logs();
    for (to, prefix, why) in [
        ("csv", "http://h/", "--iri-prefix is for RDF"),
        ("nt", "no scheme", "no IRI can begin so"),
        ("nt", "http://h/<", "no IRI can begin so"),
    ] {
        let args = ["convert", "a.mp", "--to", to, "--iri-prefix", prefix, "-o", "out"];
        let output = rtrace().args(args).current_dir(&dir).output().expect("runs");
        let (status, _, errors) = ended(&output);
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains(why), "{errors}");
        assert!(!dir.path().join("out").exists(), "nothing is written");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let dir = logs();
    let full = || File::options().write(true).open("/dev/full").expect("there");
    for (args, name) in [
        (&["convert", "a.mp", "--to", "nt", "-o", "/dev/full"][..], "/dev/full"),
        (&["convert", "a.mp", "--to", "nt"], "standard output"),
        (&["convert", "--list-formats"], "standard output"),
        (&["show", "a.mp"], "standard output"),
        (&["show", "--events", "a.mp"], "standard output"),
        (&["check", "a.mp"], "standard output"),
        (&["syscalls"], "standard output"),
    ] {
        let output = rtrace().args(args).stdout(full()).current_dir(&dir).output().expect("runs");
        let (status, _, errors) = ended(&output);
        assert_eq!(status, Some(1), "{args:?}: {errors}");
        assert!(errors.contains(&format!("{name}: No space left")), "{errors}");
    }
}

#[test]
fn a_closed_standard_output_is_a_failure() {
    let dir = logs();
    for args in ["convert a.mp --to nt", "show a.mp", "check a.mp", "syscalls"] {
        let script = format!("exec \"$0\" {args} >&-");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_rtrace")]).current_dir(&dir);
        let (status, _, errors) = ended(&shell.output().expect("runs"));
        assert_eq!(status, Some(1), "{args}: {errors}");
        assert!(errors.contains("standard output: it is closed"), "{errors}");
    }
}

#[test]
fn a_log_that_is_not_there_is_named_once() {
    let output = rtrace().args(["convert", "nosuch", "--to", "nt"]).output().expect("runs");
    let (status, _, errors) = ended(&output);
    assert_eq!((status, errors.matches("nosuch").count()), (Some(1), 1), "{errors}");
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
    assert_eq!((status, text.lines().count()), (Some(0), 5));
    assert!(errors.contains("b.mp: "), "{errors}");
    assert!(errors.contains("the log has no end"), "{errors}");
}

#[test]
fn a_growing_log_is_followed_to_its_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("live.mp");
    let file = File::create(&path).expect("new");
    lock::hold(&file).expect("nobody else writes it");
    let mut log = Writer::new(file, &Header::default()).expect("ok");
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
            assert!(next().contains("\"kind\":\"run\""), "what was recorded");
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

#[test]
fn following_ends_when_the_writer_is_gone() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = File::create(dir.path().join("live.mp")).expect("new");
    lock::hold(&file).expect("nobody else writes it");
    let mut log = Writer::new(file, &Header::default()).expect("ok");
    log.write_batch(&slice(1)).expect("a block");
    let follow = || {
        rtrace()
            .args(["convert", "--follow", "live.mp", "--to", "jsonl"])
            .current_dir(&dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs")
    };
    let mut early = follow();
    let mut first = [0; 1];
    let mut stdout = early.stdout.take().expect("piped");
    stdout.read_exact(&mut first).expect("it follows");
    drop(log);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("it ends");
    assert_eq!(rest.lines().count(), 3);
    for follower in [early, follow()] {
        let (status, _, errors) = ended(&follower.wait_with_output().expect("ends"));
        assert_eq!(status, Some(0));
        assert!(errors.contains("live.mp: the log has no end"), "{errors}");
    }
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
