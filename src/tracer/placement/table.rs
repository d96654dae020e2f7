//! Who is bound to which processor, and to what it is to return: in memory that the
//! keeper sees too, so that it knows what is to be put right whenever rtrace dies.
//!
//! A task is entered before it is bound, and taken out after it was let go, each by one
//! store.

use crate::sys::affinity::Cpus;
use crate::sys::shared::Words;
use std::io;
use std::sync::atomic::Ordering::{Acquire, Release};

/// How many tasks can be bound at once; more of them are left where they are.
const SLOTS: usize = 1 << 17;
/// How many different sets of processors there can be to return to.
const WISHES: usize = 256;
/// Words of one of them: 8,192 processors.
const WISH: usize = 128;

/// Whether the keeper is there: 1.
const READY: usize = 0;
/// Slots that have ever been used.
const USED: usize = 1;
/// What a task was bound to last, as in a slot; 0 once all is put right.
const LAST: usize = 2;
/// Lengths of the sets, then their words.
const LENGTHS: usize = 8;
const SETS: usize = LENGTHS + WISHES;
/// Two words a slot.
const FIRST: usize = SETS + WISHES * WISH;

/// A bound task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) tid: i32,
    /// Its process.
    pub(super) pid: i32,
    pub(super) cpu: u16,
    /// The number of the set that it is to return to.
    pub(super) wish: u16,
}

impl Bound {
    const fn pack(self) -> u64 {
        (self.tid as u64) << 32 | (self.cpu as u64) << 16 | self.wish as u64
    }

    const fn unpack(word: u64, pid: u64) -> Self {
        let (tid, cpu, wish) = ((word >> 32) as i32, (word >> 16) as u16, word as u16);
        Self { tid, pid: pid as i32, cpu, wish }
    }
}

/// The table, of which tracer and keeper have one each.
#[derive(Debug)]
pub(super) struct Table(Words);

impl Table {
    pub(super) fn new() -> io::Result<Self> {
        Words::new(FIRST + 2 * SLOTS).map(Self)
    }

    fn get(&self, at: usize) -> u64 {
        self.0.get(at).map_or(0, |word| word.load(Acquire))
    }

    fn set(&self, at: usize, value: u64) {
        if let Some(word) = self.0.get(at) {
            word.store(value, Release);
        }
    }

    /// Enters set number `wish`. Whether there was room for it.
    pub(super) fn add_wish(&self, wish: u16, cpus: &Cpus) -> bool {
        let (wish, words) = (usize::from(wish), cpus.words());
        if wish >= WISHES || words.len() > WISH {
            return false;
        }
        for (at, word) in words.iter().enumerate() {
            self.set(SETS + wish * WISH + at, *word);
        }
        self.set(LENGTHS + wish, words.len() as u64);
        true
    }

    /// Set number `wish`.
    pub(super) fn wish(&self, wish: u16) -> Option<Cpus> {
        let wish = usize::from(wish);
        let len = (self.get(LENGTHS + wish) as usize).min(WISH);
        if wish >= WISHES || len == 0 {
            return None;
        }
        Some(Cpus::from_words((0..len).map(|at| self.get(SETS + wish * WISH + at))))
    }

    /// Whether there is such a slot.
    pub(super) const fn has_slot(slot: u32) -> bool {
        (slot as usize) < SLOTS
    }

    pub(super) fn enter(&self, slot: u32, task: Bound) {
        let slot = slot as usize;
        self.set(FIRST + 2 * slot + 1, task.pid as u64);
        self.set(FIRST + 2 * slot, task.pack());
        self.set(LAST, Bound { tid: 1, ..task }.pack());
        if self.get(USED) <= slot as u64 {
            self.set(USED, slot as u64 + 1);
        }
    }

    pub(super) fn clear(&self, slot: u32) {
        self.set(FIRST + 2 * slot as usize, 0);
    }

    /// Those who are bound.
    pub(super) fn bound(&self) -> impl Iterator<Item = Bound> {
        let used = (self.get(USED) as usize).min(SLOTS);
        (0..used).filter_map(|slot| {
            let word = self.get(FIRST + 2 * slot);
            (word != 0).then(|| Bound::unpack(word, self.get(FIRST + 2 * slot + 1)))
        })
    }

    /// The processor that a task was bound to last, and its set, unless all is well.
    pub(super) fn last(&self) -> Option<(u16, u16)> {
        let word = self.get(LAST);
        let Bound { cpu, wish, .. } = Bound::unpack(word, 0);
        (word != 0).then_some((cpu, wish))
    }

    /// All is as it was.
    pub(super) fn all_is_well(&self) {
        self.set(LAST, 0);
    }

    pub(super) fn is_ready(&self) -> bool {
        self.get(READY) == 1
    }

    pub(super) fn set_ready(&self, is_ready: bool) {
        self.set(READY, is_ready.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_entered_is_there_until_it_is_cleared() {
        let table = Table::new().expect("memory");
        assert_eq!((table.bound().count(), table.last()), (0, None));
        let task = |tid| Bound { tid, pid: 4_000_000, cpu: 8191, wish: 255 };
        table.enter(0, task(4_194_304));
        table.enter(7, task(2));
        assert_eq!(table.bound().collect::<Vec<_>>(), [task(4_194_304), task(2)]);
        table.clear(0);
        assert_eq!(table.bound().collect::<Vec<_>>(), [task(2)]);
        assert_eq!(table.last(), Some((8191, 255)));
        table.all_is_well();
        assert_eq!(table.last(), None);
    }

    #[test]
    fn sets_come_back_as_they_were() {
        let table = Table::new().expect("memory");
        let cpus = Cpus::from_words([1, 0, 3]);
        assert!(table.add_wish(255, &cpus) && !table.add_wish(256, &cpus));
        assert_eq!((table.wish(255), table.wish(3), table.wish(256)), (Some(cpus), None, None));
    }
}
