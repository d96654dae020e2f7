//! Memory that this process has in common with those it forks (`mmap(2)`).

use super::check;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// Words that all sharers see, 0 at first. Those that are never touched cost nothing.
#[derive(Debug)]
pub struct Words {
    start: NonNull<AtomicU64>,
    len: usize,
}

// SAFETY: the memory is atomics, and stays where it is until the last owner is gone.
unsafe impl Send for Words {}
// SAFETY: as above.
unsafe impl Sync for Words {}

impl Words {
    /// So many words.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new(len: usize) -> io::Result<Self> {
        let (rights, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, wherever the kernel likes.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len * 8, rights, kind, -1, 0) };
        check(start as i64)?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, len })
    }
}

impl std::ops::Deref for Words {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is that long, page-aligned, of zeroes at first, and lives
        // as long as `self`; whoever else has it writes it by atomics too.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference to it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len * 8) };
    }
}
