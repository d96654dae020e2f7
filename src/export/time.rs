//! Points in time as text, and their digits: millions of them are written, and
//! `write!` takes some ten times as long.

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// Appends `ns`, nanoseconds since 1970, as `2026-11-24T04:25:44.000000001Z`
/// (RFC 3339, also an `xsd:dateTime`).
pub(super) fn write_utc(ns: u64, out: &mut String) {
    let (seconds, fraction) = (ns / SECOND, ns % SECOND);
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let parts = [(year, 4, '-'), (month, 2, '-'), (day, 2, 'T'), (hour, 2, ':'), (minute, 2, ':')];
    for (number, width, end) in parts.into_iter().chain([(second, 2, '.'), (fraction, 9, 'Z')]) {
        put_digits(number, width, out);
        out.push(end);
    }
}

/// Appends a number in decimal, with zeros in front where it has fewer digits
/// than `width`, which is at most 20.
pub(super) fn put_digits(mut number: u64, width: usize, out: &mut String) {
    let mut digits = [b'0'; 20];
    let mut from = digits.len();
    while number != 0 || digits.len() - from < width {
        from -= 1;
        digits[from] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend(digits[from..].iter().map(|digit| char::from(*digit)));
}

/// Year, month and day of a day counted from 1970-01-01: the years are taken from
/// March on, so that the leap day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468; // from 0000-03-01
    const ERA: u64 = 146_097; // days of 400 years
    let days = days + DAYS_TO_1970;
    let day_of_era = days % ERA;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = days / ERA * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number() {
        for (number, width, shown) in [(0, 1, "0"), (7, 3, "007"), (1234, 1, "1234")] {
            let mut out = String::new();
            put_digits(number, width, &mut out);
            assert_eq!(out, shown);
        }
        let mut out = String::new();
        put_digits(u64::MAX, 20, &mut out);
        assert_eq!(out, u64::MAX.to_string());
    }

    #[test]
    fn known_moments() {
        let shown = |ns| {
            let mut out = String::new();
            write_utc(ns, &mut out);
            out
        };
        assert_eq!(shown(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(shown(951_782_400 * SECOND + 1), "2000-02-29T00:00:00.000000001Z");
        assert_eq!(shown(1_795_494_344 * SECOND), "2026-11-24T04:25:44.000000000Z");
        assert_eq!(shown(4_107_542_399 * SECOND), "2100-02-28T23:59:59.000000000Z");
        assert_eq!(shown(4_107_542_400 * SECOND), "2100-03-01T00:00:00.000000000Z");
        assert_eq!(shown(u64::MAX), "2554-07-21T23:34:33.709551615Z");
    }
}
