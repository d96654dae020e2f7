//! What a program is, told by what the kernel has just made of it: the ELF headers
//! in its memory, and the arguments that it was given. No file is opened: its file
//! system may be served by a tracee.

use super::Sink;
use super::engine::Tracer;
use crate::event::{FactKey, Role, State, Value};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt;

/// Keys of the auxiliary vector (`getauxval(3)`).
const AT_PHDR: u64 = 3;
const AT_PHENT: u64 = 4;
const AT_PHNUM: u64 = 5;
const AT_EXECFN: u64 = 31;

/// Program headers that are looked at: the kernel takes no more than a page of them.
const HEADERS: u64 = 64;
/// Bytes of notes that are looked at; a build-id is among the first.
const NOTES: u64 = 4096;
/// Paths are shorter, with their NUL.
const PATH_MAX: usize = 4096;
/// Bytes of the arguments that are looked at: at most five `#!` lines of 256 bytes
/// stand before the script's path.
const WORDS: u64 = 5 * 256 + PATH_MAX as u64;

/// What the kernel told a new program about itself.
#[derive(Debug, Default, PartialEq)]
struct Auxv {
    headers: u64,
    size: u64,
    count: u64,
    name: u64,
}

impl Auxv {
    /// Reads `/proc/PID/auxv`: pairs of words, as wide as the program's own.
    fn parse(bytes: &[u8]) -> Self {
        // Keys are small; read 64-bit, the first pair of a 32-bit program is not.
        let is_wide = word(bytes, 0, 8).is_some_and(|key| key < 1 << 32);
        let width = if is_wide { 8 } else { 4 };
        let mut auxv = Self::default();
        for pair in bytes.chunks_exact(2 * width) {
            let (Some(key), Some(value)) = (word(pair, 0, width), word(pair, width, width)) else {
                break;
            };
            match key {
                AT_PHDR => auxv.headers = value,
                AT_PHENT => auxv.size = value,
                AT_PHNUM => auxv.count = value,
                AT_EXECFN => auxv.name = value,
                _ => {}
            }
        }
        auxv
    }
}

/// What the ELF headers say (elf(5)).
#[derive(Debug, Default, PartialEq)]
struct Elf {
    /// `PT_INTERP`: the dynamic loader.
    loader: Option<Vec<u8>>,
    /// `NT_GNU_BUILD_ID`.
    build_id: Option<Vec<u8>>,
}

/// A segment of a program.
struct Segment {
    kind: u64,
    offset: u64,
    address: u64,
    size: u64,
    align: u64,
}

impl Elf {
    /// Reads them through `read`, which gives at most so many bytes at an address.
    fn read(auxv: &Auxv, mut read: impl FnMut(u64, u64) -> Vec<u8>) -> Option<Self> {
        const PT_INTERP: u64 = 3;
        const PT_NOTE: u64 = 4;
        let wide = match auxv.size {
            56 => true,
            32 => false,
            _ => return None,
        };
        let headers = read(auxv.headers, auxv.size * auxv.count.min(HEADERS));
        let segments: Vec<_> = headers
            .chunks_exact(auxv.size as usize)
            .filter_map(|header| Segment::parse(header, wide))
            .collect();
        let shift = shift(auxv, &segments)?;
        let mut elf = Self::default();
        for segment in &segments {
            let at = segment.address.wrapping_add(shift);
            match segment.kind {
                PT_INTERP => {
                    let path = read(at, segment.size.min(PATH_MAX as u64));
                    elf.loader = path.split(|byte| *byte == 0).next().map(<[u8]>::to_vec);
                }
                PT_NOTE if elf.build_id.is_none() => {
                    elf.build_id = build_id(&read(at, segment.size.min(NOTES)), segment.align);
                }
                _ => {}
            }
        }
        Some(elf)
    }
}

