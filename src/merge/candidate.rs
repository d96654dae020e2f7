//! Pairs of sockets that may be the ends of one connection, with what their times say of
//! the clocks.

use super::fit::Bound;
use super::index::{End, Index};
use super::machine::Machines;
use super::rule::Reason;
use super::traffic::{Direction, Role};

/// Who waits in a listener's queue longer than that is not found by time alone:
/// nanoseconds.
const QUEUED: i64 = 1_000_000_000;
/// How far from anything the clock of a machine may be: about ten years, in nanoseconds.
pub(super) const ANY: i64 = 315_000_000_000_000_000;

/// An end of a connection: the place of its run, and its own among the ends of that.
pub(super) type At = (usize, usize);

/// Two ends that may be those of one connection.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) reason: Reason,
    /// The end on the clock with the lesser number first.
    pub(super) ends: [At; 2],
    /// When it was, by the first clock.
    pub(super) at: i64,
    /// What the second clock is ahead of the first one, if it is one: at least, and at most.
    pub(super) ahead: [i64; 2],
    /// What it would be if nothing took time.
    pub(super) near: i64,
    /// Whether what both say of bytes agrees; `None` where not all are known.
    pub(super) bytes: Option<bool>,
    pub(super) uppers: Vec<Bound>,
    pub(super) lowers: Vec<Bound>,
}

/// Makes candidates of ends.
pub(super) struct Candidates<'a> {
    pub(super) runs: &'a [Index],
    pub(super) machines: &'a Machines,
}

impl<'a> Candidates<'a> {
    pub(super) fn end(&self, at: At) -> Option<&'a End> {
        self.runs.get(at.0)?.ends.get(at.1)
    }

    fn clock(&self, at: At) -> usize {
        self.machines.clocks.get(at.0).map_or(0, |(clock, _)| *clock)
    }

    /// The clocks of its ends.
    pub(super) fn clocks(&self, one: &Candidate) -> [usize; 2] {
        one.ends.map(|end| self.clock(end))
    }

    /// Two ends as a candidate, if they may be those of one connection. `later` is when the
    /// next connection between the same addresses was there to the first end, by its clock.
    pub(super) fn pair(
        &self,
        reason: Reason,
        ends: [At; 2],
        later: [Option<i64>; 2],
    ) -> Option<Candidate> {
        let is_turned = self.clock(ends[1]) < self.clock(ends[0]);
        let (ends, later) =
            if is_turned { ([ends[1], ends[0]], [later[1], later[0]]) } else { (ends, later) };
        let [one, other] = [self.end(ends[0])?, self.end(ends[1])?];
        let roles = [one.traffic.role, other.traffic.role];
        if roles[0].is_some() && roles[0] == roles[1] {
            return None;
        }
        let mut found = Times::new(self, ends);
        found.handshake([one, other]);
        let is_from_start = roles.iter().all(Option::is_some);
        if is_from_start || one.protocol == "UDP" {
            let first_only = one.protocol == "UDP";
            found.sent(0, &one.traffic.sent, &other.traffic.received, first_only);
            found.sent(1, &other.traffic.sent, &one.traffic.received, first_only);
        }
        let lives = [found.life(0, one)?, found.life(1, other)?];
        let Times { uppers, lowers, .. } = found;
        let bound = |all: &[Bound]| all.iter().map(|(_, ahead)| *ahead).collect::<Vec<_>>();
        // Where no event bounds it, the lives of both must overlap, but for who waits to be
        // accepted, which is over when the next one comes.
        let until = |end: usize| {
            let last = lives[end].1.saturating_add(QUEUED);
            later[end].map_or(last, |next| last.min(next))
        };
        let least = bound(&lowers).into_iter().max();
        let most = bound(&uppers).into_iter().min();
        let least = least.unwrap_or(i64::MIN).max(lives[1].0.saturating_sub(until(0)));
        let most = most.unwrap_or(i64::MAX).min(until(1).saturating_sub(lives[0].0));
        let near = lives[1].0.saturating_sub(lives[0].0);
        let bytes = agree(one, other);
        let at = lives[0].0;
        let ahead = [least.max(-ANY), most.min(ANY)];
        Some(Candidate { reason, ends, at, ahead, near, bytes, uppers, lowers })
    }
}

