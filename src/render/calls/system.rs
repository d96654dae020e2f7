//! syslog(2): the kernel's log.

use std::fmt::Write as _;

use super::super::Site;
use super::super::scalar::name_in;
use crate::abi;

/// Commands that read into a buffer: `READ`, `READ_ALL`, `READ_CLEAR`.
const READS: std::ops::RangeInclusive<u64> = 2..=4;
const CONSOLE_LEVEL: u64 = 8;
/// The last of those without arguments, `SIZE_BUFFER`.
const LAST: u64 = 10;

pub(super) fn log_count(site: &Site<'_>) -> Option<usize> {
    let action = site.word(0) & 0xffff_ffff;
    (action <= LAST && !READS.contains(&action) && action != CONSOLE_LEVEL).then_some(1)
}

/// The number, which most people know better than the name.
pub(super) fn log_action(site: &Site<'_>, out: &mut String) -> bool {
    let action = site.word(0) & 0xffff_ffff;
    let name = abi::set("syslog_type").and_then(|set| name_in(set, action));
    // Writing to a string does not fail.
    let _ = write!(out, "{} /* {} */", action as i32, name.unwrap_or("SYSLOG_ACTION_???"));
    true
}
