//! How the environment of a program differs from that of the one before it.

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::text::Text;

/// What was changed.
#[derive(Debug, Serialize)]
pub(super) struct Environment<'a> {
    /// The execution whose environment it is compared with.
    pub(super) base: Option<String>,
    /// `NAME=value`: what is new, or has another value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    set: Vec<Text<'a>>,
    /// Names that are not there any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unset: Vec<Text<'a>>,
}

impl<'a> Environment<'a> {
    /// Compares two; without a base, all of it is new.
    pub(super) fn between<B: AsRef<[u8]>>(base: Option<(String, &'a [B])>, own: &'a [B]) -> Self {
        let (base, before) = base.map_or((None, &[][..]), |(id, before)| (Some(id), before));
        let known: FxHashSet<&[u8]> = before.iter().map(AsRef::as_ref).collect();
        let names: FxHashSet<&[u8]> = own.iter().map(|one| name(one.as_ref())).collect();
        let own = own.iter().map(AsRef::as_ref).filter(|one| !known.contains(*one));
        let gone = before.iter().map(|one| name(one.as_ref())).filter(|one| !names.contains(one));
        Self { base, set: own.map(Text::from).collect(), unset: gone.map(Text::from).collect() }
    }
}

/// What stands before the first `=`.
fn name(variable: &[u8]) -> &[u8] {
    variable.split(|byte| *byte == b'=').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = ["A=1", "B=2", "C=x=y"];
        let after = ["B=2", "C=x=z", "D"];
        let changed = Environment::between(Some(("base".into(), &before)), &after);
        let expected = json!({ "base": "base", "set": ["C=x=z", "D"], "unset": ["A"] });
        assert_eq!(serde_json::to_value(changed).expect("JSON"), expected);
        let whole = Environment::between(None, &after[..2]);
        let expected = json!({ "base": null, "set": ["B=2", "C=x=z"] });
        assert_eq!(serde_json::to_value(whole).expect("JSON"), expected);
    }
}
