//! What calls are calls of, as triples.

use std::io;

use super::graph::Graph;
use super::vocabulary as v;
use super::writer::Triples;
use crate::event::Record;
use crate::export::scope::Fate;
use crate::flow::graph::{self as numbers, Called};
use crate::flow::{Class, Function};

impl<T: Triples> Graph<T> {
    /// The function that an event calls, if functions are told of; it is described when it
    /// is first called, before the event.
    pub(super) fn function_of(&mut self, record: &Record<'_>) -> io::Result<Option<Function>> {
        let Some(function) = Function::of(record).filter(|_| self.tells_functions()) else {
            return Ok(None);
        };
        if self.functions.insert(function) {
            self.describe(function)?;
        }
        Ok(Some(function))
    }

    /// Links `self.subject`, a call, to its function.
    pub(super) fn calls(&mut self, function: Function) -> io::Result<()> {
        self.names.function(function, &mut self.object);
        self.link(v::FUNCTION)
    }

    /// How often an activity called a function.
    pub(super) fn called(&mut self, graph: &numbers::Graph, called: &Called) -> io::Result<()> {
        let Some(activity) = graph.activity(called.activity) else { return Ok(()) };
        if !self.tells_functions() {
            return Ok(());
        }
        if self.functions.insert(called.function) {
            self.describe(called.function)?;
        }
        self.names.called(activity.id.since, called.function, &mut self.subject);
        self.class(v::USAGE_CLASS)?;
        self.name_activity(graph, called.activity);
        self.link(v::BY_ACTIVITY)?;
        self.names.function(called.function, &mut self.object);
        self.link(v::OF_RESOURCE)?;
        self.integer(v::CALL_COUNT, called.calls)?;
        self.integer(v::ERROR_COUNT, called.errors)?;
        self.span(called.span)
    }

    fn tells_functions(&self) -> bool {
        self.scope.is_all() || self.scope.fate(b"", Class::Function) == Fate::Told
    }

    fn describe(&mut self, function: Function) -> io::Result<()> {
        self.names.function(function, &mut self.subject);
        self.class(v::ENTITY)?;
        self.class(v::FUNCTION_CLASS)?;
        self.plain(v::LABEL, &function.name())?;
        self.plain(v::ABI, function.abi().name())?;
        self.moniker(&function.moniker())
    }
}
