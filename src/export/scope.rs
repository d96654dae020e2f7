//! Which resources a graph tells of.

use glob::Pattern as Glob;

use crate::flow::Class;

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

/// A choice of resources.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Those that one of these fits; without any, all.
    pub only: Vec<Pattern>,
    /// But none that one of these fits.
    pub ignore: Vec<Pattern>,
    /// Whether [`SYSTEM_FILES`] are one node.
    pub fold_system: bool,
}

/// What fits some resources.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Paths, of which `*` takes slashes too.
    Path(Glob),
    /// A class.
    Class(Class),
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
    /// Reads `class:NAME`, or a path with `*`, `?` and `[…]` as in a shell.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("class:") {
            let is_it = |class: &Class| class.name() == name.replace('-', " ");
            return Class::ALL.into_iter().find(is_it).map(Self::Class).ok_or_else(|| {
                let names = Class::ALL.map(|class| class.name().replace(' ', "-")).join(", ");
                ["the classes are ", &names].concat()
            });
        }
        if text.starts_with("call:") {
            return Err("calls are chosen when a log is cut: rtrace cat -e trace=SET".to_owned());
        }
        Glob::new(text).map(Self::Path).map_err(|error| error.to_string())
    }

    fn fits(&self, name: &[u8], class: Class) -> bool {
        match self {
            Self::Class(wanted) => *wanted == class,
            Self::Path(glob) => {
                name.first() == Some(&b'/') && glob.matches(&String::from_utf8_lossy(name))
            }
        }
    }
}

impl Scope {
    /// Whether it leaves everything as it is.
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.ignore.is_empty() && !self.fold_system
    }

    /// What becomes of the resource of that name, and that class as far as it is known.
    pub(super) fn fate(&self, name: &[u8], class: Class) -> Fate {
        let fits = |pattern: &Pattern| pattern.fits(name, class);
        if self.ignore.iter().any(fits) || !(self.only.is_empty() || self.only.iter().any(fits)) {
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
    fn what_is_no_pattern_is_refused() {
        assert!(Pattern::parse("class:pie").unwrap_err().contains("pipe, socket"));
        assert!(Pattern::parse("class:shared-memory").is_ok());
        assert!(Pattern::parse("call:%file").unwrap_err().contains("rtrace cat"));
        assert!(Pattern::parse("[").is_err());
    }
}
