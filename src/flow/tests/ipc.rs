//! Things that calls name by numbers.

use super::kit::*;
use crate::event::{FactKey, FactKind, Kind, Phase, Role, State, TaskId, Value};
use crate::flow::{Moniker, ResourceId};

/// Class, name and moniker of the last resource, and how many there are.
fn last(story: &Story) -> (usize, String) {
    let state = story.flow.state();
    let id = state.resource_ids().last().expect("something is there");
    (state.resource_count(), shown(story, id))
}

fn shown(story: &Story, id: ResourceId) -> String {
    let state = story.flow.state();
    let class = state.resource(id).map_or("?", |resource| resource.class.name());
    let name = String::from_utf8_lossy(state.name_of(id));
    let moniker = Moniker::of(state, id).map(|moniker| moniker.to_bytes()).unwrap_or_default();
    format!("{class}, {name}, {}", String::from_utf8_lossy(&moniker))
}

#[test]
fn shared_memory_is_known_by_its_number() {
    let mut story = Story::new();
    story.call(1, shmat, &[7, 0, 0], 0x7000);
    let (count, memory) = last(&story);
    assert_eq!(memory, "shared memory, shared memory 7, SharedMemory.Id=7");
    story.call(1, shmget, &[0x1234, 4096, 0], 7);
    let state = story.flow.state();
    assert_eq!(state.resource_count(), count);
    let id = state.resource_ids().last().expect("the memory");
    assert_eq!(state.number(id).and_then(|number| number.key), Some(0x1234));
    story.call(1, shmget, &[0x1234, 4096, 0], -2);
    assert_eq!(last(&story).0, count);
}

#[test]
fn a_queue_has_a_name() {
    let mut story = Story::new();
    let named = |story: &mut Story, nr, result| {
        story.call_with(1, nr, &[8, 0], result, |record| {
            record.piece(0, Role::Str, Phase::Entry, State::Whole, b"jobs");
        });
    };
    named(&mut story, mq_open, 5);
    let (count, queue) = last(&story);
    assert_eq!(queue, "message queue, mqueue:/jobs, MessageQueue.Name=/jobs");
    assert_eq!(story.table(1), "5!mqueue:/jobs");
    named(&mut story, mq_unlink, 0);
    assert_eq!(last(&story).0, count);
}

#[test]
fn users_are_named_by_who_becomes_or_asks() {
    let mut story = Story::new();
    story.call(1, setresuid, &[u64::MAX, u64::MAX, 0], 0);
    let before = story.flow.state().resource_count();
    story.call(1, setresuid, &[u64::MAX, 1000, u64::MAX], 0);
    assert_eq!(last(&story), (before + 1, "user, user 1000, User.Id=1000".into()));
    let credentials = [77_u32, 33, 33].map(u32::to_le_bytes).concat();
    story.call_with(1, getsockopt, &[3, 1, 17, 8, 8], 0, |record| {
        record.piece(3, Role::Data, Phase::Exit, State::Whole, &credentials);
    });
    assert_eq!(last(&story), (before + 2, "user, user 33, User.Id=33".into()));
}

#[test]
fn a_peer_is_on_another_machine() {
    let mut story = Story::new();
    story.call(1, socket, &[2, 1, 0], 3);
    let to = |story: &mut Story, address: [u8; 4]| {
        let address = [&[2, 0, 0, 80][..], &address].concat();
        story.call_with(1, connect, &[3, 8, 16], 0, |r| whole(r, 1, Role::Sockaddr, &address));
    };
    to(&mut story, [127, 0, 0, 1]);
    let before = story.flow.state().resource_count();
    to(&mut story, [10, 0, 0, 5]);
    let expected = "host, 10.0.0.5, CIM_ComputerSystem.Name=10.0.0.5";
    assert_eq!(last(&story), (before + 1, expected.into()));
}

