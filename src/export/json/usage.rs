//! What was done to resources: links, and the sums of them.

use std::collections::BTreeMap;
use std::io;

use super::Whole;
use super::link::{self, Link};
use super::section::Section;
use super::text::version_name;
use super::touch::{Told, Touch};
use crate::flow::graph::{Amount, Deed, Span, Usage};

/// All that was done to something.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Total {
    /// Bytes taken, if anybody asked for some.
    pub(super) read: Option<Amount>,
    /// Bytes given, if anybody gave some.
    pub(super) written: Option<Amount>,
    pub(super) span: Option<Span>,
}

impl Total {
    pub(super) fn of<'a>(usages: impl IntoIterator<Item = &'a Usage>) -> Self {
        let mut total = Self::default();
        usages.into_iter().for_each(|usage| total.add(usage));
        total
    }

    pub(super) fn add(&mut self, usage: &Usage) {
        let sum = |known: Option<Amount>, more: Amount| known.unwrap_or_default().plus(more);
        let did = |is_it: fn(Deed) -> bool| {
            Deed::ALL.into_iter().any(|deed| is_it(deed) && usage.count(deed) > 0)
        };
        // What was left out may have moved bytes: then it is not known how many.
        if did(Deed::takes) || usage.bytes_in.is_at_least {
            self.read = Some(sum(self.read, usage.bytes_in));
        }
        if did(Deed::gives) || usage.bytes_out.is_at_least {
            self.written = Some(sum(self.written, usage.bytes_out));
        }
        if usage.has_deeds() {
            self.span = Some(self.span.map_or(usage.span, |span| span.with(usage.span)));
        }
    }
}

impl Whole<'_> {
    pub(super) fn usages(&self, links: &mut Section) -> io::Result<()> {
        for touch in self.touches.all.iter().filter(|touch| touch.told == Told::Link) {
            if let Some(link) = self.usage(touch) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    /// What was done to one resource, whatever its content.
    fn usage(&self, touch: &Touch<'_>) -> Option<Link<'static>> {
        let activity = self.graph.activity(touch.activity)?;
        let mut deeds: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (deed, count) in touch.usages.iter().flat_map(|usage| usage.deeds()) {
            *deeds.entry(deed.name()).or_default() += count;
        }
        let versions = touch.usages.iter().filter_map(|usage| usage.version);
        let total = Total::of(touch.usages.iter().copied());
        Some(Link {
            id: self.ids.usage(activity, touch.resource),
            kind: "use",
            source: self.ids.doer(activity),
            target: match touch.resource {
                Some(resource) => self.told(resource)?,
                None => self.ids.system_files(),
            },
            revision: touch.usages.iter().map(|usage| usage.revision).max().unwrap_or_default(),
            what: link::What::Usage(link::Usage {
                deeds,
                read: total.read.map(Into::into),
                written: total.written.map(Into::into),
                span: total.span?.into(),
                versions: versions.filter(|one| one.number > 0).map(version_name).collect(),
            }),
        })
    }
}
