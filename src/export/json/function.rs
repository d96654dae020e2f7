//! What calls are calls of: one node for each function, and in each process's node how
//! often it called which.

use std::collections::BTreeMap;
use std::io;

use rustc_hash::FxHashMap;

use super::Whole;
use super::node::{self, Node, What};
use super::section::Section;
use crate::event::TaskId;
use crate::flow::Function;
use crate::flow::graph::Graph;

/// Calls, and those of them that failed.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    calls: u64,
    errors: u64,
    /// The revision in which that last changed.
    revision: u32,
}

/// Who called what.
#[derive(Debug, Default)]
pub(super) struct Functions {
    by_process: FxHashMap<TaskId, FxHashMap<Function, Count>>,
    /// In the order of first sight.
    all: Vec<(Function, Count)>,
}

impl Functions {
    /// Those of a graph, if they are wanted.
    pub(super) fn of(graph: &Graph, are_wanted: bool) -> Self {
        let mut functions = Self::default();
        if !are_wanted {
            return functions;
        }
        let mut places: FxHashMap<Function, usize> = FxHashMap::default();
        for called in &graph.called {
            let Some(process) = graph.process_of(called.activity) else { continue };
            let function = called.function;
            let all = &mut functions.all;
            let place = *places.entry(function).or_insert_with(|| {
                all.push((function, Count::default()));
                all.len() - 1
            });
            let own = functions.by_process.entry(process.id).or_default();
            for count in [own.entry(function).or_default(), &mut all[place].1] {
                count.calls += called.calls;
                count.errors += called.errors;
                count.revision = count.revision.max(called.revision);
            }
        }
        functions
    }

    /// How often a process called which.
    pub(super) fn called_by(&self, process: TaskId) -> BTreeMap<String, u64> {
        self.counts_of(process, |count| count.calls)
    }

    /// The same of calls that failed.
    pub(super) fn failed_of(&self, process: TaskId) -> BTreeMap<String, u64> {
        self.counts_of(process, |count| count.errors)
    }

    fn counts_of(&self, process: TaskId, of: impl Fn(&Count) -> u64) -> BTreeMap<String, u64> {
        let all = self.by_process.get(&process).into_iter().flatten();
        let counts = all.map(|(function, count)| (id_of(*function), of(count)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

fn id_of(function: Function) -> String {
    let mut id = String::new();
    function.write_id(&mut id);
    id
}

impl Whole<'_> {
    pub(super) fn functions(&self, nodes: &mut Section) -> io::Result<()> {
        for (function, count) in &self.functions.all {
            let Count { calls, errors, revision } = *count;
            let what = node::Function { abi: function.abi().name(), calls, errors };
            let id = self.ids.function(*function);
            let mut node = Node::new(id, "function", revision, What::Function(what));
            node.label = function.name().into_owned();
            node.named(Some(&function.moniker()));
            nodes.push(&node)?;
        }
        Ok(())
    }
}
