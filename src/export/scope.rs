//! Which resources and calls a graph tells of.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `fates` | what becomes of each resource of a run |
//! | `calls` | which events of a run are calls that are not told of |

mod calls;
mod fates;

use glob::Pattern as Glob;

use crate::abi::Filter;
use crate::event::Record;
use crate::flow::Class;

pub(super) use calls::Calls;
pub(super) use fates::Fates;

/// What stands for the system's files.
pub(super) const SYSTEM_LABEL: &str = "system files";

/// What of a system's own files is folded into one node by `--fold-system`: libraries and
/// what belongs to them, the dynamic loader's configuration, locales and time zones. One
/// that ends in a slash stands for all below it.
pub const SYSTEM_FILES: &[&str] = &[
    "/lib/",
    "/lib32/",
    "/lib64/",
    "/libx32/",
    "/usr/lib/",
    "/usr/lib32/",
    "/usr/lib64/",
    "/usr/libx32/",
    "/usr/share/i18n/",
    "/usr/share/locale/",
    "/usr/share/zoneinfo/",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d/",
    "/etc/ld.so.preload",
    "/etc/locale.alias",
    "/etc/localtime",
];

/// A choice of resources and calls.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Those that one of these fits; all resources where none of these is about resources,
    /// all calls where none is about calls.
    pub only: Vec<Pattern>,
    /// But none that one of these fits.
    pub ignore: Vec<Pattern>,
    /// Whether [`SYSTEM_FILES`] are one node.
    pub fold_system: bool,
}

/// What fits some resources, or some calls.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    fits: Fits,
}

#[derive(Clone, Debug)]
enum Fits {
    /// Paths, of which `*` takes slashes too.
    Path(Glob),
    Class(Class),
    Calls(Filter),
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Told,
    Hidden,
    /// It is a part of the system's files.
    Folded,
}

impl Pattern {
    /// Reads `class:NAME`, `call:SET` with a set of calls as with `-e trace=SET`, or a path
    /// with `*`, `?` and `[…]` as in a shell.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fits = if let Some(name) = text.strip_prefix("class:") {
            Fits::Class(class(name)?)
        } else if let Some(set) = text.strip_prefix("call:") {
            Fits::Calls(Filter::parse(set).map_err(|error| error.to_string())?)
        } else {
            Fits::Path(Glob::new(text).map_err(|error| error.to_string())?)
        };
        Ok(Self { text: text.to_owned(), fits })
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn is_of_calls(&self) -> bool {
        matches!(self.fits, Fits::Calls(_))
    }

    fn fits(&self, name: &[u8], class: Class) -> bool {
        match &self.fits {
            Fits::Class(wanted) => *wanted == class,
            Fits::Path(glob) => {
                name.first() == Some(&b'/') && glob.matches(&String::from_utf8_lossy(name))
            }
            Fits::Calls(_) => false,
        }
    }

    fn fits_call(&self, record: &Record<'_>) -> bool {
        let Fits::Calls(filter) = &self.fits else { return false };
        record.call.is_some_and(|call| filter.allows(call.abi, call.nr))
    }
}

/// The class of that name.
fn class(name: &str) -> Result<Class, String> {
    let is_it = |class: &Class| class.name() == name.replace('-', " ");
    Class::ALL.into_iter().find(is_it).ok_or_else(|| {
        let names = Class::ALL.map(|class| class.name().replace(' ', "-")).join(", ");
        ["the classes are ", &names].concat()
    })
}

