//! A small run for the tests of the formats: a shell that reads a file with a
//! name that is no text, forks, and waits for a child that fails and is killed
//! in the middle of a call.

use super::{FORMATS, Options, Run};
use crate::abi::Abi;
use crate::event::{
    Batch, Call, Fact, FactKey, FactKind, Kind, Origin, Phase, Role, State, TaskId, Value,
};

/// Numbers of x86-64.
const READ: u64 = 0;
const FORK: u64 = 57;
const EXECVE: u64 = 59;
const WAIT4: u64 = 61;
const OPENAT: u64 = 257;
const CWD: u64 = -100i64 as u64;

/// The sample in `format`.
pub(super) fn exported(format: &str, options: &Options) -> String {
    let mut out = Vec::new();
    let format = FORMATS.iter().find(|f| f.name == format).expect("in the registry");
    let mut exporter = format.exporter(Box::new(&mut out), options).expect("made");
    exporter.begin(&run()).expect("written");
    exporter.batch(&batch()).expect("written");
    exporter.end().expect("written");
    exporter.finish().expect("written");
    String::from_utf8(out).expect("text")
}

fn run() -> Run {
    Run {
        processes: Vec::new(),
        uuid: std::array::from_fn(|i| i as u8 * 17),
        host: b"node \"1\"".to_vec(),
        machine_id: "abc".into(),
        boot_id: "def".into(),
        addresses: vec!["10.0.0.1".into()],
        kernel: "6.18.0".into(),
        started: 1_795_494_344_000_000_000,
        aligned: None,
        command: vec![b"sh".to_vec(), b"-c".to_vec(), b"cat x".to_vec()],
        cwd: b"/home".to_vec(),
        calls: None,
        kept: Some(64),
    }
}

fn batch() -> Batch {
    let mut batch = Batch::new();
    let mut at = Clock(0);
    moment(&mut batch, &mut at, Kind::Start, (1, 0), [100, 100, 1, 0, 0, 0]);
    let argv = ["sh", "-c", "cat x"];
    call(&mut batch, &mut at, (1, 1), EXECVE, [8, 8, 8, 0], Some(0), |record| {
        record.piece(0, Role::Path, Phase::Entry, State::Whole, b"/bin/sh");
        for arg in argv {
            record.piece(1, Role::Arg, Phase::Entry, State::Whole, arg.as_bytes());
        }
        record.piece(2, Role::Env, Phase::Entry, State::Whole, b"A=\xff\n");
    });
    call(&mut batch, &mut at, (1, 2), OPENAT, [CWD, 8, 0, 0], Some(3), |record| {
        record.piece(1, Role::Path, Phase::Entry, State::Whole, b"odd \xff\n\"name");
    });
    call(&mut batch, &mut at, (1, 3), READ, [3, 8, 10, 0], Some(2), |record| {
        record.piece(1, Role::Data, Phase::Exit, State::Whole, b"\0\xff");
    });
    let forked = [101, 101, 2, 1, 4, u64::from(Origin::Fork.code())];
    moment(&mut batch, &mut at, Kind::Start, (2, 0), forked);
    call(&mut batch, &mut at, (1, 4), FORK, [0; 4], Some(101), |_| {});
    call(&mut batch, &mut at, (2, 1), OPENAT, [CWD, 8, 0, 0], Some(-2), |record| {
        record.piece(1, Role::Path, Phase::Entry, State::Whole, b"none");
    });
    moment(&mut batch, &mut at, Kind::Signal, (2, 2), [10, 0, 0, 0, 0, 0]);
    call(&mut batch, &mut at, (2, 3), READ, [0, 8, 10, 0], None, |_| {});
    moment(&mut batch, &mut at, Kind::Exit, (2, 4), [0, 9, 0, 0, 0, 0]);
    call(&mut batch, &mut at, (1, 5), WAIT4, [u64::MAX, 8, 0, 0], Some(101), |record| {
        record.piece(1, Role::Struct, Phase::Exit, State::Whole, &[9, 0, 0, 0]);
    });
    moment(&mut batch, &mut at, Kind::Exit, (1, 6), [3, 0, 0, 0, 0, 0]);
    batch.push_fact(Fact {
        kind: FactKind::File,
        task: TaskId(1),
        ordinal: 2,
        time: 0,
        fields: vec![
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(b"/home/odd \xff\n\"name".to_vec())),
            (FactKey::Device, Value::Number(8)),
            (FactKey::Inode, Value::Number(77)),
            (FactKey::Mode, Value::Number(0o100_644)),
        ],
    });
    batch.push_fact(Fact {
        kind: FactKind::Content,
        task: TaskId(1),
        ordinal: 2,
        time: 13_000,
        fields: vec![
            (FactKey::Path, Value::Bytes(b"/home/odd \xff\n\"name (deleted)".to_vec())),
            (FactKey::Size, Value::Number(9)),
            (FactKey::Modified, Value::Number(1_795_494_344_000_000_001)),
            (FactKey::Hash, Value::Bytes(vec![0, 255, 16])),
            (FactKey::Stale, Value::Number(1)),
        ],
    });
    batch.push_fact(Fact {
        kind: FactKind::Account,
        task: TaskId(1),
        ordinal: 6,
        time: 13_400,
        fields: [FactKey::Rchar, FactKey::Wchar, FactKey::ReadBytes, FactKey::WriteBytes]
            .into_iter()
            .zip(1000..)
            .map(|(key, number)| (key, Value::Number(number)))
            .collect(),
    });
    batch.push_fact(Fact {
        kind: FactKind::BlindSpot,
        task: TaskId(2),
        ordinal: 1,
        time: 13_500,
        fields: vec![
            (FactKey::Pid, Value::Number(77)),
            (FactKey::Text, Value::Bytes(b"nobody looked".to_vec())),
        ],
    });
    batch
}

struct Clock(u64);

impl Clock {
    fn tick(&mut self) -> u64 {
        self.0 += 1000;
        self.0
    }
}

fn moment(batch: &mut Batch, at: &mut Clock, kind: Kind, id: (u32, u64), words: [u64; 6]) {
    let mut record = batch.record(kind, TaskId(id.0), id.1);
    record.at(at.tick()).words(words);
    record.finish();
}

fn call(
    batch: &mut Batch,
    at: &mut Clock,
    id: (u32, u64),
    nr: u64,
    args: [u64; 4],
    result: Option<i64>,
    memory: impl FnOnce(&mut crate::event::RecordBuilder<'_>),
) {
    let mut words = [0; 6];
    words[..4].copy_from_slice(&args);
    let mut record = batch.record(Kind::Call, TaskId(id.0), id.1);
    record.start(at.tick()).words(words).call(Call { abi: Abi::X86_64, nr });
    if let Some(result) = result {
        record.returned(at.tick(), result, result < 0);
    }
    memory(&mut record);
    record.finish();
}
