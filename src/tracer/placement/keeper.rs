//! The keeper: a process that lets all tasks go when rtrace has died and could not.
//!
//! It knows those that were bound from the table. What they have started since then is
//! bound too, by inheritance, and found in `/proc`.

use super::table::{Bound, Table};
use crate::sys::affinity::{self, Cpus};
use crate::sys::aside::{self, Lifeline, Watch};
use crate::sys::signals;
use crate::tracer::process::{self, Kin};
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Looks at `/proc` that find nobody to be let go before it is believed.
const CLEAN_LOOKS: u32 = 2;
/// … and how many looks there are at most: somebody may bind what it lets go.
const LOOKS: u32 = 100;
/// Ancestors of a process that are looked at.
const GENERATIONS: u32 = 1000;

/// The keeper, as its rtrace has it.
#[derive(Debug)]
pub(super) struct Keeper {
    lifeline: Option<Lifeline>,
    /// Waits for its end: it must not be a child of the thread that waits for tracees.
    parent: Option<thread::JoinHandle<()>>,
    /// It is not there, any more or at all.
    is_lost: Arc<AtomicBool>,
}

impl Keeper {
    /// Starts a keeper, which sets the table ready when it is there.
    pub(super) fn start(table: &Arc<Table>) -> io::Result<Self> {
        let (lifeline, watch) = aside::lifeline()?;
        let is_lost = Arc::new(AtomicBool::new(false));
        let (table, lost) = (Arc::clone(table), Arc::clone(&is_lost));
        let mask = signals::block_all();
        let parent = thread::Builder::new().spawn(move || {
            let work = |watch| keep(&table, watch);
            if let Ok(pid) = aside::start(c"rtrace-keeper", watch, work) {
                aside::wait_for(pid);
            }
            table.set_ready(false);
            lost.store(true, Ordering::Relaxed);
        });
        mask.restore();
        Ok(Self { lifeline: Some(lifeline), parent: Some(parent?), is_lost })
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.lifeline = None;
        if let Some(parent) = self.parent.take() {
            let _ = parent.join(); // it has nothing to say
        }
    }
}

/// What the keeper does.
fn keep(table: &Table, watch: Watch) {
    let born = process::kin(std::process::id() as i32).map_or(0, |own| own.started);
    let session =
        process::kin(std::os::unix::process::parent_id() as i32).map_or(0, |rtrace| rtrace.session);
    table.set_ready(true);
    watch.until_alone();
    let Some(last) = table.last() else { return };
    let known: Vec<Bound> = table.bound().collect();
    for task in &known {
        let_go(table, task.tid, task.cpu, task.wish);
    }
    let mut sessions: Vec<i32> =
        known.iter().filter_map(|task| Some(process::kin(task.pid)?.session)).collect();
    sessions.push(session);
    let search = Search { table, known, sessions, last, born };
    let mut clean = 0;
    for _ in 0..LOOKS {
        clean = if search.look() == 0 { clean + 1 } else { 0 };
        if clean == CLEAN_LOOKS {
            break;
        }
    }
}

/// Lets a task run where it is to, if it is bound as we have bound it. Whether it was.
fn let_go(table: &Table, tid: i32, cpu: u16, wish: u16) -> bool {
    let Ok(now) = affinity::of(tid) else { return false };
    if !now.is_only(cpu) {
        return false;
    }
    let wish = table.wish(wish).unwrap_or_else(|| now.everywhere());
    !wish.is_only(cpu) && (affinity::set(tid, &wish).is_ok() || free(tid, &now))
}

/// Where the set that it is to have is none any more: what its cpuset allows.
fn free(tid: i32, now: &Cpus) -> bool {
    affinity::set(tid, &now.everywhere()).is_ok()
}

/// The search for those that nobody has told of.
struct Search<'a> {
    table: &'a Table,
    known: Vec<Bound>,
    /// Sessions of those, and rtrace's.
    sessions: Vec<i32>,
    /// What a task was bound to last: for descendants of those that have ended.
    last: (u16, u16),
    /// When the keeper was born, before any task was bound, in ticks since the boot.
    born: u64,
}

impl Search<'_> {
    /// One look at all processes; how many tasks were let go.
    fn look(&self) -> usize {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.map(|pid| self.look_at(pid)).sum()
    }

    fn look_at(&self, pid: i32) -> usize {
        let is_suspect = |tid: i32| {
            affinity::of(tid).is_ok_and(|cpus| {
                cpus.is_only(self.last.0) || self.known.iter().any(|task| cpus.is_only(task.cpu))
            })
        };
        let mut threads = process::threads(pid).unwrap_or_default();
        threads.retain(|tid| is_suspect(*tid));
        if threads.is_empty() {
            return 0;
        }
        let Some((cpu, wish)) = self.kin_of(pid) else { return 0 };
        threads.iter().filter(|tid| let_go(self.table, **tid, cpu, wish)).count()
    }

    /// What a process that may be a descendant is bound to, and is to return to.
    fn kin_of(&self, pid: i32) -> Option<(u16, u16)> {
        let bound = |pid| self.known.iter().find(|task| task.pid == pid);
        let mut ancestor = pid;
        for _ in 0..GENERATIONS {
            if let Some(task) = bound(ancestor) {
                return Some((task.cpu, task.wish));
            }
            match process::kin(ancestor) {
                Some(kin) if kin.parent > 1 => ancestor = kin.parent,
                _ => break,
            }
        }
        // Its parent may have ended in between.
        let own = process::kin(pid)?;
        (own.started >= self.born && self.sessions.contains(&own.session) && Self::is_orphan(&own))
            .then_some(self.last)
    }

    /// Whether it is the child of one that adopts: of `init`, or of a process of another
    /// session.
    fn is_orphan(own: &Kin) -> bool {
        own.parent <= 1 || process::kin(own.parent).is_none_or(|kin| kin.session != own.session)
    }
}
