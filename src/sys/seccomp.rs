//! A filter of system calls for the calling task, and all that it makes (`seccomp(2)`).

use super::{check, errno};
use std::fs;
use std::io;

/// One instruction of the kernel's classic BPF: `struct sock_filter`, `linux/filter.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// What to do: `BPF_*`, `linux/bpf_common.h`.
    pub code: u16,
    /// How many instructions a jump passes over when its comparison holds …
    pub holds: u8,
    /// … and when it does not.
    pub fails: u8,
    /// The number that it works with.
    pub operand: u32,
}

/// Installs a filter, by the privilege that the caller has, or else with
/// `PR_SET_NO_NEW_PRIVS`, which takes their effect from set-user-ID programs. To be called
/// between `fork(2)` and `execve(2)`: it makes system calls, and nothing else.
///
/// Without `SECCOMP_FILTER_FLAG_SPEC_ALLOW` older kernels turn mitigations on that make all
/// that the task does slower.
///
/// # Errors
/// The error number: EINVAL or ENOSYS where the kernel has no filters, or not this one.
pub(super) fn install(program: &[Instruction]) -> Result<(), i32> {
    let filter =
        libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut().cast() };
    let set = || {
        // SAFETY: the kernel reads `program`, which has the layout of `struct sock_filter`
        // and lives through the call.
        unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                &raw const filter,
            )
        }
    };
    if set() == 0 {
        return Ok(());
    }
    if errno() != libc::EACCES {
        return Err(errno());
    }
    // SAFETY: this request takes numbers alone.
    let is_set = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } == 0;
    if is_set && set() == 0 { Ok(()) } else { Err(errno()) }
}

/// Whether this process is filtered already, as in many containers.
pub fn is_filtered() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    mode.is_some_and(|mode| mode.trim() != "0")
}

/// Whether this process may install a filter without `PR_SET_NO_NEW_PRIVS`: whether it has
/// CAP_SYS_ADMIN (capget(2)).
///
/// # Errors
/// Those of `capget(2)`.
pub fn is_privileged() -> io::Result<bool> {
    const VERSION_3: u32 = 0x2008_0522;
    const CAP_SYS_ADMIN: u32 = 21;
    let mut header = [VERSION_3, 0];
    let mut sets = [0u32; 6];
    // SAFETY: both have the layout of linux/capability.h: version and pid; twice effective,
    // permitted, inheritable.
    check(unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr()) })?;
    Ok(sets[0] >> CAP_SYS_ADMIN & 1 != 0)
}
