//! What must hold for what a pattern has matched.

use chrono::{DateTime, NaiveDate};
use serde::Deserialize;

use super::context::Context;

/// Seconds since 1970 and the like are taken for times only this near to the run: other
/// numbers of that length are sizes and the like (2^30 is in 2004).
const EPOCH_DAYS: i64 = 3650;
/// Digits that are a date only if one knows it.
const SHORT_DATE_DAYS: i64 = 800;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Holds {
    /// The groups year, month and day are a day of the calendar.
    Date,
    /// The same, with a year of two digits; near the run.
    ShortDate,
    /// Year and month, near the run.
    Month,
    /// A year: that of the run, or the one before or after it.
    Year,
    /// Seconds since 1970, near the run.
    Seconds,
    /// The same in milliseconds.
    Milliseconds,
    /// The same in microseconds.
    Microseconds,
    /// The same in nanoseconds.
    Nanoseconds,
    /// Letters and digits that no person has chosen.
    Random,
    /// Hexadecimal digits of both kinds.
    Hash,
    /// The id of a process or thread of the run.
    Pid,
    /// A port that the kernel chose for the run.
    Port,
}

impl Holds {
    /// Whether it makes a match one that tells a day.
    pub(super) const fn is_date(self) -> bool {
        !matches!(self, Self::Random | Self::Hash | Self::Pid | Self::Port)
    }

    /// Whether an id of a process is that of one that is near.
    pub(super) fn is_here(
        self,
        captures: &regex::bytes::Captures<'_>,
        is_near: &dyn Fn(u64) -> bool,
    ) -> bool {
        let group = captures.get(1).or_else(|| captures.get(0));
        self != Self::Pid || group.and_then(|it| number(it.as_bytes())).is_some_and(is_near)
    }

    /// Whether it does. `captures` has the groups of the pattern.
    pub(super) fn of(self, captures: &regex::bytes::Captures<'_>, run: &Context) -> bool {
        let text = captures.get(1).or_else(|| captures.get(0)).map_or(&b""[..], |it| it.as_bytes());
        let named = |name| captures.name(name).and_then(|group| number(group.as_bytes()));
        match self {
            Self::Date => day(named("year"), named("month"), named("day")).is_some(),
            Self::ShortDate => {
                let year = named("year").map(|year| 2000 + year);
                day(year, named("month"), named("day"))
                    .is_some_and(|day| run.is_near(day, SHORT_DATE_DAYS))
            }
            Self::Month => day(named("year"), named("month"), Some(1))
                .is_some_and(|day| run.is_near(day, SHORT_DATE_DAYS)),
            Self::Year => day(named("year").or_else(|| number(text)), Some(7), Some(1))
                .is_some_and(|day| run.is_near(day, 366 + 184)),
            Self::Seconds => is_time(number(text), 1, run),
            Self::Milliseconds => is_time(number(text), 1_000, run),
            Self::Microseconds => is_time(number(text), 1_000_000, run),
            Self::Nanoseconds => is_time(number(text), 1_000_000_000, run),
            Self::Random => is_random(text),
            Self::Hash => {
                text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic)
            }
            Self::Pid => number(text).is_some_and(|pid| run.pids.contains(&pid)),
            Self::Port => number(text).is_some_and(|port| run.ephemeral_ports.contains(&port)),
        }
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn day(year: Option<u64>, month: Option<u64>, day: Option<u64>) -> Option<NaiveDate> {
    let part = |part: Option<u64>| u32::try_from(part?).ok();
    NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, part(month)?, part(day)?)
}

fn is_time(number: Option<u64>, units_a_second: u64, run: &Context) -> bool {
    let seconds = number.map(|number| number / units_a_second);
    let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds.try_into().ok()?, 0));
    time.is_some_and(|time| run.is_near(time.date_naive(), EPOCH_DAYS))
}

/// Whether letters and digits look as if drawn, as mktemp(3) does from 62 of them. What
/// people write has its digits at the end and its capitals at the beginnings of words.
pub(super) fn is_random(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| !byte.is_ascii_digit();
    let letters = &text[..text.iter().rposition(is_letter).map_or(0, |last| last + 1)];
    let is_shouted = letters.iter().all(u8::is_ascii_uppercase);
    !(is_shouted || letters.iter().all(u8::is_ascii_alphabetic) && is_words(letters))
}

/// Whether letters are words in lower case, each perhaps with a capital in front.
fn is_words(letters: &[u8]) -> bool {
    let begins = |at: &usize| *at == 0 || letters[*at].is_ascii_uppercase();
    let starts: Vec<usize> = (0..letters.len()).filter(begins).collect();
    let ends = starts.iter().skip(1).copied().chain([letters.len()]);
    // One letter alone is no word of a name in capitals and small letters.
    starts.iter().zip(ends).all(|(start, end)| starts.len() == 1 || end - start > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_names_are_told_from_words() {
        for drawn in ["hZ3kQ9", "4fGk2L", "aB3dE6xY", "x8f2k1q0", "kkVtQe", "DsX6eP"] {
            assert!(is_random(drawn.as_bytes()), "{drawn}");
        }
        for word in
            ["report", "Report", "batch1", "Batch12", "000123", "README", "libfoo2", "getName"]
        {
            assert!(!is_random(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn a_time_is_one_near_the_run() {
        let run = Context { began: 1_795_500_000, ..Context::default() };
        assert!(is_time(Some(1_795_400_000), 1, &run));
        assert!(is_time(Some(1_795_400_000_123), 1000, &run));
        assert!(!is_time(Some(1 << 30), 1, &run));
        assert!(is_time(Some(1 << 30), 1, &Context::default()));
    }
}
