//! Points in time, in the time zone of the machine that prints them, as strace
//! does: TZ, or `/etc/localtime`.

use std::fmt::Write as _;

use chrono::{DateTime, Local};

use super::structs::number;

/// The local time at `seconds` since 1970; `None` for years that no calendar has.
fn local(seconds: i64) -> Option<DateTime<Local>> {
    Some(DateTime::from_timestamp(seconds, 0)?.with_timezone(&Local))
}

/// Appends the time of day, `07:59:01`.
pub(super) fn time_of_day(seconds: i64, out: &mut String) {
    if let Some(time) = local(seconds) {
        // Writing to a string does not fail.
        let _ = write!(out, "{}", time.format("%H:%M:%S"));
    }
}

/// Appends a date with `digits` of `fraction`, unless that is 0:
/// `2023-11-14T22:13:20.000005+0000`. Says whether there is one: nothing for 1970's
/// beginning, which mostly means no time, and for a fraction of a second or more.
pub(super) fn date(seconds: i64, fraction: u64, digits: u32, out: &mut String) -> bool {
    let is_time = (seconds, fraction) != (0, 0) && fraction < 10u64.pow(digits);
    let Some(time) = local(seconds).filter(|_| is_time) else { return false };
    // Writing to a string does not fail.
    let _ = write!(out, "{}", time.format("%Y-%m-%dT%H:%M:%S"));
    if fraction != 0 {
        let _ = write!(out, ".{fraction:00$}", digits as usize);
    }
    let _ = write!(out, "{}", time.format("%z"));
    true
}

/// Appends the same as a comment behind a number or struct.
pub(super) fn comment(seconds: i64, fraction: u64, digits: u32, out: &mut String) {
    let from = out.len();
    out.push_str(" /* ");
    if date(seconds, fraction, digits, out) {
        out.push_str(" */");
    } else {
        out.truncate(from);
    }
}

/// The signed number of `size` bytes at `offset`.
pub(super) fn signed(bytes: &[u8], offset: usize, size: usize) -> i64 {
    let unused = 64 - 8 * size.clamp(1, 8) as u32;
    (number(bytes, offset, size) << unused) as i64 >> unused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seconds: i64, fraction: u64, digits: u32) -> String {
        let mut out = String::new();
        comment(seconds, fraction, digits, &mut out);
        out
    }

    /// The zone is the machine's; what stands before it is a date in any zone.
    #[test]
    fn dates_have_their_fraction() {
        let text = shown(1_700_000_000, 5, 6);
        assert!(text.starts_with(" /* 2023-11-1"), "{text}");
        assert!(text.contains(":20.000005"), "{text}");
        assert!(shown(-5, 0, 9).contains(":55"));
        assert!(!shown(1_700_000_000, 0, 9).contains('.'));
    }

    #[test]
    fn what_is_no_time_has_no_date() {
        for (seconds, fraction, digits) in
            [(0, 0, 9), (1, 1_000_000_000, 9), (1, u64::MAX, 6), (i64::MAX, 0, 9), (i64::MIN, 0, 9)]
        {
            assert_eq!(shown(seconds, fraction, digits), "");
        }
    }

    #[test]
    fn numbers_keep_their_sign() {
        assert_eq!(signed(&[0xff, 0xff, 0xff, 0xff, 1], 0, 4), -1);
        assert_eq!(signed(&(-5i64).to_le_bytes(), 0, 8), -5);
        assert_eq!(signed(&[], 0, 8), 0);
    }
}
