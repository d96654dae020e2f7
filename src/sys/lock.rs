//! A lock that says that a file is still being written (`fcntl_locking(2)`).
//!
//! It belongs to the open file description: the kernel drops it when the writer
//! has closed the file, or is dead, however it died.

use nix::fcntl::{FcntlArg, fcntl};
use std::fs::File;
use std::io;

/// Locks a file that is open for writing until it is closed.
///
/// # Errors
/// Somebody else holds it; the file system has no locks.
pub fn hold(file: &File) -> io::Result<()> {
    fcntl(file, FcntlArg::F_OFD_SETLK(&whole(libc::F_WRLCK)))?;
    Ok(())
}

/// Whether somebody holds the file by [`hold`], or might: where the file system
/// has no locks, one cannot know.
pub fn is_held(file: &File) -> bool {
    // What stands in the way of a reader is a writer.
    let mut lock = whole(libc::F_RDLCK);
    let asked = fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock));
    asked.is_err() || i32::from(lock.l_type) != libc::F_UNLCK
}

/// A lock of all bytes.
const fn whole(kind: i32) -> libc::flock {
    let (l_type, l_whence) = (kind as i16, libc::SEEK_SET as i16);
    libc::flock { l_type, l_whence, l_start: 0, l_len: 0, l_pid: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_held_until_the_writer_has_closed_the_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let writer = file.reopen().expect("open");
        let reader = File::open(file.path()).expect("open");
        assert!(!is_held(&reader));
        hold(&writer).expect("it is free");
        assert!(is_held(&reader));
        hold(&file.reopen().expect("open")).expect_err("it is held");
        drop(writer);
        assert!(!is_held(&reader));
    }
}
