//! The batchflow as one page that needs nothing else, documented in `docs/html.md`: the
//! files of `page/` with the document of [`json`](super::json), and, beside it, the
//! events of each process, compressed, for the page to unpack when it shows them.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `node` | what the page is told of an event, or of several that are alike |
//! | `fold` | which events of a thread are told as one |
//! | `threads` | the threads that live, and what waits to be written of each |
//! | `lead` | links between events |
//! | `things` | what the processes used, in parts |
//! | `directories` | files that are told of by their directory |
//! | `store` | packed events, in a temporary file until the page is written |
//! | `coarsen` | how more events become one, where a page would be too large |
//! | `budget` | which processes are told how finely |
//! | `template` | the page's own files as one |

mod budget;
mod coarsen;
mod directories;
mod fold;
mod lead;
mod node;
mod store;
mod template;
#[cfg(test)]
mod tests;
mod things;
mod threads;

use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::json::Writing;
use super::{Exporter, Language, Options, Run};
use crate::event::Batch;
use budget::Budget;
use store::{Packed, Store};
use things::Parts;
use threads::Threads;

/// Exports the page.
///
/// # Errors
/// No temporary file could be made.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(Box::new(Html {
        out,
        language: options.language,
        comparison: options.comparison.clone(),
        flow: Writing::apart(&options.scope)?,
        threads: Threads::new(Store::new()?),
        counts: Counts::default(),
        budget: Budget::default(),
    }))
}

struct Html<W> {
    out: W,
    language: Option<Language>,
    comparison: Option<String>,
    flow: Writing,
    threads: Threads,
    counts: Counts,
    budget: Budget,
}

/// What the page says of itself.
#[derive(Debug, Serialize)]
struct About {
    version: u32,
    languages: [&'static str; 2],
    /// `null`: as the reader's browser has it.
    default_language: Option<&'static str>,
    counts: Counts,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    processes: u64,
    threads: u64,
    /// All that the log has.
    events: u64,
    /// Those of them that have no node of their own.
    folded: u64,
    /// Files of which no more is told than their directory.
    folded_files: u64,
}

impl<W: Write> Exporter for Html<W> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.flow.begin(run)
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.flow.batch(batch, &mut self.threads)?;
        self.threads.failure()
    }

    fn end(&mut self) -> io::Result<()> {
        let Some((graph, ids)) = self.flow.end(&mut self.threads)? else { return Ok(()) };
        self.threads.end_run()?;
        self.counts.processes += graph.processes.len() as u64;
        self.counts.threads += graph.tasks.len() as u64;
        self.budget.heed(&graph, &ids);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // a page is there as a whole, or not at all
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        let (mut store, events) = self.threads.finish();
        let mut flow = self.flow;
        let things = flow.things()?;
        let flow = packed(flow, &mut store)?;
        let frame = template::Frame::new();
        let mut besides = frame.len() + flow.encoded_len();
        let room = self.budget.room_for_things(besides);
        let things = things.map(|things| Parts::pack(&things, room, &mut store)).transpose()?;
        besides += things.as_ref().map_or(0, Parts::encoded_len);
        let packs = self.budget.fit(&mut store, besides)?;
        let told: u64 = packs.iter().map(|pack| pack.nodes).sum();
        let folded = events.saturating_sub(told);
        let folded_files = things.as_ref().map_or(0, |things| things.folded);
        let counts = Counts { events, folded, folded_files, ..self.counts };
        let about = About {
            version: 1,
            languages: Language::ALL.map(Language::name),
            default_language: self.language.map(Language::name),
            counts,
        };
        let mut out = BufWriter::with_capacity(1 << 16, self.out);
        out.write_all(frame.before().as_bytes())?;
        template::about(&serde_json::to_string(&about)?, &mut out)?;
        if let Some(comparison) = &self.comparison {
            template::comparison(comparison, &mut out)?;
        }
        store.write(&flow, "id=\"flow\"", &mut out)?;
        if let Some(things) = things {
            things.write(&mut store, &mut out)?;
        }
        store.write_all(&packs, &mut out)?;
        out.write_all(frame.after().as_bytes())?;
        out.flush()
    }
}

/// The processes, and what ties them: all that the first picture needs.
fn packed(flow: Writing, store: &mut Store) -> io::Result<Packed> {
    let mut packer = GzEncoder::new(store.appender()?, Compression::default());
    let mut buffered = BufWriter::with_capacity(1 << 16, &mut packer);
    flow.write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    Ok(packer.finish()?.finish())
}
