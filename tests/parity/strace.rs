//! The story that strace's text tells (`strace -f -xx -o FILE`).

use std::collections::BTreeMap;
use std::str::FromStr;

use nix::errno::Errno;
use nix::sys::signal::Signal;

use super::story::{End, Life, Step, Story, Value};

/// Tells it.
pub(crate) fn story(text: &str) -> Story {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
    }
    let makers = reader.makers;
    let place = |task: usize| Story::place(&makers, task);
    let lives = reader.lives.into_iter().enumerate();
    Story::of(lives.map(|(task, life)| (place(task), life)))
}

#[derive(Default)]
struct Reader {
    lives: Vec<Life>,
    /// For each task, the one that made it and how many that had made before.
    makers: BTreeMap<usize, (usize, usize)>,
    made: BTreeMap<usize, usize>,
    /// The living, by thread id.
    tids: BTreeMap<u32, usize>,
    /// Those that have ended, by their last thread id.
    ended: BTreeMap<u32, usize>,
    /// Calls that are not resumed yet.
    begun: BTreeMap<usize, String>,
}

impl Reader {
    fn task(&mut self, tid: u32) -> usize {
        let lives = &mut self.lives;
        *self.tids.entry(tid).or_insert_with(|| {
            lives.push(Life::default());
            lives.len() - 1
        })
    }

    fn line(&mut self, line: &str) {
        let (tid, text) = line.split_once(' ').expect("a line begins with a thread id");
        let tid = tid.parse().expect("a thread id is a number");
        let task = self.task(tid);
        let text = text.trim_start();
        if let Some(rest) = text.strip_prefix("+++ ") {
            self.end(tid, task, rest);
        } else if let Some(rest) = text.strip_prefix("--- SIG") {
            let name = rest.split([' ', '}']).next().unwrap_or_default();
            self.lives[task].steps.push(Step::signal(format!("SIG{name}")));
        } else if text.starts_with(|first: char| first.is_ascii_lowercase() || "_?".contains(first))
        {
            self.piece(task, text);
        } else if let Some((_, rest)) = text.split_once(" resumed>") {
            let begun = self.begun.remove(&task);
            let begun = begun.unwrap_or_else(|| panic!("{line:?} resumes what has not begun"));
            self.piece(task, &format!("{begun}{rest}"));
        }
    }

    /// A call, perhaps without its end.
    fn piece(&mut self, task: usize, text: &str) {
        match text.strip_suffix(" <unfinished ...>") {
            Some(begun) => {
                self.begun.insert(task, begun.to_owned());
            }
            None => self.call(task, text),
        }
    }

    fn call(&mut self, task: usize, text: &str) {
        let (name, rest) = text.split_once('(').expect("a call has arguments");
        // A task that was killed before strace could ask which call it was.
        if name.starts_with('?') {
            return;
        }
        // All strings are hexadecimal: nothing in them looks like a result.
        let (arguments, told) = rest.rsplit_once(" = ").expect("a call has a result");
        let result = value(name, told);
        let paths = paths(name, arguments);
        self.lives[task].steps.push(Step { name: name.to_owned(), paths, result });
        let child = told.split(' ').next().and_then(|word| word.parse().ok());
        if let ("fork" | "vfork" | "clone" | "clone3", Some(child @ 1..)) = (name, child) {
            self.born(task, child, arguments.contains("CLONE_THREAD"));
        }
    }

    fn born(&mut self, maker: usize, tid: u32, is_thread: bool) {
        // A short life may be over before its maker's call is.
        let ended = self.ended.get(&tid).copied();
        let child = ended.filter(|child| *child > 0 && !self.makers.contains_key(child));
        let child = child.unwrap_or_else(|| self.task(tid));
        let made = self.made.entry(maker).or_default();
        self.makers.insert(child, (maker, *made));
        *made += 1;
        self.lives[child].is_thread = is_thread;
    }

