//! Memory that a thread of the tracee provides when it is touched (`userfaultfd(2)`).
//!
//! To read a page of it that is not there yet is to wait for that thread; and it
//! may be standing in a stop that waits for us. Such pages are left alone.

use crate::sys::memory::Remote;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

const PAGE: u64 = 4096;
/// Ranges that are kept apart; more are taken as one.
const RANGES: usize = 64;

/// Ranges of addresses that were registered, in whichever process.
#[derive(Debug, Default)]
pub(in crate::tracer) struct Served {
    ranges: Vec<Range<u64>>,
}

impl Served {
    /// A process has registered that range. Whether it was the first.
    pub(in crate::tracer) fn add(&mut self, start: u64, len: u64) -> bool {
        let first = self.ranges.is_empty();
        let range = start..start.saturating_add(len);
        if self.ranges.contains(&range) {
            return false;
        }
        self.ranges.push(range);
        if self.ranges.len() > RANGES {
            let (mut start, mut end) = (u64::MAX, 0);
            for range in self.ranges.drain(..) {
                (start, end) = (start.min(range.start), end.max(range.end));
            }
            self.ranges.push(start..end);
        }
        first
    }

    /// Whether reading that place may wait for a thread of the tracee.
    pub(super) fn would_wait(&self, tid: i32, place: Remote) -> bool {
        let end = place.address.saturating_add(place.len as u64);
        let touches = |range: &&Range<u64>| range.start < end && place.address < range.end;
        self.ranges.iter().filter(touches).any(|range| {
            let pages = place.address.max(range.start) / PAGE..end.min(range.end).div_ceil(PAGE);
            !are_present(tid, pages).unwrap_or(false)
        })
    }
}

/// Whether all those pages are in memory or swapped out (proc_pid_pagemap(5)).
fn are_present(tid: i32, pages: Range<u64>) -> std::io::Result<bool> {
    const PRESENT_OR_SWAPPED: u64 = 3 << 62;
    let map = File::open(format!("/proc/{tid}/pagemap"))?;
    for page in pages {
        let mut entry = [0; 8];
        map.read_exact_at(&mut entry, page.saturating_mul(8))?;
        if u64::from_ne_bytes(entry) & PRESENT_OR_SWAPPED == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_ranges_become_one() {
        let mut served = Served::default();
        assert!(served.add(0x1000, 0x1000));
        assert!(!served.add(0x1000, 0x1000));
        for n in 2..100 {
            assert!(!served.add(n * 0x10000, 0x1000));
        }
        assert!(served.ranges.len() <= RANGES);
        let all = |address| served.ranges.iter().any(|range| range.contains(&address));
        assert!(all(0x1000) && all(99 * 0x10000) && !all(0) && !all(100 * 0x10000));
    }

    #[test]
    fn pages_that_were_touched_are_present() {
        let tid = std::process::id() as i32;
        let bytes = [7u8; 100];
        let mut served = Served::default();
        let place = Remote { address: bytes.as_ptr() as u64, len: bytes.len() };
        served.add(place.address, place.len as u64);
        assert!(!served.would_wait(tid, place));
        // Nothing is mapped in the first page.
        served.add(0, PAGE);
        assert!(served.would_wait(tid, Remote { address: 8, len: 1 }));
        assert!(!served.would_wait(tid, Remote { address: PAGE, len: 1 }));
    }
}
