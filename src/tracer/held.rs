//! Files that wait to be hashed, held so that they can be found again whatever
//! becomes of their names; and let go for who unmounts their file system, which
//! could not otherwise (EBUSY).

use rustc_hash::FxHashMap;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So long an unmount waits for the file that is being read to be closed.
const PATIENCE: Duration = Duration::from_millis(200);

/// A file without asking anything of its file system (`O_PATH`, open(2)).
pub(super) fn path_only(path: &OsStr) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)
}

/// The files, between the tracer's thread and that which reads them.
#[derive(Debug)]
pub(super) struct Held {
    state: Mutex<State>,
    changed: Condvar,
    /// The file that is being read is to be closed.
    hurry: AtomicBool,
    /// How many files may be held.
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    files: FxHashMap<u64, File>,
    is_paused: bool,
    is_reading: bool,
}

impl Held {
    pub(super) fn new(limit: usize) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self { state, changed, hurry: AtomicBool::new(false), limit }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds the file of that number, if there is room.
    pub(super) fn hold(&self, number: u64, link: &OsStr) {
        let mut state = self.lock();
        if state.files.len() < self.limit
            && !state.is_paused
            && let Ok(file) = path_only(link)
        {
            state.files.insert(number, file);
        }
    }

    /// Lets all files go, and opens none until [`Self::resume`].
    pub(super) fn pause(&self) {
        let mut state = self.lock();
        state.is_paused = true;
        state.files.clear();
        self.hurry.store(true, Ordering::SeqCst);
        // One that its file system keeps waiting has to be left.
        drop(self.changed.wait_timeout_while(state, PATIENCE, |state| state.is_reading));
    }

    pub(super) fn resume(&self) {
        self.lock().is_paused = false;
        self.hurry.store(false, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Whether the reader is to close its file.
    pub(super) fn must_hurry(&self) -> bool {
        self.hurry.load(Ordering::SeqCst)
    }

    /// Reads the file of that number, if it is held, while none may be let go.
    pub(super) fn reading<T>(&self, number: u64, read: impl FnOnce(Option<File>) -> T) -> T {
        let state = self.lock();
        let paused = |state: &mut State| state.is_paused;
        let state = self.changed.wait_while(state, paused);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.is_reading = true;
        let file = state.files.remove(&number);
        drop(state);
        let result = read(file);
        self.lock().is_reading = false;
        self.changed.notify_all();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    use std::sync::mpsc::channel;
    use std::thread;

    fn link(file: &File) -> String {
        format!("/proc/self/fd/{}", file.as_raw_fd())
    }

    #[test]
    fn a_file_is_held_up_to_the_limit() {
        let file = tempfile::tempfile().expect("a file");
        let held = Held::new(1);
        held.hold(1, link(&file).as_ref());
        held.hold(2, link(&file).as_ref());
        let inode = |file: Option<File>| file.map(|file| file.metadata().expect("held").ino());
        assert_eq!(held.reading(1, inode), Some(file.metadata().expect("open").ino()));
        assert_eq!(held.reading(2, inode), None);
    }

    #[test]
    fn a_pause_waits_for_the_reader_and_the_reader_for_its_end() {
        let file = tempfile::tempfile().expect("a file");
        let held = &Held::new(1);
        held.hold(1, link(&file).as_ref());
        let (began, begun) = channel();
        let (paused, done) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                held.reading(1, |_| {
                    began.send(()).expect("somebody waits");
                    while !held.must_hurry() {
                        thread::yield_now();
                    }
                });
                held.reading(2, |_| paused.send(()).expect("somebody waits"));
            });
            begun.recv().expect("it reads");
            held.pause();
            assert!(done.try_recv().is_err(), "it reads on in a pause");
            held.resume();
            done.recv().expect("it goes on");
        });
    }
}
