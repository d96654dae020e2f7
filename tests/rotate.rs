//! `--rotate` and `--keep`: a log that is a set of files is read as one, and each of its
//! files by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rtrace::event::{Batch, Kind, TaskId};
use rtrace::log::{Parts, Reader, Reason};
use serde_json::Value;

/// Writes through a descriptor that it opens at first, from a directory that it changes
/// to, by itself and by a child that runs no program of its own.
const JOB: &str = "exec 5>out.txt; cd /usr; for i in $(seq 6000); do echo $i >&5; done; \
    (for i in $(seq 6000); do echo sub >&5; done; cat /etc/passwd >&5); \
    for i in $(seq 3000); do echo late >&5; done; exit 3";

struct Place {
    dir: tempfile::TempDir,
}

/// What a log gives.
#[derive(Default)]
struct Read {
    ended: BTreeMap<(TaskId, u64), Kind>,
    begun: BTreeSet<(TaskId, u64)>,
    recap: BTreeMap<(TaskId, u64), Kind>,
    parts: Option<Parts>,
    reason: Option<Reason>,
    is_complete: bool,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn recorded(options: &[&str]) -> Self {
        let place = Self::new();
        let output = place.run(options, JOB);
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        place
    }

    fn run(&self, options: &[&str], script: &str) -> Output {
        let job = ["--", "bash", "--norc", "-c", script];
        self.rtrace(&[&["run", "-q", "-o", "run.mp"], options, &job].concat())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.args(words).current_dir(self.dir.path());
        command
    }

    fn rtrace(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("rtrace runs")
    }

    fn text(&self, words: &[&str]) -> String {
        String::from_utf8(self.rtrace(words).stdout).expect("text")
    }

