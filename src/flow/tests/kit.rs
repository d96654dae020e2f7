//! Hand-made records, and a sink that tells what came out.

use crate::abi::{
    Abi, Classes, Dir, Effect, Field, FieldTy, Layout, Len, Memory, Operand, Param, Prototype,
    Scalar, Set, Struct, Ty, Verb,
};
use crate::event::{
    Batch, Call, Fact, FactKey, FactKind, Kind, Origin, Phase, RecordBuilder, Role, State as Read,
    TaskId, Value,
};
use crate::flow::graph::{Builder, Graph};
use crate::flow::{EdgeKind, EventId, Flow, Item, Place, Recap, Sink, State};

const FD: Ty = Ty::Scalar(Scalar::Fd);
const DIRFD: Ty = Ty::Scalar(Scalar::DirFd);
const INT: Ty = Ty::Scalar(Scalar::Int);
const PATH: Ty = Ty::Memory(Dir::In, Memory::Path);
const MODE: Layout = Layout {
    size: 28,
    fields: &[Field {
        name: "st_mode",
        offset: 24,
        size: 4,
        count: 1,
        ty: FieldTy::Value(Ty::Scalar(Scalar::Mode)),
    }],
};
const STAT: Ty = Ty::Memory(
    Dir::Out,
    Memory::Struct(&Struct { name: "stat", lp64: MODE, ilp32: MODE }, Len::Const(1)),
);
const STR: Ty = Ty::Memory(Dir::In, Memory::Str);
const OUT: Ty = Ty::Memory(Dir::Out, Memory::Irregular);
const ADDR: Ty = Ty::Memory(Dir::In, Memory::Sockaddr(Len::Arg(2)));
const OPEN: Ty =
    Ty::Flags(&Set { name: "open_flags", entries: &[(0o2_000_000, "O_CLOEXEC"), (1, "O_WRONLY")] });

const MSG: Ty = Ty::Flags(&Set { name: "msg_flags", entries: &[(2, "MSG_PEEK")] });

macro_rules! calls {
    ($($nr:literal $name:ident ($($arg:ident: $ty:expr),*) = $ret:ident $verb:ident [$($op:literal $(@ $at:literal)?),*] $net:literal;)*) => {
        $(#[allow(non_upper_case_globals, reason = "named as the call")]
        pub(super) const $name: u64 = $nr;)*

        pub(super) fn lookup(call: Call) -> Option<&'static Prototype> {
            Some(match call.nr {
                $($nr => &Prototype {
                    name: stringify!($name),
                    params: &[$(Param { name: stringify!($arg), ty: $ty }),*],
                    returns: Scalar::$ret,
                    classes: Classes($net << 2),
                    effect: Effect {
                        verb: Verb::$verb,
                        operands: &[$(Operand { arg: $op, at: [$(Some($at),)? None][0] }),*],
                    },
                },)*
                _ => return None,
            })
        }
    };
}

