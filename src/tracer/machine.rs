//! What a stop means: a pure function of a task's state and what was observed.
//!
//! It makes no system call, so that every race the kernel can show is a line in
//! a table test. The engine does what it says.

use crate::sys::ptrace::Until;
use crate::sys::wait::Stop;

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The root before its program: only its exec counts.
    Launching,
    /// Known from its creator; its first stop is to come.
    New,
    /// In user code.
    Outside,
    /// In a system call.
    Inside,
}

/// A stop, with a syscall-stop told into its two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Observed {
    /// Syscall-entry-stop.
    Entry,
    /// Syscall-exit-stop.
    Exit,
    /// Any other ptrace-stop.
    Stop(Stop),
}

/// How a child was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Birth {
    Fork,
    Vfork,
    Clone,
}

/// What to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing.
    Nothing,
    /// A call begins. `lost`: the one before it never showed its end.
    Enter { lost: bool },
    /// The pending call ends.
    Leave,
    /// It has made a child.
    Born(Birth),
    /// It has a new program.
    Exec,
    /// A signal is delivered.
    Signal(i32),
    /// Job control stops it.
    Stopped(i32),
    /// It goes on after that.
    Continued,
    /// It is about to end.
    Exiting,
}

/// How to let it go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// To its next syscall-stop, with this signal delivered (0: none).
    On(i32),
    /// Stay stopped, and notice SIGCONT.
    Listen,
}

/// The task's next state, what to record, how to resume. `stopped` is whether
/// its last stop was a group-stop.
pub(super) fn transition(state: State, stopped: bool, seen: Observed) -> (State, Act, Go) {
    use Act::{Born, Continued, Enter, Exec, Exiting, Leave, Nothing, Signal, Stopped};
    use State::{Inside, Launching, New, Outside};
    match (state, seen) {
        // A child's creator is in its call while the child is made; the state stays.
        (_, Observed::Stop(Stop::Fork)) => (state, Born(Birth::Fork), Go::On(0)),
        (_, Observed::Stop(Stop::Vfork)) => (state, Born(Birth::Vfork), Go::On(0)),
        (_, Observed::Stop(Stop::Clone)) => (state, Born(Birth::Clone), Go::On(0)),
        // The exit of the execve is still to come, with a result of 0.
        (_, Observed::Stop(Stop::Exec)) => (Inside, Exec, Go::On(0)),
        (Launching, Observed::Entry) => (Launching, Enter { lost: false }, Go::On(0)),
        (Launching, Observed::Exit) => (Launching, Nothing, Go::On(0)),
        (Launching, Observed::Stop(Stop::Signal(signal))) => (Launching, Nothing, Go::On(signal)),
        // A death in mid-call that an exec survived, or a seccomp filter, hides an exit.
        (Inside, Observed::Entry) => (Inside, Enter { lost: true }, Go::On(0)),
        (New | Outside, Observed::Entry) => (Inside, Enter { lost: false }, Go::On(0)),
        (Inside, Observed::Exit) => (Outside, Leave, Go::On(0)),
        // A new child shows the end of the clone that made it.
        (New | Outside, Observed::Exit) => (Outside, Nothing, Go::On(0)),
        (_, Observed::Stop(Stop::Signal(signal))) => {
            (settled(state), Signal(signal), Go::On(signal))
        }
        // Asked to stop where it stood already: it tells of the same stop again.
        (_, Observed::Stop(Stop::Group(_))) if stopped => (state, Nothing, Go::Listen),
        (_, Observed::Stop(Stop::Group(signal))) => (settled(state), Stopped(signal), Go::Listen),
        (_, Observed::Stop(Stop::Trap)) if stopped => (settled(state), Continued, Go::On(0)),
        (_, Observed::Stop(Stop::Trap | Stop::Other(_))) => (settled(state), Nothing, Go::On(0)),
        (_, Observed::Stop(Stop::Exiting)) => (state, Exiting, Go::On(0)),
        // The engine tells a syscall-stop into entry and exit; one that is neither
        // (the task was killed in between) is passed over.
        (_, Observed::Stop(Stop::Syscall | Stop::Seccomp)) => (state, Nothing, Go::On(0)),
    }
}

/// Where a task stops next whose filter shows it the entries of calls: at the exit of the
/// one that it is in, or else at whatever the filter traces.
pub(super) const fn next_stop(state: State) -> Until {
    match state {
        State::Launching | State::Inside => Until::Syscall,
        State::New | State::Outside => Until::Event,
    }
}

