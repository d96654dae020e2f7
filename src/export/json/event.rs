//! Single events, with `--detail event`.

use serde::Serialize;

use super::ids::{Ids, pair};
use super::link::{self, Link};
use super::node::{Node, What};
use super::section::Lines;
use super::text::Text;
use crate::event::Kind;
use crate::export::call_text;
use crate::export::decode::error_name;
use crate::export::scope::Fates;
use crate::flow::graph::Graph;
use crate::flow::{Edge, EdgeKind, Event, Item, ResourceId, Side, State, Statement, Use};
use crate::render;

/// What was made of the events of a slice of the log.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) nodes: Lines,
    pub(super) links: Lines,
}

/// What a node has of an event.
#[derive(Debug, Serialize)]
pub(super) struct Details<'a> {
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sql: Vec<Sql<'a>>,
}

/// A statement that an event moved, or completed.
#[derive(Debug, Serialize)]
struct Sql<'a> {
    text: Text<'a>,
    whole: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
}

/// What things are called.
pub(super) struct Names<'a> {
    pub(super) state: &'a State,
    pub(super) ids: &'a Ids,
    pub(super) fates: &'a Fates,
}

impl Names<'_> {
    fn resource(&self, id: ResourceId) -> Option<String> {
        self.ids.told(self.fates, self.state, id)
    }
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
    pub(super) fn item(&mut self, item: &Item<'_>, graph: &Graph, names: &Names<'_>) {
        // They are written to memory, which does not fail.
        let _ = match item {
            Item::Event(event) if is_shown(names.state, event) => {
                self.nodes.push(&node(event, graph, names))
            }
            Item::Edge(edge) if edge.kind != EdgeKind::Next => {
                self.links.push(&lead(edge, graph, names))
            }
            _ => Ok(()),
        };
    }
}

/// An exec's moment inside its call is no event of its own.
fn is_shown(state: &State, event: &Event<'_>) -> bool {
    event.record.kind != Kind::Exec || state.execution(event.id()).is_some()
}

fn node<'a>(event: &'a Event<'_>, graph: &Graph, names: &Names<'_>) -> Node<'a> {
    let ids = names.ids;
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
        let Some(used) = use_of(used, names) else { continue };
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
        sql: event.statements.iter().map(|statement| sql(statement, names)).collect(),
    };
    let label = if is_call { call_text(event) } else { record.kind.name().to_owned() };
    let id = ids.event(event.id());
    Node { label, ..Node::new(id, "event", graph.revision, What::Event(details)) }
}

fn use_of(used: &Use, names: &Names<'_>) -> Option<Used> {
    Some(Used { resource: names.resource(used.resource)?, verb: used.verb.name() })
}

fn sql<'a>(statement: &'a Statement, names: &Names<'_>) -> Sql<'a> {
    Sql {
        text: statement.text[..].into(),
        whole: statement.whole,
        database: statement.database.and_then(|database| names.resource(database)),
    }
}

fn lead(edge: &Edge, graph: &Graph, names: &Names<'_>) -> Link<'static> {
    let (ids, resource) = (names.ids, |id| names.resource(id));
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
