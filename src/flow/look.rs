//! What looking at a file tells: stat(2) and its like say whether it is a directory.

use super::Flow;
use super::plan::Plan;
use super::resource::Class;
use crate::abi::{Field, Memory, Prototype, Ty};
use crate::event::{Phase, Record, Role};

/// Where a call returns a file's type and permissions.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModeAt {
    arg: u8,
    /// Where a `long` has 8 bytes, and 4.
    fields: [&'static Field; 2],
}

impl ModeAt {
    pub(super) fn of(prototype: &Prototype) -> Option<Self> {
        (0..).zip(prototype.params).find_map(|(arg, param)| {
            let Ty::Memory(_, Memory::Struct(known, _)) = param.ty else { return None };
            let field = |fields: &'static [Field]| {
                fields.iter().find(|field| matches!(field.name, "st_mode" | "stx_mode"))
            };
            let fields = [field(known.lp64.fields)?, field(known.ilp32.fields)?];
            Some(Self { arg, fields })
        })
    }

    fn read(self, record: &Record<'_>) -> Option<u32> {
        let [wide, narrow] = self.fields;
        let field = if record.call?.abi.word() == 8 { wide } else { narrow };
        let piece = record.pieces_of(self.arg, Role::Struct).last()?;
        let (from, size) = (field.offset as usize, field.size as usize);
        let bytes = (piece.0.phase == Phase::Exit).then_some(piece.1)?.get(from..from + size)?;
        Some(bytes.iter().rev().fold(0, |mode, byte| mode << 8 | u32::from(*byte)))
    }
}

impl Flow {
    /// A call has looked at something.
    pub(super) fn looked(&mut self, record: &Record<'_>, plan: &Plan) {
        let mode = plan.mode_at.and_then(|at| at.read(record));
        if mode.and_then(Class::from_mode) == Some(Class::Directory)
            && let Some(seen) = self.uses.last()
        {
            self.found_directory(seen.resource);
        }
    }
}
