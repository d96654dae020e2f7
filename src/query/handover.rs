//! What passes from one task to another in one moment: a lock, a futex.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::event::TaskId;

/// A call: who made it, when it was entered and when it had returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) task: TaskId,
    pub(super) from: u64,
    pub(super) until: u64,
}

impl Call {
    /// Whether a call waited for another one, by which it could go on: that began while it
    /// lasted.
    pub(super) fn waited_for(&self, other: &Self) -> bool {
        self.task != other.task && self.from < other.from && other.from < self.until
    }
}

/// The last that gave and got each thing. Of two calls the tracer may have heard of the end
/// of the one first, or of that of the other.
#[derive(Debug)]
pub(super) struct Handovers<K>(FxHashMap<K, Last>);

#[derive(Debug, Default)]
struct Last {
    given: Option<Call>,
    got: Option<Call>,
}

impl<K> Default for Handovers<K> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<K: Eq + Hash> Handovers<K> {
    /// A task has let go of a thing: the call that has got it since, if that waited.
    pub(super) fn given(&mut self, what: K, by: Call) -> Option<Call> {
        let last = self.0.entry(what).or_default();
        last.given = Some(by);
        last.got.filter(|got| got.waited_for(&by))
    }

    /// A task has got a thing: the call that let go of it, if this one waited for that.
    pub(super) fn got(&mut self, what: K, by: Call) -> Option<Call> {
        let last = self.0.entry(what).or_default();
        last.got = Some(by);
        last.given.filter(|given| by.waited_for(given))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(task: u32, from: u64, until: u64) -> Call {
        Call { task: TaskId(task), from, until }
    }

    #[test]
    fn who_waited_is_found_in_either_order() {
        let (unlock, lock) = (call(1, 50, 52), call(2, 10, 51));
        let mut locks = Handovers::default();
        assert_eq!(locks.given('a', unlock), None);
        assert_eq!(locks.got('a', lock), Some(unlock));
        let mut locks = Handovers::default();
        assert_eq!(locks.got('a', lock), None);
        assert_eq!(locks.given('b', unlock), None);
        assert_eq!(locks.given('a', unlock), Some(lock));
    }

    #[test]
    fn who_came_later_or_is_the_same_has_not_waited() {
        let mut locks = Handovers::default();
        locks.given('a', call(1, 50, 52));
        assert_eq!(locks.got('a', call(2, 60, 61)), None);
        assert_eq!(locks.got('a', call(1, 10, 60)), None);
    }
}
