//! How many bytes a call moved, by its prototype.

use super::graph::Amount;
use super::irregular::Irregular;
use super::item::{Event, Place};
use super::resource::ResourceId;
use crate::abi::{Len, Memory, Prototype, Scalar, Ty, Verb};
use crate::event::{Phase, Record, Role};

/// `MSG_PEEK`, recv(2).
const MSG_PEEK: u64 = 2;

/// The argument of process_vm_readv(2) that says whose memory it is.
const PROCESS: u8 = 0;

/// Bytes that a call moved out of a descriptor, or into one; or of a process's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What they were moved out of or into, where that is known.
    pub resource: Option<ResourceId>,
    /// Whether they went out of it: were read.
    pub is_read: bool,
    /// How many: at least so many, if the call never returned, or its record does not
    /// tell of all.
    pub amount: Amount,
}

impl Event<'_> {
    /// The bytes that this call moved; none if it failed, or is of no kind that moves
    /// bytes. What is only peeked at (`MSG_PEEK`, tee(2)) stays where it is, and is not
    /// read. Bytes that go through mapped memory make no call.
    pub fn moved(&self) -> impl Iterator<Item = Moved> {
        let prototype = self.prototype.filter(|_| !self.record.failed);
        let operands = prototype.into_iter().flat_map(ways);
        operands.filter(|(_, is_read)| !is_read || !self.stays()).map(|(arg, is_read)| {
            let used = self.uses.iter().find(|used| used.place == Place::Argument(arg));
            // vmsplice(2) takes bytes out of a pipe's reading end.
            let is_read = is_read || used.is_some_and(|used| used.verb == Verb::Reads);
            Moved { resource: used.map(|used| used.resource), is_read, amount: self.amount() }
        })
    }

    fn amount(&self) -> Amount {
        let unknown = Amount::UNKNOWN;
        let (record, Some(prototype)) = (&self.record, self.prototype) else { return unknown };
        if record.is_begun() {
            return unknown;
        }
        let result = u64::try_from(record.result).unwrap_or_default();
        let mut params = (0u8..).zip(prototype.params);
        let messages =
            params.find(|(_, param)| matches!(param.ty, Ty::Memory(_, Memory::Mmsghdr(_))));
        if let Some((arg, _)) = messages {
            return in_messages(record, arg, result);
        }
        match (prototype.returns, given(prototype)) {
            (Scalar::Size, _) => Amount::exact(result),
            // A message queue takes a message whole, and returns 0.
            (_, Some(length)) => Amount::exact(word(record, length)),
            _ => unknown,
        }
    }

    /// Whether bytes that the call read stay where they are.
    fn stays(&self) -> bool {
        let Some(prototype) = self.prototype else { return false };
        if prototype.name == "tee" {
            return true;
        }
        let mut params = prototype.params.iter().zip(self.record.words);
        params.any(|(param, word)| match param.ty {
            Ty::Flags(set) => set.name == "msg_flags" && word & MSG_PEEK != 0,
            _ => false,
        })
    }
}

/// Whether calls of that kind move bytes that [`Event::moved`] counts.
pub fn moves_bytes(prototype: &Prototype) -> bool {
    ways(prototype).next().is_some()
}

/// Descriptors by their arguments, and whether bytes go out of them.
fn ways(prototype: &Prototype) -> impl Iterator<Item = (u8, bool)> + use<> {
    let ways: &[bool] = match prototype.effect.verb {
        Verb::Reads | Verb::Receives => &[true],
        Verb::Writes | Verb::Sends => &[false],
        Verb::Copies => &[true, false],
        _ => &[],
    };
    let operands = prototype.effect.operands.iter().zip(ways);
    let memory = match prototype.effect.verb {
        Verb::None => Irregular::of_memory(prototype),
        _ => None,
    };
    let memory = memory.map(|verb| (PROCESS, verb == Verb::Reads));
    operands.map(|(operand, is_read)| (operand.arg, *is_read)).chain(memory)
}

/// The argument that says how many bytes the call is given.
fn given(prototype: &Prototype) -> Option<u8> {
    prototype.params.iter().find_map(|param| match param.ty {
        Ty::Memory(_, Memory::Bytes(Len::Arg(arg))) => Some(arg),
        _ => None,
    })
}

