//! Which functions activities called.

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::parts::ActivityIndex;
use super::usage::Span;
use crate::event::Record;
use crate::flow::Function;

/// All calls of one function that an activity made.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// Who.
    pub activity: ActivityIndex,
    /// Of which function.
    pub function: Function,
    /// How many.
    pub calls: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// From the start of the first to the end of the last.
    pub span: Span,
    /// The [revision](super::Graph::revision) in which that last changed.
    pub revision: u32,
}

/// Where in the graph they are.
pub(super) type Places = FxHashMap<(ActivityIndex, Function), u32>;

impl Builder {
    /// An activity has made a call.
    pub(super) fn called(&mut self, activity: ActivityIndex, record: &Record<'_>) {
        let Some(function) = Function::of(record) else { return };
        let span = Span { first: record.start, last: record.end.unwrap_or(record.start) };
        let revision = self.graph.revision;
        let all = &mut self.graph.called;
        let place = *self.called.entry((activity, function)).or_insert_with(|| {
            all.push(Called { activity, function, calls: 0, errors: 0, span, revision });
            all.len() as u32 - 1
        });
        if let Some(called) = all.get_mut(place as usize) {
            called.calls += 1;
            called.errors += u64::from(record.failed);
            called.span = called.span.with(span);
            called.revision = revision;
        }
    }
}
