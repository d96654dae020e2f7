//! Every error says what is wrong, and has the status that it should.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Rtrace, Trace, tracee};
use rtrace::event::{Role, State};

/// A command of rtrace.
fn rtrace(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtrace")).args(args).output().expect("rtrace runs")
}

/// It failed with that status, and its message has all those words.
#[track_caller]
fn says(output: &Output, code: i32, words: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    lists(&message, words);
    assert!(!message.contains("panicked"), "{message}");
}

#[track_caller]
fn lists(message: &str, words: &[&str]) {
    let low = message.to_lowercase();
    for word in words {
        assert!(low.contains(&word.to_lowercase()), "`{word}` is not in: {message}");
    }
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A small whole log.
fn small_log(dir: &Path) -> PathBuf {
    let log = dir.join("small.mp");
    let output =
        rtrace(&["run", "-q", "-o", path_text(&log), "--", "bash", "-c", "true; /bin/true"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    log
}

#[test]
fn no_such_command() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("x.mp");
    for command in ["no-such-command-at-all", "/nonexistent/command", "./here"] {
        let output = rtrace(&["run", "-o", path_text(&log), "--", command]);
        says(&output, 127, &[command]);
    }
}

#[test]
fn a_command_that_is_not_executable() {
    let dir = tempfile::tempdir().expect("a directory");
    let (log, plain) = (dir.path().join("x.mp"), dir.path().join("plain"));
    fs::write(&plain, "#!/bin/sh\n").expect("a file");
    for command in [path_text(&plain), path_text(dir.path())] {
        let output = rtrace(&["run", "-o", path_text(&log), "--", command]);
        says(&output, 126, &[command]);
    }
}

#[test]
fn a_command_in_no_known_format_ends_as_with_env() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a directory");
    let (log, odd) = (dir.path().join("x.mp"), dir.path().join("odd"));
    // execvp(3) gives what the kernel refuses to a shell.
    for content in
        [&b"exit 9\n"[..], &[0x7f, b'E', b'L', b'F', 9, 9, 9], b"#!/nonexistent/interpreter\n"]
    {
        fs::write(&odd, content).expect("a file");
        fs::set_permissions(&odd, fs::Permissions::from_mode(0o755)).expect("a mode");
        let env = Command::new("env").arg(&odd).output().expect("env runs");
        let output = rtrace(&["run", "-o", path_text(&log), "--", path_text(&odd)]);
        says(&output, env.status.code().expect("a code"), &[]);
    }
}

#[test]
fn ptrace_is_forbidden() {
    // ptrace is call 101; EPERM is 1.
    let run = Rtrace::run("/bin/true").under([tracee("deny"), "101".into(), "1".into()]).finish();
    run.exited(125);
    lists(&run.stderr, &["ptrace", "SYS_PTRACE"]);
    if Path::new("/proc/sys/kernel/yama/ptrace_scope").exists() {
        lists(&run.stderr, &["ptrace_scope"]);
    }
    let reason = "Operation not permitted";
    assert_eq!(run.stderr.matches(reason).count(), 1, "it is said once: {}", run.stderr);
}

#[test]
fn rtrace_inside_rtrace() {
    let inner = ["run", "-o", "inner.mp", "--", "touch", "ran"];
    let run = Rtrace::run(env!("CARGO_BIN_EXE_rtrace")).args(inner).finish();
    run.exited(125);
    lists(&run.stderr, &["Operation not permitted", "one tracer only"]);
    assert!(!run.stderr.contains("ptrace_scope"), "that is not the reason: {}", run.stderr);
    assert!(!run.dir().join("ran").exists(), "nothing may run");
}

#[test]
fn a_setuid_program_without_privilege() {
    // It runs, without its privilege (docs/deviations.md), and fails for want of it.
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run = Rtrace::run("su").args(["-c", "true"]).readable_by_all().under(user).finish();
    assert!(run.status.code().is_some_and(|code| code != 0));
    lists(&run.stderr, &["su is setuid", "your own ids", "run rtrace as root"]);
    run.trace();
}

#[test]
fn a_setuid_program_with_privilege_keeps_it() {
    let run = Rtrace::run("su").args(["-s", "/bin/sh", "-c", "exit 3", "nobody"]).finish();
    run.exited(3);
    assert!(!run.stderr.contains("setuid"), "{}", run.stderr);
    run.trace();
}

#[test]
fn a_program_that_only_may_be_executed() {
    use std::os::unix::fs::PermissionsExt;
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let plan = |plan: Rtrace| {
        let program = plan.dir().join("secret");
        fs::copy("/bin/ls", &program).expect("a copy");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o111)).expect("a mode");
        plan.readable_by_all().under(user).finish()
    };
    plan(Rtrace::without("./secret").arg("/")).exited(0);
    let run = plan(Rtrace::run("./secret").arg("/"));
    run.exited(0);
    // Its caller must not look into it, and so rtrace cannot.
    let trace = run.trace();
    let mut paths = trace.calls("openat").filter_map(|call| call.piece(1, Role::Path));
    assert!(paths.all(|path| path.state == State::Unreadable));
}

