//! Points in time, in the time zone of the machine that prints them, as strace
//! does: TZ, or `/etc/localtime`.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, Local, Timelike as _};

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
    put_moment(&time, out);
    if fraction != 0 {
        // Writing to a string does not fail.
        let _ = write!(out, ".{fraction:00$}", digits as usize);
    }
    put_zone(&time, out);
    true
}

/// Appends `2023-11-14T22:13:20`. With `-v` each file that is looked at has three dates,
/// and chrono's own formatting was a sixth of the time of an export.
fn put_moment(time: &DateTime<Local>, out: &mut String) {
    let Some(year) = u32::try_from(time.year()).ok().filter(|year| *year <= 9999) else {
        // Writing to a string does not fail.
        let _ = write!(out, "{}", time.format("%Y-%m-%dT%H:%M:%S"));
        return;
    };
    two_digits(year / 100, out);
    two_digits(year % 100, out);
    for (mark, number) in [
        ('-', time.month()),
        ('-', time.day()),
        ('T', time.hour()),
        (':', time.minute()),
        (':', time.second()),
    ] {
        out.push(mark);
        two_digits(number, out);
    }
}

/// Appends the difference to UTC, `+0000`.
fn put_zone(time: &DateTime<Local>, out: &mut String) {
    let east = time.offset().local_minus_utc();
    if east % 60 != 0 {
        // Writing to a string does not fail.
        let _ = write!(out, "{}", time.format("%z"));
        return;
    }
    out.push(if east < 0 { '-' } else { '+' });
    two_digits(east.unsigned_abs() / 3600, out);
    two_digits(east.unsigned_abs() / 60 % 60, out);
}

fn two_digits(number: u32, out: &mut String) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(char::from(b'0' + digit as u8));
    }
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
    fn dates_are_those_of_chrono() {
        // Before 1900 zones have odd seconds; beyond 9999 and before 0 years have signs.
        for seconds in (-70_000_000_000..300_000_000_000).step_by(1_234_567_891).chain([1, 86_399])
        {
            let expected = local(seconds).expect("a date").format("%Y-%m-%dT%H:%M:%S%z");
            let mut out = String::new();
            assert!(date(seconds, 0, 9, &mut out));
            assert_eq!(out, expected.to_string());
        }
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
