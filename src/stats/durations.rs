//! Many durations in little room.

/// So many are kept as they are.
const EXACT: usize = 128;
/// Buckets of each power of two, as a power of two: 64, which makes the middle of one
/// at most 1/128 wrong.
const FINE: u32 = 6;

/// Durations, of which percentiles can be had: exact ones of up to 128, of more with
/// an error of at most 0.8 %, by a histogram whose buckets are as wide as their
/// values are large (as HdrHistogram's). Only buckets that hold something take room.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    few: Vec<u64>,
    /// Once they are many: buckets in order, with how many are in each.
    many: Vec<(u16, u64)>,
    count: u64,
}

impl Durations {
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn add(&mut self, value: u64) {
        self.count += 1;
        if self.many.is_empty() && self.few.len() < EXACT {
            self.few.push(value);
            return;
        }
        for value in std::mem::take(&mut self.few) {
            self.add_to(bucket(value), 1);
        }
        self.add_to(bucket(value), 1);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        other.few.iter().for_each(|value| self.add(*value));
        for (bucket, count) in &other.many {
            for value in std::mem::take(&mut self.few) {
                self.add_to(self::bucket(value), 1);
            }
            self.add_to(*bucket, *count);
            self.count += count;
        }
    }

    fn add_to(&mut self, bucket: u16, count: u64) {
        match self.many.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.many[at].1 += count,
            Err(at) => self.many.insert(at, (bucket, count)),
        }
    }

    /// The least value that at least `hundredths` of 100 are not above; `None` of none.
    pub(super) fn percentiles<const N: usize>(&self, hundredths: [u64; N]) -> [Option<u64>; N] {
        let mut few = self.few.clone();
        few.sort_unstable();
        hundredths.map(|hundredths| {
            let rank = (u128::from(self.count) * u128::from(hundredths)).div_ceil(100) as u64;
            let rank = rank.checked_sub(1)?;
            if self.many.is_empty() {
                return few.get(usize::try_from(rank).ok()?).copied();
            }
            let mut below = 0;
            let found = self.many.iter().find(|(_, count)| {
                below += count;
                below > rank
            });
            found.map(|(bucket, _)| middle(*bucket))
        })
    }
}

/// The bucket of a value: those below 64 have one each, then come 64 for each power
/// of two.
fn bucket(value: u64) -> u16 {
    let shift = (u64::BITS - FINE - 1).saturating_sub(value.leading_zeros());
    (u64::from(shift << FINE) + (value >> shift)) as u16
}

/// The value in the middle of a bucket.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    let shift = (bucket >> FINE).saturating_sub(1);
    let first = (bucket - (shift << FINE)) << shift;
    first + ((1 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by sorting.
    fn exact(values: &[u64], hundredths: u64) -> u64 {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted[(values.len() * hundredths as usize).div_ceil(100).max(1) - 1]
    }

    fn of(values: &[u64]) -> Durations {
        let mut durations = Durations::default();
        for value in values {
            durations.add(*value);
        }
        durations
    }

    #[test]
    fn of_none_and_of_few() {
        assert_eq!(of(&[]).percentiles([50]), [None]);
        assert_eq!(of(&[7]).percentiles([1, 50, 100]), [Some(7); 3]);
        let values: Vec<u64> = (1..=100).rev().map(|n| n * 1_000_003).collect();
        let found = of(&values).percentiles([50, 95, 99]);
        assert_eq!(found, [50, 95, 99].map(|n| Some(n * 1_000_003)));
    }

    #[test]
    fn every_value_is_near_the_middle_of_its_bucket() {
        let edges = (0..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for value in edges.chain([u64::MAX]) {
            let middle = middle(bucket(value));
            assert!(middle.abs_diff(value) <= value / 128, "{value} {middle}");
        }
    }

    proptest! {
        #[test]
        fn percentiles_of_many_are_right_to_one_hundredth(
            values in prop::collection::vec((0u32..40).prop_flat_map(|bit| 0..1u64 << bit), 1..600),
            cut in 0usize..600,
        ) {
            let whole = of(&values);
            let (one, other) = values.split_at(cut.min(values.len()));
            let mut merged = of(one);
            merged.merge(&of(other));
            prop_assert_eq!(merged.count(), values.len() as u64);
            for hundredths in [1, 50, 95, 99, 100] {
                let exact = exact(&values, hundredths);
                for durations in [&whole, &merged] {
                    let [found] = durations.percentiles([hundredths]);
                    let found = found.expect("there are some");
                    prop_assert!(found.abs_diff(exact) <= exact / 100);
                }
            }
        }
    }
}