/// The lengths that the kernel wrote into `count` `struct mmsghdr` (recvmmsg(2)), of
/// which the first ones are kept.
fn in_messages(record: &Record<'_>, arg: u8, count: u64) -> Amount {
    let Some(call) = record.call else { return Amount::UNKNOWN };
    let from = 7 * call.abi.word(); // behind the msghdr
    let headers =
        record.pieces_of(arg, Role::Struct).filter(|(piece, _)| piece.phase == Phase::Exit);
    let lengths = headers.filter_map(|(_, header)| {
        let length = header.get(from..from + 4)?;
        Some(u64::from(u32::from_le_bytes(length.try_into().ok()?)))
    });
    let (mut bytes, mut known) = (0, 0);
    for length in lengths.take(usize::try_from(count).unwrap_or(usize::MAX)) {
        bytes += length;
        known += 1;
    }
    Amount { bytes, is_at_least: known < count }
}

fn word(record: &Record<'_>, arg: u8) -> u64 {
    record.words.get(usize::from(arg)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Abi;
    use crate::event::{Batch, Call, Kind, RecordBuilder, State, TaskId};

    /// `(is_read, bytes, at_least)` of all that a call moved.
    fn moved(
        name: &str,
        words: [u64; 6],
        result: Option<i64>,
        memory: impl FnOnce(&mut RecordBuilder<'_>),
    ) -> Vec<(bool, u64, bool)> {
        let (nr, prototype) = crate::abi::by_name(Abi::X86_64, name).expect("in the tables");
        let mut batch = Batch::new();
        let mut record = batch.record(Kind::Call, TaskId(1), 1);
        record.start(5).words(words).call(Call { abi: Abi::X86_64, nr });
        if let Some(result) = result {
            record.returned(9, result, result < 0);
        }
        memory(&mut record);
        record.finish();
        let record = batch.get(0).expect("just made");
        let event = Event { record, prototype: Some(prototype), uses: &[], statements: &[] };
        let shown = |moved: Moved| (moved.is_read, moved.amount.bytes, moved.amount.is_at_least);
        event.moved().map(shown).collect()
    }

    fn plain(name: &str, words: [u64; 6], result: i64) -> Vec<(bool, u64, bool)> {
        moved(name, words, Some(result), |_| {})
    }

    #[test]
    fn results_count_bytes() {
        assert_eq!(plain("read", [3, 8, 100, 0, 0, 0], 7), [(true, 7, false)]);
        assert_eq!(plain("pwritev", [3, 8, 2, 0, 0, 0], 70), [(false, 70, false)]);
        assert_eq!(plain("sendfile", [1, 3, 0, 9, 0, 0], 9), [(true, 9, false), (false, 9, false)]);
        assert_eq!(plain("write", [1, 8, 5, 0, 0, 0], -32), []);
        assert_eq!(plain("close", [1, 0, 0, 0, 0, 0], 0), []);
        assert_eq!(moved("read", [3, 8, 100, 0, 0, 0], None, |_| {}), [(true, 0, true)]);
        assert_eq!(plain("mq_timedsend", [3, 8, 20, 0, 0, 0], 0), [(false, 20, false)]);
    }

    #[test]
    fn what_stays_is_not_read() {
        assert_eq!(plain("recvfrom", [3, 8, 100, MSG_PEEK, 0, 0], 7), []);
        assert_eq!(plain("tee", [3, 4, 100, 0, 0, 0], 7), [(false, 7, false)]);
    }

    #[test]
    fn messages_are_added_up_as_far_as_they_are_kept() {
        let header = |length: u32| {
            let mut bytes = [0; 64];
            bytes[56..60].copy_from_slice(&length.to_le_bytes());
            bytes
        };
        let two = |record: &mut RecordBuilder<'_>| {
            for length in [10, 32] {
                record.piece(1, Role::Struct, Phase::Exit, State::Whole, &header(length));
            }
        };
        let words = [3, 8, 5, 0, 0, 0];
        assert_eq!(moved("recvmmsg", words, Some(2), two), [(true, 42, false)]);
        assert_eq!(moved("recvmmsg", words, Some(3), two), [(true, 42, true)]);
    }
}
