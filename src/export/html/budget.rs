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
    level: usize,
}

impl Group {
    fn bytes(&self, packs: &[Packed]) -> u64 {
        self.packs.iter().filter_map(|index| packs.get(*index)).map(Packed::encoded_len).sum()
    }
}

impl Budget {
    /// Takes note of a run.
    pub(super) fn heed(&mut self, graph: &Graph, ids: &Ids) {
        let failures = graph.processes.iter().filter_map(|process| process.failure.as_ref());
        self.measure.blamed.extend(failures.map(|failure| ids.event(failure.event)));
        self.measure.end = self.measure.end.max(graph.end);
    }

    /// Makes the events fit into a page that has so many bytes besides.
    pub(super) fn fit(&self, store: &mut Store, besides: u64) -> io::Result<()> {
        let mut groups = groups(store.packs());
        let sum = |store: &Store| store.packs().iter().map(Packed::encoded_len).sum::<u64>();
        let largest = groups.iter().map(|group| group.bytes(store.packs())).max();
        let mut most = largest.unwrap_or_default();
        while besides + sum(store) > self.page && most > LEAST {
            most /= 2;
            for group in &mut groups {
                self.shrink(group, most, store)?;
            }
        }
        Ok(())
    }

    /// Makes a group coarser until it has no more than so many bytes.
    fn shrink(&self, group: &mut Group, most: u64, store: &mut Store) -> io::Result<()> {
        while group.level < COARSEST && group.bytes(store.packs()) > most {
            group.level += 1;
            for index in &group.packs {
                store.change(*index, |pack| coarsen(pack, group.level, &self.measure))?;
            }
        }
        Ok(())
    }
}

fn groups(packs: &[Packed]) -> Vec<Group> {
    let mut of_one: BTreeMap<Owner, Group> = BTreeMap::new();
    let mut shared = Vec::new();
    for (index, pack) in packs.iter().enumerate() {
        match pack.owner {
            Some(owner) => of_one.entry(owner).or_default().packs.push(index),
            None => shared.push(Group { packs: vec![index], level: 0 }),
        }
    }
    of_one.into_values().chain(shared).collect()
}
