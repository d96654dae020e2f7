//! What led to what: the edges of real programs' graphs, held to what the programs
//! themselves know of it.

mod common;

use common::{Graph, Node, Rtrace, python_path, tracee};
use rtrace::event::{FactKey, TaskId};
use rtrace::flow::{EdgeKind, EventId, Transfer};

/// The graph of a program that ends well.
#[track_caller]
fn graph(run: Rtrace) -> Graph {
    let run = run.finish();
    run.exited(0);
    run.trace();
    Graph::of(&run.log)
}

/// The `int` at that place of the captured memory.
fn int(node: &Node, at: usize) -> i32 {
    let bytes = node.memory.get(at..at + 4).expect("it was captured");
    i32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

fn signals(graph: &Graph) -> Vec<(&Node, &Node)> {
    graph.links(|kind| matches!(kind, EdgeKind::Signal(_)))
}

const SI_CODE: usize = 8;
const SI_PID: usize = 16;
const SI_VALUE: usize = 24;

#[test]
fn a_shell_and_its_signals() {
    let script = "sleep 60 & kill -TERM $!; wait $!; sleep 60 & kill -9 $!; wait $!
        trap 'echo got it' USR1; kill -USR1 $$; true";
    let graph = graph(Rtrace::bash(script));
    let signals = signals(&graph);
    let shown: Vec<_> = signals
        .iter()
        .map(|(cause, effect)| format!("{}>{} {}", cause.name, effect.name, effect.words[0]))
        .collect();
    let count = |what: &str| shown.iter().filter(|one| *one == what).count();
    assert_eq!(count("kill>signal 15"), 1, "{shown:?}");
    assert_eq!(count("kill>exit 0"), 1, "SIGKILL: {shown:?}");
    assert_eq!(count("kill>signal 10"), 1, "{shown:?}");
    assert_eq!(count("exit>signal 17"), 2, "{shown:?}");
    assert_eq!(shown.len(), 5, "{shown:?}");
}

#[test]
fn queued_signals_come_from_the_calls_that_queued_them() {
    let graph = graph(Rtrace::run(tracee("realtime")).arg("queue"));
    let signals = signals(&graph);
    for (cause, effect) in &signals {
        assert_eq!(cause.words[1], effect.words[0]);
        assert_eq!(int(cause, SI_VALUE), int(effect, SI_VALUE), "{cause:?} {effect:?}");
    }
    assert_eq!(signals.len(), graph.named("rt_sigqueueinfo").count());
}

#[test]
fn in_a_storm_every_signal_has_its_sender() {
    let graph = graph(Rtrace::run(tracee("signal_storm")).arg("200"));
    for (id, signal) in graph.named("signal").filter(|(_, signal)| int(signal, SI_CODE) <= 0) {
        let causes: Vec<_> = graph.edges.iter().filter(|edge| edge.effect == id).collect();
        let causes = causes.iter().filter(|edge| matches!(edge.kind, EdgeKind::Signal(_)));
        let names: Vec<_> = causes.map(|edge| graph.events[&edge.cause].name.as_str()).collect();
        assert_eq!(names.len(), 1, "{signal:?} of {}: {names:?}", int(signal, SI_PID));
    }
}

#[test]
fn who_joins_a_thread_was_woken_by_its_end() {
    let graph = graph(Rtrace::run(tracee("threads")).arg("40"));
    let joins = graph.edges.iter().filter(|edge| edge.kind == EdgeKind::Wait);
    let joined: Vec<_> = joins
        .map(|edge| {
            let (exit, futex) = (&graph.events[&edge.cause], &graph.events[&edge.effect]);
            assert_eq!((exit.name.as_str(), futex.name.as_str()), ("exit", "futex"));
            // The word held the thread's id as long as it lived.
            let start = &graph.events[&EventId { task: edge.cause.task, ordinal: 0 }];
            assert_eq!(start.words[0], futex.words[2], "{futex:?}");
            edge.cause.task
        })
        .collect();
    // Each wait on a word that a thread's end clears: FUTEX_WAIT_BITSET, not private.
    let waits = graph.named("futex").filter(|(_, futex)| futex.words[1] & 0xff == 9);
    assert_eq!(joined.len(), waits.count());
    assert!(!joined.is_empty(), "40 threads, and none was waited for");
}

/// A Python program of which every message has a text of its own: what was read is what
/// was written at the other end of the edge. Returns the edges of data.
#[track_caller]
fn messages(script: &str) -> Vec<(String, Transfer)> {
    let graph = graph(Rtrace::run(python_path()).args(["-S", "-c", script]));
    let mut edges = Vec::new();
    for edge in &graph.edges {
        let EdgeKind::Data(transfer) = edge.kind else { continue };
        let (write, read) = (&graph.events[&edge.cause], &graph.events[&edge.effect]);
        let text = String::from_utf8_lossy(&read.data).into_owned();
        if transfer.certain {
            assert_eq!(write.data, read.data, "{text}: {edge:?}");
        }
        edges.push((text, transfer));
    }
    let asked = edges.iter().filter(|(text, _)| text.starts_with("ask"));
    let answered = edges.iter().filter(|(text, _)| text.starts_with("got ask"));
    assert_eq!(asked.count(), answered.count(), "{edges:?}");
    edges
}

/// A server that answers `COUNT` clients, one process each.
const SERVER: &str = "
import os, socket, sys, threading
def answer(connection):
    connection.sendall(b'got ' + connection.recv(100))
    connection.close()
def serve(server, count):
    for _ in range(count):
        connection, _ = server.accept()
        threading.Thread(target=answer, args=(connection,)).start()
def client(family, address, number):
    pid = os.fork()
    if pid == 0:
        ask = b'ask %d' % number
        with socket.socket(family) as s:
            s.connect(address)
            s.sendall(ask)
            os._exit(0 if s.recv(100) == b'got ' + ask else 1)
    return pid
def over(pid):
    assert os.waitpid(pid, 0)[1] == 0
";

#[test]
fn clients_of_a_unix_socket_one_after_the_other() {
    let edges = messages(&format!(
        "{SERVER}
server = socket.socket(socket.AF_UNIX); server.bind('s'); server.listen()
thread = threading.Thread(target=serve, args=(server, 4)); thread.start()
os.mkdir('d')
for number in range(4):
    over(client(socket.AF_UNIX, ['s', './s', 'd/../s', os.path.abspath('s')][number], number))
thread.join()
"
    ));
    assert_eq!(edges.len(), 8, "{edges:?}");
    assert!(edges.iter().all(|(_, transfer)| transfer.certain), "{edges:?}");
}

#[test]
fn many_clients_of_a_unix_socket_at_once() {
    let edges = messages(&format!(
        "{SERVER}
server = socket.socket(socket.AF_UNIX); server.bind(b'\\0rtrace-%d' % os.getpid()); server.listen()
thread = threading.Thread(target=serve, args=(server, 16)); thread.start()
for pid in [client(socket.AF_UNIX, server.getsockname(), number) for number in range(16)]:
    over(pid)
thread.join()
"
    ));
    assert_eq!(edges.len(), 32, "{edges:?}");
    assert!(edges.iter().all(|(_, transfer)| transfer.certain), "{edges:?}");
}

#[test]
fn an_ipv6_server_with_ipv4_clients() {
    let edges = messages(&format!(
        "{SERVER}
server = socket.socket(socket.AF_INET6); server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(('::', 0)); server.listen()
port = server.getsockname()[1]
thread = threading.Thread(target=serve, args=(server, 4)); thread.start()
for number, (family, host) in enumerate([(socket.AF_INET, '127.0.0.1'), (socket.AF_INET, '0.0.0.0'),
        (socket.AF_INET6, '::1'), (socket.AF_INET6, '::ffff:127.0.0.1')]):
    over(client(family, (host, port), number))
thread.join()
"
    ));
    assert_eq!(edges.len(), 8, "{edges:?}");
    assert!(edges.iter().all(|(_, transfer)| transfer.certain), "{edges:?}");
}

#[test]
fn descriptors_passed_over_a_unix_socket() {
    // The one who reads has been given the pipe, the one who writes another one's
    // eventfd: none of them has opened what it uses.
    let edges = messages(
        "
import os, socket
a, b = socket.socketpair()
if os.fork() == 0:
    a.close()
    text, given, _, _ = socket.recv_fds(b, 100, 2)
    assert text == b'ask one' and len(given) == 2
    os.write(given[1], (5).to_bytes(8, 'little'))
    b.send(b'got ' + text + os.read(given[0], 100))
    os._exit(0)
b.close()
pipe, count = os.pipe(), os.eventfd(0)
socket.send_fds(a, [b'ask one'], [pipe[0], count])
os.close(pipe[0])
os.write(pipe[1], b' through')
assert os.read(count, 8) == (5).to_bytes(8, 'little')
assert a.recv(100) == b'got ask one through'
os.wait()
",
    );
    let texts: Vec<_> = edges.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts.len(), 4, "{edges:?}");
    for text in ["ask one", " through", "got ask one through", "\u{5}\0\0\0\0\0\0\0"] {
        assert!(texts.contains(&text), "{text:?}: {edges:?}");
    }
    assert!(edges.iter().all(|(_, transfer)| transfer.certain), "{edges:?}");
}

