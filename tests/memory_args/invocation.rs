//! A call to make: its arguments, the memory they point to, and what of it the
//! log must have.

use std::fmt::Write;

use rtrace::abi::{Abi, Dir, Len, Memory, Prototype, Scalar, Ty};

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arg {
    /// A number.
    Value(u64),
    /// The address of a buffer.
    Buffer(usize),
    /// The caller's pid.
    OwnPid,
}

/// Memory of the tracee, and the addresses of other buffers in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) pointers: Vec<(usize, usize)>,
}

impl Buffer {
    pub(crate) fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), pointers: Vec::new() }
    }

    pub(crate) fn zeros(length: usize) -> Self {
        Self::of(vec![0; length])
    }
}

/// What the log must have of an argument.
#[derive(Clone, Debug)]
pub(crate) enum Expect {
    /// These bytes, at entry.
    Entry(u8, Vec<u8>),
    /// What is in a buffer after the call, so much of it, at exit.
    Exit(u8, usize, Extent),
}

/// How much of a buffer the kernel has written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    /// So many bytes.
    Fixed(usize),
    /// As many elements of that size as the result says.
    Result(usize),
    /// As many bytes as the `u32` in that buffer says.
    Told(usize),
    /// All of them, and not a byte from behind them.
    Exactly(usize),
    /// Up to a NUL.
    String,
    /// As many bytes as the result says, out of several buffers, in order: the
    /// part of this one starts there.
    Part(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) name: &'static str,
    /// The number that it is made by.
    pub(crate) nr: u64,
    /// The number in the log: another one where another call makes it.
    pub(crate) logged: u64,
    pub(crate) abi: Abi,
    pub(crate) args: [Arg; 6],
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) expect: Vec<Expect>,
}

impl Invocation {
    /// A call with nothing but zeros.
    pub(crate) fn bare(abi: Abi, nr: u64, name: &'static str) -> Self {
        let args = std::array::from_fn(|_| Arg::Value(0));
        Self { name, nr, logged: nr, abi, args, buffers: Vec::new(), expect: Vec::new() }
    }

    /// A call with a pattern wherever the prototype says that memory goes in;
    /// nothing if none does.
    pub(crate) fn planted(abi: Abi, nr: u64, prototype: &'static Prototype) -> Option<Self> {
        let mut call = Self::of(abi, nr, prototype);
        call.expect.retain(|expect| matches!(expect, Expect::Entry(..)));
        let memory = prototype.params.iter().any(|param| matches!(param.ty, Ty::Memory(..)));
        (memory && !call.expect.is_empty()).then_some(call)
    }

    /// A call with a pattern where memory goes in and room where it comes out.
    pub(crate) fn of(abi: Abi, nr: u64, prototype: &'static Prototype) -> Self {
        let mut call = Self::bare(abi, nr, prototype.name);
        for (index, param) in prototype.params.iter().enumerate() {
            let value = match param.ty {
                Ty::Scalar(scalar) => harmless(scalar, param.name),
                _ => 0,
            };
            call.args[index] = Arg::Value(value);
        }
        for (index, param) in prototype.params.iter().enumerate() {
            if let Ty::Memory(dir, memory) = param.ty {
                call.plant(index as u8, dir, memory);
            }
        }
        call
    }

    /// The line that tells the tracee to make it.
    pub(crate) fn line(&self) -> String {
        let mut words = vec![self.name.to_owned(), self.nr.to_string()];
        words.extend(self.args.iter().map(|arg| match arg {
            Arg::Value(value) => format!("v{value:x}"),
            Arg::Buffer(index) => format!("b{index}"),
            Arg::OwnPid => "p".to_owned(),
        }));
        words.extend(self.buffers.iter().map(|buffer| {
            let mut word = "=".to_owned();
            for byte in &buffer.bytes {
                let _ = write!(word, "{byte:02x}"); // a String takes everything
            }
            for (at, to) in &buffer.pointers {
                let _ = write!(word, "@{at}:{to}");
            }
            word
        }));
        words.join(" ") + "\n"
    }

    /// Adds a buffer.
    pub(crate) fn buffer(&mut self, buffer: Buffer) -> usize {
        self.buffers.push(buffer);
        self.buffers.len() - 1
    }

