//! prctl(2) and arch_prctl(2): the options, linux/prctl.h and asm/prctl.h.

use super::super::Site;
use super::super::scalar::{decimal, hex};
use super::super::structs::named;
use super::forms::{self, Form, View};
use View::{Address, Answer, Bits, Hex, Int, Long, Memory, Name, One, Signal, Text};

const PR_GET_DUMPABLE: u64 = 3;
const PR_SET_SECCOMP: u64 = 22;
const PR_GET_SECUREBITS: u64 = 27;
const PR_MCE_KILL: u64 = 33;
const PR_MCE_KILL_GET: u64 = 34;
const PR_CAP_AMBIENT: u64 = 47;
const PR_GET_SPECULATION_CTRL: u64 = 52;
const PR_SET_PTRACER: u64 = 0x5961_6d61;

/// The options in the order of their numbers.
const FORMS: &[Form] = &[
    (1, &[Signal]),          // PR_SET_PDEATHSIG
    (2, &[Answer(&Signal)]), // PR_GET_PDEATHSIG
    (PR_GET_DUMPABLE, &[]),
    (4, &[One("prctl_dumpable")]),          // PR_SET_DUMPABLE
    (5, &[Answer(&Bits("prctl_unalign"))]), // PR_GET_UNALIGN
    (6, &[Bits("prctl_unalign")]),          // PR_SET_UNALIGN
    (7, &[]),                               // PR_GET_KEEPCAPS
    (8, &[Long]),                           // PR_SET_KEEPCAPS
    (9, &[Answer(&Int)]),                   // PR_GET_FPEMU
    (10, &[Long]),                          // PR_SET_FPEMU
    (11, &[Answer(&Int)]),                  // PR_GET_FPEXC
    (12, &[Long]),                          // PR_SET_FPEXC
    (13, &[]),                              // PR_GET_TIMING
    (14, &[Long]),                          // PR_SET_TIMING
    (15, &[Name]),                          // PR_SET_NAME
    (16, &[Text]),                          // PR_GET_NAME
    (19, &[Answer(&Int)]),                  // PR_GET_ENDIAN
    (20, &[Long]),                          // PR_SET_ENDIAN
    (21, &[]),                              // PR_GET_SECCOMP
    (PR_SET_SECCOMP, &[One("seccomp_mode"), Memory]),
    (23, &[One("capability")]),         // PR_CAPBSET_READ
    (24, &[One("capability")]),         // PR_CAPBSET_DROP
    (25, &[Answer(&One("prctl_tsc"))]), // PR_GET_TSC
    (26, &[One("prctl_tsc")]),          // PR_SET_TSC
    (PR_GET_SECUREBITS, &[]),
    (28, &[Bits("prctl_securebits")]), // PR_SET_SECUREBITS
    (29, &[Long]),                     // PR_SET_TIMERSLACK
    (30, &[]),                         // PR_GET_TIMERSLACK
    (31, &[]),                         // PR_TASK_PERF_EVENTS_DISABLE
    (32, &[]),                         // PR_TASK_PERF_EVENTS_ENABLE
    (PR_MCE_KILL, &[One("prctl_mce"), One("prctl_mce_policy"), Hex, Hex]),
    (35, &[One("prctl_mm_option"), Hex, Hex, Hex]), // PR_SET_MM
    (36, &[Long]),                                  // PR_SET_CHILD_SUBREAPER
    (37, &[Answer(&Int)]),                          // PR_GET_CHILD_SUBREAPER
    (38, &[Long, Hex, Hex, Hex]),                   // PR_SET_NO_NEW_PRIVS
    (40, &[Answer(&Hex)]),                          // PR_GET_TID_ADDRESS
    (41, &[Long, Hex, Hex, Hex]),                   // PR_SET_THP_DISABLE
    (PR_CAP_AMBIENT, &[One("prctl_cap_ambient"), One("capability"), Hex, Hex]),
    (PR_GET_SPECULATION_CTRL, &[One("prctl_speculation")]),
    (53, &[One("prctl_speculation"), Bits("prctl_speculation_state")]),
    (57, &[Long, Hex, Hex, Hex]), // PR_SET_IO_FLUSHER
    (0x5356_4d41, &[One("prctl_vma"), Address, Long, Memory]), // PR_SET_VMA
    (PR_SET_PTRACER, &[Int]),
];

pub(super) fn count(site: &Site<'_>) -> Option<usize> {
    const SECCOMP_MODE_STRICT: u64 = 1;
    const SECCOMP_MODE_FILTER: u64 = 2;
    let option = site.word(0) & 0xffff_ffff;
    match (option, site.word(1)) {
        (PR_SET_SECCOMP, SECCOMP_MODE_STRICT) => Some(2),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER) => Some(3),
        (PR_SET_SECCOMP, _) => None,
        _ => forms::views(FORMS, option).map(|views| 1 + views.len()),
    }
}

pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) {
    const PR_CAP_AMBIENT_CLEAR_ALL: u64 = 4;
    const PR_MCE_KILL_SET: u64 = 1;
    let word = site.word(arg);
    match (site.word(0) & 0xffff_ffff, arg, site.word(1)) {
        // The second word means something for some of the first ones only.
        (PR_CAP_AMBIENT, 2, PR_CAP_AMBIENT_CLEAR_ALL) => hex(word, out),
        (PR_MCE_KILL, 2, second) if second != PR_MCE_KILL_SET => hex(word, out),
        (PR_SET_PTRACER, 1, any) if any as i64 == -1 => out.push_str("PR_SET_PTRACER_ANY"),
        _ => forms::argument(site, FORMS, arg, out),
    }
}

pub(super) fn result(site: &Site<'_>, out: &mut String) -> bool {
    let value = site.record.result as u64;
    match site.word(0) & 0xffff_ffff {
        PR_GET_DUMPABLE => numbered(value, out, |out| named("prctl_dumpable", value, out)),
        PR_MCE_KILL_GET => numbered(value, out, |out| named("prctl_mce_policy", value, out)),
        PR_GET_SECUREBITS if value != 0 => super::explained(value, out, |out| {
            forms::bits("prctl_securebits", value, out);
        }),
        PR_GET_SPECULATION_CTRL => super::explained(value, out, |out| {
            forms::bits("prctl_speculation_state", value, out);
        }),
        _ => return false,
    }
    true
}

/// `1 (NAME)`.
fn numbered(value: u64, out: &mut String, name: impl FnOnce(&mut String)) {
    decimal(value, out);
    out.push_str(" (");
    name(out);
    out.push(')');
}

/// What arch_prctl(2) answers with; the other operations take an address.
const ARCH_FORMS: &[Form] = &[
    (0x1003, &[Answer(&Hex)]), // ARCH_GET_FS
    (0x1004, &[Answer(&Hex)]), // ARCH_GET_GS
];

pub(super) fn arch_argument(site: &Site<'_>, out: &mut String) {
    forms::argument(site, ARCH_FORMS, 1, out);
}
