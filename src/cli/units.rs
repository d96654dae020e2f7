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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_fitting_unit() {
        assert_eq!(duration(1_500), "1 µs");
        assert_eq!(duration(2_500_000), "2.5 ms");
        assert_eq!(duration(61_230_000_000), "61.23 s");
    }
}
