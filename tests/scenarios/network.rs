//! Clients and servers: who sent how much to whom.

use serde_json::Value;

use super::common::{Rtrace, python_path};
use super::kit::{Row, Scenario};

/// Asks in two parts, and reads the answer in small pieces; `client.py HOST PORT NUMBER`.
const CLIENT: &str = "
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as server:
    server.sendall(b'x' * (10 + int(sys.argv[3])))
    server.sendall(b'y' * 10)
    server.shutdown(socket.SHUT_WR)
    with open('got.' + sys.argv[3], 'wb') as out:
        while piece := server.recv(3):
            out.write(piece)
";

/// Begins every server: five clients that are processes of their own.
const CLIENTS: &str = "
import os, select, socket, sys, threading
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
listener = socket.create_server((sys.argv[1], 0), family=family)
for number in range(5):
    if os.fork() == 0:
        words = ['client.py', sys.argv[1], str(listener.getsockname()[1]), str(number)]
        os.execv(sys.executable, [sys.executable, '-S', *words])
def answer(connection):
    asked = b''
    while piece := connection.recv(7):
        asked += piece
    connection.sendall(asked.upper())
    connection.close()
def reap():
    try:
        while True: os.wait()
    except ChildProcessError: pass
";

const FORKING: &str = "
for _ in range(5):
    connection, _ = listener.accept()
    if os.fork() == 0:
        answer(connection)
        os._exit(0)
    connection.close()
reap()
";

const THREADED: &str = "
threads = []
for _ in range(5):
    threads.append(threading.Thread(target=answer, args=(listener.accept()[0],)))
    threads[-1].start()
for thread in threads: thread.join()
reap()
";

const POLLING: &str = "
listener.setblocking(False)
poll = select.epoll()
poll.register(listener, select.EPOLLIN)
asked, left = {}, 5
while left:
    for fd, _ in poll.poll():
        if fd == listener.fileno():
            connection, _ = listener.accept()
            connection.setblocking(False)
            poll.register(connection, select.EPOLLIN)
            asked[connection.fileno()] = (connection, bytearray())
            continue
        connection, text = asked[fd]
        try:
            while piece := connection.recv(7):
                text += piece
        except BlockingIOError:
            continue
        connection.sendall(text.upper())
        poll.unregister(connection)
        connection.close()
        left -= 1
reap()
";

#[track_caller]
fn serves(server: &str, host: &str) -> Scenario {
    let server = [CLIENTS, server].concat();
    let command = Rtrace::run(python_path()).args(["-S", "server.py", host]);
    let scenario = Scenario::run(&[("client.py", CLIENT), ("server.py", &server)], command);
    let rows = scenario.ask("peers");
    let of = |name: &str| -> Vec<&Row> {
        let mut rows: Vec<_> = rows.iter().filter(|row| row["command"].contains(name)).collect();
        rows.sort_by_key(|row| (row["bytes_out"].len(), row["bytes_out"].clone()));
        rows
    };
    let (clients, ends) = (of("client.py"), of("server.py"));
    assert_eq!((clients.len(), ends.len()), (5, 5), "{rows:#?}");
    for (number, (client, end)) in clients.iter().zip(&ends).enumerate() {
        let bytes = (20 + number).to_string();
        for row in [client, end] {
            assert_eq!([&row["bytes_out"], &row["bytes_in"]], [&bytes, &bytes], "{row:?}");
        }
        assert_eq!([&client["local"], &client["remote"]], [&end["remote"], &end["local"]]);
    }
    let document = scenario.document();
    let amount = |passage: &Value| {
        [&passage["amount"], &passage["certain"]].map(|n| n.as_u64().expect("known"))
    };
    let mut passed: Vec<_> = document.passages("socket").into_iter().map(amount).collect();
    passed.sort_unstable();
    let expected: Vec<_> = (20..25).flat_map(|bytes| [[bytes, bytes]; 2]).collect();
    assert_eq!(passed, expected, "both ways of five connections, all for sure");
    for number in 0..5 {
        let path = format!("got.{number}");
        assert!(scenario.own("depends-on", &path).contains("client.py"));
        assert_eq!(scenario.wrote(&path).len(), 1);
    }
    scenario
}

#[test]
fn a_server_that_forks() {
    serves(FORKING, "127.0.0.1");
}

#[test]
fn a_server_with_threads_over_ipv6() {
    let scenario = serves(THREADED, "::1");
    assert!(scenario.own("depends-on", "got.3").contains("server.py"), "who answered had read it");
}

#[test]
fn a_server_that_polls() {
    serves(POLLING, "127.0.0.1");
}

#[test]
fn datagrams_that_are_looked_at_and_then_taken_go_once() {
    const SCRIPT: &str = "
import os, socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('127.0.0.1', 0))
if os.fork() == 0:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for text in (b'one', b'two two'):
            client.sendto(text, server.getsockname())
    os._exit(0)
for length in (3, 7):
    assert len(server.recvfrom(100, socket.MSG_PEEK)[0]) == length
    assert len(server.recvfrom(100)[0]) == length
