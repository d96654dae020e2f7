//! Two sequences, held against each other: loops folded, and a difference that takes time
//! near-linear in their lengths.

use rustc_hash::FxHashMap;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Steps that a loop may have to be folded.
const LOOP: usize = 8;
/// Stretches without an anchor in them that are longer are different as a whole.
const STRETCH: usize = 4096;
/// Steps on end that may be an anchor.
const LENGTHS: &[usize] = &[1, 4, 16, 64];

/// The places of a sequence that are left if loops are told once, however often they
/// went round.
pub(super) fn folded(steps: &[(u32, u64)]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for at in 0..steps.len() {
        kept.push(at);
        let is_again = |period: usize| {
            let (Some(second), Some(first)) =
                (kept.len().checked_sub(period), kept.len().checked_sub(2 * period))
            else {
                return false;
            };
            let step = |place: &usize| steps[*place].0;
            kept[first..second].iter().map(step).eq(kept[second..].iter().map(step))
        };
        if let Some(period) = (1..=LOOP).find(|period| is_again(*period)) {
            kept.truncate(kept.len() - period);
        }
    }
    kept
}

/// Pairs of places at which two sequences are the same, in order.
pub(super) fn common(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    between(a, b, (0, 0), &mut pairs);
    pairs
}

/// Finds the pairs of two stretches that begin there.
fn between(a: &[u32], b: &[u32], from: (usize, usize), pairs: &mut Vec<(usize, usize)>) {
    let same = |(one, other): (&u32, &u32)| one == other;
    let head = a.iter().zip(b).take_while(|pair| same(*pair)).count();
    pairs.extend((0..head).map(|at| (from.0 + at, from.1 + at)));
    let (a, b, from) = (&a[head..], &b[head..], (from.0 + head, from.1 + head));
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|pair| same(*pair)).count();
    let (middle_a, middle_b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let anchors = anchors(middle_a, middle_b);
    if anchors.is_empty() {
        without_anchors(middle_a, middle_b, from, pairs);
    } else {
        let (mut at_a, mut at_b) = (0, 0);
        for (a, b) in anchors {
            let start = (from.0 + at_a, from.1 + at_b);
            between(&middle_a[at_a..a], &middle_b[at_b..b], start, pairs);
            pairs.push((from.0 + a, from.1 + b));
            (at_a, at_b) = (a + 1, b + 1);
        }
        let start = (from.0 + at_a, from.1 + at_b);
        between(&middle_a[at_a..], &middle_b[at_b..], start, pairs);
    }
    let from = (from.0 + middle_a.len(), from.1 + middle_b.len());
    pairs.extend((0..tail).map(|at| (from.0 + at, from.1 + at)));
}

/// Where steps stand that each sequence has once: those of them that are in the same order
/// in both. If every step comes again, the same of so many steps on end.
fn anchors(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let found = |length: &usize| {
        let (once_a, once_b) = (once(a, *length), once(b, *length));
        let both = once_a.into_iter().filter_map(|(steps, at)| Some((at, *once_b.get(steps)?)));
        let mut both: Vec<(usize, usize)> = both.collect();
        both.sort_unstable();
        Some(increasing(&both)).filter(|anchors| !anchors.is_empty())
    };
    let is_long = a.len().max(b.len()) > STRETCH;
    let lengths = if is_long { LENGTHS } else { &LENGTHS[..1] };
    lengths.iter().find_map(found).unwrap_or_default()
}

/// So many steps on end that a sequence has once, with their places.
fn once(steps: &[u32], length: usize) -> FxHashMap<&[u32], usize> {
    let mut places: FxHashMap<&[u32], Option<usize>> = FxHashMap::default();
    for (at, part) in steps.windows(length).enumerate() {
        places.entry(part).and_modify(|place| *place = None).or_insert(Some(at));
    }
    places.into_iter().filter_map(|(part, place)| Some((part, place?))).collect()
}

/// The longest part of the pairs whose second places increase, too (patience sorting).
fn increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tops: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, b)) in pairs.iter().enumerate() {
        let pile = tops.partition_point(|top| pairs[*top].1 < *b);
        before.push(pile.checked_sub(1).map(|left| tops[left]));
        if pile == tops.len() {
            tops.push(index);
        } else {
            tops[pile] = index;
        }
    }
    let mut chain: Vec<(usize, usize)> = Vec::new();
    let mut next = tops.last().copied();
    while let Some(index) = next {
        chain.push(pairs[index]);
        next = before[index];
    }
    chain.reverse();
    chain
}

/// Stretches in which every step comes again, or is in one of them only.
fn without_anchors(a: &[u32], b: &[u32], from: (usize, usize), pairs: &mut Vec<(usize, usize)>) {
    if a.is_empty() || b.is_empty() || a.len().max(b.len()) > STRETCH {
        return;
    }
    for part in capture_diff_slices(Algorithm::Myers, a, b) {
        if let DiffOp::Equal { old_index, new_index, len } = part {
            let start = (from.0 + old_index, from.1 + new_index);
            pairs.extend((0..len).map(|at| (start.0 + at, start.1 + at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded_steps(steps: &[u32]) -> Vec<u32> {
        let steps: Vec<(u32, u64)> = steps.iter().map(|step| (*step, 0)).collect();
        folded(&steps).into_iter().map(|at| steps[at].0).collect()
    }

    #[test]
    fn loops_are_told_once() {
        assert_eq!(folded_steps(&[1, 2, 3, 2, 3, 2, 3, 4]), [1, 2, 3, 4]);
        assert_eq!(folded_steps(&[5, 5, 5]), [5]);
        // A loop within a loop.
        assert_eq!(folded_steps(&[1, 2, 2, 3, 1, 2, 2, 2, 3, 9]), [1, 2, 3, 9]);
        assert_eq!(folded_steps(&[]), [0; 0]);
    }

    #[test]
    fn what_is_common() {
        assert_eq!(common(&[1, 2, 3], &[1, 2, 3]), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(common(&[1, 2, 3, 4], &[1, 3, 4]), [(0, 0), (2, 1), (3, 2)]);
        assert_eq!(common(&[1, 2], &[3, 4]), []);
        // No step is there once.
        assert_eq!(common(&[7, 1, 2, 1, 2, 8], &[9, 1, 2, 1, 2, 5]).len(), 4);
    }

    #[test]
    fn rounds_of_the_same_steps_in_another_order() {
        let round = |n: u32| (0..1000).map(move |step| (step * 7 + n) % 1000);
        let a: Vec<u32> = (0..100).flat_map(round).collect();
        let mut b = a.clone();
        b.insert(500, 2000);
        b.insert(60_000, 2000);
        assert_eq!(common(&a, &b).len(), a.len());
    }

    #[test]
    fn a_million_steps_that_were_inserted_and_moved() {
        let a: Vec<u32> = (0..500_000).map(|n| n * 7919 % 400_009).collect();
        let mut b = a.clone();
        b.splice(1000..1010, [500_001, 500_002]);
        b.swap(200_000, 300_000);
        let pairs = common(&a, &b);
        assert_eq!(pairs.len(), a.len() - 12);
        assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
        assert!(pairs.iter().all(|(one, other)| a[*one] == b[*other]));
    }
}
