//! Points in time as text: millions of them are written, and `write!` takes some ten
//! times as long.

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// Appends `ns`, nanoseconds since 1970, as `2026-11-24T04:25:44.000000001Z`
/// (RFC 3339, also an `xsd:dateTime`).
pub(super) fn write_utc(ns: u64, out: &mut String) {
    let (seconds, fraction) = (ns / SECOND, ns % SECOND);
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    let parts = [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, hour),
        (14..16, minute),
        (17..19, second),
        (20..29, fraction),
    ];
    for (place, number) in parts {
        fill(&mut text[place], number);
    }
    // All ASCII, so this does not fail.
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

/// Puts a number's last digits into a place.
fn fill(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
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