#[test]
fn root_without_the_capability_to_trace() {
    let without = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"];
    let run = Rtrace::bash("true; /bin/true; exit 6").under(without).finish();
    run.exited(6);
    run.trace();
}

#[test]
fn ptrace_forbidden_says_it_before_anything_is_written() {
    let plan = Rtrace::run("touch").arg("ran").under([tracee("deny"), "101".into(), "1".into()]);
    let run = plan.finish();
    run.exited(125);
    assert!(!run.dir().join("ran").exists(), "nothing may run");
    assert!(run.stdout.is_empty());
}

#[test]
fn what_is_no_log() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = dir.path().join("text.mp");
    fs::write(&text, "this is no log, but it is long enough to be one\n".repeat(40))
        .expect("a file");
    let empty = dir.path().join("empty.mp");
    fs::write(&empty, "").expect("a file");
    for command in [&["check"][..], &["show"], &["convert", "--to", "nt"]] {
        for file in [&text, &empty] {
            let output = rtrace(&[command, &[path_text(file)]].concat());
            says(&output, 1, &["not an rtrace log", path_text(file)]);
        }
        let missing = dir.path().join("missing.mp");
        says(
            &rtrace(&[command, &[path_text(&missing)]].concat()),
            1,
            &["missing.mp", "no such file"],
        );
        says(&rtrace(&[command, &[path_text(dir.path())]].concat()), 1, &[path_text(dir.path())]);
    }
}

#[test]
fn a_log_of_a_newer_version() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = small_log(dir.path());
    let mut bytes = fs::read(&log).expect("the log");
    // The header's checksum holds for the changed header too: a newer rtrace wrote it.
    let sum = |bytes: &[u8]| crc32c::crc32c(bytes).to_be_bytes();
    let end = (0..bytes.len() - 5)
        .find(|end| bytes[*end] == 0xce && bytes[end + 1..end + 5] == sum(&bytes[..*end]))
        .expect("it has a checksum");
    let key = b"version";
    let at = bytes.windows(key.len()).position(|window| window == key).expect("it has a version");
    assert_eq!(bytes[at + key.len()], 1, "the version is 1");
    bytes[at + key.len()] = 2;
    let changed = sum(&bytes[..end]);
    bytes[end + 1..end + 5].copy_from_slice(&changed);
    fs::write(&log, bytes).expect("the log");
    for command in [&["check"][..], &["show"], &["convert", "--to", "jsonl"]] {
        says(&rtrace(&[command, &[path_text(&log)]].concat()), 1, &["newer", "version 2"]);
    }
}

#[test]
fn a_truncated_log() {
    let dir = tempfile::tempdir().expect("a directory");
    // Long enough for several blocks.
    let log = dir.path().join("long.mp");
    let script =
        "for i in $(seq 3000); do echo $i; done >/dev/null; for i in 1 2 3; do /bin/true; done";
    let output = rtrace(&["run", "-q", "-o", path_text(&log), "--", "bash", "-c", script]);
    says(&output, 0, &[]);
    let whole = fs::read(&log).expect("the log");
    for keep in [whole.len() - 1, whole.len() * 3 / 4] {
        fs::write(&log, &whole[..keep]).expect("the log");
        let json = rtrace(&["check", "--format", "json", path_text(&log)]);
        let value: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
        assert_eq!(value["complete"], serde_json::Value::Bool(false), "{value}");
        let words = rtrace(&["check", path_text(&log)]);
        lists(&String::from_utf8_lossy(&[words.stdout, words.stderr].concat()), &["cut"]);
        let lines = rtrace(&["convert", "--to", "jsonl", path_text(&log)]);
        lists(&String::from_utf8_lossy(&lines.stderr), &["cut"]);
        if keep == whole.len() - 1 {
            assert!(lines.stdout.split(|byte| *byte == b'\n').count() > 3000, "the rest is read");
        }
    }
}

