//! What could not be seen, put together.

use super::fact::{Fact, FactKey, FactKind};
use std::collections::BTreeMap;

/// Different blind spots that are kept.
const KEPT: usize = 1000;

/// The blind spots of a log: the same of one process, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlindSpots {
    spots: BTreeMap<(Option<i64>, Vec<u8>), u64>,
    /// Those for which there was no room.
    more: u64,
}

/// Something that the recorder could not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindSpot<'a> {
    /// Whose doing is not seen: a process id as the tracer sees it.
    pub pid: Option<i64>,
    /// What, and why, for people.
    pub why: &'a [u8],
    /// How often that was noted.
    pub times: u64,
}

impl BlindSpots {
    /// Takes over a fact, if it is one of a blind spot.
    pub fn add_fact(&mut self, fact: &Fact) {
        if fact.kind == FactKind::BlindSpot {
            let why = fact.bytes(FactKey::Text).unwrap_or_default();
            self.add(fact.number(FactKey::Pid), why);
        }
    }

    /// Takes over what could not be seen of a process, and why.
    pub fn add(&mut self, pid: Option<i64>, why: &[u8]) {
        let key = (pid, why.to_vec());
        if let Some(times) = self.spots.get_mut(&key) {
            *times += 1;
        } else if self.spots.len() < KEPT {
            self.spots.insert(key, 1);
        } else {
            self.more += 1;
        }
    }

    /// All of them, by process.
    pub fn iter(&self) -> impl Iterator<Item = BlindSpot<'_>> {
        self.spots.iter().map(|((pid, why), times)| BlindSpot { pid: *pid, why, times: *times })
    }

    /// How many more there are than [`BlindSpots::iter`] gives.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Whether there are none: nothing went unseen.
    pub fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_of_one_process_comes_once_and_their_number_is_bounded() {
        let mut spots = BlindSpots::default();
        assert!(spots.is_empty());
        for _ in 0..3 {
            spots.add(Some(7), b"ring");
        }
        spots.add(Some(5), b"ring");
        spots.add(None, b"other");
        let all: Vec<_> = spots.iter().map(|spot| (spot.pid, spot.why, spot.times)).collect();
        let expected: [(_, &[u8], _); 3] =
            [(None, b"other", 1), (Some(5), b"ring", 1), (Some(7), b"ring", 3)];
        assert_eq!(all, expected);
        for pid in 0..2000 {
            spots.add(Some(pid), b"many");
        }
        assert_eq!((spots.iter().count(), spots.more()), (KEPT, 2003 - KEPT as u64));
    }
}
