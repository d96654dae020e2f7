//! Single events, with `--detail event`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::{Ids, pair};
use super::link::{self, Link};
use super::node::{Node, What};
use super::section::Lines;
use crate::event::Kind;
use crate::export::decode::error_name;
use crate::export::scope::Fates;
use crate::export::{call_text, json_bytes};
use crate::flow::graph::Graph;
use crate::flow::{Edge, EdgeKind, Event, Function, Item, ResourceId, Side, State, Statement, Use};
use crate::render;

/// What was made of the events of a slice of the log.
#[derive(Debug)]
pub(super) struct Events {
    /// Whether functions are told of.
    has_functions: bool,
    pub(super) nodes: Lines,
    pub(super) links: Lines,
}

/// What a node has of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::export) struct Details {
    pub(in crate::export) thread: String,
    pub(in crate::export) execution: Option<String>,
    pub(in crate::export) ordinal: u64,
    pub(in crate::export) event: Cow<'static, str>,
    pub(in crate::export) started: u64,
    pub(in crate::export) ended: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::export) call: Option<String>,
    /// Only where functions are told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::export) result: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::export) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::export) signal: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::export) uses: Vec<Used>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::export) sql: Vec<Sql>,
}

/// A statement that an event moved, or completed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::export) struct Sql {
    text: Value,
    whole: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
}

/// What things are called.
pub(in crate::export) struct Names<'a> {
    pub(in crate::export) state: &'a State,
    pub(in crate::export) ids: &'a Ids,
    pub(super) fates: &'a Fates,
}

impl Names<'_> {
    fn resource(&self, id: ResourceId) -> Option<String> {
        self.ids.told(self.fates, self.state, id)
    }
}

/// A resource that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::export) struct Used {
    resource: String,
    verb: Cow<'static, str>,
}

/// What a link from one event to another has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::export) struct Lead {
    pub(in crate::export) why: Cow<'static, str>,
    from: Cow<'static, str>,
    to: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::export) through: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::export) amount: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::export) certain: Option<bool>,
}

impl Events {
    pub(super) fn new(has_functions: bool) -> Self {
        Self { has_functions, nodes: Lines::default(), links: Lines::default() }
    }

    pub(super) fn item(&mut self, item: &Item<'_>, graph: &Graph, names: &Names<'_>) {
        // They are written to memory, which does not fail.
        let _ = match item {
            Item::Event(event) if is_shown(names.state, event) => {
                self.nodes.push(&self.node(event, graph, names))
            }
            Item::Edge(edge) if edge.kind != EdgeKind::Next => {
                self.links.push(&lead(edge, graph, names))
            }
            _ => Ok(()),
        };
    }

    fn node(&self, event: &Event<'_>, graph: &Graph, names: &Names<'_>) -> Node<'static> {
        let mut details = Details::of(event, graph, names);
        let function = Function::of(&event.record).filter(|_| self.has_functions);
        details.function = function.map(|function| names.ids.function(function));
        let (id, label) = (names.ids.event(event.id()), label(event));
        Node { label, ..Node::new(id, "event", graph.revision, What::Event(details)) }
    }
}

/// An exec's moment inside its call is no event of its own.
pub(in crate::export) fn is_shown(state: &State, event: &Event<'_>) -> bool {
    event.record.kind != Kind::Exec || state.execution(event.id()).is_some()
}

/// A line for people.
pub(in crate::export) fn label(event: &Event<'_>) -> String {
    match event.record.kind {
        Kind::Call => call_text(event),
        kind => kind.name().to_owned(),
    }
}

impl Details {
    pub(in crate::export) fn of(event: &Event<'_>, graph: &Graph, names: &Names<'_>) -> Self {
        let (record, ids) = (&event.record, names.ids);
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
        Self {
            thread: ids.thread(record.task),
            execution: own.map(|execution| ids.execution(execution.id.since)),
            ordinal: record.ordinal,
            event: record.kind.name().into(),
            started: record.start,
            ended: record.end,
            call: is_call.then_some(name),
            function: None,
            result: (is_call && !record.failed && !record.is_begun()).then_some(record.result),
            error: record.error().filter(|_| is_call).map(|errno| error_name(errno).into_owned()),
            signal: matches!(record.kind, Kind::Signal | Kind::Stop).then_some(record.words[0]),
            uses,
            sql: event.statements.iter().map(|statement| sql(statement, names)).collect(),
        }
    }
}

fn use_of(used: &Use, names: &Names<'_>) -> Option<Used> {
    Some(Used { resource: names.resource(used.resource)?, verb: used.verb.name().into() })
}

fn sql(statement: &Statement, names: &Names<'_>) -> Sql {
    Sql {
        text: json_bytes(&statement.text),
        whole: statement.whole,
        database: statement.database.and_then(|database| names.resource(database)),
    }
}

fn lead(edge: &Edge, graph: &Graph, names: &Names<'_>) -> Link<'static> {
    let (id, lead) = Lead::of(edge, names);
    Link {
        id,
        kind: "lead",
        source: names.ids.event(edge.cause),
        target: names.ids.event(edge.effect),
        revision: graph.revision,
        what: link::What::Event(lead),
    }
}

impl Lead {
    /// Its name, and what it has.
    pub(in crate::export) fn of(edge: &Edge, names: &Names<'_>) -> (String, Self) {
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
            EdgeKind::Overwrite(one) => (
                "overwrite",
                resource(one.file),
                None,
                Some(one.certain),
                one.version.number.into(),
            ),
        };
        let side = |side| if side == Side::Start { "start" } else { "end" };
        let through_number = match edge.kind {
            EdgeKind::Data(part) => part.through.index(),
            EdgeKind::Content(one) | EdgeKind::Overwrite(one) => one.file.index(),
            _ => 0,
        };
        let ends = [pair(edge.cause), pair(edge.effect)].join("-");
        let id = format!("{}:lead-{why}-{ends}-{through_number}-{part}", ids.key());
        let (why, from, to) = (why.into(), side(edge.from).into(), side(edge.to).into());
        (id, Self { why, from, to, through, amount, certain })
    }
}
