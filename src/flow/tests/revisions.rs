//! What changes in the graph, and when; signals and new names of files.

use super::kit::*;
use crate::event::{Kind, Role, TaskId};
use crate::flow::graph::{Graph, Span};

const CREATE: u64 = 0o100;
const SIGTERM: u64 = 15;

/// `NAME revision` for all resources that changed after that revision.
fn changed(graph: &Graph, since: u32) -> Vec<String> {
    let all = graph.resources.iter().filter(|resource| resource.revision > since);
    let shown = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    all.map(|resource| format!("{} {}", shown(&resource.name), resource.revision)).collect()
}

#[test]
fn a_part_has_the_revision_in_which_it_last_changed() {
    let mut story = Story::new();
    story.next_revision();
    story.open(1, b"/a", CREATE, 3);
    story.open(1, b"/b", 0, 4);
    story.next_revision();
    story.forks(1, 2);
    story.next_revision();
    story.call(1, write, &[3, 0, 10], 7);
    let graph = story.graph();
    assert_eq!(graph.revision, 3);
    let revisions: Vec<_> = graph.processes.iter().map(|process| process.revision).collect();
    assert_eq!(revisions, [3, 2], "the shell has made a call, its child has not");
    assert_eq!(changed(&graph, 1), ["/a 3"]);
    let usages = graph.usages.iter().map(|usage| (usage.revision, usage.has_given()));
    assert!(usages.clone().all(|usage| matches!(usage, (1, false) | (3, true))), "{usages:?}");
    assert_eq!(usages.filter(|(_, written)| *written).count(), 1);
    let tasks: Vec<_> = graph.tasks.iter().map(|task| task.revision).collect();
    assert_eq!(tasks, [3, 2]);
}

#[test]
fn what_nobody_has_open_any_more_has_changed() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, pipe2, &[8, 0], 0, |r| whole(r, 0, Role::Struct, &fds));
    story.forks(1, 2);
    story.next_revision();
    story.happens(Kind::Exit, 2, [0; 6]);
    story.next_revision();
    story.happens(Kind::Exit, 1, [0; 6]);
    let graph = story.graph();
    let pipe = graph.resources.iter().find(|one| !one.has_path()).expect("a pipe");
    assert!(pipe.is_gone() && pipe.revision == 2, "{pipe:?}");
}

#[test]
fn what_a_task_that_was_let_go_of_has_open_is_there_still() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, pipe2, &[8, 0], 0, |r| whole(r, 0, Role::Struct, &fds));
    story.happens(Kind::Detach, 1, [0; 6]);
    let graph = story.graph();
    assert!(graph.resources.iter().all(|resource| !resource.is_gone()), "{:?}", graph.resources);
}

#[test]
fn what_is_in_a_directory_that_moves_changes() {
    let mut story = Story::new();
    story.at_path(1, mkdir, b"/d");
    story.open(1, b"/d/x", CREATE, 3);
    story.open(1, b"/dx", CREATE, 4);
    story.next_revision();
    let moved = story.two_paths(1, rename, [b"/d", b"/e"]);
    let graph = story.graph();
    assert_eq!(changed(&graph, 0), ["/d 1", "/d/x 1", "/e 1", "/e/x 1"]);
    let gone = graph.resources.iter().find(|one| *one.name == *b"/d/x").expect("it was there");
    assert_eq!(gone.life.deleted.map(|event| event.ordinal), Some(moved));
}

#[test]
fn new_names_of_files_are_counted() {
    let mut story = Story::new();
    story.open(1, b"/x.tmp", CREATE, 3);
    let first = story.two_paths(1, rename, [b"/x.tmp", b"/x"]);
    story.two_paths(1, link, [b"/x", b"/y"]);
    story.open(1, b"/x.tmp", CREATE, 4);
    story.two_paths(1, rename, [b"/x.tmp", b"/x"]);
    let graph = story.graph();
    let name = |id| String::from_utf8_lossy(&graph.resource(id).expect("known").name).into_owned();
    let all: Vec<_> = graph
        .renames
        .iter()
        .map(|one| (name(one.from), name(one.to), one.is_link, one.count, one.event.ordinal))
        .collect();
    let expected = [
        ("/x.tmp".to_owned(), "/x".to_owned(), false, 2, first),
        ("/x".to_owned(), "/y".to_owned(), true, 1, first + 1),
    ];
    assert_eq!(all, expected);
}

#[test]
fn signals_are_counted() {
    let mut story = Story::new();
    story.forks(1, 2);
    let mut info = [0; 48];
    info[..4].copy_from_slice(&(SIGTERM as i32).to_le_bytes());
    info[16..20].copy_from_slice(&100i32.to_le_bytes());
    let mut times = Vec::new();
    for _ in 0..2 {
        story.call(1, kill, &[102, SIGTERM], 0);
        let got = story.next(2);
        story.is_delivered(2, got, SIGTERM, &info);
        times.push(story.now());
    }
    let graph = story.graph();
    let [one] = &graph.signals[..] else { panic!("one pair: {:?}", graph.signals) };
    let process = |index| graph.process_of(index).map(|process| process.id);
    assert_eq!((process(one.from), process(one.to)), (Some(TaskId(1)), Some(TaskId(2))));
    assert_eq!((one.signal, one.count), (15, 2));
    assert_eq!(one.span, Span { first: times[0], last: times[1] });
}
