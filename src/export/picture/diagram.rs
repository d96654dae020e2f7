//! How logs become a diagram.

use std::io::{self, Write};

use super::board::{Board, Limits};
use super::reading::{Read, Reading};
use crate::event::Batch;
use crate::export::{Exporter, Options, Run, Scope};

/// An exporter of a notation for boxes and arrows.
pub(in crate::export) struct Diagram<'a> {
    out: Box<dyn Write + 'a>,
    scope: Scope,
    limits: Limits,
    write: Notation,
    reading: Option<Reading<()>>,
    boards: Vec<Board>,
}

/// The document of boards, one a run.
pub(in crate::export) type Notation = fn(&[Board]) -> String;

impl<'a> Diagram<'a> {
    pub(in crate::export) fn new(
        out: Box<dyn Write + 'a>,
        options: &Options,
        limits: Limits,
        write: Notation,
    ) -> Self {
        Self { out, scope: options.scope.clone(), limits, write, reading: None, boards: Vec::new() }
    }
}

impl Exporter for Diagram<'_> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.reading = Some(Reading::new(run, &self.scope, ()));
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
        let Read { run, graph, blind_spots, .. } = reading.end();
        let mut board = Board::new(&run, &graph, &self.scope, self.limits);
        if blind_spots > 0 {
            let what = super::counted(blind_spots, "thing", "things");
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
