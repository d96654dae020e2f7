//! A log as long as is wanted, the same each time: a shell starts one program after the
//! other, in pipelines of two; each looks at files, reads some, writes to its pipe or to a
//! file, and ends.
//!
//! Also of `examples/long_log.rs`, which writes it for measurements.

use std::io::Write;

use rtrace::abi::Abi;
use rtrace::event::{Batch, Call, Kind, Origin, Phase, RecordBuilder, Role, State, TaskId};
use rtrace::log::{Clock, End, Error, Header, Host, Writer};

const READ: u64 = 0;
const WRITE: u64 = 1;
const CLOSE: u64 = 3;
const FSTAT: u64 = 5;
const LSEEK: u64 = 8;
const MMAP: u64 = 9;
const DUP2: u64 = 33;
const FORK: u64 = 57;
const EXECVE: u64 = 59;
const WAIT4: u64 = 61;
const OPENAT: u64 = 257;
const NEWFSTATAT: u64 = 262;
const PIPE2: u64 = 293;

const CWD: u64 = -100i64 as u64;
const CREATE: u64 = 0o101;
const CLOEXEC: u64 = 0o2000000;
const ENOENT: i64 = -2;
const SHELL: u32 = 1;
const LIBRARIES: [&str; 3] = ["libc.so.6", "libm.so.6", "libz.so.1"];

/// How long a log, and of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Long {
    /// Events, at least; some more, so that the last program ends.
    pub(crate) events: u64,
    /// Those of one program, about.
    pub(crate) per_program: u64,
    /// Those of a block, about.
    pub(crate) per_block: usize,
    /// Names of files, of which each program takes some, in turns.
    pub(crate) files: u64,
}

impl Long {
    /// Writes it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(crate) fn write(self, out: impl Write) -> Result<(), Error> {
        let mut making = Making {
            long: self,
            log: Writer::new(out, &header())?,
            batch: Batch::new(),
            ordinals: vec![0, 0],
            now: 0,
            turn: 0,
            file: 0,
            events: 0,
        };
        making.start(SHELL, 0, Origin::Root);
        making.exec(SHELL, &["sh", "night.sh"]);
        while making.events < self.events {
            making.pipeline()?;
        }
        making.exit(SHELL);
        making.hand_over(0)?;
        making.log.finish(End { time: making.now, ..End::default() }).map(drop)
    }
}

fn header() -> Header {
    Header {
        run: *b"a long made-up l",
        host: Host { name: b"host".to_vec(), ..Host::default() },
        clock: Clock { realtime: 1_795_494_344_000_000_000, monotonic: 5 },
        command: vec![b"sh".to_vec(), b"night.sh".to_vec()],
        cwd: b"/home".to_vec(),
        ..Header::default()
    }
}

struct Making<W> {
    long: Long,
    log: Writer<W>,
    batch: Batch,
    /// Of each task.
    ordinals: Vec<u64>,
    now: u64,
    turn: u64,
    file: u64,
    events: u64,
}

impl<W: Write> Making<W> {
    /// The shell starts a program that writes into a pipe, and one that reads from it.
    fn pipeline(&mut self) -> Result<(), Error> {
        self.call(SHELL, PIPE2, &[8, 0], 0, |record| {
            let ends: Vec<u8> = [3_i32, 4].into_iter().flat_map(i32::to_ne_bytes).collect();
            record.piece(0, Role::Struct, Phase::Exit, State::Whole, &ends);
        });
        let writer = self.fork();
        let reader = self.fork();
        self.close(SHELL, 3);
        self.close(SHELL, 4);
        for (task, end, onto, argv) in
            [(writer, 4, 1, ["find", "/srv"]), (reader, 3, 0, ["wc", "-l"])]
        {
            self.call(task, DUP2, &[end, onto], onto as i64, |_| {});
            self.close(task, 3);
            self.close(task, 4);
            self.exec(task, &argv);
            for library in LIBRARIES {
                self.load(task, library);
            }
        }
        let end = self.events + 2 * self.long.per_program;
        while self.events < end {
            self.look_around(writer);
            self.write(writer, 1, 400);
            self.read(reader, 0, 400);
            self.hand_over(self.long.per_block)?;
        }
        self.save(reader);
        for task in [writer, reader] {
            self.exit(task);
            self.call(SHELL, WAIT4, &[u64::MAX, 0, 0, 0], pid(task) as i64, |_| {});
        }
        Ok(())
    }

    /// Ten events about a directory's files.
    fn look_around(&mut self, task: u32) {
        for _ in 0..4 {
            let path = self.next_file(task);
            self.look(task, &path, 0);
        }
        self.look(task, "/srv/data/missing.txt", ENOENT);
        let path = self.next_file(task);
        self.open(task, &path, CLOEXEC, 3);
        self.read(task, 3, 512);
        self.call(task, LSEEK, &[3, 0, 0], 0, |_| {});
        self.read(task, 3, 0);
        self.close(task, 3);
    }

    fn next_file(&mut self, task: u32) -> String {
        const OF_A_PROGRAM: u64 = 60;
        self.turn = (self.turn + 1) % OF_A_PROGRAM;
        self.file = (OF_A_PROGRAM * u64::from(task) + self.turn) % self.long.files;
        format!("/srv/data/{}/report {}.txt", self.file % 100, self.file)
    }

    fn load(&mut self, task: u32, library: &str) {
        self.open(task, &["/usr/lib/", library].concat(), CLOEXEC, 3);
        self.read(task, 3, 832);
        self.call(task, FSTAT, &[3, 8], 0, |record| {
            record.piece(1, Role::Struct, Phase::Exit, State::Whole, &stat(7));
        });
        for offset in [0, 0x28000, 0x1b0000] {
            let at = 0x7f00_0000_0000 + offset;
            self.call(task, MMAP, &[at, 0x1000, 5, 0x812, 3, offset], at as i64, |_| {});
        }
        self.close(task, 3);
    }

