//! The sets of processors that tasks return to: few, and numbered.

use super::table::Table;
use crate::sys::affinity::{self, Cpus};

/// A set of processors to return to.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    /// What the task is to be given.
    asked: Cpus,
    /// What it then has.
    given: Cpus,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    known: Vec<Wish>,
}

impl Wishes {
    fn get(&self, number: u16) -> Option<&Wish> {
        self.known.get(usize::from(number))
    }

    /// What a task with that wish is to be given.
    pub(super) fn asked(&self, number: u16) -> Option<&Cpus> {
        self.get(number).map(|wish| &wish.asked)
    }

    /// The wish of a task that stands in a stop, and has `now`: the one that it had
    /// `before`, unless somebody has set another. `None`: there is no room for more.
    pub(super) fn of(
        &mut self,
        before: Option<u16>,
        tid: i32,
        now: &Cpus,
        table: &Table,
    ) -> Option<u16> {
        if before.and_then(|number| self.get(number)).is_some_and(|wish| wish.given == *now) {
            return before;
        }
        let wish = Wish { asked: asked(tid, now)?, given: now.clone() };
        if let Some(number) = self.known.iter().position(|known| *known == wish) {
            return u16::try_from(number).ok();
        }
        let number = u16::try_from(self.known.len()).ok()?;
        if !table.add_wish(number, &wish.asked) {
            return None;
        }
        self.known.push(wish);
        Some(number)
    }
}

/// What a task that has `now` must have been given. One that has all that its cpuset
/// allows is to have all of it also when that is another one.
fn asked(tid: i32, now: &Cpus) -> Option<Cpus> {
    let everywhere = now.everywhere();
    affinity::set(tid, &everywhere).ok()?;
    if affinity::of(tid).ok()? == *now {
        return Some(everywhere);
    }
    affinity::set(tid, now).ok()?;
    Some(now.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_known_again() {
        let table = Table::new().expect("memory");
        let mut wishes = Wishes::default();
        // Any thread will do; this one is as it was afterwards.
        let before = affinity::of(0).expect("of this thread");
        let all = wishes.of(None, 0, &before, &table).expect("there is room");
        assert_eq!(wishes.of(Some(all), 0, &before, &table), Some(all));
        assert_eq!(wishes.of(None, 0, &before, &table), Some(all));
        assert_eq!(table.wish(all).as_ref(), wishes.asked(all));
        assert_eq!(affinity::of(0).expect("of this thread"), before);

        let one = before.only(before.first_common(&before).expect("it runs somewhere"));
        affinity::set(0, &one).expect("one of its own");
        let number = wishes.of(Some(all), 0, &one, &table).expect("there is room");
        assert_eq!(affinity::of(0).expect("of this thread"), one);
        if before.len() > 1 {
            assert_eq!(wishes.asked(number), Some(&one));
        }
        affinity::set(0, &before).expect("as it was");
    }
}
