//! How logs become a diagram.

use std::convert::Infallible;
use std::io::{self, Write};

use super::board::{Board, Limits};
use crate::event::Batch;
use crate::export::scope::Calls;
use crate::export::{Exporter, Options, Run, Scope};
use crate::flow::graph::Builder;
use crate::flow::{Flow, Item, Sink, State};

/// An exporter of a notation for boxes and arrows.
pub(in crate::export) struct Diagram<'a> {
    out: Box<dyn Write + 'a>,
    scope: Scope,
    limits: Limits,
    write: Notation,
    run: Option<Reading>,
    boards: Vec<Board>,
}

/// The document of boards, one a run.
pub(in crate::export) type Notation = fn(&[Board]) -> String;

struct Reading {
    run: Run,
    flow: Flow,
    seen: Seen,
}

struct Seen {
    builder: Builder,
    calls: Calls,
    blind_spots: usize,
}

impl<'a> Diagram<'a> {
    pub(in crate::export) fn new(
        out: Box<dyn Write + 'a>,
        options: &Options,
        limits: Limits,
        write: Notation,
    ) -> Self {
        Self { out, scope: options.scope.clone(), limits, write, run: None, boards: Vec::new() }
    }
}

impl Exporter for Diagram<'_> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        let flow = run.flow();
        let calls = Calls::new(&self.scope);
        let seen = Seen { builder: Builder::new(), calls, blind_spots: 0 };
        self.run = Some(Reading { run: run.clone(), flow, seen });
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        if let Some(Reading { flow, seen, .. }) = &mut self.run {
            seen.calls.look_ahead(batch);
            let Ok(()) = flow.batch(batch, seen);
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(Reading { run, mut flow, mut seen }) = self.run.take() else { return Ok(()) };
        let Ok(()) = flow.finish(&mut seen);
        let graph = seen.builder.finish(flow.state());
        let mut board = Board::new(&run, &graph, &self.scope, self.limits);
        if seen.blind_spots > 0 {
            let what = super::counted(seen.blind_spots, "thing", "things");
            board
                .notes
                .push(["Not seen by rtrace: ", &what, " (rtrace show lists them)."].concat());
        }
        self.boards.push(board);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // it is drawn as a whole, or not at all
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.write_all((self.write)(&self.boards).as_bytes())?;
        self.out.flush()
    }
}

impl Sink for Seen {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        self.blind_spots += usize::from(matches!(item, Item::BlindSpot(_)));
        self.calls.count(&mut self.builder, state, item);
        Ok(())
    }
}
