//! Who waits for room in a pipe or connection: a write to one that is full lasts until
//! somebody reads.

use std::collections::VecDeque;

use super::handover::Call;

/// What a pipe holds, pipe(7), less what its last page may not hold: a page is free when
/// all of it has been read. Of connections, which hold more, it is the least.
const FULL: u64 = 65536 - 4096;
/// Calls that are remembered of each end.
const KEPT: usize = 16;

/// The latest calls at both ends of a pipe, or of one direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Channel {
    written: u64,
    read: u64,
    reads: VecDeque<(Call, u64)>,
    /// Those that found it full.
    writes: VecDeque<Call>,
}

impl Channel {
    /// A write has returned: the last read that it waited for, if it did.
    pub(super) fn wrote(&mut self, call: Call, count: u64) -> Option<Call> {
        self.written += count;
        let later = self.reads.iter().filter(|(read, _)| read.until > call.from);
        let before = self.read - later.map(|(_, count)| count).sum::<u64>();
        if self.written.saturating_sub(before) <= FULL {
            return None;
        }
        keep(&mut self.writes, call);
        let reads = self.reads.iter().map(|(read, _)| *read);
        reads.filter(|read| call.waited_for(read)).max_by_key(|read| read.from)
    }

    /// A read has returned: the write that waited for it, if one did and has returned.
    pub(super) fn took(&mut self, call: Call, count: u64) -> Option<Call> {
        self.read += count;
        keep(&mut self.reads, (call, count));
        let writes = self.writes.iter().filter(|write| write.waited_for(&call));
        writes.max_by_key(|write| write.until).copied()
    }
}

fn keep<T>(all: &mut VecDeque<T>, one: T) {
    if all.len() == KEPT {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TaskId;

    fn call(task: u32, from: u64, until: u64) -> Call {
        Call { task: TaskId(task), from, until }
    }

    #[test]
    fn a_write_waits_for_the_last_read_that_made_room() {
        let mut pipe = Channel::default();
        assert_eq!(pipe.wrote(call(1, 0, 1), 65536), None, "nobody has read");
        pipe.took(call(2, 20, 21), 4096);
        let last = call(2, 40, 41);
        pipe.took(last, 4096);
        assert_eq!(pipe.wrote(call(1, 10, 42), 8192), Some(last));
        // The tracer hears of the write's end before that of the read.
        assert_eq!(pipe.wrote(call(1, 50, 61), 4096), None);
        let late = call(2, 60, 62);
        assert_eq!(pipe.took(late, 4096), Some(call(1, 50, 61)));
    }

    #[test]
    fn a_write_with_room_waits_for_nobody() {
        let mut pipe = Channel::default();
        pipe.wrote(call(1, 0, 1), 100);
        pipe.took(call(2, 5, 6), 100);
        assert_eq!(pipe.wrote(call(1, 4, 8), 100), None);
    }
}
