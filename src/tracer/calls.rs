//! Entry and exit of calls, and execs.

use super::capture::{Reader, Site};
use super::ends::{exit_words, write_exit};
use super::engine::Tracer;
use super::machine::State;
use super::placement::Placement;
use super::task::Task;
use super::{Ending, Sink};
use crate::abi::{self, Abi, Verb};
use crate::event::{Call, Kind, Phase, TaskId};
use crate::sys::ptrace::Stopped;
use std::rc::Rc;

/// Results that interrupt a call which may have written memory all the same:
/// EINTR, and the kernel's ERESTARTSYS to ERESTART_RESTARTBLOCK (linux/errno.h).
fn interrupted(result: i64) -> bool {
    matches!(-result, 4 | 512..=516)
}

impl<S: Sink> Tracer<S> {
    /// A call begins.
    pub(super) fn enter(&mut self, tid: i32, arch: u32, nr: u64, args: [u64; 6], time: u64) {
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        // A new architecture's table is not ours; its calls are shown by number.
        let abi = Abi::from_audit(arch, nr).unwrap_or(Abi::X86_64);
        let (nr, args) = meant(&mut self.reader, tid, abi, nr, args);
        let prototype = abi::lookup(abi, nr);
        let verb = prototype.map_or(Verb::None, |p| p.effect.verb);
        let launching = task.state == State::Launching;
        let ordinal = if launching { 1 } else { task.ordinal() };
        task.last_verb = verb;
        let pending = &mut task.pending;
        pending.begin(Call { abi, nr }, prototype, args, ordinal, time);
        pending.wanted = self.options.filter.allows(abi, nr);
        // What the launcher does before its exec is not the command's.
        if launching && verb != Verb::Execs {
            pending.active = false;
            return;
        }
        if verb == Verb::Execs {
            self.execs.insert(task.process, task.id);
        }
        self.capture_entry(tid);
        self.unbind_who_is_asked_for(tid);
        self.note_lost_memory(tid);
        self.before_closing(tid);
        self.before_mount(tid);
        self.before_unmount(tid);
    }

    /// Copies what the call that has begun passes in memory.
    fn capture_entry(&mut self, tid: i32) {
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        let pending = &mut task.pending;
        let (Some(prototype), Some(call)) = (pending.prototype, pending.call) else { return };
        let mut site = Site {
            reader: &mut self.reader,
            tid,
            abi: call.abi,
            prototype,
            args: &pending.args,
            phase: Phase::Entry,
            result: 0,
            limits: self.limits,
        };
        if pending.wanted {
            site.capture(&mut pending.memory);
        }
        match prototype.effect.verb {
            Verb::Execs if pending.wanted && self.options.env => {
                let env = site.environment(&task.env, &self.secrets, &mut pending.memory);
                pending.env = env.map(Rc::new);
            }
            Verb::Forks => {
                pending.clone_flags = clone_flags(&mut site, &pending.args);
                self.last_forking = tid;
            }
            _ => {}
        }
    }

    /// The pending call ends.
    pub(super) fn leave(&mut self, tid: i32, result: i64, failed: bool, time: u64) {
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        let pending = &mut task.pending;
        if !pending.active {
            return;
        }
        pending.active = false;
        let Some(call) = pending.call else { return };
        if pending.prototype.is_some_and(|p| p.effect.verb == Verb::Execs) {
            self.execs.remove(&task.process);
        }
        let complete = !failed || interrupted(result);
        if let Some(prototype) = pending.prototype.filter(|_| pending.wanted) {
            let mut site = Site {
                reader: &mut self.reader,
                tid,
                abi: call.abi,
                prototype,
                args: &pending.args,
                phase: Phase::Exit,
                result,
                limits: self.limits,
            };
            // After an exec the memory is another one.
            let is_same = failed || prototype.effect.verb != Verb::Execs;
            if is_same && site.reader.served.is_any() {
                site.strings_again(&mut pending.memory);
            }
            if complete {
                site.capture(&mut pending.memory);
            }
        }
        if pending.wanted {
            pending.write(task.id, Some((time, result, failed)), &mut self.batch);
        }
        self.note_lost_memory(tid);
        self.learn(tid, result, failed);
        if self.options.by_seccomp && !failed {
            self.notice_own_filter(tid, result);
            self.note_writable(tid, result);
        }
        self.after_unmount(tid);
    }

