//! Structs, by their layouts; and those that are shown in a way of their own.

use super::scalar::{address, decimal, file_mode, flags, hex, one_of, signal_set};
use super::{Site, date, memory, quote};
use crate::abi::{self, Field, FieldTy, Scalar, Struct, Ty};
use std::fmt::Write as _;

/// A little-endian number of `size` bytes (8 at most) at `offset`; what is not
/// there counts as 0.
pub(super) fn number(bytes: &[u8], offset: usize, size: usize) -> u64 {
    let bytes = bytes.get(offset..).unwrap_or_default();
    let mut word = [0; 8];
    let size = size.min(word.len()).min(bytes.len());
    word[..size].copy_from_slice(&bytes[..size]);
    u64::from_le_bytes(word)
}

impl Struct {
    /// Whether it stands for a plain number: `out int`.
    pub(super) fn is_scalar(&self) -> bool {
        matches!(self.lp64.fields, [Field { count: 1, ty: FieldTy::Value(_), .. }])
    }
}

/// A struct's bytes with its layout.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    fields: &'static [Field],
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// A struct's bytes in a tracee of the call's ABI.
    pub(super) fn new(site: &Site<'_>, one: &'static Struct, bytes: &'a [u8]) -> Self {
        Self { fields: one.layout(site.abi).fields, bytes }
    }

    /// The number in a field; 0 where the struct has no such one.
    pub(super) fn get(&self, name: &str) -> u64 {
        let field = self.field(name);
        field.map_or(0, |f| number(self.bytes, f.offset as usize, f.size as usize))
    }

    /// The same of a signed field.
    pub(super) fn signed(&self, name: &str) -> i64 {
        let field = self.field(name);
        field.map_or(0, |f| date::signed(self.bytes, f.offset as usize, f.size as usize))
    }

    /// The bytes of a field, as far as they were captured.
    pub(super) fn raw(&self, name: &str) -> &[u8] {
        let Some(field) = self.field(name) else { return &[] };
        let bytes = self.bytes.get(field.offset as usize..).unwrap_or_default();
        &bytes[..bytes.len().min((field.size * field.count) as usize)]
    }

    fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Fields that the short form of a struct shows, `...` standing for the rest.
const SHORT: &[(&str, &[&str])] = &[
    ("rusage", &["ru_utime", "ru_stime"]),
    ("utsname", &["sysname", "nodename"]),
    ("statx", &["stx_mask", "stx_attributes", "stx_mode", "stx_size"]),
    ("perf_event_attr", &["type", "size", "config"]),
];

