//! When observations are made, and when they are handed over.

use super::Sink;
use super::engine::Tracer;
use crate::sys::clock;
use std::sync::atomic::Ordering;

/// A batch is handed over when its oldest observation is that old, in ns.
const FLUSH_AFTER: u64 = 170_000_000;
/// … or when it has that many records (a block has at most 16,384) …
const FLUSH_RECORDS: usize = 12_000;
/// … or that many bytes of memory.
const FLUSH_BYTES: usize = 1 << 20;
/// Calls that are pending then may have megabytes of argv each: with so many bytes
/// the batch goes, and the others are in the next one.
const SPLIT_BYTES: usize = 2 << 20;

impl<S: Sink> Tracer<S> {
    /// A time for an observation: later than all before it.
    pub(super) fn now(&mut self) -> u64 {
        let now = (clock::monotonic() - self.base).max(self.last_time + 1);
        self.last_time = now;
        if self.dirty_since.is_none() {
            self.dirty_since = Some(now);
            self.shared.dirty.store(true, Ordering::Relaxed);
        }
        now
    }

    pub(super) fn flush_if_due(&mut self) {
        if self.dirty_since.is_none() {
            self.take_contents();
        }
        let Some(since) = self.dirty_since else { return };
        let full = self.batch.len() >= FLUSH_RECORDS || self.batch.byte_len() >= FLUSH_BYTES;
        if full || clock::monotonic() - self.base >= since + FLUSH_AFTER {
            self.flush();
        }
    }

    /// Hands over the batch, with the calls that are pending now.
    pub(super) fn flush(&mut self) {
        self.take_contents();
        for task in self.tasks.values_mut() {
            if !task.id.is_none() {
                task.write_begun(&mut self.batch);
            }
            if self.batch.byte_len() >= SPLIT_BYTES {
                let full = std::mem::take(&mut self.batch);
                self.batch = self.sink.submit(full);
            }
        }
        self.dirty_since = None;
        self.shared.dirty.store(false, Ordering::SeqCst);
        if self.has_contents() {
            self.shared.dirty.store(true, Ordering::SeqCst); // they came in between
        }
        if !self.batch.is_empty() {
            let full = std::mem::take(&mut self.batch);
            self.batch = self.sink.submit(full);
        }
    }
}
