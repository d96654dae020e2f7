//! A process's descriptor table.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::files::OpenId;
use super::resource::ResourceId;

/// What a descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The file, pipe end, socket or other thing.
    pub resource: ResourceId,
    /// Whether an exec closes it (`FD_CLOEXEC`).
    pub cloexec: bool,
    /// The open file description behind it; of a file, and only once something has
    /// been done with it.
    pub open: Option<OpenId>,
    /// Which ways bytes can go through it.
    pub access: Access,
    /// When the call that made it had returned: nanoseconds since the run's start. 0 if it
    /// was there before.
    pub since: u64,
}

/// Which ways bytes can go through a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Both, or it is not known.
    #[default]
    Any,
    /// They can be taken only.
    Reads,
    /// They can be given only.
    Writes,
}

impl Access {
    /// What the flags of open(2) allow.
    pub(super) const fn of_flags(flags: u64) -> Self {
        match flags & 3 {
            0 => Self::Reads,
            1 => Self::Writes,
            _ => Self::Any,
        }
    }

    /// Whether bytes can be taken.
    pub const fn takes(self) -> bool {
        !matches!(self, Self::Writes)
    }

    /// Whether bytes can be given.
    pub const fn gives(self) -> bool {
        !matches!(self, Self::Reads)
    }
}

impl Descriptor {
    pub(super) fn new(resource: ResourceId, cloexec: bool, access: Access) -> Self {
        Self { resource, cloexec, open: None, access, since: 0 }
    }
}

/// The open descriptors. A copy is cheap until one of the two changes, as after
/// a fork that is followed by an exec at once.
#[derive(Clone, Debug, Default)]
pub struct Descriptors(Arc<FxHashMap<i32, Descriptor>>);

impl Descriptors {
    /// What `fd` stands for, if that is known.
    pub fn get(&self, fd: i32) -> Option<Descriptor> {
        self.0.get(&fd).copied()
    }

    /// All that are open, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (i32, Descriptor)> {
        self.0.iter().map(|(fd, descriptor)| (*fd, *descriptor))
    }

    pub(super) fn set(&mut self, fd: i32, descriptor: Descriptor) {
        if fd >= 0 && self.get(fd) != Some(descriptor) {
            Arc::make_mut(&mut self.0).insert(fd, descriptor);
        }
    }

    /// What a call does that began then and closes a descriptor. The kernel frees its
    /// number at once: another thread may have got it for something new before the call
    /// returns, and that stays.
    pub(super) fn close(&mut self, fd: i32, began: u64) {
        if self.get(fd).is_some_and(|descriptor| descriptor.since <= began) {
            Arc::make_mut(&mut self.0).remove(&fd);
        }
    }

    /// `close_range`: ends all from `first` to `last`, or sets their `FD_CLOEXEC`.
    pub(super) fn close_range(&mut self, first: u32, last: u32, only_mark: bool) {
        let range = first..=last;
        let table = Arc::make_mut(&mut self.0);
        if only_mark {
            let hit = table.iter_mut().filter(|(fd, _)| range.contains(&(**fd as u32)));
            hit.for_each(|(_, descriptor)| descriptor.cloexec = true);
        } else {
            table.retain(|fd, _| !range.contains(&(*fd as u32)));
        }
    }

    pub(super) fn set_cloexec(&mut self, fd: i32, cloexec: bool) {
        if let Some(descriptor) = self.get(fd) {
            self.set(fd, Descriptor { cloexec, ..descriptor });
        }
    }

    /// What an exec does.
    pub(super) fn exec(&mut self) {
        if self.0.values().any(|descriptor| descriptor.cloexec) {
            Arc::make_mut(&mut self.0).retain(|_, descriptor| !descriptor.cloexec);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(open: &[(i32, bool)]) -> Descriptors {
        let mut table = Descriptors::default();
        for (fd, cloexec) in open {
            let resource = ResourceId::from_index(*fd as usize);
            table.set(*fd, Descriptor::new(resource, *cloexec, Access::Any));
        }
        table
    }

    #[test]
    fn what_another_thread_has_opened_meanwhile_stays() {
        let mut table = table(&[(5, false)]);
        let new = Descriptor { since: 20, ..table.get(5).expect("it is open") };
        table.set(5, new);
        table.close(5, 10);
        assert_eq!(open(&table), [5]);
        table.close(5, 30);
        assert_eq!(open(&table), [0; 0]);
    }

    fn open(table: &Descriptors) -> Vec<i32> {
        let mut open: Vec<i32> = table.iter().map(|(fd, _)| fd).collect();
        open.sort_unstable();
        open
    }

    #[test]
    fn an_exec_closes_what_is_marked() {
        let mut table = table(&[(0, false), (3, true), (4, false)]);
        table.set_cloexec(4, true);
        table.set_cloexec(3, false);
        table.exec();
        assert_eq!(open(&table), [0, 3]);
    }

    #[test]
    fn a_copy_goes_its_own_way() {
        let parent = table(&[(0, false), (1, false), (900, false)]);
        let mut child = parent.clone();
        child.close_range(1, u32::MAX, false);
        assert_eq!(open(&child), [0]);
        assert_eq!(open(&parent), [0, 1, 900]);
    }

    #[test]
    fn close_range_can_mark_only() {
        let mut table = table(&[(0, false), (5, false), (6, false)]);
        table.close_range(5, 5, true);
        table.exec();
        assert_eq!(open(&table), [0, 6]);
    }
}
