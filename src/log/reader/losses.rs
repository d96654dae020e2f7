//! What of a log is damaged or missing.

use std::ops::Range;

/// Most byte ranges that are kept.
const RANGES: usize = 1000;

/// What of a log could not be read. Final once the reader is at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Blocks that are known to be missing or damaged.
    pub blocks: u64,
    /// Records in them.
    pub records: u64,
    /// Where the file holds something that is not sound: the first thousand
    /// ranges of bytes.
    pub ranges: Vec<Range<u64>>,
    /// Bytes in all such ranges.
    pub bytes: u64,
    /// The header could not be read: the run, its host and its clock are unknown.
    pub header: bool,
    /// Parts of a set of files that are not there, or in which nothing can be read. Of
    /// a set that keeps its latest only, older ones are not lost.
    pub parts: u64,
    /// There is no tail: the log was cut, or is still being written. What is
    /// missing behind its last block, nobody knows.
    pub tail: bool,
}

impl Losses {
    /// Whether nothing is lost.
    pub fn is_complete(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what one file of a set has lost, in which so many bytes lie before it.
    pub(super) fn add_part(&mut self, part: &Self, before: u64) {
        self.blocks += part.blocks;
        self.records += part.records;
        self.tail |= part.tail;
        self.parts += part.parts;
        for range in &part.ranges {
            let counted = self.bytes;
            self.add_range(range.start + before..range.end + before);
            self.bytes = counted;
        }
        self.bytes += part.bytes;
    }

    pub(super) fn add_range(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        self.bytes += range.end - range.start;
        let room = self.ranges.len() < RANGES;
        match self.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ if room => self.ranges.push(range),
            _ => {}
        }
    }
}

/// Numbers of what was read, blocks or ordinals: ranges, of which an undamaged log
/// has one.
#[derive(Clone, Debug, Default)]
pub(in crate::log) struct Seen {
    ranges: Vec<Range<u64>>,
    count: u64,
}

impl Seen {
    /// Adds a number; `false` if it was there.
    pub(in crate::log) fn add(&mut self, seq: u64) -> bool {
        let at = self.ranges.partition_point(|range| range.end < seq);
        match self.ranges.get_mut(at) {
            Some(range) if range.contains(&seq) => return false,
            Some(range) if range.end == seq => range.end = seq.saturating_add(1),
            _ => self.ranges.insert(at, seq..seq.saturating_add(1)),
        }
        self.count += 1;
        self.join(at);
        true
    }

    /// Whether it is there.
    pub(in crate::log) fn has(&self, seq: u64) -> bool {
        let at = self.ranges.partition_point(|range| range.end <= seq);
        self.ranges.get(at).is_some_and(|range| range.contains(&seq))
    }

    fn join(&mut self, at: usize) {
        if let [first, second, ..] = &mut self.ranges[at..]
            && first.end >= second.start
        {
            first.end = second.end;
            self.ranges.remove(at + 1);
        }
    }

    /// How many there are.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seen_numbers_are_told_apart_from_new_ones_in_any_order() {
        let mut seen = Seen::default();
        for seq in [3, 4, 0, 9, 8, 1] {
            assert!(seen.add(seq), "{seq}");
            assert!(!seen.add(seq) && seen.has(seq), "{seq} again");
        }
        assert_eq!((seen.count(), seen.ranges.len()), (6, 3));
        assert!(![2, 5, 7, 10].into_iter().any(|seq| seen.has(seq)));
        assert!([2, 5, 6, 7].into_iter().all(|seq| seen.add(seq)));
        assert_eq!((seen.count(), seen.ranges), (10, vec![Range { start: 0, end: 10 }]));
    }

    #[test]
    fn neighbouring_ranges_are_one() {
        let mut losses = Losses::default();
        losses.add_range(3..5);
        losses.add_range(5..9);
        losses.add_range(9..9);
        losses.add_range(20..21);
        assert_eq!((losses.bytes, losses.ranges.as_slice()), (7, &[3..9, 20..21][..]));
    }
}