    /// Makes an argument point to these bytes.
    pub(crate) fn point(&mut self, arg: u8, bytes: impl Into<Vec<u8>>) -> usize {
        let buffer = match self.args[usize::from(arg)] {
            Arg::Buffer(index) => index,
            _ => self.buffer(Buffer::default()),
        };
        self.buffers[buffer] = Buffer::of(bytes);
        self.args[usize::from(arg)] = Arg::Buffer(buffer);
        self.expect.retain(|expect| match expect {
            Expect::Entry(of, _) => *of != arg,
            Expect::Exit(..) => true,
        });
        buffer
    }

    fn word(&self) -> usize {
        self.abi.word()
    }

    /// Something that is nowhere else, for this call and argument.
    fn pattern(&self, arg: u8, part: usize, length: usize) -> Vec<u8> {
        let text = format!("{}.{arg}.{part}~", self.name);
        text.into_bytes().into_iter().cycle().take(length).collect()
    }

    /// Sets the argument that says how long another one's memory is.
    fn count(&mut self, len: Len, count: usize) -> usize {
        match len {
            Len::Const(count) => count as usize,
            Len::Arg(index) => {
                self.args[usize::from(index)] = Arg::Value(count as u64);
                count
            }
            Len::Deref(index) => {
                self.point(index, (count as u32).to_ne_bytes());
                count
            }
            Len::Ret => count,
            Len::RetUpTo(index) => self.count(Len::Arg(index), count),
        }
    }

    fn plant(&mut self, arg: u8, dir: Dir, memory: Memory) {
        match memory {
            Memory::Path | Memory::Str => self.string(arg, dir),
            Memory::Argv | Memory::Envp => self.strings(arg, memory),
            Memory::Bytes(len) => self.flat(arg, dir, len, 1, 256),
            Memory::Struct(layout, len) => {
                let size = layout.layout(self.abi).size as usize;
                let room = if matches!(len, Len::Ret | Len::RetUpTo(_)) { 64 } else { 2 };
                self.flat(arg, dir, len, size, room);
            }
            Memory::Sized(layout, len) => {
                let size = layout.layout(self.abi).size as usize;
                // What the result counts is several, with what follows each: directory
                // entries and their names.
                let room = if matches!(len, Len::Ret | Len::RetUpTo(_)) { 256 } else { size };
                self.flat(arg, dir, len, 1, room);
            }
            Memory::Sockaddr(len) => self.flat(arg, dir, len, 1, 28),
            Memory::Sigset(len) => self.flat(arg, dir, len, 1, 8),
            Memory::FdSet(len) => self.fd_set(arg, dir, len),
            Memory::Iovec(len) => self.iovec(arg, dir, len),
            Memory::Msghdr => self.msghdr(arg, dir, None),
            Memory::Mmsghdr(len) => self.msghdr(arg, dir, Some(len)),
            Memory::Irregular => {}
        }
    }

    fn string(&mut self, arg: u8, dir: Dir) {
        if dir == Dir::Out {
            let buffer = self.point(arg, vec![0; 4096]);
            self.expect.push(Expect::Exit(arg, buffer, Extent::String));
            return;
        }
        let text = self.pattern(arg, 0, 40);
        self.point(arg, [&text[..], &[0]].concat());
        self.expect.push(Expect::Entry(arg, text));
    }

    fn strings(&mut self, arg: u8, memory: Memory) {
        let word = self.word();
        let mut vector = Buffer::zeros(3 * word);
        for part in 0..2 {
            let mut text = self.pattern(arg, part, 30);
            if matches!(memory, Memory::Envp) {
                text.splice(0..0, *b"N=");
            }
            let string = self.buffer(Buffer::of([&text[..], &[0]].concat()));
            vector.pointers.push((part * word, string));
            self.expect.push(Expect::Entry(arg, text));
        }
        let vector = self.buffer(vector);
        self.args[usize::from(arg)] = Arg::Buffer(vector);
    }