impl Segment {
    fn parse(header: &[u8], wide: bool) -> Option<Self> {
        let at = |offset, size| word(header, offset, size);
        Some(if wide {
            let (offset, address) = (at(8, 8)?, at(16, 8)?);
            Self { kind: at(0, 4)?, offset, address, size: at(32, 8)?, align: at(48, 8)? }
        } else {
            let (offset, address) = (at(4, 4)?, at(8, 4)?);
            Self { kind: at(0, 4)?, offset, address, size: at(16, 4)?, align: at(28, 4)? }
        })
    }
}

/// How far from its own addresses the program has been loaded: the segment with the
/// file's beginning has the headers too, and they are in its first page.
fn shift(auxv: &Auxv, segments: &[Segment]) -> Option<u64> {
    const PT_LOAD: u64 = 1;
    const PAGE: u64 = 4096;
    let first = segments.iter().find(|segment| segment.kind == PT_LOAD && segment.offset == 0)?;
    Some((auxv.headers & !(PAGE - 1)).wrapping_sub(first.address & !(PAGE - 1)))
}

/// The build-id among notes: name length, length, kind, then name and content, each
/// padded.
fn build_id(mut notes: &[u8], align: u64) -> Option<Vec<u8>> {
    const NT_GNU_BUILD_ID: u64 = 3;
    const HEAD: usize = 12;
    let padded = |len: u64| len.next_multiple_of(if align == 8 { 8 } else { 4 }) as usize;
    while let [name, len, kind] = [0, 4, 8].map(|at| word(notes, at, 4))
        && let (Some(name), Some(len), Some(kind)) = (name, len, kind)
    {
        let content = HEAD + name.next_multiple_of(4) as usize;
        if kind == NT_GNU_BUILD_ID && notes.get(HEAD..HEAD + 4) == Some(b"GNU\0") {
            return notes.get(content..content + len as usize).map(<[u8]>::to_vec);
        }
        notes = notes.get(content + padded(len)..)?;
    }
    None
}

/// The little-endian number of `size` bytes (4 or 8) at `at`.
fn word(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let mut word = [0; 8];
    word.get_mut(..size)?.copy_from_slice(bytes.get(at..at + size)?);
    Some(u64::from_le_bytes(word))
}

/// The words that the kernel put before a script's path, where `words` are what the
/// program has as arguments and `passed` what its caller gave: of each `#!` line the
/// interpreter and its argument, the last line first.
fn interpreters<'a>(
    words: &'a [Vec<u8>],
    script: &[u8],
    passed: Option<&[u8]>,
) -> Option<&'a [Vec<u8>]> {
    let first = words.first()?;
    if passed == Some(first) {
        return None; // what was asked for runs itself
    }
    let at = words.iter().skip(1).position(|word| word == script)? + 1;
    words.get(..at)
}

/// The first arguments of a process, as they stand in its memory.
fn first_words(tid: i32) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    let Ok(file) = File::open(format!("/proc/{tid}/cmdline")) else { return Vec::new() };
    // A part will do; and a process that is gone has no arguments.
    let _ = file.take(WORDS).read_to_end(&mut bytes);
    bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

impl<S: Sink> Tracer<S> {
    /// What the program that a task has just begun tells of itself: its loader and
    /// build-id, and of a script who interprets it.
    pub(super) fn program_fields(&mut self, tid: i32, fields: &mut Vec<(FactKey, Value)>) {
        self.reader.begin(tid);
        let auxv = Auxv::parse(&fs::read(format!("/proc/{tid}/auxv")).unwrap_or_default());
        let reader = &self.reader;
        let elf = Elf::read(&auxv, |address, len| {
            let mut bytes = Vec::new();
            reader.bytes(address, len as usize, &mut bytes);
            bytes
        });
        let elf = elf.unwrap_or_default();
        fields.extend(elf.loader.map(|path| (FactKey::Loader, Value::Bytes(path))));
        fields.extend(elf.build_id.map(|id| (FactKey::BuildId, Value::Bytes(id))));
        self.script_fields(tid, &auxv, fields);
    }

