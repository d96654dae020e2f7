//! strace-style text of one event.
//!
//! A call's text has three parts, since another task's line may come between its
//! entry and its exit: [`entry`] (the name and the arguments that the kernel
//! reads), [`rest`] (from the first argument that it writes on) and [`result`].
//! [`Timeline`] puts them together in the order of time. The words are those of
//! strace 6.1, so that people and scripts find what they know.
//!
//! | file | what it prints |
//! | --- | --- |
//! | `quote`, `scalar` | strings; numbers, flags, descriptors |
//! | `structs`, `memory`, `socket`, `message`, `interface`, `directory`, `signal`, `stat`, `terminal` | what pointers point to |
//! | `date` | points in time |
//! | `calls` | calls whose text does not follow from their prototype |
//! | `result` | what stands behind `=` |
//! | `scan` | where something is to be escaped |
//! | `timeline` | lines in the order of time |

mod calls;
mod date;
mod directory;
mod interface;
mod memory;
mod message;
mod quote;
mod result;
mod scalar;
mod scan;
mod signal;
mod socket;
mod stat;
mod structs;
mod terminal;
mod timeline;

pub use quote::{escaped_name, quoted};
pub use result::result;
pub(crate) use scalar::decimal;
pub(crate) use scan::find_byte;
pub use signal::{exit, siginfo, stop};
pub use structs::named;
pub use timeline::{Layout, Timeline};

use crate::abi::{self, Abi, Dir, Memory, Prototype, Scalar, Ty};
use crate::event::{Phase, Record, TaskId};

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Bytes of a string shown at most (`-s`); paths are always whole.
    pub string_limit: usize,
    /// Structs and environments whole (`-v`).
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { string_limit: 32, verbose: false }
    }
}

/// What is known of descriptors, for `-y` and `-yy`.
pub trait Descriptors {
    /// Appends `<…>`, what stands behind a descriptor of a task, if anything does:
    /// as it was when the call began ([`Phase::Entry`]), or for a descriptor that
    /// it returned.
    fn describe(&self, task: TaskId, fd: i32, phase: Phase, out: &mut String);
}

/// Without `-y`: descriptors are numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Descriptors for Plain {
    fn describe(&self, _: TaskId, _: i32, _: Phase, _: &mut String) {}
}

/// A call being printed.
#[derive(Clone, Copy)]
struct Site<'a> {
    record: &'a Record<'a>,
    abi: Abi,
    prototype: Option<&'static Prototype>,
    style: &'a Style,
    descriptors: &'a dyn Descriptors,
}

impl<'a> Site<'a> {
    fn new(record: &'a Record<'a>, style: &'a Style, descriptors: &'a dyn Descriptors) -> Self {
        let prototype = record.call.and_then(|call| abi::lookup(call.abi, call.nr));
        let abi = record.call.map_or(Abi::X86_64, |call| call.abi);
        Self { record, abi, prototype, style, descriptors }
    }