impl Site<'_> {
    /// Appends a struct. Fields that were not captured are left out.
    pub(super) fn structure(&self, one: &'static Struct, bytes: &[u8], out: &mut String) {
        let fields = one.layout(self.abi).fields;
        if one.is_scalar() {
            if let [field] = fields {
                self.field(field, bytes, out);
            }
            return;
        }
        let view = View::new(self, one, bytes);
        match one.name.split('@').next().unwrap_or_default() {
            "stat" | "stat64" => super::stat::stat(self, view, out),
            "rlimit" => limits(view, "RLIM", u64::MAX >> (64 - 8 * self.abi.word()), out),
            "rlimit64" => limits(view, "RLIM64", u64::MAX, out),
            "sigaction" => action(view, out),
            "fsid" => {
                out.push_str("{val=");
                memory::list(bytes.chunks_exact(4), out, |one, out| hex(number(one, 0, 4), out));
                out.push('}');
            }
            "timespec" | "timespec64" if self.name().starts_with("utimensat") => {
                file_time(self, one.name, view, out);
            }
            "timeval" if matches!(self.name(), "utimes" | "futimesat") => {
                self.fields(one.name, fields, bytes, out);
                date::comment(view.signed("tv_sec"), view.get("tv_usec"), 6, out);
            }
            "statx_timestamp" => {
                self.fields(one.name, fields, bytes, out);
                date::comment(view.signed("tv_sec"), view.get("tv_nsec"), 9, out);
            }
            "termios" | "termios2" | "termio" => {
                super::terminal::settings(self, one.name, view, out);
            }
            "utimbuf" => utimbuf(view, out),
            "user_desc" => segment(view, out),
            "sigevent" => notification(view, out),
            "open_how" => open_how(view, out),
            "pollfd" => pollfd(self, view, out),
            "epoll_event" => epoll_event(view, out),
            "siginfo" => super::siginfo(self.abi, bytes, out),
            name => self.fields(name, fields, bytes, out),
        }
    }

    fn fields(&self, name: &str, fields: &'static [Field], bytes: &[u8], out: &mut String) {
        let short = SHORT.iter().find(|(known, _)| !self.style.verbose && *known == name);
        let is_there = |field: &&Field| (field.offset as usize) < bytes.len();
        let is_shown = |field: &&Field| {
            !field.name.starts_with('_')
                && field.name != "f_spare"
                && short.is_none_or(|(_, names)| names.contains(&field.name))
                && (name != "statx" || is_filled(field.name, number(bytes, 0, 4)))
        };
        out.push('{');
        for (index, field) in fields.iter().filter(is_there).filter(is_shown).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            out.push_str(field.name);
            out.push('=');
            self.field(field, bytes, out);
        }
        out.push_str(if short.is_some() { ", ...}" } else { "}" });
    }

    fn field(&self, field: &Field, bytes: &[u8], out: &mut String) {
        let size = field.size as usize;
        let bytes = bytes.get(field.offset as usize..).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(size * field.count as usize)];
        match field.ty {
            FieldTy::Chars => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                quote::quoted(&bytes[..end], out);
            }
            FieldTy::Raw => quote::hex(bytes, usize::MAX, false, out),
            FieldTy::Struct(one) if field.count == 1 => self.structure(one, bytes, out),
            FieldTy::Struct(one) => self.array(one, bytes, out),
            FieldTy::Value(ty) if field.count == 1 => self.element(ty, bytes, size, out),
            FieldTy::Value(ty) => memory::list(bytes.chunks(size.max(1)), out, |bytes, out| {
                self.element(ty, bytes, size, out);
            }),
        }
    }

    fn element(&self, ty: Ty, bytes: &[u8], size: usize, out: &mut String) {
        let value = number(bytes, 0, size);
        let is_signed = matches!(
            ty,
            Ty::Scalar(Scalar::Long | Scalar::Off | Scalar::Time | Scalar::S64 | Scalar::Int)
        );
        let value = if is_signed && size < 8 && size > 0 {
            let unused = 64 - 8 * size as u32;
            ((value << unused) as i64 >> unused) as u64
        } else {
            value
        };
        match ty {
            Ty::Scalar(Scalar::Mode) => file_mode(value, out),
            // A field of 64 bits is one whatever the ABI's words are.
            Ty::Scalar(Scalar::Long | Scalar::Off | Scalar::Time) => decimal(value as i64, out),
            _ => self.value(ty, value, out),
        }
    }
}

/// Whether the kernel says in `stx_mask` that it has filled a field of a statx:
/// those that not every kernel and file system has (linux/stat.h).
fn is_filled(field: &str, mask: u64) -> bool {
    let bits = match field {
        "stx_btime" => 0x800,
        "stx_mnt_id" => 0x5000, // STATX_MNT_ID and STATX_MNT_ID_UNIQUE
        "stx_dio_mem_align" | "stx_dio_offset_align" => 0x2000,
        "stx_subvol" => 0x8000,
        "stx_dio_read_offset_align" => 0x2_0000,
        _ if field.starts_with("stx_atomic_write") => 0x1_0000,
        _ => return true,
    };
    mask & bits != 0
}

fn action(view: View<'_>, out: &mut String) {
    const SA_RESTORER: u64 = 0x0400_0000;
    out.push_str("{sa_handler=");
    match view.get("sa_handler") {
        0 => out.push_str("SIG_DFL"),
        1 => out.push_str("SIG_IGN"),
        handler => hex(handler, out),
    }
    out.push_str(", sa_mask=");
    signal_set(view.get("sa_mask"), 64, out);
    out.push_str(", sa_flags=");
    let word = view.get("sa_flags");
    match abi::set("sigaction_flags") {
        Some(set) if word != 0 => flags(set, word, out),
        _ => hex(word, out),
    }
    if word & SA_RESTORER != 0 {
        out.push_str(", sa_restorer=");
        address(view.get("sa_restorer"), out);
    }
    out.push('}');
}

fn limits(view: View<'_>, prefix: &str, infinity: u64, out: &mut String) {
    let limit = |value: u64, out: &mut String| match value {
        _ if value == infinity => {
            out.push_str(prefix);
            out.push_str("_INFINITY");
        }
        _ if value > 1024 && value.is_multiple_of(1024) => {
            decimal(value / 1024, out);
            out.push_str("*1024");
        }
        _ => decimal(value, out),
    };
    out.push_str("{rlim_cur=");
    limit(view.get("rlim_cur"), out);
    out.push_str(", rlim_max=");
    limit(view.get("rlim_max"), out);
    out.push('}');
}

