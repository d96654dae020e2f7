//! What went from one execution to another, and names that files came to have.

use std::io;

use super::Whole;
use super::link::{self, Link, signal_name};
use super::section::Section;
use crate::flow::graph::{Activity, ActivityIndex, Passage, Renaming, Signalling};

impl Whole<'_> {
    pub(super) fn ties(&self, links: &mut Section) -> io::Result<()> {
        for passage in &self.graph.passages {
            if let Some(link) = self.passage(passage) {
                links.push(&link)?;
            }
        }
        for signal in &self.graph.signals {
            if let Some(link) = self.signal(signal) {
                links.push(&link)?;
            }
        }
        for renaming in self.graph.renames.iter().filter(|_| self.has_resources()) {
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
        let [source, target] = ends.map(|activity| self.ids.execution(activity.id.since));
        let version = passage.version.map(|version| {
            [version.file.index().to_string(), version.number.to_string()].join("-")
        });
        Some(Link {
            id: self.ids.passage(passage, ends),
            kind: "passage",
            source,
            target,
            revision: passage.revision,
            what: link::What::Passage(link::Passage {
                carrier: passage.carrier.name(),
                through: self.has_resources().then(|| self.resource_id(passage.through)),
                version,
                amount: passage.amount,
                certain: passage.certain,
                given: passage.given.map(Into::into),
                taken: passage.taken.into(),
            }),
        })
    }

    fn signal(&self, one: &Signalling) -> Option<Link<'static>> {
        let ends = self.ends(one.from, one.to)?;
        let [source, target] = ends.map(|activity| self.ids.execution(activity.id.since));
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
            source: self.resource_id(one.from),
            target: self.resource_id(one.to),
            revision: one.revision,
            what: link::What::Renaming(link::Renaming {
                by: self.ids.execution(activity.id.since),
                event: self.ids.event(one.event),
                count: one.count,
                span: one.span.into(),
            }),
        })
    }
}