#[test]
fn a_damaged_log() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = small_log(dir.path());
    let whole = fs::read(&log).expect("the log");
    // Whatever the byte, no command panics, and none is silent about it.
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&log, bytes).expect("the log");
        let output = rtrace(&["convert", "--to", "nt", "-o", "/dev/null", path_text(&log)]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "byte {at}: {message}");
        assert!(!message.contains("panicked"), "byte {at}: {message}");
        let check = rtrace(&["check", path_text(&log)]);
        assert!(matches!(check.status.code(), Some(0 | 1)), "byte {at}");
    }
}

#[test]
fn a_log_that_cannot_be_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let ran = dir.path().join("ran");
    for log in ["/nonexistent/dir/x.mp", "/proc/x.mp", path_text(dir.path())] {
        let output = rtrace(&["run", "-o", log, "--", "touch", path_text(&ran)]);
        says(&output, 125, &[log]);
        assert!(!ran.exists(), "nothing may run");
    }
}

/// Words that mount a file system of so many KiB on `full/` and run the rest.
fn on_small_disk(kib: usize) -> Vec<String> {
    let unshare = if nix::unistd::geteuid().is_root() { "-m" } else { "-rm" };
    let script = format!("mkdir -p full && mount -t tmpfs -o size={kib}k none full && exec \"$@\"");
    ["unshare", unshare, "bash", "-c", &script, "-"].map(str::to_owned).to_vec()
}

const LONG_JOB: &str = "for i in $(seq 200); do /bin/true; done; echo done; exit 5";

#[test]
fn the_disk_is_full_in_mid_run() {
    let run = Rtrace::bash(LONG_JOB).under(on_small_disk(16)).log("full/x.mp").finish();
    run.exited(5);
    assert_eq!(run.stdout, "done\n", "the job goes on");
    lists(&run.stderr, &["no space left", "x.mp"]);
    assert!(run.stderr.lines().count() >= 2, "at once and at the end: {}", run.stderr);
}

#[test]
fn the_log_is_longer_than_a_file_may_be() {
    let run = Rtrace::bash("for i in 1 2 3 4 5 6; do /bin/true; done; echo done; exit 6")
        .under(["prlimit", "--fsize=2000:2000"])
        .finish();
    run.exited(6);
    assert_eq!(run.stdout, "done\n", "the job goes on");
    lists(&run.stderr, &["File too large", ".rtrace-test.mp"]);
}

#[test]
fn an_rtrace_that_is_killed_at_its_start_leaves_nothing() {
    for _ in 0..10 {
        let running = Rtrace::run("sleep").arg("60").may_leave_processes().start();
        // When it has opened the log, or later.
        let log = || {
            let open = fs::read_dir(format!("/proc/{}/fd", running.pid())).ok()?;
            let targets = open.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
            targets.map(|to| to.starts_with(running.dir())).find(|is_there| *is_there)
        };
        running.until("it has opened the log", log);
        running.signal(nix::sys::signal::Signal::SIGKILL);
        let run = running.finish();
        let entries = fs::read_dir(run.dir()).expect("a directory").flatten();
        let left: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        assert!(left.iter().all(|name| name == ".rtrace-test.mp"), "{left:?}");
        run.kill_left();
    }
}