    fn check(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(&["check", "--format", "json", name])).expect("JSON")
    }

    /// The numbers of the older parts, when the run is over.
    fn numbers(&self) -> Vec<u64> {
        let names = fs::read_dir(self.dir.path()).expect("a directory");
        let names = names.map(|entry| entry.expect("an entry").file_name());
        let left: Vec<_> =
            names.filter(|name| name.as_encoded_bytes().starts_with(b".rt")).collect();
        assert!(left.is_empty(), "{left:?}");
        self.numbers_so_far()
    }

    fn numbers_so_far(&self) -> Vec<u64> {
        let names = fs::read_dir(self.dir.path()).expect("a directory");
        let names = names.map(|entry| entry.expect("an entry").file_name().into_string());
        let names: Vec<String> = names.map(|name| name.expect("text")).collect();
        let mut numbers: Vec<u64> =
            names.iter().filter_map(|name| name.strip_prefix("run.mp.")?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    fn read(&self, name: &str) -> Read {
        let mut reader = Reader::open(self.path(name)).expect("a log");
        let (mut read, mut batch) = (Read::default(), Batch::new());
        while let Some(info) = reader.next_batch(&mut batch).expect("it can be read") {
            for record in batch.iter() {
                let key = (record.task, record.ordinal);
                if info.is_recap {
                    read.recap.insert(key, record.kind);
                } else if record.is_begun() {
                    read.begun.insert(key);
                } else {
                    let twice = read.ended.insert(key, record.kind);
                    assert_eq!(twice, None, "{name}: {key:?} comes twice");
                }
            }
        }
        read.parts = reader.parts();
        read.reason = reader.end().map(|end| end.reason);
        read.is_complete = reader.losses().is_complete();
        read
    }
}

/// Each task's events follow each other without a hole, from its start to its end.
#[track_caller]
fn is_whole(read: &Read) {
    assert!(read.is_complete && read.recap.is_empty());
    let mut tasks: BTreeMap<TaskId, Vec<u64>> = BTreeMap::new();
    let all: BTreeSet<_> = read.ended.keys().chain(&read.begun).collect();
    for (task, ordinal) in all {
        tasks.entry(*task).or_default().push(*ordinal);
    }
    for (task, ordinals) in tasks {
        let last = *ordinals.last().expect("an event");
        assert!(ordinals.into_iter().eq(0..=last), "events of {task} are missing");
        assert_eq!(read.ended.get(&(task, last)), Some(&Kind::Exit));
    }
}

#[test]
fn a_set_is_read_as_one_log() {
    let place = Place::recorded(&["--rotate", "30K"]);
    let numbers = place.numbers();
    let last = numbers.len() as u64 + 1;
    assert!(last > 4 && numbers.iter().copied().eq(1..last), "{numbers:?}");
    let read = place.read("run.mp");
    is_whole(&read);
    assert_eq!(read.parts, Some(Parts { first: 1, last, is_alone: false }));
    assert_eq!(read.reason, Some(Reason::Ended));
    // A block may end beyond the limit, and is small at this rate.
    let sizes = numbers.iter().map(|n| fs::metadata(place.path(&format!("run.mp.{n}"))));
    assert!(sizes.map(|meta| meta.expect("a part").len()).all(|size| size >= 30 << 10));
    let words = place.text(&["check", "run.mp"]);
    assert!(words.contains("run.mp: whole\n") && words.contains(&format!("parts 1 to {last}")));
    // Names behind descriptors come from the first part, up to the last.
    let lines = place.text(&["convert", "--to", "strace", "-y", "run.mp"]);
    let is_late = |line: &&str| line.contains("/out.txt>, \"late\\n\", 5) = 5");
    assert_eq!(lines.lines().filter(is_late).count(), 3000);
    let shown = place.text(&["show", "run.mp"]);
    assert!(shown.contains("cat /etc/passwd") && shown.contains("exit 3"), "{shown}");
}

#[test]
fn each_part_is_a_log_by_itself() {
    let place = Place::recorded(&["--rotate", "30K"]);
    let whole = place.read("run.mp");
    let mut ended = BTreeMap::new();
    let numbers = place.numbers();
    for number in &numbers {
        let name = format!("run.mp.{number}");
        let part = place.read(&name);
        assert!(part.is_complete);
        let alone = Parts { first: *number, last: *number, is_alone: true };
        assert_eq!((part.parts, part.reason), (Some(alone), Some(Reason::NextPart)));
        assert_eq!(part.recap.is_empty(), *number == 1);
        // Whoever does something in it is introduced.
        for (task, _) in part.ended.keys().chain(&part.begun) {
            let start = (*task, 0);
            assert!(part.ended.contains_key(&start) || part.recap.contains_key(&start));
        }
        assert!(part.recap.iter().all(|(key, kind)| whole.ended.get(key) == Some(kind)));
        let check = place.check(&name);
        assert_eq!((&check["complete"], check["begins"].is_null()), (&true.into(), *number == 1));
        let shown = place.text(&["show", &name]);
        assert!(shown.contains("bash --norc -c"), "{shown}");
        let lines = place.text(&["convert", "--to", "strace", "-y", &name]);
        let is_write = |line: &&str| line.contains("write(") && line.contains("\\n\", 5) = 5");
        let is_named = |line: &str| line.contains("/out.txt>") || line.contains("<pipe:");
        assert!(lines.lines().filter(is_write).all(is_named), "descriptors have names in {name}");
        ended.extend(part.ended);
    }
    // The latest has the name of all: apart, it is read under another one.
    fs::create_dir(place.path("apart")).expect("a directory");
    let last = numbers.len() + 1;
    fs::copy(place.path("run.mp"), place.path(&format!("apart/x.{last}"))).expect("a copy");
    ended.extend(place.read(&format!("apart/x.{last}")).ended);
    assert!(ended == whole.ended, "together they have all of it");
}

#[test]
fn a_ring_keeps_the_latest_and_says_where_it_begins() {
    let place = Place::recorded(&["--rotate", "30K", "--keep", "3"]);
    let numbers = place.numbers();
    assert_eq!(numbers.len(), 2);
    let (first, last) = (numbers[0], numbers[1] + 1);
    assert!(first > 1 && numbers[1] == first + 1);
    let read = place.read("run.mp");
    assert_eq!(read.parts, Some(Parts { first, last, is_alone: false }));
    assert!(read.is_complete, "what was not to be kept is not lost");
    assert!(!read.recap.is_empty(), "what is gone is summed up");
    let words = place.text(&["check", "run.mp"]);
    assert!(words.contains(&format!("parts {first} to {last}")), "{words}");
    assert!(words.contains("the beginning is missing"), "{words}");
    let output = place.rtrace(&["show", "run.mp"]);
    let (shown, said) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
    let shown = String::from_utf8(shown).expect("text");
    assert!(shown.contains("bash --norc -c") && shown.contains("exit 3"), "{shown}");
    assert!(said.contains(&format!("the beginning is missing: parts 1 to {}", first - 1)));
}

#[test]
fn a_part_that_is_missing_is_told() {
    let place = Place::recorded(&["--rotate", "30K"]);
    let whole = place.read("run.mp");
    fs::remove_file(place.path("run.mp.2")).expect("a part");
    let output = place.rtrace(&["check", "run.mp"]);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("1 parts of the set are missing"), "{words}");
    let read = place.read("run.mp");
    assert!(
        !read.is_complete
            && read.ended.iter().all(|(key, kind)| whole.ended.get(key) == Some(kind))
    );
    // The first part of what is no ring is missing, too.
    fs::remove_file(place.path("run.mp.1")).expect("a part");
    assert_eq!(place.check("run.mp")["lost"]["parts"], 2);
    // Parts of another run have nothing to do with it.
    fs::remove_file(place.path("run.mp.3")).expect("a part");
    place.rtrace(&["run", "-q", "-o", "other.mp", "true"]);
    fs::rename(place.path("other.mp"), place.path("run.mp.3")).expect("a log");
    assert_eq!(place.check("run.mp")["lost"]["parts"], 3);
}

