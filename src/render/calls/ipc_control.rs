//! msgctl(2), shmctl(2), semctl(2): what is told of a queue, a segment or a set,
//! and the little of it that can be set.

use super::super::Site;
use super::super::scalar::{address, decimal, hex, octal};
use super::super::structs::View;
use crate::abi::{self, Memory};
use crate::event::Phase;

const IPC_SET: u64 = 1;
const IPC_64: u64 = 0x100;

/// The fields of a struct behind its permissions, in strace's order, and those that
/// `IPC_SET` looks at.
struct Form {
    structure: &'static str,
    permissions: &'static str,
    told: &'static [&'static str],
    set: &'static [&'static str],
}

const FORMS: [Form; 3] = [
    Form {
        structure: "msqid_ds",
        permissions: "msg_perm",
        told: &[
            "msg_stime",
            "msg_rtime",
            "msg_ctime",
            "msg_qnum",
            "msg_qbytes",
            "msg_lspid",
            "msg_lrpid",
        ],
        set: &["msg_qbytes"],
    },
    Form {
        structure: "shmid_ds",
        permissions: "shm_perm",
        told: &[
            "shm_segsz",
            "shm_cpid",
            "shm_lpid",
            "shm_nattch",
            "shm_atime",
            "shm_dtime",
            "shm_ctime",
        ],
        set: &[],
    },
    Form {
        structure: "semid_ds",
        permissions: "sem_perm",
        told: &["sem_otime", "sem_ctime", "sem_nsems"],
        set: &[],
    },
];

/// Appends what argument `arg` of such a call points to; says whether it is a struct.
pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    let Some((_, Memory::Struct(one, _))) = site.pointed(arg) else { return false };
    let is_set = site.word(arg - 1) & !IPC_64 == IPC_SET;
    let phase = if is_set { Phase::Entry } else { Phase::Exit };
    let Some(bytes) = site.bytes(arg, phase) else { return false };
    let name = one.name.split('@').next();
    let Some(form) = FORMS.iter().find(|form| Some(form.structure) == name) else {
        site.structure(one, bytes, out);
        return true;
    };
    let view = View::new(site, one, bytes);
    out.push('{');
    out.push_str(form.permissions);
    out.push('=');
    match abi::structure("ipc64_perm") {
        Some(one) => permissions(View::new(site, one, view.raw(form.permissions)), is_set, out),
        None => address(site.word(arg), out),
    }
    for name in if is_set { form.set } else { form.told } {
        field(", ", name, view.get(name), out);
    }
    out.push('}');
    true
}

fn field(before: &str, name: &str, value: u64, out: &mut String) {
    out.push_str(before);
    out.push_str(name);
    out.push('=');
    decimal(value, out);
}

fn permissions(view: View<'_>, is_set: bool, out: &mut String) {
    field("{", "uid", view.get("uid"), out);
    field(", ", "gid", view.get("gid"), out);
    out.push_str(", mode=");
    octal(view.get("mode"), out);
    if !is_set {
        out.push_str(", key=");
        hex(view.get("key"), out);
        field(", ", "cuid", view.get("cuid"), out);
        field(", ", "cgid", view.get("cgid"), out);
    }
    out.push('}');
}
