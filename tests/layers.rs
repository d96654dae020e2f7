//! Holds the source to its floors: a module imports only from the rooms below
//! its own, and `unsafe` stands in `src/sys/` alone.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms and their floors, from the ground up.
const ROOMS: &[(&str, u8)] = &[
    ("abi", 0),
    ("event", 1),
    ("sys", 1),
    ("tracer", 2),
    ("log", 2),
    ("render", 2),
    ("flow", 3),
    ("merge", 4),
    ("export", 5),
    ("edit", 5),
    ("compare", 5),
    ("mine", 5),
    ("query", 5),
    ("stats", 5),
    ("bench", 5),
    ("serve", 5),
    ("import", 5),
    ("record", 6),
    ("cli", 7),
    ("main", 8),
];

fn floor(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(own) = file.module.first().filter(|room| *room != "lib") else { continue };
        let Some(here) = floor(own) else {
            wrong.push(format!("{}: the room `{own}` has no floor", file.path.display()));
            continue;
        };
        for (line, room) in file.imports() {
            if room != *own && floor(&room).is_some_and(|there| there >= here) {
                wrong.push(format!("{}:{line}: `{own}` imports `{room}`", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that go up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_is_in_sys_alone() {
    let mut wrong = Vec::new();
    for file in sources() {
        if file.module.first().is_some_and(|room| room == "sys") {
            continue;
        }
        for (number, line) in file.lines() {
            let says_unsafe = words(line).any(|word| word == "unsafe");
            let allows_it = line.contains("unsafe_code") && line.contains("allow");
            if says_unsafe || allows_it {
                wrong.push(format!("{}:{number}: {}", file.path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "unsafe code outside src/sys/:\n{}", wrong.join("\n"));
}

#[test]
fn only_low_rooms_know_the_kernel_bindings() {
    let mut wrong = Vec::new();
    for file in sources() {
        let room = file.module.first().map(String::as_str);
        if !matches!(
            room,
            Some("abi" | "event" | "log" | "render" | "flow" | "merge" | "export" | "stats")
        ) {
            continue;
        }
        for (number, line) in file.lines() {
            if line.contains("nix::") || line.contains("libc::") {
                wrong.push(format!("{}:{number}: {}", file.path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "nix or libc where only plain facts belong:\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_them() {
    let file = Source {
        path: PathBuf::from("src/log/reader.rs"),
        module: vec!["log".into(), "reader".into()],
        text: "use crate::{abi::Abi, flow::{Flow, State}};\n\
               // use crate::cli::no;\n\
               use super::super::tracer::Task;\n\
               fn f() { crate::export::run(); rtrace::cli::go(); super::block::read(); }\n"
            .into(),
    };
    let found: Vec<_> =
        file.imports().into_iter().map(|(line, room)| format!("{line} {room}")).collect();
    assert_eq!(found, ["1 abi", "1 flow", "3 tracer", "4 export", "4 cli"]);
}

struct Source {
    path: PathBuf,
    /// The module's path: `["log", "reader"]`.
    module: Vec<String>,
    text: String,
}

impl Source {
    /// Numbered lines without comments.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.split("//").next().unwrap_or("")))
    }

    /// Every room that the file names by a path from the crate's root, and the
    /// line of it.
    fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (number, line) in self.statements() {
            for root in ["crate::", "rtrace::"] {
                for tail in tails(&line, root) {
                    found.extend(heads(tail).into_iter().map(|room| (number, room)));
                }
            }
            for tail in tails(&line, &"super::".repeat(self.module.len())) {
                found.extend(heads(tail).into_iter().map(|room| (number, room)));
            }
        }
        found
    }

    /// Lines, with a `use` that goes on over several of them joined.
    fn statements(&self) -> Vec<(usize, String)> {
        let mut all: Vec<(usize, String)> = Vec::new();
        let mut open = false;
        for (number, line) in self.lines() {
            match all.last_mut() {
                Some((_, text)) if open => text.push_str(line.trim()),
                _ => {
                    let code = line.trim_start();
                    open = code.starts_with("use ") || code.starts_with("pub use ");
                    all.push((number, line.to_owned()));
                }
            }
            open &= !line.contains(';');
        }
        all
    }
}

/// What follows each occurrence of `root` that is not the end of a longer name.
fn tails<'a>(line: &'a str, root: &str) -> Vec<&'a str> {
    line.match_indices(root)
        .filter(|(at, _)| {
            !line[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        })
        .map(|(at, _)| &line[at + root.len()..])
        .collect()
}

/// The first names of a path or of a `{…}` group of paths.
fn heads(tail: &str) -> Vec<String> {
    let Some(group) = tail.strip_prefix('{') else {
        return words(tail).next().map(str::to_owned).into_iter().collect();
    };
    let mut names = Vec::new();
    let (mut depth, mut at_start) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            c if at_start && (c.is_alphanumeric() || c == '_') => {
                names.extend(words(&group[at..]).next().map(str::to_owned));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 5, "no sources under {}", root.display());
    files
}

fn collect(root: &Path, folder: &Path, into: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("src/ can be listed") {
        let path = entry.expect("src/ can be listed").path();
        if path.is_dir() {
            collect(root, &path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let inside = path.strip_prefix(root).expect("it is below src/").with_extension("");
            let mut module: Vec<String> =
                inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            let text = fs::read_to_string(&path).expect("a source is text");
            into.push(Source { path, module, text });
        }
    }
}
