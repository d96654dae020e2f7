//! time(2) and adjtimex(2).

use super::super::scalar::{address, decimal};
use super::super::{Site, date};

/// The kernel writes there what it also returns.
pub(super) fn time_argument(site: &Site<'_>, out: &mut String) {
    if site.word(0) == 0 || site.record.is_begun() || site.record.failed {
        return address(site.word(0), out);
    }
    out.push('[');
    decimal(site.record.result, out);
    date::comment(site.record.result, 0, 9, out);
    out.push(']');
}

pub(super) fn time_result(site: &Site<'_>, out: &mut String) {
    decimal(site.record.result, out);
    out.push_str(" (");
    date::date(site.record.result, 0, 9, out);
    out.push(')');
}

/// The state of the clock, by its names in adjtimex(2).
pub(super) fn clock_state(site: &Site<'_>, out: &mut String) {
    const STATES: [&str; 6] =
        ["TIME_OK", "TIME_INS", "TIME_DEL", "TIME_OOP", "TIME_WAIT", "TIME_ERROR"];
    decimal(site.record.result, out);
    let state = usize::try_from(site.record.result).ok().and_then(|state| STATES.get(state));
    if let Some(state) = state {
        out.push_str(" (");
        out.push_str(state);
        out.push(')');
    }
}
