//! Runs folded into numbers.

use super::kit::*;
use crate::event::{FactKey, FactKind, Kind, Origin, Role, TaskId, Value};
use crate::flow::graph::{Carrier, Deed, End, Graph, Span, Why};

const EXEC_FLAGS: &[u64] = &[8, 8, 8];

/// `made` forks task `child`, which executes `program`.
fn runs(story: &mut Story, parent: u32, child: u32, program: &str) {
    let made = story.next(parent);
    let pid = u64::from(100 + child);
    story.start(child, [pid, pid, u64::from(child), u64::from(parent), made], Origin::Fork);
    story.ends(parent, made, fork, &[], Some(pid as i64), |_| {}, &[]);
    executes(story, child, program);
}

fn executes(story: &mut Story, task: u32, program: &str) -> u64 {
    story.call_with(task, execve, EXEC_FLAGS, 0, |record| {
        whole(record, 0, Role::Path, format!("/bin/{program}").as_bytes());
        whole(record, 1, Role::Arg, program.as_bytes());
    })
}

fn exits(story: &mut Story, task: u32, code: u64) {
    story.happens(Kind::Exit, task, [code, 0, 0, 0, 0, 0]);
}

/// What an activity is called: its program, and its process where that is a fork's.
fn called(graph: &Graph, index: crate::flow::graph::ActivityIndex) -> String {
    let activity = graph.activity(index).expect("an activity");
    let argv = String::from_utf8_lossy(&activity.argv().join(&b' ')).into_owned();
    if activity.is_own() { argv } else { format!("{argv}@{}", activity.id.process) }
}

/// `who resource: deeds in out` for all usages of that resource.
fn usages(graph: &Graph, name: &str) -> Vec<String> {
    let amount = |amount: crate::flow::graph::Amount| {
        amount.known().map_or_else(|| format!("{}+", amount.bytes), |bytes| bytes.to_string())
    };
    let of = graph.usages.iter().filter(|usage| {
        graph.resource(usage.resource).is_some_and(|resource| *resource.name == *name.as_bytes())
    });
    of.map(|usage| {
        let deeds: Vec<_> =
            usage.deeds().map(|(deed, count)| format!("{}={count}", deed.name())).collect();
        let (who, deeds) = (called(graph, usage.activity), deeds.join(","));
        format!("{who}: {deeds} {}/{}", amount(usage.bytes_in), amount(usage.bytes_out))
    })
    .collect()
}

#[test]
fn what_an_activity_did_to_a_content_is_one_entry() {
    let mut story = Story::new();
    executes(&mut story, 1, "a");
    story.open(1, b"/x", 1, 3);
    for _ in 0..3 {
        story.call(1, write, &[3, 0, 10], 7);
    }
    story.call(1, read, &[3, 0, 10], 0);
    story.call(1, read, &[3, 0, 10], -9);
    executes(&mut story, 1, "b");
    begins(&mut story, 1, read, &[3, 0, 10]);
    let graph = story.graph();
    assert_eq!(
        usages(&graph, "/x"),
        [
            "a: opens=1,looks=1,failures=1 0/0", // of the file, whatever is in it
            "a: reads=1,writes=3 0/21",
            "b: reads=1 0+/0",
        ]
    );
    assert_eq!(usages(&graph, "/bin/b"), ["b: execs=1 0/0"]);
    let usage = graph.usages.iter().find(|usage| usage.count(Deed::Write) == 3).expect("written");
    assert!(usage.given.is_some_and(|given| given.first < given.last), "{usage:?}");
    let process = graph.process(TaskId(1)).expect("the command");
    assert_eq!((process.calls, process.errors, process.end), (9, 1, End::None));
    assert_eq!(process.activities.len(), 3, "before the first exec, a, b");
    let resource = graph.resource(usage.resource).expect("of the graph");
    assert!(resource.is_open && !resource.is_gone());
}