#[test]
fn terminals_are_told_from_other_devices() {
    let mut story = Story::new();
    let device = |story: &mut Story, path: &[u8], special: i64| {
        let ordinal = story.next(1);
        let fields = [
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(path.to_vec())),
            (FactKey::Mode, Value::Number(0o020_620)),
            (FactKey::Device, Value::Number(5)),
            (FactKey::Inode, Value::Number(special)),
            (FactKey::Special, Value::Number(special)),
        ];
        let facts = [fact(FactKind::File, 1, ordinal, &fields)];
        let add = |r: &mut crate::event::RecordBuilder<'_>| whole(r, 1, Role::Path, path);
        story.ends(1, ordinal, openat, &[CWD, 8, 0], Some(3), add, &facts);
        last(story).1
    };
    let terminal = device(&mut story, b"/dev/pts/3", 136 << 8 | 3);
    assert_eq!(terminal, "terminal, /dev/pts/3, Terminal.Name=/dev/pts/3");
    let null = device(&mut story, b"/dev/null", 1 << 8 | 3);
    assert_eq!(null, "device, /dev/null, Device.Name=/dev/null");
}

#[test]
fn who_looks_at_a_directory_learns_that_it_is_one() {
    let mut story = Story::new();
    let looks = |story: &mut Story, path: &[u8], mode: u32| {
        let bytes = [&[0; 24][..], &mode.to_le_bytes()].concat();
        story.call_with(1, stat, &[8, 8], 0, |record| {
            whole(record, 0, Role::Path, path);
            whole(record, 1, Role::Struct, &bytes);
        });
        last(story).1
    };
    let directory = looks(&mut story, b"/srv", 0o040_755);
    assert_eq!(directory, "directory, /srv, CIM_Directory.Name=/srv");
    let file = looks(&mut story, b"/srv/x", 0o100_644);
    assert_eq!(file, "file, /srv/x, CIM_DataFile.Name=/srv/x");
}

/// As whom a task's process acts.
fn user(story: &Story, task: u32) -> Option<u32> {
    let state = story.flow.state();
    let user = state.process_of(TaskId(task)).and_then(|process| process.user);
    user.map(|user| state.number(user).expect("a user has one").id)
}

#[test]
fn a_process_acts_as_the_user_that_it_became() {
    const CLONE_NEWUSER: u64 = 0x1000_0000;
    let mut story = Story::new();
    assert_eq!(user(&story, 1), None, "nobody has said");
    let uid = |id| [(FactKey::Uid, Value::Number(id))];
    story.happens_with(Kind::Stop, 1, [0; 6], &[fact(FactKind::Process, 1, 0, &uid(0))]);
    story.forks(1, 2);
    assert_eq!(user(&story, 2), Some(0));
    story.call(2, setresuid, &[u64::MAX, u64::MAX, 33], 0);
    story.call(2, setresuid, &[33, 33, 33], -1);
    assert_eq!(user(&story, 2), Some(0));
    story.call(2, setresuid, &[u64::MAX, 33, u64::MAX], 0);
    assert_eq!((user(&story, 1), user(&story, 2)), (Some(0), Some(33)));
    // Users have other numbers from now on: which of the machine's one is, nobody knows.
    story.call(2, unshare, &[CLONE_NEWUSER], 0);
    assert_eq!(user(&story, 2), Some(33));
    story.call(2, setresuid, &[0, 0, 0], 0);
    assert_eq!(user(&story, 2), None);
    let ordinal = story.next(2);
    let exec = fact(FactKind::Executable, 2, ordinal, &uid(33));
    story.ends(2, ordinal, execve, &[8, 8, 8], Some(0), |_| {}, &[exec]);
    let state = story.flow.state();
    let run = state.process_of(TaskId(2)).and_then(|process| process.execution.clone());
    assert_eq!(run.and_then(|run| run.user), state.process(TaskId(2)).and_then(|own| own.user));
    assert_eq!(user(&story, 2), Some(33));
}
