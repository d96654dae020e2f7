//! Finding blocks, also behind damage.

use super::window::Window;
use crate::log::frame::{self, Block, Step};
use crate::log::layout::{PREFIX, PREFIX_COMMON, SEARCH_BYTES, TAIL, TAIL_START};
use std::io;

/// Bytes that are looked at when the next block is searched for.
const STRIDE: usize = 64 << 10;

/// Looks for blocks from the window's start on.
#[derive(Debug)]
pub(super) struct Scanner {
    pub(super) window: Window,
    /// What the run's blocks start with; unknown while the header is damaged and
    /// no block has been found.
    pub(super) prefix: Option<[u8; PREFIX]>,
}

/// What stands where the window starts.
#[derive(Debug)]
pub(super) enum Found {
    /// A sound block, whole in the window.
    Block(Block),
    /// The tail, with the offset that it gives for the index.
    Tail(u64),
    /// The input's end.
    End,
}

impl Scanner {
    /// Moves the window over what is damaged to the next sound thing, and tells
    /// what it is. The caller passes over it.
    pub(super) fn find(&mut self) -> io::Result<Found> {
        loop {
            if let Some(found) = self.look()? {
                return Ok(found);
            }
            self.skip_to_candidate()?;
        }
    }

    /// The same, near the beginning of an input of which nothing is known yet.
    /// `None`: it is no log.
    pub(super) fn find_first(&mut self) -> io::Result<Option<Found>> {
        while self.window.offset() < SEARCH_BYTES {
            match self.look()? {
                Some(Found::End) => return Ok(None),
                Some(found) => return Ok(Some(found)),
                None => self.skip_to_candidate()?,
            }
        }
        Ok(None)
    }

    /// What stands here; `None`: nothing sound.
    fn look(&mut self) -> io::Result<Option<Found>> {
        let start = self.window.at_least(TAIL)?;
        if start.is_empty() {
            return Ok(Some(Found::End));
        }
        if let Some(offset) = tail(start) {
            return Ok(Some(Found::Tail(offset)));
        }
        if self.is_marker() { self.look_at_block() } else { Ok(None) }
    }

    fn is_marker(&self) -> bool {
        let bytes = self.window.bytes();
        match &self.prefix {
            Some(prefix) => bytes.starts_with(prefix),
            None => bytes.starts_with(&PREFIX_COMMON) && bytes.len() >= PREFIX,
        }
    }

    fn look_at_block(&mut self) -> io::Result<Option<Found>> {
        let mut want = PREFIX;
        loop {
            let bytes = self.window.at_least(want)?;
            match frame::read(bytes) {
                Step::Sound(block) => {
                    self.prefix = bytes.first_chunk().copied();
                    return Ok(Some(Found::Block(block)));
                }
                Step::Need(more) if more > bytes.len() && bytes.len() >= want => want = more,
                // A block that is cut off, or is none.
                _ => return Ok(None),
            }
        }
    }

    /// Moves the window by a byte at least, to where a block or the tail may
    /// start.
    fn skip_to_candidate(&mut self) -> io::Result<()> {
        self.window.advance(1);
        loop {
            let bytes = self.window.at_least(PREFIX)?;
            let bytes = &bytes[..bytes.len().min(STRIDE)];
            if bytes.is_empty() {
                return Ok(());
            }
            let may_start = |at: &usize| {
                let (here, block) = (&bytes[*at..], &PREFIX_COMMON[..]);
                begins(here, block) || begins(here, &TAIL_START)
            };
            if let Some(at) = (0..bytes.len()).find(may_start) {
                self.window.advance(at);
                return Ok(());
            }
            let len = bytes.len();
            self.window.advance(len);
        }
    }
}

/// Whether `bytes` starts with `pattern`, as far as there are bytes.
fn begins(bytes: &[u8], pattern: &[u8]) -> bool {
    let len = bytes.len().min(pattern.len());
    bytes[..len] == pattern[..len]
}

/// The offset in the tail, if the bytes start with one.
fn tail(bytes: &[u8]) -> Option<u64> {
    let rest = bytes.strip_prefix(&TAIL_START)?;
    rest.first_chunk().map(|offset| u64::from_be_bytes(*offset))
}
