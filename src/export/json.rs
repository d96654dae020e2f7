//! The batchflow as one JSON document, documented in `docs/json.md` and described by
//! `docs/schema/batchflow.json`: the numbers of [`flow::graph`](crate::flow::graph) as
//! nodes and links.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `ids` | how nodes and links are named |
//! | `text` | bytes that may be no text |
//! | `node`, `link` | what the document has of each kind |
//! | `process`, `resource`, `usage`, `ties`, `held_up` | how the graph becomes that |
//! | `function` | what calls are calls of |
//! | `touch` | what an activity did to a resource, and whether that is a link |
//! | `environment` | how one differs from another |
//! | `event` | the same of single events (`--detail event`) |
//! | `meta` | what it has of the runs |
//! | `merged` | what is the same in several runs |
//! | `section` | a list of the document, until it is written |

mod environment;
mod event;
mod function;
mod held_up;
mod ids;
mod link;
mod merged;
mod meta;
mod node;
mod process;
mod resource;
mod section;
mod text;
mod ties;
mod touch;
mod usage;

use std::convert::Infallible;
use std::io::{self, BufWriter, Write};

pub(super) use event::{Details, Lead, Names, is_shown, label};
pub(super) use ids::Ids;
pub(super) use section::{Members, Section};

use rustc_hash::{FxHashMap, FxHashSet};

use super::scope::{Calls, Fate, Fates};
use super::{Detail, Exporter, Options, Run, Scope};
use crate::event::{Batch, TaskId};
use crate::flow::graph::{Builder, Graph};
use crate::flow::{Class, Flow, Item, Sink, State};
use crate::merge::Merged;
use event::Events;
use function::Functions;
use held_up::Ages;
use meta::{Meta, RunMeta};
use ties::EndTold;
use touch::Touches;

/// Exports the document.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    let detail = options.detail.unwrap_or(Detail::Resource);
    Ok(Box::new(Json { out, writing: Writing::new(detail, &options.scope)?.with_functions() }))
}

struct Json<W> {
    out: W,
    writing: Writing,
}

/// A document that is being put together.
pub(super) struct Writing {
    detail: Detail,
    scope: Scope,
    /// Whether it tells of functions.
    has_functions: bool,
    document: Document,
    run: Option<Reading>,
}

/// Who else is told what the document tells of.
pub(super) trait Listener {
    /// Takes an item; the graph knows of it already.
    fn item(&mut self, item: &Item<'_>, graph: &Graph, names: &Names<'_>);
}

/// Nobody else.
struct Nobody;

impl Listener for Nobody {
    fn item(&mut self, _: &Item<'_>, _: &Graph, _: &Names<'_>) {}
}

/// What is known of the runs that have been read.
struct Document {
    meta: Meta,
    nodes: Section,
    events: Section,
    links: Section,
    things: Option<Apart>,
    /// Of runs of several machines, the names of what it tells of.
    told: FxHashSet<String>,
}

/// What the processes used, where it stands apart from them.
struct Apart {
    nodes: Section,
    links: Section,
    glances: Section,
}

/// The same of a document that is over: nodes of resources, the links that lead to them
/// or through them, and what was only looked at or missed, by who did.
#[derive(Debug)]
pub(super) struct Things {
    pub(super) nodes: Members,
    pub(super) links: Members,
    pub(super) glances: Members,
}

impl Apart {
    fn new() -> io::Result<Self> {
        Ok(Self { nodes: Section::new()?, links: Section::new()?, glances: Section::new()? })
    }

    fn finish(self) -> io::Result<Things> {
        let (nodes, links) = (self.nodes.finish()?, self.links.finish()?);
        Ok(Things { nodes, links, glances: self.glances.finish()? })
    }
}

/// A run that is being read.
struct Reading {
    flow: Flow,
    seen: Seen,
}

/// What is kept of the flow's items.
struct Seen {
    builder: Builder,
    ids: Ids,
    meta: RunMeta,
    events: Option<Events>,
    fates: Fates,
    calls: Calls,
    /// Of the graph's list of who was held up.
    ages: Ages,
}

/// A run that has been read.
struct Whole<'a> {
    detail: Detail,
    /// Whether what processes used stands apart from them.
    is_apart: bool,
    run: &'a RunMeta,
    ids: &'a Ids,
    graph: &'a Graph,
    state: &'a State,
    fates: &'a Fates,
    calls: &'a Calls,
    touches: Touches<'a>,
    functions: Functions,
    ends_told: FxHashMap<TaskId, EndTold>,
    waited_for: FxHashMap<TaskId, u64>,
}

impl Whole<'_> {
    fn has_resources(&self) -> bool {
        self.detail != Detail::Process
    }

    /// Resources, what was done to them, and what went from one process to another.
    fn things(&self, ages: &Ages, nodes: &mut Section, links: &mut Section) -> io::Result<()> {
        self.passages(links)?;
        self.held_up(ages, links)?;
        if !self.has_resources() {
            return Ok(());
        }
        self.renamings(links)?;
        self.resources(nodes)?;
        self.functions(nodes)?;
        self.usages(links)?;
        self.sessions(links)
    }
}

impl<W: Write> Exporter for Json<W> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.writing.begin(run)
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.writing.batch(batch, &mut Nobody)
    }

    fn end(&mut self) -> io::Result<()> {
        self.writing.end(&mut Nobody).map(|_| ())
    }

    fn linked(&mut self, merged: &Merged) -> io::Result<()> {
        self.writing.linked(merged)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // a document is there as a whole, or not at all
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 16, self.out);
        self.writing.write(&mut out)?;
        out.flush()
    }
}

