//! What of the graph is not told (`--only`, `--ignore`), or as a part (`--fold-system`).
//!
//! A resource that is hidden is so by its IRI: no triple has it at either end. One that is
//! folded is replaced at the ends of triples by the node that stands for all of them.

use std::io;

use rustc_hash::FxHashMap;

use super::graph::Graph;
use super::vocabulary as v;
use super::writer::Triples;
use crate::export::Detail;
use crate::export::scope::{Fate, SYSTEM_LABEL};
use crate::flow::{ResourceId, State};

/// What has been decided.
#[derive(Debug, Default)]
pub(super) struct Fates {
    /// By the IRI, of all that is not told.
    of: FxHashMap<String, Fate>,
    /// The IRI of the system's files, once they have been told of.
    system: Option<String>,
}

impl Fates {
    /// What stands for a thing at the end of a triple; nothing if that is not told.
    pub(super) fn told<'a>(&'a self, iri: &'a str) -> Option<&'a str> {
        match self.of(iri) {
            Fate::Told => Some(iri),
            Fate::Folded => self.system.as_deref(),
            Fate::Hidden => None,
        }
    }

    fn of(&self, iri: &str) -> Fate {
        if iri.is_empty() {
            return Fate::Hidden; // a call that is not told of
        }
        if self.of.is_empty() {
            return Fate::Told;
        }
        self.of.get(iri).copied().unwrap_or(Fate::Told)
    }
}

impl<T: Triples> Graph<T> {
    /// Decides on a resource that is first named, `self.subject`: whether it is to be
    /// described.
    pub(super) fn decide(&mut self, state: &State, id: ResourceId) -> io::Result<bool> {
        let fate = self.fate_of(state, id);
        if fate == Fate::Told {
            return Ok(true);
        }
        self.fates.of.insert(self.subject.clone(), fate);
        if fate == Fate::Folded && self.fates.system.is_none() {
            self.names.system_files(&mut self.subject);
            self.class(v::ENTITY)?;
            self.class(v::SYSTEM_FILES_CLASS)?;
            self.plain(v::LABEL, SYSTEM_LABEL)?;
            self.fates.system = Some(self.subject.clone());
        }
        Ok(false)
    }

    /// Whether `self.subject`, which was hidden, is of a class that is wanted, as it turns
    /// out.
    pub(super) fn comes_to_light(&mut self, state: &State, id: ResourceId) -> bool {
        let was_hidden = self.fates.of(&self.subject) == Fate::Hidden;
        let does = was_hidden && self.fate_of(state, id) == Fate::Told;
        if does {
            self.fates.of.remove(&self.subject);
        }
        does
    }

    fn fate_of(&self, state: &State, id: ResourceId) -> Fate {
        match state.resource(id) {
            Some(resource) if !self.scope.is_all() => {
                self.scope.fate(state.name_of(id), resource.class)
            }
            _ => Fate::Told,
        }
    }

    /// Whether what went through a resource, `self.object`, is told of. Without resources,
    /// nothing has been decided of them.
    pub(super) fn tells_through(&self, state: &State, id: ResourceId) -> bool {
        match self.detail {
            Detail::Process => self.fate_of(state, id) != Fate::Hidden,
            _ => self.fates.told(&self.object).is_some(),
        }
    }

    /// Hides `self.subject`.
    pub(super) fn hide(&mut self) {
        self.fates.of.insert(self.subject.clone(), Fate::Hidden);
    }

    /// Whether nothing is to be said of `self.subject` alone.
    pub(super) fn is_silent(&self) -> bool {
        self.fates.of(&self.subject) != Fate::Told
    }
}
