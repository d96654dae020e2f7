//! What led to what: the edges of real programs' graphs, held to what the programs
//! themselves know of it.

mod common;

use common::{Graph, Node, Rtrace, tracee};
use rtrace::flow::{EdgeKind, EventId};

/// The graph of a program that ends well.
#[track_caller]
fn graph(run: Rtrace) -> Graph {
    let run = run.finish();
    run.exited(0);
    run.trace();
    Graph::of(&run.log)
}

/// The `int` at that place of the captured memory.
fn int(node: &Node, at: usize) -> i32 {
    let bytes = node.memory.get(at..at + 4).expect("it was captured");
    i32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

fn signals(graph: &Graph) -> Vec<(&Node, &Node)> {
    graph.links(|kind| kind == EdgeKind::Signal)
}

const SI_CODE: usize = 8;
const SI_PID: usize = 16;
const SI_VALUE: usize = 24;

#[test]
fn a_shell_and_its_signals() {
    let script = "sleep 60 & kill -TERM $!; wait $!; sleep 60 & kill -9 $!; wait $!
        trap 'echo got it' USR1; kill -USR1 $$; true";
    let graph = graph(Rtrace::bash(script));
    let signals = signals(&graph);
    let shown: Vec<_> = signals
        .iter()
        .map(|(cause, effect)| format!("{}>{} {}", cause.name, effect.name, effect.words[0]))
        .collect();
    let count = |what: &str| shown.iter().filter(|one| *one == what).count();
    assert_eq!(count("kill>signal 15"), 1, "{shown:?}");
    assert_eq!(count("kill>exit 0"), 1, "SIGKILL: {shown:?}");
    assert_eq!(count("kill>signal 10"), 1, "{shown:?}");
    assert_eq!(count("exit>signal 17"), 2, "{shown:?}");
    assert_eq!(shown.len(), 5, "{shown:?}");
}

#[test]
fn queued_signals_come_from_the_calls_that_queued_them() {
    let graph = graph(Rtrace::run(tracee("realtime")).arg("queue"));
    let signals = signals(&graph);
    for (cause, effect) in &signals {
        assert_eq!(cause.words[1], effect.words[0]);
        assert_eq!(int(cause, SI_VALUE), int(effect, SI_VALUE), "{cause:?} {effect:?}");
    }
    assert_eq!(signals.len(), graph.named("rt_sigqueueinfo").count());
}

#[test]
fn in_a_storm_every_signal_has_its_sender() {
    let graph = graph(Rtrace::run(tracee("signal_storm")).arg("200"));
    for (id, signal) in graph.named("signal").filter(|(_, signal)| int(signal, SI_CODE) <= 0) {
        let causes: Vec<_> = graph.edges.iter().filter(|edge| edge.effect == id).collect();
        let causes = causes.iter().filter(|edge| edge.kind == EdgeKind::Signal);
        let names: Vec<_> = causes.map(|edge| graph.events[&edge.cause].name.as_str()).collect();
        assert_eq!(names.len(), 1, "{signal:?} of {}: {names:?}", int(signal, SI_PID));
    }
}

#[test]
fn who_joins_a_thread_was_woken_by_its_end() {
    let graph = graph(Rtrace::run(tracee("threads")).arg("40"));
    let joins = graph.edges.iter().filter(|edge| edge.kind == EdgeKind::Wait);
    let joined: Vec<_> = joins
        .map(|edge| {
            let (exit, futex) = (&graph.events[&edge.cause], &graph.events[&edge.effect]);
            assert_eq!((exit.name.as_str(), futex.name.as_str()), ("exit", "futex"));
            // The word held the thread's id as long as it lived.
            let start = &graph.events[&EventId { task: edge.cause.task, ordinal: 0 }];
            assert_eq!(start.words[0], futex.words[2], "{futex:?}");
            edge.cause.task
        })
        .collect();
    // Each wait on a word that a thread's end clears: FUTEX_WAIT_BITSET, not private.
    let waits = graph.named("futex").filter(|(_, futex)| futex.words[1] & 0xff == 9);
    assert_eq!(joined.len(), waits.count());
    assert!(!joined.is_empty(), "40 threads, and none was waited for");
}