#[test]
fn datagrams_with_and_without_a_connection() {
    let edges = messages(
        "
import os, socket, threading
def serve(server, count):
    for _ in range(count):
        text, sender = server.recvfrom(100)
        server.sendto(b'got ' + text, sender)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('0.0.0.0', 0))
thread = threading.Thread(target=serve, args=(server, 3)); thread.start()
address = ('127.0.0.1', server.getsockname()[1])
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(2):
    client.sendto(b'ask %d' % number, address)
    assert client.recv(100) == b'got ask %d' % number
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); client.connect(address)
client.send(b'ask 2')
assert client.recv(100) == b'got ask 2'
thread.join()
os.mkfifo('f')
if os.fork() == 0:
    open('f', 'w').write('ask fifo')
    os._exit(0)
assert open('f').read() == 'ask fifo'
os.wait()
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.send(b'got ask'); b.recv(9)
",
    );
    assert_eq!(edges.len(), 8, "{edges:?}");
    let (network, local) = edges.split_at(6);
    assert!(network.iter().all(|(_, transfer)| !transfer.certain), "UDP may drop: {edges:?}");
    assert!(local.iter().all(|(_, transfer)| transfer.certain), "{edges:?}");
}

/// Whatever a shell does: its graph is sound, and who reads a pipe has got all that was
/// written to it.
#[test]
fn a_pipeline_and_jobs_side_by_side() {
    let graph = graph(Rtrace::bash(
        "seq 2000 | sort -r | uniq | wc -l
        for job in 1 2 3 4 5 6; do
            (echo $job >job.$job; cat job.$job job.$job >done.$job; rm job.$job) &
        done
        wait
        for job in 1 2 3 4 5 6; do cat done.$job; done | sort | uniq -c >all
        { echo one & echo two & wait; } | cat",
    ));
    let mut passed = std::collections::BTreeMap::new();
    for edge in &graph.edges {
        if let EdgeKind::Data(transfer) = edge.kind {
            *passed.entry(transfer.through).or_insert(0) += transfer.to - transfer.from;
        }
    }
    let all: u64 = (1..=2000).map(|number: u64| number.to_string().len() as u64 + 1).sum();
    let mut amounts: Vec<u64> = passed.into_values().collect();
    amounts.sort_unstable();
    // one two; twice the jobs' lines; and thrice all the numbers.
    assert_eq!(amounts, [8, 24, 24, all, all, all]);
}

