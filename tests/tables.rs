//! Holds `syscall-tables/` against the `syscalls` crate (numbers) and against the
//! running kernel's trace events (parameters), and asks the build's parser what it
//! says of mistakes.

// The build's parser, of which only a part is asked here.
#[path = "../build/calls.rs"]
#[allow(dead_code)]
mod calls;
#[path = "../build/lines.rs"]
#[allow(dead_code)]
mod lines;
#[path = "../build/sets.rs"]
#[allow(dead_code)]
mod sets;
#[path = "../build/structs.rs"]
#[allow(dead_code)]
mod structs;
#[path = "../build/types.rs"]
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use rtrace::abi::{self, Abi, Prototype};

/// In the crate's arm64 table, which no 64-bit kernel has had: calls of its 32-bit
/// siblings. And the crate's name for a call that the kernel's headers name otherwise.
fn is_strange_to_64_bit(name: &str) -> bool {
    name.ends_with("time64") || name == "fstatat"
}

/// Numbers that the tables have and the crate has not.
const NOT_IN_THE_CRATE: &[(Abi, &str)] = &[
    // __NR_newfstatat of asm-generic/unistd.h, `fstatat` in the crate.
    (Abi::Aarch64, "newfstatat"),
];

/// A name without the mark of Rust that one of them needs: `r#break`.
fn plain_name(name: &str) -> String {
    name.trim_start_matches("r#").to_owned()
}

/// Numbers by name, as the crate has them.
fn crate_numbers(abi: Abi) -> BTreeSet<(u64, String)> {
    macro_rules! all {
        ($arch:ident) => {
            // Not `iter()`, which leaves out the last one (0.8.1).
            (0..1024)
                .filter_map(syscalls::$arch::Sysno::new)
                .map(|nr| (nr.id() as u64, plain_name(nr.name())))
                .collect()
        };
    }
    match abi {
        Abi::X86_64 => all!(x86_64),
        Abi::I386 => all!(x86),
        Abi::Aarch64 => all!(aarch64),
        Abi::Riscv64 => all!(riscv64),
        // The crate has no x32.
        Abi::X32 => BTreeSet::new(),
    }
}

#[test]
fn numbers_are_those_of_the_syscalls_crate() {
    for abi in [Abi::X86_64, Abi::I386, Abi::Aarch64, Abi::Riscv64] {
        let ours: BTreeSet<_> =
            abi::calls(abi).map(|(nr, prototype)| (nr, prototype.name.to_owned())).collect();
        let theirs = crate_numbers(abi);
        let missing: Vec<_> = theirs
            .difference(&ours)
            .filter(|(_, name)| abi != Abi::Aarch64 || !is_strange_to_64_bit(name))
            .collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", abi.name());
        let extra: Vec<_> = ours
            .difference(&theirs)
            .filter(|(_, name)| !NOT_IN_THE_CRATE.contains(&(abi, name.as_str())))
            .collect();
        assert!(extra.is_empty(), "{} alone has {extra:?}", abi.name());
    }
}

#[test]
fn x32_has_the_numbers_of_x86_64_up_to_512() {
    // What x32 leaves out stands from 512 on, or is 64-bit alone.
    for (nr, prototype) in abi::calls(Abi::X32) {
        let plain = nr & !abi::X32_BIT;
        if plain < 512 {
            let other = abi::lookup(Abi::X86_64, plain).map(|other| other.name);
            assert_eq!(Some(prototype.name), other, "x32 {plain}");
        }
    }
    let above = abi::calls(Abi::X32).filter(|(nr, _)| nr & !abi::X32_BIT >= 512);
    assert_eq!(above.count(), 36, "syscall_64.tbl has 512 to 547");
}

