//! Round trips: what a writer was given is what a reader gives.

mod damage;
mod follow;
mod hostile;
mod mutations;
mod output;

use super::*;
use crate::abi::Abi;
use crate::event::{
    Batch, Call, Fact, FactKey, FactKind, Kind, Lane, Phase, Record, Role, State, TaskId, Value,
};
use proptest::prelude::*;
use std::io::Cursor;

/// A record with all that belongs to it, in an order that does not depend on how
/// a batch keeps it.
type Flat = (String, Vec<(u8, Phase, Role, State, Vec<u8>)>);

fn flat(record: &Record<'_>) -> Flat {
    let mut pieces: Vec<_> = record
        .pieces
        .iter()
        .map(|p| (p.arg, p.phase, p.role, p.state, record.bytes(p).to_vec()))
        .collect();
    pieces.sort_by_key(|piece| (piece.0, piece.1, piece.2));
    let head = (record.kind, record.task, record.ordinal, record.lane, record.start, record.end);
    (
        format!("{head:?} {:?} {:?}", (record.call, record.words), (record.result, record.failed)),
        pieces,
    )
}

fn contents(batches: &[Batch]) -> (Vec<Flat>, Vec<Fact>) {
    let records =
        batches.iter().flat_map(|batch| batch.iter().map(|r| flat(&r)).collect::<Vec<_>>());
    (records.collect(), batches.iter().flat_map(|batch| batch.facts().to_vec()).collect())
}

pub(super) fn header() -> Header {
    Header { run: *b"0123456789abcdef", ..Header::default() }
}

pub(super) fn write(batches: &[Batch]) -> Vec<u8> {
    write_counted(batches).0
}

/// A log, and where in it the header, the block or blocks of each batch, and the index
/// end.
fn write_counted(batches: &[Batch]) -> (Vec<u8>, Vec<usize>) {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    let mut ends = vec![writer.get_ref().len()];
    for batch in batches {
        let before = writer.totals().bytes;
        let written = writer.write_batch(batch).unwrap();
        assert_eq!(writer.totals().bytes - before, written.bytes);
        ends.push(writer.get_ref().len());
    }
    let (totals, bytes) = writer.finish(End { time: 99, ..End::default() }).unwrap();
    assert_eq!(totals.bytes, bytes.len() as u64);
    ends.push(bytes.len() - layout::TAIL);
    (bytes, ends)
}

/// All blocks of a log, and what is lost of it.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<(BlockInfo, Batch)>, Losses), Error> {
    let mut reader = Reader::new(Cursor::new(bytes.to_vec()))?;
    let (mut blocks, mut batch) = (Vec::new(), Batch::new());
    while let Some(info) = reader.next_batch(&mut batch)? {
        blocks.push((info, batch.clone()));
    }
    let sizes = *reader.sizes();
    let parts = sizes.stored.iter().sum::<u64>() + sizes.unknown + sizes.header + sizes.framing;
    assert_eq!(parts + reader.losses().bytes, sizes.total);
    assert_eq!(sizes.total, bytes.len() as u64);
    Ok((blocks, reader.losses().clone()))
}

fn assert_round_trip(batches: &[Batch]) {
    let bytes = write(batches);
    let (blocks, losses) = read(&bytes).unwrap();
    assert!(losses.is_complete(), "{losses:?}");
    let read: Vec<Batch> = blocks.into_iter().map(|(_, batch)| batch).collect();
    let (records, facts) = contents(batches);
    let (records_read, facts_read) = contents(&read);
    assert_eq!(records_read.len(), records.len());
    for (read, written) in records_read.iter().zip(&records) {
        assert_eq!(read, written);
    }
    assert_eq!(facts_read, facts);
}

/// A batch with every kind, lane, role, phase and state.
pub(super) fn everything() -> Batch {
    let mut batch = Batch::new();
    let mut ordinal = 0;
    for kind in Kind::ALL {
        for lane in Lane::ALL {
            let mut record = batch.record(*kind, TaskId(1 + u32::from(lane.code())), ordinal);
            record.lane(*lane).at(1000 + ordinal).words([ordinal, u64::MAX, 0, 1 << 63, 0, 7]);
            record.finish();
            ordinal += 1;
        }
    }
    for role in Role::ALL {
        for phase in Phase::ALL {
            let mut record = batch.record(Kind::Call, TaskId(1), ordinal);
            record.call(Call { abi: Abi::X86_64, nr: 1 }).start(2000 + ordinal);
            record.returned(2050 + ordinal, -2, true);
            for state in State::ALL {
                record.piece(1, *role, *phase, *state, role.name().as_bytes());
                record.piece(1, *role, *phase, *state, b"");
            }
            record.finish();
            ordinal += 1;
        }
    }
    for (kind, key) in FactKind::ALL.iter().zip(FactKey::ALL) {
        let list = vec![b"a".to_vec(), vec![0xff]];
        let fields = vec![(*key, Value::Number(-5)), (FactKey::Argv, Value::List(list))];
        batch.push_fact(Fact { kind: *kind, task: TaskId(2), ordinal, time: 3000, fields });
    }
    batch
}

