//! Which bytes of a file somebody touched.

use std::ops::Range;

/// Ranges that are kept apart; beyond it they become one that has them all.
const KEPT: usize = 16;

/// A set of bytes, each known by its offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    /// Apart from each other, in order.
    apart: Vec<Range<u64>>,
    /// Whether bytes are among them that may not have been touched.
    is_wide: bool,
}

/// Bytes that one call touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) bytes: Range<u64>,
    /// Whether it touched all of them, and no others.
    pub(super) is_exact: bool,
}

impl Extent {
    /// A call that may have touched any bytes.
    pub(super) const ANY: Self = Self { bytes: 0..u64::MAX, is_exact: false };

    pub(super) fn exact(from: u64, count: u64) -> Self {
        Self { bytes: from..from.saturating_add(count), is_exact: true }
    }
}

/// How two sets of bytes meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// They do not.
    Never,
    /// They may.
    Perhaps,
    /// They do.
    Surely,
}

impl Ranges {
    pub(super) fn is_empty(&self) -> bool {
        self.apart.is_empty()
    }

    pub(super) fn add(&mut self, extent: &Extent) {
        let Range { mut start, mut end } = extent.bytes;
        if start >= end {
            return;
        }
        self.is_wide |= !extent.is_exact;
        let first = self.apart.partition_point(|one| one.end < start);
        let behind = self.apart.partition_point(|one| one.start <= end);
        if let Some(met) = self.apart.get(first..behind).filter(|met| !met.is_empty()) {
            start = start.min(met[0].start);
            end = end.max(met[met.len() - 1].end);
        }
        self.apart.splice(first..behind.max(first), std::iter::once(start..end));
        if self.apart.len() > KEPT {
            self.widen();
        }
    }

    fn widen(&mut self) {
        let (Some(first), Some(last)) = (self.apart.first(), self.apart.last()) else { return };
        let all = first.start..last.end;
        self.apart.clear();
        self.apart.push(all);
        self.is_wide = true;
    }

    /// These bytes are no longer among them, if the call touched just them.
    pub(super) fn remove(&mut self, extent: &Extent) {
        if !extent.is_exact || self.meets(extent) == Meeting::Never {
            return;
        }
        let gone = &extent.bytes;
        let pieces = self.apart.iter().flat_map(|one| {
            let before = one.start..one.end.min(gone.start);
            let behind = one.start.max(gone.end)..one.end;
            [before, behind].into_iter().filter(|piece| piece.start < piece.end)
        });
        self.apart = pieces.collect();
        if self.apart.len() > KEPT {
            self.widen();
        }
    }

    pub(super) fn meets(&self, extent: &Extent) -> Meeting {
        let other = &extent.bytes;
        let first = self.apart.partition_point(|one| one.end <= other.start);
        let does = self.apart.get(first).is_some_and(|one| one.start < other.end);
        match does && other.start < other.end {
            false => Meeting::Never,
            true if self.is_wide || !extent.is_exact => Meeting::Perhaps,
            true => Meeting::Surely,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(ranges: &[(u64, u64)]) -> Ranges {
        let mut set = Ranges::default();
        for (from, count) in ranges {
            set.add(&Extent::exact(*from, *count));
        }
        set
    }

    /// `from..to` of each.
    fn shown(set: &Ranges) -> String {
        format!("{:?}", set.apart)
    }

    #[test]
    fn ranges_that_touch_become_one() {
        assert_eq!(shown(&set(&[(0, 5), (5, 5)])), "[0..10]");
        assert_eq!(shown(&set(&[(20, 5), (0, 5), (3, 18)])), "[0..25]");
        assert_eq!(shown(&set(&[(7, 0)])), "[]");
    }

    #[test]
    fn too_many_become_one_that_is_not_sure() {
        let many: Vec<_> = (0..=KEPT as u64).map(|n| (10 * n, 1)).collect();
        let set = set(&many);
        assert_eq!(shown(&set), format!("[0..{}]", 10 * KEPT + 1));
        assert_eq!(set.meets(&Extent::exact(5, 1)), Meeting::Perhaps);
    }

    #[test]
    fn what_is_not_exact_takes_nothing_away() {
        let mut set = set(&[(0, 10)]);
        set.remove(&Extent::ANY);
        assert_eq!(shown(&set), "[0..10]");
        assert_eq!(set.meets(&Extent::ANY), Meeting::Perhaps);
    }

    proptest! {
        #[test]
        fn a_set_is_what_a_row_of_bits_is(
            steps in proptest::collection::vec((any::<bool>(), 0u64..60, 0u64..12), 0..12),
            asked in (0u64..60, 0u64..12),
        ) {
            let (mut set, mut bits) = (Ranges::default(), [false; 80]);
            for (adds, from, count) in steps {
                let extent = Extent::exact(from, count);
                if adds { set.add(&extent) } else { set.remove(&extent) }
                for at in from..from + count {
                bits[at as usize] = adds;
            }
            }
            prop_assert!(set.apart.windows(2).all(|pair| pair[0].end < pair[1].start));
            let meets = (asked.0..asked.0 + asked.1).any(|at| bits[at as usize]);
            let expected = if meets { Meeting::Surely } else { Meeting::Never };
            prop_assert_eq!(set.meets(&Extent::exact(asked.0, asked.1)), expected);
            prop_assert_eq!(set.is_empty(), bits.iter().all(|bit| !bit));
        }
    }
}