/// The state after a stop that is no syscall-stop: a new task is no longer new.
const fn settled(state: State) -> State {
    match state {
        State::New => State::Outside,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(state: State, seen: &[Observed]) -> (State, Vec<Act>, Vec<Go>) {
        let mut stopped = false;
        let (mut state, mut acts, mut goes) = (state, Vec::new(), Vec::new());
        for one in seen {
            let (next, act, go) = transition(state, stopped, *one);
            stopped = go == Go::Listen;
            state = next;
            acts.push(act);
            goes.push(go);
        }
        (state, acts, goes)
    }

    #[test]
    fn a_call_is_entered_and_left() {
        let (state, acts, _) = run(State::Outside, &[Observed::Entry, Observed::Exit]);
        assert_eq!((state, acts), (State::Outside, vec![Act::Enter { lost: false }, Act::Leave]));
    }

    #[test]
    fn a_new_child_shows_the_end_of_its_clone() {
        let seen = [Observed::Stop(Stop::Trap), Observed::Exit, Observed::Entry];
        let (_, acts, _) = run(State::New, &seen);
        assert_eq!(acts, [Act::Nothing, Act::Nothing, Act::Enter { lost: false }]);
    }

    #[test]
    fn a_new_child_may_be_stopped_by_job_control_first() {
        let seen = [Observed::Stop(Stop::Group(19)), Observed::Stop(Stop::Trap)];
        let (state, acts, goes) = run(State::New, &seen);
        assert_eq!(state, State::Outside);
        assert_eq!(acts, [Act::Stopped(19), Act::Continued]);
        assert_eq!(goes, [Go::Listen, Go::On(0)]);
    }

    #[test]
    fn a_stop_is_told_once() {
        let seen = [Observed::Stop(Stop::Group(19)), Observed::Stop(Stop::Group(19))];
        let (_, acts, goes) = run(State::New, &seen);
        assert_eq!(acts, [Act::Stopped(19), Act::Nothing]);
        assert_eq!(goes, [Go::Listen, Go::Listen]);
    }

    #[test]
    fn an_exec_ends_in_its_own_exit() {
        let seen = [Observed::Entry, Observed::Stop(Stop::Exec), Observed::Exit];
        let (state, acts, _) = run(State::Outside, &seen);
        assert_eq!(state, State::Outside);
        assert_eq!(acts, [Act::Enter { lost: false }, Act::Exec, Act::Leave]);
    }

    #[test]
    fn a_leader_that_another_thread_replaced_is_inside_its_exec() {
        // The former leader's own state says nothing about the thread that takes its id.
        let (state, acts, _) = run(State::Outside, &[Observed::Stop(Stop::Exec), Observed::Exit]);
        assert_eq!((state, acts), (State::Outside, vec![Act::Exec, Act::Leave]));
    }

    #[test]
    fn vfork_is_born_inside_the_call_that_waits() {
        let seen = [Observed::Entry, Observed::Stop(Stop::Vfork), Observed::Exit];
        let (_, acts, _) = run(State::Outside, &seen);
        assert_eq!(acts, [Act::Enter { lost: false }, Act::Born(Birth::Vfork), Act::Leave]);
    }

    #[test]
    fn an_interrupted_call_is_restarted_as_another_one() {
        let seen = [
            Observed::Entry,
            Observed::Exit, // ERESTARTSYS
            Observed::Stop(Stop::Signal(10)),
            Observed::Entry,
            Observed::Exit, // rt_sigreturn
            Observed::Entry,
        ];
        let (state, acts, goes) = run(State::Outside, &seen);
        assert_eq!(state, State::Inside);
        assert_eq!(acts[2], Act::Signal(10));
        assert_eq!(goes[2], Go::On(10), "the signal is delivered");
    }

    #[test]
    fn a_real_time_signal_is_passed_on() {
        let (_, act, go) = transition(State::Outside, false, Observed::Stop(Stop::Signal(64)));
        assert_eq!((act, go), (Act::Signal(64), Go::On(64)));
    }

    #[test]
    fn an_entry_without_an_exit_loses_the_call_and_not_the_next() {
        let (_, acts, _) = run(State::Outside, &[Observed::Entry, Observed::Entry, Observed::Exit]);
        assert_eq!(acts, [Act::Enter { lost: false }, Act::Enter { lost: true }, Act::Leave]);
    }

    #[test]
    fn an_exit_that_nothing_entered_is_passed_over() {
        let (state, act, _) = transition(State::Outside, false, Observed::Exit);
        assert_eq!((state, act), (State::Outside, Act::Nothing));
    }

    #[test]
    fn an_interrupt_during_a_call_changes_nothing() {
        let seen = [Observed::Entry, Observed::Stop(Stop::Trap), Observed::Exit];
        let (_, acts, _) = run(State::Outside, &seen);
        assert_eq!(acts, [Act::Enter { lost: false }, Act::Nothing, Act::Leave]);
    }

    #[test]
    fn the_launcher_is_not_the_command() {
        let seen = [
            Observed::Exit,
            Observed::Entry,
            Observed::Exit,
            Observed::Entry,
            Observed::Stop(Stop::Exec),
            Observed::Exit,
        ];
        let (state, acts, _) = run(State::Launching, &seen);
        assert_eq!(state, State::Outside);
        assert_eq!(acts[4..], [Act::Exec, Act::Leave]);
    }
}
