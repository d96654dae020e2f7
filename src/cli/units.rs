//! Quantities for people.

/// Nanoseconds as a time with as many digits as tell something.
pub(crate) fn duration(ns: u64) -> String {
    let (ms, s) = (ns / 1_000_000, ns / 1_000_000_000);
    match ns {
        0..1_000_000 => format!("{} µs", ns / 1_000),
        1_000_000..1_000_000_000 => format!("{ms}.{} ms", ns / 100_000 % 10),
        _ => format!("{s}.{:02} s", ns / 10_000_000 % 100),
    }
}

/// Nanoseconds in the unit that fits, with three digits.
pub(crate) fn time(ns: u64) -> String {
    scaled(ns, 1000.0, &["ns", "µs", "ms", "s"])
}

/// Bytes in the unit that fits, with three digits.
pub(crate) fn size(bytes: u64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn scaled(value: u64, step: f64, units: &[&str]) -> String {
    let Some((first, larger)) = units.split_first() else { return value.to_string() };
    let (mut scaled, mut unit) = (value as f64, first);
    for next in larger {
        if scaled < 999.5 {
            break;
        }
        (scaled, unit) = (scaled / step, next);
    }
    // What is rounded up to 10 or 100 has a digit more in front.
    let decimals = match scaled {
        _ if unit == first => 0,
        ..9.995 => 2,
        9.995..99.95 => 1,
        _ => 0,
    };
    format!("{scaled:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_three_digits() {
        let times = [0, 999, 1_000, 9_996, 99_960, 999_600, 4_321_000_000, 98_765_000_000_000];
        let shown =
            ["0 ns", "999 ns", "1.00 µs", "10.0 µs", "100 µs", "1.00 ms", "4.32 s", "98765 s"];
        assert_eq!(times.map(time), shown);
        assert_eq!([0, 1023, 1536, 5 << 20].map(size), ["0 B", "1.00 KiB", "1.50 KiB", "5.00 MiB"]);
    }

    #[test]
    fn durations_have_a_fitting_unit() {
        assert_eq!(duration(1_500), "1 µs");
        assert_eq!(duration(2_500_000), "2.5 ms");
        assert_eq!(duration(61_230_000_000), "61.23 s");
    }
}
