//! Reading a tracee's memory (`process_vm_readv(2)`).

use super::check;
use std::io;

/// Where memory lies in the tracee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Address in the tracee.
    pub address: u64,
    /// Bytes.
    pub len: usize,
}

/// How many places one gathered read may take; the kernel allows 1,024.
pub const GATHER: usize = 16;

/// Reads several places of a tracee, one after the other, into `to`: the bytes
/// that were read. Fewer than asked means that the memory after them cannot be
/// read; the kernel copies whole pages' parts, so the count is exact.
///
/// # Errors
/// EFAULT where the first byte cannot be read; EPERM for an undumpable process
/// without privilege; ESRCH where it is gone; EINVAL for more than [`GATHER`]
/// places or a wrap-around.
pub fn read(tid: i32, places: &[Remote], to: &mut [u8]) -> io::Result<usize> {
    if places.len() > GATHER {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let mut remote = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; GATHER];
    for (iovec, place) in remote.iter_mut().zip(places) {
        iovec.iov_base = place.address as usize as *mut libc::c_void;
        iovec.iov_len = place.len;
    }
    let local = libc::iovec { iov_base: to.as_mut_ptr().cast(), iov_len: to.len() };
    // SAFETY: `local` covers `to`, which is ours to write; the addresses in
    // `remote` are the tracee's and are never dereferenced here.
    check(unsafe {
        libc::process_vm_readv(tid, &raw const local, 1, remote.as_ptr(), places.len() as u64, 0)
    } as i64)
    .map(|n| n as usize)
}
