//! Whether a task should share the tracer's processor: a pure function of what its stops
//! have shown.
//!
//! Sharing makes a stop three to ten times cheaper, since nobody is woken on another
//! processor (7 µs against 20 to 60), but tasks that share take turns. With `others`
//! running too, a call of a task that computes for `u` between calls takes the tree
//! `u` + 2 stops on one processor, and that divided among several processors on its own.
//! So tasks share as long as they compute little between calls, or as nobody else runs.

/// A task that shares stops doing so when it computes longer than this between calls,
/// in ns, while others run …
const LONG: u64 = 100_000;
/// … and one that does not begins to below this. Its time is seen as longer than it is:
/// being woken on another processor counts as computing.
const SHORT: u64 = 60_000;
/// A longer time counts as this, so that a task is not judged by it for too long.
const LONGEST: u64 = 1_000_000;

/// So many calls with nobody else running make a task that computes for long share …
const ALONE: u8 = 8;
/// … and with so few of them it stops to.
const CROWDED: u8 = 3;

/// How a task has been running of late.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Mean time between two calls, in ns: a moving average over some 8 of them.
    between: u64,
    /// Calls at which nobody else was running, halved by each at which somebody was.
    alone: u8,
}

impl Default for Pace {
    /// A new program, which mostly begins with many calls.
    fn default() -> Self {
        Self { between: 0, alone: 2 * ALONE }
    }
}

impl Pace {
    /// A call comes, `span` ns after the end of the one before, with `others` running.
    /// Where all of them shared one processor, each had its part of that time.
    pub(super) fn observe(&mut self, span: u64, shares: bool, others: u32) {
        let turns = if shares { u64::from(others) + 1 } else { 1 };
        let span = (span / turns).min(LONGEST);
        self.between = self.between - self.between / 8 + span / 8;
        self.alone = if others == 0 { (self.alone + 1).min(2 * ALONE) } else { self.alone / 2 };
    }

    /// Whether it should share the tracer's processor; `shares` is whether it does.
    pub(super) const fn should_share(&self, shares: bool) -> bool {
        if shares {
            self.between <= LONG || self.alone > CROWDED
        } else {
            self.between < SHORT || self.alone >= ALONE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it shares after `calls` such calls, having begun as it says.
    fn after(mut shares: bool, pace: &mut Pace, calls: u32, span: u64, others: u32) -> bool {
        for _ in 0..calls {
            // What shares a processor takes turns there.
            let seen = if shares { span * u64::from(others + 1) } else { span };
            pace.observe(seen, shares, others);
            shares = pace.should_share(shares);
        }
        shares
    }

    #[test]
    fn who_shares_in_the_long_run() {
        // (µs between calls, others running, shares)
        for (span, others, expected) in [
            (1, 0, true),
            (10_000, 0, true),
            (1, 1, true),
            (1, 7, true),
            (50, 1, true),
            (50, 7, true),
            (150, 1, false),
            (150, 7, false),
            (100_000, 1, false),
        ] {
            for before in [false, true] {
                let mut pace = Pace::default();
                let shares = after(before, &mut pace, 100, span * 1000, others);
                assert_eq!(shares, expected, "{span} µs, {others} others, {before} before");
            }
        }
    }

    #[test]
    fn between_long_and_short_it_stays_as_it_was() {
        for before in [false, true] {
            let mut pace = Pace::default();
            after(before, &mut pace, 100, if before { 1_000 } else { 150_000 }, 1);
            assert_eq!(after(before, &mut pace, 100, 80_000, 1), before);
        }
    }

    #[test]
    fn a_program_begins_beside_the_tracer() {
        assert!(Pace::default().should_share(false));
    }

    #[test]
    fn somebody_who_runs_for_a_moment_changes_nothing() {
        let mut pace = Pace::default();
        assert!(after(true, &mut pace, 20, 500_000, 0));
        assert!(after(true, &mut pace, 1, 500_000, 1));
        assert!(after(true, &mut pace, 20, 500_000, 0));
        assert!(!after(true, &mut pace, 5, 500_000, 1), "but one that goes on does");
        assert!(!after(false, &mut pace, 5, 500_000, 0));
        assert!(after(false, &mut pace, 8, 500_000, 0), "and it comes back");
    }

    #[test]
    fn one_long_time_is_soon_forgotten() {
        let mut pace = Pace::default();
        assert!(!after(true, &mut pace, 8, 10_000_000_000, 1));
        assert!(after(false, &mut pace, 40, 1_000, 1));
    }

    #[test]
    fn any_time_can_be_borne() {
        let mut pace = Pace::default();
        for others in [0, u32::MAX] {
            pace.observe(u64::MAX, true, others);
            pace.observe(u64::MAX, false, others);
            pace.observe(0, true, others);
        }
    }
}
