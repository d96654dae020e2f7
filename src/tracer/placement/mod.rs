//! Placement: which tasks share the tracer's processor.
//!
//! A stop costs most where it wakes somebody on another processor. So the tracer binds
//! itself to one, its *home*, and there each task whose [`Pace`] says that it should
//! share it; the others run where they like. It decides at the entry of a call, of the
//! task that enters it, so that a stop costs no more with ten thousand tasks. When only
//! such tasks stop that do not share, the tracer leaves its home, and goes where they are.
//!
//! Nobody is to be left bound, nor to see that he is: who asks for the processors of a
//! task, or is about to set them, finds it as it would be without rtrace; and a
//! [`Keeper`] lets all go if rtrace is killed. As long as it is not there, nobody is
//! bound.

mod calls;
mod keeper;
mod pace;
mod table;
mod wishes;

use crate::sys::affinity::{self, Cpus};
pub(super) use calls::is_about_processors;
use keeper::Keeper;
use pace::Pace;
use std::sync::Arc;
use table::{Bound, Table};
use wishes::Wishes;

/// After so many stops in a row of tasks that do not share, the tracer leaves its home.
const STRANGERS: u32 = 4;
/// How long it stays there, in ns, before the scheduler may find it a better one (others
/// who bind themselves may have come to this one) …
const STAY: u64 = 250_000_000;
/// … and for how many entries it looks.
const LOOK_AROUND: u32 = 4;
/// A bound task that has not stopped for that long, in ns, is let go while others are
/// bound: it computes, or it waits, and that costs nothing.
const STALE: u64 = 5_000_000;

/// Whether tracer and tracees may share a processor (`--colocate`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colocate {
    /// As long as no parallelism is lost by it.
    Auto,
    /// Always.
    On,
    /// Never: no task's processors are touched.
    Off,
}

impl Colocate {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// Where a task runs.
#[derive(Debug, Default)]
pub(super) struct Seat {
    pace: Pace,
    /// Since when it runs in user code, if it does.
    running: Option<u64>,
    /// How long it had done so when it stopped last.
    span: u64,
    /// When that was.
    stopped: u64,
    /// Where it is bound to, and its slot in the table.
    bound: Option<(u16, u32)>,
    /// The number of the set that it is to return to, once that has been found out.
    wish: Option<u16>,
    /// It cannot be bound.
    is_fixed: bool,
    /// It is in a call that must find tasks unbound.
    asks: bool,
}

/// Who is where.
#[derive(Debug)]
pub(super) struct Placement {
    mode: Colocate,
    /// The tracer's own processors.
    own: Option<Cpus>,
    /// The one it is bound to, and since when.
    home: Option<(u16, u64)>,
    keeper: Option<Keeper>,
    table: Option<Arc<Table>>,
    wishes: Wishes,
    /// Slots that have been used and are free.
    slots: Vec<u32>,
    /// Slots that have been used.
    used: u32,
    /// Tasks in user code.
    running: u32,
    /// Tasks that are bound.
    bound: u32,
    /// Calls under way that must find tasks unbound.
    asking: u32,
    /// Stops in a row of tasks that do not share.
    strangers: u32,
    /// Entries for which nobody is to be bound yet.
    looks: u32,
}

impl Placement {
    pub(super) fn new(mode: Colocate) -> Self {
        Self {
            mode,
            own: None,
            home: None,
            keeper: None,
            table: None,
            wishes: Wishes::default(),
            slots: Vec::new(),
            used: 0,
            running: 0,
            bound: 0,
            asking: 0,
            strangers: 0,
            looks: 0,
        }
    }

    /// Makes it possible to bind tasks, if that makes sense here.
    pub(super) fn begin(&mut self) {
        if self.mode == Colocate::Off || self.keeper.is_some() {
            return;
        }
        // With one processor there is nothing to choose.
        let Some(own) = affinity::of(0).ok().filter(|own| own.len() > 1) else { return };
        let started = Table::new().map(Arc::new).and_then(|table| {
            self.keeper = Some(Keeper::start(&table)?);
            Ok(table)
        });
        // Where there is neither memory nor a process to be had, it is slower.
        self.table = started.ok();
        self.own = Some(own);
    }

    /// Nobody is bound any more, nor will be; the tracer is where it was.
    pub(super) fn end(&mut self) {
        self.leave_home();
        if let Some(table) = self.table.take() {
            for task in table.bound() {
                unbind(task.tid, task.cpu, self.wishes.asked(task.wish));
            }
            table.all_is_well();
        }
        self.keeper = None;
    }

