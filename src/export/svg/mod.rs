//! The picture of a run for documents: a lane a process, branching at fork and joining at
//! wait, time to the right. It adapts to dark and light pages by itself.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `layout` | where everything stands |
//! | `bars` | when processes were there, and when they only waited |
//! | `doings`, `words` | what they did, in words where there is room |
//! | `curves` | what went from one lane to another |
//! | `text` | how much room text takes |
//! | `draw`, `style` | how all that is written as SVG |

#![expect(clippy::cast_precision_loss, reason = "places in a picture need no more digits")]

mod bars;
mod curves;
mod doings;
mod draw;
mod layout;
mod style;
mod text;
mod words;

use std::convert::Infallible;
use std::io::{self, Write};

use super::scope::Calls;
use super::{Exporter, Options, Run, Scope};
use crate::event::Batch;
use crate::flow::graph::Builder;
use crate::flow::{Flow, Item, Sink, State};
use doings::Doings;
use layout::Layout;

/// Exports pictures; several runs stand one below the other.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    // The system's own files say nothing of a run.
    let scope = Scope { fold_system: true, ..options.scope.clone() };
    Ok(Box::new(Svg { out, scope, run: None, layouts: Vec::new() }))
}

struct Svg<'a> {
    out: Box<dyn Write + 'a>,
    scope: Scope,
    run: Option<Reading>,
    layouts: Vec<Layout>,
}

struct Reading {
    run: Run,
    flow: Flow,
    seen: Seen,
}

struct Seen {
    builder: Builder,
    calls: Calls,
    doings: Doings,
    blind_spots: usize,
}

impl Exporter for Svg<'_> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        let flow = run.flow();
        let (calls, doings) = (Calls::new(&self.scope), Doings::new(&self.scope));
        let seen = Seen { builder: Builder::new(), calls, doings, blind_spots: 0 };
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
        let layout = Layout::new(&run, &graph, &seen.doings, seen.blind_spots);
        self.layouts.push(layout);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // it is drawn as a whole, or not at all
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.write_all(&draw::document(&self.layouts)?)?;
        self.out.flush()
    }
}

impl Sink for Seen {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        match &item {
            Item::Event(event) => self.doings.event(state, event),
            Item::BlindSpot(_) => self.blind_spots += 1,
            _ => {}
        }
        self.calls.count(&mut self.builder, state, item);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
