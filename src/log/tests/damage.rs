//! Damage: each sound block is read, and nothing else is; nothing hangs.

use super::{Batch, BlockInfo, Error, Losses, contents, read, write};
use crate::abi::Abi;
use crate::event::{Call, Kind, Phase, Role, State, TaskId};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

const BLOCKS: u64 = 30;

/// A log of many blocks, and where each block, the index included, lies.
struct Whole {
    bytes: Vec<u8>,
    batches: Vec<Batch>,
    blocks: Vec<Range<usize>>,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let batches: Vec<Batch> = (0..BLOCKS).map(batch).collect();
    let bytes = write(&batches);
    let (read, losses) = read(&bytes).unwrap();
    assert!(losses.is_complete());
    let range = |info: &BlockInfo| info.offset as usize..(info.offset + info.bytes) as usize;
    let mut blocks: Vec<_> = read.iter().map(|(info, _)| range(info)).collect();
    let index = blocks.last().unwrap().end..bytes.len() - super::layout::TAIL;
    blocks.push(index);
    Whole { bytes, batches, blocks }
});

fn batch(number: u64) -> Batch {
    let mut batch = Batch::new();
    for row in 0..=number % 7 * 5 {
        let mut record = batch.record(Kind::Call, TaskId(1 + row as u32 % 3), number * 50 + row);
        record.call(Call { abi: Abi::X86_64, nr: row % 4 }).words([row, number, 1 << 40, 0, 0, 0]);
        record.start(number * 10_000 + row).returned(number * 10_000 + row * 2, 0, false);
        let path = format!("/file/{}", row * number % 11);
        record.piece(0, Role::Path, Phase::Entry, State::Whole, path.as_bytes());
        record.finish();
    }
    batch
}

/// What a damaged log must give: the blocks of which an undamaged copy is there,
/// each once.
fn assert_sound_blocks(bytes: &[u8], sound: impl Fn(usize) -> bool) -> Losses {
    let (blocks, losses) = match read(bytes) {
        Ok(read) => read,
        Err(Error::NotALog) => {
            assert!((0..=BLOCKS as usize).all(|block| !sound(block)), "a block is sound");
            return Losses { header: true, ..Losses::default() };
        }
        Err(other) => panic!("{other}"),
    };
    let found: BTreeMap<u64, Batch> = blocks.iter().map(|(i, b)| (i.seq, b.clone())).collect();
    assert_eq!(found.len(), blocks.len(), "no block twice");
    for seq in 0..BLOCKS {
        let expected = &WHOLE.batches[seq as usize];
        match found.get(&seq) {
            Some(batch) => assert_eq!(
                contents(std::slice::from_ref(batch)),
                contents(std::slice::from_ref(expected))
            ),
            None => assert!(!sound(seq as usize), "block {seq} is sound and was not read"),
        }
        assert!(found.contains_key(&seq) == sound(seq as usize), "block {seq}");
    }
    if sound(BLOCKS as usize) {
        let lost: Vec<_> = (0..BLOCKS).filter(|seq| !found.contains_key(seq)).collect();
        let records = lost.iter().map(|seq| WHOLE.batches[*seq as usize].len() as u64).sum();
        assert_eq!((losses.blocks, losses.records), (lost.len() as u64, records));
    }
    losses
}

/// Whether a run of bytes is somewhere in others.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let starts = bytes.windows(8).enumerate().filter(|(_, start)| part.starts_with(start));
    starts.map(|(at, _)| &bytes[at..]).any(|rest| rest.starts_with(part))
}

fn check(bytes: &[u8]) -> Losses {
    assert_sound_blocks(bytes, |block| contains(bytes, &WHOLE.bytes[WHOLE.blocks[block].clone()]))
}

fn len() -> usize {
    WHOLE.bytes.len()
}

#[test]
fn every_truncation_leaves_the_blocks_before_it() {
    let near_borders = WHOLE.blocks.iter().flat_map(|block| block.end - 3..block.end + 3);
    for cut in (0..len()).step_by(7).chain(near_borders) {
        let bytes = &WHOLE.bytes[..cut];
        let losses = assert_sound_blocks(bytes, |block| WHOLE.blocks[block].end <= cut);
        assert!(!losses.is_complete(), "{cut}");
    }
}

#[test]
fn a_log_without_its_header_is_read() {
    let losses = check(&WHOLE.bytes[40..]);
    assert!(losses.header && !losses.tail && losses.blocks == 0);
}

#[test]
fn what_follows_the_tail_is_told() {
    let mut bytes = WHOLE.bytes.clone();
    bytes.extend_from_slice(b"more");
    let losses = check(&bytes);
    assert_eq!(
        (losses.bytes, losses.ranges),
        (4, vec![Range { start: len() as u64, end: len() as u64 + 4 }])
    );
}

#[test]
fn another_runs_block_in_captured_data_is_no_block() {
    let mut other = super::header();
    other.run = [9; 16];
    let mut writer = super::Writer::new(Vec::new(), &other).unwrap();
    let mut noise: Vec<u8> =
        (0..3000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    noise.extend_from_slice(&WHOLE.bytes);
    let mut outer = Batch::new();
    let mut record = outer.record(Kind::Call, TaskId(1), 1);
    record.piece(1, Role::Data, Phase::Entry, State::Whole, &noise);
    record.finish();
    writer.write_batch(&outer).unwrap();
    let (_, mut bytes) = writer.finish(super::End::default()).unwrap();
    let head = bytes.windows(7).position(|w| w == super::layout::PREFIX_COMMON).unwrap();
    bytes[head + 40] ^= 1;
    let (blocks, losses) = read(&bytes).unwrap();
    assert!(blocks.is_empty());
    assert_eq!((losses.blocks, losses.records), (1, 1));
}

#[test]
fn noise_is_no_log() {
    for bytes in
        [&b""[..], b"#!/bin/sh\necho\n", b"\x7fELF", &vec![0; 100_000], &vec![0x94; 70_000]]
    {
        assert!(matches!(read(bytes), Err(Error::NotALog)), "{} bytes", bytes.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn flipped_bits(flips in proptest::collection::vec(0..len() * 8, 1..12)) {
        let mut bytes = WHOLE.bytes.clone();
        for bit in flips {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        let losses = check(&bytes);
        prop_assert!(bytes == WHOLE.bytes || !losses.is_complete());
    }

    #[test]
    fn ranges_deleted(ranges in proptest::collection::vec((0..len(), 1..3000_usize), 1..4)) {
        let mut bytes = WHOLE.bytes.clone();
        for (from, count) in ranges {
            let from = from.min(bytes.len());
            bytes.drain(from..(from + count).min(bytes.len()));
        }
        prop_assert!(bytes.len() == len() || !check(&bytes).is_complete());
    }

    #[test]
    fn ranges_twice(from in 0..len(), count in 1..4000_usize, to in 0..len()) {
        let mut bytes = WHOLE.bytes.clone();
        let copy = bytes[from..(from + count).min(len())].to_vec();
        bytes.splice(to..to, copy);
        prop_assert!(!check(&bytes).is_complete());
    }

    #[test]
    fn ranges_overwritten(
        from in 0..len(),
        garbage in proptest::collection::vec(any::<u8>(), 1..2000),
    ) {
        let mut bytes = WHOLE.bytes.clone();
        let to = (from + garbage.len()).min(len());
        bytes.splice(from..to, garbage);
        let losses = check(&bytes);
        prop_assert!(bytes == WHOLE.bytes || !losses.is_complete());
    }
}