    /// Whether some of those who share a processor may have to be let go without having
    /// stopped: [`Self::stale`] tells.
    pub(super) const fn is_crowded(&self) -> bool {
        self.bound > 1 && matches!(self.mode, Colocate::Auto)
    }

    /// A task has stopped.
    pub(super) fn stops(&mut self, seat: &mut Seat, time: u64) {
        let since = seat.running.take();
        self.running -= u32::from(since.is_some());
        seat.span = since.map_or(0, |since| time.saturating_sub(since));
        seat.stopped = time;
        self.asking -= u32::from(std::mem::take(&mut seat.asks));
    }

    /// It goes on in user code.
    pub(super) fn goes(&mut self, seat: &mut Seat, time: u64) {
        seat.running = Some(time);
        self.running += 1;
    }

    /// It has a new program.
    pub(super) fn executes(seat: &mut Seat) {
        seat.pace = Pace::default();
    }

    /// It is gone, or no longer ours.
    pub(super) fn leaves(&mut self, seat: &mut Seat) {
        self.running -= u32::from(seat.running.take().is_some());
        self.asking -= u32::from(std::mem::take(&mut seat.asks));
        self.vacate(seat);
    }

    /// It enters a call: here it is decided where it is to run from now on.
    pub(super) fn enters(&mut self, seat: &mut Seat, tid: i32, pid: i32) {
        let Some(table) = &self.table else { return };
        if !table.is_ready() {
            if self.keeper.as_ref().is_some_and(Keeper::is_lost) {
                self.end();
            }
            return;
        }
        let shares = seat.bound.is_some_and(|(cpu, _)| Some(cpu) == self.home());
        seat.pace.observe(seat.span, shares, self.running);
        let should = self.mode == Colocate::On || seat.pace.should_share(shares);
        if shares && should {
            self.strangers = 0;
            if self.home.is_some_and(|(_, since)| seat.stopped > since + STAY) {
                self.leave_home();
                self.let_go(seat, tid);
                self.looks = LOOK_AROUND;
            }
            return;
        }
        self.let_go(seat, tid);
        if should && self.bind(seat, tid, pid) {
            self.strangers = 0;
            return;
        }
        self.strangers += 1;
        if self.strangers == STRANGERS {
            self.leave_home();
        }
    }

    /// It runs where it is to, as without rtrace.
    pub(super) fn let_go(&mut self, seat: &mut Seat, tid: i32) {
        if let Some((cpu, _)) = seat.bound {
            unbind(tid, cpu, seat.wish.and_then(|wish| self.wishes.asked(wish)));
            self.vacate(seat);
        }
    }

    /// It may have become possible to bind it, or impossible.
    pub(super) const fn may_change(seat: &mut Seat) {
        seat.is_fixed = false;
    }

    /// It is in a call that must find tasks unbound: none is bound until it has stopped
    /// again.
    pub(super) fn asks(&mut self, seat: &mut Seat) {
        self.asking += u32::from(!std::mem::replace(&mut seat.asks, true));
    }

    /// A task is there that was made by that of `parent`, or by nobody knows whom: it has
    /// inherited where it runs.
    pub(super) fn inherits(&mut self, seat: &mut Seat, parent: Parent, tid: i32, pid: i32) {
        let (Some(home), Some(wish)) = (parent.bound.or(self.home()), parent.wish) else { return };
        seat.wish = Some(wish);
        if !affinity::of(tid).is_ok_and(|cpus| cpus.is_only(home)) {
            return;
        }
        if !self.occupy(seat, Bound { tid, pid, cpu: home, wish }) {
            unbind(tid, home, self.wishes.asked(wish));
        }
    }

    /// It has got another thread id.
    pub(super) fn is_renamed(&self, seat: &Seat, tid: i32, pid: i32) {
        if let (Some((cpu, slot)), Some(wish), Some(table)) = (seat.bound, seat.wish, &self.table) {
            table.enter(slot, Bound { tid, pid, cpu, wish });
        }
    }

    /// Tasks that are bound.
    pub(super) fn bound_tasks(&self) -> Vec<i32> {
        let bound = self.table.iter().flat_map(|table| table.bound());
        bound.map(|task| task.tid).collect()
    }