#[test]
fn bytes_go_from_activity_to_activity() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, pipe2, &[8, 0], 0, |r| whole(r, 0, Role::Struct, &fds));
    runs(&mut story, 1, 2, "a");
    runs(&mut story, 1, 3, "b");
    for _ in 0..2 {
        story.call(2, write, &[4, 0, 5], 5);
        story.call(3, tee, &[3, 6, 4], 4); // what it looks at goes once
        story.call(3, read, &[3, 0, 9], 5);
    }
    for task in [2, 3] {
        exits(&mut story, task, 0);
    }
    exits(&mut story, 1, 0);
    let graph = story.graph();
    let passed: Vec<_> = graph
        .passages
        .iter()
        .map(|one| {
            let (from, to) = (called(&graph, one.from), called(&graph, one.to));
            format!("{from}>{to} {} {} {}", one.amount, one.carrier.name(), one.is_certain())
        })
        .collect();
    assert_eq!(passed, ["a>b 10 bytes true"]);
    assert_eq!(graph.passages[0].carrier, Carrier::Bytes);
    let (given, taken) = (graph.passages[0].given, graph.passages[0].taken);
    assert!(given.is_some_and(|given| given.first < taken.first), "{given:?} {taken:?}");
    assert!(graph.held_up.is_empty(), "every read came after its write");
    let pipe = graph.resource(graph.passages[0].through).expect("of the graph");
    assert!(pipe.is_gone(), "nobody has it open");
}

/// A call that is entered; it ends with the second of both.
fn begins(story: &mut Story, task: u32, nr: u64, args: &[u64]) -> u64 {
    let ordinal = story.next(task);
    story.ends(task, ordinal, nr, args, None, |_| {}, &[]);
    ordinal
}

#[test]
fn who_waited_for_whom() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, pipe2, &[8, 0], 0, |r| whole(r, 0, Role::Struct, &fds));
    runs(&mut story, 1, 2, "a");
    story.call(1, close, &[4], 0);
    let reading = begins(&mut story, 1, read, &[3, 0, 9]);
    let entered = story.now();
    story.call(2, write, &[4, 0, 5], 5);
    story.ends_since(entered, 1, reading, read, &[3, 0, 9], 5);
    let reading = begins(&mut story, 1, read, &[3, 0, 9]);
    let entered = story.now();
    let exiting = begins(&mut story, 2, exit_group, &[0]);
    story.ends_since(entered, 1, reading, read, &[3, 0, 9], 0);
    let waiting = begins(&mut story, 1, wait4, &[u64::MAX, 0, 0]);
    let asked = story.now();
    exits(&mut story, 2, 0);
    story.ends_since(asked, 1, waiting, wait4, &[u64::MAX, 0, 0], 102);
    let graph = story.graph();
    let whys: Vec<_> = graph.held_up.iter().map(|one| (one.task.0, one.by.0, one.why)).collect();
    assert_eq!(whys, [(1, 2, Why::Bytes), (1, 2, Why::Close), (1, 2, Why::End)], "{exiting}");
    for one in &graph.held_up {
        assert!(one.from < one.at && one.at <= one.until, "{one:?}");
    }
    let waited = graph.process(TaskId(2)).and_then(|process| process.waited);
    assert_eq!(waited.map(|(event, _)| event.ordinal), Some(waiting));
}

