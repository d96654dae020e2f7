//! Calls that a log does not have because its recorder, or who cut it, left them out.
//!
//! What such calls did is not known, which is not the same as that nothing was done: bytes
//! that they may have moved make a count the least that it can be.

use rustc_hash::FxHashSet;

use super::bytes::moves_bytes;
use super::position::Position;
use super::resource::Class;
use crate::abi::{self, Abi, Filter, Prototype, Verb};

/// Sorts of calls, by what is learnt from them. A call may be of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Those that take bytes.
    Reads,
    /// Those that give bytes.
    Writes,
    /// Those that map files.
    Maps,
    /// Those that open, make, copy, pass and close descriptors.
    Descriptors,
    /// Those that make, move and remove names, and change the lengths of files.
    Names,
    /// Those that tie sockets to addresses.
    Connections,
    /// Those that list directories.
    Lists,
    /// Those that wait for the ends of others.
    Waits,
    /// All others.
    Others,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Reads,
        Self::Writes,
        Self::Maps,
        Self::Descriptors,
        Self::Names,
        Self::Connections,
        Self::Lists,
        Self::Waits,
        Self::Others,
    ];

    /// A word for them, as exports print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Maps => "maps",
            Self::Descriptors => "descriptors",
            Self::Names => "names",
            Self::Connections => "connections",
            Self::Lists => "lists",
            Self::Waits => "waits",
            Self::Others => "others",
        }
    }

    /// What calls with that verb are.
    const fn of(verb: Verb) -> &'static [Self] {
        match verb {
            Verb::Reads | Verb::Receives => &[Self::Reads],
            Verb::Writes | Verb::Sends => &[Self::Writes],
            Verb::Copies => &[Self::Reads, Self::Writes],
            Verb::Maps => &[Self::Maps],
            Verb::Opens => &[Self::Descriptors, Self::Names],
            Verb::Makes | Verb::Pairs | Verb::Closes | Verb::Dups | Verb::Takes => {
                &[Self::Descriptors]
            }
            Verb::Accepts => &[Self::Descriptors, Self::Connections],
            Verb::Connects | Verb::Binds | Verb::Listens => &[Self::Connections],
            Verb::Creates | Verb::Links | Verb::Renames | Verb::Unlinks | Verb::Truncates => {
                &[Self::Names]
            }
            Verb::Lists => &[Self::Lists],
            Verb::Waits => &[Self::Waits],
            _ => &[Self::Others],
        }
    }
}

/// Which calls may have been made without a record of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Omitted {
    /// By [`Sort`].
    sorts: u16,
    /// Classes of things from which calls that are left out may have taken bytes.
    taking: u16,
    /// The same of bytes given.
    giving: u16,
}

impl Omitted {
    /// Nothing is left out.
    pub const NOTHING: Self = Self { sorts: 0, taking: 0, giving: 0 };
    /// Anything may be: what the log has says nothing of what it does not have.
    pub const ANYTHING: Self = Self { sorts: u16::MAX, taking: u16::MAX, giving: u16::MAX };

    /// What a log's header says: its set of calls, `None` being all. A set that cannot be
    /// read is one of an rtrace that knows more.
    pub fn by_set(set: Option<&str>) -> Self {
        match set.map(Filter::parse_joined) {
            None => Self::NOTHING,
            Some(Ok(filter)) => Self::by(&filter),
            Some(Err(_)) => Self::ANYTHING,
        }
    }

    /// What a filter leaves out of the calls that programs of today make: those of
    /// x86-64, whatever the ABI by which they are made.
    pub fn by(filter: &Filter) -> Self {
        let names: FxHashSet<_> = abi::calls(Abi::X86_64).map(|(_, call)| call.name).collect();
        let mut omitted = Self::NOTHING;
        for abi in Abi::ALL {
            let left_out = abi::calls(abi).filter(|(nr, _)| !filter.allows(abi, *nr));
            left_out.filter(|(_, call)| names.contains(call.name)).for_each(|(_, call)| {
                omitted.add(call);
            });
        }
        omitted
    }

