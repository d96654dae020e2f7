//! Who could not go on before another one had done something. That a process waited for
//! another one's end stands in the link that joins them.

use std::io;

use rustc_hash::FxHashMap;

use super::Whole;
use super::link::{self, Link};
use super::section::Section;
use crate::event::TaskId;
use crate::flow::graph::{ActivityIndex, Graph, HeldUp, Span, Why};

/// Who held up whom, and by what.
type Key = (ActivityIndex, ActivityIndex, &'static str);

/// How often and how long that was.
#[derive(Debug)]
struct Held {
    count: u64,
    /// Of each call in which a task waited, by when that began: until when it had to.
    waits: FxHashMap<(TaskId, u64), u64>,
    span: Span,
    revision: u32,
}

/// In which revision which of a growing list came.
#[derive(Debug, Default)]
pub(super) struct Ages(Vec<usize>);

impl Ages {
    /// A revision is over, and the list so long.
    pub(super) fn grown_to(&mut self, length: usize) {
        self.0.push(length);
    }

    /// The revision of the one at that place, counted from 1.
    fn of(&self, place: usize) -> u32 {
        self.0.partition_point(|length| *length <= place) as u32 + 1
    }
}

impl Whole<'_> {
    pub(super) fn held_up(&self, ages: &Ages, links: &mut Section) -> io::Result<()> {
        let (mut places, mut all) = (FxHashMap::<Key, usize>::default(), Vec::new());
        for (place, one) in self.graph.held_up.iter().enumerate() {
            let Some(key) = key(self.graph, one).filter(|_| joined(self.graph, one).is_none())
            else {
                continue;
            };
            let index = *places.entry(key).or_insert(all.len());
            if index == all.len() {
                all.push((key, Held::new(one)));
            }
            all[index].1.add(one, ages.of(place));
        }
        for (key, held) in &all {
            if let Some(link) = self.held_up_link(*key, held) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    fn held_up_link(&self, (by, who, why): Key, held: &Held) -> Option<Link<'static>> {
        let ends = [self.graph.activity(by)?, self.graph.activity(who)?];
        let [source, target] = ends.map(|activity| self.ids.doer(activity));
        Some(Link {
            id: self.ids.held_up(ends, why),
            kind: "held_up",
            source,
            target,
            revision: held.revision,
            what: link::What::HeldUp(link::HeldUp {
                why,
                count: held.count,
                waited: held.waited(),
                span: held.span.into(),
            }),
        })
    }
}

/// For how long processes were waited for: nanoseconds.
pub(super) fn waited_for(graph: &Graph) -> FxHashMap<TaskId, u64> {
    let mut all: FxHashMap<TaskId, u64> = FxHashMap::default();
    for one in &graph.held_up {
        let Some(process) = joined(graph, one) else { continue };
        let known = all.entry(process).or_default();
        *known = one.at.saturating_sub(one.from).max(*known);
    }
    all
}

/// The process whose end another one waited for.
fn joined(graph: &Graph, one: &HeldUp) -> Option<TaskId> {
    let process = |task| graph.task(task).map(|task| task.process);
    let (ended, waiter) = (process(one.by)?, process(one.task)?);
    (one.why == Why::End && ended != waiter).then_some(ended)
}

fn key(graph: &Graph, one: &HeldUp) -> Option<Key> {
    let why = match one.why {
        Why::End => "end",
        Why::Bytes => "bytes",
        Why::Close => "close",
        Why::Room => "room",
        Why::Lock => "lock",
        Why::Meeting => "meeting",
    };
    Some((graph.activity_at(one.by, one.at)?, graph.activity_at(one.task, one.from)?, why))
}

impl Held {
    fn new(one: &HeldUp) -> Self {
        let span = Span { first: one.from, last: one.until };
        Self { count: 0, waits: FxHashMap::default(), span, revision: 0 }
    }

    fn add(&mut self, one: &HeldUp, revision: u32) {
        self.count += 1;
        let until = self.waits.entry((one.task, one.from)).or_default();
        *until = one.at.max(*until);
        self.span = self.span.with(Span { first: one.from, last: one.until });
        self.revision = self.revision.max(revision);
    }

    /// Nanoseconds in all.
    fn waited(&self) -> u64 {
        self.waits.iter().map(|((_, from), until)| until.saturating_sub(*from)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_not_counted_twice() {
        let one = |task, from, at| {
            let (task, by, until) = (TaskId(task), TaskId(9), at + 5);
            HeldUp { task, from, until, by, at, why: Why::Bytes }
        };
        let mut held = Held::new(&one(1, 10, 20));
        for (task, from, at) in [(1, 10, 20), (2, 12, 13), (1, 10, 30), (1, 40, 45)] {
            held.add(&one(task, from, at), 3);
        }
        assert_eq!((held.count, held.waited()), (4, 20 + 1 + 5));
        assert_eq!((held.span.first, held.span.last, held.revision), (10, 50, 3));
    }

    #[test]
    fn ages_are_revisions() {
        let mut ages = Ages::default();
        for length in [2, 2, 5] {
            ages.grown_to(length);
        }
        let of: Vec<_> = (0..6).map(|place| ages.of(place)).collect();
        assert_eq!(of, [1, 1, 3, 3, 3, 4]);
    }
}