    fn name(&self) -> &'static str {
        self.prototype.map_or("", |prototype| prototype.name)
    }

    fn ty(&self, arg: usize) -> Option<Ty> {
        Some(self.prototype?.params.get(arg)?.ty)
    }

    /// What an argument points to, as its prototype or the command says it.
    fn pointed(&self, arg: usize) -> Option<(Dir, Memory)> {
        let prototype = self.prototype?;
        match prototype.params.get(arg)?.ty {
            Ty::Memory(_, Memory::Irregular) => {
                let words = std::array::from_fn(|arg| self.word(arg));
                abi::irregular::resolve(self.abi, prototype, &words, arg)
            }
            Ty::Memory(dir, memory) => Some((dir, memory)),
            _ => None,
        }
    }

    /// An argument, as wide as the ABI's registers.
    fn word(&self, arg: usize) -> u64 {
        let word = self.record.words.get(arg).copied().unwrap_or_default();
        if self.abi.word() == 4 { word & 0xffff_ffff } else { word }
    }

    /// Bytes of the first piece of an argument read in `phase`.
    fn bytes(&self, arg: usize, phase: Phase) -> Option<&'a [u8]> {
        let piece =
            self.record.pieces.iter().find(|p| usize::from(p.arg) == arg && p.phase == phase)?;
        memory::readable(piece).then(|| self.record.bytes(piece))
    }

    /// How many arguments are shown.
    fn count(&self) -> usize {
        let count = self.prototype.map_or(6, |prototype| prototype.params.len()).min(6);
        calls::count(self).unwrap_or(count).min(count)
    }

    /// The first argument that is shown only when the call has ended.
    fn split(&self) -> usize {
        let late = (0..self.count()).find(|arg| match self.ty(*arg) {
            Some(Ty::Memory(..)) => {
                let is_out = self.pointed(*arg).is_some_and(|(dir, _)| dir != Dir::In);
                is_out && calls::is_late(self, *arg)
            }
            _ => false,
        });
        late.unwrap_or(self.count())
    }

    /// Appends one argument.
    fn argument(&self, arg: usize, out: &mut String) {
        if calls::argument(self, arg, out) {
            return;
        }
        let word = self.word(arg);
        match self.ty(arg) {
            Some(Ty::Memory(..)) => match self.pointed(arg) {
                Some((dir, memory)) => self.memory(arg, dir, memory, out),
                None => scalar::address(word, out),
            },
            Some(Ty::Scalar(Scalar::Lo)) => self.wide(arg, out),
            Some(ty) => self.value(ty, word, out),
            None => scalar::hex(word, out),
        }
    }

    /// Appends the arguments that are known when the call begins.
    fn early_arguments(&self, out: &mut String) {
        if calls::entry(self, out) {
            return;
        }
        let split = self.split();
        self.arguments(0, split, out);
        if split > 0 && split < self.count() {
            out.push_str(", ");
        }
    }

    /// Appends the others.
    fn late_arguments(&self, out: &mut String) {
        if !calls::rest(self, out) {
            self.arguments(self.split(), self.count(), out);
        }
    }

    /// Appends arguments `from..to`, separated.
    fn arguments(&self, from: usize, to: usize, out: &mut String) {
        let mut first = true;
        for arg in (from..to).filter(|arg| !self.is_hidden(*arg)) {
            if !std::mem::take(&mut first) {
                out.push_str(", ");
            }
            self.argument(arg, out);
        }
    }

    /// The high half of a number is shown with the low one.
    fn is_hidden(&self, arg: usize) -> bool {
        matches!(self.ty(arg), Some(Ty::Scalar(Scalar::Hi))) || calls::is_hidden(self, arg)
    }
}

/// Appends a call's name, `syscall_0x1ff` for one without.
pub fn name(record: &Record<'_>, out: &mut String) {
    let Some(call) = record.call else { return };
    if let Some(prototype) = abi::lookup(call.abi, call.nr) {
        out.push_str(prototype.name);
    } else {
        out.push_str("syscall_");
        scalar::hex(call.nr, out);
    }
}

/// Appends what is known of a call when it begins: `name(` and the arguments up
/// to the first one that the kernel writes.
pub fn entry(record: &Record<'_>, style: &Style, descriptors: &dyn Descriptors, out: &mut String) {
    name(record, out);
    out.push('(');
    Site::new(record, style, descriptors).early_arguments(out);
}

/// Appends what is known of a call when it has ended: the other arguments and
/// the closing parenthesis.
pub fn rest(record: &Record<'_>, style: &Style, descriptors: &dyn Descriptors, out: &mut String) {
    Site::new(record, style, descriptors).late_arguments(out);
    out.push(')');
}

/// Appends all arguments, as they stand between the parentheses.
pub fn argument_list(record: &Record<'_>, style: &Style, out: &mut String) {
    let site = Site::new(record, style, &Plain);
    site.early_arguments(out);
    site.late_arguments(out);
}

/// Appends a whole call: `name(arguments) = result`.
pub fn call(record: &Record<'_>, style: &Style, descriptors: &dyn Descriptors, out: &mut String) {
    entry(record, style, descriptors, out);
    rest(record, style, descriptors, out);
    out.push_str(" = ");
    result(record, style, descriptors, out);
}

/// The arguments of a call, each with the manual page's name of it (empty where
/// the call is unknown) and its text.
pub fn arguments(record: &Record<'_>, style: &Style) -> Vec<(&'static str, String)> {
    let site = Site::new(record, style, &Plain);
    let texts = (0..site.count()).map(|arg| {
        let mut text = String::new();
        site.argument(arg, &mut text);
        let name = site.prototype.and_then(|prototype| prototype.params.get(arg));
        (name.map_or("", |param| param.name), text)
    });
    texts.collect()
}
