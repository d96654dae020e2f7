//! A block as it lies in a file, on its way into another one.

use super::frame::{Block, Head};

/// A block that is copied without being written anew: what this rtrace does not know
/// of it, it need not understand.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) head: Head,
    /// Its sections, compressed as they are.
    pub(super) body: Vec<u8>,
}

impl Raw {
    /// Takes over a block of which `bytes` starts with the first.
    pub(super) fn copy(&mut self, block: &Block, bytes: &[u8]) {
        self.head.clone_from(&block.head);
        self.body.clear();
        self.body.extend_from_slice(bytes.get(block.body.clone()).unwrap_or_default());
    }
}
