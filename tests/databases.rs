//! Databases that real programs use: PostgreSQL, SQLite; and of others what their
//! clients say first.

mod common;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::process::Command;

use common::{Rtrace, Run, tool};
use rtrace::event::{Batch, TaskId};
use rtrace::flow::{DatabaseUse, Flow, Item, Sink, State};
use rtrace::log::Reader;

/// `PROGRAM uses DATABASE as USER`, and `PROGRAM DATABASE: STATEMENT`, each once.
#[derive(Debug, Default)]
struct Seen {
    uses: BTreeSet<String>,
    statements: BTreeSet<String>,
}

impl Sink for Seen {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        match item {
            Item::Database(used) => _ = self.uses.insert(shown(state, used)),
            Item::Event(event) => {
                for statement in event.statements {
                    let database = statement.database.map(|id| state.name_of(id));
                    let database = String::from_utf8_lossy(database.unwrap_or_default());
                    let text = String::from_utf8_lossy(&statement.text);
                    let rest = if statement.whole { "" } else { "…" };
                    let program = program(state, event.record.task);
                    self.statements.insert(format!("{program} {database}: {text}{rest}"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn shown(state: &State, used: &DatabaseUse) -> String {
    let verb = match (used.serves, used.certain) {
        (_, false) => "may use",
        (true, true) => "serves",
        (false, true) => "uses",
    };
    let program = program(state, used.event.task);
    let database = String::from_utf8_lossy(state.name_of(used.database));
    let user = used.user.as_deref().map(|user| format!(" as {}", String::from_utf8_lossy(user)));
    format!("{program} {verb} {database}{}", user.unwrap_or_default())
}

/// The name of the program that a task runs.
fn program(state: &State, task: TaskId) -> String {
    let execution = state.process_of(task).and_then(|process| process.execution.clone());
    let path = execution.and_then(|execution| execution.argv.first().cloned()).unwrap_or_default();
    let path = String::from_utf8_lossy(&path).into_owned();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn seen(run: &Run) -> Seen {
    let mut reader = Reader::open(&run.log).expect("a log");
    let (mut flow, mut seen, mut batch) = (Flow::new(), Seen::default(), Batch::new());
    flow.set_cwd(&reader.header().cwd);
    while reader.next_batch(&mut batch).expect("a sound log").is_some() {
        let Ok(()) = flow.batch(&batch, &mut seen);
    }
    let Ok(()) = flow.finish(&mut seen);
    seen
}

fn assert_has(all: &BTreeSet<String>, expected: &[String]) {
    for one in expected {
        assert!(all.contains(one), "{one} is not in {all:#?}");
    }
}

/// The lines of `rtrace query --name databases`, without the first.
fn asked(run: &Run) -> Vec<String> {
    let mut query = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    let answer =
        tool(query.arg("query").arg(&run.log).args("--name databases --format csv".split(' ')));
    let mut lines = answer.lines().map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some("command,system,server,database,user"));
    lines.collect()
}

/// Where Debian keeps PostgreSQL's programs.
fn postgres_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin")).max();
    newest.expect("this test needs Debian's package postgresql (tests/run installs it)")
}

/// As whom PostgreSQL, which refuses to be root, is run.
fn as_server_user() -> Vec<&'static str> {
    if nix::unistd::geteuid().is_root() {
        vec!["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    } else {
        vec!["env"]
    }
}

#[test]
fn a_session_of_postgres() {
    const SCRIPT: &str = r#"
        "$1/postgres" -D data -k "$PWD" -c listen_addresses=127.0.0.1 -c port=$2 -c fsync=off \
            >server.log 2>&1 & server=$!
        until "$1/pg_isready" -q -h "$PWD" -p $2; do
            kill -0 $server || { cat server.log; exit 1; }
        done
        set -e
        "$1/psql" -h "$PWD" -p $2 -d postgres -qc 'CREATE DATABASE shop' -c 'CREATE ROLE ann LOGIN SUPERUSER'
        "$1/psql" -h 127.0.0.1 -p $2 -U ann -d shop -qAtc 'CREATE TABLE goods(n int)' \
            -c 'INSERT INTO goods VALUES (40), (2)' -c 'SELECT sum(n) FROM goods'
        "$1/psql" -h "$PWD" -p $2 -U ann -d shop -qAtc 'SELECT count(*) FROM goods'
        kill -INT $server; wait $server"#;
    let (programs, user) = (postgres_programs(), as_server_user());
    // Nobody else has that port on loopback now; the server takes it in a moment.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("bound").port().to_string();
    drop(free);
    let run = Rtrace::run(user[0]).readable_by_all().args(&user[1..]);
    let mut initdb = Command::new(user[0]);
    initdb.args(&user[1..]).arg(programs.join("initdb")).current_dir(run.dir());
    tool(initdb.args(["-D", "data", "-A", "trust", "-N", "-U", "root", "--locale=C"]));
    let script = ["bash", "--norc", "-ec", SCRIPT, "bash"];
    let run = run.args(script).arg(&programs).arg(&port).env("PGUSER", "root");
    let run = run.option("-s").option("4096").finish();
    run.exited(0);
    assert_eq!(run.stdout, "42\n2\n");
    let seen = seen(&run);
    let dir = std::fs::canonicalize(run.dir()).expect("there");
    let path = format!("{}/.s.PGSQL.{port}", dir.display());
    let unix = |name: &str| format!("PostgreSQL {name} at {path}");
    let tcp = format!("PostgreSQL shop at 127.0.0.1:{port}");
    for (program, verb) in [("psql", "uses"), ("postgres", "serves")] {
        let uses = [
            format!("{program} {verb} {tcp} as ann"),
            format!("{program} {verb} {} as ann", unix("shop")),
            format!("{program} {verb} {} as root", unix("postgres")),
        ];
        assert_has(&seen.uses, &uses);
        let statements = [
            format!("{program} {}: CREATE DATABASE shop", unix("postgres")),
            format!("{program} {tcp}: INSERT INTO goods VALUES (40), (2)"),
            format!("{program} {tcp}: SELECT sum(n) FROM goods"),
            format!("{program} {}: SELECT count(*) FROM goods", unix("shop")),
        ];
        assert_has(&seen.statements, &statements);
    }
    let answer = asked(&run);
    for row in [
        format!("PostgreSQL,127.0.0.1:{port},shop,ann"),
        format!("PostgreSQL,{path},shop,ann"),
        format!("PostgreSQL,{path},postgres,root"),
    ] {
        assert!(answer.iter().any(|line| line.contains("psql") && line.ends_with(&row)), "{row}");
    }
    // The server's ends are those of the same connections.
    assert!(!answer.iter().any(|line| line.contains("/postgres ")), "{answer:#?}");
    let strange: Vec<_> = seen.uses.iter().filter(|one| one.contains("may use")).collect();
    assert!(strange.is_empty(), "{strange:#?}");
}

#[test]
fn a_file_of_sqlite() {
    const SCRIPT: &str = "import sqlite3
made = sqlite3.connect('made.db')
made.execute('CREATE TABLE t(n)')
made.commit()
made.close()
print(sqlite3.connect('made.db').execute('SELECT count(*) FROM t').fetchone())";
    let run = Rtrace::run("python3").args(["-c", SCRIPT]).finish();
    run.exited(0);
    let path = std::fs::canonicalize(run.dir()).expect("there").join("made.db");
    let used = format!("python3 uses SQLite {}", path.display());
    assert_eq!(seen(&run).uses, BTreeSet::from([used]));
    // The execution uses it at every level that has resources, an event where there are any.
    for (detail, count) in [("process", 0), ("resource", 1), ("event", 2)] {
        let mut convert = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        let args = ["convert", "--to", "nt", "--detail", detail];
        let lines = tool(convert.args(args).arg(&run.log));
        assert_eq!(lines.matches("ns#usesDatabase>").count(), count, "at {detail}");
        let is_told = lines.contains("CIM_Directory.Name=");
        assert_eq!(is_told, detail != "process", "monikers at {detail}");
    }
}

/// What clients say first, in Python: MySQL's handshake response and a query, a Redis
/// command, a MongoDB `find`, SQL Server's prelogin and an unencrypted batch, an Oracle
/// connect packet. The protocols' documents are named in `src/flow/database/`.
const TALKS: &str = r"
import socket, struct, sys
def mysql_packet(number, body): return struct.pack('<I', len(body))[:3] + bytes([number]) + body
mysql = mysql_packet(1, struct.pack('<IIB23x', 0x200 | 8 | 0x8000, 1 << 24, 33) + b'ann\0\0shop\0')
mysql += mysql_packet(0, b'\x03SELECT 1')
redis = b'*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n' b'*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'
def text(name, value): return b'\2' + name + b'\0' + struct.pack('<I', len(value) + 1) + value + b'\0'
find = text(b'find', b'goods') + text(b'$db', b'shop')
find = struct.pack('<IB', 0, 0) + struct.pack('<I', len(find) + 5) + find + b'\0'
mongo = struct.pack('<IIII', len(find) + 16, 1, 0, 2013) + find
def tds(kind, body): return struct.pack('>BBHHBB', kind, 1, len(body) + 8, 0, 1, 0) + body
login = bytearray(94)
struct.pack_into('<HH', login, 40, 94, 3)
struct.pack_into('<HH', login, 68, 100, 4)
login += 'annshop'.encode('utf-16-le')
struct.pack_into('<I', login, 0, len(login))
sql_server = tds(0x12, bytes([0, 0, 6, 0, 6, 0xff, 9, 0, 0, 0, 0, 0]))
sql_server += tds(0x10, bytes(login)) + tds(1, 'SELECT 2'.encode('utf-16-le'))
connect = b'(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=shop)(CID=(PROGRAM=x))))'
oracle = struct.pack('>HHBBHHH12xHH30x', len(connect) + 58, 0, 1, 0, 0, 319, 300, len(connect), 58)
oracle += connect
for name, said in [('mysql', mysql), ('redis', redis), ('mongo', mongo), ('tds', sql_server),
                   ('tns', oracle), ('http', b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')]:
    with socket.create_server(('127.0.0.1', 0)) as listening:
        print(name, listening.getsockname()[1], flush=True)
        with socket.create_connection(listening.getsockname()) as client:
            server, _ = listening.accept()
            with server:
                client.sendall(said)
                heard = b''
                while len(heard) < len(said): heard += server.recv(7)
";

#[test]
fn clients_of_others_are_known_by_their_first_words() {
    let run = Rtrace::run("python3").args(["-c", TALKS]).option("-s").option("200").finish();
    run.exited(0);
    let port = |name: &str| {
        let mut lines = run.stdout.lines();
        let port = lines.find_map(|line| line.strip_prefix(name)).expect("it says each port");
        format!("at 127.0.0.1:{}", port.trim())
    };
    let mut uses = BTreeSet::new();
    for verb in ["uses", "serves"] {
        uses.extend([
            format!("python3 {verb} MySQL shop {} as ann", port("mysql ")),
            format!("python3 {verb} Redis 7 {}", port("redis ")),
            format!("python3 {verb} MongoDB shop {}", port("mongo ")),
            format!("python3 {verb} SQL Server shop {} as ann", port("tds ")),
            format!("python3 {verb} Oracle shop {}", port("tns ")),
        ]);
    }
    let seen = seen(&run);
    assert_eq!(seen.uses, uses);
    let statements = [
        format!("python3 MySQL shop {}: SELECT 1", port("mysql ")),
        format!("python3 SQL Server shop {}: SELECT 2", port("tds ")),
    ];
    assert_eq!(seen.statements, BTreeSet::from(statements));
    let mut convert = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    convert.arg("convert").arg(&run.log).args("--to json --detail event".split(' '));
    let document = tool(&mut convert);
    for text in ["SELECT 1", "SELECT 2"] {
        let sql = format!("\"sql\":[{{\"text\":\"{text}\",\"whole\":true,\"database\":");
        assert!(document.contains(&sql), "{sql}");
    }
}

#[test]
fn without_bytes_a_well_known_address_is_a_candidate() {
    const SCRIPT: &str = "import socket
listening = socket.socket(socket.AF_UNIX)
listening.bind('.s.PGSQL.5432')
listening.listen()
client = socket.socket(socket.AF_UNIX)
client.connect('.s.PGSQL.5432')
client.sendall(b'anything')
server, _ = listening.accept()
server.recv(99)";
    let run = Rtrace::run("python3").args(["-c", SCRIPT]).option("-s").option("0").finish();
    run.exited(0);
    let may_use = "python3 may use PostgreSQL at .s.PGSQL.5432".to_owned();
    assert_eq!(seen(&run).uses, BTreeSet::from([may_use]));
    let answer = asked(&run);
    // The command has several lines.
    let end = answer.last().map(String::as_str).unwrap_or_default();
    assert!(end.ends_with(",PostgreSQL,.s.PGSQL.5432,,"), "{answer:#?}");
}
