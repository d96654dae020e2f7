//! Databases, who uses them, and what is asked of them, as triples.

use std::io;

use super::graph::Graph;
use super::text::readable;
use super::vocabulary as v;
use super::writer::Triples;
use crate::export::Detail;
use crate::flow::{Database, DatabaseUse, Endpoint, Event, State};

impl<T: Triples> Graph<T> {
    /// What is known of a database: `self.subject`.
    pub(super) fn database(&mut self, database: &Database) -> io::Result<()> {
        self.plain(v::SYSTEM, database.system.name())?;
        if let Some(server) = database.server.as_ref().map(Endpoint::to_bytes) {
            self.bytes(v::SERVER, v::SERVER_BYTES, &server)?;
        }
        match &database.name {
            Some(name) => self.bytes(v::DATABASE_NAME, v::DATABASE_NAME_BYTES, name),
            None => Ok(()),
        }
    }

    /// An event shows that its process uses a database.
    pub(super) fn database_use(&mut self, state: &State, used: &DatabaseUse) -> io::Result<()> {
        let relation = match (used.serves, used.certain) {
            (_, false) => v::MAY_USE_DATABASE,
            (true, true) => v::SERVES_DATABASE,
            (false, true) => v::USES_DATABASE,
        };
        self.names.resource(state, used.database, &mut self.object);
        let is_client = used.certain && !used.serves;
        if self.detail == Detail::Event {
            self.names.event(used.event, &mut self.subject);
            self.link(relation)?;
            if is_client {
                self.link(v::USED)?;
            }
        }
        let process = state.process_of(used.event.task);
        if let Some(execution) = process.and_then(|process| process.execution.as_ref()) {
            self.names.execution(execution.id, &mut self.subject);
            self.link(relation)?;
            if is_client {
                self.link(v::USED)?;
            }
        }
        self.names.resource(state, used.through, &mut self.subject);
        self.link(v::DATABASE)?;
        match &used.user {
            Some(user) => self.bytes(v::DATABASE_USER, v::DATABASE_USER_BYTES, user),
            None => Ok(()),
        }
    }

    /// The statements that an event moved.
    pub(super) fn statements(&mut self, state: &State, event: &Event<'_>) -> io::Result<()> {
        for statement in event.statements {
            self.plain(v::SQL, &readable(&statement.text))?;
            if std::str::from_utf8(&statement.text).is_err() {
                self.raw(v::SQL_BYTES, &statement.text)?;
            }
            if !statement.whole {
                self.yes(v::SQL_CUT)?;
            }
            if let Some(database) = statement.database {
                self.names.resource(state, database, &mut self.object);
                self.link(v::ASKS)?;
            }
        }
        Ok(())
    }
}