#[test]
fn damage_in_one_part_leaves_the_others() {
    let place = Place::recorded(&["--rotate", "30K"]);
    let name = place.path("run.mp.2");
    let mut bytes = fs::read(&name).expect("a part");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&name, &bytes).expect("a part");
    let check = place.check("run.mp");
    assert_eq!((&check["complete"], &check["lost"]["blocks"]), (&false.into(), &1.into()));
    let at = fs::metadata(place.path("run.mp.1")).expect("a part").len() + middle as u64;
    let range = &check["lost"]["ranges"][0];
    assert!(range["start"].as_u64() <= Some(at) && Some(at) < range["end"].as_u64(), "{range}");
    // All that can be read becomes one file.
    let output = place.rtrace(&["check", "--repair", "good.mp", "run.mp"]);
    assert!(output.status.success());
    let (good, read) = (place.read("good.mp"), place.read("run.mp"));
    assert!(good.is_complete && good.parts.is_none() && good.ended == read.ended);
    place.rtrace(&["cat", "run.mp", "run.mp.1", "-o", "cat.mp"]);
    let cat = place.read("cat.mp");
    assert!(cat.is_complete && cat.parts.is_none() && cat.ended == read.ended);
}

#[test]
fn a_latest_part_without_its_header_is_still_one_of_the_set() {
    let place = Place::recorded(&["--rotate", "30K"]);
    let whole = place.read("run.mp");
    let mut bytes = fs::read(place.path("run.mp")).expect("a part");
    bytes[100] ^= 1;
    fs::write(place.path("run.mp"), &bytes).expect("a part");
    let read = place.read("run.mp");
    assert_eq!((read.parts, read.is_complete), (whole.parts, false));
    assert!(read.ended == whole.ended);
    // One of another run is not taken for one of its parts.
    for number in place.numbers() {
        fs::remove_file(place.path(&format!("run.mp.{number}"))).expect("a part");
    }
    place.rtrace(&["run", "-q", "-o", "run.mp.1", "--rotate", "1M", "true"]);
    assert_eq!(place.read("run.mp").parts, None);
}