impl Writing {
    /// A document without runs.
    pub(super) fn new(detail: Detail, scope: &Scope) -> io::Result<Self> {
        let document = Document {
            meta: Meta::new(detail, scope),
            nodes: Section::new()?,
            events: Section::new()?,
            links: Section::new()?,
            things: None,
            told: FxHashSet::default(),
        };
        Ok(Self { detail, scope: scope.clone(), has_functions: false, document, run: None })
    }

    /// The same with functions.
    fn with_functions(mut self) -> Self {
        let is_wanted = self.scope.fate(b"", Class::Function) == Fate::Told;
        self.has_functions = is_wanted && self.detail >= Detail::Resource;
        self
    }

    /// The same, which keeps what processes used apart from them ([`Self::things`]).
    pub(super) fn apart(scope: &Scope) -> io::Result<Self> {
        let mut writing = Self::new(Detail::Resource, scope)?;
        writing.document.things = Some(Apart::new()?);
        Ok(writing)
    }

    /// As [`Exporter::begin`].
    pub(super) fn begin(&mut self, run: &Run) -> io::Result<()> {
        let flow = run.flow();
        let ids = Ids::new(run);
        if self.document.meta.has(&ids) {
            let twice = "two of the logs are of one run: join its parts with rtrace cat";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, twice));
        }
        let meta = RunMeta::new(run, &ids);
        let events = (self.detail == Detail::Event).then(|| Events::new(self.has_functions));
        let mut builder = Builder::new();
        // What the first slice of the log brings has revision 1.
        builder.next_revision(flow.state());
        let (fates, calls) = (Fates::new(&self.scope), Calls::new(&self.scope));
        let seen = Seen { builder, ids, meta, events, fates, calls, ages: Ages::default() };
        self.run = Some(Reading { flow, seen });
        Ok(())
    }

    /// As [`Exporter::batch`].
    pub(super) fn batch(&mut self, batch: &Batch, listener: &mut impl Listener) -> io::Result<()> {
        let Some(Reading { flow, seen }) = &mut self.run else { return Ok(()) };
        seen.calls.look_ahead(batch);
        let Ok(()) = flow.batch(batch, &mut Both { seen, listener });
        seen.ages.grown_to(seen.builder.graph().held_up.len());
        seen.builder.next_revision(flow.state());
        seen.hand_over(&mut self.document)
    }

    /// As [`Exporter::end`]; the run's graph and names, if one had begun.
    pub(super) fn end(&mut self, listener: &mut impl Listener) -> io::Result<Option<(Graph, Ids)>> {
        let Some(Reading { mut flow, mut seen }) = self.run.take() else { return Ok(None) };
        let Ok(()) = flow.finish(&mut Both { seen: &mut seen, listener });
        seen.hand_over(&mut self.document)?;
        let Seen { builder, ids, mut meta, fates, calls, ages, .. } = seen;
        let (graph, state) = (builder.finish(flow.state()), flow.state());
        meta.finish(&graph);
        let is_wanted = self.has_functions;
        let (functions, profiles) =
            if is_wanted { Functions::of(&graph) } else { Default::default() };
        meta.profiles = profiles;
        let Document { nodes, links, things, told, .. } = &mut self.document;
        let whole = Whole {
            detail: self.detail,
            is_apart: things.is_some(),
            run: &meta,
            ids: &ids,
            graph: &graph,
            state,
            fates: &fates,
            calls: &calls,
            functions,
            touches: Touches::of(&graph, |id| fates.of(state, id)),
            ends_told: ties::ends_told(&graph),
            waited_for: held_up::waited_for(&graph),
        };
        if meta.is_merged() {
            told.extend(whole.names());
        }
        whole.processes(nodes, links)?;
        if let Some(apart) = things {
            whole.signals(links)?;
            whole.things(&ages, &mut apart.nodes, &mut apart.links)?;
            whole.glances(&mut apart.glances)?;
        } else {
            whole.things(&ages, nodes, links)?;
            whole.signals(links)?;
        }
        self.document.meta.runs.push(meta);
        Ok(Some((graph, ids)))
    }

    /// What stands apart: afterwards, the document is without it.
    pub(super) fn things(&mut self) -> io::Result<Option<Things>> {
        self.document.things.take().map(Apart::finish).transpose()
    }

    /// Writes it all, but what stands apart.
    pub(super) fn write(self, out: &mut impl Write) -> io::Result<()> {
        let Document { meta, nodes, events, links, .. } = self.document;
        out.write_all(b"{\"meta\":")?;
        serde_json::to_writer(&mut *out, &meta)?;
        out.write_all(b",\n\"nodes\":")?;
        Section::write(vec![nodes, events], out)?;
        out.write_all(b",\n\"links\":")?;
        Section::write(vec![links], out)?;
        out.write_all(b"}\n")
    }
}

impl Seen {
    /// Gives away what was made of events.
    fn hand_over(&mut self, document: &mut Document) -> io::Result<()> {
        let Some(events) = &mut self.events else { return Ok(()) };
        document.events.append(&mut events.nodes)?;
        document.links.append(&mut events.links)
    }
}

/// Those whom the flow tells: the document, and who else listens.
struct Both<'a, L> {
    seen: &'a mut Seen,
    listener: &'a mut L,
}

impl<L: Listener> Sink for Both<'_, L> {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        let Self { seen, listener } = self;
        seen.fates.item(state, &item);
        let Some(item) = seen.calls.count(&mut seen.builder, state, item) else { return Ok(()) };
        if let Item::BlindSpot(spot) = item {
            seen.meta.blind_spot(&spot);
        }
        let names = Names { state, ids: &seen.ids, fates: &seen.fates };
        if let Some(events) = &mut seen.events {
            events.item(&item, seen.builder.graph(), &names);
        }
        listener.item(&item, seen.builder.graph(), &names);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
