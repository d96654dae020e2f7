//! Files: what depends on open's flags and on a node's type.

use super::super::scalar::decimal;
use super::super::{Site, date, quote};
use crate::abi::{Scalar, Ty};
use crate::event::{Phase, Role, State};

/// Flags of open(2) that make a file, so that its mode means something:
/// `O_CREAT` and `__O_TMPFILE`.
const CREATES: u64 = 0x40 | 0x40_0000;

/// The mode is shown only where a file may be made.
pub(super) fn open_count(site: &Site<'_>) -> Option<usize> {
    let params = site.prototype?.params;
    let flags = params.iter().position(|param| matches!(param.ty, Ty::Flags(_)))?;
    (site.word(flags) & CREATES == 0).then_some(flags + 1)
}

/// The device is shown only for device files.
pub(super) fn node_count(site: &Site<'_>) -> Option<usize> {
    const TYPE: u64 = 0xf000;
    const DEVICES: [u64; 2] = [0x2000, 0x6000];
    let params = site.prototype?.params;
    let mode = params.iter().position(|p| matches!(p.ty, Ty::Scalar(Scalar::Mode)))?;
    (!DEVICES.contains(&(site.word(mode) & TYPE))).then_some(mode + 1)
}

/// Appends an offset that the kernel moves: where it was, and of sendfile where it
/// is afterwards.
pub(super) fn offset(site: &Site<'_>, arg: usize, is_told: bool, out: &mut String) -> bool {
    let size = if site.name() == "sendfile" { site.abi.word() } else { 8 };
    let Some(before) = site.bytes(arg, Phase::Entry) else { return false };
    let after = site.bytes(arg, Phase::Exit).filter(|after| is_told && *after != before);
    for (index, bytes) in [Some(before), after].into_iter().flatten().enumerate() {
        out.push_str(if index == 0 { "[" } else { " => [" });
        decimal(date::signed(bytes, 0, size), out);
        out.push(']');
    }
    true
}

/// Random bytes are no text.
pub(super) fn random(site: &Site<'_>, out: &mut String) -> bool {
    let Some(piece) = site.record.piece(0, Role::Data).filter(|p| p.state != State::Unreadable)
    else {
        return false;
    };
    let bytes = site.record.bytes(piece);
    quote::hex(bytes, site.style.string_limit, piece.state == State::Cut, out);
    true
}
