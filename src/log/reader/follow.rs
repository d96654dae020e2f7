//! A file that still grows.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

/// How long at most a follower sleeps before it looks again.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// Whether to stop waiting for a file to grow.
pub(super) type Stop = Arc<dyn Fn(&File) -> bool + Send + Sync>;

/// Reads a file; at its end waits for more until it is told to stop.
pub(super) struct Follow {
    pub(super) file: File,
    pub(super) stop: Stop,
}

impl Read for Follow {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            // Asked before the read: what was written before the stop is read.
            let stop = (self.stop)(&self.file);
            let read = self.file.read(bytes)?;
            if read > 0 || stop {
                return Ok(read);
            }
            std::thread::sleep(PAUSE);
        }
    }
}
