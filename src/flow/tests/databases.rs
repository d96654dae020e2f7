//! Databases, from calls.

use super::kit::*;
use crate::event::{FactKey, FactKind, Phase, Role, State, Value};

/// PostgreSQL's start-up message of ann, who wants shop.
const STARTUP: &[u8] = b"\0\0\0\x20\0\x03\0\0user\0ann\0database\0shop\0\0";
/// `127.0.0.1:5432` as a `struct sockaddr_in`.
const SERVER: &[u8] = &[2, 0, 0x15, 0x38, 127, 0, 0, 1];

fn connected() -> Story {
    let mut story = Story::new();
    story.call(1, socket, &[2, 1, 0], 3);
    story.call_with(1, connect, &[3, 8, 16], 0, |r| whole(r, 1, Role::Sockaddr, SERVER));
    story
}

fn sends(story: &mut Story, bytes: &[u8], kept: usize) {
    let len = bytes.len() as u64;
    story.call_with(1, sendto, &[3, 8, len, 0], len as i64, |record| {
        let state = if kept < bytes.len() { State::Cut } else { State::Whole };
        record.piece(1, Role::Data, Phase::Entry, state, &bytes[..kept]);
    });
}

#[test]
fn a_client_names_its_database() {
    let mut story = connected();
    sends(&mut story, STARTUP, STARTUP.len());
    let used = "1/3 uses PostgreSQL shop at 127.0.0.1:5432 as ann through socket";
    assert_eq!(story.seen.take("database"), [used]);
    sends(&mut story, b"Q\0\0\0\x0dSELECT 1\0", 14);
    assert!(story.seen.take("database").is_empty());
}

#[test]
fn bytes_that_were_not_kept_leave_a_candidate() {
    let mut story = connected();
    sends(&mut story, STARTUP, 0);
    sends(&mut story, STARTUP, STARTUP.len());
    let used = "1/3 uses PostgreSQL at 127.0.0.1:5432 through socket?";
    assert_eq!(story.seen.take("database"), [used]);
}

#[test]
fn a_server_hears_its_clients() {
    let mut story = Story::new();
    story.call(1, socket, &[10, 1, 0], 3);
    let client =
        [&[10, 0, 0x9c, 0x40, 0, 0, 0, 0][..], &[0; 10], &[255, 255, 127, 0, 0, 1]].concat();
    let own = [&[10, 0, 7, 7, 0, 0, 0, 0][..], &[0; 10], &[255, 255, 127, 0, 0, 1]].concat();
    let accepted = story.next(1);
    let facts = [fact(
        FactKind::Socket,
        1,
        accepted,
        &[(FactKey::Fd, Value::Number(4)), (FactKey::Local, Value::Bytes(own))],
    )];
    let add = |r: &mut crate::event::RecordBuilder<'_>| {
        r.piece(1, Role::Sockaddr, Phase::Exit, State::Whole, &client);
    };
    story.ends(1, accepted, accept, &[3, 8, 8], Some(4), add, &facts);
    let received = |story: &mut Story, bytes: &[u8], flags: u64| {
        let len = bytes.len() as u64;
        story.call_with(1, recvfrom, &[4, 8, 99, flags], len as i64, |record| {
            record.piece(1, Role::Data, Phase::Exit, State::Whole, bytes);
        });
    };
    received(&mut story, &STARTUP[..4], 2); // MSG_PEEK takes nothing
    received(&mut story, &STARTUP[..4], 0);
    received(&mut story, &STARTUP[4..], 0);
    let used = "1/5 serves PostgreSQL shop at 127.0.0.1:1799 as ann through socket";
    assert_eq!(story.seen.take("database"), [used]);
}

#[test]
fn a_file_is_a_database_by_its_first_bytes() {
    let mut story = Story::new();
    story.open(1, b"data.db", 0, 3);
    let reads = |story: &mut Story, nr, args: &[u64], bytes: &[u8]| {
        story.call_with(1, nr, args, bytes.len() as i64, |record| {
            record.piece(1, Role::Data, Phase::Exit, State::Whole, bytes);
        });
    };
    let header = b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20";
    reads(&mut story, read, &[3, 8, 16], &header[..15]);
    reads(&mut story, pread64, &[3, 8, 100, 512], header);
    assert!(story.seen.take("database").is_empty());
    reads(&mut story, pread64, &[3, 8, 100, 0], header);
    reads(&mut story, pread64, &[3, 8, 100, 0], header);
    let used = "1/4 uses SQLite /home/data.db through /home/data.db";
    assert_eq!(story.seen.take("database"), [used]);
}

#[test]
fn connections_to_one_database_are_one_session() {
    let mut story = Story::new();
    for fd in [3, 4] {
        story.call(1, socket, &[2, 1, 0], fd);
        let fd = fd as u64;
        story.call_with(1, connect, &[fd, 8, 16], 0, |r| whole(r, 1, Role::Sockaddr, SERVER));
        let len = STARTUP.len() as u64;
        story.call_with(1, sendto, &[fd, 8, len, 0], len as i64, |record| {
            record.piece(1, Role::Data, Phase::Entry, State::Whole, STARTUP);
        });
    }
    let graph = story.graph();
    let [session] = &graph.sessions[..] else { panic!("{:?}", graph.sessions) };
    assert_eq!((session.count, session.user.as_deref()), (2, Some(&b"ann"[..])));
    let database = graph.resource(session.database).and_then(|one| one.database.as_ref());
    assert_eq!(database.and_then(|one| one.name.as_deref()), Some(&b"shop"[..]));
}
