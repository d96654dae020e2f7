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

use std::io::{self, Write};

use super::picture::{Onlooker, Read, Reading};
use super::{Exporter, Options, Run, Scope};
use crate::event::Batch;
use crate::flow::{Event, State};
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
    Ok(Box::new(Svg { out, scope, reading: None, layouts: Vec::new() }))
}

struct Svg<'a> {
    out: Box<dyn Write + 'a>,
    scope: Scope,
    reading: Option<Reading<Doings>>,
    layouts: Vec<Layout>,
}

impl Exporter for Svg<'_> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.reading = Some(Reading::new(run, &self.scope, Doings::new(&self.scope)));
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        if let Some(reading) = &mut self.reading {
            reading.batch(batch);
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(reading) = self.reading.take() else { return Ok(()) };
        let Read { run, graph, onlooker: doings, blind_spots } = reading.end();
        self.layouts.push(Layout::new(&run, &graph, &doings, blind_spots));
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

impl Onlooker for Doings {
    fn event(&mut self, state: &State, event: &Event<'_>) {
        self.add(state, event);
    }
}

#[cfg(test)]
mod tests;