#[test]
fn every_kind_of_everything_comes_back() {
    assert_round_trip(&[everything(), Batch::new(), everything()]);
}

#[test]
fn odd_numbers_come_back() {
    let mut batch = Batch::new();
    let calls = [
        (Abi::I386, u64::MAX, [u64::MAX; 6], -4095, true),
        (Abi::X32, 0x4000_0000, [0, 1, u64::MAX, 0, 1 << 63, u64::MAX], i64::MIN, false),
        (Abi::I386, u64::MAX, [0; 6], -4095, false),
        (Abi::I386, u64::MAX, [1, 2, 3, 4, 5, 6], -4096, true),
        (Abi::I386, u64::MAX, [0; 6], 5, true),
    ];
    for (ordinal, (abi, nr, words, result, failed)) in (0..).zip(calls) {
        let mut record = batch.record(Kind::Call, TaskId(u32::MAX), u64::MAX - ordinal * ordinal);
        record.call(Call { abi, nr }).start(u64::MAX / 2 - ordinal).words(words);
        record.returned(u64::MAX / 2 + 3, result, failed);
        record.finish();
    }
    batch.record(Kind::Call, TaskId(0), 0).finish();
    assert_round_trip(&[batch]);
}

#[test]
fn a_huge_argv_and_thousands_of_tasks_come_back() {
    let mut batch = Batch::new();
    for task in 1..5000 {
        let mut record = batch.record(Kind::Call, TaskId(task * 7), 3);
        record.call(Call { abi: Abi::X86_64, nr: 59 }).start(u64::from(task)).returned(
            1 << 40,
            0,
            false,
        );
        for argument in 0..(if task == 77 { 200_000 } else { 2 }) {
            let text = format!("argument{argument}");
            record.piece(1, Role::Arg, Phase::Entry, State::Whole, text.as_bytes());
        }
        record.finish();
    }
    assert_round_trip(&[batch]);
}

#[test]
fn a_batch_that_is_too_much_for_a_block_becomes_several() {
    let mut batch = Batch::new();
    for ordinal in 0..40_000 {
        let mut record = batch.record(Kind::Call, TaskId(1), ordinal);
        record.at(ordinal).piece(0, Role::Data, Phase::Exit, State::Cut, &[7; 2000]);
        record.finish();
    }
    for time in 0..3 {
        let fields = vec![(FactKey::Text, Value::Bytes(vec![1; 3 << 20]))];
        batch.push_fact(Fact { kind: FactKind::Mount, task: TaskId(1), ordinal: 0, time, fields });
    }
    assert_round_trip(std::slice::from_ref(&batch));
    let (blocks, _) = read(&write(&[batch])).unwrap();
    assert!(blocks.len() >= 3);
    assert!(blocks.iter().all(|(info, _)| info.records <= layout::BLOCK_RECORDS as u64));
}

/// Any records at all.
fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let word = prop_oneof![Just(0), any::<u64>(), 0..300_u64, Just(u64::MAX)];
    let piece = (
        0..6_u8,
        proptest::sample::select(Role::ALL),
        proptest::sample::select(Phase::ALL),
        proptest::sample::select(State::ALL),
        prop_oneof![Just(b"/usr/lib".to_vec()), proptest::collection::vec(any::<u8>(), 0..40)],
    );
    let record = (
        (proptest::sample::select(Kind::ALL), 1..5_u32, prop_oneof![0..50_u64, any::<u64>()]),
        (0..1_u64 << 62, proptest::option::of(0..1_u64 << 40), -5000..5000_i64, any::<bool>()),
        proptest::option::of((
            proptest::sample::select(&Abi::ALL[..]),
            prop_oneof![0..4_u64, any::<u64>()],
        )),
        proptest::array::uniform6(word),
        proptest::collection::vec(piece, 0..6),
    );
    let batch = proptest::collection::vec(record, 1..40).prop_map(|records| {
        let mut batch = Batch::new();
        for ((kind, task, ordinal), (start, length, result, failed), call, words, pieces) in records
        {
            let mut record = batch.record(kind, TaskId(task), ordinal);
            record.start(start).words(words);
            record.ended(length.map(|length| start + length), result, failed);
            if let Some((abi, nr)) = call {
                record.call(Call { abi, nr });
            }
            for (arg, role, phase, state, bytes) in pieces {
                record.piece(arg, role, phase, state, &bytes);
            }
            record.finish();
        }
        batch
    });
    proptest::collection::vec(batch, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn anything_comes_back(batches in batches()) {
        assert_round_trip(&batches);
    }
}