calls! {
    0 read(fd: FD, buf: OUT, count: INT) = Size Reads [0] 0;
    17 pread64(fd: FD, buf: OUT, count: INT, offset: INT) = Size Reads [0] 0;
    1 write(fd: FD, buf: OUT, count: INT) = Size Writes [0] 0;
    3 close(fd: FD) = Int Closes [0] 0;
    8 lseek(fd: FD, offset: INT, whence: INT) = Off None [] 0;
    9 mmap(addr: INT, length: INT, prot: INT, flags: INT, fd: FD, offset: INT) = Addr Maps [4] 0;
    18 pwrite64(fd: FD, buf: OUT, count: INT, offset: INT) = Size Writes [0] 0;
    77 ftruncate(fd: FD, length: INT) = Int Truncates [0] 0;
    82 rename(oldpath: PATH, newpath: PATH) = Int Renames [0, 1] 0;
    83 mkdir(pathname: PATH) = Int Creates [0] 0;
    86 link(oldpath: PATH, newpath: PATH) = Int Links [0, 1] 0;
    87 unlink(pathname: PATH) = Int Unlinks [0] 0;
    319 memfd_create(name: PATH) = Fd Makes [] 0;
    29 shmget(key: INT, size: INT, flags: INT) = Int None [] 0;
    30 shmat(shmid: INT, addr: INT, flags: INT) = Addr None [] 0;
    55 getsockopt(fd: FD, level: INT, optname: INT, optval: OUT, optlen: OUT) = Int None [] 1;
    117 setresuid(ruid: INT, euid: INT, suid: INT) = Int Credits [] 0;
    240 mq_open(name: STR, oflag: OPEN) = Fd Makes [] 0;
    241 mq_unlink(name: STR) = Int None [] 0;
    4 stat(pathname: PATH, statbuf: STAT) = Int Looks [0] 0;
    32 dup(oldfd: FD) = Fd Dups [0] 0;
    33 dup2(oldfd: FD, newfd: FD) = Fd Dups [0, 1] 0;
    292 dup3(oldfd: FD, newfd: FD, flags: OPEN) = Fd Dups [0, 1] 0;
    41 socket(domain: INT, kind: OPEN, protocol: INT) = Fd Makes [] 1;
    42 connect(sockfd: FD, addr: ADDR, addrlen: INT) = Int Connects [0, 1] 1;
    43 accept(sockfd: FD, addr: ADDR, addrlen: INT) = Fd Accepts [0, 1] 1;
    44 sendto(sockfd: FD, buf: OUT, size: INT, flags: MSG, dest_addr: OUT) = Size Sends [0] 1;
    46 sendmsg(sockfd: FD, msg: OUT, flags: MSG) = Size Sends [0] 1;
    47 recvmsg(sockfd: FD, msg: OUT, flags: MSG) = Size Receives [0] 1;
    49 bind(sockfd: FD, addr: ADDR, addrlen: INT) = Int Binds [0, 1] 1;
    45 recvfrom(sockfd: FD, buf: OUT, size: INT, flags: MSG) = Size Receives [0] 1;
    53 socketpair(domain: INT, kind: OPEN, protocol: INT, sv: OUT) = Int Pairs [3] 1;
    56 clone(flags: INT, stack: INT, parent_tid: INT, child_tid: INT) = Pid Forks [] 0;
    57 fork() = Pid Forks [] 0;
    59 execve(pathname: PATH, argv: OUT, envp: OUT) = Int Execs [0] 0;
    60 exit(status: INT) = Void Exits [] 0;
    61 wait4(pid: INT, wstatus: OUT, options: INT) = Pid Waits [0] 0;
    62 kill(pid: INT, sig: INT) = Int Signals [0] 0;
    72 fcntl(fd: FD, cmd: INT, arg: INT) = Int Controls [0] 0;
    80 chdir(path: PATH) = Int Moves [0] 0;
    81 fchdir(fd: FD) = Int Moves [0] 0;
    109 setpgid(pid: INT, pgid: INT) = Int None [] 0;
    112 setsid() = Pid None [] 0;
    128 rt_sigtimedwait(set: OUT, info: OUT) = Int Sleeps [] 0;
    129 rt_sigqueueinfo(tgid: INT, sig: INT, info: OUT) = Int Signals [0] 0;
    161 chroot(path: PATH) = Int Roots [0] 0;
    202 futex(uaddr: INT, futex_op: INT, val: INT) = Int Sleeps [] 0;
    213 epoll_create1(flags: OPEN) = Fd Makes [] 0;
    217 getdents64(fd: FD) = Int Lists [0] 0;
    231 exit_group(status: INT) = Void Exits [] 0;
    247 waitid(which: INT, upid: INT, infop: OUT, options: INT) = Int Waits [1] 0;
    234 tgkill(tgid: INT, tid: INT, sig: INT) = Int Signals [1] 0;
    257 openat(dirfd: DIRFD, pathname: PATH, flags: OPEN) = Fd Opens [1 @ 0] 0;
    272 unshare(flags: INT) = Int None [] 0;
    275 splice(fd_in: FD, off_in: INT, fd_out: FD) = Size Copies [0, 2] 0;
    276 tee(fd_in: FD, fd_out: FD, len: INT) = Size Copies [0, 1] 0;
    259 mknodat(dirfd: DIRFD, pathname: PATH, mode: INT) = Int Creates [1 @ 0] 0;
    290 eventfd2(initval: INT, flags: OPEN) = Fd Makes [] 0;
    293 pipe2(pipefd: OUT, flags: OPEN) = Int Pairs [0] 0;
    322 execveat(dirfd: DIRFD, pathname: PATH) = Int Execs [1 @ 0] 0;
    424 pidfd_send_signal(pidfd: FD, sig: INT, info: OUT, flags: INT) = Int Signals [0] 0;
    434 pidfd_open(pid: INT, flags: INT) = Fd Makes [] 0;
    438 pidfd_getfd(pidfd: FD, targetfd: FD, flags: INT) = Fd Takes [0, 1] 0;
    436 close_range(first: INT, last: INT, flags: INT) = Int Closes [0, 1] 0;
}