    /// The processors that threads of rtrace may use which the tracer starts.
    pub(super) const fn own(&self) -> Option<&Cpus> {
        self.own.as_ref()
    }

    fn home(&self) -> Option<u16> {
        self.home.map(|(cpu, _)| cpu)
    }

    /// Binds a task to the home, if it can be. Whether it is.
    fn bind(&mut self, seat: &mut Seat, tid: i32, pid: i32) -> bool {
        if seat.is_fixed || self.asking > 0 || self.looks > 0 {
            self.looks = self.looks.saturating_sub(1);
            return false;
        }
        // Beside a real-time task the tracer would not come to run.
        if !affinity::takes_turns(tid).unwrap_or(false) {
            seat.is_fixed = true;
            return false;
        }
        let Ok(now) = affinity::of(tid) else { return false };
        let Some(table) = &self.table else { return false };
        let Some(wish) = self.wishes.of(seat.wish, tid, &now, table) else {
            seat.is_fixed = true;
            return false;
        };
        seat.wish = Some(wish);
        let Some(cpu) = self.home_among(&now, seat.stopped) else { return false };
        if !self.occupy(seat, Bound { tid, pid, cpu, wish }) {
            return false;
        }
        let is_bound = affinity::set(tid, &now.only(cpu)).is_ok();
        if !is_bound {
            seat.is_fixed = true;
            self.vacate(seat);
        }
        is_bound
    }

    /// The home, if it is one of those; one of those, if nobody else runs who could mind.
    fn home_among(&mut self, cpus: &Cpus, time: u64) -> Option<u16> {
        match self.home() {
            Some(home) if cpus.has(home) => return Some(home),
            Some(_) if self.running > 0 => return None,
            _ => {}
        }
        let own = self.own.as_ref()?;
        let here = affinity::here().filter(|cpu| own.has(*cpu) && cpus.has(*cpu));
        let home = here.or_else(|| own.first_common(cpus))?;
        affinity::set(0, &own.only(home)).ok()?;
        self.home = Some((home, time));
        Some(home)
    }

    /// The tracer runs where it likes.
    fn leave_home(&mut self) {
        if let (Some(_), Some(own)) = (self.home.take(), &self.own) {
            // It had these before; where it has none of them any more, it stays.
            let _ = affinity::set(0, own);
        }
    }

    /// Takes a slot of the table for a task that is bound, or about to be.
    fn occupy(&mut self, seat: &mut Seat, task: Bound) -> bool {
        let Some(table) = &self.table else { return false };
        let slot = self.slots.pop().unwrap_or(self.used);
        if !Table::has_slot(slot) {
            return false;
        }
        self.used = self.used.max(slot + 1);
        table.enter(slot, task);
        seat.bound = Some((task.cpu, slot));
        self.bound += 1;
        true
    }

    /// Gives the slot back of one that is not bound any more.
    fn vacate(&mut self, seat: &mut Seat) {
        let Some((_, slot)) = seat.bound.take() else { return };
        self.bound -= 1;
        self.slots.push(slot);
        if let Some(table) = &self.table {
            table.clear(slot);
        }
    }
}

impl Drop for Placement {
    fn drop(&mut self) {
        self.end();
    }
}

impl Seat {
    /// What a child of it inherits.
    pub(super) fn heritage(&self) -> Parent {
        Parent { bound: self.bound.map(|(cpu, _)| cpu), wish: self.wish }
    }

    /// Whether it has not stopped for so long, at `time`, that it need not be bound.
    pub(super) const fn is_stale(&self, time: u64) -> bool {
        time > self.stopped + STALE
    }
}

/// What a task has from the one that made it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parent {
    bound: Option<u16>,
    wish: Option<u16>,
}

impl Parent {
    /// Of a task whose maker is not known: the command's.
    pub(super) const UNKNOWN: Self = Self { bound: None, wish: Some(0) };
}

/// Lets a task run where it is to, if it is bound to that processor still: who has set
/// its processors in between knows better.
fn unbind(tid: i32, cpu: u16, asked: Option<&Cpus>) {
    let Ok(now) = affinity::of(tid) else { return }; // it is gone
    if !now.is_only(cpu) {
        return;
    }
    let is_set = asked.is_some_and(|asked| affinity::set(tid, asked).is_ok());
    if !is_set {
        // Its cpuset allows none of them any more. An error: it is gone.
        let _ = affinity::set(tid, &now.everywhere());
    }
}