    fn add(&mut self, call: &Prototype) {
        let verb = if call.name == "fcntl" { Verb::Dups } else { call.effect.verb };
        let sorts = Sort::of(verb);
        for sort in sorts {
            self.sorts |= bit(*sort as usize);
        }
        if sorts.contains(&Sort::Descriptors) {
            // Bytes may have gone through descriptors that nobody has heard of.
            let all = Class::ALL.into_iter().filter(|class| class.carries_bytes());
            let all = all.fold(0, |all, class| all | bit(class as usize));
            (self.taking, self.giving) = (self.taking | all, self.giving | all);
        }
        let is_mapping = verb == Verb::Maps;
        if !is_mapping && !moves_bytes(call) {
            return;
        }
        for class in Class::ALL.into_iter().filter(|class| reaches(call, *class)) {
            if is_mapping || sorts.contains(&Sort::Reads) {
                self.taking |= bit(class as usize);
            }
            if is_mapping || sorts.contains(&Sort::Writes) {
                self.giving |= bit(class as usize);
            }
        }
    }

    /// Whether it has every call.
    pub fn is_nothing(self) -> bool {
        self == Self::NOTHING
    }

    /// Whether calls of that sort are left out: one of them at least.
    pub const fn has(self, sort: Sort) -> bool {
        self.sorts & bit(sort as usize) != 0
    }

    /// The sorts of calls that are left out, or some of them.
    pub fn sorts(self) -> impl Iterator<Item = Sort> {
        Sort::ALL.into_iter().filter(move |sort| self.has(*sort))
    }

    /// Whether bytes may have been taken from things of that class.
    pub const fn takes(self, class: Class) -> bool {
        self.taking & bit(class as usize) != 0
    }

    /// Whether bytes may have been given to things of that class.
    pub const fn gives(self, class: Class) -> bool {
        self.giving & bit(class as usize) != 0
    }
}

const fn bit(index: usize) -> u16 {
    1 << index
}

/// Whether the call can move bytes of a thing of that class.
fn reaches(call: &Prototype, class: Class) -> bool {
    let is_stream = matches!(class, Class::Pipe | Class::Socket);
    if !class.carries_bytes() {
        return false;
    }
    if class == Class::MessageQueue || call.name.starts_with("mq_") {
        return class == Class::MessageQueue && call.name.starts_with("mq_");
    }
    match (call.effect.verb, call.name) {
        (Verb::Receives | Verb::Sends, _) => class == Class::Socket,
        (_, "tee" | "vmsplice") => class == Class::Pipe,
        (Verb::Maps, _) | (_, "copy_file_range") => !is_stream,
        (Verb::Copies, _) => true,
        // What has no offset cannot be read at one; but -1 is none (preadv2(2)).
        _ => !is_stream || Position::of(call) == Position::Current || call.name.ends_with("v2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn omitted(set: &str) -> Omitted {
        Omitted::by_set(Some(set))
    }

    fn words(set: &str) -> String {
        omitted(set).sorts().map(Sort::name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_has_all_calls_leaves_nothing_out() {
        assert_eq!(Omitted::by_set(None), Omitted::NOTHING);
        assert_eq!(omitted("all"), Omitted::NOTHING);
        assert_eq!(omitted("!none"), Omitted::NOTHING);
        assert_eq!(omitted("of a newer rtrace"), Omitted::ANYTHING);
    }

    #[test]
    fn sorts_are_those_of_what_is_left_out() {
        assert_eq!(words("!read"), "reads");
        assert_eq!(words("!getpid"), "others");
        assert_eq!(words("!write,wait4"), "writes waits");
        assert_eq!(words("!sendfile"), "reads writes");
        assert_eq!(words("none"), Sort::ALL.map(Sort::name).join(" "));
        assert_eq!(words("!read & !openat"), "reads descriptors names");
    }

    #[test]
    fn only_what_a_call_can_reach_is_in_doubt() {
        const NO: (bool, bool) = (false, false);
        let of = |set: &str| {
            [Class::File, Class::Pipe, Class::Socket, Class::MessageQueue, Class::Directory]
                .map(|class| (omitted(set).takes(class), omitted(set).gives(class)))
        };
        let (taken, given, both) = ((true, false), (false, true), (true, true));
        assert_eq!(of("!read"), [taken, taken, taken, NO, NO]);
        assert_eq!(of("!pread64"), [taken, NO, NO, NO, NO]);
        assert_eq!(of("!preadv2"), [taken, taken, taken, NO, NO]);
        assert_eq!(of("!sendto"), [NO, NO, given, NO, NO]);
        assert_eq!(of("!mmap"), [both, NO, NO, NO, NO]);
        assert_eq!(of("!mq_timedsend"), [NO, NO, NO, given, NO]);
        assert_eq!(of("!vmsplice"), [NO, given, NO, NO, NO]);
        assert_eq!(of("!close"), [both, both, both, both, NO]);
        assert_eq!(of("!getpid,wait4"), [NO; 5]);
        // By whatever ABI the call is made.
        assert_eq!(of("!read@32"), of("!read"));
    }
}
