//! Who has stopped: at a cost that does not grow with the number of tracees.
//!
//! `waitpid(-1)` looks at one tracee after the other. With few of them that is cheapest.
//! With many, SIGCHLD names the one that has stopped, but a second SIGCHLD is lost while
//! the first has not been taken. Who stops at the same time as somebody else is mostly
//! one of those that have stopped just before: those are asked, each by its id, after
//! each signal. Whoever is missed even so is found by a look at all, as often as its cost
//! allows. Where many are active, a look at all soon finds one, and they are taken in the
//! order in which `waitpid(-1)` has them: in that of the signals, hundreds of threads that
//! wait for one lock, each for some ms at a time, hardly got on.

use crate::sys::wait::{self, Notices, Status};
use std::io;
use std::time::{Duration, Instant};

/// With more tracees than this they are waited for by their signals …
const MANY: usize = 200;
/// … until there are fewer than this.
const FEW: usize = 100;
/// Tracees that are asked after each signal …
const RECENT: usize = 8;
/// … until they have not been found to have stopped for so many times.
const IN_VAIN: u8 = 16;
/// Of so many stops most were of others than those: many are active.
const STRANGE: u8 = 8;
/// A look at all may take this part of the time …
const SHARE: u32 = 20;
/// … but there need not be more of them than one in this time.
const LOOK: Duration = Duration::from_millis(1);

type Found = io::Result<Option<(i32, Status)>>;

/// Waits for tracees.
#[derive(Debug, Default)]
pub(super) struct Waiter {
    /// While there are many.
    many: Option<Many>,
}

#[derive(Debug)]
struct Many {
    notices: Notices,
    recent: Recent,
    /// Those of them that are still to be asked since the last signal.
    to_ask: usize,
    /// Whom that signal has named.
    named: i32,
    /// When to look at all, if a signal has come since that was last done.
    look: Option<Instant>,
    /// Between two looks.
    pause: Duration,
}

impl Waiter {
    /// The next status of one of so many tracees. `Ok(None)` where a signal of our own
    /// came first.
    ///
    /// # Errors
    /// `ECHILD` when there is no tracee left.
    pub(super) fn next(&mut self, tracees: usize) -> Found {
        match &mut self.many {
            None if tracees <= MANY => return wait::any(),
            Some(_) if tracees < FEW => {
                self.many = None;
                return wait::any();
            }
            _ => {}
        }
        self.many.get_or_insert_with(Many::begin).next()
    }
}

impl Many {
    fn begin() -> Self {
        Self {
            notices: Notices::keep(),
            recent: Recent::default(),
            to_ask: 0,
            named: 0,
            // Some may have stopped already.
            look: Some(Instant::now()),
            pause: LOOK,
        }
    }

    fn next(&mut self) -> Found {
        loop {
            if let Some(found) = self.ask_recent() {
                return Ok(Some(found));
            }
            if self.look.is_some_and(|look| Instant::now() >= look) {
                match self.look_at_all()? {
                    None => {}
                    found => return Ok(found),
                }
            }
            let timeout = self.look.map(|look| look.saturating_duration_since(Instant::now()));
            let Some(tid) = self.notices.next(timeout) else {
                if self.look.is_some_and(|look| Instant::now() >= look) {
                    continue;
                }
                return Ok(None);
            };
            if self.recent.strange > STRANGE {
                self.look = Some(Instant::now());
                continue;
            }
            self.look = self.look.or_else(|| Instant::now().checked_add(self.pause));
            (self.to_ask, self.named) = (RECENT, tid);
            // It may have been found by asking already.
            if let Ok(Some(found)) = wait::one_now(tid) {
                self.recent.add(tid);
                return Ok(Some(found));
            }
        }
    }

    /// Asks those that have stopped recently.
    fn ask_recent(&mut self) -> Option<(i32, Status)> {
        while self.to_ask > 0 {
            self.to_ask -= 1;
            let Some((tid, in_vain)) = self.recent.tasks.get_mut(self.to_ask) else { continue };
            if *tid == 0 || *tid == self.named {
                continue;
            }
            *in_vain += 1;
            if let Ok(Some(found)) = wait::one_now(*tid) {
                *in_vain = 0;
                return Some(found);
            }
            if *in_vain == IN_VAIN {
                *tid = 0;
            }
        }
        None
    }

    /// Looks at all, until there is nobody left that has stopped.
    fn look_at_all(&mut self) -> Found {
        let begun = Instant::now();
        let found = wait::any_now()?;
        if let Some((tid, _)) = &found {
            self.recent.add(*tid);
        } else {
            self.look = None;
            self.pause = (begun.elapsed() * SHARE).max(LOOK);
        }
        Ok(found)
    }
}

/// Tracees that have been seen last, each once, and how often they were asked in vain.
#[derive(Debug, Default)]
struct Recent {
    tasks: [(i32, u8); RECENT],
    next: usize,
    /// How much more often than not the one that was added was none of them, lately.
    strange: u8,
}

impl Recent {
    fn add(&mut self, tid: i32) {
        if let Some((_, in_vain)) = self.tasks.iter_mut().find(|(known, _)| *known == tid) {
            *in_vain = 0;
            self.strange = self.strange.saturating_sub(1);
        } else {
            self.strange = (self.strange + 1).min(2 * STRANGE);
            self.tasks[self.next] = (tid, 0);
            self.next = (self.next + 1) % RECENT;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered() {
        let mut recent = Recent::default();
        (1..=10).for_each(|tid| recent.add(tid));
        recent.add(10);
        let mut tids = recent.tasks.map(|(tid, _)| tid);
        tids.sort_unstable();
        assert_eq!(tids, [3, 4, 5, 6, 7, 8, 9, 10]);
        assert!(recent.strange > STRANGE);
        (1..=STRANGE).for_each(|_| recent.add(10));
        assert!(recent.strange <= STRANGE);
    }
}
