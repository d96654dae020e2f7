//! Which words of the argument registers a call has.

use super::types::Prototype;

/// `O_CREAT`, the same on every ABI here (asm-generic/fcntl.h).
const O_CREAT: u64 = 0o100;
/// `O_TMPFILE` without `O_DIRECTORY`, which differs between ABIs.
const TMPFILE: u64 = 0o20_000_000;

/// The words that the kernel looks at; the others are 0. What lies in a register
/// that a call does not use is left from something else, and only noise.
pub fn given(prototype: &Prototype, args: &[u64; 6]) -> [u64; 6] {
    let mut words = *args;
    words.iter_mut().skip(prototype.params.len()).for_each(|word| *word = 0);
    let (flags, mode) = match prototype.name {
        "open" | "mq_open" => (1, 2),
        "openat" => (2, 3),
        _ => return words,
    };
    // open(2): without one of these, mode is ignored.
    if words[flags] & (O_CREAT | TMPFILE) == 0 {
        words[mode] = 0;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Abi, by_name};

    fn given_to(name: &str, args: [u64; 6]) -> [u64; 6] {
        let (_, prototype) = by_name(Abi::X86_64, name).expect("a call");
        given(prototype, &args)
    }

    #[test]
    fn words_beyond_the_parameters_are_left_over() {
        assert_eq!(given_to("close", [3, 1, 2, 3, 4, 5]), [3, 0, 0, 0, 0, 0]);
        assert_eq!(given_to("getpid", [9; 6]), [0; 6]);
        assert_eq!(given_to("mmap", [1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_mode_counts_only_where_a_file_may_be_made() {
        assert_eq!(given_to("open", [1, 0, 0o644, 9, 9, 9]), [1, 0, 0, 0, 0, 0]);
        assert_eq!(given_to("open", [1, 0o101, 0o644, 9, 9, 9]), [1, 0o101, 0o644, 0, 0, 0]);
        let tmpfile = 0o20_200_002;
        assert_eq!(given_to("openat", [1, 2, tmpfile, 0o600, 9, 9])[3], 0o600);
        assert_eq!(given_to("openat", [1, 2, 0, 0o600, 9, 9])[3], 0);
    }
}
