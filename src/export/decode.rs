//! What several formats say alike: names of calls and errors, arguments as text,
//! bytes that may be no text.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::abi::{Memory, Scalar, Set, Ty};
use crate::event::{Errno, Record, Role, State};
use crate::flow::Event;

/// Appends the name of a call; an unknown one is `syscall_0x…`.
pub(super) fn write_call_name(event: &Event<'_>, out: &mut String) {
    match (event.prototype, event.record.call) {
        (Some(prototype), _) => out.push_str(prototype.name),
        (None, Some(call)) => drop(write!(out, "syscall_{:#x}", call.nr)),
        (None, None) => {}
    }
}

/// The name of an error, `ENOENT`; its number where Linux has no name for it.
pub(super) fn error_name(errno: Errno) -> Cow<'static, str> {
    match crate::abi::errno_name(errno.0) {
        Some(name) => name.into(),
        None => errno.0.to_string().into(),
    }
}

/// A call as one line of text: `name(arguments) = result`.
pub fn call_text(event: &Event<'_>) -> String {
    let mut text = String::new();
    write_call_name(event, &mut text);
    text.push('(');
    write_arguments(event, &mut text);
    text.push(')');
    let record = &event.record;
    // Writing to a string does not fail.
    let _ = match (record.is_begun(), record.error()) {
        (true, _) => write!(text, " = ?"),
        (false, Some(errno)) => write!(text, " = -1 {}", error_name(errno)),
        (false, None) => write!(text, " = {}", record.result),
    };
    text
}

/// Appends the arguments of a call, separated by commas.
pub(super) fn write_arguments(event: &Event<'_>, out: &mut String) {
    let params = event.prototype.map_or(&[][..], |prototype| prototype.params);
    let count = if event.prototype.is_some() { params.len() } else { 6 };
    for index in 0..count.min(6) {
        if index > 0 {
            out.push_str(", ");
        }
        let ty = params.get(index).map(|param| &param.ty);
        write_argument(&event.record, index as u8, ty, out);
    }
}

/// Appends one argument.
pub(super) fn write_argument(record: &Record<'_>, arg: u8, ty: Option<&Ty>, out: &mut String) {
    const AT_FDCWD: i32 = -100;
    let word = record.words.get(usize::from(arg)).copied().unwrap_or_default();
    // Writing to a string does not fail.
    let _ = match ty {
        Some(Ty::Scalar(Scalar::DirFd)) if word as i32 == AT_FDCWD => write!(out, "AT_FDCWD"),
        Some(Ty::Scalar(Scalar::Int | Scalar::Fd | Scalar::DirFd | Scalar::Pid)) => {
            write!(out, "{}", word as i32)
        }
        Some(Ty::Scalar(Scalar::Uint | Scalar::Uid | Scalar::Gid)) => {
            write!(out, "{}", word as u32)
        }
        Some(Ty::Scalar(Scalar::Size | Scalar::Ulong)) => write!(out, "{word}"),
        Some(Ty::Scalar(Scalar::Long | Scalar::Off | Scalar::S64)) => {
            write!(out, "{}", word as i64)
        }
        Some(Ty::Scalar(Scalar::Mode)) => write!(out, "0{:o}", word as u32),
        Some(Ty::Flags(set)) => {
            write_flags(set, word, out);
            Ok(())
        }
        Some(Ty::Enum(set)) => match set.entries.iter().find(|(value, _)| *value == word) {
            Some((_, name)) => write!(out, "{name}"),
            None => write!(out, "{word:#x}"),
        },
        Some(Ty::Memory(_, Memory::Path | Memory::Str)) => {
            write_string(record, arg, out);
            Ok(())
        }
        _ => write!(out, "{word:#x}"),
    };
}

/// Names of the bits, and what is left of them as a number.
fn write_flags(set: &Set, word: u64, out: &mut String) {
    let from = out.len();
    let mut rest = word;
    for (bits, name) in set.entries {
        let is_part = *bits != 0 && rest & bits == *bits;
        let is_empty_set = *bits == 0 && word == 0;
        if is_part || is_empty_set {
            rest &= !bits;
            if out.len() > from {
                out.push('|');
            }
            out.push_str(name);
        }
    }
    if rest != 0 || out.len() == from {
        let bar = if out.len() > from { "|" } else { "" };
        // Writing to a string does not fail.
        let _ = write!(out, "{bar}{rest:#x}");
    }
}

/// A path or string in quotes, or its address where it could not be read.
fn write_string(record: &Record<'_>, arg: u8, out: &mut String) {
    let piece = record.pieces.iter().find(|p| p.arg == arg && is_string(p.role));
    match piece.filter(|piece| piece.state != State::Unreadable) {
        Some(piece) => write_quoted(record.bytes(piece), out),
        None => drop(write!(out, "{:#x}", record.words[usize::from(arg.min(5))])),
    }
}

fn is_string(role: Role) -> bool {
    matches!(role, Role::Path | Role::Str)
}

/// Bytes in quotes, with C's escapes.
fn write_quoted(bytes: &[u8], out: &mut String) {
    out.push('"');
    for byte in bytes.iter().flat_map(|byte| byte.escape_ascii()) {
        out.push(byte.into());
    }
    out.push('"');
}

/// Bytes as a JSON string, or, if they are no UTF-8, as an object that has them in
/// base64 and, for people, as lossy text.
pub(super) fn json_bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({
            "base64": base64(bytes),
            "text": String::from_utf8_lossy(bytes),
        }),
    }
}

/// Base64 with padding, RFC 4648.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let is_padding = digit > chunk.len();
            out.push(if is_padding { '=' } else { DIGITS[value as usize].into() });
        }
    }
    out
}

/// A command line that a shell would read back as these arguments.
pub fn command_line(argv: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::new();
    for (index, arg) in argv.iter().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        quote_for_shell(arg, &mut line);
    }
    line
}

fn quote_for_shell(arg: &[u8], line: &mut Vec<u8>) {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(byte);
    if !arg.is_empty() && arg.iter().all(is_plain) {
        line.extend_from_slice(arg);
        return;
    }
    line.push(b'\'');
    for byte in arg {
        match byte {
            b'\'' => line.extend_from_slice(b"'\\''"),
            other => line.push(*other),
        }
    }
    line.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_length() {
        let shown: Vec<String> =
            (0..5).map(|len| base64(&b"\xff\xfe\x00a"[..len.min(4)])).collect();
        assert_eq!(shown, ["", "/w==", "//4=", "//4A", "//4AYQ=="]);
    }

    #[test]
    fn a_command_line_can_be_pasted() {
        let argv = ["cp", "a b", "it's", "", "/x-y"].map(|arg| arg.as_bytes().to_vec());
        assert_eq!(command_line(&argv), b"cp 'a b' 'it'\\''s' '' /x-y");
    }

    #[test]
    fn bytes_are_never_lost_in_json() {
        assert_eq!(json_bytes("é\n".as_bytes()), json!("é\n"));
        assert_eq!(json_bytes(b"a\xff"), json!({"base64": "Yf8=", "text": "a\u{fffd}"}));
    }
}
