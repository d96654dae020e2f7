//! What one clock is ahead of another, from what must have happened before what.
//!
//! Each pair of events of which the one came before the other bounds, at the moment that
//! the first clock showed then, how far the second one was ahead. As a function of that
//! moment this is a straight line (an offset and a drift), below all upper bounds and above
//! all lower ones. Of the points only their convex hulls matter.

#![expect(clippy::cast_precision_loss, reason = "differences of clocks: days have 47 bits")]

/// A clock is faster or slower than another one by no more than this: a hundredth. Quartz
/// does better by far, so what needs more is a contradiction.
pub(super) const MAX_DRIFT: f64 = 0.01;

/// A bound: when, by the first clock, and how far the second one was ahead at most, or at
/// least. Nanoseconds since 1970, and nanoseconds.
pub(super) type Bound = (i64, i64);

/// How two clocks differ: at `at` of the first one the second is `offset` ahead, and gains
/// `drift` for each nanosecond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// A moment of the first clock: nanoseconds since 1970.
    pub at: i64,
    /// How far the second one is ahead then, in nanoseconds.
    pub offset: i64,
    /// What the second clock gains: nanoseconds a nanosecond.
    pub drift: f64,
    /// By how much the second clock, at any of the moments asked for, may be farther ahead
    /// or behind, in nanoseconds; `None`: by any amount to one side.
    pub error: Option<u64>,
}

impl Fit {
    /// Two clocks that differ by so much, as they say themselves.
    pub(super) const fn said(offset: i64) -> Self {
        Self { at: 0, offset, drift: 0.0, error: None }
    }

    /// What the second clock reads when the first one reads `time`.
    pub(super) fn second(&self, time: i64) -> i64 {
        time.saturating_add(self.ahead(time))
    }

    /// What the second clock is ahead when the first one reads `time`.
    pub(super) fn ahead(&self, time: i64) -> i64 {
        let gained = time.saturating_sub(self.at) as f64 * self.drift;
        self.offset.saturating_add(gained.round() as i64)
    }

    /// What the first clock reads when the second one reads `time`.
    pub(super) fn first(&self, time: i64) -> i64 {
        let passed = time.saturating_sub(self.at).saturating_sub(self.offset);
        let gained = passed as f64 * (self.drift / (1.0 + self.drift));
        self.at.saturating_add(passed).saturating_sub(gained.round() as i64)
    }
}

/// No straight line is within all bounds: the best one misses some by so many nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contradiction(pub(super) u64);

/// The line in the middle of those that are within the bounds, with its error from one
/// moment of the first clock to another; `None` where there are no bounds to one side.
pub(super) fn fit(
    uppers: &[Bound],
    lowers: &[Bound],
    (from, until): (i64, i64),
) -> Result<Option<Fit>, Contradiction> {
    let (Some(first), false) = (uppers.first(), lowers.is_empty()) else { return Ok(None) };
    let at = from.midpoint(until);
    let local = |(x, y): &Bound| (x.saturating_sub(at) as f64, y.saturating_sub(first.1) as f64);
    let lines = Lines {
        uppers: hull(uppers.iter().map(local).collect(), -1.0),
        lowers: hull(lowers.iter().map(local).collect(), 1.0),
    };
    let widest = summit(-MAX_DRIFT, MAX_DRIFT, |drift| lines.width(drift));
    if lines.width(widest) < 0.0 {
        return Err(Contradiction((-lines.width(widest)).ceil() as u64));
    }
    let (least, most) = (lines.edge(widest, -MAX_DRIFT), lines.edge(widest, MAX_DRIFT));
    let drift = if least <= 0.0 && 0.0 <= most { 0.0 } else { f64::midpoint(least, most) };
    let offset = f64::midpoint(lines.least(drift), lines.most(drift));
    let error = [from, until].map(|end| {
        let x = end.saturating_sub(at) as f64;
        let high = summit(least, most, |drift| lines.most(drift) + drift * x);
        let low = summit(least, most, |drift| -lines.least(drift) - drift * x);
        let middle = offset + drift * x;
        let above = lines.most(high) + high * x - middle;
        above.max(middle - lines.least(low) - low * x)
    });
    let offset = first.1.saturating_add(offset.round() as i64);
    let error = Some(error[0].max(error[1]).ceil().max(1.0) as u64);
    Ok(Some(Fit { at, offset, drift, error }))
}

