//! What is known of a connection: nothing yet, which protocol its client speaks, or
//! that there is nothing more to be learnt.

use super::stream::{Found, Framer, Part, Protocol, Then};
use super::{Guess, ResourceId, System, mongo, mysql, postgres, redis, tds, tns};

/// First bytes that are kept until they tell the protocol: more than any needs.
const FIRST_MAX: usize = 64;

/// One end of a connection.
#[derive(Debug)]
pub(super) struct Conversation {
    /// Whether this is the server's end.
    pub(super) serves: bool,
    /// The database that was named last.
    pub(super) database: Option<ResourceId>,
    /// The session that was told last.
    last: Option<Found>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The first bytes.
    Unknown(Vec<u8>),
    Speaks(System, Box<(Framer, Box<dyn Protocol>)>),
    Over,
}

/// What was learnt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    Session { system: System, name: Option<Vec<u8>>, user: Option<Vec<u8>>, certain: bool },
    Statement { text: Vec<u8>, whole: bool },
}

impl Conversation {
    pub(super) const fn new(serves: bool) -> Self {
        Self { serves, database: None, last: None, state: State::Unknown(Vec::new()) }
    }

    /// Whether there is nothing more to be learnt.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Takes what a call moved from the client; `usual` is what its address tells.
    pub(super) fn hear(&mut self, usual: Option<System>, parts: &[Part<'_>]) -> Vec<News> {
        let State::Unknown(first) = &mut self.state else { return self.follow(parts) };
        let mut bytes = std::mem::take(first);
        let before = bytes.len();
        let mut is_cut = false;
        for part in parts {
            match part {
                Part::Bytes(more) if !is_cut => bytes.extend_from_slice(more),
                _ => is_cut = true,
            }
            if is_cut || bytes.len() >= FIRST_MAX {
                break;
            }
        }
        match recognise(&bytes) {
            Guess::Is(system) => {
                self.state = State::Speaks(system, Box::new((Framer::default(), start(system))));
                let held = &bytes[..before];
                let all: Vec<_> =
                    std::iter::once(Part::Bytes(held)).chain(parts.iter().copied()).collect();
                self.follow(&all)
            }
            Guess::Perhaps if !is_cut => {
                self.state = State::Unknown(bytes);
                Vec::new()
            }
            guess => {
                self.state = State::Over;
                let is_hidden = guess == Guess::Perhaps || bytes.is_empty() || is_tls(&bytes);
                let candidate = usual.filter(|_| is_hidden).map(|system| News::Session {
                    system,
                    name: None,
                    user: None,
                    certain: false,
                });
                candidate.into_iter().collect()
            }
        }
    }

    fn follow(&mut self, parts: &[Part<'_>]) -> Vec<News> {
        let State::Speaks(system, speaker) = &mut self.state else { return Vec::new() };
        let (system, (framer, protocol)) = (*system, &mut **speaker);
        let mut found = Vec::new();
        let then = framer.take(protocol.as_mut(), parts, &mut found);
        if then == Then::Over {
            self.state = State::Over;
            if self.last.is_none() && !found.iter().any(Found::is_session) {
                found.push(Found::UNNAMED);
            }
        }
        found.into_iter().filter_map(|one| self.news(system, one)).collect()
    }

    /// A session that goes on as before is no news.
    fn news(&mut self, system: System, found: Found) -> Option<News> {
        if found.is_session() && self.last.as_ref() == Some(&found) {
            return None;
        }
        match found {
            Found::Session { ref name, ref user } => {
                let (name, user) = (name.clone(), user.clone());
                self.last = Some(found);
                Some(News::Session { system, name, user, certain: true })
            }
            Found::Statement { text, whole } => Some(News::Statement { text, whole }),
        }
    }
}

fn recognise(first: &[u8]) -> Guess {
    let all = [
        postgres::recognise,
        mysql::recognise,
        redis::recognise,
        mongo::recognise,
        tds::recognise,
        tns::recognise,
    ];
    let mut best = Guess::No;
    for guess in all.map(|recognise| recognise(first)) {
        match guess {
            Guess::Is(_) => return guess,
            Guess::Perhaps => best = guess,
            Guess::No => {}
        }
    }
    best
}

fn start(system: System) -> Box<dyn Protocol> {
    match system {
        System::PostgreSql => Box::new(postgres::Postgres::default()),
        System::MySql => Box::new(mysql::MySql::default()),
        System::Redis => Box::new(redis::Redis::default()),
        System::MongoDb => Box::new(mongo::Mongo::default()),
        System::SqlServer => Box::new(tds::Tds::default()),
        System::Oracle | System::Sqlite => Box::new(tns::Tns),
    }
}

/// A TLS handshake's record (RFC 8446, 5.1).
const fn is_tls(first: &[u8]) -> bool {
    matches!(first, [0x16, 3, ..])
}
