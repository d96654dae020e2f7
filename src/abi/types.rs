//! The types that the generated tables are made of.

/// A system call ABI: which table of numbers a call was made by.
///
/// One program can use several: an x86-64 process may enter the kernel by
/// `int 0x80` (i386 numbers and 32-bit structs) or with bit 30 set (x32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Abi {
    /// x86-64, `syscall` instruction.
    X86_64 = 0,
    /// i386, `int 0x80` or `sysenter`; also from 64-bit code.
    I386 = 1,
    /// x32: x86-64 numbers with bit 30 set, 32-bit pointers.
    X32 = 2,
    /// arm64.
    Aarch64 = 3,
    /// 64-bit RISC-V.
    Riscv64 = 4,
}

/// Bit 30, which marks an x32 call among the x86-64 ones (`__X32_SYSCALL_BIT`).
pub const X32_BIT: u64 = 0x4000_0000;

impl Abi {
    /// All ABIs that have a table.
    pub const ALL: [Self; 5] = [Self::X86_64, Self::I386, Self::X32, Self::Aarch64, Self::Riscv64];

    /// The stable code that stands for this ABI in a log.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The ABI that a log's code stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::X86_64),
            1 => Some(Self::I386),
            2 => Some(Self::X32),
            3 => Some(Self::Aarch64),
            4 => Some(Self::Riscv64),
            _ => None,
        }
    }

    /// The ABI of a call by its `AUDIT_ARCH_*` value and number, as
    /// `PTRACE_GET_SYSCALL_INFO` gives them (`linux/audit.h`).
    pub const fn from_audit(arch: u32, nr: u64) -> Option<Self> {
        match arch {
            0xC000_003E if nr as u32 != u32::MAX && nr & X32_BIT != 0 => Some(Self::X32),
            0xC000_003E => Some(Self::X86_64),
            0x4000_0003 => Some(Self::I386),
            0xC000_00B7 => Some(Self::Aarch64),
            0xC000_00F3 => Some(Self::Riscv64),
            _ => None,
        }
    }

    /// Its `AUDIT_ARCH_*` value (`linux/audit.h`).
    pub const fn audit(self) -> u32 {
        match self {
            Self::X86_64 | Self::X32 => 0xC000_003E,
            Self::I386 => 0x4000_0003,
            Self::Aarch64 => 0xC000_00B7,
            Self::Riscv64 => 0xC000_00F3,
        }
    }

    /// The name used on the command line and in exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::I386 => "i386",
            Self::X32 => "x32",
            Self::Aarch64 => "aarch64",
            Self::Riscv64 => "riscv64",
        }
    }

    /// The ABI of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|abi| abi.name() == name)
    }

    /// Bytes of a `long` and of a pointer in memory: 4 or 8.
    pub const fn word(self) -> usize {
        match self {
            Self::I386 | Self::X32 => 4,
            _ => 8,
        }
    }
}

/// What one system call looks like: its name, parameters, result and effect.
#[derive(Debug)]
pub struct Prototype {
    /// The manual page's name, without any ABI suffix.
    pub name: &'static str,
    /// At most six, in the order of the argument registers.
    pub params: &'static [Param],
    /// How to read the result.
    pub returns: Scalar,
    /// The classes (`%file`, `%process`, …) it belongs to.
    pub classes: Classes,
    /// What it does to the flow.
    pub effect: Effect,
}

/// A parameter: its name in the manual page and its type.
#[derive(Debug)]
pub struct Param {
    /// The manual page's name of it.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
}

