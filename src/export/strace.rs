//! Text as `strace -f -o FILE` writes it.

use std::io::{self, BufWriter, Write};

use super::{Exporter, Options, Run, TextOptions};
use crate::abi::Filter;
use crate::event::{Batch, Record, TaskId};
use crate::flow::{Event, Flow, Item, Place, ResourceId, Sink, State};
use crate::render::{Descriptors, Layout, Plain, Style, Timeline};

/// Exports strace's text.
///
/// # Errors
/// `-e trace=` is no set of calls ([`io::ErrorKind::InvalidInput`]).
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    let text = options.text.clone();
    let filter = match &text.trace {
        Some(set) => Filter::parse(set)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?,
        None => Filter::all(),
    };
    let flow = (text.decode_descriptors > 0).then(Flow::new);
    let mut strace = Strace {
        out: BufWriter::with_capacity(1 << 16, out),
        timeline: Timeline::new(Style::default(), Layout::default()),
        text,
        filter,
        flow,
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
            *flow = Flow::new();
            flow.set_cwd(&run.cwd);
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        match &mut self.flow {
            Some(flow) => flow.batch(batch, &mut Described(&mut self.timeline))?,
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

/// Gives events to the lines together with what their descriptors stand for.
struct Described<'a>(&'a mut Timeline);

impl Sink for Described<'_> {
    type Error = io::Error;

    fn item(&mut self, state: &State, item: Item<'_>) -> io::Result<()> {
        if let Item::Event(event) | Item::Begun(event) = item {
            self.0.push(&event.record, &Known { state, event: &event });
        }
        Ok(())
    }
}

/// What the flow knows of the descriptors of an event.
struct Known<'a> {
    state: &'a State,
    event: &'a Event<'a>,
}

impl Known<'_> {
    /// What the event touches comes first: a close has taken its descriptor away.
    fn resource(&self, task: TaskId, fd: i32) -> Option<ResourceId> {
        let record: &Record<'_> = &self.event.record;
        let touched = self.event.uses.iter().find(|one| match one.place {
            Place::Argument(arg) => record.words[usize::from(arg.min(5))] as i32 == fd,
            Place::Result => record.result == i64::from(fd),
            Place::Pair(_) => false,
        });
        touched.map(|one| one.resource).or_else(|| self.state.descriptor(task, fd))
    }
}

impl Descriptors for Known<'_> {
    fn describe(&self, task: TaskId, fd: i32, out: &mut String) -> bool {
        let Some(resource) = self.resource(task, fd) else { return false };
        let name = self.state.name_of(resource);
        for byte in name.iter().flat_map(|byte| byte.escape_ascii()) {
            out.push(char::from(byte));
        }
        !name.is_empty()
    }
}
