//! A log with every kind of record, lane, ABI, role, phase, state, section and
//! fact, and what a log reads as, in the words of `docs/read_log.py`.

use rtrace::abi::Abi;
use rtrace::event::{
    Batch, Call, Fact, FactKey, FactKind, Kind, Lane, Phase, Record, Role, State, TaskId, Value,
};
use rtrace::log::{Clock, End, Error, Header, Host, Options, Reader, Writer};
use serde_json::json;
use std::io::Read;

/// The bytes of the sample.
pub(crate) fn sample() -> Result<Vec<u8>, Error> {
    let mut writer = Writer::new(Vec::new(), &header())?;
    writer.write_batch(&kinds())?;
    writer.write_batch(&pieces())?;
    writer.write_batch(&long())?;
    writer.write_batch(&facts())?;
    let end = End { status: Some(256), time: 1 << 41, ..End::default() };
    Ok(writer.finish(end)?.1)
}

fn header() -> Header {
    Header {
        run: *b"rtrace sample v1",
        rtrace_version: "0.1.0".into(),
        host: Host {
            name: b"host".to_vec(),
            machine_id: "0123456789abcdef".into(),
            boot_id: "00000000-0000-4000-8000-000000000000".into(),
            kernel: "6.18.0".into(),
            arch: "x86_64".into(),
            addresses: vec!["192.0.2.1".into(), "2001:db8::1".into()],
        },
        clock: Clock { realtime: 1_750_000_000_000_000_000, monotonic: 4_000_000_000 },
        command: vec![b"sample".to_vec(), b"not \xff text".to_vec()],
        cwd: b"/".to_vec(),
        options: Options { string_limit: 64, env: true, ..Options::default() },
        part: None,
    }
}

/// Every kind by every lane, and every ABI; words, results and times at the
/// borders of their types.
fn kinds() -> Batch {
    let mut batch = Batch::new();
    for (ordinal, kind) in (0..).zip(Kind::ALL) {
        for lane in Lane::ALL {
            let mut record = batch.record(*kind, TaskId(300 * u32::from(lane.code())), ordinal);
            record.lane(*lane).at(1_000_000 + ordinal * 77);
            record.words([ordinal, u64::MAX, 1 << 63, 0, (1 << 63) - 1, 7]);
            record.finish();
        }
    }
    let results = [(0, false), (-2, true), (-2, false), (-4096, true), (i64::MIN, false)];
    for (ordinal, (abi, (result, failed))) in
        (u64::MAX - 9..).zip(Abi::ALL.into_iter().zip(results))
    {
        for nr in [u64::MAX, 0x4000_0000] {
            let mut record = batch.record(Kind::Call, TaskId(u32::MAX), ordinal);
            record.call(Call { abi, nr }).start(1 << 40).returned((1 << 40) + 5, result, failed);
            record.finish();
        }
    }
    let mut begun = batch.record(Kind::Call, TaskId(0), 100);
    begun.call(Call { abi: Abi::X86_64, nr: 0 }).start(2_000_000);
    begun.finish();
    batch
}

/// Every role, phase and state; none, one and several pieces a record.
fn pieces() -> Batch {
    let mut batch = Batch::new();
    for (ordinal, role) in (500..).zip(Role::ALL) {
        for (nr, phase) in (0..).zip(Phase::ALL) {
            let mut record = batch.record(Kind::Call, TaskId(1), ordinal);
            record.call(Call { abi: Abi::I386, nr });
            record.start(3_000_000 * ordinal).returned(3_000_000 * ordinal + 900, 0, false);
            for (length, state) in State::ALL.iter().enumerate().skip(nr as usize) {
                record.piece(2, *role, *phase, *state, &b"/usr/share/\xff\0doc"[..length * 4]);
                record.piece(5, *role, *phase, *state, role.name().as_bytes());
            }
            record.finish();
        }
    }
    batch
}

/// Enough of one sort that every section is compressed.
fn long() -> Batch {
    let mut batch = Batch::new();
    for ordinal in 1000..1200 {
        let mut record = batch.record(Kind::Call, TaskId(2 + ordinal as u32 % 3), ordinal / 3);
        record.call(Call { abi: Abi::X86_64, nr: ordinal % 4 }).words([
            3,
            1 << 47 | ordinal,
            0,
            0,
            0,
            0,
        ]);
        record.start(5_000_000_000 + ordinal * 1000).returned(
            5_000_000_400 + ordinal * 1000,
            64,
            false,
        );
        let path = format!("/usr/include/header{}.h", ordinal % 50);
        record.piece(0, Role::Path, Phase::Entry, State::Whole, path.as_bytes());
        record.piece(1, Role::Data, Phase::Exit, State::Cut, &[ordinal as u8; 64]);
        record.piece(2, Role::Struct, Phase::Exit, State::Whole, &[1; 144]);
        record.finish();
    }
    batch
}

/// Every kind of fact and every key; no record.
fn facts() -> Batch {
    let mut batch = Batch::new();
    for (ordinal, kind) in (0..).zip(FactKind::ALL) {
        let value = |(number, key): (i64, &FactKey)| {
            let value = match number % 3 {
                0 => Value::Number(-number << 40),
                1 => Value::Bytes(vec![0xff, number as u8]),
                _ => Value::List(vec![Vec::new(), b"one".to_vec()]),
            };
            (*key, value)
        };
        let fields = (0..).zip(FactKey::ALL).map(value).collect();
        batch.push_fact(Fact { kind: *kind, task: TaskId(3), ordinal, time: 1 << 41, fields });
    }
    batch
}

/// What a log reads as: an object for each record and fact.
pub(crate) fn objects(input: impl Read + Send + 'static) -> Result<Vec<serde_json::Value>, Error> {
    let mut reader = Reader::new(input)?;
    let (mut objects, mut batch) = (Vec::new(), Batch::new());
    while reader.next_batch(&mut batch)?.is_some() {
        objects.extend(batch.iter().map(|record| record_object(&record)));
        objects.extend(batch.facts().iter().map(fact_object));
    }
    assert!(reader.losses().is_complete(), "{:?}", reader.losses());
    Ok(objects)
}

fn record_object(record: &Record<'_>) -> serde_json::Value {
    let pieces: Vec<_> = record
        .pieces
        .iter()
        .map(|p| {
            json!([p.arg, p.phase.code(), p.role.code(), p.state.code(), hex(record.bytes(p))])
        })
        .collect();
    json!({
        "kind": record.kind.code(), "lane": record.lane.code(), "task": record.task.0,
        "ordinal": record.ordinal, "start": record.start, "end": record.end,
        "abi": record.call.map_or(-1, |call| i64::from(call.abi.code())),
        "nr": record.call.map_or(0, |call| call.nr), "words": record.words,
        "result": record.result, "failed": record.failed, "pieces": pieces,
    })
}

fn fact_object(fact: &Fact) -> serde_json::Value {
    let value = |value: &Value| match value {
        Value::Number(number) => json!(number),
        Value::Bytes(bytes) => json!(hex(bytes)),
        Value::List(list) => json!(list.iter().map(|bytes| hex(bytes)).collect::<Vec<_>>()),
    };
    let fields: Vec<_> = fact.fields.iter().map(|(k, v)| json!([k.code(), value(v)])).collect();
    json!({
        "fact": fact.kind.code(), "time": fact.time, "task": fact.task.0,
        "ordinal": fact.ordinal, "fields": fields,
    })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(digit.into(), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