/// The type of a parameter or of a struct's field.
#[derive(Clone, Copy, Debug)]
pub enum Ty {
    /// A number in the register itself.
    Scalar(Scalar),
    /// One of a set of named values.
    Enum(&'static Set),
    /// A combination of named bits.
    Flags(&'static Set),
    /// A pointer to memory that the call reads, writes, or both.
    Memory(Dir, Memory),
}

/// A number and how people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Signed 32 bits.
    Int,
    /// Unsigned 32 bits.
    Uint,
    /// Signed, as wide as the ABI's word.
    Long,
    /// Unsigned, as wide as the ABI's word.
    Ulong,
    /// Signed 64 bits.
    S64,
    /// Unsigned 64 bits.
    U64,
    /// Signed 16 bits.
    S16,
    /// Unsigned 16 bits.
    U16,
    /// Unsigned 8 bits.
    U8,
    /// Unsigned, shown in hexadecimal.
    Hex,
    /// An address that is not followed.
    Addr,
    /// A file descriptor.
    Fd,
    /// A file descriptor that stands for a directory, or `AT_FDCWD`.
    DirFd,
    /// A process or thread id.
    Pid,
    /// A user id.
    Uid,
    /// A group id.
    Gid,
    /// Permission bits, shown in octal.
    Mode,
    /// A byte count.
    Size,
    /// A file offset.
    Off,
    /// The low half of a 64-bit value in two registers.
    Lo,
    /// The high half of it.
    Hi,
    /// A signal number.
    Signal,
    /// A device number (major and minor).
    Dev,
    /// Seconds since 1970.
    Time,
    /// No value: a call that does not return, or an unused register.
    Void,
}

/// Which way memory goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dir {
    /// The kernel reads it: captured at entry.
    In,
    /// The kernel writes it: captured at exit when the call succeeded.
    Out,
    /// Both: captured at entry and again at exit.
    InOut,
}

/// What a pointer points to.
#[derive(Clone, Copy, Debug)]
pub enum Memory {
    /// A NUL-terminated file name.
    Path,
    /// Another NUL-terminated string.
    Str,
    /// A NULL-terminated vector of strings (argv).
    Argv,
    /// The same, holding an environment.
    Envp,
    /// Opaque bytes, kept up to `-s`.
    Bytes(Len),
    /// `count` structs of a known layout.
    Struct(&'static Struct, Len),
    /// A struct that grows with the kernel: the length says how many bytes of it
    /// the caller knows of.
    Sized(&'static Struct, Len),
    /// A vector of `struct iovec` and the bytes they point to.
    Iovec(Len),
    /// A socket address of so many bytes.
    Sockaddr(Len),
    /// `struct msghdr` with name, vectors and control data.
    Msghdr,
    /// So many `struct mmsghdr`.
    Mmsghdr(Len),
    /// A signal set of so many bytes.
    Sigset(Len),
    /// An `fd_set` for that many descriptors.
    FdSet(Len),
    /// What it points to depends on another argument; resolved in code.
    Irregular,
}

/// How many bytes or elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Len {
    /// Always that many.
    Const(u32),
    /// The value of argument `i`.
    Arg(u8),
    /// The call's result.
    Ret,
    /// The call's result, but no more than argument `i`: the result may say how
    /// much there would have been (`MSG_TRUNC`, getxattr(2) with size 0).
    RetUpTo(u8),
    /// The `u32` (a `socklen_t`) that argument `i` points to.
    Deref(u8),
}

/// A named set of values (an enumeration) or of bits (flags).
#[derive(Debug)]
pub struct Set {
    /// Its name in `syscall-tables/`.
    pub name: &'static str,
    /// Values with their names. In a flag set, the longer masks first.
    pub entries: &'static [(u64, &'static str)],
}

/// A struct in the tracee's memory, in both word sizes.
#[derive(Debug)]
pub struct Struct {
    /// Its name in `syscall-tables/`.
    pub name: &'static str,
    /// Layout where a `long` has 8 bytes.
    pub lp64: Layout,
    /// Layout where a `long` has 4 bytes (i386, x32).
    pub ilp32: Layout,
}

impl Struct {
    /// The layout under that ABI.
    pub const fn layout(&self, abi: Abi) -> &Layout {
        if abi.word() == 8 { &self.lp64 } else { &self.ilp32 }
    }
}

/// Size and fields of a struct under one word size.
#[derive(Debug)]
pub struct Layout {
    /// In bytes, trailing padding included.
    pub size: u32,
    /// In the order of memory.
    pub fields: &'static [Field],
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Bytes from the struct's start.
    pub offset: u32,
    /// Bytes of one element.
    pub size: u32,
    /// Elements: 1, or more in an array.
    pub count: u32,
    /// How to read it. Never [`Ty::Memory`].
    pub ty: FieldTy,
}

/// The type of a struct's field.
#[derive(Clone, Copy, Debug)]
pub enum FieldTy {
    /// A number or set.
    Value(Ty),
    /// An embedded struct.
    Struct(&'static Struct),
    /// Characters up to a NUL (`char name[16]`).
    Chars,
    /// Raw bytes, shown in hexadecimal.
    Raw,
}

/// Classes that a call belongs to: `-e trace=%file` and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes(pub u16);

impl Classes {
    /// Names of the classes; bit `i` of the set is entry `i`.
    pub const NAMES: [&'static str; 16] = [
        "file", "process", "network", "desc", "memory", "signal", "ipc", "creds", "clock", "stat",
        "lstat", "fstat", "statfs", "fstatfs", "pure", "time",
    ];