pub(super) const CWD: u64 = -100i64 as u64;

/// A run that is told call by call.
pub(super) struct Story {
    pub(super) flow: Flow,
    pub(super) seen: Seen,
    pub(super) recap: Recap,
    time: u64,
    ordinals: std::collections::HashMap<u32, u64>,
    /// When calls that have begun did.
    begun: std::collections::HashMap<(u32, u64), u64>,
}

/// What the sink was given, as text, and folded.
#[derive(Default)]
pub(super) struct Seen(pub(super) Vec<String>, Builder);

impl Seen {
    /// The lines that begin with that word, which are then forgotten.
    pub(super) fn take(&mut self, word: &str) -> Vec<String> {
        let (mut taken, kept): (Vec<_>, Vec<_>) =
            self.0.drain(..).partition(|line| line.split(' ').next() == Some(word));
        self.0 = kept;
        for line in &mut taken {
            line.drain(..=word.len());
        }
        taken
    }
}

fn shown(id: EventId) -> String {
    format!("{}/{}", id.task, id.ordinal)
}

impl Sink for Seen {
    type Error = std::convert::Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Self::Error> {
        self.1.item(state, item)?;
        let name = |id| String::from_utf8_lossy(state.name_of(id)).into_owned();
        self.0.push(match item {
            Item::Resource(id) => format!("resource {}", name(id)),
            Item::Learnt(id) => {
                let class = state.resource(id).map(|resource| resource.class.name());
                format!("learnt {} {}", name(id), class.unwrap_or("?"))
            }
            Item::Version(version) => {
                let before = version.before.map_or("nothing".into(), |old| old.number.to_string());
                let (id, by) = (version.id.number, shown(version.event));
                format!("version {} {id} of {before} by {by}", name(version.resource))
            }
            Item::Task(id) => format!("task {id}"),
            Item::ActsAs(process) => format!("acts {process}"),
            Item::Partial(process) => format!("partial {process}"),
            Item::Execution(id) => {
                let process = state.process_of(id.task).expect("of a living task");
                let run = process.execution.as_ref().expect("just begun");
                let program = run.executable.map(name).unwrap_or_default();
                let line = String::from_utf8_lossy(&run.command_line()).into_owned();
                format!("execution {} {program} [{line}]", shown(id))
            }
            Item::Event(event) => {
                let mut line = format!("event {}", shown(event.id()));
                for used in event.uses {
                    let place = match used.place {
                        Place::Argument(arg) => arg.to_string(),
                        Place::Result => "=".into(),
                        Place::Pair(index) => format!("p{index}"),
                        Place::Implied => format!("{:?}", used.verb).to_lowercase(),
                    };
                    line.extend([" ", &place, ":", &name(used.resource)]);
                }
                if event.record.is_begun() {
                    line += " unfinished";
                }
                line
            }
            Item::Begun(event) => format!("begun {}", shown(event.id())),
            Item::Edge(edge) => {
                let (cause, effect) = (shown(edge.cause), shown(edge.effect));
                match edge.kind {
                    EdgeKind::Data(passed) => {
                        let doubt = if passed.certain { "" } else { "?" };
                        let through = name(passed.through);
                        let (from, to) = (passed.from, passed.to);
                        format!("data {cause}-{effect} {from}..{to}{doubt} {through}")
                    }
                    EdgeKind::Content(through) | EdgeKind::Overwrite(through) => {
                        let kind = format!("{:?}", edge.kind).to_lowercase();
                        let word = kind.split('(').next().unwrap_or_default().to_owned();
                        let doubt = if through.certain { "" } else { "?" };
                        let (file, version) = (name(through.file), through.version.number);
                        format!("{word} {cause}-{effect} {file} {version}{doubt}")
                    }
                    EdgeKind::Signal(_) => format!("signal {cause}-{effect}"),
                    kind => format!("{} {cause}-{effect}", format!("{kind:?}").to_lowercase()),
                }
            }
            Item::BlindSpot(spot) => {
                let why = String::from_utf8_lossy(spot.why);
                format!("unseen {} {:?} {why}", shown(spot.event), spot.pid)
            }
            Item::Database(used) => {
                let user = used.user.as_deref().map(String::from_utf8_lossy);
                let user = user.map_or_else(String::new, |user| format!(" as {user}"));
                let verb = if used.serves { "serves" } else { "uses" };
                let doubt = if used.certain { "" } else { "?" };
                let (event, through) = (shown(used.event), name(used.through));
                format!(
                    "database {event} {verb} {}{user} through {through}{doubt}",
                    name(used.database)
                )
            }
            Item::Look(look) => {
                let kind = look.fact.kind.name();
                format!("look {} {kind} {}", shown(look.event), name(look.resource))
            }
            Item::Ended(task) => format!("ended {task}"),
        });
        Ok(())
    }
}

