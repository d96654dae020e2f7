//! Versions of files as triples, with events and without.

use std::io;

use super::graph::Graph;
use super::vocabulary as v;
use super::writer::Triples;
use crate::flow::{ResourceId, State, VersionId};

impl<T: Triples> Graph<T> {
    /// The content of the file `resource` has become another one; `by` writes the IRI of
    /// what did it to `self.object`.
    pub(super) fn version(
        &mut self,
        state: &State,
        resource: ResourceId,
        id: VersionId,
        before: Option<VersionId>,
        by: impl FnOnce(&mut Self),
    ) -> io::Result<()> {
        self.names.resource(state, resource, &mut self.subject);
        let is_silent = self.is_silent();
        self.names.version(id, &mut self.subject);
        if is_silent {
            self.hide();
        }
        self.class(v::FILE_VERSION_CLASS)?;
        self.class(v::ENTITY)?;
        self.names.resource(state, resource, &mut self.object);
        self.link(v::SPECIALIZATION_OF)?;
        by(self);
        self.link(v::WAS_GENERATED_BY)?;
        // What the run found is no version of its own making.
        match before.filter(|before| before.number > 0) {
            Some(before) => {
                self.names.version(before, &mut self.object);
                self.link(v::WAS_DERIVED_FROM)
            }
            None => Ok(()),
        }
    }

    /// `self.subject` is about that version of a file, if the run made it.
    pub(super) fn at_version(&mut self, version: Option<VersionId>) -> io::Result<()> {
        match version.filter(|version| version.number > 0) {
            Some(version) => {
                self.names.version(version, &mut self.object);
                self.link(v::VERSION)
            }
            None => Ok(()),
        }
    }
}
