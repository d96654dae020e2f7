//! Single events, with `--detail event`.

use serde::Serialize;

use super::ids::{Ids, pair};
use super::link::{self, Link};
use super::node::{Node, What};
use super::section::Lines;
use crate::event::Kind;
use crate::export::call_text;
use crate::export::decode::error_name;
use crate::flow::graph::Graph;
use crate::flow::{Edge, EdgeKind, Event, Item, Side, State, Use};
use crate::render;

/// What was made of the events of a slice of the log.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) nodes: Lines,
    pub(super) links: Lines,
}

/// What a node has of an event.
#[derive(Debug, Serialize)]
pub(super) struct Details {
    thread: String,
    execution: Option<String>,
    ordinal: u64,
    event: &'static str,
    started: u64,
    ended: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uses: Vec<Used>,
}

/// A resource that an event is about.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Used {
    resource: String,
    verb: &'static str,
}

/// What a link from one event to another has.
#[derive(Debug, Serialize)]
pub(super) struct Lead {
    why: &'static str,
    from: &'static str,
    to: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certain: Option<bool>,
}

impl Events {
    pub(super) fn item(&mut self, state: &State, item: &Item<'_>, graph: &Graph, ids: &Ids) {
        // They are written to memory, which does not fail.
        let _ = match item {
            Item::Event(event) if is_shown(state, event) => {
                self.nodes.push(&node(state, event, graph, ids))
            }
            Item::Edge(edge) if edge.kind != EdgeKind::Next => {
                self.links.push(&lead(state, edge, graph, ids))
            }
            _ => Ok(()),
        };
    }
}

/// An exec's moment inside its call is no event of its own.
fn is_shown(state: &State, event: &Event<'_>) -> bool {
    event.record.kind != Kind::Exec || state.execution(event.id()).is_some()
}

fn node(state: &State, event: &Event<'_>, graph: &Graph, ids: &Ids) -> Node<'static> {
    let record = &event.record;
    let is_call = record.kind == Kind::Call;
    let activity = graph.activity_of(event.id()).and_then(|index| graph.activity(index));
    let own = activity.filter(|activity| activity.is_own());
    let mut name = String::new();
    if is_call {
        render::name(record, &mut name);
    }
    let mut uses: Vec<Used> = Vec::new();
    for used in event.uses {
        let used = use_of(state, used, ids);
        if !uses.contains(&used) {
            uses.push(used);
        }
    }
    let details = Details {
        thread: ids.thread(record.task),
        execution: own.map(|execution| ids.execution(execution.id.since)),
        ordinal: record.ordinal,
        event: record.kind.name(),
        started: record.start,
        ended: record.end,
        call: is_call.then_some(name),
        result: (is_call && !record.failed && !record.is_begun()).then_some(record.result),
        error: record.error().filter(|_| is_call).map(|errno| error_name(errno).into_owned()),
        signal: matches!(record.kind, Kind::Signal | Kind::Stop).then_some(record.words[0]),
        uses,
    };
    let label = if is_call { call_text(event) } else { record.kind.name().to_owned() };
    let id = ids.event(event.id());
    Node { label, ..Node::new(id, "event", graph.revision, What::Event(details)) }
}

fn use_of(state: &State, used: &Use, ids: &Ids) -> Used {
    let resource = ids.resource(used.resource, state.name_of(used.resource));
    Used { resource, verb: used.verb.name() }
}

fn lead(state: &State, edge: &Edge, graph: &Graph, ids: &Ids) -> Link<'static> {
    let resource = |id| Some(ids.resource(id, state.name_of(id)));
    let (why, through, amount, certain, part) = match edge.kind {
        EdgeKind::Next => ("next", None, None, None, 0),
        EdgeKind::Fork => ("fork", None, None, None, 0),
        EdgeKind::Wait => ("join", None, None, None, 0),
        EdgeKind::Signal(_) => ("signal", None, None, None, 0),
        EdgeKind::Data(part) => {
            let amount = part.to.saturating_sub(part.from);
            ("data", resource(part.through), Some(amount), Some(part.certain), part.from)
        }
        EdgeKind::Content(one) => {
            ("content", resource(one.file), None, Some(one.certain), one.version.number.into())
        }
        EdgeKind::Overwrite(one) => {
            ("overwrite", resource(one.file), None, Some(one.certain), one.version.number.into())
        }
    };
    let side = |side| if side == Side::Start { "start" } else { "end" };
    let through_number = match edge.kind {
        EdgeKind::Data(part) => part.through.index(),
        EdgeKind::Content(one) | EdgeKind::Overwrite(one) => one.file.index(),
        _ => 0,
    };
    let ends = [pair(edge.cause), pair(edge.effect)].join("-");
    Link {
        id: format!("{}:lead-{why}-{ends}-{through_number}-{part}", ids.key()),
        kind: "lead",
        source: ids.event(edge.cause),
        target: ids.event(edge.effect),
        revision: graph.revision,
        what: link::What::Event(Lead {
            why,
            from: side(edge.from),
            to: side(edge.to),
            through,
            amount,
            certain,
        }),
    }
}
