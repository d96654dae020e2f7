//! Which sockets of different runs are the ends of one connection.
//!
//! Ports are used again, and clocks differ by anything from nothing to days. So ends with
//! the addresses of each other are candidates at first. Those between two clocks say
//! together what the one is ahead of the other: what most of them agree on. Who does not
//! agree is no match.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::candidate::{At, Candidate, Candidates};
use super::fit::MAX_DRIFT;
use super::index::End;
use super::machine::is_one_boot;
use super::rule::Reason;
use super::traffic::Role;

/// What a clock may be ahead of what the others between the same two say: nanoseconds.
const JITTER: i64 = 200_000;
/// Ends that are compared one by one with others of the same key.
const COMPARED: usize = 1 << 16;

/// What one clock is ahead of another at a moment of the other one.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    by: i64,
    at: i64,
}

/// Two ends that are those of one connection.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) candidate: Candidate,
    /// In percent.
    pub(super) confidence: u8,
    /// Whether others would have fitted as well.
    pub(super) is_ambiguous: bool,
    /// What the second clock was taken to be ahead.
    pub(super) ahead: i64,
}

/// Finds the connections of several runs.
pub(super) struct Connections<'a> {
    candidates: Candidates<'a>,
    taken: FxHashSet<At>,
    /// What is known of pairs of clocks.
    ahead: BTreeMap<[usize; 2], Ahead>,
    pub(super) found: Vec<Match>,
    /// What could not be compared, for people.
    pub(super) notes: Vec<String>,
}

impl<'a> Connections<'a> {
    pub(super) fn new(candidates: Candidates<'a>) -> Self {
        let (taken, ahead) = (FxHashSet::default(), BTreeMap::new());
        Self { candidates, taken, ahead, found: Vec::new(), notes: Vec::new() }
    }

    /// Finds them all: the sure ones first, for they say what clocks differ by, and what
    /// is left for the others.
    pub(super) fn find(&mut self) {
        let exact = self.by_both_addresses();
        self.choose(exact);
        let changed = self.by_one_address();
        self.choose(changed);
        let relayed = self.by_bytes();
        self.choose(relayed);
    }

    fn all(&self) -> Vec<(At, &'a End)> {
        let runs = self.candidates.runs.iter().enumerate();
        let ends = runs.flat_map(|(run, index)| {
            index.ends.iter().enumerate().map(move |(place, end)| ((run, place), end))
        });
        ends.filter(|(at, _)| !self.taken.contains(at)).collect()
    }

    /// Ends of which each has the address that the other one is connected to.
    fn by_both_addresses(&self) -> Vec<Candidate> {
        let mut groups: FxHashMap<_, [Vec<At>; 2]> = FxHashMap::default();
        for (at, end) in self.all() {
            let is_here = end.local.ip().is_loopback() || end.remote.ip().is_loopback();
            let network = is_here.then(|| self.candidates.runs[at.0].network());
            let (low, high) = (end.local.min(end.remote), end.local.max(end.remote));
            let sides = groups.entry((end.protocol, low, high, network)).or_default();
            sides[usize::from(end.local == high)].push(at);
        }
        let mut found = Vec::new();
        for sides in groups.values_mut().filter(|[one, other]| one.len() * other.len() <= COMPARED)
        {
            let begins = |at: &At| {
                let traffic = self.candidates.end(*at).map(|end| &end.traffic);
                let first = traffic.and_then(|traffic| Some(traffic.span?.first));
                (at.0, first)
            };
            for side in &mut *sides {
                side.sort_by_key(begins);
            }
            let [ones, others] = &*sides;
            for (place, one) in ones.iter().enumerate() {
                for (beside, other) in others.iter().enumerate() {
                    let next = [self.next(ones, place), self.next(others, beside)];
                    found.extend(self.candidates.pair(Reason::Connection, [*one, *other], next));
                }
            }
        }
        found
    }

    /// When the next connection of the same run between those addresses was there.
    fn next(&self, side: &[At], place: usize) -> Option<i64> {
        let (this, next) = (side.get(place)?, side.get(place + 1)?);
        let traffic = &self.candidates.end(*next).filter(|_| this.0 == next.0)?.traffic;
        let opened = traffic.opened.and_then(|(_, end)| end);
        let time = opened.or(Some(traffic.span?.first))?;
        Some(self.candidates.machines.read(next.0, time))
    }