#[test]
fn it_is_followed_from_file_to_file() {
    let place = Place::new();
    // Files change between blocks, and a block has what happens in a fifth of a second.
    let script = "read line; for j in 1 2 3 4 5 6; do \
        for i in $(seq 1000); do echo $i; done >/dev/null; sleep 0.2; done; read line";
    let mut run = place
        .command(&["run", "-q", "-o", "run.mp", "--rotate", "1K", "--", "bash", "-c", script])
        .stdin(Stdio::piped())
        .spawn()
        .expect("rtrace runs");
    let path = place.path("run.mp");
    while fs::metadata(&path).map_or(0, |meta| meta.len()) == 0 {
        std::thread::yield_now();
    }
    let follower = place
        .command(&["convert", "--follow", "--to", "jsonl", "run.mp", "-o", "followed.jsonl"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("rtrace runs");
    std::io::Write::write_all(&mut run.stdin.take().expect("a pipe"), b"1\n2\n").expect("it reads");
    assert!(run.wait().expect("it ends").success());
    let output = follower.wait_with_output().expect("it ends");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(place.numbers().len() > 2);
    // Who follows is told of calls as soon as they have begun.
    let is_over = |line: &&str| !line.contains("\"begun\":true");
    let sorted =
        |text: String| text.lines().filter(is_over).map(str::to_owned).collect::<BTreeSet<_>>();
    let followed = sorted(fs::read_to_string(place.path("followed.jsonl")).expect("text"));
    let read = sorted(place.text(&["convert", "--to", "jsonl", "run.mp"]));
    assert_eq!(followed.symmetric_difference(&read).next(), None);
}

#[test]
fn a_recorder_that_is_killed_leaves_a_set_that_can_be_read() {
    let place = Place::new();
    let script = "while read -t 0.01; [ ! -e stop ]; do echo on; done >/dev/null";
    let mut run = place
        .command(&["run", "-q", "-o", "run.mp", "--rotate", "1K", "--", "bash", "-c", script])
        .stdin(Stdio::null())
        .spawn()
        .expect("rtrace runs");
    while place.numbers_so_far().len() < 3 {
        std::thread::yield_now();
    }
    run.kill().expect("it runs");
    run.wait().expect("it ends");
    fs::write(place.path("stop"), "").expect("a file");
    let read = place.read("run.mp");
    let parts = read.parts.expect("a set");
    assert!(parts.first == 1 && parts.last >= 4 && read.recap.is_empty(), "{parts:?}");
    let lost = &place.check("run.mp")["lost"];
    assert_eq!(
        (&lost["tail"], &lost["parts"], &lost["blocks"]),
        (&true.into(), &0.into(), &0.into())
    );
    let ordinals = read.ended.keys().filter(|(task, _)| *task == TaskId(1)).map(|key| key.1);
    let missing = (0..).zip(ordinals).find(|(expected, found)| expected != found);
    assert_eq!(missing, None);
}

#[test]
fn by_time() {
    let place = Place::new();
    place.run(&["--rotate", "50ms"], "for i in 1 2 3 4 5 6; do sleep 0.06; done");
    assert!(place.numbers().len() >= 2, "{:?}", place.numbers());
    is_whole(&place.read("run.mp"));
}

#[test]
fn a_new_set_replaces_an_older_one() {
    let place = Place::recorded(&["--rotate", "30K"]);
    let old = place.numbers().len();
    place.run(&["--rotate", "30K"], "for i in $(seq 5000); do echo $i; done >/dev/null");
    let read = place.read("run.mp");
    is_whole(&read);
    let parts = read.parts.expect("a set");
    assert!(parts.first == 1 && parts.last < old as u64, "{parts:?}");
}

#[test]
fn what_cannot_be_a_set_is_refused() {
    let place = Place::new();
    let output = place.rtrace(&["run", "--rotate", "1M", "-o", "-", "true"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(125));
    assert!(said.contains("--rotate") && said.contains("regular file"), "{said}");
    for words in [&["--keep", "3"][..], &["--rotate", "much"], &["--rotate", "1M", "--keep", "0"]] {
        let output = place.rtrace(&[&["run"], words, &["true"]].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}
