//! A log of a run that never was, whose times are known: a shell starts three programs,
//! the last of which fails.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use rtrace::abi::Abi;
use rtrace::event::{Batch, Call, Kind, Origin, Phase, RecordBuilder, Role, State, TaskId};
use rtrace::log::{Clock, End, Header, Host, Writer};

const MS: u64 = 1_000_000;
const READ: u64 = 0;
const WRITE: u64 = 1;
const SOCKET: u64 = 41;
const CONNECT: u64 = 42;
const FORK: u64 = 57;
const EXECVE: u64 = 59;
const WAIT4: u64 = 61;
const UNLINK: u64 = 87;
const OPENAT: u64 = 257;
const CWD: u64 = -100i64 as u64;
const CREATE: u64 = 0o101;
const ENOENT: i64 = -2;

/// Writes it.
pub fn write_log(path: &Path) {
    let header = Header {
        run: std::array::from_fn(|index| index as u8),
        host: Host { name: b"host".to_vec(), ..Host::default() },
        clock: Clock { realtime: 1_795_494_344_000_000_000, monotonic: 5 },
        command: vec![b"./batch.sh".to_vec()],
        cwd: b"/home".to_vec(),
        ..Header::default()
    };
    let out = BufWriter::new(File::create(path).expect("a new file"));
    let mut log = Writer::new(out, &header).expect("a header");
    log.write_batch(&batch()).expect("a block");
    log.finish(End::default()).expect("an end");
}

fn batch() -> Batch {
    let mut run = Made { batch: Batch::new(), ordinals: [0; 4] };
    run.start(1, 0, Origin::Root);
    run.exec(1, 1, &["./batch.sh"]);
    run.start(2, 10, Origin::Fork);
    run.call(1, FORK, (9, 11), &[], 101, |_| {});
    run.exec(2, 12, &["sort", "names.txt"]);
    run.open(2, 14, "names.txt", 0, 3);
    run.call(2, READ, (16, 17), &[3, 8, 4096], 1200, |_| {});
    run.open(2, 18, "sorted.txt", CREATE, 4);
    run.call(2, WRITE, (30, 31), &[4, 8, 1200], 1200, |_| {});
    run.exit(2, 40, 0);
    run.call(1, WAIT4, (12, 41), &[u64::MAX, 0, 0, 0], 101, |_| {});
    run.start(3, 43, Origin::Fork);
    run.call(1, FORK, (42, 44), &[], 102, |_| {});
    run.exec(3, 45, &["upload", "sorted.txt"]);
    run.open(3, 46, "sorted.txt", 0, 3);
    run.call(3, READ, (47, 48), &[3, 8, 4096], 1200, |_| {});
    run.call(3, SOCKET, (49, 50), &[2, 1, 0], 4, |_| {});
    let peer = [2, 0, 0x1f, 0x90, 10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    run.call(3, CONNECT, (50, 51), &[4, 8, 16], 0, |record| {
        record.piece(1, Role::Sockaddr, Phase::Entry, State::Whole, &peer);
    });
    run.call(3, WRITE, (52, 53), &[4, 8, 1200], 1200, |_| {});
    run.call(3, UNLINK, (3_600_055, 3_600_056), &[8], 0, |record| {
        record.piece(0, Role::Path, Phase::Entry, State::Whole, b"sorted.txt");
    });
    run.exit(3, 3_600_060, 0);
    run.call(1, WAIT4, (45, 3_600_061), &[u64::MAX, 0, 0, 0], 102, |_| {});
    run.start(4, 3_600_063, Origin::Fork);
    run.call(1, FORK, (3_600_062, 3_600_064), &[], 103, |_| {});
    run.exec(4, 3_600_065, &["cat", "missing.txt"]);
    run.open(4, 3_600_070, "missing.txt", 0, ENOENT);
    let said = b"cat: missing.txt: No such file or directory\n";
    run.call(4, WRITE, (3_600_075, 3_600_076), &[2, 8, 44], 44, |record| {
        record.piece(1, Role::Data, Phase::Entry, State::Whole, said);
    });
    run.exit(4, 3_600_080, 1);
    run.call(1, WAIT4, (3_600_065, 3_600_081), &[u64::MAX, 0, 0, 0], 103, |_| {});
    run.exit(1, 3_600_085, 1);
    run.batch
}

struct Made {
    batch: Batch,
    ordinals: [u64; 4],
}

impl Made {
    /// The place of a task's next event.
    fn next(&mut self, task: u32) -> u64 {
        let ordinal = &mut self.ordinals[task as usize - 1];
        *ordinal += 1;
        *ordinal - 1
    }

    fn start(&mut self, task: u32, at: u64, origin: Origin) {
        let (pid, maker) = (u64::from(task) + 99, u64::from(task > 1));
        let made_by = if task > 1 { self.ordinals[0] } else { 0 };
        let words = [pid, pid, task.into(), maker, made_by, origin.code().into()];
        self.moment(Kind::Start, task, at, words);
    }

    fn exit(&mut self, task: u32, at: u64, code: u64) {
        self.moment(Kind::Exit, task, at, [code, 0, 0, 0, 0, 0]);
    }

    fn moment(&mut self, kind: Kind, task: u32, at: u64, words: [u64; 6]) {
        let ordinal = self.next(task);
        let mut record = self.batch.record(kind, TaskId(task), ordinal);
        record.at(at * MS).words(words);
        record.finish();
    }

    fn exec(&mut self, task: u32, at: u64, argv: &[&str]) {
        self.call(task, EXECVE, (at, at + 1), &[8, 8, 8], 0, |record| {
            let program = ["/bin/", argv[0].trim_start_matches("./")].concat();
            record.piece(0, Role::Path, Phase::Entry, State::Whole, program.as_bytes());
            for arg in argv {
                record.piece(1, Role::Arg, Phase::Entry, State::Whole, arg.as_bytes());
            }
        });
    }

    fn open(&mut self, task: u32, at: u64, path: &str, flags: u64, result: i64) {
        self.call(task, OPENAT, (at, at + 1), &[CWD, 8, flags, 0o644], result, |record| {
            record.piece(1, Role::Path, Phase::Entry, State::Whole, path.as_bytes());
        });
    }

    fn call(
        &mut self,
        task: u32,
        nr: u64,
        (start, end): (u64, u64),
        args: &[u64],
        result: i64,
        memory: impl FnOnce(&mut RecordBuilder<'_>),
    ) {
        let mut words = [0; 6];
        words[..args.len()].copy_from_slice(args);
        let ordinal = self.next(task);
        let mut record = self.batch.record(Kind::Call, TaskId(task), ordinal);
        record.start(start * MS).words(words).call(Call { abi: Abi::X86_64, nr });
        record.returned(end * MS, result, result < 0);
        memory(&mut record);
        record.finish();
    }
}
