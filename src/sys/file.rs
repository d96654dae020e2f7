//! Looking at a tracee's files without asking their file system.

use super::check;
use std::ffi::CString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;

/// What the kernel has in memory about a file (`statx(2)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stat {
    /// Device number (`st_dev`).
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Type and permission bits.
    pub mode: u32,
    /// Size in bytes.
    pub size: u64,
    /// Last modification, nanoseconds since 1970.
    pub modified: i64,
    /// Last change, nanoseconds since 1970.
    pub changed: i64,
    /// Birth, nanoseconds since 1970, where the file system keeps it.
    pub born: Option<i64>,
    /// Device number of a device file (`st_rdev`); 0 of other files.
    pub special: u64,
}

impl Stat {
    /// Whether a file has, by its size and times, the content that it had then.
    pub fn has_content_of(&self, then: &Self) -> bool {
        let content = |stat: &Self| (stat.size, stat.modified, stat.changed);
        content(self) == content(then)
    }
}

impl From<&Metadata> for Stat {
    fn from(meta: &Metadata) -> Self {
        let time =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            mode: meta.mode(),
            size: meta.size(),
            modified: time(meta.mtime(), meta.mtime_nsec()),
            changed: time(meta.ctime(), meta.ctime_nsec()),
            born: meta.created().ok().and_then(|time| {
                let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
                i64::try_from(since.as_nanos()).ok()
            }),
            special: meta.rdev(),
        }
    }
}

/// Looks at a file through a link of `/proc`, as `/proc/PID/fd/N`: such a link leads
/// to the open file itself, no name is looked up.
///
/// It does not wait for the file's server (`AT_STATX_DONT_SYNC`): that may be a tracee
/// that stands in a stop, or be out of reach. What the kernel knows is at most as old
/// as the call that gave the tracee the file.
///
/// # Errors
/// ENOENT where the descriptor or the process is gone; EACCES where the file system
/// shows its files to their owner alone (FUSE without `allow_other`).
pub fn look(link: &str) -> io::Result<Stat> {
    let link = CString::new(link)?;
    // SAFETY: all-zero bytes are a valid value of this plain C struct.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    let flags = libc::AT_STATX_DONT_SYNC | libc::AT_NO_AUTOMOUNT;
    let mask = libc::STATX_BASIC_STATS | libc::STATX_BTIME;
    // SAFETY: `link` is NUL-terminated, `found` is valid to write.
    check(i64::from(unsafe {
        libc::statx(libc::AT_FDCWD, link.as_ptr(), flags, mask, &raw mut found)
    }))?;
    Ok(Stat {
        device: libc::makedev(found.stx_dev_major, found.stx_dev_minor),
        inode: found.stx_ino,
        mode: u32::from(found.stx_mode),
        size: found.stx_size,
        modified: nanoseconds(found.stx_mtime),
        changed: nanoseconds(found.stx_ctime),
        born: (found.stx_mask & libc::STATX_BTIME != 0).then(|| nanoseconds(found.stx_btime)),
        special: libc::makedev(found.stx_rdev_major, found.stx_rdev_minor),
    })
}

/// Saturating: a file system may have any time.
const fn nanoseconds(time: libc::statx_timestamp) -> i64 {
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn a_file_is_seen_as_stat_sees_it() {
        for path in ["/proc/self/exe", "/dev/null"] {
            let file = std::fs::File::open(path).expect("it is there");
            let meta = file.metadata().expect("an open file");
            let link = format!("/proc/self/fd/{}", file.as_raw_fd());
            let seen = look(&link).expect("an open file");
            assert_eq!(seen, Stat::from(&meta));
            assert_eq!((seen.device, seen.inode, seen.size), (meta.dev(), meta.ino(), meta.size()));
        }
    }
}
