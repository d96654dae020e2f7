//! What a misspelt word was probably meant to be.

/// The name that is most like `wrong`, if one is much like it.
pub fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    // One slip is forgiven, and one more for every five letters.
    let slips = 1 + wrong.chars().count() / 5;
    let rated = names.map(|name| (strsim::damerau_levenshtein(&wrong, name), name));
    let best = rated.min_by_key(|(distance, _)| *distance)?;
    (best.0 <= slips).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_nonsense_is_not() {
        let names = || ["openat", "openat2", "close", "ttl"].into_iter();
        assert_eq!(nearest("opneat", names()), Some("openat"));
        assert_eq!(nearest("clsoe", names()), Some("close"));
        assert_eq!(nearest("TLT", names()), Some("ttl"));
        assert_eq!(nearest("xyz", names()), None);
        assert_eq!(nearest("nope", ["open", "fsopen"].into_iter()), None);
    }
}