#[test]
fn the_call_to_blame() {
    let mut story = Story::new();
    let says = |story: &mut Story, task, text: &[u8]| {
        story.call_with(task, write, &[2, 8, 99], text.len() as i64, |record| {
            whole(record, 1, Role::Data, text);
        });
    };
    runs(&mut story, 1, 2, "a");
    let blamed = story.open(2, b"/etc/none", 0, -2);
    story.open(2, b"/usr/share/locale/de", 0, -2);
    says(&mut story, 2, b"a: /etc/none: No such file or directory\n");
    exits(&mut story, 2, 1);
    // One that says nothing, but ends with the error's number.
    runs(&mut story, 1, 3, "b");
    let returned = story.open(3, b"/x", 0, -13);
    exits(&mut story, 3, 13);
    // One that looked in vain and fails for its own reasons.
    runs(&mut story, 1, 4, "c");
    story.open(4, b"/y", 0, -2);
    says(&mut story, 4, b"c: what?\n");
    exits(&mut story, 4, 1);
    // One that ends well.
    runs(&mut story, 1, 5, "d");
    story.open(5, b"/z", 0, -2);
    says(&mut story, 5, b"d: /z: No such file or directory\n");
    exits(&mut story, 5, 0);
    // One that asks whether what it reads is a terminal, and names it for another reason.
    runs(&mut story, 1, 6, "e");
    story.open(6, b"/module", 0, -25);
    says(&mut story, 6, b"e: in /module, line 1\n");
    exits(&mut story, 6, 1);
    let graph = story.graph();
    let blame = |task| {
        let failure = graph.process(TaskId(task))?.failure.as_ref()?;
        Some((failure.event.ordinal, failure.errno))
    };
    assert_eq!(
        [blame(2), blame(3), blame(4), blame(5), blame(6)],
        [Some((blamed, 2)), Some((returned, 13)), None, None, None]
    );
    let said = |task| graph.process(TaskId(task)).map(|process| process.said.as_slice());
    assert_eq!(said(2), Some(b"a: /etc/none: No such file or directory\n".as_slice()));
    assert_eq!([said(3), said(5)], [Some(b"".as_slice()); 2], "only who ended badly is told of");
}

#[test]
fn events_belong_to_the_activity_of_their_time() {
    let mut story = Story::new();
    let before = story.call(1, close, &[9], -9);
    let first = executes(&mut story, 1, "a");
    let inside = story.call(1, close, &[9], -9);
    let second = executes(&mut story, 1, "b");
    story.happens(Kind::Exit, 1, [0, 9, 1, 0, 0, 0]);
    let graph = story.graph();
    let names: Vec<_> = [before, first, inside, second, second + 1]
        .map(|ordinal| crate::flow::EventId { task: TaskId(1), ordinal })
        .map(|event| called(&graph, graph.activity_of(event).expect("its task is there")))
        .into();
    assert_eq!(names, ["@1", "a", "a", "b", "b"]);
    let process = graph.process(TaskId(1)).expect("the command");
    assert_eq!(process.end, End::Killed { signal: 9, core: true });
    let times: Vec<_> = graph.activities.iter().map(|one| (one.started, one.ended)).collect();
    assert!(times.is_sorted() && times.iter().all(|(_, ended)| ended.is_some()), "{times:?}");
    let middle = times[1].0;
    let then = graph.activity_at(TaskId(1), middle).expect("running");
    assert_eq!(called(&graph, then), "a");
}

#[test]
fn files_are_as_they_were_last_seen() {
    let mut story = Story::new();
    let ordinal = story.next(1);
    let seen = |size| {
        let fields = [
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(b"/x".to_vec())),
            (FactKey::Mode, Value::Number(0o100_644)),
            (FactKey::Size, Value::Number(size)),
        ];
        fact(FactKind::File, 1, ordinal, &fields)
    };
    let facts = [seen(5), seen(9)];
    let path = |record: &mut crate::event::RecordBuilder<'_>| whole(record, 1, Role::Path, b"/x");
    story.ends(1, ordinal, openat, &[CWD, 8, 0], Some(3), path, &facts);
    let graph = story.graph();
    let file = graph.resources.iter().find(|resource| *resource.name == *b"/x").expect("/x");
    assert_eq!((file.mode, file.size), (Some(0o100_644), Some(9)));
}

#[test]
fn spans_cover_all_that_they_were_widened_by() {
    let mut span = None;
    for (first, last) in [(5, 6), (1, 2), (3, 9)] {
        Span::widen(&mut span, first, last);
    }
    assert_eq!(span, Some(Span { first: 1, last: 9 }));
}
