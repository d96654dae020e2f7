//! What stands behind `=`.

use super::scalar::{address, decimal, hex, octal};
use super::{Descriptors, Site, Style, calls};
use crate::abi::{self, Scalar};
use crate::event::Record;

/// Errors by which the kernel tells itself how a call goes on after a signal;
/// the program never sees them.
const RESTARTS: [u16; 4] = [512, 513, 514, 516];

/// Appends a call's result: a number, an error with its text, or `?` where the
/// call has not returned or does not.
pub fn result(record: &Record<'_>, style: &Style, descriptors: &dyn Descriptors, out: &mut String) {
    let site = Site::new(record, style, descriptors);
    match record.error() {
        _ if record.is_begun() => out.push('?'),
        Some(errno) => error(errno.0, out),
        None => site.success(out),
    }
}

fn error(errno: u16, out: &mut String) {
    out.push_str(if RESTARTS.contains(&errno) { "? " } else { "-1 " });
    let Some(name) = abi::errno_name(errno) else {
        out.push_str("(errno ");
        decimal(errno, out);
        out.push(')');
        return;
    };
    out.push_str(name);
    if let Some(text) = abi::errno_text(errno) {
        out.push_str(" (");
        out.push_str(text);
        out.push(')');
    }
}

impl Site<'_> {
    fn success(&self, out: &mut String) {
        let value = self.record.result;
        if calls::result(self, out) {
            return;
        }
        match self.prototype.map_or(Scalar::Long, |prototype| prototype.returns) {
            Scalar::Addr if self.abi.word() == 4 => hex(value as u64 & 0xffff_ffff, out),
            Scalar::Addr | Scalar::Hex => hex(value as u64, out),
            Scalar::Fd => self.returned(value as i32, out),
            Scalar::Mode => octal(value as u64, out),
            Scalar::Uint | Scalar::Uid | Scalar::Gid => decimal(value as u32, out),
            Scalar::Signal => {
                decimal(value, out);
                out.push_str(" (");
                super::scalar::signal(value as u64, out);
                out.push(')');
            }
            Scalar::Void if value != 0 => address(value as u64, out),
            _ => decimal(value, out),
        }
    }
}
