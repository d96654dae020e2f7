//! A log of many blocks under thousands of changed bits and cuts: each block that no
//! change has touched is read, and no other; and so it is of the repaired log.
//!
//! What must be read is known from where the writer put its blocks, and not from any
//! code that reads.

use super::{Batch, Flat, contents, header, write_counted};
use crate::abi::Abi;
use crate::event::{Call, Fact, FactKey, FactKind, Kind, Phase, Role, State, TaskId, Value};
use crate::log::{Error, Reader, repair};
use std::io::Cursor;
use std::ops::Range;

const BLOCKS: usize = 120;

/// A whole log, and what its writer knows of it.
struct Whole {
    bytes: Vec<u8>,
    header: Range<usize>,
    blocks: Vec<Range<usize>>,
    /// The index block.
    index: Range<usize>,
    contents: Vec<(Vec<Flat>, Vec<Fact>)>,
    records: Vec<u64>,
}

impl Whole {
    fn new() -> Self {
        let batches: Vec<Batch> = (0..BLOCKS as u64).map(batch).collect();
        let (bytes, ends) = write_counted(&batches);
        let mut blocks: Vec<_> = ends.windows(2).map(|pair| pair[0]..pair[1]).collect();
        let index = blocks.pop().expect("the index");
        assert_eq!(blocks.len(), BLOCKS);
        Self {
            header: 0..ends[0],
            index,
            contents: batches.iter().map(|one| contents(std::slice::from_ref(one))).collect(),
            records: batches.iter().map(|one| one.len() as u64).collect(),
            bytes,
            blocks,
        }
    }
}

/// Of some blocks more than a small section, of others nearly nothing.
fn batch(number: u64) -> Batch {
    let mut batch = Batch::new();
    let mut dice = Dice(number);
    for row in 0..=dice.below(40) * (number % 3) {
        let mut record = batch.record(Kind::Call, TaskId(1 + dice.below(4) as u32), row);
        record.call(Call { abi: Abi::X86_64, nr: dice.below(300) });
        record.words([dice.next(), dice.below(9), 0, 0, 0, 0]).start(number << 20 | row);
        record.ended((row % 5 > 0).then_some(number << 20 | row << 2), -(row as i64 % 3), false);
        let path = format!("/srv/{}/{}", dice.below(5), dice.below(100));
        record.piece(0, Role::Path, Phase::Entry, State::Whole, path.as_bytes());
        let data = vec![dice.next() as u8; dice.below(80) as usize];
        record.piece(1, Role::Data, Phase::Exit, State::Cut, &data);
        record.finish();
    }
    if number.is_multiple_of(4) {
        let fields = vec![(FactKey::Path, Value::Bytes(number.to_string().into_bytes()))];
        let (task, time) = (TaskId(1), number << 20);
        batch.push_fact(Fact { kind: FactKind::File, task, ordinal: 0, time, fields });
    }
    batch
}

/// SplitMix64: the same numbers in each run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A log with changed bits, or one that is cut.
struct Mutant {
    bytes: Vec<u8>,
    flips: Vec<usize>,
}

impl Mutant {
    /// One in four is cut; the others have up to ten bits changed, those of one in four
    /// close to each other.
    fn new(whole: &Whole, dice: &mut Dice) -> Self {
        let mut bytes = whole.bytes.clone();
        let bits = bytes.len() as u64 * 8;
        let (kind, mut flips) = (dice.below(4), Vec::new());
        if kind == 0 {
            bytes.truncate(dice.below(bytes.len() as u64) as usize);
            return Self { bytes, flips };
        }
        let first = dice.below(bits);
        for _ in 0..=dice.below(10) {
            let near = (first + dice.below(64)) % bits;
            let bit = if kind == 1 { near } else { dice.below(bits) } as usize;
            // Twice the same bit is no change.
            if !flips.contains(&bit) {
                bytes[bit / 8] ^= 1 << (bit % 8);
                flips.push(bit);
            }
        }
        Self { bytes, flips }
    }

    fn spares(&self, range: &Range<usize>) -> bool {
        range.end <= self.bytes.len() && !self.flips.iter().any(|bit| range.contains(&(bit / 8)))
    }

    fn holds(&self, whole: &Whole) {
        let sound: Vec<usize> =
            (0..BLOCKS).filter(|block| self.spares(&whole.blocks[*block])).collect();
        let mut reader = match Reader::new(Cursor::new(self.bytes.clone())) {
            Ok(reader) => reader,
            Err(Error::NotALog) => {
                assert!(!self.spares(&whole.header) && sound.is_empty(), "a log is refused");
                return;
            }
            Err(other) => panic!("{other}"),
        };
        let has_index = self.spares(&whole.index);
        reads(&mut reader, whole, &sound, has_index);
        assert_eq!(reader.losses().header, !self.spares(&whole.header));
        assert!(!reader.losses().is_complete(), "the damage is told");
        assert_eq!(reader.end().is_some(), has_index);

        let mut reader = Reader::new(Cursor::new(self.bytes.clone())).expect("as before");
        let repaired = repair(&mut reader, Vec::new()).expect("memory takes all");
        let mut again = Reader::new(Cursor::new(repaired.out)).expect("a log");
        let seqs = reads(&mut again, whole, &sound, false);
        assert!(again.losses().is_complete(), "{:?}", again.losses());
        assert!(seqs.into_iter().eq(0..sound.len() as u64), "numbered anew");
        let missing = again.end().expect("an end").missing.unwrap_or_default();
        assert_eq!(missing.end, !has_index);
        assert_eq!(missing.header, !self.spares(&whole.header));
        if has_index {
            assert_eq!(missing.blocks, (BLOCKS - sound.len()) as u64);
        }
        if !missing.header || !sound.is_empty() {
            assert_eq!(again.header().run[..8], header().run[..8], "markers are of the run");
        }
    }
}

/// The reader gives those blocks and no others, and the numbers that they have.
fn reads(reader: &mut Reader, whole: &Whole, sound: &[usize], counts: bool) -> Vec<u64> {
    let (mut seqs, mut batch) = (Vec::new(), Batch::new());
    let mut expected = sound.iter();
    while let Some(info) = reader.next_batch(&mut batch).expect("memory can be read") {
        let block = expected.next().expect("no more blocks than are sound");
        let read = contents(std::slice::from_ref(&batch));
        assert_eq!(read, whole.contents[*block], "block {block}");
        seqs.push(info.seq);
    }
    assert_eq!(expected.next(), None, "a sound block was not read");
    if counts {
        let lost = BLOCKS - sound.len();
        let all: u64 = whole.records.iter().sum();
        let read: u64 = sound.iter().map(|block| whole.records[*block]).sum();
        let losses = reader.losses();
        assert_eq!((losses.blocks, losses.records), (lost as u64, all - read));
    }
    seqs
}

/// Holds for so many mutants.
fn mutate(seeds: Range<u64>) {
    let whole = Whole::new();
    for seed in seeds {
        let mutant = Mutant::new(&whole, &mut Dice(seed << 32));
        let held = std::panic::catch_unwind(|| mutant.holds(&whole));
        assert!(held.is_ok(), "seed {seed}: bits {:?} of {}", mutant.flips, mutant.bytes.len());
    }
}

#[test]
fn undamaged_blocks_of_mutated_logs_are_read_and_no_others() {
    mutate(0..150);
}

#[test]
#[ignore = "minutes: the same ten thousand times"]
fn undamaged_blocks_of_ten_thousand_mutated_logs_are_read_and_no_others() {
    mutate(150..10_150);
}
