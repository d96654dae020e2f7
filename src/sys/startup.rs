//! What the process looked like before Rust's runtime touched it.
//!
//! The runtime ignores SIGPIPE and opens `/dev/null` in place of a closed
//! descriptor 0, 1 or 2 before `main` runs. The command must start as it would
//! have without rtrace, so a constructor notes both before the runtime does.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

static SIGPIPE_IGNORED: AtomicBool = AtomicBool::new(false);
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Runs before `main` and before the runtime (ELF `.init_array`).
extern "C" fn note() {
    // SAFETY: an all-zero sigaction is a valid value of this plain C struct.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: `old` is valid to write; nothing is changed.
    unsafe { libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut old) };
    SIGPIPE_IGNORED.store(old.sa_sigaction == libc::SIG_IGN, Ordering::Relaxed);
    for fd in 0..3 {
        // SAFETY: F_GETFD only asks.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
        }
    }
}

// SAFETY: `note` has the C ABI that the loader calls, and uses nothing that the
// runtime sets up.
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE: extern "C" fn() = note;

/// Whether our caller had SIGPIPE ignored.
pub(super) fn sigpipe_ignored() -> bool {
    SIGPIPE_IGNORED.load(Ordering::Relaxed)
}

/// Which of the descriptors 0, 1 and 2 our caller had closed.
pub fn closed_descriptors() -> impl Iterator<Item = i32> {
    let closed = CLOSED.load(Ordering::Relaxed);
    (0..3).filter(move |fd| closed & (1 << fd) != 0)
}
