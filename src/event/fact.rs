//! What only the living system can tell, beside the events.
//!
//! A fact is a kind, the event it belongs to, its own time, and named fields.
//! Fields are numbers, bytes (paths are never lossy text) or lists of them, so
//! that a new field or kind never breaks an old reader.

use super::kind::coded;
use super::record::TaskId;

/// A fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is about.
    pub kind: FactKind,
    /// The task it was learnt from.
    pub task: TaskId,
    /// The event of the task that led to it.
    pub ordinal: u64,
    /// When it was looked up: nanoseconds since the run's start.
    pub time: u64,
    /// What was learnt; the keys are documented at [`FactKind`].
    pub fields: Vec<(FactKey, Value)>,
}

impl Fact {
    /// Bytes that it takes in memory, about.
    pub(super) fn weight(&self) -> usize {
        let heap = |value: &Value| match value {
            Value::Number(_) => 0,
            Value::Bytes(bytes) => bytes.len(),
            Value::List(list) => list.iter().map(|item| item.len() + size_of::<Vec<u8>>()).sum(),
        };
        let fields = self.fields.iter();
        let field = size_of::<(FactKey, Value)>();
        size_of::<Self>() + fields.map(|(_, value)| heap(value) + field).sum::<usize>()
    }

    /// The value of that key.
    pub fn get(&self, key: FactKey) -> Option<&Value> {
        self.fields.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// The number under that key.
    pub fn number(&self, key: FactKey) -> Option<i64> {
        match self.get(key) {
            Some(Value::Number(n)) => Some(*n),
            _ => None,
        }
    }

    /// The bytes under that key.
    pub fn bytes(&self, key: FactKey) -> Option<&[u8]> {
        match self.get(key) {
            Some(Value::Bytes(b)) => Some(b),
            _ => None,
        }
    }

    /// The list of bytes under that key.
    pub fn list(&self, key: FactKey) -> Option<&[Vec<u8>]> {
        match self.get(key) {
            Some(Value::List(l)) => Some(l),
            _ => None,
        }
    }
}

/// The value of a fact's field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(i64),
    /// Bytes: a path, a name.
    Bytes(Vec<u8>),
    /// Several of them: argv, addresses.
    List(Vec<Vec<u8>>),
}

coded! {
    /// What a fact is about, and which [`FactKey`]s it has.
    FactKind {
        /// A process as it was when the recording of it began: `Pid`, `Tid`, `Path` (its
        /// executable), `Argv`, `Cwd`, `Root`, `Uid`, `Gid`, `Groups`, `Umask`,
        /// `Namespaces` (list of `name:[inode]`), `Ppid`, `Pgid`, `Sid`.
        Process = 0, "process";
        /// A descriptor that was open then: `Fd`, `Path` (as `/proc` names it),
        /// `Flags`, `Offset`, and for files what [`FactKind::File`] has, for
        /// sockets what [`FactKind::Socket`] has.
        Descriptor = 1, "descriptor";
        /// An executable, at the exec that started it: `Path`, `Device`, `Inode`,
        /// `Mode`, `Size`, `Modified`, `Changed`, `Born`; `Pid` and `Uid` of the process; `Cwd`; `Loader` and
        /// `BuildId`, as its ELF headers have them; of a script `Script` and
        /// `Interpreters`: then all else is the last interpreter's. Where the exec call
        /// is not recorded, the fact belongs to the exec record instead, and has `Argv`.
        Executable = 2, "executable";
        /// A file, when it was first opened by that name: `Fd`, `Path` (real),
        /// `Device`, `Inode`, `Mode`, `Size`, `Modified`, `Changed`, `Born`. A pipe, when it was made:
        /// `Fd` of its reading end, `Path` (`pipe:[77]`), `Inode`.
        File = 3, "file";
        /// A socket, when it was made: `Fd`, `Inode`; when it was bound, connected or
        /// accepted, or listens, also `Family`, `Type`, `Protocol`, `Local`, `Remote`
        /// (socket addresses, as the kernel writes them).
        Socket = 4, "socket";
        /// Something that rtrace could not see: `Text` says why, `Pid` whose, and `Count`
        /// how many of them, where that is known.
        BlindSpot = 5, "blind spot";
        /// A line of `/proc/self/mountinfo`: `Text`.
        Mount = 6, "mount";
        /// A task's ids in its own PID namespace: `Tid`, `NsPid`.
        Ids = 7, "ids";
        /// A file after it was written, just before the descriptor `Fd` that wrote it
        /// is closed or its process ends: what [`FactKind::File`] has.
        Written = 8, "written";
        /// What was in a regular file when it was opened, executed, or had been written:
        /// `Path`, `Device`, `Inode`, `Mode`, `Size`, `Modified` and `Changed` as
        /// they were then; `Hash`, `Part`, `Stale`; or `Text`, why it has none. Once for
        /// each state of a file that is not empty.
        Content = 9, "content";
        /// A file in the memory of a process that was attached to: `Path`, `Inode`.
        Mapping = 10, "mapping";
        /// What a process had read and written in all when it ended, over all its programs,
        /// by the kernel's account (proc_pid_io(5)): `Rchar`, `Wchar`, `Syscr`, `Syscw`,
        /// `ReadBytes`, `WriteBytes`. It belongs to the end of the process. Only where a
        /// seccomp filter left calls out.
        Account = 11, "account";
        /// Where a task stands when a log begins in the midst of its life: `Cwd`,
        /// `Root`, absolute, and `Uid`, as far as they are known; `Namespaces` (the word
        /// `user`) where users have other numbers for it than for the tracer; where it runs a program that
        /// another process has begun, the exec: `ExecTask`, `ExecOrdinal`. What is open
        /// in it then is told by [`FactKind::Descriptor`].
        Standing = 16, "standing";
    }
}

