//! `struct stat`, inode(7).

use super::scalar::{decimal, device, file_mode};
use super::structs::View;
use super::{Site, date};

const TYPE: u64 = 0xf000;
/// Character and block devices.
const DEVICES: [u64; 2] = [0x2000, 0x6000];

/// Appends the fields that most people look at, or with `-v` all of them, in
/// strace's order.
pub(super) fn stat(site: &Site<'_>, view: View<'_>, out: &mut String) {
    let mode = view.get("st_mode");
    let is_device = DEVICES.contains(&(mode & TYPE));
    out.push('{');
    if site.style.verbose {
        out.push_str("st_dev=");
        device(view.get("st_dev"), out);
        field(", st_ino=", view.get("st_ino"), out);
        out.push_str(", ");
    }
    out.push_str("st_mode=");
    file_mode(mode, out);
    if site.style.verbose {
        for (text, name) in [
            (", st_nlink=", "st_nlink"),
            (", st_uid=", "st_uid"),
            (", st_gid=", "st_gid"),
            (", st_blksize=", "st_blksize"),
            (", st_blocks=", "st_blocks"),
        ] {
            field(text, view.get(name), out);
        }
    }
    if is_device {
        out.push_str(", st_rdev=");
        device(view.get("st_rdev"), out);
    } else {
        field(", st_size=", view.signed("st_size"), out);
    }
    if site.style.verbose {
        times(view, out);
    } else {
        out.push_str(", ...");
    }
    out.push('}');
}

fn times(view: View<'_>, out: &mut String) {
    for (text, name, nanos) in [
        (", st_atime", "st_atime", "st_atime_nsec"),
        (", st_mtime", "st_mtime", "st_mtime_nsec"),
        (", st_ctime", "st_ctime", "st_ctime_nsec"),
    ] {
        let (seconds, fraction) = (view.signed(name), view.get(nanos));
        out.push_str(text);
        field("=", seconds, out);
        date::comment(seconds, fraction, 9, out);
        out.push_str(text);
        field("_nsec=", fraction, out);
    }
}

fn field(text: &str, value: impl itoa::Integer, out: &mut String) {
    out.push_str(text);
    decimal(value, out);
}