#[test]
fn every_child_of_a_shell_is_joined() {
    let graph = graph(Rtrace::bash("true; (exit 3); for i in 1 2 3; do sleep 0 & done; wait"));
    let exits: Vec<_> = graph.named("exit").filter(|(id, _)| id.task != TaskId(1)).collect();
    assert!(exits.len() >= 4, "{exits:?}");
    for (id, exit) in exits {
        let joins = graph.edges.iter().filter(|edge| edge.cause == id);
        let joins = joins.filter(|edge| edge.kind == EdgeKind::Wait);
        assert_eq!(joins.count(), 1, "{id:?} {exit:?}");
    }
}

#[test]
fn a_child_brings_its_pidfd() {
    let run = Rtrace::run(tracee("odd_clone")).finish();
    run.exited(0);
    let trace = run.trace();
    let pidfds: Vec<_> = trace
        .facts
        .iter()
        .filter(|fact| fact.bytes(FactKey::Path) == Some(b"anon_inode:[pidfd]"))
        .collect();
    assert_eq!(pidfds.len(), 1, "{pidfds:?}");
    let maker = &trace.tasks[&pidfds[0].task.0];
    let call = maker.calls.iter().find(|call| call.ordinal == pidfds[0].ordinal);
    let child = call.and_then(|call| call.result);
    assert_eq!(pidfds[0].number(FactKey::Pid), child, "{pidfds:?}");
}

