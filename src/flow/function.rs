//! Functions: what a call is a call of. Today they are the kernel's own, which a call
//! names by its number and its ABI.

use std::borrow::Cow;

use super::moniker::Moniker;
use crate::abi::{self, Abi};
use crate::event::{Call, Kind, Record};

/// A function of the kernel: a system call of one ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Function(Call);

impl Function {
    /// What an event is a call of; `None` if it is no call, or the log does not say of what.
    pub fn of(record: &Record<'_>) -> Option<Self> {
        let call = record.call.filter(|_| record.kind == Kind::Call)?;
        let nr = if call.abi == Abi::X32 { call.nr & !abi::X32_BIT } else { call.nr };
        Some(Self(Call { nr, ..call }))
    }

    /// Its name, as in section 2 of the manual; for a number that no table has
    /// `syscall_0x…`.
    pub fn name(self) -> Cow<'static, str> {
        match abi::lookup(self.0.abi, self.0.nr) {
            Some(prototype) => prototype.name.into(),
            None => format!("syscall_{:#x}", self.0.nr).into(),
        }
    }

    /// The ABI by which it is called.
    pub const fn abi(self) -> Abi {
        self.0.abi
    }

    /// The same where it is not the machine's own: the i386 one's `open` on an x86-64 has
    /// another number, and other structures, than that machine's `open`.
    pub const fn personality(self) -> Option<&'static str> {
        match self.0.abi {
            Abi::I386 | Abi::X32 => Some(self.0.abi.name()),
            Abi::X86_64 | Abi::Aarch64 | Abi::Riscv64 => None,
        }
    }

    /// Appends by what it is told from others: its name, behind the ABI and `-` where that
    /// is not the machine's own.
    pub fn write_id(self, out: &mut String) {
        if let Some(abi) = self.personality() {
            out.push_str(abi);
            out.push('-');
        }
        out.push_str(&self.name());
    }

    /// Its name outside of its run.
    pub fn moniker(self) -> Moniker<'static> {
        let name = self.name().into_owned().into_bytes();
        Moniker::of_function(self.personality(), name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_functions_have_one_name() {
        for abi in Abi::ALL {
            let all = (0..2048).filter(|nr| abi::lookup(abi, *nr).is_some());
            let names: Vec<_> = all.map(|nr| Function(Call { abi, nr }).name()).collect();
            let distinct: HashSet<_> = names.iter().collect();
            assert!(names.len() > 200, "{abi:?}: {}", names.len());
            assert_eq!(distinct.len(), names.len(), "{abi:?}");
        }
    }

    #[test]
    fn a_name_says_the_abi_where_it_is_not_the_machines_own() {
        let moniker = |abi, nr| {
            let moniker = Function(Call { abi, nr }).moniker();
            String::from_utf8(moniker.to_bytes()).expect("text")
        };
        assert_eq!(moniker(Abi::X86_64, 257), "Function.Name=openat");
        assert_eq!(moniker(Abi::I386, 5), "Function.Abi=i386,Name=open");
        assert_eq!(moniker(Abi::X86_64, 9999), "Function.Name=syscall_0x270f");
    }
}
