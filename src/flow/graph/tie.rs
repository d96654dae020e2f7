//! What else ties one part of the graph to another: signals, and names that files came
//! to have.

use rustc_hash::FxHashMap;

use super::Graph;
use super::parts::ActivityIndex;
use super::usage::Span;
use crate::abi::Verb;
use crate::flow::item::{Delivery, Edge, Event, EventId};
use crate::flow::resource::ResourceId;

/// All signals of a kind that one activity got because of another.
#[derive(Clone, Debug)]
pub struct Signalling {
    /// Who sent them, or ended.
    pub from: ActivityIndex,
    /// Who got them.
    pub to: ActivityIndex,
    /// The signal's number.
    pub signal: u32,
    /// How often.
    pub count: u64,
    /// When they were got.
    pub span: Span,
    /// The [revision](Graph::revision) in which it last changed.
    pub revision: u32,
}

/// What was behind a name has got another one, by the same activity.
#[derive(Clone, Debug)]
pub struct Renaming {
    /// Who did it.
    pub activity: ActivityIndex,
    /// The name before.
    pub from: ResourceId,
    /// The new name.
    pub to: ResourceId,
    /// Whether it has the old one, too: link(2), and not rename(2).
    pub is_link: bool,
    /// How often.
    pub count: u64,
    /// The first event.
    pub event: EventId,
    /// When.
    pub span: Span,
    /// The [revision](Graph::revision) in which it last changed.
    pub revision: u32,
}

/// Finds those that are there already.
#[derive(Debug, Default)]
pub(super) struct Ties {
    signals: FxHashMap<(ActivityIndex, ActivityIndex, u32), u32>,
    renames: FxHashMap<(ActivityIndex, ResourceId, ResourceId, bool), u32>,
}

impl Ties {
    /// A signal led from one task to another.
    pub(super) fn signalled(&mut self, graph: &mut Graph, edge: &Edge, got: Delivery) {
        let ends = (graph.activity_of(edge.cause), graph.activity_of(edge.effect));
        let (Some(from), Some(to)) = ends else { return };
        let Delivery { signal, time } = got;
        let revision = graph.revision;
        let signals = &mut graph.signals;
        let index = *self.signals.entry((from, to, signal)).or_insert_with(|| {
            let span = Span { first: time, last: time };
            signals.push(Signalling { from, to, signal, count: 0, span, revision });
            signals.len() as u32 - 1
        });
        let known = &mut signals[index as usize];
        known.count += 1;
        known.span = known.span.with(Span { first: time, last: time });
        known.revision = revision;
    }

    /// A file has got another name: the old one and the new one.
    pub(super) fn renamed(
        &mut self,
        graph: &mut Graph,
        event: &Event<'_>,
        activity: ActivityIndex,
        span: Span,
    ) -> Option<[ResourceId; 2]> {
        let effect = &event.prototype?.effect;
        let [from, to] = [0, 1].map(|operand| event.argument(effect.operands.get(operand)?.arg));
        let ((from, to), is_link) = (from.zip(to)?, effect.verb == Verb::Links);
        let revision = graph.revision;
        let renames = &mut graph.renames;
        let index = *self.renames.entry((activity, from, to, is_link)).or_insert_with(|| {
            let (event, count) = (event.id(), 0);
            renames.push(Renaming { activity, from, to, is_link, count, event, span, revision });
            renames.len() as u32 - 1
        });
        let known = &mut renames[index as usize];
        known.count += 1;
        known.span = known.span.with(span);
        known.revision = revision;
        Some([from, to])
    }
}
