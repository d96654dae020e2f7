//! Databases: who used which, as whom, and what was asked of them.
//!
//! A connection is a database's if its client's first bytes are; the port or the path
//! makes a candidate where those bytes were not kept, or are encrypted. A file is one
//! if it begins as SQLite's do. What was not recorded is unknown: a name that was cut,
//! a statement behind the bytes kept.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `stream` | messages in what calls moved |
//! | `conversation` | what is known of a connection |
//! | `postgres`, `mysql`, `redis`, `mongo`, `tds`, `tns` | the protocols |

mod conversation;
mod mongo;
mod mysql;
mod postgres;
mod redis;
mod stream;
mod tds;
#[cfg(test)]
mod tests;
mod tns;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Flow;
use super::item::{EventId, Place};
use super::moniker::canonical;
use super::plan::Plan;
use super::position::{At, explicit};
use super::resource::{Class, ResourceId};
use super::socket::{AF_INET, AF_INET6, AF_UNIX, Endpoint, SOCK_STREAM, Socket};
use super::stream::Way;
use super::transfer::stays;
use crate::abi::Verb;
use crate::event::{Record, Role, TaskId};
use conversation::{Conversation, News};
use stream::{Part, little_endian};

/// What every SQLite 3 database begins with (sqlite.org/fileformat.html, 1.3.1).
const SQLITE: &[u8] = b"SQLite format 3\0";

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// PostgreSQL, and what speaks its protocol.
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// Redis, Valkey, KeyDB.
    Redis,
    /// MongoDB.
    MongoDb,
    /// Oracle.
    Oracle,
    /// Microsoft SQL Server, and Sybase.
    SqlServer,
    /// SQLite 3.
    Sqlite,
}

impl System {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PostgreSql => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::Redis => "Redis",
            Self::MongoDb => "MongoDB",
            Self::Oracle => "Oracle",
            Self::SqlServer => "SQL Server",
            Self::Sqlite => "SQLite",
        }
    }

    /// Which is usual at that address.
    fn usual_at(server: &Endpoint) -> Option<Self> {
        match server {
            Endpoint::Inet(_, port) | Endpoint::Inet6(_, port) => Some(match port {
                5432 => Self::PostgreSql,
                3306 => Self::MySql,
                6379 => Self::Redis,
                27017 => Self::MongoDb,
                1521 => Self::Oracle,
                1433 => Self::SqlServer,
                _ => return None,
            }),
            Endpoint::Unix(path) => {
                let file = path.rsplit(|byte| *byte == b'/').next()?;
                let is_numbered = |start: &[u8]| {
                    let rest = file.strip_prefix(start);
                    rest.is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
                };
                Some(match file {
                    b"mysqld.sock" | b"mysql.sock" | b"mariadb.sock" => Self::MySql,
                    b"redis.sock" | b"redis-server.sock" | b"valkey.sock" => Self::Redis,
                    _ if is_numbered(b".s.PGSQL.") => Self::PostgreSql,
                    _ if is_numbered(b"mongodb-") => Self::MongoDb,
                    _ => return None,
                })
            }
            _ => None,
        }
    }
}

/// Whether bytes are the first of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Is(System),
    /// More of them would tell.
    Perhaps,
    No,
}

impl Guess {
    /// Whether `bytes` can go on to be, or begin with, `start`.
    fn of_prefix(bytes: &[u8], start: &[u8]) -> Self {
        let is_like = bytes.iter().zip(start).all(|(one, other)| one == other);
        if is_like { Self::Perhaps } else { Self::No }
    }
}

/// A database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Database {
    /// Of which kind.
    pub system: System,
    /// Where its server listens; SQLite has none.
    pub server: Option<Endpoint>,
    /// Its name on the server, of SQLite the file's path; `None` where that was not
    /// recorded.
    pub name: Option<Vec<u8>>,
}

impl Database {
    /// How people would call it.
    pub(super) fn label(&self) -> Vec<u8> {
        let mut label = self.system.name().as_bytes().to_vec();
        let server = self.server.as_ref().map(Endpoint::to_bytes);
        for (word, part) in [(&b" "[..], &self.name), (b" at ", &server)] {
            if let Some(part) = part {
                label.extend_from_slice(word);
                label.extend_from_slice(part);
            }
        }
        label
    }
}

/// Somebody uses a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUse {
    /// The event that showed it: of a connection, the one that named the database.
    pub event: EventId,
    /// The database.
    pub database: ResourceId,
    /// The socket or file by which it is used.
    pub through: ResourceId,
    /// As whom, where that is known.
    pub user: Option<Vec<u8>>,
    /// Whether this is the server's end of a connection.
    pub serves: bool,
    /// Whether bytes have shown it; otherwise it is the address that speaks for it.
    pub certain: bool,
}

/// A statement in SQL that an event moved, or completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The database that it is for, where that is known.
    pub database: Option<ResourceId>,
    /// Its text, or the beginning of it.
    pub text: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
}

/// The connections and files of a run that may be databases'.
#[derive(Debug, Default)]
pub(super) struct Databases {
    conversations: FxHashMap<ResourceId, Conversation>,
    /// Which process has been told to use which file.
    files: FxHashSet<(TaskId, ResourceId)>,
    /// What the event at hand showed.
    pub(super) uses: Vec<DatabaseUse>,
    pub(super) statements: Vec<Statement>,
}

