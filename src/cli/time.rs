//! Moments and lengths of time, as the command line has them.

use std::time::Duration;

use chrono::DateTime;

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nanoseconds since its start.
    SinceStart(u64),
    /// Nanoseconds since 1970.
    Since1970(u64),
}

impl Moment {
    /// Nanoseconds since the start of a run that started then, in nanoseconds since
    /// 1970. What was before the start is its start.
    pub(crate) fn since(self, start: u64) -> u64 {
        match self {
            Self::SinceStart(time) => time,
            Self::Since1970(time) => time.saturating_sub(start),
        }
    }
}

/// Reads a moment, for clap: `+3.5s`, `2026-11-24T06:46:31.95Z`, or nanoseconds.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    if let Some(offset) = text.strip_prefix('+') {
        return Ok(Moment::SinceStart(length(offset)?.as_nanos() as u64));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = text.parse().map_err(|error| format!("'{text}': {error}"))?;
        return Ok(Moment::SinceStart(number));
    }
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| {
        format!(
            "{error}: give an offset from the run's start (+3.5s, +1m30s), a time of RFC 3339 \
             (2026-11-24T06:46:31.95Z), or nanoseconds since the start"
        )
    })?;
    let time = time.timestamp_nanos_opt().and_then(|time| u64::try_from(time).ok());
    time.map(Moment::Since1970).ok_or_else(|| format!("'{text}' is not of this age"))
}

/// Reads a length of time, for clap: `3.5s`, `1m30s`, `250ms`.
pub(crate) fn length(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let lengths = [
            ("3.5s", 3_500_000_000),
            ("250ms", 250_000_000),
            ("1.5us", 1_500),
            ("7ns", 7),
            ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000),
        ];
        for (text, ns) in lengths {
            assert_eq!(length(text), Ok(Duration::from_nanos(ns)), "{text}");
        }
        for text in ["", ".", "s", "1.2.3s", "-1s", "3 apples", "2"] {
            assert!(length(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments() {
        assert_eq!(moment("+0.25s"), Ok(Moment::SinceStart(250_000_000)));
        assert_eq!(moment("12345"), Ok(Moment::SinceStart(12_345)));
        let start = 1_700_000_000_000_000_000;
        for text in ["2023-11-14T22:13:21.5Z", "2023-11-15T00:13:21.5+02:00"] {
            assert_eq!(moment(text).map(|moment| moment.since(start)), Ok(1_500_000_000), "{text}");
        }
        assert_eq!(moment("1999-01-01T00:00:00Z").map(|moment| moment.since(start)), Ok(0));
        for text in ["", "+", "noon", "2023-11-14", "1.5", "-3s"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
