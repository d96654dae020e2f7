//! What went from one execution to another, names that files came to have, and databases.

use std::io;

use rustc_hash::FxHashMap;

use super::Whole;
use super::link::{self, Link, signal_name};
use super::section::Section;
use super::text::{Text, version_name};
use crate::event::TaskId;
use crate::flow::graph::{Activity, ActivityIndex, Graph, Passage, Renaming, Session, Signalling};

/// The SIGCHLD that told a parent of its child's end.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndTold {
    /// When the parent got it.
    pub(super) first: u64,
    pub(super) revision: u32,
}

/// Which ends of processes parents were told of. These signals are told of in the
/// children's nodes: there is one for most of them.
pub(super) fn ends_told(graph: &Graph) -> FxHashMap<TaskId, EndTold> {
    let mut all: FxHashMap<TaskId, EndTold> = FxHashMap::default();
    for one in &graph.signals {
        let Some(child) = told_end(graph, one) else { continue };
        let Signalling { span, revision, .. } = *one;
        let known = all.entry(child).or_insert(EndTold { first: span.first, revision });
        known.first = known.first.min(span.first);
        known.revision = known.revision.max(revision);
    }
    all
}

/// The process that a signal told its parent of.
fn told_end(graph: &Graph, one: &Signalling) -> Option<TaskId> {
    let [child, parent] = [one.from, one.to].map(|index| graph.process_of(index));
    let is_it = signal_name(one.signal) == "SIGCHLD" && child?.parent == Some(parent?.id);
    is_it.then_some(child?.id)
}

impl Whole<'_> {
    pub(super) fn passages(&self, links: &mut Section) -> io::Result<()> {
        for passage in &self.graph.passages {
            if let Some(link) = self.passage(passage) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    /// Signals, but those that are told of in the nodes of children.
    pub(super) fn signals(&self, links: &mut Section) -> io::Result<()> {
        for signal in self.graph.signals.iter().filter(|one| told_end(self.graph, one).is_none()) {
            if let Some(link) = self.signal(signal) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    pub(super) fn renamings(&self, links: &mut Section) -> io::Result<()> {
        for renaming in &self.graph.renames {
            if let Some(link) = self.renaming(renaming) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    fn ends(&self, from: ActivityIndex, to: ActivityIndex) -> Option<[&Activity; 2]> {
        Some([self.graph.activity(from)?, self.graph.activity(to)?])
    }

    fn passage(&self, passage: &Passage) -> Option<Link<'static>> {
        let ends = self.ends(passage.from, passage.to)?;
        let [source, target] = ends.map(|activity| self.ids.doer(activity));
        let through = Some(self.told(passage.through)?);
        Some(Link {
            id: self.ids.passage(passage, ends),
            kind: "passage",
            source,
            target,
            revision: passage.revision,
            what: link::What::Passage(link::Passage {
                carrier: passage.carrier.name(),
                through: through.filter(|_| self.has_resources()),
                version: passage.version.map(version_name),
                amount: passage.known(),
                certain: passage.certain,
                given: passage.given.map(Into::into),
                taken: passage.taken.into(),
            }),
        })
    }

    fn signal(&self, one: &Signalling) -> Option<Link<'static>> {
        let ends = self.ends(one.from, one.to)?;
        let [source, target] = ends.map(|activity| self.ids.doer(activity));
        Some(Link {
            id: self.ids.signal(one, ends),
            kind: "signal",
            source,
            target,
            revision: one.revision,
            what: link::What::Signal(link::Sent {
                signal: one.signal,
                signal_name: signal_name(one.signal),
                count: one.count,
                span: one.span.into(),
            }),
        })
    }

    fn renaming(&self, one: &Renaming) -> Option<Link<'static>> {
        let activity = self.graph.activity(one.activity)?;
        Some(Link {
            id: self.ids.renaming(one, activity),
            kind: if one.is_link { "link" } else { "rename" },
            source: self.told(one.from)?,
            target: self.told(one.to)?,
            revision: one.revision,
            what: link::What::Renaming(link::Renaming {
                by: self.ids.doer(activity),
                event: self.ids.event(one.event),
                count: one.count,
                span: one.span.into(),
            }),
        })
    }

    /// Who uses which database.
    pub(super) fn sessions(&self, links: &mut Section) -> io::Result<()> {
        for session in &self.graph.sessions {
            if let Some(link) = self.session(session) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    fn session<'b>(&self, session: &'b Session) -> Option<Link<'b>> {
        Some(Link {
            id: self.ids.session(session),
            kind: "database",
            source: self.doer(session.activity)?,
            target: self.told(session.database)?,
            revision: session.revision,
            what: link::What::Session(link::Session {
                through: self.told(session.through),
                user: session.user.as_deref().map(Text::from),
                serves: session.serves,
                certain: session.certain,
                count: session.count,
                event: self.ids.event(session.event),
            }),
        })
    }
}