impl Scope {
    /// Whether it leaves everything as it is.
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.ignore.is_empty() && !self.fold_system
    }

    /// Whether it names resources that are wanted.
    pub(super) fn wants_resources(&self) -> bool {
        self.only.iter().any(|pattern| !pattern.is_of_calls())
    }

    /// Whether it says something of calls.
    fn has_calls(&self) -> bool {
        self.only.iter().chain(&self.ignore).any(Pattern::is_of_calls)
    }

    /// Whether an event that is a call is told of.
    pub(super) fn tells(&self, record: &Record<'_>) -> bool {
        let fits = |pattern: &Pattern| pattern.fits_call(record);
        let mut only = self.only.iter().filter(|pattern| pattern.is_of_calls()).peekable();
        let is_wanted = only.peek().is_none() || only.any(fits);
        is_wanted && !self.ignore.iter().any(fits)
    }

    /// What becomes of the resource of that name, and that class as far as it is known.
    pub(super) fn fate(&self, name: &[u8], class: Class) -> Fate {
        let fits = |pattern: &Pattern| pattern.fits(name, class);
        let mut only = self.only.iter().filter(|pattern| !pattern.is_of_calls()).peekable();
        let is_wanted = only.peek().is_none() || only.any(fits);
        if !is_wanted || self.ignore.iter().any(fits) {
            return Fate::Hidden;
        }
        let is_system = |file: &&str| match file.strip_suffix('/') {
            Some(directory) => {
                let rest = name.strip_prefix(directory.as_bytes());
                rest.is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
            }
            None => name == file.as_bytes(),
        };
        let is_folded = self.fold_system && SYSTEM_FILES.iter().any(is_system);
        if is_folded { Fate::Folded } else { Fate::Told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Abi;
    use crate::event::{Batch, Call, Kind, TaskId};

    fn fate(scope: &Scope, name: &str, class: Class) -> Fate {
        scope.fate(name.as_bytes(), class)
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::parse(text).expect("a pattern")).collect()
    }

    #[test]
    fn what_is_ignored_is_hidden_though_it_is_wanted() {
        let only = patterns(&["/home/*", "class:pipe"]);
        let scope = Scope { only, ignore: patterns(&["*.o"]), fold_system: false };
        assert_eq!(fate(&scope, "/home/me/a.c", Class::File), Fate::Told);
        assert_eq!(fate(&scope, "/home/me/a.o", Class::File), Fate::Hidden);
        assert_eq!(fate(&scope, "/etc/passwd", Class::File), Fate::Hidden);
        assert_eq!(fate(&scope, "pipe:[7]", Class::Pipe), Fate::Told);
        assert_eq!(fate(&scope, "socket:[7]", Class::Socket), Fate::Hidden);
    }

    #[test]
    fn the_systems_files_are_folded() {
        let scope = Scope { fold_system: true, ..Scope::default() };
        for name in ["/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib64", "/etc/ld.so.cache"] {
            assert_eq!(fate(&scope, name, Class::File), Fate::Folded, "{name}");
        }
        for name in ["/usr/libexec/x", "/etc/ld.so.cache.old", "/home/lib/x", "/bin/sh"] {
            assert_eq!(fate(&scope, name, Class::File), Fate::Told, "{name}");
        }
    }

    #[test]
    fn calls_and_resources_are_chosen_apart() {
        let mut batch = Batch::new();
        for (ordinal, name) in (1..).zip(["openat", "chdir", "read"]) {
            let (nr, _) = crate::abi::by_name(Abi::X86_64, name).expect("a call");
            let mut record = batch.record(Kind::Call, TaskId(1), ordinal);
            record.start(ordinal).call(Call { abi: Abi::X86_64, nr });
            record.finish();
        }
        let told = |scope: &Scope| batch.iter().map(|call| scope.tells(&call)).collect::<Vec<_>>();
        let only = patterns(&["call:%file", "/home/*"]);
        let scope = Scope { only, ignore: patterns(&["call:chdir"]), fold_system: false };
        assert_eq!(told(&scope), [true, false, false]);
        assert_eq!(fate(&scope, "/home/me", Class::File), Fate::Told);
        assert_eq!(fate(&scope, "/etc", Class::File), Fate::Hidden);
        let scope = Scope { only: patterns(&["class:pipe"]), ..Scope::default() };
        assert_eq!(told(&scope), [true; 3]);
        let scope = Scope { only: patterns(&["call:%file"]), ..Scope::default() };
        assert_eq!(fate(&scope, "/etc", Class::File), Fate::Told);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert!(Pattern::parse("class:pie").unwrap_err().contains("pipe, socket"));
        assert!(Pattern::parse("class:shared-memory").is_ok());
        assert!(Pattern::parse("call:%flie").unwrap_err().contains("did you mean 'file'"));
        assert!(Pattern::parse("[").is_err());
    }
}
