//! `--rotate`: how large or how old a file of a log may be.

use super::time::length;
use rtrace::record::Limit;

/// Reads a size or a length of time, for clap: `10M`, `1.5G`, `65536`; `30s`, `10m`, `1h`.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    let limit = match size(text) {
        Some(bytes) => Limit::Bytes(bytes),
        None => Limit::Time(length(text).map_err(|error| {
            format!("{error}: give a size (65536, 512K, 10M, 1G) or a time (30s, 10m, 1h)")
        })?),
    };
    match limit {
        Limit::Bytes(0) => Err("a file needs room for something".to_owned()),
        Limit::Time(time) if time.is_zero() => Err("a file needs time for something".to_owned()),
        limit => Ok(limit),
    }
}

/// Bytes; units are powers of 1,024 and upper case: `m` is for minutes.
fn size(text: &str) -> Option<u64> {
    let text = text.strip_suffix("iB").or(text.strip_suffix('B')).unwrap_or(text);
    let units = ['K', 'M', 'G', 'T'].into_iter().zip([1_u32, 2, 3, 4]);
    let unit = units.into_iter().find_map(|(unit, power)| Some((text.strip_suffix(unit)?, power)));
    let (number, power) = unit.unwrap_or((text, 0));
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = number.parse().ok().filter(|_| is_number)?;
    Some((number * 1024_f64.powi(power as i32)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn sizes_and_times() {
        let sizes = [
            ("65536", 65_536),
            ("512K", 524_288),
            ("10MiB", 10 << 20),
            ("1.5G", 3 << 29),
            ("7B", 7),
        ];
        for (text, bytes) in sizes {
            assert_eq!(limit(text), Ok(Limit::Bytes(bytes)), "{text}");
        }
        for (text, seconds) in [("30s", 30), ("10m", 600), ("1h", 3600)] {
            assert_eq!(limit(text), Ok(Limit::Time(Duration::from_secs(seconds))), "{text}");
        }
        for text in ["", "0", "0s", "K", "many", "-1", "10 apples"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