    /// Ends of which one knows the address of the other: somebody has changed its own on
    /// the way.
    fn by_one_address(&mut self) -> Vec<Candidate> {
        self.between(Reason::Nat, |end, is_client| {
            let (server, client) =
                if is_client { (end.remote, end.local) } else { (end.local, end.remote) };
            vec![(end.protocol, "server", server), (end.protocol, "client", client)]
        })
    }

    /// Ends through which the same numbers of bytes went.
    fn by_bytes(&mut self) -> Vec<Candidate> {
        let found = self.between(Reason::Relay, |end, is_client| {
            let bytes = super::index::Index::bytes(&end.traffic);
            let bytes = bytes.filter(|(sent, received)| *sent > 0 && *received > 0);
            let key = bytes.map(|(sent, received)| {
                if is_client {
                    (end.protocol, sent, received)
                } else {
                    (end.protocol, received, sent)
                }
            });
            key.into_iter().collect()
        });
        found.into_iter().filter(|one| one.bytes == Some(true)).collect()
    }

    /// Who connects and who accepts, with the same key.
    fn between<K: Eq + std::hash::Hash>(
        &mut self,
        reason: Reason,
        keys: impl Fn(&End, bool) -> Vec<K>,
    ) -> Vec<Candidate> {
        let mut groups: FxHashMap<K, [Vec<At>; 2]> = FxHashMap::default();
        for (at, end) in self.all() {
            let is_client = match end.traffic.role {
                Some(Role::Connects) => true,
                Some(Role::Accepts) => false,
                None => continue,
            };
            for key in keys(end, is_client) {
                groups.entry(key).or_default()[usize::from(!is_client)].push(at);
            }
        }
        let (mut pairs, mut left_out) = (Vec::new(), 0);
        for [clients, servers] in groups.values() {
            if clients.len() * servers.len() > COMPARED {
                left_out += clients.len();
                continue;
            }
            let all = clients.iter().flat_map(|one| servers.iter().map(|other| [*one, *other]));
            pairs.extend(all);
        }
        if left_out > 0 {
            let name = reason.name();
            self.notes.push(format!("{name}: {left_out} sockets have too many that may be theirs"));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let made = pairs.into_iter().filter(|ends| self.may_be_changed(ends));
        let made = made.filter_map(|ends| self.candidates.pair(reason, ends, [None; 2]));
        made.filter(|one| one.bytes != Some(false)).collect()
    }

    /// Whether addresses may have been changed between who connects and who accepts. If
    /// each knows the machine of the other, no more than the server's port may have been;
    /// what has both addresses has been compared, and does not fit.
    fn may_be_changed(&self, [client, server]: &[At; 2]) -> bool {
        let ends = self.candidates.end(*client).zip(self.candidates.end(*server));
        ends.is_some_and(|(client, server)| {
            let is_direct =
                client.local.ip() == server.remote.ip() && client.remote.ip() == server.local.ip();
            !is_direct || client.local == server.remote && client.remote != server.local
        })
    }

    /// Those that agree on what the clocks differ by.
    fn choose(&mut self, candidates: Vec<Candidate>) {
        let mut between: BTreeMap<[usize; 2], Vec<Candidate>> = BTreeMap::new();
        for one in candidates {
            between.entry(self.candidates.clocks(&one)).or_default().push(one);
        }
        let mut fitting = Vec::new();
        for (clocks, candidates) in between {
            let Some((Ahead { by: ahead, at }, is_sure)) = self.agreed(clocks, &candidates) else {
                continue;
            };
            fitting.extend(candidates.into_iter().filter_map(|one| {
                let slack = slack(&one, at);
                let [least, most] = one.ahead;
                let fits =
                    least.saturating_sub(slack) <= ahead && ahead <= most.saturating_add(slack);
                fits.then(|| (one.near.abs_diff(ahead), one, Ahead { by: ahead, at }, is_sure))
            }));
        }
        self.take(fitting);
    }

    /// The best first, each end once.
    fn take(&mut self, mut fitting: Vec<(u64, Candidate, Ahead, bool)>) {
        let agrees = |one: &Candidate| one.bytes == Some(true);
        fitting.sort_by_key(|(apart, one, ..)| (!agrees(one), *apart, one.ends));
        let mut rivals: FxHashMap<At, u32> = FxHashMap::default();
        for (_, one, ..) in &fitting {
            one.ends.iter().for_each(|end| *rivals.entry(*end).or_default() += 1);
        }
        for (_, candidate, ahead, is_sure) in fitting {
            if candidate.ends.iter().any(|end| self.taken.contains(end)) {
                continue;
            }
            let has_rivals =
                candidate.ends.iter().any(|end| rivals.get(end).is_some_and(|n| *n > 1));
            let is_ambiguous = has_rivals && candidate.reason != Reason::Connection;
            if candidate.reason == Reason::Relay && is_ambiguous {
                continue;
            }
            self.taken.extend(candidate.ends);
            let clocks = self.candidates.clocks(&candidate);
            self.ahead.entry(clocks).or_insert(ahead);
            let confidence = confidence(&candidate, is_sure, is_ambiguous);
            let ahead = ahead.by;
            self.found.push(Match { candidate, confidence, is_ambiguous, ahead });
        }
    }

    /// What the second clock is ahead of the first one, as most candidates have it, and
    /// whether more speaks for that than one connection; `None` where nothing does.
    fn agreed(&self, clocks: [usize; 2], all: &[Candidate]) -> Option<(Ahead, bool)> {
        if let Some(known) = self.ahead.get(&clocks) {
            return Some((*known, true));
        }
        let [one, other] = clocks;
        let at = center(all);
        if one == other {
            return Some((Ahead { by: 0, at }, true));
        }
        let (runs, machines) = (self.candidates.runs, self.candidates.machines);
        let said = machines.said(runs, one, other);
        let (by, count) = most_agree(all, said, at)?;
        let ahead = Ahead { by, at };
        if by == said || count > 1 {
            return Some((ahead, true));
        }
        // The clocks say that it was at another time: bytes must speak for it.
        let [one, other] = clocks.map(|clock| &runs[machines.readers[clock]]);
        let mut lone = all.iter().filter(|one| one.ahead[0] <= by && by <= one.ahead[1]);
        let speaks = |one: &Candidate| one.bytes == Some(true) && one.reason != Reason::Relay;
        (!is_one_boot(one, other) && lone.any(speaks)).then_some((ahead, false))
    }
}

/// A drift moves what is far from the middle of the time.
#[expect(clippy::cast_precision_loss, reason = "differences of clocks: days have 47 bits")]
fn slack(one: &Candidate, at: i64) -> i64 {
    JITTER.saturating_add((one.at.abs_diff(at) as f64 * MAX_DRIFT) as i64)
}

fn center(all: &[Candidate]) -> i64 {
    let times = || all.iter().map(|one| one.at);
    times().min().unwrap_or_default().midpoint(times().max().unwrap_or_default())
}

/// What most agree on, and how many connections do: of several such, what is nearest to
/// what the clocks say themselves.
fn most_agree(all: &[Candidate], said: i64, at: i64) -> Option<(i64, usize)> {
    let mut steps: Vec<(i64, i32)> = Vec::new();
    for one in all {
        let (slack, [least, most]) = (slack(one, at), one.ahead);
        let (from, until) = (least.saturating_sub(slack), most.saturating_add(slack));
        if from <= until {
            steps.extend([(from, -1), (until, 1)]);
        }
    }
    // At one place, what begins comes first.
    steps.sort_unstable();
    let (mut count, mut best): (i32, Option<(i32, u64, i64)>) = (0, None);
    for pair in steps.windows(2) {
        count -= pair[0].1;
        let (from, until) = (pair[0].0, pair[1].0);
        let nearest = said.clamp(from, until);
        let apart = nearest.abs_diff(said);
        // Within one stretch the middle is the likeliest, but for what the clocks say.
        let ahead = if apart == 0 { said } else { from.midpoint(until) };
        let is_better =
            best.is_none_or(|(most, least, _)| count > most || count == most && apart < least);
        if is_better {
            best = Some((count, apart, ahead));
        }
    }
    best.filter(|(count, ..)| *count > 0).map(|(count, _, ahead)| (ahead, count as usize))
}

fn confidence(one: &Candidate, is_sure: bool, is_ambiguous: bool) -> u8 {
    let full = one.reason.confidence();
    let known = match (one.reason, one.bytes) {
        (Reason::Connection, _) if !is_sure => 60,
        (Reason::Nat, None) => 50,
        _ => full,
    };
    let known = if is_sure { known } else { known.min(full - full / 4) };
    if is_ambiguous { known / 2 } else { known }
}
