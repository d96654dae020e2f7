//! Files of rules, in TOML.

use std::path::{Path, PathBuf};

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::holds::Holds;

/// The rules that come with rtrace.
const SHIPPED: &str = include_str!("rules.toml");

/// A pattern may take that much memory once it is compiled: what the regex crate allows
/// by default is more than any sane one needs.
const PATTERN_LIMIT: usize = 1 << 20;

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The absolute path of a file.
    Path,
    /// The same, of a file that the run has made. What applies to paths applies here, too.
    Made,
    /// An argument of a program.
    Argument,
    /// The value of an environment variable.
    Environment,
    /// Anything else: a statement, the name of a thing that has no path.
    Text,
}

/// What may not stand beside a match, for it to be one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Edge {
    /// A digit.
    Digit,
    /// A letter or a digit.
    #[default]
    Word,
    /// Nothing is forbidden.
    Any,
}

impl Edge {
    pub(super) fn forbids(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Word => byte.is_ascii_alphanumeric(),
            Self::Any => false,
        }
    }
}

/// A rule: what is replaced, by what.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) places: Vec<Place>,
    pub(super) pattern: Regex,
    pub(super) edge: Edge,
    pub(super) holds: Option<Holds>,
    pub(super) becomes: Vec<u8>,
    /// Whether what is replaced tells a day.
    pub(super) is_date: bool,
}

impl Rule {
    /// Whether it applies to texts that stand there.
    pub(super) fn is_for(&self, place: Place) -> bool {
        let is_path = place == Place::Made && self.places.contains(&Place::Path);
        self.places.is_empty() || self.places.contains(&place) || is_path
    }
}

/// What is no difference.
#[derive(Debug)]
struct Ignored {
    name: String,
    places: Vec<Place>,
    pattern: Regex,
}

/// Rules in the order in which they are applied.
#[derive(Debug)]
pub struct Rules {
    pub(super) rules: Vec<Rule>,
    ignored: Vec<Ignored>,
}

/// One text that means another: a working directory that has moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// What is replaced where it stands as whole parts of a path, or alone.
    pub old: Vec<u8>,
    /// What takes its place.
    pub new: Vec<u8>,
}

/// Why rules cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file itself.
    #[error("cannot read the rules {file}: {why}")]
    Read {
        /// Which.
        file: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
    /// It is no TOML, or has members that no rule has.
    #[error("{file} is no file of rules: {why}")]
    Form {
        /// Which.
        file: PathBuf,
        /// Where and why.
        why: Box<toml::de::Error>,
    },
    /// A pattern of a rule is none.
    #[error("the rule '{rule}' of {file} has no good pattern: {why}")]
    Pattern {
        /// Which file.
        file: PathBuf,
        /// Which rule.
        rule: String,
        /// Why not.
        why: Box<regex::Error>,
    },
}

/// A file of rules as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Whether the rules that come with rtrace are left out.
    #[serde(default)]
    alone: bool,
    /// Names of shipped rules that are left out.
    #[serde(default)]
    without: Vec<String>,
    #[serde(default, rename = "rule")]
    rules: Vec<Written>,
    #[serde(default, rename = "ignore")]
    ignored: Vec<WrittenIgnored>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIgnored {
    name: String,
    #[serde(default, rename = "in")]
    places: Vec<Place>,
    pattern: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default, rename = "in")]
    places: Vec<Place>,
    pattern: String,
    #[serde(default)]
    edge: Edge,
    #[serde(default)]
    holds: Option<Holds>,
    #[serde(default)]
    date: bool,
    becomes: String,
}