/// Whether what the one sent is what the other one received, both ways, and something went.
fn agree(one: &End, other: &End) -> Option<bool> {
    let (sent, received) = Index::bytes(&one.traffic)?;
    let (back, forth) = Index::bytes(&other.traffic)?;
    Some(sent == forth && received == back && sent + received > 0)
}

/// What two ends say of what their clocks differ by.
struct Times<'a> {
    runs: &'a [Index],
    machines: &'a Machines,
    ends: [At; 2],
    uppers: Vec<Bound>,
    lowers: Vec<Bound>,
}

impl<'a> Times<'a> {
    fn new(of: &Candidates<'a>, ends: [At; 2]) -> Self {
        let (runs, machines) = (of.runs, of.machines);
        Self { runs, machines, ends, uppers: Vec::new(), lowers: Vec::new() }
    }

    /// A time of the run of an end, as its clock reads.
    fn read(&self, end: usize, time: u64) -> i64 {
        self.machines.read(self.ends[end].0, time)
    }

    /// What happened at `cause`'s end was before what happened at the other one.
    fn before(&mut self, cause: usize, earlier: u64, later: u64) {
        let (earlier, later) = (self.read(cause, earlier), self.read(1 - cause, later));
        if cause == 0 {
            self.uppers.push((earlier, later.saturating_sub(earlier)));
        } else {
            self.lowers.push((later, earlier.saturating_sub(later)));
        }
    }

    /// Who connects has begun to before the other one has accepted; who listens, before the
    /// other one has connected.
    fn handshake(&mut self, ends: [&End; 2]) {
        for [client, server] in [[0, 1], [1, 0]] {
            let is_client = ends[client].traffic.role == Some(Role::Connects);
            let Some((began, connected)) = ends[client].traffic.opened.filter(|_| is_client) else {
                continue;
            };
            let accepts = ends[server].traffic.role == Some(Role::Accepts);
            let Some((_, accepted)) = ends[server].traffic.opened.filter(|_| accepts) else {
                continue;
            };
            if let Some(accepted) = accepted {
                self.before(client, began, accepted);
            }
            let listened = self.listened(server, ends[server]);
            if let (Some(listened), Some(connected)) = (listened, connected) {
                self.before(server, listened, connected);
            }
        }
    }

    /// Since when the only one who listens at that port did.
    fn listened(&self, at: usize, end: &End) -> Option<u64> {
        let all = &self.runs.get(self.ends[at].0)?.listens;
        let mut found = all.iter().filter(|(address, _)| {
            let ip = address.ip();
            address.port() == end.local.port() && (ip.is_unspecified() || ip == end.local.ip())
        });
        let (_, since) = found.next()?;
        found.next().is_none().then_some(*since)
    }

    /// No byte is read before it was sent. Of datagrams, which may be lost, only the first.
    fn sent(&mut self, from: usize, sent: &Direction, read: &Direction, first_only: bool) {
        let samples = sent.samples.iter().filter(|sample| !first_only || sample.from == 0);
        for sample in samples {
            if let Some(read) = read.read_by(sample.from) {
                self.before(from, sample.start, read);
            }
        }
    }

    /// From when to when an end was known to be one, by its clock.
    fn life(&self, at: usize, end: &End) -> Option<(i64, i64)> {
        let traffic = &end.traffic;
        let span = traffic.span?;
        let first = match (traffic.role, traffic.opened) {
            (Some(Role::Connects), Some((began, _))) => began,
            (_, Some((_, Some(accepted)))) => accepted,
            _ => span.first,
        };
        Some((self.read(at, first), self.read(at, span.last)))
    }
}