/// A limit of processes counts threads too: rtrace needs some more than the command.
#[test]
fn no_room_for_threads() {
    // Root has no such limit; but where root's files are, so may be the programs.
    let caps = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
    let user = [&["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"], &caps[..]];
    let seen = (1..20).map(|limit| {
        let limit = format!("--nproc={limit}");
        let plan = Rtrace::run("/bin/true").option("--print").readable_by_all();
        let run = plan.under(["prlimit", &limit]).under(user.concat()).finish();
        let code = run.status.code();
        match code {
            Some(125) => lists(&run.stderr, &["cannot start a", "temporarily unavailable"]),
            _ => assert_eq!(code, Some(0), "{}", run.stderr),
        }
        code
    });
    let seen: Vec<_> = seen.collect();
    assert_eq!((seen.first(), seen.last()), (Some(&Some(125)), Some(&Some(0))));
}

#[test]
fn not_even_the_header_is_as_short_as_a_file_must_be() {
    for wrapper in [&[][..], &["bash", "-c", "trap '' XFSZ; exec \"$@\"", "-"]] {
        let plan = Rtrace::bash("mkdir ran").under(["prlimit", "--fsize=100:100"]).under(wrapper);
        let run = plan.finish();
        run.exited(125);
        lists(&run.stderr, &[".rtrace-test.mp: cannot write the log: File too large"]);
        let left = fs::read_dir(run.dir()).expect("a directory").count();
        assert_eq!(left, 0, "nothing ran, and nothing is left");
    }
}

#[test]
fn a_strict_run_fails_when_the_disk_is_full() {
    let run = Rtrace::bash(LONG_JOB)
        .option("--strict")
        .under(on_small_disk(16))
        .log("full/x.mp")
        .finish();
    run.exited(125);
    assert_eq!(run.stdout, "done\n", "the job goes on");
}

#[test]
fn what_a_full_disk_has_left_can_be_read() {
    let plan = Rtrace::bash(&LONG_JOB.replace("200", "600"));
    let copy = plan.dir().join("copy.mp");
    // The mount ends with its namespace: copy the log out of it.
    let mut words = on_small_disk(256);
    let script =
        words[4].replace("exec \"$@\"", &format!("\"$@\"; cp full/x.mp {}", copy.display()));
    words[4] = script;
    let run = plan.under(words).log("full/x.mp").finish();
    let trace = Trace::read(&copy);
    assert!(trace.tasks.len() > 3, "the sound blocks are there: {}", run.stderr);
}

/// Where there is room again when the job ends, the log says itself that it failed.
#[test]
fn a_log_says_where_the_recording_stopped() {
    let job = LONG_JOB.replace("200", "800").replace("; echo", "; rm full/filler; echo");
    let plan = Rtrace::bash(&format!("head -c 250K /dev/zero > full/filler; {job}"));
    let copy = plan.dir().join("copy.mp");
    let mut words = on_small_disk(300);
    words[4] = words[4].replace("exec \"$@\"", &format!("\"$@\"; cp full/x.mp {}", copy.display()));
    let _run = plan.under(words).log("full/x.mp").finish();
    let check = rtrace(&["check", path_text(&copy)]);
    says(&check, 1, &[]);
    lists(&String::from_utf8_lossy(&check.stdout), &["recording failed", "no space left"]);
}

#[test]
fn an_unknown_call_in_e_trace() {
    for (set, nearest) in
        [("trace=opennat", "openat"), ("trace=%proces", "process"), ("trace=!exeve", "execve")]
    {
        let output = rtrace(&["run", "-o", "/dev/null", "-e", set, "--", "true"]);
        says(&output, 2, &[nearest]);
    }
}

#[test]
fn an_unknown_format() {
    let output = rtrace(&["convert", "--to", "tttl", "/dev/null"]);
    says(&output, 2, &["tttl", "ttl"]);
    says(&rtrace(&["convert", "--to", "jsonn", "/dev/null"]), 2, &["jsonn", "json"]);
}

#[test]
fn usage() {
    says(&rtrace(&["run"]), 2, &["usage"]);
    says(&rtrace(&["run", "--no-such-option", "--", "true"]), 2, &["--no-such-option"]);
    says(&rtrace(&["no-such-subcommand"]), 2, &["no-such-subcommand"]);
    says(&rtrace(&["convert"]), 2, &["usage"]);
    says(&rtrace(&["run", "-s", "many", "--", "true"]), 2, &["many"]);
}

#[test]
fn a_user_that_does_not_exist() {
    let output = rtrace(&["run", "-o", "/dev/null", "-u", "no-such-user", "--", "true"]);
    says(&output, 125, &["no-such-user"]);
}