coded! {
    /// The name of a fact's field.
    FactKey {
        /// Thread-group id, as the tracer sees it.
        Pid = 0, "pid";
        /// Thread id, as the tracer sees it.
        Tid = 1, "tid";
        /// A path, as bytes.
        Path = 2, "path";
        /// argv: a list.
        Argv = 3, "argv";
        /// Working directory.
        Cwd = 4, "cwd";
        /// Root directory.
        Root = 5, "root";
        /// Effective user id.
        Uid = 6, "uid";
        /// Effective group id.
        Gid = 7, "gid";
        /// Supplementary groups: a list of decimal numbers.
        Groups = 8, "groups";
        /// File mode creation mask.
        Umask = 9, "umask";
        /// Namespaces: a list of `name:[inode]`.
        Namespaces = 10, "namespaces";
        /// Parent's thread-group id.
        Ppid = 11, "ppid";
        /// Process group.
        Pgid = 12, "pgid";
        /// Session.
        Sid = 13, "sid";
        /// A file descriptor.
        Fd = 14, "fd";
        /// `O_*` flags (FD_CLOEXEC as O_CLOEXEC).
        Flags = 15, "flags";
        /// File offset.
        Offset = 16, "offset";
        /// Device number (`st_dev`; for a device file see `Special`).
        Device = 17, "device";
        /// Inode number.
        Inode = 18, "inode";
        /// Type and permission bits.
        Mode = 19, "mode";
        /// Size in bytes.
        Size = 20, "size";
        /// Last modification, nanoseconds since 1970.
        Modified = 21, "modified";
        /// Address family.
        Family = 22, "family";
        /// Socket type.
        Type = 23, "type";
        /// Protocol.
        Protocol = 24, "protocol";
        /// Own address: a `struct sockaddr`.
        Local = 25, "local";
        /// Peer's address: a `struct sockaddr`.
        Remote = 26, "remote";
        /// Text for people.
        Text = 27, "text";
        /// Id in the task's own PID namespace.
        NsPid = 28, "nspid";
        /// Device number of a device file (`st_rdev`).
        Special = 29, "special";
        /// Last change of the inode, nanoseconds since 1970 (`st_ctime`).
        Changed = 30, "changed";
        /// The dynamic loader's path (`PT_INTERP` of an ELF file).
        Loader = 31, "loader";
        /// The GNU build-id of an ELF file.
        BuildId = 32, "build_id";
        /// The words that the kernel put before a script's path: interpreter and
        /// argument of each `#!` line, the last line first.
        Interpreters = 33, "interpreters";
        /// The path of a script, as it was executed.
        Script = 34, "script";
        /// BLAKE3 hash, 32 bytes.
        Hash = 35, "hash";
        /// The hash is of so many bytes at the beginning, and then as many at the end.
        Part = 36, "part";
        /// 1: the file changed before its content had been read.
        Stale = 37, "stale";
        /// How many.
        Count = 39, "count";
        /// The task that made an exec.
        ExecTask = 40, "exec_task";
        /// The exec's place in that task's life.
        ExecOrdinal = 41, "exec_ordinal";
        /// Birth of a file, nanoseconds since 1970, where its file system keeps it.
        Born = 42, "born";
        /// Bytes that read(2) and its like gave: not recv(2), not mapped memory.
        Rchar = 43, "rchar";
        /// Bytes that write(2) and its like took: not send(2), not mapped memory.
        Wchar = 44, "wchar";
        /// Calls of the first kind.
        Syscr = 45, "syscr";
        /// Calls of the second kind.
        Syscw = 46, "syscw";
        /// Bytes that had to be fetched from storage.
        ReadBytes = 47, "read_bytes";
        /// Bytes that were to be sent to storage.
        WriteBytes = 48, "write_bytes";
    }
}
