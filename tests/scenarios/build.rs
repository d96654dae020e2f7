//! A build by make and gcc, held to what gcc says of it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::common::tool;
use super::kit::Scenario;

const FILES: &[(&str, &str)] = &[
    ("include/sum.h", "#include \"types.h\"\nnumber add(number a, number b);\n"),
    ("include/types.h", "typedef int number;\n"),
    ("include/stray.h", "#error nobody includes this\n"),
    ("src/add.c", "#include \"sum.h\"\nnumber add(number a, number b) { return a + b; }\n"),
    (
        "src/sub.c",
        "#include <string.h>\n#include \"sum.h\"\n#include \"../own/sub.h\"\nint sub(int a) { return add(a, -SUB); }\n",
    ),
    ("own/sub.h", "#define SUB 1\n"),
    ("so/twice.c", "#include \"twice.h\"\nint twice(int a) { return TWO * a; }\n"),
    ("so/twice.h", "#define TWO 2\n"),
    (
        "app/main.c",
        "#include <stdio.h>\n#include \"sum.h\"\n#include \"table.h\"\nint sub(int);\nint twice(int);\nint main(void) { return printf(\"%d\\n\", twice(sub(TABLE))) < 0; }\n",
    ),
    ("app/table.in", "7\n"),
    (
        "app/table.sh",
        "read number <app/table.in\necho \"#define TABLE $number\" >out/table.tmp\nmv out/table.tmp out/table.h\n",
    ),
    (
        "Makefile",
        "CFLAGS = -Iinclude -Iout -fPIC
all: out/app out/app.tgz
out/table.h: app/table.in; sh app/table.sh
out/main.o: app/main.c out/table.h; gcc $(CFLAGS) -MMD -c -o $@ $<
out/%.o: src/%.c; gcc $(CFLAGS) -pipe -c -o $@ $<
out/twice.o: so/twice.c; gcc $(CFLAGS) -c -o $@ $<
out/libsum.a: out/add.o out/sub.o; ar rcs $@ $^
out/libtwice.so: out/twice.o; gcc -shared -o $@ $^
out/app: out/main.o out/libsum.a out/libtwice.so; gcc -o $@ out/main.o -Lout -lsum -ltwice
out/app.tgz: out/app; install -m 755 $< out/installed && tar czf $@ out/installed
",
    ),
];

fn scenario() -> Scenario {
    Scenario::of(FILES, "mkdir out; make -s -j4 && LD_LIBRARY_PATH=out out/installed >out/said")
}

#[test]
fn a_build_is_what_the_compiler_says() {
    let build = scenario();
    assert_eq!(fs::read_to_string(build.path("out/said")).expect("it ran"), "12\n");
    for (object, source) in [
        ("main", "app/main.c"),
        ("add", "src/add.c"),
        ("sub", "src/sub.c"),
        ("twice", "so/twice.c"),
    ] {
        let object = format!("out/{object}.o");
        let mut gcc = Command::new("gcc");
        let rule = gcc.args(["-Iinclude", "-Iout", "-M", source]).current_dir(build.run.dir());
        let rule = tool(rule).replace("\\\n", " ");
        let real = |path: &str| {
            let path = fs::canonicalize(build.run.dir().join(path)).expect("gcc read it");
            path.into_os_string().into_string().expect("text")
        };
        let expected: BTreeSet<String> = rule.split_whitespace().skip(1).map(real).collect();
        let from = build.paths("depends-on", &object);
        let is_source = |path: &&String| [".h", ".c"].iter().any(|end| path.ends_with(end));
        assert_eq!(
            from.iter().filter(is_source).cloned().collect::<BTreeSet<_>>(),
            expected,
            "{object}"
        );
        for program in ["cc1", "as"] {
            assert!(
                from.iter().any(|path| path.ends_with(&format!("/{program}"))),
                "{program}: {from:?}"
            );
        }
        let affected = build.own("affects", source);
        assert!(
            affected.contains(&object) && affected.contains("out/app"),
            "{source}: {affected:?}"
        );
        let writer = build.wrote(&object);
        assert!(
            matches!(writer.as_slice(), [one] if one.starts_with("as ")),
            "{object}: {writer:?}"
        );
    }

    build.is_from("out/table.h", &["app/table.in", "app/table.sh"]);
    let archive = [
        "out/add.o",
        "out/sub.o",
        "src/add.c",
        "src/sub.c",
        "include/sum.h",
        "include/types.h",
        "own/sub.h",
    ];
    build.is_from("out/libsum.a", &archive);
    let shared = ["out/twice.o", "so/twice.c", "so/twice.h"];
    build.is_from("out/libtwice.so", &shared);
    let own = ["out/main.o", "app/main.c", "out/table.h", "app/table.in", "app/table.sh"];
    let app = [&archive[..], &shared, &own, &["out/libsum.a", "out/libtwice.so"]].concat();
    build.is_from("out/app", &app);
    let packed = [&app[..], &["out/app", "out/installed"]].concat();
    build.is_from("out/app.tgz", &packed);
    build.is_from("out/said", &[&app[..], &["out/app", "out/installed"]].concat());

    for (made, maker) in [
        ("out/libsum.a", "ar"),
        ("out/libtwice.so", "ld"),
        ("out/app", "ld"),
        ("out/installed", "install"),
        ("out/app.tgz", "gzip"),
        ("out/table.h", "sh"),
        ("out/main.d", "cc1"),
    ] {
        let wrote = build.wrote(made);
        assert!(
            matches!(wrote.as_slice(), [one] if one.starts_with(&format!("{maker} "))),
            "{made}: {wrote:?}"
        );
    }
    let affected = build.own("affects", "own/sub.h");
    let expected =
        ["out/sub.o", "out/libsum.a", "out/app", "out/installed", "out/app.tgz", "out/said"];
    assert!(expected.iter().all(|path| affected.contains(*path)), "{affected:?}");
    assert!(
        !affected.contains("out/libtwice.so") && !affected.contains("out/add.o"),
        "{affected:?}"
    );
    assert!(build.own("affects", "Makefile").is_empty(), "make writes nothing itself");
}
