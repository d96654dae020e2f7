//! `rtrace cat`: logs that are cut, joined and compressed anew keep their events and
//! what those mean.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use rtrace::event::{Batch, Kind, Record, TaskId};
use rtrace::log::{Reader, Reason};

/// Writes to a file that it has opened at first, changes its directory, has a child that
/// inherits the file and runs no program of its own, and one that outlives its parent.
const JOB: &str = "exec 5>first.txt; cd /usr; \
    for i in $(seq 3000); do echo $i >&5; done; \
    (for i in $(seq 3000); do echo sub $i >&5; done; cat /etc/passwd >&5); \
    ( (for i in $(seq 2000); do echo deep >&5; done) & ); \
    for i in $(seq 2000); do echo late >&5; done; exit 3";

struct Place {
    dir: tempfile::TempDir,
}

type Key = (TaskId, u64);

/// A record, with all that belongs to it but its end.
type Head = (Kind, u64, [u64; 6], Vec<Vec<u8>>);

fn head(record: &Record<'_>) -> Head {
    let entry = record.pieces.iter().filter(|piece| piece.phase.name() == "entry");
    let entry = entry.map(|piece| record.bytes(piece).to_vec());
    (record.kind, record.start, record.words, entry.collect())
}

/// The events of a log: those that have ended, and those that have only begun.
#[derive(Default)]
struct Events {
    ended: BTreeMap<Key, (u64, i64, Head)>,
    begun: BTreeMap<Key, Head>,
    recap: BTreeMap<Key, Kind>,
    facts: usize,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn recorded() -> Self {
        let place = Self::new();
        let script = ["run", "-q", "-o", "a.mp", "--", "bash", "--norc", "-c", JOB];
        assert_eq!(place.rtrace(&script).status.code(), Some(3));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn rtrace(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.args(words).current_dir(self.dir.path()).output().expect("rtrace runs")
    }

    /// `rtrace cat` with these words succeeds, and what it makes is whole.
    #[track_caller]
    fn cat(&self, words: &[&str], out: &str) {
        let output = self.rtrace(&[&["cat", "-o", out], words].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{words:?}: {said}");
        let check = self.rtrace(&["check", out]);
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    }

    fn reader(&self, name: &str) -> Reader {
        Reader::open(self.path(name)).expect("a log")
    }

    fn events(&self, name: &str) -> Events {
        let (mut reader, mut batch) = (self.reader(name), Batch::new());
        let mut events = Events::default();
        while let Some(info) = reader.next_batch(&mut batch).expect("it can be read") {
            events.facts += batch.facts().len();
            for record in batch.iter() {
                let key = (record.task, record.ordinal);
                if info.is_recap {
                    events.recap.insert(key, record.kind);
                } else if let Some(end) = record.end {
                    let twice = events.ended.insert(key, (end, record.result, head(&record)));
                    assert!(twice.is_none(), "{name}: {key:?} ends twice");
                    events.begun.remove(&key);
                } else {
                    events.begun.insert(key, head(&record));
                }
            }
        }
        assert!(reader.losses().is_complete());
        events
    }

    /// What strace would print, with names of descriptors and without pids.
    fn lines(&self, name: &str) -> Vec<String> {
        let output = self.rtrace(&["convert", "--to", "strace", "-y", "-ttt", name]);
        String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
    }

    /// Two logs have the same lines.
    #[track_caller]
    fn say_the_same(&self, one: &str, other: &str) {
        let (one, other) = (self.lines(one), self.lines(other));
        let differ = one.iter().zip(&other).find(|(one, other)| one != other);
        assert_eq!((differ, one.len()), (None, other.len()));
    }

    /// Two logs have the same events with the same meaning, in an order that may differ
    /// where tasks do things at once.
    #[track_caller]
    fn mean_the_same(&self, one: &str, other: &str) {
        let lines = |name| {
            let output = self.rtrace(&["convert", "--to", "jsonl", name]);
            let text = String::from_utf8(output.stdout).expect("JSON is text");
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        let (one, other) = (lines(one), lines(other));
        let differ = one.iter().zip(&other).find(|(one, other)| one != other);
        assert_eq!((differ, one.len()), (None, other.len()));
    }

    /// Times of the first and last end.
    fn span(&self, name: &str) -> (u64, u64) {
        let events = self.events(name);
        let ends = || events.ended.values().map(|(end, ..)| *end);
        (ends().min().expect("events"), ends().max().expect("events"))
    }
}

#[test]
fn a_copy_has_the_same_events_at_any_level() {
    let place = Place::recorded();
    let whole = place.events("a.mp");
    let mut sizes = Vec::new();
    for level in ["1", "19"] {
        place.cat(&["--level", level, "a.mp"], "b.mp");
        let copy = place.events("b.mp");
        assert!(copy.ended == whole.ended && copy.begun == whole.begun && copy.recap.is_empty());
        assert_eq!(copy.facts, whole.facts);
        place.say_the_same("b.mp", "a.mp");
        assert_eq!(place.reader("b.mp").header(), place.reader("a.mp").header());
        sizes.push(fs::metadata(place.path("b.mp")).expect("a log").len());
    }
    assert!(sizes[1] < sizes[0], "{sizes:?}");
    let status = |name| {
        let mut reader = place.reader(name);
        while reader.next_batch(&mut Batch::new()).expect("a log").is_some() {}
        reader.end().cloned()
    };
    assert_eq!(status("b.mp"), status("a.mp"));
}

#[test]
fn a_cut_has_the_events_of_its_time_and_knows_what_they_mean() {
    let place = Place::recorded();
    let whole = place.events("a.mp");
    let (first, last) = place.span("a.mp");
    let at = |part: u64| first + (last - first) * part / 100;
    for (from, to) in [(30, 50), (45, 80), (70, 95), (99, 99)] {
        let (from, to) = (at(from), at(to));
        place.cat(&["--from", &from.to_string(), "--to", &to.to_string(), "a.mp"], "cut.mp");
        let cut = place.events("cut.mp");
        let mut expected = whole.ended.clone();
        expected.retain(|_, (end, ..)| (from..=to).contains(end));
        assert!(cut.ended == expected, "{} events, not {}", cut.ended.len(), expected.len());
        for (key, begun) in &cut.begun {
            match whole.ended.get(key) {
                Some((end, _, whole)) => assert!(*end > to && whole == begun, "{key:?}"),
                // The exit call of a process never ends.
                None => assert_eq!(whole.begun.get(key), Some(begun)),
            }
        }
        // Those that had begun before the cut may be told by neither of its blocks.
        let is_pending = |end: u64, start: u64| (from..=to).contains(&start) && end > to;
        let pending = whole.ended.iter().filter(|(_, (end, _, head))| is_pending(*end, head.1));
        let lost: Vec<_> = pending.filter(|(key, _)| !cut.begun.contains_key(key)).collect();
        assert!(lost.is_empty(), "calls that were pending at {to}: {lost:?}");
        // Every task that does something has a start.
        for (task, _) in cut.ended.keys().chain(cut.begun.keys()) {
            let start = (*task, 0);
            assert!(cut.ended.contains_key(&start) || cut.recap.contains_key(&start), "{task}");
        }
        // What was opened before is known by its name.
        let lines = place.lines("cut.mp");
        let mut writes = lines.iter().filter(|line| line.contains(" write("));
        let is_named = |line: &String| {
            line.contains("/first.txt>, ") || line.contains("(1<pipe:[") || line.contains("(1</")
        };
        assert!(writes.all(is_named), "{:?}", lines.iter().find(|line| !is_named(line)));
    }
}

#[test]
fn a_cut_says_what_it_is() {
    let place = Place::recorded();
    let (first, last) = place.span("a.mp");
    let middle = (first + (last - first) / 2).to_string();
    place.cat(&["--from", &middle, "a.mp"], "tail.mp");
    place.cat(&["--to", &middle, "a.mp"], "front.mp");
    let check = |name| {
        let output = place.rtrace(&["check", "--format", "json", name]);
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let (front, tail) = (check("front.mp"), check("tail.mp"));
    assert_eq!((front["end"]["reason"].as_str(), front["begins"].is_null()), (Some("part"), true));
    assert_eq!(
        (tail["end"]["reason"].as_str(), tail["end"]["status"].as_i64()),
        (Some("ended"), Some(3 << 8))
    );
    assert_eq!(tail["begins"].as_u64(), middle.parse().ok());
    let words = place.rtrace(&["check", "tail.mp"]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(words.contains("begins "), "{words}");
    let shown = place.rtrace(&["show", "tail.mp"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("bash --norc -c") && shown.contains("exit 3"), "{shown}");
}

#[test]
fn overlapping_parts_and_damaged_copies_make_the_whole() {
    let place = Place::recorded();
    let whole = place.events("a.mp");
    let (first, last) = place.span("a.mp");
    let at = |part: u64| (first + (last - first) * part / 100).to_string();
    place.cat(&["--to", &at(40), "a.mp"], "1.mp");
    place.cat(&["--from", &at(30), "--to", &at(70), "a.mp"], "2.mp");
    place.cat(&["--from", &at(60), "a.mp"], "3.mp");
    place.cat(&["3.mp", "1.mp", "2.mp"], "joined.mp");
    let joined = place.events("joined.mp");
    let missing = whole.ended.iter().find(|(key, event)| joined.ended.get(key) != Some(event));
    assert_eq!((missing, joined.ended.len()), (None, whole.ended.len()));
    assert!(joined.recap.is_empty(), "what is told anyway is not summed up");
    assert_eq!(joined.facts, whole.facts);
    place.mean_the_same("joined.mp", "a.mp");

    let log = fs::read(place.path("a.mp")).expect("the log");
    for (name, part) in [("x.mp", 3), ("y.mp", 6)] {
        let mut bad = log.clone();
        bad[log.len() * part / 10] ^= 1;
        fs::write(place.path(name), bad).expect("a file");
    }
    let output = place.rtrace(&["cat", "x.mp", "y.mp", "-o", "joined.mp"]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.matches("1 blocks with").count(), 2, "{said}");
    assert!(place.events("joined.mp").ended == whole.ended);
    place.mean_the_same("joined.mp", "a.mp");
}

#[test]
fn one_process_and_what_it_inherited() {
    let place = Place::recorded();
    let whole = place.events("a.mp");
    // The one that runs cat: a child of a child.
    let find = |program: &[u8], argv0: &[u8]| {
        let is_it = |head: &Head| head.3.get(..2).is_some_and(|two| two == [program, argv0]);
        whole.ended.iter().find(|(_, (_, _, head))| is_it(head)).map(|((task, _), _)| *task)
    };
    let task = find(b"/usr/bin/cat", b"cat").expect("it runs cat");
    let pid = whole.ended[&(task, 0)].2.2[1].to_string();
    place.cat(&["--pid", &pid, "a.mp"], "one.mp");
    let one = place.events("one.mp");
    let own = whole.ended.keys().filter(|(of, _)| *of == task).count();
    assert_eq!((one.ended.len(), own > 50), (own, true));
    let copies = |name| {
        let lines = place.lines(name);
        let is_copy =
            |line: &&String| line.contains("first.txt>") && line.contains("/etc/passwd>, ");
        lines.iter().filter(is_copy).cloned().collect::<Vec<_>>()
    };
    // Without the other processes there are no pids in the lines.
    let (whole, one) = (copies("a.mp"), copies("one.mp"));
    assert!(!one.is_empty());
    let is_told = |line: &&String| whole.iter().any(|told| told.ends_with(line.as_str()));
    assert!(one.iter().all(|line| is_told(&line)), "{whole:?} {one:?}");
    let none = place.rtrace(&["cat", "--pid", "1", "a.mp", "-o", "none.mp"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("no process"));
}

#[test]
fn some_calls() {
    let place = Place::recorded();
    let whole = place.events("a.mp");
    place.cat(&["-e", "trace=write", "a.mp"], "writes.mp");
    let lines = place.lines("writes.mp");
    let is_write = |line: &&String| line.contains(" write(");
    let all = place.lines("a.mp");
    let count = all.iter().filter(is_write).count();
    assert!(count > 10_000 && lines.iter().filter(is_write).count() == count);
    let is_other = |line: &&String| line.contains(" read(") || line.contains(" openat(");
    assert_eq!(lines.iter().filter(is_other).count(), 0);
    let kept = place.events("writes.mp");
    assert!(kept.ended.iter().all(|(key, event)| whole.ended.get(key) == Some(event)));
    let programs = |events: &Events| {
        let execs = events.ended.values().filter(|(_, _, head)| head.0 == Kind::Exec);
        execs.count()
    };
    assert_eq!(programs(&kept), programs(&whole));
    assert!(lines.iter().any(|line| line.contains("execve(\"/usr/bin/cat\"")));
}

#[test]
fn times_of_all_forms() {
    let place = Place::recorded();
    let mut reader = place.reader("a.mp");
    let start = reader.header().clone().clock.realtime + 5_000_000;
    while reader.next_batch(&mut Batch::new()).expect("a log").is_some() {}
    let date = Command::new("date")
        .args(["-u", "-d", &format!("@{}.{:09}", start / 1_000_000_000, start % 1_000_000_000)])
        .arg("+%Y-%m-%dT%H:%M:%S.%NZ")
        .output()
        .expect("date runs");
    let date = String::from_utf8(date.stdout).expect("text");
    let mut logs = Vec::new();
    for from in ["5000000", "+5ms", "+0.005s", date.trim()] {
        place.cat(&["--from", from, "a.mp"], "cut.mp");
        logs.push(fs::read(place.path("cut.mp")).expect("a log"));
    }
    assert!(logs.windows(2).all(|pair| pair[0] == pair[1]), "all mean the same time");
    let output = place.rtrace(&["cat", "--from", "yesterday", "a.mp", "-o", "cut.mp"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("RFC 3339"));
    let output = place.rtrace(&["cat", "--from", "+2s", "--to", "+1s", "a.mp", "-o", "cut.mp"]);
    assert_eq!(output.status.code(), Some(2));
    // What begins behind the end has what lives then: nothing.
    place.cat(&["--from", "+1h", "a.mp"], "cut.mp");
    let cut = place.events("cut.mp");
    assert!(cut.ended.is_empty() && cut.recap.is_empty());
}

#[test]
fn logs_of_different_runs_are_not_mixed() {
    let place = Place::new();
    for name in ["a.mp", "b.mp"] {
        place.rtrace(&["run", "-q", "-o", name, "true"]);
    }
    fs::write(place.path("out.mp"), "older").expect("a file");
    let output = place.rtrace(&["cat", "a.mp", "b.mp", "-o", "out.mp"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("b.mp") && said.contains("another run"), "{said}");
    let output = place.rtrace(&["cat", "a.mp", "-o", "./a.mp"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is the same file as the input"));
    assert_eq!(fs::read(place.path("out.mp")).expect("a file"), b"older");
    assert_eq!(place.reader("a.mp").header().command, [b"true"]);
    let mut reader = place.reader("a.mp");
    while reader.next_batch(&mut Batch::new()).expect("a log").is_some() {}
    assert_eq!(reader.end().map(|end| end.reason), Some(Reason::Ended));
}

/// What other processes did to the same things is not known, which is not nothing.
#[test]
fn a_log_that_was_cut_to_a_process_says_so() {
    let place = Place::new();
    let script = "cat <in >>all; (cat in >>all)";
    fs::write(place.path("in"), "12345").expect("written");
    let run = ["run", "-q", "-o", "a.mp", "--", "bash", "--norc", "-c", script];
    assert!(place.rtrace(&run).status.success());
    let text = |words: &[&str]| String::from_utf8(place.rtrace(words).stdout).expect("text");
    let document = |log: &str| -> serde_json::Value {
        serde_json::from_str(&text(&["convert", log, "--to", "json"])).expect("JSON")
    };
    let nodes = |document: &serde_json::Value| document["nodes"].as_array().expect("nodes").clone();
    let cats = nodes(&document("a.mp"));
    let cat = cats.iter().find(|node| node["class"] == "process" && node["label"] == "cat");
    let pid = cat.expect("it ran")["pid"].to_string();
    place.cat(&["--pid", &pid, "a.mp"], "cut.mp");
    let cut = document("cut.mp");
    let recorded = &cut["meta"]["runs"][0]["recorded"];
    assert_eq!(recorded["left_out"], serde_json::json!(["processes"]));
    assert_eq!(recorded["processes"][0].to_string(), pid);
    let all = nodes(&cut);
    let all = all.iter().find(|node| node["label"].as_str().is_some_and(|it| it.ends_with("/all")));
    let all = all.expect("it was written to");
    assert!(all["written"].is_null() && all["written_at_least"] == 5, "{all}");
    // What the process itself did is all there.
    let uses = cut["links"].as_array().expect("links").iter();
    let mut uses = uses.filter(|link| link["kind"] == "use" && link["target"] == all["id"]);
    assert!(uses.all(|link| link["written"].is_null() || link["written"] == 5));
    let wrote = ["query", "cut.mp", "--name", "who-wrote", "--param", "path=all"];
    let said = String::from_utf8(place.rtrace(&wrote).stderr).expect("text");
    assert!(said.contains("cut to some processes"), "{said}");
    let rdf = text(&["convert", "cut.mp", "--to", "nt", "--detail", "resource"]);
    assert!(rdf.contains("#cutTo> \"") && rdf.contains("#leftOut> \"processes\""), "{rdf}");
    let line = text(&["convert", "cut.mp", "--to", "jsonl"]);
    let line: serde_json::Value =
        serde_json::from_str(line.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&line["kind"], &line["recorded"]), (&"run".into(), recorded));
    // A cut of the cut has what it has.
    place.cat(&["cut.mp"], "again.mp");
    assert_eq!(place.reader("again.mp").header(), place.reader("cut.mp").header());
}
