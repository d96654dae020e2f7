//! Memory: NUMA policies, get_mempolicy(2) and its kin, huge pages; priorities of input and output,
//! ioprio_set(2).

use super::super::scalar::{decimal, flags, hex};
use super::super::structs::{named, number};
use super::super::{Site, memory};
use super::forms::bits;
use crate::abi::Ty;
use crate::event::Phase;

/// Appends a bit for each node, as the words that they stand in.
pub(super) fn nodes(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    let phase = if site.name() == "get_mempolicy" { Phase::Exit } else { Phase::Entry };
    let Some(bytes) = site.bytes(arg, phase) else { return false };
    let word = site.abi.word();
    memory::list(bytes.chunks_exact(word), out, |one, out| {
        let bits = number(one, 0, word);
        if bits == 0 {
            out.push_str(if word == 8 { "0000000000000000" } else { "00000000" });
        } else {
            // Writing to a string does not fail.
            let _ =
                std::fmt::Write::write_fmt(out, format_args!("{bits:#0width$x}", width = 2 * word));
        }
    });
    true
}

/// Appends the policy that was asked for.
pub(super) fn mode(site: &Site<'_>, out: &mut String) -> bool {
    let Some(mode) = super::pointee(site, 0, Phase::Exit, 4) else { return false };
    out.push('[');
    bits("mempolicy_mode", mode, out);
    out.push(']');
    true
}

/// Appends a class and a level in it, linux/ioprio.h.
pub(super) fn io_priority(value: u64, out: &mut String) {
    const CLASS_SHIFT: u32 = 13;
    out.push_str("IOPRIO_PRIO_VALUE(");
    named("ioprio_class", value >> CLASS_SHIFT & 0x7, out);
    out.push_str(", ");
    decimal(value & ((1 << CLASS_SHIFT) - 1), out);
    out.push(')');
}

pub(super) fn io_priority_result(value: u64, out: &mut String) {
    hex(value, out);
    out.push_str(" (");
    io_priority(value, out);
    out.push(')');
}

/// Appends flags that hold the size of huge pages, as its logarithm; says whether
/// they do.
pub(super) fn huge_pages(site: &Site<'_>, arg: usize, shift: &str, out: &mut String) -> bool {
    const SHIFT: u32 = 26;
    const MASK: u64 = 0x3f << SHIFT;
    let size = (site.word(arg) & MASK) >> SHIFT;
    let Some(Ty::Flags(set)) = site.ty(arg).filter(|_| size != 0) else { return false };
    flags(set, site.word(arg) & !MASK & 0xffff_ffff, out);
    out.push('|');
    decimal(size, out);
    out.push_str("<<");
    out.push_str(shift);
    true
}

/// Appends the context that io_setup(2) has made.
pub(super) fn aio_context(site: &Site<'_>, out: &mut String) -> bool {
    let context = super::pointee(site, 1, Phase::Exit, site.abi.word());
    let Some(context) = context.filter(|_| !site.record.failed) else { return false };
    out.push('[');
    hex(context, out);
    out.push(']');
    true
}