    /// An exec has put another thread's id on this task, or ended the leader: the
    /// thread that executed goes on under the leader's id (`ptrace(2)`, "execve(2)
    /// under ptrace").
    pub(super) fn replaced(&mut self, stopped: &Stopped) {
        let tid = stopped.tid();
        let former = stopped.event_message().map_or(tid, |message| message as i32);
        if former == tid {
            return;
        }
        let Some(mut executing) = self.tasks.remove(&former) else { return };
        let exited = self.tasks.get(&tid).and_then(Task::exiting);
        self.abandon(tid);
        if let Some(mut leader) = self.forget(tid) {
            let time = self.now();
            let words = match exited {
                // It had left by itself; its end was kept back while it had threads.
                Some(code) => exit_words(Ending::Exited(code), TaskId::NONE),
                None => exit_words(Ending::Exited(0), executing.id),
            };
            write_exit(&mut self.batch, &mut leader, time, words);
            executing.pid = leader.pid;
            executing.pending.superseded = leader.id;
        }
        executing.tid = tid;
        self.placement.is_renamed(&executing.seat, tid, executing.pid);
        self.tasks.insert(tid, executing);
    }

    /// Ends the thread that was killed in its exec when it had the leader's id already,
    /// before it could tell: the kernel reports one end for both, the leader's. (It
    /// reports a leader's end only when no other thread is left.)
    pub(super) fn end_heir(&mut self, leader: &Task, ending: Ending) {
        let is_killed = matches!(ending, Ending::Killed { .. });
        if !is_killed || leader.tid != leader.pid {
            return;
        }
        let heir = self.tasks.values().find(|task| task.pid == leader.pid).map(|task| task.tid);
        let Some(heir) = heir else { return };
        self.abandon(heir);
        if let Some(mut task) = self.forget(heir) {
            let time = self.now();
            write_exit(&mut self.batch, &mut task, time, exit_words(ending, TaskId::NONE));
            self.execs.retain(|_, executing| *executing != task.id);
        }
    }

    /// The task whose exec has ended this one, if one has: a thread that did not
    /// end by a call of its own while another of its process was in an exec.
    pub(super) fn ended_by_exec(&self, task: &Task) -> TaskId {
        let own = task.last_verb == Verb::Exits;
        let executing = self.execs.get(&task.process).filter(|by| **by != task.id && !own);
        executing.copied().unwrap_or(TaskId::NONE)
    }

    /// A task has a new program.
    pub(super) fn executed(&mut self, tid: i32, stopped: &Stopped, time: u64) {
        let former = stopped.event_message().map_or(tid, |message| message as i32);
        if self.root.as_ref().is_some_and(|root| root.pid == tid && !root.started) {
            self.root_started(tid);
            self.sink.begun();
        }
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        // One that is not in the log is nothing that a later one could differ from.
        task.env = task.pending.env.take().unwrap_or_default();
        Placement::executes(&mut task.seat);
        let superseded = task.pending.superseded;
        let words = [tid as u64, former as u64, u64::from(superseded.0), 0, 0, 0];
        let stop = task.next_ordinal;
        self.note(tid, Kind::Exec, time, words);
        self.executable_fact(tid, stop);
    }
}

/// The number and words of the call that is meant: a subcall's where the call only
/// makes another one. One whose words cannot be read fails, and stays what it is.
fn meant(reader: &mut Reader, tid: i32, abi: Abi, nr: u64, args: [u64; 6]) -> (u64, [u64; 6]) {
    let Some(subcall) = abi::subcall(abi, nr, &args) else { return (nr, args) };
    let mut memory = [0; 6];
    reader.begin(tid);
    for (at, word) in (0..).zip(&mut memory[..subcall.words_in_memory()]) {
        let address = subcall.pointer.wrapping_add(at * abi.word() as u64);
        let Some(read) = reader.word(address, abi.word()) else { return (nr, args) };
        *word = read;
    }
    (subcall.nr, subcall.words(&args, &memory))
}

/// The flags of a fork, vfork, clone or clone3 about to be made.
fn clone_flags(site: &mut Site<'_>, args: &[u64; 6]) -> u64 {
    match site.prototype.name {
        "clone" => args[0],
        "clone3" => {
            // Nothing was captured yet of a call that is not wanted.
            site.reader.begin(site.tid);
            site.reader.word(args[0], 8).unwrap_or(0)
        }
        _ => 0,
    }
}
