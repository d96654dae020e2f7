//! A file that still grows.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

/// How long at most a follower sleeps before it looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// Reads a file; at its end waits for more until it is told to stop.
pub(super) struct Follow<F> {
    pub(super) file: File,
    pub(super) stop: F,
}

impl<F: Fn() -> bool> Read for Follow<F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            // Asked before the read: what was written before the stop is read.
            let stop = (self.stop)();
            let read = self.file.read(bytes)?;
            if read > 0 || stop {
                return Ok(read);
            }
            std::thread::sleep(PAUSE);
        }
    }
}
