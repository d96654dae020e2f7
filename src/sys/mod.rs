//! The only room with `unsafe`: what rtrace asks of the kernel and no safe
//! crate offers, or offers wrongly (nix's `WaitStatus` fails on real-time
//! signals and cannot inject them). Each function is one request, with errors
//! as `io::Error`; decisions are taken above.
#![allow(unsafe_code)] // This is the room; each block tells its reason.

pub mod affinity;
pub mod aside;
pub mod clock;
pub mod file;
pub mod lock;
pub mod memory;
pub mod ptrace;
pub mod seccomp;
pub mod shared;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod startup;
pub mod wait;

use std::io;

fn errno() -> i32 {
    // SAFETY: errno's address is always valid.
    unsafe { *libc::__errno_location() }
}

/// A system call's −1 as `io::Error`.
fn check(result: i64) -> io::Result<i64> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