#[test]
fn the_newest_calls_are_there() {
    let newest = [
        "openat2",
        "clone3",
        "statx",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "landlock_create_ruleset",
        "landlock_add_rule",
        "landlock_restrict_self",
        "futex_waitv",
        "futex_wait",
        "futex_wake",
        "futex_requeue",
        "mseal",
        "setxattrat",
        "getxattrat",
        "listxattrat",
        "removexattrat",
        "open_tree_attr",
        "file_getattr",
        "file_setattr",
        "map_shadow_stack",
        "cachestat",
        "fchmodat2",
        "statmount",
        "listmount",
        "lsm_get_self_attr",
        "lsm_set_self_attr",
        "lsm_list_modules",
    ];
    for abi in Abi::ALL {
        for name in newest {
            assert!(abi::number(abi, name).is_some(), "{name} on {}", abi.name());
        }
    }
    for name in ["uprobe", "uretprobe"] {
        assert!(abi::number(Abi::X86_64, name).is_some(), "{name}");
    }
}

#[test]
fn parameters_have_names() {
    for abi in Abi::ALL {
        for (_, prototype) in abi::calls(abi) {
            assert!(prototype.params.len() <= 6, "{}", prototype.name);
            let mut seen = BTreeSet::new();
            for param in prototype.params {
                let stem = param.name.trim_end_matches(|c: char| c.is_ascii_digit());
                assert!(stem != "arg" || param.name == "arg", "{}: {}", prototype.name, param.name);
                assert!(seen.insert(param.name), "{}: {} twice", prototype.name, param.name);
            }
            for operand in prototype.effect.operands {
                for index in [Some(operand.arg), operand.at].into_iter().flatten() {
                    assert!(usize::from(index) < prototype.params.len(), "{}", prototype.name);
                }
            }
        }
    }
}

/// The kernel's own names of system calls that go by another one outside.
const KERNEL_CALLS: &[(&str, &str)] = &[
    ("newfstat", "fstat"),
    ("newlstat", "lstat"),
    ("newstat", "stat"),
    ("newuname", "uname"),
    ("sendfile64", "sendfile"),
    // umount(2) with flags; x86-64 has no umount without.
    ("umount", "umount2"),
];

/// The parameters of each call that the running kernel has trace events for.
fn trace_events() -> BTreeMap<String, Vec<String>> {
    let events = Path::new("/sys/kernel/tracing/events/syscalls");
    if !events.exists() {
        let mount = ["-t", "tracefs", "nodev", "/sys/kernel/tracing"];
        let _ = Command::new("mount").args(mount).status();
    }
    let entries = fs::read_dir(events).unwrap_or_else(|error| {
        panic!("this test reads {} (run it as root, or mount tracefs): {error}", events.display())
    });
    let mut calls = BTreeMap::new();
    for entry in entries.map(|entry| entry.expect("tracefs lists").path()) {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(call) = name.strip_prefix("sys_enter_") else { continue };
        let format = fs::read_to_string(entry.join("format")).expect("an event has a format");
        calls.insert(call.to_owned(), parameters(&format));
    }
    calls
}

/// `field:const char * filename;⇥offset:24;⇥size:8;⇥signed:0;`: the names
/// behind the call's number.
fn parameters(format: &str) -> Vec<String> {
    let fields = format.lines().filter_map(|line| {
        let declaration = line.trim().strip_prefix("field:")?.split(';').next()?;
        declaration.split([' ', '*']).next_back()
    });
    let own = fields.skip_while(|name| *name != "__syscall_nr").skip(1);
    own.filter(|name| !name.starts_with("__")).map(str::to_owned).collect()
}

