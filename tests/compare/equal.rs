//! Pairs without a difference.

use crate::kit::{Batch, Report};

/// How often a pair is compared in the long tests.
const REPETITIONS: usize = 20;

fn parallel_build() -> Report {
    let rule = "OBJECTS = one.o two.o three.o four.o main.o\n\
        main: $(OBJECTS)\n\tcc -o $@ $^\n%.o: %.c\n\tcc -c -o $@ $<\n";
    let batch = Batch::new("make -s -j4\n", &[("Makefile", rule)]);
    for name in ["one", "two", "three", "four", "main"] {
        batch.write(&format!("{name}.c"), &format!("int {name}(void) {{ return 0; }}\n"));
    }
    batch.twice(|batch| batch.shell("rm *.o main"))
}

fn python_tests() -> Report {
    let tests = "import os, socket, sqlite3, subprocess, tempfile, threading, unittest\n\
        class Test(unittest.TestCase):\n \
        def test_temporary(self):\n  \
        with tempfile.TemporaryDirectory() as made: open(made + '/x', 'w').write('1')\n \
        def test_named(self):\n  \
        with tempfile.NamedTemporaryFile(suffix='.json') as made: made.write(b'1')\n \
        def test_child(self):\n  \
        subprocess.run(['sh', '-c', 'cat test_all.py | wc -l'], stdout=-3, check=True)\n \
        def test_database(self):\n  \
        sqlite3.connect(':memory:').execute('create table t(a)')\n \
        def test_socket(self):\n  \
        a = socket.socket(); a.bind(('127.0.0.1', 0)); a.listen()\n  \
        b = socket.create_connection(a.getsockname()); c, _ = a.accept()\n  \
        c.send(b'x'); self.assertEqual(b.recv(1), b'x'); a.close(); b.close(); c.close()\n \
        def test_threads(self):\n  \
        work = lambda n: open('part-%d' % n, 'w').write(str(n))\n  \
        all = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n  \
        [one.start() for one in all]; [one.join() for one in all]\n";
    let batch = Batch::new("python3 -m unittest -q test_all\n", &[("test_all.py", tests)]);
    batch.twice(|_| ())
}

/// The first run leaves directories that the second finds.
fn dated_files() -> Report {
    let script = "day=$(date +%F); compact=$(date +%Y%m%d); month=$(date +%b); stamp=$(date +%s)\n\
        mkdir -p out/$day/$month archive/week-$(date +%V)\n\
        sort in/orders-$compact.csv > out/$day/sorted.csv\n\
        tar czf archive/week-$(date +%V)/orders-$compact.tgz out/$day\n\
        echo $stamp > out/stamp.$stamp\n\
        dir=$(mktemp -d); cp out/$day/sorted.csv $dir/x; gzip $dir/x\n\
        mv $dir/x.gz out/$day/$month/x-$$.gz; rm -r $dir\n\
        rm -f latest; ln -s out/$day latest\n";
    let orders = "b\na\n".repeat(40);
    let files = [("in/orders-20261123.csv", &*orders), ("in/orders-20261124.csv", &orders)];
    let mut batch = Batch::new(script, &files);
    batch.program("bin/date", "#!/bin/sh\nexec /bin/date -d @$FAKE \"$@\"\n");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", batch.path("bin").display());
    batch.set("PATH", &path);
    batch.set("FAKE", "1795471200");
    batch.twice(|batch| batch.set("FAKE", "1795557600"))
}

/// Descriptors are closed in one thread and given anew to the other.
fn racing_threads() -> Report {
    let script = "python3 -c '\
from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor\n\
def work(n):\n  open(\"out-%d\" % n, \"w\").write(str(n) * n)\n\
with ThreadPoolExecutor(2) as pool: list(pool.map(work, range(1, 60)))\n\
with ProcessPoolExecutor(2) as pool: list(pool.map(work, range(60, 80)))\n'\n";
    Batch::new(script, &[]).twice(|batch| batch.shell("rm out-*"))
}

fn new_cluster() -> Report {
    let mut batch = Batch::new("", &[]);
    batch.shell("chmod 777 .");
    let initdb = "$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)/initdb";
    let words = ["setpriv", "--reuid", "nobody", "--clear-groups", "sh", "-c"];
    batch.command = words.map(String::from).to_vec();
    batch.command.push(format!("{initdb} -N -D pg -U x -A trust"));
    batch.twice(|batch| batch.shell("rm -r pg"))
}

fn parallel_batch() -> Report {
    let script = "mkdir out; ls in/* | xargs -P4 -I% sh -c 'gzip -c % > out/$(basename %).gz; \
                  echo % >> out/log'\nls in/* | xargs -P4 -n3 md5sum | sort > sums\n";
    let batch = Batch::new(script, &[]);
    for n in 0..24 {
        batch.write(&format!("in/{n}.txt"), &"line\n".repeat(100 + n));
    }
    batch.twice(|batch| batch.shell("rm -r out sums"))
}

fn repository() -> Report {
    let script = "git clone -q --no-hardlinks origin copy; cd copy; echo x > new; git add new\n\
        git commit -qm new; git gc -q; git log --oneline | wc -l > ../count\n";
    let mut batch = Batch::new(script, &[]);
    for who in ["AUTHOR", "COMMITTER"] {
        batch.set(&format!("GIT_{who}_NAME"), "a");
        batch.set(&format!("GIT_{who}_EMAIL"), "a@example.org");
    }
    batch.shell(
        "git init -q origin; cd origin\n\
         for n in 1 2 3 4 5; do seq $n > $n; git add .; git commit -qm $n; done",
    );
    batch.twice(|batch| batch.shell("rm -rf copy count"))
}

#[test]
fn a_build() {
    parallel_build().is_equivalent();
}

#[test]
fn a_suite_of_tests() {
    python_tests().is_equivalent();
}

#[test]
fn two_days() {
    dated_files().is_equivalent();
}

#[test]
fn threads_and_workers() {
    racing_threads().is_equivalent();
}

#[test]
fn a_database_cluster() {
    new_cluster().is_equivalent();
}

#[test]
fn four_at_a_time() {
    parallel_batch().is_equivalent();
}

#[test]
fn a_clone() {
    repository().is_equivalent();
}

#[test]
#[ignore = "long: each pair twenty times"]
fn equivalent_every_time() {
    type Pair = fn() -> Report;
    let pairs: [Pair; 7] = [
        parallel_build,
        python_tests,
        dated_files,
        racing_threads,
        new_cluster,
        parallel_batch,
        repository,
    ];
    for _ in 0..REPETITIONS {
        for pair in &pairs {
            pair().is_equivalent();
        }
    }
}
