//! Bytes and strings out of a tracee, a page at a time.

use super::served::Served;
use crate::event::State;
use crate::sys::memory::{self, Remote};
use std::cell::Cell;
use std::io;

const PAGE: u64 = 4096;

/// Reads a tracee's memory. It keeps what it read last, since the strings of one
/// stop often lie together; [`Reader::begin`] forgets it.
#[derive(Debug)]
pub(in crate::tracer) struct Reader {
    tid: i32,
    /// The address of the first byte in `window`.
    from: u64,
    window: Vec<u8>,
    /// Why memory could not be read that the kernel reads, if that has happened.
    lost: Cell<Option<i32>>,
    /// Memory that we must not touch first.
    pub(in crate::tracer) served: Served,
}

impl Reader {
    pub(in crate::tracer) fn new() -> Self {
        let window = Vec::with_capacity(PAGE as usize);
        Self { tid: 0, from: 0, window, lost: Cell::new(None), served: Served::default() }
    }

    /// The error by which memory could not be read since this was last asked, where
    /// that is none of the tracee's: a bad pointer is, a lack of privilege is not.
    pub(in crate::tracer) fn take_lost(&self) -> Option<io::Error> {
        self.lost.take().map(io::Error::from_raw_os_error)
    }

    /// Reads what can be read without waiting for the tracee.
    fn read(&self, place: Remote, to: &mut [u8]) -> io::Result<usize> {
        if self.served.would_wait(self.tid, place) {
            return Err(io::Error::from_raw_os_error(libc::EFAULT));
        }
        let read = memory::read(self.tid, &[place], to);
        let error = read.as_ref().err().and_then(io::Error::raw_os_error);
        // ESRCH: it is gone, and its end will say so.
        if let Some(error) = error.filter(|error| ![libc::EFAULT, libc::ESRCH].contains(error)) {
            self.lost.set(Some(error));
        }
        read
    }

    /// Starts with a task at a new stop: its memory may have changed.
    pub(in crate::tracer) fn begin(&mut self, tid: i32) {
        self.tid = tid;
        self.window.clear();
    }

    /// Appends `len` bytes at `address` to `into`.
    pub(in crate::tracer) fn bytes(&self, address: u64, len: usize, into: &mut Vec<u8>) -> State {
        if len == 0 {
            return State::Whole;
        }
        let start = into.len();
        into.resize(start + len, 0);
        let mut got = 0;
        // A read across pages may be short where a later page faults; asking again
        // at that place tells.
        while got < len {
            let place = Remote { address: address.wrapping_add(got as u64), len: len - got };
            match self.read(place, &mut into[start + got..]) {
                Ok(n) if n > 0 => got += n,
                _ => break,
            }
        }
        into.truncate(start + got);
        match got {
            0 => State::Unreadable,
            _ if got < len => State::Faulted,
            _ => State::Whole,
        }
    }

    /// Appends the string at `address`, without its NUL and up to `max` bytes.
    pub(in crate::tracer) fn string(
        &mut self,
        mut address: u64,
        max: usize,
        into: &mut Vec<u8>,
    ) -> State {
        let start = into.len();
        loop {
            let Some(chunk) = self.chunk(address) else {
                return if into.len() == start { State::Unreadable } else { State::Faulted };
            };
            let room = max - (into.len() - start);
            let end = chunk.iter().position(|byte| *byte == 0);
            let len = end.unwrap_or(chunk.len());
            into.extend_from_slice(&chunk[..len.min(room)]);
            if len > room {
                return State::Cut;
            }
            if end.is_some() {
                return State::Whole;
            }
            let read = chunk.len() as u64;
            let Some(next) = address.checked_add(read) else { return State::Faulted };
            address = next;
        }
    }

    /// The bytes from `address` to the end of its page, from the window where it
    /// has them.
    fn chunk(&mut self, address: u64) -> Option<&[u8]> {
        let inside = address.wrapping_sub(self.from);
        if inside >= self.window.len() as u64 {
            let len = (PAGE - address % PAGE) as usize;
            let mut window = std::mem::take(&mut self.window);
            window.resize(len, 0);
            let got = self.read(Remote { address, len }, &mut window);
            window.truncate(got.unwrap_or(0));
            self.window = window;
            self.from = address;
            return (!self.window.is_empty()).then_some(&self.window);
        }
        Some(&self.window[inside as usize..])
    }

    /// A little-endian word of `size` bytes (4 or 8) at `address`.
    pub(in crate::tracer) fn word(&self, address: u64, size: usize) -> Option<u64> {
        let mut bytes = [0; 8];
        let place = Remote { address, len: size };
        let got = self.read(place, bytes.get_mut(..size)?).ok()?;
        (got == size).then(|| u64::from_le_bytes(bytes))
    }
}