#[test]
fn a_directory_that_does_not_exist() {
    let output = rtrace(&["run", "-o", "/dev/null", "--chdir", "/nonexistent", "--", "true"]);
    says(&output, 125, &["/nonexistent", "no such file or directory"]);
}

/// The names in a directory.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<_> =
        entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A file of that mode.
fn script(path: &Path, content: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, content).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn a_command_that_never_starts_leaves_no_log_and_an_older_one() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("keep.mp"), "from yesterday").expect("a file");
    script(&dir.path().join("badi"), "#!/nosuch/interpreter\n", 0o755);
    script(&dir.path().join("onlyroot"), "#!/bin/sh\n", 0o700);
    script(&dir.path().join("ready"), "#!/bin/sh\n", 0o755);
    let before = names(dir.path());
    let is_root = nix::unistd::geteuid().is_root();
    for (words, code, told) in [
        (&["--", "./badi"][..], 127, "interpreter"),
        (&["-u", "nobody", "--", "./onlyroot"], 126, "permission denied"),
        (&["--", "./nosuch"], 127, "no such command"),
        (&["--chdir", "nosuch", "--", "./ready"], 125, "directory nosuch"),
        (&["--chdir", "ready", "--", "./ready"], 125, "not a directory"),
    ] {
        if words[0] == "-u" && !is_root {
            continue;
        }
        for log in ["keep.mp", "new.mp"] {
            let args = [&["run", "-o", log], words].concat();
            let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
            let output = command.args(args).current_dir(&dir).output().expect("rtrace runs");
            says(&output, code, &[told]);
            assert_eq!(names(dir.path()), before, "{words:?}");
        }
    }
    assert_eq!(fs::read(dir.path().join("keep.mp")).expect("kept"), b"from yesterday");
}

#[test]
fn who_must_not_become_another_user_leaves_no_log() {
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run =
        Rtrace::run("true").option("-u").option("root").readable_by_all().under(user).finish();
    run.exited(125);
    lists(&run.stderr, &["take on the user's ids"]);
    assert!(names(run.dir()).is_empty(), "{:?}", names(run.dir()));
}

#[test]
fn the_log_is_in_its_place_before_the_command_does_anything() {
    let plan = Rtrace::bash("kill -9 $PPID; exec sleep 0").log("x.mp").may_leave_processes();
    fs::write(plan.dir().join("x.mp"), "from yesterday").expect("a file");
    let run = plan.finish();
    run.died_of(nix::libc::SIGKILL);
    assert_eq!(names(run.dir()), ["x.mp"]);
    let check = rtrace(&["check", path_text(&run.dir().join("x.mp"))]);
    lists(&String::from_utf8_lossy(&check.stdout), &["the log has no end"]);
}

#[test]
fn a_name_as_long_as_names_can_be() {
    let dir = tempfile::tempdir().expect("a directory");
    for (length, code) in [(255, 0), (256, 125)] {
        let log = dir.path().join("x".repeat(length));
        let output = rtrace(&["run", "-o", path_text(&log), "--", "true"]);
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(names(dir.path()).len(), 1);
    }
}

#[test]
fn a_log_is_not_written_through_a_symbolic_link() {
    let dir = tempfile::tempdir().expect("a directory");
    let (target, link) = (dir.path().join("target"), dir.path().join("link"));
    fs::write(&target, "precious").expect("a file");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    let output = rtrace(&["run", "-o", path_text(&link), "--", "true"]);
    says(&output, 125, &["link", "it is a symbolic link"]);
    assert_eq!(fs::read(&target).expect("there"), b"precious");
}

#[test]
fn the_file_of_another_in_a_sticky_directory() {
    use std::os::unix::fs::PermissionsExt;
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let plan = Rtrace::run("touch").arg("ran").log("x.mp").under(user);
    fs::set_permissions(plan.dir(), fs::Permissions::from_mode(0o1777)).expect("a mode");
    fs::write(plan.dir().join("x.mp"), "another's").expect("a file");
    let run = plan.finish();
    run.exited(125);
    lists(&run.stderr, &["cannot write x.mp", "permission denied"]);
    assert_eq!(names(run.dir()), ["x.mp"], "nothing may run");
}