impl Databases {
    /// Another event is at hand.
    pub(super) fn clear(&mut self) {
        self.uses.clear();
        self.statements.clear();
    }

    /// A socket has become an end of a connection.
    pub(super) fn connected(&mut self, id: ResourceId, socket: &Socket, serves: bool) {
        let has_family = matches!(socket.family, Some(AF_INET | AF_INET6 | AF_UNIX));
        if has_family && socket.kind == Some(SOCK_STREAM) {
            self.conversations.insert(id, Conversation::new(serves));
        }
    }
}

impl Flow {
    /// A call has ended that may have moved bytes from or to a database.
    pub(super) fn watch_databases(&mut self, record: &Record<'_>, plan: &Plan) {
        let ways: &[Way] = match plan.prototype.effect.verb {
            Verb::Reads | Verb::Receives => &[Way::Out],
            Verb::Writes | Verb::Sends => &[Way::In],
            Verb::Copies => &[Way::Out, Way::In],
            _ => return,
        };
        let Some(moved) = u64::try_from(record.result).ok().filter(|moved| *moved > 0) else {
            return;
        };
        for (operand, &way) in plan.prototype.effect.operands.iter().zip(ways) {
            let place = Place::Argument(operand.arg);
            let Some(used) = self.uses.iter().find(|one| one.place == place) else { continue };
            let through = used.resource;
            match self.state.resource(through).map(|resource| resource.class) {
                Some(Class::Socket) => self.listen_to(record, plan, through, way, moved),
                Some(Class::File) => self.look_at_file(record, plan, operand.arg, through),
                _ => {}
            }
        }
    }

    fn listen_to(
        &mut self,
        record: &Record<'_>,
        plan: &Plan,
        through: ResourceId,
        way: Way,
        moved: u64,
    ) {
        let Some(conversation) = self.databases.conversations.get_mut(&through) else { return };
        let from_client = conversation.serves == (way == Way::Out);
        if !from_client || conversation.is_over() || stays(record, plan) {
            return;
        }
        let Some(socket) = self.state.socket(through) else { return };
        let server = if conversation.serves { &socket.local } else { &socket.remote };
        let Some(server) = server.clone().map(canonical) else { return };
        let news = conversation.hear(System::usual_at(&server), &parts(record, moved));
        let serves = conversation.serves;
        for one in news {
            let event = EventId { task: record.task, ordinal: record.ordinal };
            match one {
                News::Session { system, name, user, certain } => {
                    let database = Database { system, server: Some(server.clone()), name };
                    let database = self.state.database_of(database);
                    if let Some(known) = self.databases.conversations.get_mut(&through) {
                        known.database = Some(database);
                    }
                    let used = DatabaseUse { event, database, through, user, serves, certain };
                    self.databases.uses.push(used);
                }
                News::Statement { text, whole } => {
                    let known = self.databases.conversations.get(&through);
                    let database = known.and_then(|known| known.database);
                    self.databases.statements.push(Statement { database, text, whole });
                }
            }
        }
    }

    /// A file is read or written: as a SQLite database?
    fn look_at_file(&mut self, record: &Record<'_>, plan: &Plan, fd: u8, file: ResourceId) {
        let first = record.pieces.iter().find(|p| matches!(p.role, Role::Data | Role::IovData));
        if !first.is_some_and(|piece| record.bytes(piece).starts_with(SQLITE)) {
            return;
        }
        let at = explicit(record, plan, fd);
        let name = self.state.name_of(file).to_vec();
        if matches!(at, At::Offset(1..)) || name.first() != Some(&b'/') {
            return;
        }
        let database = Database { system: System::Sqlite, server: None, name: Some(name) };
        let database = self.state.database_of(database);
        let process = self.state.task(record.task).map_or(record.task, |task| task.process);
        if self.databases.files.insert((process, database)) {
            self.databases.uses.push(DatabaseUse {
                event: EventId { task: record.task, ordinal: record.ordinal },
                database,
                through: file,
                user: None,
                serves: false,
                certain: at == At::Offset(0),
            });
        }
    }
}

/// What a call moved, as far as it was kept.
fn parts<'a>(record: &Record<'a>, moved: u64) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut left = moved;
    let mut add = |bytes: &'a [u8], len: u64| {
        let len = len.min(left);
        let kept = bytes.len().min(usize::try_from(len).unwrap_or(usize::MAX));
        parts.push(Part::Bytes(&bytes[..kept]));
        parts.push(Part::Gap(len - kept as u64));
        left -= len;
    };
    let pieces = |role| record.pieces.iter().filter(move |piece| piece.role == role);
    let vector = pieces(Role::Iovec).next_back().map(|piece| record.bytes(piece));
    if let Some(data) = pieces(Role::Data).next() {
        add(record.bytes(data), moved);
    } else if let (Some(vector), Some(call)) = (vector, record.call) {
        let lengths = vector.chunks_exact(2 * call.abi.word());
        for (element, data) in lengths.zip(pieces(Role::IovData)) {
            add(record.bytes(data), little_endian(&element[call.abi.word()..]));
        }
    }
    add(&[], u64::MAX); // what is not even told of
    parts.retain(|part| !matches!(part, Part::Bytes([]) | Part::Gap(0)));
    parts
}