    fn script_fields(&mut self, tid: i32, auxv: &Auxv, fields: &mut Vec<(FactKey, Value)>) {
        let mut script = Vec::new();
        if self.reader.string(auxv.name, PATH_MAX, &mut script) != State::Whole {
            return;
        }
        // Most programs are what was executed: no more to be read.
        let exe = fs::read_link(format!("/proc/{tid}/exe")).unwrap_or_default();
        if exe.as_os_str().as_bytes() == script {
            return;
        }
        let words = first_words(tid);
        let passed = self.tasks.get(&tid).and_then(|task| {
            (0..6).find_map(|arg| task.pending.memory.entry_bytes_of(arg, Role::Arg))
        });
        if let Some(interpreters) = interpreters(&words, &script, passed) {
            fields.push((FactKey::Interpreters, Value::List(interpreters.to_vec())));
            fields.push((FactKey::Script, Value::Bytes(script)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<u8>> {
        text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn what_stands_before_a_script_is_its_interpreters() {
        let chain = |now: &str, script: &str, passed: &str| {
            let now = words(now);
            let found = interpreters(&now, script.as_bytes(), Some(passed.as_bytes()));
            found.map(|words| String::from_utf8(words.join(&b' ')).expect("text"))
        };
        assert_eq!(chain("/bin/sh ./x a", "./x", "x").as_deref(), Some("/bin/sh"));
        let nested = "/usr/bin/env -S /bin/interp arg ./x a";
        let expected = Some("/usr/bin/env -S /bin/interp arg");
        assert_eq!(chain(nested, "./x", "x").as_deref(), expected);
        assert_eq!(chain("cat /bin/cat", "/bin/cat", "cat"), None);
        assert_eq!(chain("cat x", "/bin/cat", "cat"), None);
    }

    #[test]
    fn notes_of_every_shape() {
        let note = |kind: u32, name: &[u8], content: &[u8], align: usize| {
            let mut note = Vec::new();
            for number in [name.len() as u32, content.len() as u32, kind] {
                note.extend_from_slice(&number.to_le_bytes());
            }
            note.extend_from_slice(name);
            note.resize(note.len().next_multiple_of(4), 0);
            note.extend_from_slice(content);
            note.resize(note.len().next_multiple_of(align), 0);
            note
        };
        let other = note(5, b"GNU\0", b"12345", 8);
        let id = note(3, b"GNU\0", b"\x01\x02\x03", 4);
        assert_eq!(build_id(&[&other[..], &id].concat(), 8), Some(vec![1, 2, 3]));
        assert_eq!(build_id(&note(3, b"Go\0\0", b"123", 4), 4), None);
        let far = [4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, b'G', b'N', b'U', 0];
        for len in 0..far.len() {
            assert_eq!(build_id(&far[..len], 4), None);
        }
        assert_eq!(build_id(&far, 4), None);
    }

    #[test]
    fn auxiliary_vectors_of_both_widths() {
        let pairs = [(33u32, 0xf000), (3, 0x40), (4, 32), (5, 9), (31, 0x77), (0, 0)];
        let narrow: Vec<u8> = pairs
            .iter()
            .flat_map(|(k, v): &(u32, u32)| [k.to_le_bytes(), v.to_le_bytes()].concat())
            .collect();
        let wide: Vec<u8> = pairs
            .iter()
            .flat_map(|(k, v)| [u64::from(*k).to_le_bytes(), u64::from(*v).to_le_bytes()].concat())
            .collect();
        let expected = Auxv { headers: 0x40, size: 32, count: 9, name: 0x77 };
        assert_eq!(Auxv::parse(&narrow), expected);
        assert_eq!(Auxv::parse(&wide), expected);
        assert_eq!(Auxv::parse(b"\x01"), Auxv::default());
    }
}
