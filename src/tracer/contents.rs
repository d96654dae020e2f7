//! Hashes of what is in files (`--facts full`), made by a thread of its own: the
//! tracer waits neither for a disk nor for who serves a file.

use super::engine::Tracer;
use super::held::{Held, path_only};
use super::{Facts, Sink};
use crate::event::{Fact, FactKey, FactKind, TaskId, Value};
use crate::sys::affinity::{self, Cpus};
use crate::sys::file::Stat;
use crate::sys::signals;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded, unbounded};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Files of at most so many bytes are hashed whole …
const WHOLE: u64 = 64 << 20;
/// … of longer ones so many bytes at the beginning, and then as many at the end.
const PART: u64 = 8 << 20;

/// Files that wait: of more than that the log says that there were too many.
const QUEUE: usize = 1 << 16;
/// Files of these that are held, so that they may be renamed or deleted meanwhile; the
/// others are looked for by their name. At most a quarter of the descriptors that
/// rtrace may have.
const HELD: usize = 256;
/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;
/// States of files that are remembered as hashed, or as being so.
const KNOWN: usize = 1 << 16;
/// So long a file may take when the command has ended, before the others are given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same where rtrace is asked to go.
const HASTE: Duration = Duration::from_secs(1);

/// File systems whose files have no content but what reading them makes, and may
/// never end.
const MADE_UP: [&str; 20] = [
    "autofs",
    "bdev",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "sysfs",
    "tracefs",
];

/// A file to be hashed, and the event that led to it.
struct Job {
    tid: i32,
    task: TaskId,
    ordinal: u64,
    path: Vec<u8>,
    /// As it was at the stop.
    stat: Stat,
    /// Its number among the held.
    number: u64,
}

/// The tracer's side: the thread is started when it is first needed.
#[derive(Debug)]
pub(super) struct Contents {
    jobs: Option<Sender<Job>>,
    facts: Receiver<Fact>,
    held: Arc<Held>,
    last: u64,
    /// Tasks that unmount something just now.
    unmounting: FxHashSet<i32>,
    known: FxHashSet<Stat>,
}

impl Contents {
    /// Starts the thread; it sets `dirty` when it has something. `own` are the processors
    /// that it may use, where the calling thread is bound to one.
    fn start(dirty: Arc<AtomicBool>, own: Option<Cpus>) -> Self {
        let (jobs, waiting) = bounded::<Job>(QUEUE);
        let (done, facts) = unbounded();
        let held = Arc::new(Held::new((descriptors().unwrap_or(0) / 4).min(HELD)));
        let holder = Arc::clone(&held);
        let mask = signals::block_all();
        // Where there is no thread to be had, the channel is closed at once.
        drop(thread::Builder::new().spawn(move || {
            if let Some(own) = own {
                // Where it stays, it disturbs more.
                let _ = affinity::set(0, &own);
            }
            let mut mounts = FxHashMap::default();
            for job in waiting {
                // Nobody takes it: rtrace is about to end.
                if job.hash(&holder, &mut mounts).is_some_and(|fact| done.send(fact).is_err()) {
                    return;
                }
                dirty.store(true, Ordering::SeqCst);
            }
        }));
        mask.restore();
        let (unmounting, known) = (FxHashSet::default(), FxHashSet::default());
        Self { jobs: Some(jobs), facts, held, last: 0, unmounting, known }
    }

    /// Whether a file as it is now has to be hashed.
    fn wants(&mut self, stat: &Stat) -> bool {
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        let is_file = stat.mode & libc::S_IFMT == libc::S_IFREG;
        is_file && stat.size > 0 && self.known.insert(*stat)
    }
}

/// How many descriptors this process may have (`/proc/PID/limits`).
fn descriptors() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Names of file system types by device number.
type Mounts = FxHashMap<u64, String>;

/// The file system's type, from the mounts that the task sees; unknown for what is
/// mounted no longer, and for parts of a file system with a number of their own.
fn type_of(device: u64, tid: i32, mounts: &mut Mounts) -> Option<&str> {
    if !mounts.contains_key(&device) {
        for process in [format!("/proc/{tid}/mountinfo"), "/proc/self/mountinfo".into()] {
            let lines = fs::read_to_string(process).unwrap_or_default();
            mounts.extend(lines.lines().filter_map(mount));
        }
    }
    mounts.get(&device).map(String::as_str)
}

/// Device number and type of a line of mountinfo (proc_pid_mountinfo(5)).
fn mount(line: &str) -> Option<(u64, String)> {
    let (major, minor) = line.split(' ').nth(2)?.split_once(':')?;
    let kind = line.split_once(" - ")?.1.split(' ').next()?;
    Some((libc::makedev(major.parse().ok()?, minor.parse().ok()?), kind.to_owned()))
}

/// A hash and how much of the file it is of.
#[derive(Debug, PartialEq)]
struct Hashed {
    hash: [u8; 32],
    /// Bytes at each end; nothing where it is the whole file.
    part: Option<u64>,
    /// The file is not what it was at the stop, or changed while it was read.
    is_stale: bool,
}

