//! Looking at a tracee's socket through a copy of its descriptor.

use super::check;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The most bytes that a socket address has (`struct sockaddr_storage`).
pub const ADDRESS_MAX: usize = size_of::<libc::sockaddr_storage>();

/// What a socket says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// `SO_DOMAIN`: the address family.
    pub family: i32,
    /// `SO_TYPE`.
    pub kind: i32,
    /// `SO_PROTOCOL`.
    pub protocol: i32,
    /// `getsockname(2)`: a `struct sockaddr`; empty where there is none.
    pub local: Vec<u8>,
    /// `getpeername(2)`; empty where it is not connected.
    pub remote: Vec<u8>,
    /// `SO_PEERCRED`: of a connected Unix socket, the process that connected to it, or
    /// that listened, by our own PID namespace.
    pub peer: Option<i32>,
}

/// Looks at descriptor `fd` of process `pid` (`pidfd_getfd(2)`, Linux 5.6).
///
/// # Errors
/// EPERM without the right to trace it; EBADF, ESRCH; ENOTSOCK.
pub fn look(pid: i32, fd: i32) -> io::Result<Socket> {
    let process = owned(
        // SAFETY: asks for a descriptor by numbers.
        check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?,
    );
    let copy = owned(
        // SAFETY: asks for a descriptor by numbers.
        check(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) })?,
    );
    let socket = copy.as_raw_fd();
    Ok(Socket {
        family: option(socket, libc::SO_DOMAIN)?,
        kind: option(socket, libc::SO_TYPE)?,
        protocol: option(socket, libc::SO_PROTOCOL)?,
        local: address(socket, libc::getsockname),
        remote: address(socket, libc::getpeername),
        peer: peer(socket),
    })
}

fn owned(fd: i64) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for us alone.
    unsafe { OwnedFd::from_raw_fd(fd as i32) }
}

fn option(socket: i32, name: i32) -> io::Result<i32> {
    let mut value = 0i32;
    let mut len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: `value` is an int of the length that is passed.
    check(i64::from(unsafe {
        libc::getsockopt(socket, libc::SOL_SOCKET, name, (&raw mut value).cast(), &raw mut len)
    }))?;
    Ok(value)
}

fn peer(socket: i32) -> Option<i32> {
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: `peer` is of the type and length that the option has.
    check(i64::from(unsafe {
        libc::getsockopt(
            socket,
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut len,
        )
    }))
    .ok()?;
    (peer.pid > 0).then_some(peer.pid)
}

type Ask = unsafe extern "C" fn(i32, *mut libc::sockaddr, *mut libc::socklen_t) -> i32;

fn address(socket: i32, ask: Ask) -> Vec<u8> {
    let mut bytes = vec![0u8; ADDRESS_MAX];
    let mut len = ADDRESS_MAX as libc::socklen_t;
    // SAFETY: `bytes` has the length that is passed.
    if unsafe { ask(socket, bytes.as_mut_ptr().cast(), &raw mut len) } != 0 {
        len = 0;
    }
    bytes.truncate(len as usize);
    bytes
}