impl Rules {
    /// The rules that come with rtrace.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED, "rules.toml".into(), None).unwrap_or_else(|error| {
            debug_assert!(false, "{error}");
            Self { rules: Vec::new(), ignored: Vec::new() }
        })
    }

    /// Those of a file, followed by those that come with rtrace, unless it says that
    /// some or all of these are not wanted.
    ///
    /// # Errors
    /// The file cannot be read, or is no file of rules.
    pub fn read(file: PathBuf) -> Result<Self, RuleError> {
        match std::fs::read_to_string(&file) {
            Ok(text) => Self::parse(&text, file, Some(SHIPPED)),
            Err(why) => Err(RuleError::Read { file, why }),
        }
    }

    fn parse(text: &str, file: PathBuf, more: Option<&str>) -> Result<Self, RuleError> {
        let written: File = match toml::from_str(text) {
            Ok(written) => written,
            Err(why) => return Err(RuleError::Form { file, why: Box::new(why) }),
        };
        let (mut rules, mut ignored) = (Vec::new(), Vec::new());
        for rule in written.rules {
            rules.push(compile(rule, &file)?);
        }
        for rule in written.ignored {
            let pattern = pattern(&rule.pattern, &rule.name, &file)?;
            ignored.push(Ignored { name: rule.name, places: rule.places, pattern });
        }
        if let Some(more) = more.filter(|_| !written.alone) {
            let shipped = Self::parse(more, "rules.toml".into(), None)?;
            let is_wanted = |name: &String| !written.without.contains(name);
            rules.extend(shipped.rules.into_iter().filter(|rule| is_wanted(&rule.name)));
            ignored.extend(shipped.ignored.into_iter().filter(|rule| is_wanted(&rule.name)));
        }
        Ok(Self { rules, ignored })
    }

    /// Whether a text is of something that is no difference: a path, or the name of a
    /// variable of the environment.
    pub fn ignores(&self, place: Place, text: &[u8]) -> bool {
        let mut ignored = self.ignored.iter().filter(|rule| rule.places.contains(&place));
        ignored.any(|rule| rule.pattern.is_match(text))
    }

    /// What stands for any rule of that name, if there is one.
    pub fn becomes(&self, name: &str) -> Option<&[u8]> {
        self.rules.iter().find(|rule| rule.name == name).map(|rule| &*rule.becomes)
    }

    /// Names of the rules in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }
}

fn compile(rule: Written, file: &Path) -> Result<Rule, RuleError> {
    let pattern = pattern(&rule.pattern, &rule.name, file)?;
    Ok(Rule {
        name: rule.name,
        places: rule.places,
        pattern,
        edge: rule.edge,
        holds: rule.holds,
        is_date: rule.date || rule.holds.is_some_and(Holds::is_date),
        becomes: rule.becomes.into_bytes(),
    })
}

fn pattern(text: &str, rule: &str, file: &Path) -> Result<Regex, RuleError> {
    let pattern = RegexBuilder::new(text).unicode(false).size_limit(PATTERN_LIMIT).build();
    pattern.map_err(|why| RuleError::Pattern {
        file: file.to_owned(),
        rule: rule.to_owned(),
        why: Box::new(why),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Rules, RuleError> {
        Rules::parse(text, "mine.toml".into(), Some(SHIPPED))
    }

    #[test]
    fn the_shipped_rules_are_rules() {
        let rules = Rules::parse(SHIPPED, "rules.toml".into(), None).unwrap();
        assert!(rules.rules.len() > 30);
        let mut names: Vec<_> = rules.names().collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rules.rules.len(), "two rules have one name");
    }

    #[test]
    fn rules_of_a_user_come_first() {
        let rules =
            with("[[rule]]\nname = 'batch'\npattern = 'B(\\d+)'\nbecomes = '<batch>'").unwrap();
        assert_eq!(rules.names().next(), Some("batch"));
        assert!(rules.rules.len() > 30);
        assert_eq!(with("alone = true").unwrap().rules.len(), 0);
        let one = with("without = ['uuid']").unwrap();
        assert!(one.becomes("uuid").is_none() && one.becomes("iso-date").is_some());
    }

    #[test]
    fn a_wrong_rule_is_named() {
        let wrong = with("[[rule]]\nname = 'a'\npattern = '('\nbecomes = 'x'").unwrap_err();
        assert!(wrong.to_string().starts_with("the rule 'a' of mine.toml"), "{wrong}");
        assert!(matches!(with("[[rule]]\nnome = 'a'"), Err(RuleError::Form { .. })));
    }
}
