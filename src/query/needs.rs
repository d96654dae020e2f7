//! What an answer cannot know, because a log does not have it.

use crate::flow::{Omitted, Sort};

/// What a query needs to be in a log, to be answered whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Calls of a sort.
    Calls(Sort),
    /// All calls.
    AllCalls,
    /// What is in the bytes that are moved.
    Bytes,
}

/// What a log may lack.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lacks {
    /// Calls that were left out.
    pub omitted: Omitted,
    /// Whether something is missing of what processes did, though no filter left it out.
    pub is_partial: bool,
    /// Whether it has nothing of some processes.
    pub is_cut: bool,
    /// Bytes kept of each buffer, if that is known.
    pub kept: Option<u64>,
}

impl super::Query {
    /// What of an answer from such a log is not to be relied on, for people; `None` if it
    /// is whole.
    pub fn caveat(&self, log: Lacks) -> Option<String> {
        let is_needed = |sort: &Sort| {
            self.needs.contains(&Need::AllCalls) || self.needs.contains(&Need::Calls(*sort))
        };
        let sorts: Vec<_> = log.omitted.sorts().filter(is_needed).map(Sort::name).collect();
        let mut words = Vec::new();
        if !sorts.is_empty() {
            words.push(format!("not all calls were recorded (missing: {})", sorts.join(", ")));
        }
        if log.is_cut && !self.needs.is_empty() {
            words.push("the log was cut to some processes".to_owned());
        }
        if log.is_partial && !self.needs.is_empty() {
            words.push("something of what was done was lost, or could not be seen".to_owned());
        }
        if log.kept == Some(0) && self.needs.contains(&Need::Bytes) {
            words.push("no bytes of what was read and written were kept".to_owned());
        }
        let words = words.join("; ");
        (!words.is_empty()).then(|| words + ": what is not in the answer may still have been")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::named;

    fn caveat(name: &str, log: Lacks) -> String {
        named(name).expect("a query").caveat(log).unwrap_or_default()
    }

    #[test]
    fn only_what_an_answer_needs_is_missed() {
        let of = |set: &str| Lacks { omitted: Omitted::by_set(Some(set)), ..Lacks::default() };
        let end = ": what is not in the answer may still have been";
        assert_eq!(caveat("pipes", Lacks::default()), "");
        assert_eq!(caveat("pipes", of("!getpid,rename")), "");
        let missing = "not all calls were recorded (missing: reads)";
        assert_eq!(caveat("pipes", of("!read,rename")), missing.to_owned() + end);
        assert!(caveat("failed", of("!getpid")).contains("others"));
        assert_eq!(caveat("pipes", Lacks { kept: Some(0), ..Lacks::default() }), "");
        let bytes = caveat("databases", Lacks { kept: Some(0), ..of("!read") });
        assert!(bytes.contains("reads") && bytes.contains("no bytes"), "{bytes}");
        assert!(caveat("peers", Lacks { is_cut: true, ..Lacks::default() }).contains("cut"));
        assert!(caveat("unused", Lacks { is_partial: true, ..Lacks::default() }).contains("lost"));
    }
}
