//! Calls whose first argument says what the others are: how each is shown.

use super::super::scalar::{address, decimal, hex, signal};
use super::super::structs::named;
use super::super::{Site, quote};
use crate::abi::{self, Ty};
use crate::event::Phase;

/// How one argument is shown.
#[derive(Clone, Copy)]
pub(super) enum View {
    Hex,
    Int,
    Long,
    Address,
    Signal,
    /// A value of that set.
    One(&'static str),
    /// Bits of that set.
    Bits(&'static str),
    /// A key's serial number, or a keyring that the kernel knows by a number.
    Key,
    /// What the argument points to.
    Memory,
    /// A string in a buffer, up to its NUL.
    Text,
    /// A thread's name, of which the kernel takes 15 bytes.
    Name,
    /// An `int` that the kernel writes.
    Answer(&'static Self),
}

/// A command and its arguments behind the first.
pub(super) type Form = (u64, &'static [View]);

/// The views of a command's arguments; `None` if it is in no table: all are shown
/// in hexadecimal.
pub(super) fn views(forms: &[Form], command: u64) -> Option<&'static [View]> {
    forms.iter().find(|(known, _)| *known == command).map(|(_, views)| *views)
}

/// Appends an argument as its command's form says.
pub(super) fn argument(site: &Site<'_>, forms: &[Form], arg: usize, out: &mut String) {
    let views = views(forms, site.word(0) & 0xffff_ffff).unwrap_or_default();
    let view = arg.checked_sub(1).and_then(|index| views.get(index));
    match view.unwrap_or(&View::Hex) {
        View::Memory => match site.pointed(arg) {
            Some((dir, memory)) => site.memory(arg, dir, memory, out),
            None => address(site.word(arg), out),
        },
        View::Text => text(site, arg, usize::MAX, out),
        View::Name => text(site, arg, 15, out),
        View::Answer(view) => answer(site, arg, **view, out),
        view => number(site, *view, site.word(arg), out),
    }
}

fn number(site: &Site<'_>, view: View, word: u64, out: &mut String) {
    match view {
        View::Int => decimal(word as i32, out),
        View::Long => site.value(Ty::Scalar(abi::Scalar::Ulong), word, out),
        View::Address => address(word, out),
        View::Signal => signal(word, out),
        View::One(set) => named(set, word, out),
        View::Bits(set) => bits(set, word, out),
        View::Key => key(word, out),
        _ => hex(word, out),
    }
}

/// Appends bits of a set by the set's name.
pub(super) fn bits(set: &str, word: u64, out: &mut String) {
    match abi::set(set) {
        Some(set) => super::super::scalar::flags(set, word, out),
        None => hex(word, out),
    }
}

/// Appends a key, keyrings(7).
pub(super) fn key(word: u64, out: &mut String) {
    let serial = word as i32;
    let keyring = abi::set("key_spec")
        .filter(|_| serial < 0)
        .and_then(|set| super::super::scalar::name_in(set, i64::from(serial) as u64));
    match keyring {
        Some(name) => out.push_str(name),
        None => decimal(serial, out),
    }
}

fn text(site: &Site<'_>, arg: usize, most: usize, out: &mut String) {
    let Some(bytes) = site.bytes(arg, Phase::Entry).or_else(|| site.bytes(arg, Phase::Exit)) else {
        return address(site.word(arg), out);
    };
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    quote::cut(&bytes[..end], site.style.string_limit.min(most), false, out);
}

fn answer(site: &Site<'_>, arg: usize, view: View, out: &mut String) {
    let size = if matches!(view, View::Hex) { site.abi.word() } else { 4 };
    match super::pointee(site, arg, Phase::Exit, size) {
        Some(value) => {
            out.push('[');
            number(site, view, value, out);
            out.push(']');
        }
        None => address(site.word(arg), out),
    }
}
