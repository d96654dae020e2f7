//! How files were when they were looked at, as triples.

use std::io;

use oxrdf::NamedNodeRef;

use super::graph::Graph;
use super::text::readable;
use super::vocabulary as v;
use super::writer::Triples;
use crate::event::{FactKey, FactKind};
use crate::export::decode::hex;
use crate::flow::{Look, State};

impl<T: Triples> Graph<T> {
    /// A state of a file is a thing of its own, which the event found or left.
    pub(super) fn look(&mut self, state: &State, look: &Look<'_>) -> io::Result<()> {
        self.names.resource(state, look.resource, &mut self.subject);
        if self.is_silent() {
            return Ok(());
        }
        let relation = match look.fact.kind {
            FactKind::Written => v::LEFT,
            FactKind::Content => v::CONTENT,
            _ => v::FOUND,
        };
        self.names.event(look.event, &mut self.subject);
        self.names.look(look, &mut self.object);
        if look.is_recorded {
            self.link(relation)?;
        }
        std::mem::swap(&mut self.subject, &mut self.object);
        self.class(v::FILE_STATE_CLASS)?;
        self.class(v::ENTITY)?;
        self.names.resource(state, look.resource, &mut self.object);
        self.link(v::SPECIALIZATION_OF)?;
        self.time(v::SEEN_AT, look.time)?;
        self.state_of(look)?;
        self.program_of(look)
    }

    fn state_of(&mut self, look: &Look<'_>) -> io::Result<()> {
        let numbers = [
            (FactKey::Device, v::DEVICE),
            (FactKey::Inode, v::INODE),
            (FactKey::Mode, v::MODE),
            (FactKey::Size, v::SIZE),
            (FactKey::Part, v::HASHED_PART),
        ];
        for (key, predicate) in numbers {
            if let Some(number) = look.fact.number(key) {
                self.integer(predicate, number)?;
            }
        }
        for (key, predicate) in [(FactKey::Modified, v::MODIFIED), (FactKey::Changed, v::CHANGED)] {
            // Times before 1970 have no place in a log's clock.
            if let Some(time) = look.fact.number(key).and_then(|time| u64::try_from(time).ok()) {
                self.moment(predicate, time)?;
            }
        }
        self.hexadecimal(look, FactKey::Hash, v::BLAKE3)?;
        if look.fact.number(FactKey::Stale).is_some() {
            self.yes(v::STALE)?;
        }
        match look.fact.bytes(FactKey::Text) {
            Some(why) => self.plain(v::REASON, &readable(why)),
            None => Ok(()),
        }
    }

    fn program_of(&mut self, look: &Look<'_>) -> io::Result<()> {
        self.hexadecimal(look, FactKey::BuildId, v::BUILD_ID)?;
        if let Some(loader) = look.fact.bytes(FactKey::Loader) {
            self.bytes(v::LOADER, v::LOADER_BYTES, loader)?;
        }
        if let Some(script) = look.fact.bytes(FactKey::Script) {
            self.bytes(v::SCRIPT, v::SCRIPT_BYTES, script)?;
        }
        match look.fact.list(FactKey::Interpreters) {
            Some(words) => self.words(v::INTERPRETERS, words),
            None => Ok(()),
        }
    }

    fn hexadecimal(
        &mut self,
        look: &Look<'_>,
        key: FactKey,
        predicate: NamedNodeRef<'static>,
    ) -> io::Result<()> {
        match look.fact.bytes(key) {
            Some(bytes) => self.plain(predicate, &hex(bytes)),
            None => Ok(()),
        }
    }
}
