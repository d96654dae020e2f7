//! The part of an input that is being looked at.

use std::io::{self, Read};

/// Bytes that are asked of the input at least.
const CHUNK: usize = 128 << 10;

/// A buffer in front of an input that cannot seek.
pub(super) struct Window {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Where in the buffer the window starts, and where it ends.
    from: usize,
    to: usize,
    /// Bytes of the input before the buffer.
    passed: u64,
    ended: bool,
}

impl Window {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, buffer: Vec::new(), from: 0, to: 0, passed: 0, ended: false }
    }

    /// The bytes from here on: at least so many, unless the input ends before.
    pub(super) fn at_least(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.to - self.from < want && !self.ended {
            self.fill(want)?;
        }
        Ok(&self.buffer[self.from..self.to])
    }

    /// The bytes from here on that were read already.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.from..self.to]
    }

    /// Reads once. The buffer grows with what arrives, at most to twice its
    /// size, whatever was asked for.
    fn fill(&mut self, want: usize) -> io::Result<()> {
        if self.from > 0 && self.buffer.len() - self.to < CHUNK {
            self.buffer.copy_within(self.from..self.to, 0);
            self.passed += self.from as u64;
            (self.from, self.to) = (0, self.to - self.from);
        }
        if self.buffer.len() - self.to < CHUNK {
            let grown = (2 * self.to).min(want) + CHUNK;
            self.buffer.resize(grown.max(self.to + CHUNK), 0);
        }
        match self.input.read(&mut self.buffer[self.to..]) {
            Ok(0) => self.ended = true,
            Ok(read) => self.to += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Moves on.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.from = (self.from + bytes).min(self.to);
    }

    /// Bytes of the input before the window.
    pub(super) fn offset(&self) -> u64 {
        self.passed + self.from as u64
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").field("offset", &self.offset()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_moves_over_its_input() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
        let mut window = Window::new(Box::new(io::Cursor::new(bytes.clone())));
        for (step, at) in (0..1_000_000).step_by(3333).enumerate() {
            let want = if step % 7 == 0 { 300_000 } else { 100 };
            let seen = window.at_least(want).unwrap();
            assert!(seen.len() >= want.min(bytes.len() - at));
            assert_eq!(seen, &bytes[at..at + seen.len()]);
            assert_eq!(window.offset(), at as u64);
            window.advance(3333);
        }
        assert!(window.buffer.len() < 1_000_000);
    }
}
