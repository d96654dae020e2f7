//! Many runs, of many machines, as one: which things of theirs are the same, and what their
//! clocks differ by.
//!
//! Of each log an [`Index`] is made, in one pass ([`Indexing`]). [`merge`] compares those.
//! No two things become one: what is the same has a [`Link`] that says why, by which
//! evidence, and how likely. All is a function of the set of runs: in whichever order they
//! come, and however they were put together before, the links are the same.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `rule` | by what things are found to be the same, as data |
//! | `indexing`, `index` | what is kept of a log |
//! | `keys`, `names`, `traffic` | which keys things offer; addresses of names; what went through sockets |
//! | `machine` | which runs were on one machine, by which clock |
//! | `join` | things with equal keys |
//! | `candidate`, `connection` | sockets that are the ends of one connection |
//! | `fit`, `clocks` | what one clock is ahead of another; of all of them one |

mod candidate;
mod clocks;
mod connection;
mod fit;
mod index;
mod indexing;
mod join;
mod keys;
mod machine;
mod names;
mod rule;
#[cfg(test)]
mod tests;
mod traffic;

pub use clocks::{Aligned, Conflict};
pub use fit::Fit;
pub use index::{Index, Named, Offer, Thing};
pub use indexing::Indexing;
pub use rule::{RULES, Reason, Rule};
pub use traffic::{Direction, Sample};

use std::collections::BTreeMap;

use candidate::{At, Candidates};
use connection::{Connections, Match};
use machine::Machines;

use crate::flow::ResourceId;

/// Two things that are probably the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The things: the places of their runs in [`Merged::runs`], and their own in
    /// [`Index::things`].
    pub ends: [(usize, usize); 2],
    /// Why.
    pub reason: Reason,
    /// How likely it is, in percent.
    pub confidence: u8,
    /// By what: words with what they are.
    pub evidence: Vec<(&'static str, String)>,
}

