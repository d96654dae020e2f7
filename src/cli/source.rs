//! A log that a command reads, and what it says of damage.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::export::Run;
use rtrace::flow::graph::{Builder, Graph};
use rtrace::log::{self, Header, Losses, Parts, ReadAhead, Reader};
use rtrace::sys::lock;

/// An open log.
pub(crate) struct Source {
    path: PathBuf,
    header: Header,
    run: Run,
    log: ReadAhead,
}

impl Source {
    /// Opens a log; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be read, is no log, or one of a newer rtrace.
    pub(crate) fn open(path: &Path, follow: bool) -> anyhow::Result<Self> {
        let reader = if path == Path::new("-") {
            Reader::new(io::stdin())
        } else if follow {
            follow_written(path)
        } else {
            Reader::open(path)
        };
        let reader = reader.with_context(|| path.display().to_string())?;
        let header = reader.header().clone();
        let run = Run::from(&header);
        Ok(Self { path: path.to_owned(), header, run, log: ReadAhead::new(reader) })
    }

    /// The run that the log is of.
    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// What the log says of its run.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Whether nothing of the log was lost. It has been read to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.log.reader().is_some_and(|reader| reader.losses().is_complete())
    }

    /// Fills `batch` with the next slice of the log; `false` at its end.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(crate) fn next(&mut self, batch: &mut Batch) -> anyhow::Result<bool> {
        let block = self.log.next_batch(batch);
        Ok(block.with_context(|| self.path.display().to_string())?.is_some())
    }

    /// The graph of all that is left to read; what was lost is told on standard error.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(crate) fn graph(&mut self) -> anyhow::Result<Graph> {
        let (mut flow, mut graph, mut batch) = (self.run.flow(), Builder::new(), Batch::new());
        while self.next(&mut batch)? {
            let Ok(()) = flow.batch(&batch, &mut graph);
        }
        let Ok(()) = flow.finish(&mut graph);
        self.report_losses();
        Ok(graph.finish(flow.state()))
    }

    /// Says on standard error what of the log could not be read. It has been read to its
    /// end.
    pub(crate) fn report_losses(&self) {
        let Some(reader) = self.log.reader() else { return };
        let parts = reader.parts().filter(|parts| parts.first > 1 && !parts.is_alone);
        if let Some(Parts { first, .. }) = parts {
            let (path, gone) = (self.path.display(), first - 1);
            eprintln!("rtrace: {path}: the beginning is missing: parts 1 to {gone} of the set");
        }
        if let Some(words) = losses_in_words(reader.losses()) {
            eprintln!("rtrace: {}: {words}", self.path.display());
        }
    }
}

/// Follows a log until its end, or until nobody writes it any more.
fn follow_written(path: &Path) -> Result<Reader, log::Error> {
    Reader::follow(path, |log| {
        log.metadata().is_ok_and(|meta| meta.is_file()) && !lock::is_held(log)
    })
}

/// What is missing; `None` if nothing is.
pub(super) fn losses_in_words(losses: &Losses) -> Option<String> {
    if losses.is_complete() {
        return None;
    }
    let mut words = Vec::new();
    if losses.header {
        words.push("the header is damaged, so host, command and clock are unknown".to_owned());
    }
    let Losses { blocks, records, bytes, .. } = losses;
    if *blocks > 0 {
        words.push(format!("{blocks} blocks with {records} records are lost"));
    }
    if *bytes > 0 {
        words.push(format!("{bytes} damaged bytes were passed over"));
    }
    if losses.parts > 0 {
        words.push(format!("{} parts of the set of files are missing", losses.parts));
    }
    if losses.tail {
        words.push("the log has no end: it was cut, or is still being written".to_owned());
    }
    Some(words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_and_a_sound_log_is_not_mentioned() {
        assert_eq!(losses_in_words(&Losses::default()), None);
        let losses = Losses { blocks: 2, records: 70, bytes: 9, tail: true, ..Losses::default() };
        assert_eq!(
            losses_in_words(&losses).as_deref(),
            Some(
                "2 blocks with 70 records are lost; 9 damaged bytes were passed over; \
                 the log has no end: it was cut, or is still being written"
            )
        );
    }
}