os.wait()
";
    let scenario = Scenario::run(&[], Rtrace::run(python_path()).args(["-S", "-c", SCRIPT]));
    let document = scenario.document();
    let passages = document.passages("socket");
    let [passage] = passages.as_slice() else { panic!("one way: {passages:#?}") };
    assert_eq!((&passage["carrier"], passage["amount"].as_u64()), (&"messages".into(), Some(2)));
    let read = scenario
        .ask("peers")
        .iter()
        .filter_map(|row| row["bytes_in"].parse::<u64>().ok())
        .sum::<u64>();
    assert_eq!(read, 10);
}

#[test]
fn a_unix_socket_is_named_by_its_whole_path() {
    const SCRIPT: &str = "
import os, socket
os.mkdir('a'); os.mkdir('b')
for place in 'a', 'b':
    os.chdir(place)
    server = socket.socket(socket.AF_UNIX); server.bind('s'); server.listen()
    if os.fork() == 0:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect('../%s/s' % place)
            client.sendall(b'hello')
        os._exit(0)
    connection, _ = server.accept()
    assert connection.recv(100) == b'hello'
    os.chdir('..')
    os.wait()
";
    let scenario = Scenario::run(&[], Rtrace::run(python_path()).args(["-S", "-c", SCRIPT]));
    let document = scenario.document();
    let names: Vec<_> =
        document.nodes("socket").filter_map(|node| node["moniker"].as_str()).collect();
    for place in ["a", "b"] {
        let name = format!("Socket.Protocol=UNIX,Address={}", scenario.path(&format!("{place}/s")));
        assert!(names.contains(&name.as_str()), "{name}: {names:?}");
    }
    let amounts: Vec<_> =
        document.passages("socket").iter().map(|link| link["certain"].as_u64()).collect();
    assert_eq!(amounts, [Some(5), Some(5)]);
}

#[test]
fn files_that_are_handed_over_a_socket() {
    const SCRIPT: &str = "
import os, socket
one, other = socket.socketpair()
if os.fork() == 0:
    one.close()
    _, given, _, _ = socket.recv_fds(other, 10, 2)
    os.write(given[1], os.read(given[0], 100).upper())
    os._exit(0)
other.close()
files = [os.open('input', os.O_RDONLY), os.open('output', os.O_WRONLY | os.O_CREAT)]
socket.send_fds(one, [b'these'], files)
for file in files: os.close(file)
os.wait()
";
    let command = Rtrace::run(python_path()).args(["-S", "-c", SCRIPT]);
    let scenario = Scenario::run(&[("input", "words\n")], command);
    scenario.is_from("output", &["input"]);
    let rows = scenario.ask_of("who-wrote", "output");
    let document = scenario.document();
    let [fork] = &document.links("fork").collect::<Vec<_>>()[..] else { panic!("one child") };
    let child = document.node(&fork["target"])["pid"].to_string();
    let [wrote] = &rows[..] else { panic!("one writer: {rows:?}") };
    assert_eq!((&wrote["pid"], wrote["bytes"].as_str()), (&child, "6"), "not who opened it");
}

/// Addresses of sockets that are not connected are told message by message; paths by where
/// they were relative to.
#[test]
fn who_is_not_connected_has_a_peer_for_each_address() {
    const SCRIPT: &str = "
import os, socket
one, other, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
for it in one, other, client: it.bind(('127.0.0.1', 0))
client.sendto(b'12345', one.getsockname())
client.sendto(b'1234567', other.getsockname())
client.sendto(b'123', other.getsockname())
print(*(it.getsockname()[1] for it in (one, other, client)))
for it in one, other, other: it.recvfrom(100)
os.mkdir('below')
os.chdir('below')
listener = socket.socket(socket.AF_UNIX)
listener.bind('sock')
listener.listen()
os.chdir('..')
near = socket.socket(socket.AF_UNIX)
near.connect('below/sock')
far, _ = listener.accept()
near.sendall(b'1234')
far.recv(10)
";
    let scenario = Scenario::run(&[], Rtrace::run(python_path()).args(["-S", "-c", SCRIPT]));
    let ports: Vec<_> = scenario.run.stdout.split_whitespace().map(str::to_owned).collect();
    let [one, other, client] = &ports[..] else { panic!("three ports: {ports:?}") };
    let rows = scenario.ask("peers");
    let of = |protocol: &str| {
        let rows = rows.iter().filter(|row| row["protocol"] == protocol);
        let cell = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
        let names = ["local", "remote", "bytes_out", "bytes_in"];
        let mut rows: Vec<_> =
            rows.map(|row| names.map(|name| cell(row, name)).join(" ")).collect();
        rows.sort();
        rows
    };
    let at = |port: &str| format!("127.0.0.1:{port}");
    let [one, other, client] = [one, other, client].map(|port| at(port));
    let mut expected = [
        format!("{client} {one} 5 0"),
        format!("{client} {other} 10 0"),
        format!("{one} {client} 0 5"),
        format!("{other} {client} 0 10"),
    ];
    expected.sort();
    assert_eq!(of("UDP"), expected);
    let path = scenario.path("below/sock");
    assert_eq!(of("UNIX-STREAM"), [format!(" {path} 4 0"), format!("{path}  0 4")]);
}
