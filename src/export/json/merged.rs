//! What is the same in runs of several machines.

use std::io;

use super::link::{Link, Same, What};
use super::{Ids, Whole, Writing};
use crate::export::links;
use crate::merge::Merged;

impl Whole<'_> {
    /// The names of what the document tells of, and other runs may know.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let processes = self.graph.processes.iter().map(|process| self.ids.process(process.id));
        let is_told =
            |one: &&crate::flow::graph::Resource| self.has_resources() && self.is_node(one);
        let resources = self.graph.resources.iter().filter(is_told);
        let resources = resources.map(|resource| self.ids.of(resource));
        [self.ids.host()].into_iter().chain(processes).chain(resources)
    }
}

impl Writing {
    /// As [`Exporter::linked`](crate::export::Exporter::linked).
    pub(super) fn linked(&mut self, merged: &Merged) -> io::Result<()> {
        for link in &merged.links {
            let [Some(source), Some(target)] = link.ends.map(|end| links::id(merged, end)) else {
                continue;
            };
            let told = &self.document.told;
            if !told.contains(&source) || !told.contains(&target) {
                continue;
            }
            let evidence = link.evidence.iter().map(|(key, value)| (*key, value.as_str()));
            let what = What::Same(Same {
                reason: link.reason.name(),
                confidence: f64::from(link.confidence) / 100.0,
                evidence: evidence.collect(),
            });
            let id = Ids::same(link.reason.name(), &source, &target);
            let link = Link { id, kind: "same_resource_as", source, target, revision: 0, what };
            self.document.links.push(&link)?;
        }
        Ok(())
    }
}