    fn save(&mut self, task: u32) {
        let name = format!("count-{task}.txt");
        self.open(task, &name, CREATE, 3);
        self.write(task, 3, 5);
        self.close(task, 3);
    }

    fn look(&mut self, task: u32, path: &str, result: i64) {
        let inode = 1000 + self.file;
        self.call(task, NEWFSTATAT, &[CWD, 8, 8, 0x100], result, |record| {
            record.piece(1, Role::Path, Phase::Entry, State::Whole, path.as_bytes());
            if result == 0 {
                record.piece(2, Role::Struct, Phase::Exit, State::Whole, &stat(inode));
            }
        });
    }

    fn read(&mut self, task: u32, fd: u64, bytes: i64) {
        self.call(task, READ, &[fd, 8, 4096], bytes, |record| {
            if bytes > 0 {
                record.piece(1, Role::Data, Phase::Exit, State::Cut, b"total 40\ndrwxr-xr-x 2");
            }
        });
    }

    fn write(&mut self, task: u32, fd: u64, bytes: i64) {
        self.call(task, WRITE, &[fd, 8, bytes as u64], bytes, |record| {
            record.piece(1, Role::Data, Phase::Entry, State::Cut, b"total 40\ndrwxr-xr-x 2");
        });
    }

    fn open(&mut self, task: u32, path: &str, flags: u64, result: i64) {
        self.call(task, OPENAT, &[CWD, 8, flags, 0o644], result, |record| {
            record.piece(1, Role::Path, Phase::Entry, State::Whole, path.as_bytes());
        });
    }

    fn close(&mut self, task: u32, fd: u64) {
        self.call(task, CLOSE, &[fd], 0, |_| {});
    }

    fn exec(&mut self, task: u32, argv: &[&str]) {
        self.call(task, EXECVE, &[8, 8, 8], 0, |record| {
            let program = ["/usr/bin/", argv[0]].concat();
            record.piece(0, Role::Path, Phase::Entry, State::Whole, program.as_bytes());
            for arg in argv {
                record.piece(1, Role::Arg, Phase::Entry, State::Whole, arg.as_bytes());
            }
        });
    }

    /// A new task, whose start is told of before its maker's call.
    fn fork(&mut self) -> u32 {
        let task = self.ordinals.len() as u32;
        self.ordinals.push(0);
        let begun = self.now;
        let maker = self.ordinals[SHELL as usize];
        self.now += 40_000;
        self.start(task, maker, Origin::Fork);
        self.call_since(begun, SHELL, FORK, &[], pid(task) as i64, |_| {});
        task
    }

    fn start(&mut self, task: u32, made_by: u64, origin: Origin) {
        let maker = if task == SHELL { 0 } else { SHELL };
        let words =
            [pid(task), pid(task), task.into(), maker.into(), made_by, origin.code().into()];
        self.moment(Kind::Start, task, words);
    }

    fn exit(&mut self, task: u32) {
        self.moment(Kind::Exit, task, [0; 6]);
    }

    fn moment(&mut self, kind: Kind, task: u32, words: [u64; 6]) {
        let (ordinal, now) = (self.next(task), self.now);
        let mut record = self.batch.record(kind, TaskId(task), ordinal);
        record.at(now).words(words);
        record.finish();
    }

    fn call(
        &mut self,
        task: u32,
        nr: u64,
        args: &[u64],
        result: i64,
        memory: impl FnOnce(&mut RecordBuilder<'_>),
    ) {
        let begun = self.now;
        // Times that are no pattern, but the same each time.
        self.now += 900 + self.events.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 3_000;
        self.call_since(begun, task, nr, args, result, memory);
    }

    fn call_since(
        &mut self,
        begun: u64,
        task: u32,
        nr: u64,
        args: &[u64],
        result: i64,
        memory: impl FnOnce(&mut RecordBuilder<'_>),
    ) {
        let mut words = [0; 6];
        words[..args.len()].copy_from_slice(args);
        let (ordinal, ended) = (self.next(task), self.now);
        let mut record = self.batch.record(Kind::Call, TaskId(task), ordinal);
        record.start(begun).words(words).call(Call { abi: Abi::X86_64, nr });
        record.returned(ended, result, result < 0);
        memory(&mut record);
        record.finish();
    }

    /// The place of a task's next event. Time goes on.
    fn next(&mut self, task: u32) -> u64 {
        self.now += 1_700;
        self.events += 1;
        let ordinal = &mut self.ordinals[task as usize];
        *ordinal += 1;
        *ordinal - 1
    }

    /// Writes a block, if there are so many events.
    fn hand_over(&mut self, events: usize) -> Result<(), Error> {
        if self.batch.len() >= events {
            self.log.write_batch(&self.batch)?;
            self.batch.clear();
        }
        Ok(())
    }
}

fn pid(task: u32) -> u64 {
    u64::from(task) + 999
}

/// A regular file's `struct stat` of x86-64.
fn stat(inode: u64) -> [u8; 144] {
    let mut bytes = [0; 144];
    bytes[..8].copy_from_slice(&0x801_u64.to_ne_bytes());
    bytes[8..16].copy_from_slice(&inode.to_ne_bytes());
    bytes[16..24].copy_from_slice(&1_u64.to_ne_bytes());
    bytes[24..28].copy_from_slice(&0o100_644_u32.to_ne_bytes());
    bytes[48..56].copy_from_slice(&1_200_u64.to_ne_bytes());
    bytes
}