#[test]
fn parameters_are_as_many_as_the_kernel_traces() {
    let events = trace_events();
    assert!(events.len() > 300, "only {} trace events", events.len());
    let mut wrong = Vec::new();
    for (kernel_name, params) in events {
        let alias = KERNEL_CALLS.iter().find(|(kernel, _)| *kernel == kernel_name);
        let name = alias.map_or(kernel_name.as_str(), |(_, name)| name);
        let Some((_, prototype)) = abi::by_name(Abi::X86_64, name) else {
            wrong.push(format!("{kernel_name}: no prototype"));
            continue;
        };
        if prototype.params.len() != params.len() {
            let ours: Vec<_> = prototype.params.iter().map(|param| param.name).collect();
            wrong.push(format!("{name}: {ours:?}, the kernel has {params:?}"));
        }
        for (ours, theirs) in prototype.params.iter().zip(&params) {
            if is_swapped(ours.name, theirs, &params) {
                wrong.push(format!("{name}: {} stands where the kernel has {theirs}", ours.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the kernel has a parameter of that name, but at another place.
fn is_swapped(ours: &str, theirs: &str, params: &[String]) -> bool {
    ours != theirs && params.iter().any(|param| param == ours)
}

#[test]
fn clone_has_its_arguments_in_two_orders() {
    let order = |abi| {
        let (_, prototype): (u64, &Prototype) = abi::by_name(abi, "clone").expect("a call");
        prototype.params.iter().map(|param| param.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order(Abi::X86_64), "flags stack parent_tid child_tid tls");
    for abi in [Abi::I386, Abi::Aarch64, Abi::Riscv64] {
        assert_eq!(order(abi), "flags stack parent_tid tls child_tid", "{}", abi.name());
    }
}

/// What the build says of a line in `prototypes.tbl`, the second one there.
fn mistake(line: &str) -> String {
    let sets = sets::parse(lines::of("sets.tbl", "flags bits\n  ONE 1\n")).expect("a sound set");
    let fields = "struct pair\n  first: s32\n  second: s32\n";
    let mut structs = structs::parse(lines::of("structs.tbl", fields), &sets).expect("sound");
    let prototypes = lines::of("prototypes.tbl", &format!("# a comment\n{line}\n"));
    let numbers = vec![("x86_64", lines::of("x86_64.tbl", "7 call\n"))];
    match calls::parse(prototypes, numbers, &sets, &mut structs) {
        Ok(_) => "fine".into(),
        Err(mistake) => mistake.to_string(),
    }
}

#[test]
fn the_build_names_file_line_and_mistake() {
    assert_eq!(mistake("call(fd: fd, all: in pair) = int | desc file | closes(fd)"), "fine");
    assert_eq!(mistake("call(a: flags[bits], b: out sized pair[a]) = fd | - | makes"), "fine");
    let wrong = [
        ("call(fd: fd) = int | desc", "`NAME(PARAMETERS) = RESULT | CLASSES | EFFECT` is wanted"),
        ("call(fd) = int | - | none", "`fd` is no `NAME: TYPE`"),
        ("call(fd: fd) = number | - | none", "the result `number` is no scalar"),
        ("call(fd: fd) = int | files | none", "there is no class `files`"),
        ("call(fd: fd) = int | - | eats(fd)", "there is no verb `eats`"),
        ("call(fd: fd) = int | - | closes(df)", "there is no parameter `df`"),
        ("call(a: flags[nobits]) = int | - | none", "there is no set `nobits`"),
        ("call(a: in triple) = int | - | none", "`triple` is no type, struct or scalar"),
        ("call(a: pair) = int | - | none", "`pair` must say its direction"),
        ("call(a: in bytes[b]) = int | - | none", "there is no parameter `b`"),
        (
            "call(a: int, b: int, c: int, d: int, e: int, f: int, g: int) = int | - | none",
            "no call has more than six parameters",
        ),
        ("other() = int | - | none\ncall() = int | - | none", "no table has a number for `other`"),
    ];
    for (line, what) in wrong {
        assert_eq!(mistake(line), format!("prototypes.tbl:2: {what}"), "{line}");
    }
    assert_eq!(mistake(""), "x86_64.tbl:1: there is no prototype `call`");
}

#[test]
fn mistakes_in_sets_and_structs() {
    let set = |text: &str| sets::parse(lines::of("s", text)).err().map(|m| m.to_string());
    assert_eq!(set("  A 1\n").as_deref(), Some("s:1: a member before any heading"));
    assert_eq!(set("enum e\n  A one\n").as_deref(), Some("s:2: `one` is no number"));
    let late = set("flags f\n  A 1\n  AB 3\n");
    assert_eq!(late.as_deref(), Some("s:3: `AB` must stand before its part `A`"));
    let sets = sets::parse(Vec::new()).expect("no sets are fine");
    let one = |text: &str| {
        structs::parse(lines::of("s", text), &sets).err().map(|mistake| mistake.to_string())
    };
    assert_eq!(one("struct s\nstruct s\n").as_deref(), Some("s:2: a second struct `s`"));
    assert_eq!(one("  a: s32\n").as_deref(), Some("s:1: a field before any heading"));
}