impl Story {
    /// A command, task 1 with pid 100, in `/home`.
    pub(super) fn new() -> Self {
        let mut flow = Flow::with_prototypes(lookup);
        flow.set_cwd(b"/home");
        let ordinals = std::collections::HashMap::new();
        let recap = Recap::with_prototypes(b"/home", lookup);
        let begun = std::collections::HashMap::new();
        let mut story = Self { flow, seen: Seen::default(), recap, time: 0, ordinals, begun };
        story.start(1, [100, 100, 1, 0, 0], Origin::Root);
        story
    }

    pub(super) fn feed(&mut self, batch: &Batch) {
        let Ok(()) = self.flow.batch(batch, &mut self.seen);
        self.recap.take(batch);
    }

    pub(super) fn start(&mut self, task: u32, words: [u64; 5], origin: Origin) {
        let [tid, pid, process, maker, ordinal] = words;
        let words = [tid, pid, process, maker, ordinal, u64::from(origin.code())];
        self.happens(Kind::Start, task, words);
    }

    /// A task forks another one, whose pid is 100 more than its number.
    pub(super) fn forks(&mut self, parent: u32, child: u32) {
        let made = self.next(parent);
        let pid = u64::from(100 + child);
        self.start(child, [pid, pid, u64::from(child), u64::from(parent), made], Origin::Fork);
        self.ends(parent, made, fork, &[], Some(pid as i64), |_| {}, &[]);
    }

    /// What is not a call.
    pub(super) fn happens(&mut self, kind: Kind, task: u32, words: [u64; 6]) {
        self.happens_with(kind, task, words, &[]);
    }

    pub(super) fn happens_with(&mut self, kind: Kind, task: u32, words: [u64; 6], facts: &[Fact]) {
        let (time, ordinal) = (self.tick(), self.next(task));
        let mut batch = Batch::new();
        let mut record = batch.record(kind, TaskId(task), ordinal);
        record.at(time).words(words);
        record.finish();
        for fact in facts {
            batch.push_fact(fact.clone());
        }
        self.feed(&batch);
    }

    /// A task gets a signal.
    pub(super) fn is_delivered(&mut self, task: u32, ordinal: u64, signal: u64, info: &[u8]) {
        let mut batch = Batch::new();
        let mut record = batch.record(Kind::Signal, TaskId(task), ordinal);
        record.at(self.tick()).words([signal, 0, 0, 0, 0, 0]);
        record.piece(0, Role::Struct, Phase::Entry, Read::Whole, info);
        record.finish();
        self.feed(&batch);
    }

    /// A call that returned; `memory` adds what it pointed to.
    pub(super) fn call(&mut self, task: u32, nr: u64, args: &[u64], result: i64) -> u64 {
        self.call_with(task, nr, args, result, |_| {})
    }

