//! A batch, or a part of it, as the sections of a block.

mod memory;
mod order;

use super::column;
use super::dictionary::Dictionary;
use super::facts;
use super::layout::section;
use super::msgpack::{put_array, put_int, put_key, put_map};
use crate::event::Batch;
use memory::Memory;
use order::Order;
use std::ops::Range;

/// The sections of a block before compression, by code.
pub(super) type Sections = [Vec<u8>; section::COUNT];

/// A part of a batch that becomes a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) records: Range<usize>,
    pub(super) facts: Range<usize>,
}

/// Times of the earliest and latest observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
}

/// Turns batches into sections. Keeps its working memory from block to block.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    order: Order,
    memory: Memory,
    dictionary: Dictionary,
}

impl Encoder {
    /// Fills the sections with a part of a batch.
    pub(super) fn encode(&mut self, batch: &Batch, part: &Part, sections: &mut Sections) -> Span {
        sections.iter_mut().for_each(Vec::clear);
        let span = span(batch, part);
        if !part.facts.is_empty() {
            facts::write(
                &batch.facts()[part.facts.clone()],
                &mut sections[section::FACTS as usize],
            );
        }
        if !part.records.is_empty() {
            self.order.sort(batch, part.records.clone(), span.first);
            self.dictionary.clear();
            self.write_records(batch, sections);
            self.dictionary.write(&mut sections[section::DICTIONARY as usize]);
        }
        span
    }

    fn write_records(&mut self, batch: &Batch, sections: &mut Sections) {
        let mut out = std::mem::take(&mut sections[section::RECORDS as usize]);
        self.order.write(&mut out);
        self.write_times(batch, sections);
        put_key(&mut out, "groups");
        put_array(&mut out, self.order.shapes.len());
        for shape in 0..self.order.shapes.len() {
            self.write_group(batch, shape, &mut out, sections);
        }
        sections[section::RECORDS as usize] = out;
    }

    /// Writes the gaps between records, and their durations shape by shape.
    fn write_times(&self, batch: &Batch, sections: &mut Sections) {
        let [.., times, noise] = sections;
        put_array(times, 1 + self.order.shapes.len());
        column::put_times(times, noise, self.order.gaps());
        for shape in 0..self.order.shapes.len() {
            let lengths = self.order.group(shape).iter().map(|row| duration(batch, *row as usize));
            column::put_times(times, noise, lengths);
        }
    }

    /// Writes the columns of the records of one shape. What is 0 in all of them
    /// is left out.
    fn write_group(
        &mut self,
        batch: &Batch,
        shape: usize,
        out: &mut Vec<u8>,
        sections: &mut Sections,
    ) {
        let rows = self.order.group(shape);
        let arguments = count_arguments(batch, rows);
        let results = || rows.iter().map(|row| batch.outcome(*row as usize).result);
        let has_results = results().any(|result| result != 0);
        self.order.find_odd(batch, shape);
        let rows = self.order.group(shape);
        self.memory.gather(batch, rows);

        let parts = [arguments > 0, has_results, !self.order.odd.is_empty()];
        let count = parts.iter().filter(|part| **part).count() + usize::from(self.memory.any());
        put_map(out, count);
        if arguments > 0 {
            put_key(out, "args");
            put_array(out, arguments);
            for argument in 0..arguments {
                let words = rows.iter().map(|row| batch.words(*row as usize)[argument] as i64);
                column::put(out, words);
            }
        }
        if has_results {
            put_key(out, "res");
            let results = rows.iter().map(|row| batch.outcome(*row as usize).result);
            column::put(out, results);
        }
        if !self.order.odd.is_empty() {
            put_key(out, "odd");
            column::put_list(out, &self.order.odd);
        }
        if self.memory.any() {
            put_key(out, "mem");
            self.memory.write(batch, &mut self.dictionary, out, sections);
        }
    }
}

/// End minus start; −1 for what has only begun.
fn duration(batch: &Batch, row: usize) -> i64 {
    let outcome = batch.outcome(row);
    outcome.end.map_or(-1, |end| end.saturating_sub(outcome.start) as i64)
}

/// How many arguments are not 0 in all rows: up to the last such.
fn count_arguments(batch: &Batch, rows: &[u32]) -> usize {
    let mut any = [0; 6];
    for row in rows {
        for (any, word) in any.iter_mut().zip(batch.words(*row as usize)) {
            *any |= word;
        }
    }
    any.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1)
}

fn span(batch: &Batch, part: &Part) -> Span {
    let records = part.records.clone().map(|row| {
        let outcome = batch.outcome(row);
        (outcome.start, outcome.end.unwrap_or(outcome.start))
    });
    let facts = batch.facts()[part.facts.clone()].iter().map(|fact| (fact.time, fact.time));
    records
        .chain(facts)
        .map(|(first, last)| Span { first, last })
        .reduce(|a, b| Span { first: a.first.min(b.first), last: a.last.max(b.last) })
        .unwrap_or_default()
}

/// Appends integers as an array of differences.
fn put_list_of_differences(out: &mut Vec<u8>, values: impl ExactSizeIterator<Item = i64>) {
    put_array(out, values.len());
    let mut before = 0_i64;
    for value in values {
        put_int(out, value.wrapping_sub(before));
        before = value;
    }
}