/// The bounds, as points from the middle of the time.
struct Lines {
    uppers: Vec<(f64, f64)>,
    lowers: Vec<(f64, f64)>,
}

impl Lines {
    /// The highest line with that drift, by its height in the middle.
    fn most(&self, drift: f64) -> f64 {
        self.uppers.iter().map(|(x, y)| y - drift * x).fold(f64::INFINITY, f64::min)
    }

    /// The lowest one.
    fn least(&self, drift: f64) -> f64 {
        self.lowers.iter().map(|(x, y)| y - drift * x).fold(f64::NEG_INFINITY, f64::max)
    }

    /// What is between both; less than nothing where no line is within the bounds.
    fn width(&self, drift: f64) -> f64 {
        self.most(drift) - self.least(drift)
    }

    /// The last drift from a possible one on to `limit` that is possible.
    fn edge(&self, possible: f64, limit: f64) -> f64 {
        if self.width(limit) >= 0.0 {
            return limit;
        }
        let (mut inside, mut outside) = (possible, limit);
        for _ in 0..STEPS {
            let middle = f64::midpoint(inside, outside);
            if self.width(middle) >= 0.0 { inside = middle } else { outside = middle }
        }
        inside
    }
}

/// Enough for every digit that a number has.
const STEPS: u32 = 100;

/// Where a function with one summit is highest.
fn summit(from: f64, until: f64, height: impl Fn(f64) -> f64) -> f64 {
    let (mut from, mut until) = (from, until);
    for _ in 0..STEPS {
        let third = (until - from) / 3.0;
        let (left, right) = (from + third, until - third);
        if height(left) < height(right) { from = left } else { until = right }
    }
    f64::midpoint(from, until)
}

/// The points that a line from below (`side` -1), or from above (1), can touch.
fn hull(mut points: Vec<(f64, f64)>, side: f64) -> Vec<(f64, f64)> {
    points.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for point in points {
        while let [.., one, other] = kept[..] {
            let turn =
                (other.0 - one.0) * (point.1 - one.1) - (other.1 - one.1) * (point.0 - one.0);
            if turn * side < 0.0 {
                break;
            }
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: i64 = 1_700_000_000_000_000_000;

    /// Bounds of messages both ways, each with its own delay, between clocks of which the
    /// second one is ahead.
    fn bounds(ahead: i64, drift: f64, delays: &[i64]) -> [Vec<Bound>; 2] {
        let second = |time: i64| ahead + time + ((time - START) as f64 * drift) as i64;
        let mut all = [Vec::new(), Vec::new()];
        for (index, delay) in delays.iter().enumerate() {
            let sent = START + 5_000_000 * index as i64;
            let got = sent + delay;
            if index % 2 == 0 {
                all[0].push((sent, second(got) - sent));
            } else {
                all[1].push((got, second(sent) - got));
            }
        }
        all
    }

    #[test]
    fn without_bounds_to_both_sides_nothing_is_said() {
        assert_eq!(fit(&[(START, 5)], &[], (START, START)), Ok(None));
        assert_eq!(fit(&[], &[(START, 5)], (START, START)), Ok(None));
    }

    #[test]
    fn a_contradiction_is_told_with_what_is_missing() {
        let found = fit(&[(START, 100)], &[(START, 400)], (START, START));
        assert_eq!(found, Err(Contradiction(300)));
        let step = [(START, 5_000_000), (START + 1_000_000, 100)];
        assert!(fit(&step, &[(START + 500_000, 4_000_000)], (START, START + 1_000_000)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_found_is_right_within_its_error(
            ahead in -200_000_000_000_000i64..200_000_000_000_000,
            drift in -0.005f64..0.005,
            delays in prop::collection::vec(20_000i64..3_000_000, 2..60),
        ) {
            let [uppers, lowers] = bounds(ahead, drift, &delays);
            let span = (START, START + 5_000_000 * delays.len() as i64);
            let found = fit(&uppers, &lowers, span).expect("no contradiction").expect("bounds");
            let error = found.error.expect("an error") as i64 + 2;
            for time in [span.0, span.0.midpoint(span.1), span.1] {
                let truth = ahead + ((time - START) as f64 * drift) as i64;
                let said = found.ahead(time);
                prop_assert!((truth - said).abs() <= error, "{truth} {said} ±{error}");
                prop_assert!((found.first(found.second(time)) - time).abs() <= 2);
            }
        }
    }
}
