//! Which calls are of interest: `-e trace=SET`, in strace(1)'s syntax.

use super::subcall;
use super::suggest;
use super::types::{Abi, Classes, Prototype, X32_BIT};

/// A set of calls, of every ABI.
///
/// The syntax is a list with commas: names of calls (`openat`), of classes
/// (`%file`), numbers, `all`, `none`; `?name` may be unknown; `name@64`,
/// `name@32` and `name@x32` mean one ABI only. A `!` before the whole list means
/// all calls but these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// One set of numbers for each of [`Abi::ALL`], 64 numbers a word, and one of
    /// the indices of subcalls.
    numbers: [Vec<u64>; Abi::ALL.len() + 1],
    /// Whether numbers beyond those are in the set.
    beyond: bool,
}

/// Why a text is no set of calls.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No ABI has a call of that name.
    #[error("unknown system call '{name}'{}", hint(nearest.as_deref()))]
    UnknownCall {
        /// As it was written.
        name: String,
        /// The call whose name is nearest.
        nearest: Option<String>,
    },
    /// There is no class of that name.
    #[error("unknown class of system calls '%{name}'{}", hint(nearest.as_deref()))]
    UnknownClass {
        /// As it was written, without `%`.
        name: String,
        /// The class whose name is nearest.
        nearest: Option<String>,
    },
    /// No ABI has a call of that number.
    #[error("no system call has the number {0}; '?{0}' takes it all the same")]
    UnknownNumber(u64),
    /// strace(1) selects by other things, too.
    #[error("rtrace has no qualifier '{0}': calls are selected by trace=SET")]
    Qualifier(String),
    /// strace(1) takes regular expressions, too.
    #[error("'{0}': rtrace has no regular expressions: list names or classes")]
    Pattern(String),
    /// A part of the list is empty.
    #[error("an empty name in the set of system calls '{0}'")]
    Empty(String),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

