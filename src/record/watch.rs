//! Looking on while a run is recorded.

use super::spool::Spool;
use crate::event::Batch;
use crate::log::{Error, Header};
use crate::render::{Layout, Plain, Style, Timeline};
use std::io::Write;

/// Is shown a run as it is recorded, each batch once it is in the log. Called on
/// the thread that writes the log: while it works, the log waits.
pub trait Watch: Send + 'static {
    /// The run begins.
    fn begin(&mut self, _header: &Header) {}

    /// The next slice of it; the last records may be calls that have begun.
    fn batch(&mut self, _batch: &Batch) {}

    /// The log cannot be written any more; what comes is not in it. Told once.
    fn failed(&mut self, _error: &Error) {}

    /// The next file of the log could not be begun; the log goes on in this one.
    fn stays(&mut self, _error: &Error) {}

    /// It is over.
    fn end(&mut self) {}
}

/// Nobody looks on.
impl Watch for () {}

/// Prints strace-style lines: those of `rtrace convert --to strace`.
///
/// A line is out some 200 ms after its call has ended, whether or not another one
/// follows. An output that is slow slows the run down, as with strace; one that
/// takes nothing for a second misses lines, and is told how many; one that is
/// closed gets no more. The log has all of them in any case.
pub struct Print<W> {
    out: Option<W>,
    spool: Option<Spool>,
    timeline: Timeline,
    lines: String,
}

impl<W: Write + Send + 'static> Print<W> {
    /// Prints to `out`.
    pub fn new(out: W) -> Self {
        let timeline = Timeline::new(Style::default(), Layout::default());
        Self { out: Some(out), spool: None, timeline, lines: String::new() }
    }

    fn write_lines(&mut self) {
        let is_read = self.spool.as_mut().is_some_and(|spool| spool.push(self.lines.as_bytes()));
        if !is_read {
            self.spool = None;
        }
        self.lines.clear();
    }
}

impl<W: Write + Send + 'static> Watch for Print<W> {
    fn begin(&mut self, _: &Header) {
        let Some(out) = self.out.take() else { return };
        match Spool::start(out) {
            Ok(spool) => self.spool = Some(spool),
            Err((mut out, error)) => {
                let _ = writeln!(out, "rtrace: cannot start a thread that prints: {error}");
            }
        }
    }

    fn batch(&mut self, batch: &Batch) {
        if self.spool.is_some() {
            batch.iter().for_each(|record| self.timeline.push(&record, &Plain));
            self.timeline.flush(&mut self.lines);
            self.write_lines();
        }
    }

    fn end(&mut self) {
        if self.spool.is_some() {
            self.timeline.finish(&mut self.lines);
            self.write_lines();
        }
        if let Some(spool) = self.spool.take() {
            spool.finish();
        }
    }
}