/// Bytes that went from one event to another.
fn transfers(graph: &Graph) -> Vec<(&Node, &Node, Transfer)> {
    let edges = graph.edges.iter().filter_map(|edge| match edge.kind {
        EdgeKind::Data(transfer) => {
            Some((&graph.events[&edge.cause], &graph.events[&edge.effect], transfer))
        }
        _ => None,
    });
    edges.collect()
}

#[test]
fn memory_goes_from_the_process_that_has_it_to_the_one_that_copies_it() {
    let graph = graph(Rtrace::run(tracee("passes")).arg("memory"));
    let passed = transfers(&graph);
    let bytes = |one: &Transfer| one.to - one.from;
    let is_read = |(_, effect, _): &&(&Node, &Node, Transfer)| effect.name == "process_vm_readv";
    let read: Vec<_> = passed.iter().filter(is_read).collect();
    assert_eq!(read.len(), 1, "{passed:?}");
    assert_eq!((bytes(&read[0].2), read[0].2.certain), (1500, true));
    let is_written = |(cause, _, _): &&(&Node, &Node, Transfer)| cause.name == "process_vm_writev";
    let written: Vec<_> = passed.iter().filter(is_written).collect();
    assert_eq!(written.len(), 1, "{passed:?}");
    assert_eq!(bytes(&written[0].2), 500);
    let ends = graph.edges.iter().filter(|edge| matches!(edge.kind, EdgeKind::Data(_)));
    assert!(ends.clone().all(|edge| edge.cause.task != edge.effect.task));
}

#[test]
fn vmsplice_takes_bytes_out_of_a_pipe_at_its_reading_end() {
    let graph = graph(Rtrace::run(tracee("passes")).arg("vmsplice"));
    let passed = transfers(&graph);
    let shown = passed.iter().map(|(from, to, one)| {
        (from.name.as_str(), to.name.as_str(), one.to - one.from, one.certain)
    });
    assert_eq!(shown.collect::<Vec<_>>(), [("vmsplice", "vmsplice", 1500, true)]);
}

#[test]
fn datagrams_that_were_lost_are_not_read_by_the_next_one() {
    let run = Rtrace::run(tracee("passes")).arg("datagrams").finish();
    run.exited(0);
    let graph = Graph::of(&run.log);
    let passed = transfers(&graph);
    let got: Vec<_> = run.stdout.lines().filter_map(|line| line.strip_prefix("got ")).collect();
    assert!(got.len() >= 2 && got.len() < 100, "{got:?}");
    let texts = passed.iter().map(|(sent, received, one)| {
        assert!(!one.certain, "others may send, too");
        let size = usize::try_from(received.result).expect("a size");
        assert_eq!(sent.data[..size], received.data[..size]);
        String::from_utf8_lossy(&sent.data[..size]).into_owned()
    });
    assert_eq!(texts.collect::<Vec<_>>(), got);
}

#[test]
fn who_wrote_a_line_of_many_at_once_is_who_said_it() {
    let script =
        "for i in $(seq 40); do (echo \"said by number $i\" &); done | cat >all; wc -l <all";
    let run = Rtrace::bash(script).finish();
    run.exited(0);
    assert_eq!(run.stdout.trim(), "40");
    let graph = Graph::of(&run.log);
    let said = transfers(&graph)
        .into_iter()
        .filter(|(cause, _, _)| cause.data.starts_with(b"said by number "));
    let mut certain = 0;
    for (cause, effect, transfer) in said.filter(|(_, _, transfer)| transfer.certain) {
        let text = String::from_utf8_lossy(&cause.data);
        let read = String::from_utf8_lossy(&effect.data);
        assert!(read.contains(&*text) || transfer.to - transfer.from < text.len() as u64, "{read}");
        certain += 1;
    }
    assert!(certain > 0, "some did not overlap, or their bytes decide");
}