impl Job {
    /// The fact; none of a file that has no content to speak of.
    fn hash(self, held: &Held, mounts: &mut Mounts) -> Option<Fact> {
        let kind = type_of(self.stat.device, self.tid, mounts);
        let hashed = match kind {
            Some(kind) if MADE_UP.contains(&kind) => return None,
            // Its server may be traced: who reads it is part of what is traced then.
            Some(kind) if kind.starts_with("fuse") => {
                Err("a process serves its file system".into())
            }
            _ => held
                .reading(self.number, |file| self.read(file, held))
                .map_err(|error| error.to_string()),
        };
        let Self { task, ordinal, path, stat, .. } = self;
        let mut fields = vec![(FactKey::Path, Value::Bytes(path))];
        super::facts::stat_fields(&stat, &mut fields);
        match hashed {
            Ok(hashed) => {
                fields.push((FactKey::Hash, Value::Bytes(hashed.hash.to_vec())));
                let part = hashed.part.map(|part| (FactKey::Part, Value::Number(part as i64)));
                fields.extend(part);
                fields.extend(hashed.is_stale.then_some((FactKey::Stale, Value::Number(1))));
            }
            Err(why) => fields.push((FactKey::Text, Value::Bytes(why.into_bytes()))),
        }
        Some(Fact { kind: FactKind::Content, task, ordinal, time: 0, fields })
    }

    fn read(&self, handle: Option<File>, held: &Held) -> io::Result<Hashed> {
        let by_name = || path_only(OsStr::from_bytes(&self.path));
        let handle = &handle.map_or_else(by_name, Ok)?;
        // Only then is it opened: to open a FIFO or a device does something.
        let found = Stat::from(&handle.metadata()?);
        let is_same = (found.device, found.inode) == (self.stat.device, self.stat.inode);
        if !is_same || found.mode & libc::S_IFMT != libc::S_IFREG {
            return Err(io::Error::other("another file has its name"));
        }
        let file = reopen(handle)?;
        let before = Stat::from(&file.metadata()?);
        let (hash, part) = hash(&file, before.size, held)?;
        let after = Stat::from(&file.metadata()?);
        let differs = |stat: &Stat| !stat.has_content_of(&before);
        Ok(Hashed { hash, part, is_stale: differs(&self.stat) || differs(&after) })
    }
}

/// Opens a file for reading; its time of access stays, where that is allowed.
fn reopen(handle: &File) -> io::Result<File> {
    let link = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let open = |flags| OpenOptions::new().read(true).custom_flags(flags).open(&link);
    open(flags | libc::O_NOATIME).or_else(|_| open(flags))
}

fn hash(file: &File, size: u64, held: &Held) -> io::Result<([u8; 32], Option<u64>)> {
    let mut hasher = blake3::Hasher::new();
    let (ranges, part) = if size <= WHOLE {
        ([0..size, 0..0], None)
    } else {
        ([0..PART, size - PART..size], Some(PART))
    };
    let mut buffer = vec![0; BUFFER];
    for Range { start: mut at, end } in ranges {
        while at < end {
            if held.must_hurry() {
                return Err(io::Error::other("something is being unmounted"));
            }
            let room = buffer.len().min((end - at) as usize);
            let read = file.read_at(&mut buffer[..room], at)?;
            if read == 0 {
                break; // it has become shorter
            }
            hasher.update(&buffer[..read]);
            at += read as u64;
        }
    }
    Ok((*hasher.finalize().as_bytes(), part))
}

impl<S: Sink> Tracer<S> {
    /// Has a file hashed as it is now: `link` is one of `/proc`'s to it.
    pub(super) fn hash_content(&mut self, tid: i32, ordinal: u64, link: &str, stat: &Stat) {
        if self.options.facts != Facts::Full {
            return;
        }
        let Some(task) = self.tasks.get(&tid).map(|task| task.id) else { return };
        let (dirty, own) = (&self.shared.dirty, self.placement.own());
        let start = || Contents::start(Arc::clone(dirty), own.cloned());
        let contents = self.contents.get_or_insert_with(start);
        let Ok(path) = fs::read_link(link) else { return };
        if !contents.wants(stat) {
            return;
        }
        contents.last += 1;
        contents.held.hold(contents.last, link.as_ref());
        let path = path.into_os_string().into_encoded_bytes();
        let job = Job { tid, task, ordinal, path, stat: *stat, number: contents.last };
        let Some(jobs) = &contents.jobs else { return };
        let (job, why): (Job, &[u8]) = match jobs.try_send(job) {
            Ok(()) => return,
            Err(TrySendError::Full(job)) => (job, b"too many files were waiting"),
            Err(TrySendError::Disconnected(job)) => (job, b"no thread could be started for it"),
        };
        let fields = vec![
            (FactKey::Path, Value::Bytes(job.path)),
            (FactKey::Text, Value::Bytes(why.to_vec())),
        ];
        let time = self.now();
        self.batch.push_fact(Fact { kind: FactKind::Content, task, ordinal, time, fields });
    }

    /// The same, because of the task's last call.
    pub(super) fn content_of_call(&mut self, tid: i32, link: &str, stat: &Stat) {
        let ordinal = self.tasks.get(&tid).map_or(0, |task| task.pending.ordinal);
        self.hash_content(tid, ordinal, link, stat);
    }