    /// Whether the class of that bit is in the set.
    pub const fn has(self, bit: usize) -> bool {
        self.0 & (1 << bit) != 0
    }

    /// The names of the classes in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(i, _)| self.has(*i)).map(|(_, n)| n)
    }
}

/// What a call does to the flow: a verb and the arguments it is about.
#[derive(Clone, Copy, Debug)]
pub struct Effect {
    /// The verb.
    pub verb: Verb,
    /// The arguments, in the order that the verb's documentation gives.
    pub operands: &'static [Operand],
}

/// An argument that an effect is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Index of the argument.
    pub arg: u8,
    /// Index of the directory descriptor that a path is relative to.
    pub at: Option<u8>,
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The closed vocabulary of effects; `flow` matches these and never names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verb { $($(#[$doc])* $variant,)* }

        impl Verb {
            /// All verbs.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word used in `syscall-tables/`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

verbs! {
    /// Nothing that the flow keeps.
    None = "none",
    /// A path becomes a descriptor: `opens(path[@dirfd])`; the result is the descriptor.
    Opens = "opens",
    /// Makes a descriptor out of nothing (socket, epoll, eventfd, memfd): the result.
    Makes = "makes",
    /// Makes two connected descriptors: `pairs(fds)` (pipe, socketpair).
    Pairs = "pairs",
    /// Ends descriptors: `closes(fd)` or `closes(first, last)`.
    Closes = "closes",
    /// Copies a descriptor: `dups(from[, to])`; the result is the copy.
    Dups = "dups",
    /// Takes a descriptor of another process: `takes(pidfd, fd)`.
    Takes = "takes",
    /// Takes bytes from a descriptor: `reads(fd)`; the result counts them.
    Reads = "reads",
    /// Gives bytes to a descriptor: `writes(fd)`; the result counts them.
    Writes = "writes",
    /// Moves bytes from one descriptor to another: `copies(from, to)`.
    Copies = "copies",
    /// Lists a directory: `lists(fd)`.
    Lists = "lists",
    /// Looks at something without its content: `looks(path[@dirfd])` or `looks(fd)`.
    Looks = "looks",
    /// Changes mode, owner, times or attributes: `alters(…)`.
    Alters = "alters",
    /// Changes a file's length: `truncates(…)`.
    Truncates = "truncates",
    /// Makes a directory, node or symbolic link: `creates(path[@dirfd])`.
    Creates = "creates",
    /// Gives a file a second name: `links(old, new)`.
    Links = "links",
    /// Moves a name: `renames(old, new)`.
    Renames = "renames",
    /// Removes a name: `unlinks(path[@dirfd])`.
    Unlinks = "unlinks",
    /// Changes the working directory: `moves(path)` or `moves(fd)`.
    Moves = "moves",
    /// Changes the root directory: `roots(path)`.
    Roots = "roots",
    /// Changes the mounts: `mounts(…)`.
    Mounts = "mounts",
    /// Maps a descriptor into memory: `maps(fd)`.
    Maps = "maps",
    /// Gives a socket its own address: `binds(fd, addr)`.
    Binds = "binds",
    /// Waits for peers: `listens(fd)`.
    Listens = "listens",
    /// Takes a peer's connection: `accepts(fd, addr)`; the result is the new descriptor.
    Accepts = "accepts",
    /// Goes to a peer: `connects(fd, addr)`.
    Connects = "connects",
    /// Gives bytes to a socket, perhaps with an address: `sends(fd)`.
    Sends = "sends",
    /// Takes bytes from a socket: `receives(fd)`.
    Receives = "receives",
    /// Makes a task: the result is its id in the caller's PID namespace.
    Forks = "forks",
    /// Starts a new execution: `execs(path[@dirfd])`.
    Execs = "execs",
    /// Ends the task or its process.
    Exits = "exits",
    /// Waits for a child: `waits(pid)`; the result is the child.
    Waits = "waits",
    /// Sends a signal: `signals(pid)`.
    Signals = "signals",
    /// Changes the caller's credentials.
    Credits = "credits",
    /// Waits for time, descriptors or a futex.
    Sleeps = "sleeps",
    /// Depends on a command argument; resolved in code (fcntl, ioctl, prctl, …).
    Controls = "controls",
}