/// What a filter asks the tables for.
trait Calls {
    /// Gives each of an ABI's calls, its number and prototype, to `each`.
    fn each(&self, abi: Abi, each: &mut dyn FnMut(u64, &'static Prototype));
}

/// The generated tables.
struct Tables;

impl Calls for Tables {
    fn each(&self, abi: Abi, each: &mut dyn FnMut(u64, &'static Prototype)) {
        let calls = super::tables::calls(abi).chain(subcall::subcalls(abi));
        calls.for_each(|(nr, prototype)| each(nr, prototype));
    }
}

impl Filter {
    /// Every call, known or not.
    pub fn all() -> Self {
        Self { numbers: Default::default(), beyond: true }
    }

    /// No call at all.
    pub fn none() -> Self {
        Self { numbers: Default::default(), beyond: false }
    }

    /// Whether a call is in the set; `nr` as a record has it.
    pub fn allows(&self, abi: Abi, nr: u64) -> bool {
        let (set, nr) = place(abi, nr);
        let word = usize::try_from(nr / 64).ok().and_then(|i| self.numbers[set].get(i));
        word.map_or(self.beyond, |word| word >> (nr % 64) & 1 != 0)
    }

    /// A number, without the bit that marks x32, from which on all calls of an ABI are in
    /// the set, or none is.
    pub fn bound(&self, abi: Abi) -> u64 {
        self.numbers[abi as usize].len() as u64 * 64
    }

    /// Reads a set, or an expression that [`expressed_set`] takes.
    ///
    /// # Errors
    /// A name or number that no ABI knows, or no name where one should be; what
    /// strace(1) takes and rtrace does not.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::parse_with(text, &Tables)
    }

    /// Reads sets joined by ` & `, as the header of a log has them that was cut out of
    /// another one: what all of them have.
    ///
    /// # Errors
    /// As [`Filter::parse`].
    pub fn parse_joined(text: &str) -> Result<Self, FilterError> {
        let sets = text.split(" & ").map(Self::parse);
        sets.reduce(|all, set| Ok(all?.and(&set?))).unwrap_or_else(|| Ok(Self::all()))
    }

    /// What is in both.
    #[must_use]
    fn and(mut self, other: &Self) -> Self {
        for (own, others) in self.numbers.iter_mut().zip(&other.numbers) {
            let len = own.len().max(others.len());
            let beyond = |is_in: bool| if is_in { u64::MAX } else { 0 };
            own.resize(len, beyond(self.beyond));
            let others = others.iter().copied().chain(std::iter::repeat(beyond(other.beyond)));
            own.iter_mut().zip(others).for_each(|(word, other)| *word &= other);
        }
        self.beyond &= other.beyond;
        self
    }

    fn parse_with(text: &str, calls: &dyn Calls) -> Result<Self, FilterError> {
        let list = expressed_set(text)?;
        let (list, negated) = list.strip_prefix('!').map_or((list, false), |rest| (rest, true));
        let mut filter = Self::none();
        for item in list.split(',') {
            if item.trim().is_empty() {
                return Err(FilterError::Empty(text.to_owned()));
            }
            filter.add(item.trim(), calls)?;
        }
        if negated {
            filter.invert();
        }
        Ok(filter)
    }

    fn add(&mut self, item: &str, calls: &dyn Calls) -> Result<(), FilterError> {
        match item {
            "all" => *self = Self::all(),
            "none" => {}
            _ => match item.strip_prefix('%') {
                Some(class) => self.add_class(class, calls)?,
                None => self.add_call(item, calls)?,
            },
        }
        Ok(())
    }

    fn add_class(&mut self, class: &str, calls: &dyn Calls) -> Result<(), FilterError> {
        let name = if class == "net" { "network" } else { class };
        // `%%stat` is everything like stat, whatever the family.
        let names: &[&str] = match name {
            "%stat" => &["stat", "lstat", "fstat"],
            "%statfs" => &["statfs", "fstatfs"],
            _ => &[name],
        };
        let known = Classes::NAMES;
        let bits: Vec<usize> =
            names.iter().filter_map(|name| known.iter().position(|k| k == name)).collect();
        if bits.is_empty() {
            let nearest = nearest(name, known.into_iter());
            return Err(FilterError::UnknownClass { name: class.to_owned(), nearest });
        }
        self.add_where(calls, |_, prototype| bits.iter().any(|bit| prototype.classes.has(*bit)));
        Ok(())
    }

    fn add_call(&mut self, item: &str, calls: &dyn Calls) -> Result<(), FilterError> {
        let (item, may_be_unknown) =
            item.strip_prefix('?').map_or((item, false), |rest| (rest, true));
        let (name, abis) = split_abi(item);
        if name.starts_with('/') {
            return Err(FilterError::Pattern(name.to_owned()));
        }
        if let Ok(nr) = name.parse::<u64>() {
            if !may_be_unknown && !is_number(calls, abis, nr) {
                return Err(FilterError::UnknownNumber(nr));
            }
            for abi in abis {
                self.insert(*abi, nr);
            }
            return Ok(());
        }
        let found =
            self.add_where(calls, |abi, prototype| prototype.name == name && abis.contains(&abi));
        // strace takes the old names of classes without `%` too.
        if found || may_be_unknown {
            return Ok(());
        }
        if OLD_CLASSES.contains(&name) {
            return self.add_class(name, calls);
        }
        let mut names = Vec::new();
        for abi in Abi::ALL {
            calls.each(abi, &mut |_, prototype| names.push(prototype.name));
        }
        let nearest = nearest(name, names.into_iter());
        Err(FilterError::UnknownCall { name: name.to_owned(), nearest })
    }

    /// Adds all calls that `is_meant`; says whether there was one.
    fn add_where(
        &mut self,
        calls: &dyn Calls,
        is_meant: impl Fn(Abi, &'static Prototype) -> bool,
    ) -> bool {
        let mut found = false;
        for abi in Abi::ALL {
            calls.each(abi, &mut |nr, prototype| {
                if is_meant(abi, prototype) {
                    self.insert(abi, nr);
                    found = true;
                }
            });
        }
        found
    }

    fn insert(&mut self, abi: Abi, nr: u64) {
        /// No table has numbers beyond; one from the command line is not to cost
        /// memory by its size.
        const END: u64 = 1 << 16;
        let (set, nr) = place(abi, nr);
        if nr >= END || self.beyond {
            return;
        }
        let words = &mut self.numbers[set];
        let word = (nr / 64) as usize;
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        words[word] |= 1 << (nr % 64);
    }

    fn invert(&mut self) {
        self.beyond = !self.beyond;
        self.numbers.iter_mut().flatten().for_each(|word| *word = !*word);
    }
}

/// Takes the qualifier, `trace=` or `t=`, off an expression of strace(1)'s `-e`.
///
/// # Errors
/// Another qualifier.
pub fn expressed_set(expression: &str) -> Result<&str, FilterError> {
    match expression.split_once('=') {
        None => Ok(expression),
        Some(("trace" | "t", set)) => Ok(set),
        Some((qualifier, _)) => Err(FilterError::Qualifier(qualifier.to_owned())),
    }
}

/// Whether one of the ABIs has a call of that number.
fn is_number(calls: &dyn Calls, abis: &[Abi], nr: u64) -> bool {
    let mut found = false;
    for abi in abis {
        let wanted = place(*abi, nr);
        calls.each(*abi, &mut |other, _| found |= place(*abi, other) == wanted);
    }
    found
}

/// Classes that strace knew before it marked them with `%`.
const OLD_CLASSES: [&str; 7] = ["file", "process", "network", "signal", "ipc", "desc", "memory"];

/// The set that a call is in, and its number there, without the bit that marks x32.
fn place(abi: Abi, nr: u64) -> (usize, u64) {
    match (abi, subcall::index(nr)) {
        (Abi::I386, Some(index)) => (Abi::ALL.len(), index),
        (Abi::X32, _) => (abi as usize, nr & !X32_BIT),
        _ => (abi as usize, nr),
    }
}

/// Takes `@64`, `@32` or `@x32` off a name.
fn split_abi(item: &str) -> (&str, &'static [Abi]) {
    match item.rsplit_once('@') {
        Some((name, "64")) => (name, &[Abi::X86_64, Abi::Aarch64, Abi::Riscv64]),
        Some((name, "32")) => (name, &[Abi::I386]),
        Some((name, "x32")) => (name, &[Abi::X32]),
        _ => (item, &Abi::ALL),
    }
}

fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> Option<String> {
    suggest::nearest(name, names).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Effect, Scalar, Verb};

    const fn prototype(name: &'static str, classes: u16) -> Prototype {
        let effect = Effect { verb: Verb::None, operands: &[] };
        Prototype { name, params: &[], returns: Scalar::Int, classes: Classes(classes), effect }
    }

    const FILE: u16 = 1;
    const DESC: u16 = 1 << 3;
    const STAT: u16 = 1 << 9;
    const FSTAT: u16 = 1 << 11;
    static READ: Prototype = prototype("read", DESC);
    static OPEN: Prototype = prototype("open", DESC | FILE);
    static STAT4: Prototype = prototype("stat", FILE | STAT);
    static FSTAT5: Prototype = prototype("fstat", DESC | FSTAT);
    static GETPID: Prototype = prototype("getpid", 0);
    static WAITPID: Prototype = prototype("waitpid", 0);

    struct Few;

    impl Calls for Few {
        fn each(&self, abi: Abi, each: &mut dyn FnMut(u64, &'static Prototype)) {
            let calls: &[(u64, &'static Prototype)] = match abi {
                Abi::X86_64 => &[(0, &READ), (2, &OPEN), (4, &STAT4), (5, &FSTAT5), (139, &GETPID)],
                Abi::I386 => &[(3, &READ), (5, &OPEN), (7, &WAITPID), (20, &GETPID)],
                Abi::X32 => &[(X32_BIT, &READ)],
                _ => &[],
            };
            for (nr, prototype) in calls {
                each(*nr, prototype);
            }
        }
    }

    fn allowed(text: &str) -> Vec<u64> {
        let filter = Filter::parse_with(text, &Few).expect("a set");
        (0..200).filter(|nr| filter.allows(Abi::X86_64, *nr)).collect()
    }

    fn error(text: &str) -> String {
        Filter::parse_with(text, &Few).expect_err("no set").to_string()
    }

    #[test]
    fn names_classes_and_numbers() {
        assert_eq!(allowed("read,getpid"), [0, 139]);
        assert_eq!(allowed("trace=%file"), [2, 4]);
        assert_eq!(allowed("file,5"), [2, 4, 5]);
        assert_eq!(allowed("%%stat"), [4, 5]);
        assert_eq!(allowed("none"), [0u64; 0]);
        assert_eq!(allowed("all").len(), 200);
    }

    #[test]
    fn a_negated_set_has_unknown_calls_too() {
        let filter = Filter::parse_with("!%desc,getpid", &Few).expect("a set");
        let allows =
            [0, 1, 2, 4, 5, 139, 140, 5000, u64::MAX].map(|nr| filter.allows(Abi::X86_64, nr));
        assert_eq!(allows, [false, true, false, true, false, false, true, true, true]);
        assert_eq!(allowed("!all"), [0u64; 0]);
        assert_eq!(allowed("!none").len(), 200);
    }

    #[test]
    fn a_name_means_the_call_of_each_abi() {
        let filter = Filter::parse_with("read,waitpid", &Few).expect("a set");
        assert!(filter.allows(Abi::I386, 3) && filter.allows(Abi::I386, 7));
        assert!(filter.allows(Abi::X32, X32_BIT) && !filter.allows(Abi::X32, X32_BIT | 1));
        let filter = Filter::parse_with("read@32,?read@64,getpid@64", &Few).expect("a set");
        assert!(filter.allows(Abi::I386, 3) && !filter.allows(Abi::I386, 20));
        assert!(filter.allows(Abi::X86_64, 0) && !filter.allows(Abi::X32, X32_BIT));
    }

    #[test]
    fn a_call_is_meant_however_it_is_made() {
        let filter = Filter::parse("bind,semop").expect("a set");
        let subcalls: Vec<_> = subcall::subcalls(Abi::I386)
            .filter(|(nr, _)| filter.allows(Abi::I386, *nr))
            .map(|(_, prototype)| prototype.name)
            .collect();
        assert_eq!(subcalls, ["bind", "semop"]);
        let network = Filter::parse("!%network").expect("a set");
        let left = subcall::subcalls(Abi::I386).filter(|(nr, _)| network.allows(Abi::I386, *nr));
        assert_eq!(left.count(), 12, "those of ipc");
    }

    #[test]
    fn joined_sets_are_what_all_have() {
        let joined = |text: &str| Filter::parse_joined(text).expect("sets");
        let allows = |text: &str, nr| joined(text).allows(Abi::X86_64, nr);
        assert_eq!(joined("read,write"), Filter::parse("read,write").expect("a set"));
        assert!(allows("!read & read,write", 1) && !allows("!read & read,write", 0));
        assert!(allows("!read & !write", 5000) && !allows("!read & !write", 1));
        assert!(!allows("all & read", 5000) && !allows("read & all & write", 0));
        assert!(allows("trace=read & read", 0));
        assert!(Filter::parse_joined("read & nosuchcall").is_err());
    }

    #[test]
    fn an_unknown_name_gets_a_hint() {
        assert_eq!(error("raed"), "unknown system call 'raed'; did you mean 'read'?");
        assert_eq!(error("read,nosuchcall"), "unknown system call 'nosuchcall'");
        assert_eq!(error("%fiel"), "unknown class of system calls '%fiel'; did you mean 'file'?");
        assert_eq!(error("read,,open"), "an empty name in the set of system calls 'read,,open'");
        assert_eq!(error("read,!open"), "unknown system call '!open'; did you mean 'open'?");
        assert_eq!(allowed("?nosuchcall,read"), [0]);
    }

    #[test]
    fn a_number_is_known_or_marked() {
        assert_eq!(
            error("100000"),
            "no system call has the number 100000; '?100000' takes it all the same"
        );
        assert_eq!(error("2@32"), "no system call has the number 2; '?2' takes it all the same");
        assert_eq!(allowed("?100,2"), [2, 100]);
    }

    #[test]
    fn what_only_strace_has_is_told() {
        assert_eq!(
            error("signal=none"),
            "rtrace has no qualifier 'signal': calls are selected by trace=SET"
        );
        assert_eq!(
            error("trace=/^re"),
            "'/^re': rtrace has no regular expressions: list names or classes"
        );
    }
}
