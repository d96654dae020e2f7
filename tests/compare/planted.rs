//! Pairs with a planted difference that takes more to plant than an edit.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::kit::Batch;

#[test]
fn a_library_that_was_built_anew() {
    let main = "#include <stdio.h>\nint price(int);\nint main(void) {\n\
        FILE *out = fopen(\"out.txt\", \"w\");\n\
        for (int n = 0; n < 2000; n++) fprintf(out, \"%d\\n\", price(n));\n\
        return fclose(out);\n}\n";
    let files = [("price.c", "int price(int x) { return x * PRICE; }\n"), ("main.c", main)];
    let mut batch = Batch::new("./main && wc -c out.txt > size.txt\n", &files);
    let library = |price: u32| {
        format!("cc -DPRICE={price} -shared -fPIC -Wl,--build-id -o lib/libprice.so price.c")
    };
    batch.shell(&format!("mkdir lib; {}; cc -o main main.c -Llib -lprice", library(3)));
    let path = batch.path("lib").display().to_string();
    batch.set("LD_LIBRARY_PATH", &path);
    let report = batch.twice(|batch| batch.shell(&library(3333)));
    report.names_first("program", &["libprice.so", "./main"]);
}

#[test]
fn what_was_started_is_what_was_started_whatever_that_is() {
    let get = "import subprocess, sys\n\
        for n in range(int(sys.argv[2])):\n  \
        if not subprocess.run(['sh', '-c', 'test -e up || { touch up; false; }']).returncode:\n    break\n\
        else:\n  sys.exit('gave up')\n";
    let mut batch = Batch::new("", &[("get.py", get)]);
    batch.command = vec!["sh".into(), "-c".into(), "python3 get.py --retries 3 && ls".into()];
    let report = batch.twice(|batch| {
        batch.shell("rm up");
        batch.command[2] = "python3 get.py --retries 1 && ls".into();
    });
    report.names_first("arguments", &["--retries 3", "--retries 1"]);
}

#[test]
fn nobody_listens() {
    let script = "python3 -c \"import socket; socket.create_connection(('127.0.0.1', 47611))\" \
                  || exit 3\n";
    let batch = Batch::new(script, &[]);
    let listener = std::net::TcpListener::bind("127.0.0.1:47611").expect("a free port");
    let report = batch.twice(|_| drop(listener));
    report.names_first("refusal", &["127.0.0.1:47611", "ECONNREFUSED"]);
}

#[test]
fn a_lock_that_somebody_holds() {
    let script = "flock db.lock sort input.txt > sorted.txt\n";
    let batch = Batch::new(script, &[("input.txt", "b\na\n"), ("db.lock", "")]);
    batch.record("a.mp", &[]);
    let hold = "flock db.lock sh -c 'echo held; sleep 1.5'";
    let mut holder = Command::new("sh");
    holder.args(["-c", hold]).current_dir(batch.dir.path());
    let mut holder = holder.stdout(std::process::Stdio::piped()).spawn().expect("a shell");
    let mut said = [0; 4];
    let mut out = holder.stdout.take().expect("a pipe");
    std::io::Read::read_exact(&mut out, &mut said).expect("it holds the lock");
    batch.record("b.mp", &[]);
    holder.wait().expect("it ends");
    batch.compare().names_first("wait", &["db.lock", "longer"]);
}

#[test]
fn more_files_in_a_directory() {
    let script = "cat in/*.txt > all.txt\nwc -l < all.txt > count.txt\n";
    let batch = Batch::new(script, &[("in/a.txt", "1\n"), ("in/b.txt", "2\n")]);
    let report = batch.twice(|batch| {
        batch.write("in/c.txt", "3\n");
        batch.write("in/d.txt", "4\n");
    });
    report.names_first("missing", &["2 files in", "/in that", "c.txt, d.txt"]);
}

#[test]
fn a_file_that_only_the_directory_names() {
    let script =
        "rm -rf work; cp -r template work; cd work; for hook in hooks/*; do ./$hook; done\n";
    let batch = Batch::new(script, &[]);
    batch.program("template/hooks/10-ok", "#!/bin/sh\ntrue\n");
    let report = batch.twice(|batch| {
        batch.program("template/hooks/20-no", "#!/bin/sh\necho no > said; exit 1\n");
    });
    report.names_first("missing", &["template/hooks/20-no is there", "cp -r"]);
}

#[test]
fn a_directory_that_may_not_be_written() {
    let script = "perl -e 'open my $out, \">spool/x.txt\" or die; print $out 1' || exit 9\n";
    let mut batch = Batch::new(script, &[]);
    let words = ["setpriv", "--reuid", "65534", "--clear-groups", "sh", "batch.sh"];
    batch.command = words.map(String::from).to_vec();
    let open = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(batch.dir.path(), open(0o755)).expect("opened");
    batch.shell("mkdir spool; chmod 777 spool");
    let report = batch.twice(|batch| batch.shell("rm spool/x.txt; chmod 755 spool"));
    report.names_first("refusal", &["spool/x.txt", "EACCES", "perl"]);
}

#[test]
fn another_file_system_behind_a_directory() {
    let batch = Batch::new("cat data/list.txt > out.txt\n", &[("data/list.txt", "a\n")]);
    let inside = |log: &str, mount: &str| {
        let rtrace = env!("CARGO_BIN_EXE_rtrace");
        let run = format!("{mount} exec {rtrace} run -o {log} -- sh batch.sh");
        batch.shell(&format!("unshare -m sh -ec '{run}'"));
    };
    inside("a.mp", "");
    inside("b.mp", "mount -t tmpfs none data; echo abc > data/list.txt;");
    batch.compare().names_first("mount", &["data", "nothing", "tmpfs"]);
}