    /// A call begins: no file of ours must be in the way of an unmount.
    pub(super) fn before_unmount(&mut self, tid: i32) {
        let Some(contents) = &mut self.contents else { return };
        let prototype = self.tasks.get(&tid).and_then(|task| task.pending.prototype);
        if prototype.is_some_and(|prototype| matches!(prototype.name, "umount" | "umount2")) {
            contents.unmounting.insert(tid);
            contents.held.pause();
        }
    }

    /// A task's call is over, or the task.
    pub(super) fn after_unmount(&mut self, tid: i32) {
        let Some(contents) = &mut self.contents else { return };
        if contents.unmounting.remove(&tid) && contents.unmounting.is_empty() {
            contents.held.resume();
        }
    }

    /// Takes over what has been hashed.
    pub(super) fn take_contents(&mut self) {
        while let Some(fact) = self.contents.as_ref().and_then(|c| c.facts.try_recv().ok()) {
            self.push_content(fact);
        }
    }

    /// Whether there is something to take over.
    pub(super) fn has_contents(&self) -> bool {
        self.contents.as_ref().is_some_and(|contents| !contents.facts.is_empty())
    }

    fn push_content(&mut self, fact: Fact) {
        let time = self.now();
        self.batch.push_fact(Fact { time, ..fact });
    }

    /// Waits for the files that are left, unless one takes too long.
    pub(super) fn finish_contents(&mut self) {
        let patience = if self.detaching.is_some() { HASTE } else { PATIENCE };
        let Some(contents) = &mut self.contents else { return };
        contents.held.resume();
        let left = contents.jobs.take().map_or(0, |jobs| jobs.len());
        let facts = contents.facts.clone();
        loop {
            match facts.recv_timeout(patience) {
                Ok(fact) => self.push_content(fact),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        let why = format!("contents of some of the last {} files: one takes too long", left + 1);
        let fields = vec![(FactKey::Text, Value::Bytes(why.into_bytes()))];
        let (kind, task, time) = (FactKind::BlindSpot, TaskId(1), self.now());
        self.batch.push_fact(Fact { kind, task, ordinal: 0, time, fields });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn job(path: &std::path::Path) -> Job {
        let stat = Stat::from(&fs::metadata(path).expect("a file"));
        let path = path.as_os_str().as_bytes().to_vec();
        Job { tid: 0, task: TaskId(1), ordinal: 1, path, stat, number: 1 }
    }

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        file
    }

    #[test]
    fn a_file_is_hashed_whole() {
        let file = file(b"content");
        let expected = *blake3::hash(b"content").as_bytes();
        let hashed = job(file.path()).read(None, &Held::new(0)).expect("hashed");
        assert_eq!(hashed, Hashed { hash: expected, part: None, is_stale: false });
    }

    #[test]
    fn of_a_long_file_both_ends() {
        let file = file(b"begin");
        file.as_file().set_len(WHOLE + 1).expect("room");
        file.as_file().write_all_at(b"end", WHOLE - 2).expect("written");
        let mut ends = vec![0; 2 * PART as usize];
        ends[..5].copy_from_slice(b"begin");
        let len = ends.len();
        ends[len - 3..].copy_from_slice(b"end");
        let hashed = job(file.path()).read(None, &Held::new(0)).expect("hashed");
        assert_eq!(hashed.hash, *blake3::hash(&ends).as_bytes());
        assert_eq!((hashed.part, hashed.is_stale), (Some(PART), false));
    }

    #[test]
    fn a_file_that_changed_is_marked() {
        let mut file = file(b"before");
        let job = job(file.path());
        file.write_all(b" and after").expect("written");
        let hashed = job.read(None, &Held::new(0)).expect("hashed");
        assert!(hashed.is_stale);
        assert_eq!(hashed.hash, *blake3::hash(b"before and after").as_bytes());
    }

    #[test]
    fn another_file_of_that_name_is_not_opened() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("f");
        fs::write(&path, "1").expect("written");
        let job = job(&path);
        // A reader of the FIFO would wait for a writer.
        std::process::Command::new("mkfifo")
            .arg(directory.path().join("p"))
            .status()
            .expect("made");
        fs::rename(directory.path().join("p"), &path).expect("renamed");
        assert_eq!(
            job.read(None, &Held::new(0)).expect_err("no file").to_string(),
            "another file has its name"
        );
    }

    #[test]
    fn a_file_that_is_held_may_be_deleted() {
        let file = file(b"content");
        let (job, held) = (job(file.path()), Held::new(1));
        held.hold(1, file.path().as_ref());
        file.close().expect("deleted");
        let hashed = held.reading(1, |file| job.read(file, &held)).expect("hashed");
        assert_eq!(hashed.hash, *blake3::hash(b"content").as_bytes());
    }

    #[test]
    fn lines_of_mountinfo() {
        let line = "36 35 98:1 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw";
        assert_eq!(mount(line), Some((libc::makedev(98, 1), "ext3".into())));
        assert_eq!(mount("36 35 98 / /"), None);
    }
}
