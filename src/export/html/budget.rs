//! Which processes are told how finely, so that a page can be opened however long the run
//! was: the largest become coarser first, and the small ones stay as they are.

use std::collections::BTreeMap;
use std::io;

use super::coarsen::{COARSEST, Measure, coarsen};
use super::store::{Owner, Packed, Store};
use crate::export::json::Ids;
use crate::flow::graph::Graph;

/// Bytes of the largest page that browsers open in no time.
const PAGE: u64 = 19_000_000;
/// Bytes of events below which there is no use in being coarser.
const LEAST: u64 = 1 << 16;

/// What is known of the runs when their events are weighed.
#[derive(Debug)]
pub(super) struct Budget {
    measure: Measure,
    page: u64,
}

impl Budget {
    /// One with another bound.
    #[cfg(test)]
    pub(super) fn of(page: u64) -> Self {
        Self { page, ..Self::default() }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { measure: Measure::default(), page: PAGE }
    }
}

/// Packs of one process, or one pack of several small ones.
#[derive(Debug, Default)]
struct Group {
    packs: Vec<usize>,
}

impl Group {
    fn bytes(&self, packs: &[Packed]) -> u64 {
        self.packs.iter().filter_map(|index| packs.get(*index)).map(Packed::encoded_len).sum()
    }

    fn can_shrink(&self, packs: &[Packed]) -> bool {
        let mut packs = self.packs.iter().filter_map(|index| packs.get(*index));
        packs.any(|pack| pack.level < COARSEST)
    }
}

impl Budget {
    /// Takes note of a run.
    pub(super) fn heed(&mut self, graph: &Graph, ids: &Ids) {
        let failures = graph.processes.iter().filter_map(|process| process.failure.as_ref());
        self.measure.blamed.extend(failures.map(|failure| ids.event(failure.event)));
        self.measure.end = self.measure.end.max(graph.end);
    }

    /// Bytes that what the processes used may take of a page that has so many besides:
    /// the events need some, too.
    pub(super) fn room_for_things(&self, besides: u64) -> u64 {
        self.page.saturating_sub(besides) / 2
    }

    /// The events, such that they fit into a page that has so many bytes besides.
    pub(super) fn fit(&self, store: &mut Store, besides: u64) -> io::Result<Vec<Packed>> {
        /// The page has them packed otherwise than they are measured; twice is enough
        /// in practice.
        const TRIES: usize = 4;
        let groups = groups(store.packs());
        let mut room = self.page.saturating_sub(besides);
        for _ in 1..TRIES {
            self.shrink_all(&groups, room, store)?;
            let packs = store.pack_for_page()?;
            let taken: u64 = packs.iter().map(Packed::encoded_len).sum();
            if besides + taken <= self.page {
                return Ok(packs);
            }
            let measured: u64 = store.packs().iter().map(Packed::encoded_len).sum();
            let wanted = self.page.saturating_sub(besides);
            room = measured.min(room) * wanted / taken.max(1) * 15 / 16;
        }
        self.shrink_all(&groups, room, store)?;
        store.pack_for_page()
    }

    /// Makes the largest groups coarser until all of them have no more than so many bytes.
    fn shrink_all(&self, groups: &[Group], room: u64, store: &mut Store) -> io::Result<()> {
        loop {
            let (mut open, mut closed) = (Vec::new(), 0);
            for group in groups {
                let bytes = group.bytes(store.packs());
                if bytes > LEAST && group.can_shrink(store.packs()) {
                    open.push((bytes, group));
                } else {
                    closed += bytes;
                }
            }
            let most =
                level_of(open.iter().map(|(bytes, _)| *bytes).collect(), room - closed.min(room));
            let large: Vec<_> = open.iter().filter(|(bytes, _)| *bytes > most).collect();
            if large.is_empty() {
                return Ok(());
            }
            for (bytes, group) in large {
                self.shrink(group, *bytes, most, store)?;
            }
        }
    }

    /// Makes a group coarser that has so many bytes, until it has about `most` of them.
    fn shrink(&self, group: &Group, bytes: u64, most: u64, store: &mut Store) -> io::Result<()> {
        // What a pack has less than it may is left to those after it.
        let mut left = 0;
        for index in &group.packs {
            store.change(*index, |mut pack, mut level| {
                let goal = left + (pack.size as u64).saturating_mul(most) / bytes.max(1);
                while level < COARSEST && pack.size as u64 > goal {
                    level += 1;
                    pack = coarsen(pack, level, &self.measure);
                }
                left = goal.saturating_sub(pack.size as u64);
                (pack, level)
            })?;
        }
        Ok(())
    }
}

/// The bound for each such that all of these take no more than so many bytes.
fn level_of(mut sizes: Vec<u64>, room: u64) -> u64 {
    sizes.sort_unstable();
    let (mut left, mut rest) = (room, sizes.len() as u64);
    for size in sizes {
        if size > left / rest {
            return (left / rest).max(LEAST);
        }
        left -= size;
        rest -= 1;
    }
    u64::MAX
}

fn groups(packs: &[Packed]) -> Vec<Group> {
    let mut of_one: BTreeMap<Owner, Group> = BTreeMap::new();
    let mut shared = Vec::new();
    for (index, pack) in packs.iter().enumerate() {
        match pack.owner {
            Some(owner) => of_one.entry(owner).or_default().packs.push(index),
            None => shared.push(Group { packs: vec![index] }),
        }
    }
    of_one.into_values().chain(shared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_leaves_its_room_to_the_large() {
        let kilo = |sizes: &[u64]| sizes.iter().map(|size| size << 10).collect::<Vec<_>>();
        assert_eq!(level_of(kilo(&[100, 200]), 300 << 10), u64::MAX);
        assert_eq!(level_of(kilo(&[100, 900, 800]), 900 << 10), 400 << 10);
        assert_eq!(level_of(kilo(&[900, 900]), 10 << 10), LEAST);
        assert_eq!(level_of(Vec::new(), 0), u64::MAX);
    }
}
