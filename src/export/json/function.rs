//! What calls are calls of: one node for each function, and for each process how often it
//! called which. Most short processes of a program call the same, so that this stands once,
//! under a name that its content gives it: it does not depend on who else is in the document.

use std::collections::BTreeMap;
use std::io;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::Whole;
use super::node::{self, Node, What};
use super::section::Section;
use crate::event::TaskId;
use crate::export::decode::hex;
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
    /// By process, the name of its profile.
    named: FxHashMap<TaskId, String>,
}

impl Functions {
    /// Those of a graph, and what of them stands once, by name.
    pub(super) fn of(graph: &Graph) -> (Self, BTreeMap<String, Profile>) {
        let mut functions = Self::default();
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
        let profiles = functions.name_profiles();
        (functions, profiles)
    }

    /// The name of what a process called.
    pub(super) fn profile(&self, process: TaskId) -> Option<String> {
        self.named.get(&process).cloned()
    }

    /// Names what each process called; of those that called the same it is the same.
    fn name_profiles(&mut self) -> BTreeMap<String, Profile> {
        let mut profiles = BTreeMap::new();
        for (process, counts) in &self.by_process {
            let of = |of: fn(&Count) -> u64| {
                let counts = counts.iter().map(|(function, count)| (id_of(*function), of(count)));
                counts.filter(|(_, count)| *count > 0).collect()
            };
            let profile =
                Profile { called: of(|count| count.calls), failed: of(|count| count.errors) };
            let name = profile.name();
            profiles.entry(name.clone()).or_insert(profile);
            self.named.insert(*process, name);
        }
        profiles
    }
}

/// How many calls of which function some processes made.
#[derive(Debug, Serialize)]
pub(super) struct Profile {
    /// By what the functions' names have behind `function-`.
    called: BTreeMap<String, u64>,
    /// Those of them that failed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    failed: BTreeMap<String, u64>,
}

impl Profile {
    /// Half of a hash of it, which is enough for those of a run.
    fn name(&self) -> String {
        let mut hash = blake3::Hasher::new();
        for (sort, counts) in [(0, &self.called), (1, &self.failed)] {
            for (function, count) in counts {
                hash.update(&[sort]).update(function.as_bytes()).update(&[0]);
                hash.update(&count.to_le_bytes());
            }
        }
        hex(&hash.finalize().as_bytes()[..8])
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
