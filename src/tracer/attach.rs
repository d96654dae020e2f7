//! Attaching to processes that run already.
//!
//! All threads are seized, then asked to stop, then held until the process
//! stands still: the snapshot is of one moment. A thread that cannot stop (it
//! waits for its vfork child, or for a disk) is not waited for long; it is
//! recorded from its next stop on. No seccomp filter is ever installed: it would
//! outlive us.

use super::engine::Tracer;
use super::process::{self, Life};
use super::task::Environment;
use super::{Error, Sink};
use crate::event::{Origin, TaskId};
use crate::sys::ptrace;
use crate::sys::wait::{self, Status};
use rustc_hash::FxHashSet;
use std::fs;
use std::io;
use std::time::{Duration, Instant};

/// How long a process is held for those of its threads that do not stop.
const HOLD: Duration = Duration::from_millis(500);
/// Between two looks at them.
const LOOK: Duration = Duration::from_micros(200);

/// Why a process cannot be attached to.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such process, or it has just ended.
    #[error("there is no such process")]
    Gone,
    /// It has ended, and its parent has not waited for it yet.
    #[error("it has ended, and its parent has not waited for it yet")]
    Zombie,
    /// The number is a thread's, not a process's.
    #[error("it is a thread of process {0}")]
    Thread(i32),
    /// It is rtrace itself.
    #[error("it is rtrace itself")]
    Oneself,
    /// It is one of the kernel's own threads.
    #[error("it is a kernel thread, which makes no system calls")]
    Kernel,
    /// Somebody else traces it.
    #[error("process {pid} ({name}) traces it already")]
    Traced {
        /// The tracer.
        pid: i32,
        /// Its name.
        name: String,
    },
    /// The kernel does not allow it.
    #[error("{0}")]
    Forbidden(io::Error),
}

/// The threads that have been seized, and what they have shown since.
#[derive(Default)]
struct Held {
    /// In the order in which they are told of: those of one process together.
    threads: Vec<(i32, i32)>,
    known: FxHashSet<i32>,
    /// Those that have not shown anything yet.
    awaited: FxHashSet<i32>,
    shown: Vec<(i32, Status)>,
}

impl<S: Sink> Tracer<S> {
    /// Attaches to these processes with all their threads, and takes the snapshot of
    /// each. On an error all of them are as they were.
    ///
    /// # Errors
    /// [`Error::Attach`], for the first that cannot be traced.
    pub fn attach(&mut self, pids: &[i32]) -> Result<(), Error> {
        let mut held = Held::default();
        let seized = pids
            .iter()
            .try_for_each(|&pid| held.seize(pid).map_err(|refusal| Error::Attach { pid, refusal }));
        if seized.is_ok() {
            held.stand_still();
        }
        self.snapshot(&held.threads);
        for (tid, status) in held.shown {
            self.status(tid, status);
        }
        if seized.is_err() {
            self.detach_all(0);
            self.follow()?;
        } else {
            self.sink.begun();
        }
        seized
    }

    /// Tells of the tasks that were there, and of what each process was and had.
    fn snapshot(&mut self, threads: &[(i32, i32)]) {
        let mut last = (TaskId::NONE, 0);
        for &(tid, pid) in threads {
            let is_first = last.1 != pid;
            let process = if is_first { (TaskId::NONE, pid) } else { last };
            let (time, env) = (self.now(), Environment::default());
            let maker = (TaskId::NONE, 0);
            let id = self.add(tid, Origin::Attached, maker, Some(process), env, time);
            if is_first {
                last = (id, pid);
                self.attached_process(tid);
            }
            if process::namespace_ids(tid).len() > 1 {
                self.ids_fact(tid);
            }
        }
        if let Some((tid, _)) = threads.first() {
            self.mount_facts(*tid);
        }
    }
}

impl Held {
    /// Seizes all threads of a process: until a look at them shows no new one. What a
    /// seized thread makes is seized from its birth.
    fn seize(&mut self, pid: i32) -> Result<(), Refusal> {
        may_attach(pid)?;
        let before = self.threads.len();
        loop {
            let mut threads = process::threads(pid).ok_or(Refusal::Gone)?;
            threads.retain(|tid| !self.known.contains(tid));
            if threads.is_empty() {
                break;
            }
            for tid in threads {
                self.known.insert(tid);
                self.seize_thread(tid, pid)?;
            }
        }
        if self.threads.len() == before { Err(Refusal::Gone) } else { Ok(()) }
    }

    fn seize_thread(&mut self, tid: i32, pid: i32) -> Result<(), Refusal> {
        let asked = ptrace::seize(tid, ptrace::Manner::default()).and_then(|()| {
            self.threads.push((tid, pid));
            self.awaited.insert(tid);
            ptrace::interrupt(tid)
        });
        match asked {
            Ok(()) => Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            // A leader that has ended before its threads cannot be traced, and need not.
            Err(error) => match process::life(tid) {
                Life::Gone | Life::Dead => Ok(()),
                _ => match process::tracer(tid) {
                    // Made by a thread that we had seized: its maker will tell of it.
                    Some(tracer) if tracer == std::process::id() as i32 => Ok(()),
                    Some(tracer) => Err(traced_by(tracer)),
                    None => Err(Refusal::Forbidden(error)),
                },
            },
        }
    }

    /// Waits until all have stopped, but for those that cannot.
    fn stand_still(&mut self) {
        let until = Instant::now() + HOLD;
        while !self.awaited.is_empty() && Instant::now() < until {
            match wait::any_now() {
                Ok(Some((tid, status))) => {
                    self.awaited.remove(&tid);
                    self.shown.push((tid, status));
                }
                Ok(None) => {
                    self.awaited.retain(|tid| process::life(*tid) == Life::Awake);
                    std::thread::sleep(LOOK);
                }
                Err(_) => break, // none is left
            }
        }
    }
}

fn may_attach(pid: i32) -> Result<(), Refusal> {
    if pid == std::process::id() as i32 {
        return Err(Refusal::Oneself);
    }
    match process::thread_group(pid) {
        None => return Err(Refusal::Gone),
        Some(group) if group != pid => return Err(Refusal::Thread(group)),
        Some(_) => {}
    }
    if process::is_kernel_thread(pid) {
        return Err(Refusal::Kernel);
    }
    let threads = process::threads(pid).ok_or(Refusal::Gone)?;
    if threads.iter().all(|tid| matches!(process::life(*tid), Life::Dead | Life::Gone)) {
        return Err(Refusal::Zombie);
    }
    match process::tracer(pid) {
        Some(tracer) if tracer != std::process::id() as i32 => Err(traced_by(tracer)),
        _ => Ok(()),
    }
}

fn traced_by(pid: i32) -> Refusal {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Refusal::Traced { pid, name: name.trim_end().to_owned() }
}