#[test]
fn a_log_on_standard_output_is_not_mixed_with_the_commands() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out.mp");
    for log in ["-", "/dev/stdout", "/proc/self/fd/1", path_text(&path)] {
        let out = fs::File::create(&path).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_rtrace"))
            .args(["run", "-o", log, "--", "echo", "hello"])
            .stdout(out)
            .output()
            .expect("rtrace runs");
        says(&output, 0, &["hello"]);
        let check = rtrace(&["check", path_text(&path)]);
        says(&check, 0, &[]);
        lists(&String::from_utf8_lossy(&check.stdout), &["whole"]);
    }
    let piped = rtrace(&["run", "-o", "-", "--", "echo", "hello"]);
    says(&piped, 0, &["hello"]);
    assert!(rtrace::log::Reader::new(std::io::Cursor::new(piped.stdout)).is_ok());
    let beside = rtrace(&["run", "-o", "/dev/null", "--", "echo", "hello"]);
    assert_eq!(beside.stdout, b"hello\n", "its own output stays its own");
}

#[test]
fn a_log_for_a_closed_standard_output() {
    let script = "exec \"$0\" run -o - touch ran >&-";
    let dir = tempfile::tempdir().expect("a directory");
    let mut shell = Command::new("bash");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_rtrace")]).current_dir(&dir);
    says(&shell.output().expect("bash runs"), 125, &["standard output: it is closed"]);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_directory_that_one_may_enter_but_not_list() {
    use std::os::unix::fs::PermissionsExt;
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run = |mode: u32| {
        let plan = Rtrace::run("pwd").option("--chdir").option("sub");
        let plan = plan.readable_by_all().under(user);
        let sub = plan.dir().join("sub");
        fs::create_dir(&sub).expect("a directory");
        fs::set_permissions(&sub, fs::Permissions::from_mode(mode)).expect("a mode");
        (plan.finish(), sub)
    };
    let (entered, sub) = run(0o711);
    entered.exited(0);
    assert_eq!(entered.stdout.trim(), path_text(&sub));
    let (refused, _) = run(0o766);
    refused.exited(125);
    lists(&refused.stderr, &["cannot change to the directory sub", "permission denied"]);
}

#[test]
fn a_directory_is_absolute_in_the_log() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("sub")).expect("a directory");
    let output = Command::new(env!("CARGO_BIN_EXE_rtrace"))
        .args(["run", "-o", "x.mp", "--chdir", "sub/../sub", "--", "true"])
        .current_dir(&dir)
        .output()
        .expect("rtrace runs");
    says(&output, 0, &[]);
    let reader = rtrace::log::Reader::open(dir.path().join("x.mp")).expect("a log");
    let sub = dir.path().join("sub").canonicalize().expect("there");
    assert_eq!(reader.header().cwd, sub.as_os_str().as_encoded_bytes());
}

#[test]
fn following_ends_with_a_killed_rtrace() {
    let run = Rtrace::bash("echo ready; read").start();
    run.until_said("ready");
    let follower = Command::new(env!("CARGO_BIN_EXE_rtrace"))
        .args(["convert", "--follow", "--to", "jsonl", "-o", "/dev/null", path_text(run.log())])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("rtrace runs");
    run.signal(nix::sys::signal::Signal::SIGKILL);
    let output = follower.wait_with_output().expect("it ends");
    says(&output, 0, &["the log has no end"]);
    run.finish().died_of(nix::libc::SIGKILL);
}

#[test]
fn a_filter_where_none_can_be() {
    let run = |words: &[&str]| rtrace(&[&["run", "--filter", "seccomp"], words].concat());
    says(&run(&["--", "true"]), 2, &["-e trace=SET", "--profile batch"]);
    says(&run(&["-e", "all", "--until", "root", "--", "true"]), 2, &["--until last"]);
    says(&run(&["--profile", "batch", "-e", "all", "--", "true"]), 2, &["cannot be used with"]);
    says(&run(&["--profile", "other", "--", "true"]), 2, &["batch"]);
    let own = std::process::id().to_string();
    let attach = ["attach", "--filter", "seccomp", "-e", "all", &own];
    says(&rtrace(&attach), 2, &["already", "cannot be given a filter"]);
}