/// What is asked for; the answer stands behind the result.
fn pollfd(site: &Site<'_>, view: View<'_>, out: &mut String) {
    let fd = view.get("fd") as i32;
    out.push_str("{fd=");
    site.descriptor(fd, out);
    if let Some(set) = abi::set("poll_events").filter(|_| fd >= 0) {
        out.push_str(", events=");
        flags(set, view.get("events"), out);
    }
    out.push('}');
}

/// A file's time may be a word instead (utimensat(2)).
fn file_time(site: &Site<'_>, name: &str, view: View<'_>, out: &mut String) {
    const UTIME_NOW: u64 = 0x3fff_ffff;
    const UTIME_OMIT: u64 = 0x3fff_fffe;
    match view.get("tv_nsec") {
        UTIME_NOW => out.push_str("UTIME_NOW"),
        UTIME_OMIT => out.push_str("UTIME_OMIT"),
        nanos => {
            site.fields(name, view.fields, view.bytes, out);
            date::comment(view.signed("tv_sec"), nanos, 9, out);
        }
    }
}

/// sigevent(3type): the value and the thread only where there are any.
fn notification(view: View<'_>, out: &mut String) {
    const SIGEV_SIGNAL: u64 = 0;
    const SIGEV_THREAD_ID: u64 = 4;
    out.push('{');
    let value = view.get("sigev_value");
    // Writing to a string does not fail.
    if value != 0 {
        let _ = write!(out, "sigev_value={{sival_int={}, sival_ptr=", value as i32);
        hex(value, out);
        out.push_str("}, ");
    }
    out.push_str("sigev_signo=");
    match view.get("sigev_notify") {
        SIGEV_SIGNAL | SIGEV_THREAD_ID => super::scalar::signal(view.get("sigev_signo"), out),
        _ => decimal(view.get("sigev_signo") as i32, out),
    }
    out.push_str(", sigev_notify=");
    named("sigev_notify", view.get("sigev_notify"), out);
    if view.get("sigev_notify") == SIGEV_THREAD_ID {
        let thread = view.signed("sigev_notify_thread_id");
        let _ = write!(out, ", sigev_notify_thread_id={thread}");
    }
    out.push('}');
}

/// A segment descriptor, set_thread_area(2); the bits of asm/ldt.h.
fn segment(view: View<'_>, out: &mut String) {
    const FIELDS: [(&str, u32, u64); 6] = [
        ("seg_32bit", 0, 1),
        ("contents", 1, 3),
        ("read_exec_only", 3, 1),
        ("limit_in_pages", 4, 1),
        ("seg_not_present", 5, 1),
        ("useable", 6, 1),
    ];
    // Writing to a string does not fail.
    let _ = write!(out, "{{entry_number={}, base_addr=", view.signed("entry_number"));
    hex(view.get("base_addr"), out);
    let _ = write!(out, ", limit={:#08x}", view.get("limit"));
    for (name, shift, mask) in FIELDS {
        let _ = write!(out, ", {name}={}", view.get("flags") >> shift & mask);
    }
    out.push('}');
}

fn utimbuf(view: View<'_>, out: &mut String) {
    for (text, name) in [("{actime=", "actime"), (", modtime=", "modtime")] {
        let seconds = view.signed(name);
        out.push_str(text);
        decimal(seconds, out);
        date::comment(seconds, 0, 9, out);
    }
    out.push('}');
}

/// openat2(2): the mode only where a file may be made.
fn open_how(view: View<'_>, out: &mut String) {
    const CREATES: u64 = 0x40 | 0x40_0000;
    let word = view.get("flags");
    out.push_str("{flags=");
    super::scalar::open_flags(word, out);
    if word & CREATES != 0 {
        out.push_str(", mode=");
        super::scalar::octal(view.get("mode"), out);
    }
    out.push_str(", resolve=");
    match abi::set("resolve_flags") {
        Some(set) => flags(set, view.get("resolve"), out),
        None => hex(view.get("resolve"), out),
    }
    out.push('}');
}

fn epoll_event(view: View<'_>, out: &mut String) {
    out.push_str("{events=");
    match abi::set("epoll_events") {
        Some(set) => flags(set, view.get("events"), out),
        None => hex(view.get("events"), out),
    }
    let data = view.get("data");
    out.push_str(", data={u32=");
    decimal(data as u32, out);
    out.push_str(", u64=");
    decimal(data, out);
    out.push_str("}}");
}

/// Appends the name of a value of a set by the set's name.
pub fn named(set: &str, value: u64, out: &mut String) {
    match abi::set(set) {
        Some(set) => one_of(set, value, out),
        None => decimal(value, out),
    }
}
