//! Whether a task should share the tracer's processor: a pure function of what its stops
//! have shown.
//!
//! Sharing makes a call several times cheaper, since nobody is woken on another
//! processor, but tasks that share take turns. Of k tasks that compute for u between two
//! calls, each gets on by one call in k · (u + [`SHARED`]) where all share, and in
//! u + [`APART`] where none does. So they share while
//! u < ([`APART`] − k · [`SHARED`]) / (k − 1): as long as they compute little between
//! calls, or nobody else runs.

/// What a call costs more under a tracer on the same processor, in ns …
const SHARED: u64 = 14_000;
/// … and on another one.
const APART: u64 = 120_000;
/// Of that, so much passes between the tracer's leave to go on and the next call, and is
/// seen as computing.
const WAKING: u64 = 30_000;
/// A longer time counts as this, so that a task is not judged by it for too long.
const LONGEST: u64 = 1_000_000;

/// Means are moving ones, over some so many calls.
const CALLS: u64 = 8;
/// Others that run are counted in such parts.
const PARTS: u64 = 16;

/// How a task has been running of late. A new program shares, as most begin with many calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Mean time that it computes between two calls, in ns.
    computes: u64,
    /// Mean number of others that run at its calls, in [`PARTS`].
    others: u64,
}

impl Pace {
    /// A call comes, `span` ns after the end of the one before, with `others` running.
    pub(super) fn observe(&mut self, span: u64, shares: bool, others: u32) {
        let others = u64::from(others);
        // Where all of them share one processor, each had its part of that time.
        let own = if shares { span / (others + 1) } else { span.saturating_sub(WAKING) };
        self.computes = moved(self.computes, own.min(LONGEST));
        self.others = moved(self.others, others.min(LONGEST) * PARTS);
    }

    /// Whether it should share the tracer's processor; `shares` is whether it does.
    pub(super) const fn should_share(&self, shares: bool) -> bool {
        let limit = self.limit();
        // Not there and back again.
        self.computes <= if shares { limit } else { limit / 2 }
    }

    /// How long it may compute between calls, in ns, to share.
    const fn limit(&self) -> u64 {
        let gain = (APART * PARTS).saturating_sub(SHARED * (self.others + PARTS));
        match gain.checked_div(self.others) {
            Some(limit) => limit,
            None => u64::MAX,
        }
    }
}

/// A mean that has been moved by one value. It reaches it in the end.
const fn moved(mean: u64, value: u64) -> u64 {
    if value >= mean {
        mean + (value - mean).div_ceil(CALLS)
    } else {
        mean - (mean - value).div_ceil(CALLS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: u64 = 1000;

    /// Whether it shares after `calls` such calls, having begun as it says.
    fn after(mut shares: bool, pace: &mut Pace, calls: u32, computes: u64, others: u32) -> bool {
        for _ in 0..calls {
            // What shares a processor takes turns there; what does not is woken.
            let turns = u64::from(others) + 1;
            let span = if shares { computes * turns } else { computes + WAKING };
            pace.observe(span, shares, others);
            shares = pace.should_share(shares);
        }
        shares
    }

    #[test]
    fn who_shares_in_the_long_run() {
        // (µs of computing between calls, others running, shares)
        for (computes, others, expected) in [
            (1, 0, true),
            (100_000, 0, true),
            (1, 1, true),
            (40, 1, true),
            (100, 1, false),
            (100_000, 1, false),
            (1, 3, true),
            (10, 3, true),
            (30, 3, false),
            (20, 7, false),
            (1, 30, false),
        ] {
            for before in [false, true] {
                let mut pace = Pace::default();
                let shares = after(before, &mut pace, 200, computes * MICRO, others);
                assert_eq!(shares, expected, "{computes} µs, {others} others, {before} before");
            }
        }
    }

    #[test]
    fn in_between_it_stays_as_it_was() {
        for before in [false, true] {
            let mut pace = Pace::default();
            after(before, &mut pace, 100, if before { MICRO } else { 150 * MICRO }, 1);
            assert_eq!(after(before, &mut pace, 200, 70 * MICRO, 1), before);
        }
    }

    #[test]
    fn a_program_begins_beside_the_tracer() {
        assert!(Pace::default().should_share(false));
    }

    #[test]
    fn somebody_who_runs_for_a_moment_changes_nothing() {
        let (mut pace, computes) = (Pace::default(), 500 * MICRO);
        assert!(after(true, &mut pace, 20, computes, 0));
        assert!(after(true, &mut pace, 1, computes, 1));
        assert!(after(true, &mut pace, 20, computes, 0));
        assert!(!after(true, &mut pace, 5, computes, 1), "but one that goes on does");
        assert!(after(false, &mut pace, 30, computes, 0), "and it comes back");
    }

    #[test]
    fn one_long_time_is_soon_forgotten() {
        let mut pace = Pace::default();
        assert!(!after(true, &mut pace, 8, 10_000_000 * MICRO, 1));
        assert!(after(false, &mut pace, 60, MICRO, 1));
    }

    #[test]
    fn any_time_can_be_borne() {
        let mut pace = Pace::default();
        for others in [0, u32::MAX] {
            pace.observe(u64::MAX, true, others);
            pace.observe(u64::MAX, false, others);
            pace.observe(0, true, others);
            assert!(pace.computes <= LONGEST);
        }
        assert!(!pace.should_share(true));
    }
}
