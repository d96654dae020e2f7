use rustc_hash::{FxHashMap, FxHashSet};

use super::{Cell, Error, Params, Rows, Subject, query};
use crate::flow::graph::{ActivityIndex, Amount, Carrier, Deed, Graph, Passage, Resource, Usage};
use crate::flow::{Class, ResourceId};

query! {
    /// Who wrote to whom through pipes and FIFOs, and how many bytes: those that were read. A
    /// row for each pipe between two programs. How many is left open where several programs
    /// wrote and several read, at the same times, or where others than those that were recorded
    /// may have, or where calls that read or write were not recorded; then who is not known,
    /// either: whoever had the other end open may be it.
    "pipes"() of [READS, WRITES, DESCRIPTORS]
        -> "from_command", "to_command", "bytes"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let mut rows: Rows = subjects.iter().flat_map(rows_of).collect();
    rows.extend(subjects.iter().flat_map(one_sided));
    rows.sort();
    Ok(rows)
}

fn rows_of(subject: &Subject) -> Rows {
    let graph = &subject.graph;
    let ends = ends(graph);
    let passages = graph.passages.iter().filter(|one| {
        one.carrier == Carrier::Bytes && one.from != one.to && is_pipe(graph, one.through)
    });
    let row = |one: &Passage| {
        let is_sure = one.is_certain() || ends.get(&one.through).is_some_and(Ends::are_sure);
        let bytes = one.known().filter(|_| is_sure);
        vec![subject.command(one.from), subject.command(one.to), bytes.into()]
    };
    passages.map(row).collect()
}

fn is_pipe(graph: &Graph, id: ResourceId) -> bool {
    graph.resource(id).is_some_and(|one| one.class == Class::Pipe)
}

/// Who used a pipe, and how much went in and came out.
#[derive(Default)]
struct Ends {
    writers: FxHashSet<ActivityIndex>,
    readers: FxHashSet<ActivityIndex>,
    written: Amount,
    read: Amount,
    /// Whether a call of the run made it, so that nobody else has it.
    is_own: bool,
}

impl Ends {
    fn add(&mut self, usage: &Usage, is_named: bool) {
        let made_by = if is_named { Deed::Make } else { Deed::Open };
        self.is_own |= usage.count(made_by) > 0;
        self.written = self.written.plus(usage.bytes_out);
        self.read = self.read.plus(usage.bytes_in);
        if usage.has_given() {
            self.writers.insert(usage.activity);
        }
        if usage.bytes_in != Amount::default() {
            self.readers.insert(usage.activity);
        }
    }

    /// Whether it is known how much went from whom to whom, even if it is not which call
    /// got what which other one wrote: a single one got all that each wrote, or each got
    /// what it did from a single one.
    fn are_sure(&self) -> bool {
        let is_all_read = self.read.known().is_some() && self.read == self.written;
        self.is_own
            && (self.writers.len() == 1 && self.read.known().is_some()
                || self.readers.len() == 1 && is_all_read)
    }
}

fn ends(graph: &Graph) -> FxHashMap<ResourceId, Ends> {
    let mut all: FxHashMap<_, Ends> = FxHashMap::default();
    for usage in graph.usages.iter().filter(|usage| is_pipe(graph, usage.resource)) {
        let is_named = graph.resource(usage.resource).is_some_and(Resource::has_path);
        all.entry(usage.resource).or_default().add(usage, is_named);
    }
    all
}

/// What was written to pipes that nobody is known to have read, and the other way round,
/// where the calls that did so may have been left out.
fn one_sided(subject: &Subject) -> impl Iterator<Item = Vec<Cell>> {
    let graph = &subject.graph;
    let unseen = graph.unseen();
    let passages = || graph.passages.iter().filter(|one| one.carrier == Carrier::Bytes);
    let given: FxHashSet<_> = passages().map(|one| (one.from, one.through)).collect();
    let taken: FxHashSet<_> = passages().map(|one| (one.to, one.through)).collect();
    let is_own = |one: &Resource| one.class == Class::Pipe && one.is_own;
    let is_pipe = move |id| graph.resource(id).is_some_and(is_own);
    graph.usages.iter().filter(move |usage| is_pipe(usage.resource)).flat_map(move |usage| {
        let key = (usage.activity, usage.resource);
        let is_read = !unseen.takes(Class::Pipe) || given.contains(&key);
        let is_written = !unseen.gives(Class::Pipe) || taken.contains(&key);
        let by = || subject.command(usage.activity);
        let gave = usage.count(Deed::Write) > 0 && !is_read;
        let took = usage.count(Deed::Read) > 0 && !is_written;
        let to_nobody = gave.then(|| vec![by(), Cell::Unknown, Cell::Unknown]);
        to_nobody.into_iter().chain(took.then(|| vec![Cell::Unknown, by(), Cell::Unknown]))
    })
}