    /// Bytes, structs: all that lies flat in memory.
    fn flat(&mut self, arg: u8, dir: Dir, len: Len, size: usize, usual: usize) {
        let count = self.count(len, usual);
        let length = count * size;
        let room = self.pattern(arg, 0, length);
        let buffer = match self.args[usize::from(arg)] {
            // It was made when the memory that it measures was.
            Arg::Buffer(buffer) => buffer,
            _ if dir == Dir::Out => self.point(arg, vec![0; length]),
            _ => self.point(arg, room),
        };
        if dir != Dir::Out && !matches!(len, Len::Ret | Len::RetUpTo(_)) {
            self.expect.push(Expect::Entry(arg, self.buffers[buffer].bytes.clone()));
        }
        if dir != Dir::In {
            let extent = match len {
                Len::Ret | Len::RetUpTo(_) => Extent::Result(size),
                Len::Deref(of) => match self.args[usize::from(of)] {
                    Arg::Buffer(told) => Extent::Told(told),
                    _ => Extent::Fixed(length),
                },
                _ => Extent::Fixed(length),
            };
            self.expect.push(Expect::Exit(arg, buffer, extent));
        }
    }

    fn fd_set(&mut self, arg: u8, dir: Dir, len: Len) {
        self.count(len, 64);
        let pattern = self.pattern(arg, 0, 8);
        let buffer = self.point(arg, pattern.clone());
        self.expect.push(Expect::Entry(arg, pattern));
        if dir != Dir::In {
            self.expect.push(Expect::Exit(arg, buffer, Extent::Fixed(8)));
        }
    }

    fn iovec(&mut self, arg: u8, dir: Dir, len: Len) {
        self.count(len, 2);
        let vector = self.vector(arg, dir, 2);
        self.args[usize::from(arg)] = Arg::Buffer(vector);
    }

    /// A `struct iovec[count]` with its memory.
    fn vector(&mut self, arg: u8, dir: Dir, count: usize) -> usize {
        let word = self.word();
        let mut vector = Buffer::zeros(2 * word * count);
        let mut before = 0;
        for part in 0..count {
            let length = 24 + part;
            let text = self.pattern(arg, part, length);
            let memory = if dir == Dir::In {
                self.expect.push(Expect::Entry(arg, text.clone()));
                self.buffer(Buffer::of(text))
            } else {
                let memory = self.buffer(Buffer::zeros(length));
                self.expect.push(Expect::Exit(arg, memory, Extent::Part(before)));
                memory
            };
            before += length;
            let at = 2 * word * part;
            vector.pointers.push((at, memory));
            vector.bytes[at + word..at + word + 4].copy_from_slice(&(length as u32).to_ne_bytes());
        }
        self.buffer(vector)
    }

    /// A `struct msghdr`, or one `struct mmsghdr`.
    fn msghdr(&mut self, arg: u8, dir: Dir, many: Option<Len>) {
        if let Some(len) = many {
            self.count(len, 1);
        }
        let word = self.word();
        let sends = self.name.starts_with("send");
        let inner = if sends { Dir::In } else { dir };
        let vector = self.vector(arg, inner, 2);
        let fields = if many.is_some() { 7 * word + word } else { 7 * word };
        let mut header = Buffer::zeros(fields);
        header.pointers.push((2 * word, vector));
        header.bytes[3 * word] = 2;
        if sends {
            // struct cmsghdr: length, SOL_SOCKET, no known type; then data.
            let data = self.pattern(arg, 7, 20);
            let mut control = vec![0; word + 8];
            control[word] = 1;
            control.extend_from_slice(&data);
            let length = control.len() as u32;
            control[..4].copy_from_slice(&length.to_ne_bytes());
            let name = self.pattern(arg, 8, 20);
            header.bytes[word] = name.len() as u8;
            header.bytes[5 * word..5 * word + 4].copy_from_slice(&length.to_ne_bytes());
            self.expect.push(Expect::Entry(arg, name.clone()));
            self.expect.push(Expect::Entry(arg, data));
            let name = self.buffer(Buffer::of(name));
            let control = self.buffer(Buffer::of(control));
            header.pointers.push((0, name));
            header.pointers.push((4 * word, control));
        }
        let header = self.buffer(header);
        self.args[usize::from(arg)] = Arg::Buffer(header);
    }
}

/// A value with which a call does nothing, or fails.
fn harmless(scalar: Scalar, name: &str) -> u64 {
    match scalar {
        Scalar::Fd | Scalar::DirFd => u64::from(u32::MAX),
        Scalar::Pid => 0x7fff_fffe,
        Scalar::Size | Scalar::Uint | Scalar::Int
            if matches!(name, "count" | "size" | "bufsiz" | "len" | "msg_len") =>
        {
            256
        }
        _ => 0,
    }
}
