//! keyctl(2), add_key(2), request_key(2).

use super::super::Site;
use super::forms::{self, Form, View};
use View::{Bits, Hex, Int, Key, Long, Memory, One, Text};

/// The operations by number, linux/keyctl.h.
const FORMS: &[Form] = &[
    (0, &[Key, Int]),                   // GET_KEYRING_ID
    (1, &[Memory]),                     // JOIN_SESSION_KEYRING
    (2, &[Key, Memory, Long]),          // UPDATE
    (3, &[Key]),                        // REVOKE
    (4, &[Key, Int, Int]),              // CHOWN
    (5, &[Key, Bits("key_perm")]),      // SETPERM
    (6, &[Key, Text, Long]),            // DESCRIBE
    (7, &[Key]),                        // CLEAR
    (8, &[Key, Key]),                   // LINK
    (9, &[Key, Key]),                   // UNLINK
    (10, &[Key, Memory, Memory, Key]),  // SEARCH
    (11, &[Key, Memory, Long]),         // READ
    (12, &[Key, Memory, Long, Key]),    // INSTANTIATE
    (13, &[Key, Int, Key]),             // NEGATE
    (14, &[One("key_reqkey")]),         // SET_REQKEY_KEYRING
    (15, &[Key, Int]),                  // SET_TIMEOUT
    (16, &[Key]),                       // ASSUME_AUTHORITY
    (17, &[Key, Text, Long]),           // GET_SECURITY
    (18, &[]),                          // SESSION_TO_PARENT
    (19, &[Key, Int, Int, Key]),        // REJECT
    (20, &[Key, Memory, Long, Key]),    // INSTANTIATE_IOV
    (21, &[Key]),                       // INVALIDATE
    (22, &[Int, Key]),                  // GET_PERSISTENT
    (23, &[Memory, Memory, Long, Hex]), // DH_COMPUTE
    (29, &[Key, Memory, Memory]),       // RESTRICT_KEYRING
    (30, &[Key, Key, Key, Hex]),        // MOVE
    (31, &[Memory, Long]),              // CAPABILITIES
];

pub(super) fn count(site: &Site<'_>) -> Option<usize> {
    forms::views(FORMS, site.word(0) & 0xffff_ffff).map(|views| 1 + views.len())
}

pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) {
    forms::argument(site, FORMS, arg, out);
}
