//! A log with all that formats have trouble with.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use rtrace::abi::Abi;
use rtrace::event::{Batch, Call, Kind, Origin, Phase, Role, State, TaskId};
use rtrace::log::{Clock, End, Header, Host, Writer};

/// Names that some syntax has trouble with: `/tmp` is before each.
pub const PATHS: [&[u8]; 9] = [
    b"a b\t\"\\\xff\xfe<>{}|^`",
    "é\u{1f600}\u{85}\u{2028}\u{feff}".as_bytes(),
    b"\x01\x02\x08\x0b\x0c\x1b\x1f\x7f",
    b"cr\r lf\n crlf\r\n tab\t end\r",
    "\u{fffe}\u{ffff}\u{fdd0}\u{1fffe}\u{10ffff}".as_bytes(),
    b"surrogates \xed\xa0\x80 \xed\xbf\xbf \xed\xa0\x80\xed\xb0\x80",
    b"too long \xc0\xaf \xf5\x80\x80\x80 cut \xe2\x82",
    b"]]> &amp; &#1; <!-- <?x ?> ' \"\"\" \\u0041 %00 @id",
    b"-ends=with, (dots);..",
];

/// A log of a run with a fork, a wait, a descriptor, and a path that is no text.
pub fn write_log(path: &Path) {
    let header = Header {
        run: std::array::from_fn(|index| index as u8),
        host: Host { name: b"node \"one\"\n".to_vec(), ..Host::default() },
        clock: Clock { realtime: 1_795_494_344_000_000_000, monotonic: 5 },
        command: vec![b"sh".to_vec(), b"-c".to_vec(), "echo 'ü' \\".into()],
        cwd: b"/tmp".to_vec(),
        ..Header::default()
    };
    let out = BufWriter::new(File::create(path).expect("a new file"));
    let mut log = Writer::new(out, &header).expect("a header");
    log.write_batch(&batch()).expect("a block");
    log.finish(End::default()).expect("an end");
}

fn batch() -> Batch {
    let mut batch = Batch::new();
    let mut time = 0;
    let mut tick = || {
        time += 1000;
        time
    };
    let call = |nr| Call { abi: Abi::X86_64, nr };
    let mut start = batch.record(Kind::Start, TaskId(1), 0);
    start.at(tick()).words([100, 100, 1, 0, 0, Origin::Root.code().into()]);
    start.finish();
    for (ordinal, path) in (1..).zip(PATHS) {
        let mut open = batch.record(Kind::Call, TaskId(1), ordinal);
        open.start(tick()).call(call(257)).words([-100i64 as u64, 8, 0, 0, 0, 0]);
        open.piece(1, Role::Path, Phase::Entry, State::Whole, path);
        open.returned(tick(), 2 + ordinal as i64, false);
        open.finish();
    }
    let mut socket = batch.record(Kind::Call, TaskId(1), 11);
    socket.start(tick()).call(call(41)).words([1, 1, 0, 0, 0, 0]).returned(tick(), 90, false);
    socket.finish();
    let mut connect = batch.record(Kind::Call, TaskId(1), 12);
    connect.start(tick()).call(call(42)).words([90, 8, 110, 0, 0, 0]);
    connect.piece(1, Role::Sockaddr, Phase::Entry, State::Whole, b"\x01\0\0x\x01\xff");
    connect.returned(tick(), 0, false);
    connect.finish();
    let forked = tick();
    let mut child = batch.record(Kind::Start, TaskId(2), 0);
    child.at(tick()).words([101, 101, 2, 1, 13, Origin::Fork.code().into()]);
    child.finish();
    let mut fork = batch.record(Kind::Call, TaskId(1), 13);
    fork.start(forked).call(call(57)).returned(tick(), 101, false);
    fork.finish();
    let mut exec = batch.record(Kind::Call, TaskId(2), 1);
    exec.start(tick()).call(call(59)).words([8, 8, 8, 0, 0, 0]);
    exec.piece(0, Role::Path, Phase::Entry, State::Whole, b"/bin/\xc3");
    exec.piece(1, Role::Arg, Phase::Entry, State::Whole, b"x\n\r\x01\"\xff");
    exec.piece(1, Role::Arg, Phase::Entry, State::Whole, "\0\u{fffe}]]>&lt;".as_bytes());
    for variable in [&b"A=1"[..], b"B=\x1b[0m", b"C=\xed\xa0\x80", b"D= \r\n\t ", b""] {
        exec.piece(2, Role::Env, Phase::Entry, State::Whole, variable);
    }
    exec.returned(tick(), 0, false);
    exec.finish();
    let mut exit = batch.record(Kind::Exit, TaskId(2), 2);
    exit.at(tick()).words([1, 0, 0, 0, 0, 0]);
    exit.finish();
    let mut wait = batch.record(Kind::Call, TaskId(1), 14);
    wait.start(tick()).call(call(61)).words([u64::MAX, 0, 0, 0, 0, 0]).returned(tick(), 101, false);
    wait.finish();
    batch
}
