//! Prototypes as text, as `syscall-tables/` has them.

use std::fmt;

use super::types::{Dir, Effect, Len, Memory, Prototype, Scalar, Ty};

impl fmt::Display for Prototype {
    /// `name(parameter: type, …) = result | classes | effect`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (index, param) in self.params.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}: {}", param.name, self.type_text(&param.ty))?;
        }
        write!(f, ") = {} | ", self.returns.name())?;
        if self.classes.names().next().is_none() {
            f.write_str("- ")?;
        }
        for class in self.classes.names() {
            write!(f, "{class} ")?;
        }
        write!(f, "| {}", self.effect_text())
    }
}

impl Prototype {
    /// The name of parameter number `index`.
    pub fn param_name(&self, index: u8) -> &'static str {
        self.params.get(usize::from(index)).map_or("?", |param| param.name)
    }

    /// The effect: `opens(pathname@dirfd)`.
    pub fn effect_text(&self) -> String {
        let Effect { verb, operands } = self.effect;
        let shown = operands.iter().map(|operand| match operand.at {
            Some(at) => format!("{}@{}", self.param_name(operand.arg), self.param_name(at)),
            None => self.param_name(operand.arg).to_owned(),
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        if shown.is_empty() { verb.name().to_owned() } else { format!("{}({shown})", verb.name()) }
    }

    /// The type of one of its parameters: `flags[open_flags]`, `out bytes[ret]`.
    pub fn type_text(&self, ty: &Ty) -> String {
        match ty {
            Ty::Scalar(one) => one.name().to_owned(),
            Ty::Enum(set) => format!("enum[{}]", set.name),
            Ty::Flags(set) => format!("flags[{}]", set.name),
            Ty::Memory(direction, what) => {
                let what = self.memory_text(what);
                let is_plain = matches!(what.as_str(), "path" | "str" | "argv" | "envp");
                match direction {
                    Dir::In if is_plain => what,
                    Dir::In => format!("in {what}"),
                    Dir::Out => format!("out {what}"),
                    Dir::InOut => format!("inout {what}"),
                }
            }
        }
    }

    fn memory_text(&self, what: &Memory) -> String {
        let sized = |name: &str, len: &Len| format!("{name}[{}]", self.len_text(*len));
        match what {
            Memory::Path => "path".into(),
            Memory::Str => "str".into(),
            Memory::Argv => "argv".into(),
            Memory::Envp => "envp".into(),
            Memory::Bytes(len) => sized("bytes", len),
            Memory::Struct(one, Len::Const(1)) => one.name.into(),
            Memory::Struct(one, len) => sized(one.name, len),
            Memory::Sized(one, len) => format!("sized {}", sized(one.name, len)),
            Memory::Iovec(len) => sized("iovec", len),
            Memory::Sockaddr(len) => sized("sockaddr", len),
            Memory::Msghdr => "msghdr".into(),
            Memory::Mmsghdr(len) => sized("mmsghdr", len),
            Memory::Sigset(len) => sized("sigset", len),
            Memory::FdSet(len) => sized("fdset", len),
            Memory::Irregular => "irregular".into(),
        }
    }

    fn len_text(&self, len: Len) -> String {
        match len {
            Len::Const(count) => count.to_string(),
            Len::Arg(arg) => self.param_name(arg).to_owned(),
            Len::Ret => "ret".into(),
            Len::RetUpTo(arg) => format!("ret<={}", self.param_name(arg)),
            Len::Deref(arg) => format!("*{}", self.param_name(arg)),
        }
    }
}

impl Scalar {
    /// The word for it in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Scalar::Int => "int",
            Scalar::Uint => "uint",
            Scalar::Long => "long",
            Scalar::Ulong => "ulong",
            Scalar::S64 => "s64",
            Scalar::U64 => "u64",
            Scalar::S16 => "s16",
            Scalar::U16 => "u16",
            Scalar::U8 => "u8",
            Scalar::Hex => "hex",
            Scalar::Addr => "addr",
            Scalar::Fd => "fd",
            Scalar::DirFd => "dirfd",
            Scalar::Pid => "pid",
            Scalar::Uid => "uid",
            Scalar::Gid => "gid",
            Scalar::Mode => "mode",
            Scalar::Size => "size",
            Scalar::Off => "off",
            Scalar::Lo => "lo",
            Scalar::Hi => "hi",
            Scalar::Signal => "signal",
            Scalar::Dev => "dev",
            Scalar::Time => "time",
            Scalar::Void => "void",
        }
    }
}