    pub(super) fn call_with(
        &mut self,
        task: u32,
        nr: u64,
        args: &[u64],
        result: i64,
        memory: impl FnOnce(&mut RecordBuilder<'_>),
    ) -> u64 {
        let ordinal = self.next(task);
        self.ends(task, ordinal, nr, args, Some(result), memory, &[]);
        ordinal
    }

    /// A call of that ordinal, ended or (without a result) begun, with facts.
    #[expect(clippy::too_many_arguments, reason = "a record has that many parts")]
    pub(super) fn ends(
        &mut self,
        task: u32,
        ordinal: u64,
        nr: u64,
        args: &[u64],
        result: Option<i64>,
        memory: impl FnOnce(&mut RecordBuilder<'_>),
        facts: &[Fact],
    ) {
        let mut batch = Batch::new();
        self.adds(&mut batch, (task, ordinal), nr, args, result, memory);
        for fact in facts {
            batch.push_fact(fact.clone());
        }
        self.feed(&batch);
    }

    /// Such a call as one of several of a slice of time.
    pub(super) fn adds(
        &mut self,
        batch: &mut Batch,
        (task, ordinal): (u32, u64),
        nr: u64,
        args: &[u64],
        result: Option<i64>,
        memory: impl FnOnce(&mut RecordBuilder<'_>),
    ) {
        let mut words = [0; 6];
        words[..args.len()].copy_from_slice(args);
        let now = self.tick();
        let start = *self.begun.entry((task, ordinal)).or_insert(now);
        let mut record = batch.record(Kind::Call, TaskId(task), ordinal);
        record.start(start).words(words).call(Call { abi: Abi::X86_64, nr });
        if let Some(result) = result {
            record.returned(self.time + 1, result, result < 0);
        }
        memory(&mut record);
        record.finish();
    }

    /// The time of the last record.
    pub(super) fn now(&self) -> u64 {
        self.time
    }

    /// The end of a call that was entered at `start`.
    pub(super) fn ends_since(
        &mut self,
        start: u64,
        task: u32,
        ordinal: u64,
        nr: u64,
        args: &[u64],
        result: i64,
    ) {
        let mut words = [0; 6];
        words[..args.len()].copy_from_slice(args);
        let end = self.tick();
        let mut batch = Batch::new();
        let mut record = batch.record(Kind::Call, TaskId(task), ordinal);
        record.start(start).words(words).call(Call { abi: Abi::X86_64, nr });
        record.returned(end, result, result < 0);
        record.finish();
        self.feed(&batch);
    }

    pub(super) fn open(&mut self, task: u32, path: &[u8], flags: u64, fd: i64) -> u64 {
        self.open_at(task, CWD, path, flags, fd)
    }

    pub(super) fn open_at(&mut self, task: u32, at: u64, path: &[u8], flags: u64, fd: i64) -> u64 {
        self.call_with(task, openat, &[at, 8, flags], fd, |record| {
            whole(record, 1, Role::Path, path);
        })
    }

    pub(super) fn two_paths(&mut self, task: u32, nr: u64, paths: [&[u8]; 2]) -> u64 {
        self.call_with(task, nr, &[8, 9], 0, |record| {
            whole(record, 0, Role::Path, paths[0]);
            whole(record, 1, Role::Path, paths[1]);
        })
    }

    pub(super) fn at_path(&mut self, task: u32, nr: u64, path: &[u8]) -> u64 {
        self.call_with(task, nr, &[8], 0, |record| whole(record, 0, Role::Path, path))
    }

    pub(super) fn next(&mut self, task: u32) -> u64 {
        let next = self.ordinals.entry(task).or_default();
        *next += 1;
        *next - 1
    }

    fn tick(&mut self) -> u64 {
        self.time += 2;
        self.time
    }

    /// The run is over: what it came to.
    pub(super) fn graph(mut self) -> Graph {
        let Ok(()) = self.flow.finish(&mut self.seen);
        self.seen.1.finish(self.flow.state())
    }

    /// What comes has another revision.
    pub(super) fn next_revision(&mut self) {
        self.seen.1.next_revision(self.flow.state());
    }

    /// `fd=name` for all that is open.
    pub(super) fn table(&self, task: u32) -> String {
        let state = self.flow.state();
        let Some(table) = state.descriptors(TaskId(task)) else { return "gone".into() };
        let mut open: Vec<_> = table.iter().collect();
        open.sort_unstable_by_key(|(fd, _)| *fd);
        let shown = open.iter().map(|(fd, descriptor)| {
            let name = String::from_utf8_lossy(state.name_of(descriptor.resource));
            format!("{fd}{}{name}", if descriptor.cloexec { "!" } else { "=" })
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn cwd(&self, task: u32) -> String {
        let state = self.flow.state();
        let cwd = state.cwd(TaskId(task)).map(|cwd| state.name_of(cwd));
        String::from_utf8_lossy(cwd.unwrap_or_default()).into_owned()
    }
}

/// A piece that could be read, of entry or exit by its role's habit.
pub(super) fn whole(record: &mut RecordBuilder<'_>, arg: u8, role: Role, bytes: &[u8]) {
    let phase = if role == Role::Struct { Phase::Exit } else { Phase::Entry };
    record.piece(arg, role, phase, Read::Whole, bytes);
}

/// A fact of an event.
pub(super) fn fact(kind: FactKind, task: u32, ordinal: u64, fields: &[(FactKey, Value)]) -> Fact {
    Fact { kind, task: TaskId(task), ordinal, time: 0, fields: fields.to_vec() }
}
