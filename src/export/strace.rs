//! Text as `strace -f -o FILE` writes it.

mod known;

use std::io::{self, BufWriter, Write};

use super::{Exporter, Options, Run, TextOptions};
use crate::abi::Filter;
use crate::event::Batch;
use crate::flow::Flow;
use crate::render::{Layout, Plain, Style, Timeline};
use known::{Described, Knowledge};

/// Exports strace's text.
///
/// # Errors
/// None; other exporters write at once.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    let text = options.text.clone();
    let filter = text.filter.clone().unwrap_or_else(Filter::all);
    let flow = (text.decode_descriptors > 0).then(Flow::new);
    let mut strace = Strace {
        out: BufWriter::with_capacity(1 << 16, out),
        timeline: Timeline::new(Style::default(), Layout::default()),
        text,
        filter,
        flow,
        knowledge: Knowledge::default(),
        lines: String::new(),
    };
    strace.timeline = strace.fresh(0);
    Ok(Box::new(strace))
}

struct Strace<W: Write> {
    out: BufWriter<W>,
    text: TextOptions,
    filter: Filter,
    timeline: Timeline,
    /// Only where descriptors are to be described: it costs time.
    flow: Option<Flow>,
    knowledge: Knowledge,
    lines: String,
}

impl<W: Write> Strace<W> {
    fn fresh(&self, started: u64) -> Timeline {
        let default = Style::default();
        let style = Style {
            string_limit: self.text.string_limit.unwrap_or(default.string_limit),
            verbose: self.text.verbose,
        };
        let layout = Layout {
            absolute: self.text.absolute_time,
            relative: self.text.relative_time,
            duration: self.text.duration,
            started,
            filter: self.filter.clone(),
            pids: self.text.pids.clone(),
        };
        Timeline::new(style, layout)
    }

    fn write_lines(&mut self) -> io::Result<()> {
        self.out.write_all(self.lines.as_bytes())?;
        self.lines.clear();
        Ok(())
    }
}

impl<W: Write> Exporter for Strace<W> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.timeline = self.fresh(run.started);
        if let Some(flow) = &mut self.flow {
            *flow = run.flow();
            self.knowledge = Knowledge::new(self.text.decode_descriptors > 1);
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        match &mut self.flow {
            Some(flow) => {
                self.knowledge.take_devices(batch.facts());
                let (timeline, knowledge) = (&mut self.timeline, &mut self.knowledge);
                flow.batch(batch, &mut Described { timeline, knowledge })?;
            }
            None => batch.iter().for_each(|record| self.timeline.push(&record, &Plain)),
        }
        self.timeline.flush(&mut self.lines);
        self.write_lines()
    }

    fn end(&mut self) -> io::Result<()> {
        self.timeline.finish(&mut self.lines);
        self.write_lines()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}
