//! Memory that a tracee provides when it is touched: by `userfaultfd(2)`, or as the
//! server of a FUSE file system of which a file is mapped.
//!
//! To read a page of it that is not there yet is to wait for that tracee; and it
//! may be standing in a stop that waits for us. Such pages are left alone.

use crate::sys::memory::Remote;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

const PAGE: u64 = 4096;
/// Ranges that are kept apart; more are taken as one.
const RANGES: usize = 64;

/// What tracees are known to provide.
#[derive(Debug, Default)]
pub(in crate::tracer) struct Served {
    /// Ranges of addresses that were registered, in whichever process.
    ranges: Vec<Range<u64>>,
    /// Whether a tracee may serve a FUSE file system.
    has_fuse: bool,
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

    /// A tracee may serve a FUSE file system from now on. Whether it is the first.
    pub(in crate::tracer) fn expect_fuse(&mut self) -> bool {
        !std::mem::replace(&mut self.has_fuse, true)
    }

    /// Whether tracees provide any memory.
    pub(in crate::tracer) fn is_any(&self) -> bool {
        self.has_fuse || !self.ranges.is_empty()
    }

    /// Whether reading that place may wait for a tracee.
    pub(super) fn would_wait(&self, tid: i32, place: Remote) -> bool {
        let end = place.address.saturating_add(place.len as u64);
        let touches = |range: &&Range<u64>| range.start < end && place.address < range.end;
        let is_absent =
            |from: u64, to: u64| !are_present(tid, from / PAGE..to.div_ceil(PAGE)).unwrap_or(false);
        self.ranges
            .iter()
            .filter(touches)
            .any(|range| is_absent(place.address.max(range.start), end.min(range.end)))
            || self.has_fuse
                && is_absent(place.address, end)
                && is_on_fuse(tid, &(place.address..end)).unwrap_or(true)
    }
}

/// Whether all those pages are in memory or swapped out (proc_pid_pagemap(5)).
fn are_present(tid: i32, pages: Range<u64>) -> io::Result<bool> {
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

/// Whether a page between those addresses belongs to a file on FUSE.
fn is_on_fuse(tid: i32, addresses: &Range<u64>) -> io::Result<bool> {
    // Names in both need not be text.
    let mounts = fs::read(format!("/proc/{tid}/mountinfo"))?;
    let mounts = String::from_utf8_lossy(&mounts);
    let devices: Vec<_> = mounts.lines().filter_map(fuse_device).collect();
    let maps = fs::read(format!("/proc/{tid}/maps"))?;
    let mut mappings = maps.split(|byte| *byte == b'\n').filter_map(mapping);
    Ok(mappings.any(|(range, device)| {
        range.start < addresses.end && addresses.start < range.end && devices.contains(&device)
    }))
}

/// The device of a line of `mountinfo` that is about a FUSE file system: `fuse`,
/// `fuse.sshfs`, `fuseblk` (proc_pid_mountinfo(5)).
fn fuse_device(line: &str) -> Option<(u32, u32)> {
    let (mount, system) = line.split_once(" - ")?;
    let (major, minor) = mount.split(' ').nth(2)?.split_once(':')?;
    let device = (major.parse().ok()?, minor.parse().ok()?);
    system.starts_with("fuse").then_some(device)
}

/// The addresses and the device of a line of `maps` (proc_pid_maps(5)).
fn mapping(line: &[u8]) -> Option<(Range<u64>, (u32, u32))> {
    let mut words = line.split(|byte| *byte == b' ').map(|word| str::from_utf8(word).ok());
    let (start, end) = words.next()??.split_once('-')?;
    let (major, minor) = words.nth(2)??.split_once(':')?;
    let address = |text| u64::from_str_radix(text, 16).ok();
    let number = |text| u32::from_str_radix(text, 16).ok();
    Some((address(start)?..address(end)?, (number(major)?, number(minor)?)))
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

    #[test]
    fn lines_of_proc_are_told_apart() {
        let mount = "36 35 0:42 / /mnt rw,nosuid - fuse.sshfs host: rw,user_id=0";
        assert_eq!(fuse_device(mount), Some((0, 42)));
        assert_eq!(fuse_device("36 35 254:0 / / rw - ext4 /dev/fuse rw"), None);
        let line = b"55f0-55f2 r--p 00001000 fe:2a 247030    /a \xff b";
        assert_eq!(mapping(line), Some((0x55f0..0x55f2, (0xfe, 0x2a))));
        assert_eq!(mapping(b""), None);
    }
}