impl Link {
    fn new(
        mut ends: [(usize, usize); 2],
        reason: Reason,
        confidence: u8,
        evidence: Vec<(&'static str, String)>,
    ) -> Self {
        ends.sort_unstable();
        Self { ends, reason, confidence, evidence }
    }
}

/// Both ends of a connection, with what went through.
#[derive(Clone, Copy, Debug)]
pub struct Joint<'a> {
    /// The places of their runs in [`Merged::runs`].
    pub runs: [usize; 2],
    /// The sockets.
    pub sockets: [ResourceId; 2],
    /// What each of them sent.
    pub sent: [&'a Direction; 2],
    /// What each of them received.
    pub received: [&'a Direction; 2],
    /// How likely it is that they are those of one connection, in percent.
    pub confidence: u8,
}

/// Several runs, with what is the same in them.
#[derive(Debug)]
pub struct Merged {
    /// The runs, in the order of their UUIDs, each once.
    pub runs: Vec<Index>,
    /// What is the same, by reason and ends.
    pub links: Vec<Link>,
    /// Of each run, what its clock has to do with that of the first one.
    pub clocks: Vec<Aligned>,
    /// What contradicts itself.
    pub conflicts: Vec<Conflict>,
    /// What could not be compared, for people.
    pub notes: Vec<String>,
    joints: Vec<([At; 2], u8)>,
}

impl Merged {
    /// The connections between runs.
    pub fn joints(&self) -> impl Iterator<Item = Joint<'_>> {
        self.joints.iter().filter_map(|(ends, confidence)| {
            let [one, other] = ends.map(|(run, end)| self.runs.get(run)?.ends.get(end));
            let (one, other) = (one?, other?);
            Some(Joint {
                runs: ends.map(|(run, _)| run),
                sockets: [one.socket, other.socket],
                sent: [&one.traffic.sent, &other.traffic.sent],
                received: [&one.traffic.received, &other.traffic.received],
                confidence: *confidence,
            })
        })
    }

    /// What stands for this set of runs, as a UUID (RFC 9562, version 8).
    pub fn id(&self) -> [u8; 16] {
        let mut hash = blake3::Hasher::new();
        for run in &self.runs {
            hash.update(&run.run);
        }
        let mut id = [0; 16];
        hash.finalize_xof().fill(&mut id);
        id[6] = id[6] & 0x0f | 0x80;
        id[8] = id[8] & 0x3f | 0x80;
        id
    }

    /// A thing.
    pub fn thing(&self, (run, thing): (usize, usize)) -> Option<&Named> {
        join::thing(&self.runs, (run, thing))
    }
}

/// Finds what is the same in several runs. Of a run that is given twice, or in parts, the
/// longest is taken.
pub fn merge(indices: Vec<Index>) -> Merged {
    let runs = distinct(indices);
    let machines = Machines::of(&runs);
    let mut connections = Connections::new(Candidates { runs: &runs, machines: &machines });
    connections.find();
    let (matches, notes) = (connections.found, connections.notes);
    let (clocks, conflicts) = clocks::align(&runs, &machines, &matches);
    let mut links = join::links(&runs, &machines);
    links.extend(join::exports(&runs));
    links.extend(join::processes(&runs, &machines));
    links.extend(matches.iter().filter_map(|one| of_match(&runs, one)));
    links.extend(databases(&runs, &matches));
    let links = best(links);
    let mut joints: Vec<_> =
        matches.iter().map(|one| (one.candidate.ends, one.confidence)).collect();
    joints.sort_unstable();
    Merged { runs, links, clocks, conflicts, notes, joints }
}

fn distinct(mut indices: Vec<Index>) -> Vec<Index> {
    indices.sort_by_key(|index| (index.run, std::cmp::Reverse((index.records, index.end))));
    indices.dedup_by(|later, kept| later.run == kept.run && kept.run != [0; 16]);
    indices
}

/// Of several links between two things for one reason, the likeliest.
fn best(links: Vec<Link>) -> Vec<Link> {
    let mut kept: BTreeMap<(Reason, [(usize, usize); 2]), Link> = BTreeMap::new();
    for link in links {
        let rank = |link: &Link| (link.confidence, std::cmp::Reverse(link.evidence.clone()));
        let key = (link.reason, link.ends);
        match kept.get(&key) {
            Some(known) if rank(known) >= rank(&link) => {}
            _ => drop(kept.insert(key, link)),
        }
    }
    kept.into_values().collect()
}

fn of_match(runs: &[Index], one: &Match) -> Option<Link> {
    let [first, second] = one.candidate.ends.map(|(run, end)| runs.get(run)?.ends.get(end));
    let (first, second) = (first?, second?);
    let ends = [&first, &second].map(|end| format!("{} {}", end.local, end.remote));
    let [here, there] = ends;
    let mut evidence =
        vec![("protocol", first.protocol.to_owned()), ("ends", format!("{here}, {there}"))];
    if let Some((sent, received)) = Index::bytes(&first.traffic) {
        evidence.push(("bytes", format!("{sent} {received}")));
    }
    evidence.push((
        "bytes_agree",
        match one.candidate.bytes {
            Some(agree) => agree.to_string(),
            None => "unknown".to_owned(),
        },
    ));
    evidence.push(("clocks_differ_ns", one.ahead.to_string()));
    if one.is_ambiguous {
        evidence.push(("others_fit", "true".to_owned()));
    }
    let ends = [(one.candidate.ends[0].0, first.thing), (one.candidate.ends[1].0, second.thing)];
    Some(Link::new(ends, one.candidate.reason, one.confidence, evidence))
}

/// Databases that are used through the two ends of a connection.
fn databases(runs: &[Index], matches: &[Match]) -> Vec<Link> {
    let mut links = Vec::new();
    for one in matches {
        let [first, second] = one.candidate.ends.map(|(run, end)| {
            let socket = runs.get(run).and_then(|index| index.ends.get(end)).map(|end| end.socket);
            let sessions = runs.get(run).map_or(&[][..], |index| &index.sessions);
            let used = sessions.iter().filter(move |(through, _)| Some(*through) == socket);
            used.map(|(_, database)| (run, *database)).collect::<Vec<_>>()
        });
        let ([here], [there]) = (first.as_slice(), second.as_slice()) else { continue };
        let confidence = one.confidence.min(Reason::Database.confidence());
        let evidence = vec![("through", one.candidate.reason.name().to_owned())];
        links.push(Link::new([*here, *there], Reason::Database, confidence, evidence));
    }
    links
}
