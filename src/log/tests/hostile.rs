//! Blocks whose checksum is right and whose content is not: made to do harm, or
//! by a newer rtrace.

use super::{Batch, everything, header, read};
use crate::event::{Fact, FactKey, FactKind, TaskId, Value};
use crate::log::decode::{Bodies, Decoder, Frame};
use crate::log::encode::{Encoder, Part, Sections};
use crate::log::layout::section;
use proptest::prelude::*;

/// The sections of a batch, not compressed.
fn sections(batch: &Batch) -> Sections {
    let mut sections = Sections::default();
    let part = Part { records: 0..batch.len(), facts: 0..batch.facts().len() };
    Encoder::default().encode(batch, &part, &mut sections);
    sections
}

fn decode(sections: Sections, count: usize) -> Option<(Batch, u64)> {
    let mut batch = Batch::new();
    let frame = Frame { count, first: 0 };
    let unknown = Decoder::default().decode(&Bodies { sections }, frame, &mut batch).ok()?;
    // Whatever it is, it can be walked over.
    for record in batch.iter() {
        record.pieces.iter().for_each(|piece| drop(record.bytes(piece).to_vec()));
    }
    Some((batch, unknown.records))
}

/// Changes every integer `from` of the sections' records to `to`, as a value of
/// the tree that `pick` chooses.
fn edit(sections: &mut Sections, edit: impl Fn(&mut Vec<(rmpv::Value, rmpv::Value)>)) {
    let bytes = &mut sections[section::RECORDS as usize];
    let mut value = rmpv::decode::read_value(&mut bytes.as_slice()).unwrap();
    if let rmpv::Value::Map(pairs) = &mut value {
        edit(pairs);
    }
    bytes.clear();
    rmpv::encode::write_value(bytes, &value).unwrap();
}

fn column<'a>(pairs: &'a mut [(rmpv::Value, rmpv::Value)], key: &str) -> &'a mut Vec<rmpv::Value> {
    let found = pairs.iter_mut().find(|(k, _)| k.as_str() == Some(key));
    match found.map(|(_, value)| value) {
        Some(rmpv::Value::Array(values)) => values,
        other => panic!("{key}: {other:?}"),
    }
}

#[test]
fn records_of_unknown_kinds_and_lanes_are_left_out_and_the_others_are_right() {
    let batch = everything();
    let mut sections = sections(&batch);
    edit(&mut sections, |pairs| {
        pairs.push(("later".into(), rmpv::Value::Array(vec![1.into()])));
        for (index, field, code) in [(0, 0, 200), (5, 1, 99), (9, 0, -7)] {
            let rmpv::Value::Array(shape) = &mut column(pairs, "shapes")[index] else { panic!() };
            shape[field] = code.into();
        }
    });
    let (read, unknown) = decode(sections, batch.len()).unwrap();
    assert_eq!(unknown, 3);
    assert_eq!(read.len(), batch.len() - 3);
    let (last, expected) = (read.get(read.len() - 1), batch.get(batch.len() - 1));
    assert_eq!(last.map(|r| super::flat(&r).1), expected.map(|r| super::flat(&r).1));
}

#[test]
fn pieces_of_unknown_roles_are_left_out() {
    let batch = everything();
    let mut sections = sections(&batch);
    edit(&mut sections, |pairs| {
        let group = column(pairs, "groups").last_mut().unwrap();
        let rmpv::Value::Map(group) = group else { panic!() };
        let rmpv::Value::Array(memory) = &mut column(group, "mem")[0] else { panic!() };
        memory[2] = 77.into();
    });
    let (read, _) = decode(sections, batch.len()).unwrap();
    let pieces = |b: &Batch| b.iter().map(|record| record.pieces.len()).sum::<usize>();
    assert_eq!(read.len(), batch.len());
    assert_eq!(pieces(&read) + 8, pieces(&batch));
}

#[test]
fn a_column_that_claims_billions_of_pieces_is_refused() {
    let batch = everything();
    let mut sections = sections(&batch);
    edit(&mut sections, |pairs| {
        let group = column(pairs, "groups").last_mut().unwrap();
        let rmpv::Value::Map(group) = group else { panic!() };
        let rmpv::Value::Array(memory) = &mut column(group, "mem")[0] else { panic!() };
        memory[4] = (1_u64 << 40).into();
        memory[5] = 0.into();
    });
    assert!(decode(sections, batch.len()).is_none());
}

#[test]
fn a_block_that_cannot_be_decoded_is_lost_and_those_around_it_are_not() {
    let mut huge = Batch::new();
    let fields = vec![(FactKey::Text, Value::Bytes(vec![0; 33 << 20]))];
    huge.push_fact(Fact { kind: FactKind::Mount, task: TaskId(1), ordinal: 0, time: 0, fields });
    let mut writer = super::Writer::new(Vec::new(), &header()).unwrap();
    for batch in [&everything(), &huge, &everything()] {
        writer.write_batch(batch).unwrap();
    }
    let (_, bytes) = writer.finish(super::End::default()).unwrap();
    let (blocks, losses) = read(&bytes).unwrap();
    assert_eq!((blocks.len(), losses.blocks), (2, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_change_of_a_section_makes_it_panic(
        which in 0..section::COUNT,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        count in prop_oneof![Just(0_usize), 1..100_usize, any::<usize>()],
        same in any::<bool>(),
    ) {
        let batch = everything();
        let mut sections = sections(&batch);
        let bytes = &mut sections[which];
        if !bytes.is_empty() {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        decode(sections, if same { batch.len() } else { count });
    }
}