    fn end(&mut self, tid: u32, task: usize, text: &str) {
        if let Some(begun) = self.begun.remove(&task) {
            self.call(task, &format!("{begun}) = ?"));
        }
        self.tids.remove(&tid);
        self.ended.insert(tid, task);
        let words: Vec<&str> = text.split(' ').collect();
        self.lives[task].end = match words[..] {
            ["exited", "with", code, ..] => End::Code(code.parse().expect("an exit code")),
            ["killed", "by", name, ..] => {
                End::Signal(Signal::from_str(name).expect("a signal") as i32)
            }
            ["superseded", "by", "execve", "in", "pid", by, ..] => {
                // It goes on under the leader's id.
                let by = self.tids.remove(&by.parse().expect("a thread id"));
                self.tids.extend(by.map(|by| (tid, by)));
                End::Superseded
            }
            _ => panic!("strace tells of an unknown end: {text}"),
        };
    }
}

/// What stands behind the `=`.
fn value(call: &str, told: &str) -> Value {
    // The kernel's own codes of calls that a signal cut short.
    const RESTARTS: [(&str, i64); 4] = [
        ("ERESTARTSYS", -512),
        ("ERESTARTNOINTR", -513),
        ("ERESTARTNOHAND", -514),
        ("ERESTART_RESTARTBLOCK", -516),
    ];
    let mut words = told.split(' ');
    let number = words.next().unwrap_or_default();
    let error = words.next().filter(|word| word.starts_with('E'));
    let result = match (number, error) {
        ("?", Some(error)) => RESTARTS.iter().find(|(name, _)| *name == error).map(|(_, n)| *n),
        ("-1", Some(error)) => (1..256)
            .find(|code| format!("{:?}", Errno::from_raw(*code)) == error)
            .map(|code| -i64::from(code)),
        ("?", None) => return Value::Never,
        (number, _) => integer(number),
    };
    Value::of(call, result.unwrap_or_else(|| panic!("strace has an unknown result: {told}")))
}

/// A number as C writes it.
fn integer(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(u64::cast_signed);
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => i64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

/// The paths among the arguments: those that are strings, and no buffer.
fn paths(call: &str, arguments: &str) -> Vec<String> {
    const TWO: [&str; 7] =
        ["rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"];
    const ONE: [&str; 48] = [
        "access",
        "acct",
        "chdir",
        "chmod",
        "chown",
        "chown32",
        "chroot",
        "creat",
        "execve",
        "execveat",
        "faccessat",
        "faccessat2",
        "fchmodat",
        "fchownat",
        "fstatat64",
        "getxattr",
        "inotify_add_watch",
        "lchown",
        "lchown32",
        "lgetxattr",
        "listxattr",
        "llistxattr",
        "lstat",
        "lstat64",
        "mkdir",
        "mkdirat",
        "mknod",
        "mknodat",
        "name_to_handle_at",
        "newfstatat",
        "open",
        "openat",
        "openat2",
        "readlink",
        "readlinkat",
        "rmdir",
        "stat",
        "stat64",
        "statfs",
        "statfs64",
        "statx",
        "truncate",
        "truncate64",
        "unlink",
        "unlinkat",
        "utime",
        "utimensat",
        "utimes",
    ];
    let count = if TWO.contains(&call) { 2 } else { usize::from(ONE.contains(&call)) };
    let strings = arguments.trim_end().split(", ").filter(|word| word.starts_with('"'));
    strings.take(count).map(text).collect()
}

/// What a string of `\x` escapes spells.
fn text(quoted: &str) -> String {
    // Dots stand behind one that is too long to be a path.
    let quoted = quoted.trim_end_matches([')', '.']).trim_matches('"');
    let digits = quoted.split("\\x").skip(1);
    let byte = |pair: &str| u8::from_str_radix(pair, 16).expect("strace -xx writes hexadecimal");
    let bytes: Vec<u8> = digits.map(byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
