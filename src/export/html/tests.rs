//! Events of made-up runs, and what a page tells of them.

use super::budget::Budget;
use super::node::Node;
use super::store::{Packed, Store};
use super::threads::Threads;
use crate::abi::Abi;
use crate::event::{Batch, Call, Kind, TaskId};
use crate::export::json::Writing;
use crate::export::{Run, Scope};

/// Numbers of x86-64.
const READ: u64 = 0;
const WRITE: u64 = 1;
const GETPID: u64 = 39;
const UMASK: u64 = 95;
const FORK: u64 = 57;

/// A process that makes these calls and ends with 1.
fn batch(calls: impl IntoIterator<Item = (u64, i64)>) -> Batch {
    let mut batch = Batch::new();
    let mut start = batch.record(Kind::Start, TaskId(1), 0);
    start.at(0).words([100, 100, 1, 0, 0, 0]);
    start.finish();
    let mut ordinal = 1;
    for (nr, result) in calls {
        let mut record = batch.record(Kind::Call, TaskId(1), ordinal);
        record.start(ordinal * 1000).words([3, 8, 10, 0, 0, 0]);
        record.call(Call { abi: Abi::X86_64, nr });
        record.returned(ordinal * 1000 + 400, result, result < 0);
        record.finish();
        ordinal += 1;
    }
    let mut end = batch.record(Kind::Exit, TaskId(1), ordinal);
    end.at(ordinal * 1000).words([1, 0, 0, 0, 0, 0]);
    end.finish();
    batch
}

/// What a page of at most so many bytes tells of them.
fn told(batch: &Batch, bound: u64) -> Vec<Node> {
    let mut flow = Writing::apart(&Scope::default()).expect("a document");
    let mut threads = Threads::new(Store::new().expect("a file"));
    flow.begin(&Run::default()).expect("begun");
    flow.batch(batch, &mut threads).expect("read");
    let (graph, ids) = flow.end(&mut threads).expect("ended").expect("a run");
    threads.end_run().expect("packed");
    let mut budget = Budget::of(bound);
    budget.heed(&graph, &ids);
    let (mut store, events) = threads.finish();
    let for_page = budget.fit(&mut store, 0).expect("fit");
    assert!(for_page.iter().map(Packed::encoded_len).sum::<u64>() <= bound);
    let packs = store.packs().to_vec();
    let nodes = packs.iter().flat_map(|pack| store.unpack(pack).expect("unpacked").nodes);
    let nodes: Vec<_> = nodes.collect();
    assert_eq!(nodes.iter().map(|node| node.run.count).sum::<u64>(), events);
    nodes
}

/// Calls with how often: `read ×3`.
fn short(nodes: &[Node]) -> String {
    let calls = nodes.iter().filter_map(|node| {
        let call = node.details.call.as_deref()?;
        let error = node.details.error.as_ref().map(|error| [" ", error].concat());
        Some(format!("{call}{} ×{}", error.unwrap_or_default(), node.run.count))
    });
    calls.collect::<Vec<_>>().join(", ")
}

#[test]
fn equal_calls_are_one_node() {
    let calls = [(READ, 7), (READ, 5), (READ, 0), (READ, -4), (READ, -4), (GETPID, 1)];
    let nodes = told(&batch(calls), u64::MAX);
    assert_eq!(short(&nodes), "read ×3, read EINTR ×2, getpid ×1");
    let json = serde_json::to_value(&nodes[1]).expect("JSON");
    let of = |member: &str| json[member].as_u64();
    assert_eq!((of("ordinal"), of("last"), of("bytes")), (Some(1), Some(3), Some(12)));
    assert_eq!((of("started"), of("ended"), of("spent")), (Some(1000), Some(3400), Some(1200)));
    assert!(json.get("result").is_none() && json.get("errors").is_none());
    let json = serde_json::to_value(&nodes[2]).expect("JSON");
    assert_eq!((&json["errors"], &json["error"]), (&2.into(), &"EINTR".into()));
}

#[test]
fn a_pattern_becomes_a_run_for_each_of_its_places() {
    let pattern = [(READ, 2), (WRITE, 2), (GETPID, 9)];
    let calls = pattern.into_iter().cycle().take(3 * 40 + 2);
    let nodes = told(&batch(calls.chain([(UMASK, 0)])), u64::MAX);
    assert_eq!(short(&nodes), "read ×41, write ×41, getpid ×40, umask ×1");
    assert!(nodes[1].has(1) && nodes[1].has(4) && !nodes[1].has(5) && nodes[2].has(5));
    assert!(!nodes[1].has(124));
}

#[test]
fn what_the_tree_hangs_on_is_never_joined() {
    let nodes = told(&batch([(FORK, 7), (FORK, 8), (FORK, -11), (FORK, -11)]), u64::MAX);
    assert_eq!(short(&nodes), "fork ×1, fork ×1, fork EAGAIN ×1, fork EAGAIN ×1");
}

#[test]
fn however_much_happens_it_fits_and_failures_are_told() {
    // No two calls beside each other are alike, and there is no short pattern.
    let numbers = [READ, WRITE, GETPID, UMASK, 3, 8, 9, 10, 11, 12, 16, 24];
    let mut seed = 1u64;
    let calls = (0..20_000).map(|_| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let nr = numbers[(seed >> 33) as usize % numbers.len()];
        (nr, if seed >> 60 == 0 { -22 } else { 1 })
    });
    let batch = batch(calls);
    let failed = (0..batch.len()).filter(|at| batch.get(*at).is_some_and(|one| one.failed)).count();
    let [fine, coarse] = [u64::MAX, 100_000].map(|bound| told(&batch, bound));
    assert!(coarse.len() * 2 < fine.len(), "{} of {}", coarse.len(), fine.len());
    for nodes in [&fine, &coarse] {
        let errors = nodes.iter().map(Node::errors).sum::<u64>();
        assert_eq!(errors, failed as u64);
    }
    // What is only the same call again is one node on a page of any size.
    let [fine, coarse] = [fine, coarse].map(|nodes| {
        let failures = nodes.into_iter().rev().filter(|node| node.details.error.is_some());
        failures.take(8).map(|node| (node.id, node.run.count)).collect::<Vec<_>>()
    });
    assert_eq!(fine, coarse);
}
