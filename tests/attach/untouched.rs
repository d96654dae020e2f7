//! They are left as they were found.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::Signal;

use crate::kit::{Attached, Somebody, status, until};

/// Descriptors, signals and stops of a process.
fn condition(pid: i32) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for name in [
        "TracerPid",
        "SigBlk",
        "SigIgn",
        "SigCgt",
        "SigPnd",
        "ShdPnd",
        "Threads",
        "Seccomp",
        "Cpus_allowed",
    ] {
        all.insert(name.to_owned(), status(pid, name));
    }
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives").flatten() {
        let target = fs::read_link(entry.path()).expect("a link");
        let info =
            fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", entry.file_name().display()));
        all.insert(
            format!("fd {}", entry.file_name().display()),
            format!("{} {}", target.display(), info.expect("it is open")),
        );
    }
    let timers = fs::read_to_string(format!("/proc/{pid}/timers")).unwrap_or_default();
    all.insert("timers".into(), timers);
    all
}

#[test]
fn descriptors_signals_and_timers() {
    for way in ["nap", "block", "epoll", "timer"] {
        let somebody = Somebody::who(way);
        let before = condition(somebody.pid());
        Attached::to_one(&somebody).let_go().trace();
        until(way, || (condition(somebody.pid()) == before).then_some(()));
        assert!(!somebody.status("State").contains("stop"));
        somebody.end();
    }
}

#[test]
fn a_timer_goes_on() {
    let somebody = Somebody::who("timer");
    let attached = Attached::to_one(&somebody);
    until("it ticks", || {
        let trace = crate::common::Trace::read(&attached.log());
        let task = trace.with_tid(somebody.pid()).first().map_or(0, |task| task.signals.len());
        (task > 20).then_some(())
    });
    attached.let_go().trace();
    assert!(somebody.end().number("ticks") > 20);
}

#[test]
fn kill_9_of_rtrace() {
    for way in ["spin", "nap", "threads", "forks"] {
        let somebody = Somebody::who(way);
        let mut attached = Attached::to_one(&somebody);
        until("something is in the log", || {
            (crate::common::Trace::read(&attached.log())
                .tasks
                .values()
                .map(|t| t.calls.len())
                .sum::<usize>()
                > 3)
            .then_some(())
        });
        attached.signal(Signal::SIGKILL);
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&attached.done().output.status),
            Some(9)
        );
        until("nobody traces it", || (somebody.status("TracerPid") == "0").then_some(()));
        let how = somebody.end();
        let wrong = if way == "spin" { "failed" } else { "wrong" };
        // A nap that the kernel was about to restart may be cut; children never suffer.
        assert_eq!(how.number(wrong), 0, "{way}");
    }
}

/// Again and again, also at the very moment of a fork, an exec, a thread's end.
fn again_and_again(times: usize) {
    let all = ["spin", "nap", "threads", "forks"].map(Somebody::who);
    let pids: Vec<String> = all.iter().map(|somebody| somebody.pid().to_string()).collect();
    let words: Vec<&str> = pids.iter().map(String::as_str).collect();
    for _ in 0..times {
        Attached::to(&words).let_go().trace();
    }
    for (somebody, wrong) in all.into_iter().zip(["failed", "wrong", "wrong", "wrong"]) {
        assert_eq!(somebody.status("TracerPid"), "0");
        assert_eq!(somebody.end().number(wrong), 0);
    }
}

#[test]
fn twenty_times() {
    again_and_again(20);
}

#[test]
#[ignore = "long"]
fn two_hundred_times() {
    again_and_again(200);
}

/// A server in Python with a thread for each request; every request is answered.
#[test]
fn a_server_under_load() {
    const SERVER: &str = "
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(100))
class Server(socketserver.ThreadingTCPServer):
    request_queue_size = 128
with Server(('127.0.0.1', 0), Echo) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
";
    let mut server = Somebody::start(Command::new("python3").args(["-c", SERVER]));
    let port: u16 = server.line().parse().expect("a port");
    let ask = move |what: u8| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it accepts");
        stream.write_all(&[what; 10]).expect("it listens");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        assert_eq!(answer, [what; 10]);
    };
    ask(9); // its first thread installs libc's handlers
    let alone = || (status(server.pid(), "Threads") == "1").then_some(());
    until("its thread has ended", alone);
    let before = condition(server.pid());
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..4u8)
        .map(|client| {
            let (over, answered) = (Arc::clone(&over), Arc::clone(&answered));
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    ask(client);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let served = |count: usize| {
        let wanted = answered.load(Ordering::Relaxed) + count;
        until("requests are answered", || {
            let dead = clients.iter().any(thread::JoinHandle::is_finished);
            (dead || answered.load(Ordering::Relaxed) >= wanted).then_some(())
        });
    };
    for _ in 0..3 {
        served(20);
        let attached = Attached::to_one(&server);
        served(50);
        let trace = attached.let_go().trace();
        assert!(trace.calls("accept4").count() > 10);
        served(20);
    }
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().expect("every request was answered");
    }
    until("its threads have ended", alone);
    assert_eq!(condition(server.pid()), before);
}
