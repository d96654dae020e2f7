//! What `/proc` says of tasks (`proc_pid_status(5)`, `proc_pid_stat(5)`).

use std::fs;

/// Whether a task can show a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It runs, sleeps or stands.
    Awake,
    /// It sleeps where only its death wakes it: for its vfork child, for a disk.
    Asleep,
    /// It has ended and is waited for.
    Dead,
    /// There is no such task.
    Gone,
}

/// The thread group of a task.
pub(super) fn thread_group(tid: i32) -> Option<i32> {
    status_field(tid, "Tgid:")?.trim().parse().ok()
}

/// Who traces a task.
pub(super) fn tracer(tid: i32) -> Option<i32> {
    status_field(tid, "TracerPid:")?.trim().parse().ok().filter(|pid| *pid != 0)
}

/// A task's ids in the PID namespaces that it is in, ours first, its own last.
pub(super) fn namespace_ids(tid: i32) -> Vec<i32> {
    let ids = status_field(tid, "NSpid:").unwrap_or_default();
    ids.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

/// The threads of a process, in the order of their ids, the leader first.
pub(super) fn threads(pid: i32) -> Option<Vec<i32>> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut threads: Vec<i32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    threads.sort_unstable_by_key(|tid| (*tid != pid, *tid));
    Some(threads)
}

/// Whether a task can show a stop.
pub(super) fn life(tid: i32) -> Life {
    match stat_fields(tid).as_deref().and_then(|fields| fields.split(' ').next()) {
        None => Life::Gone,
        Some("D") => Life::Asleep,
        Some("Z" | "X" | "x") => Life::Dead,
        Some(_) => Life::Awake,
    }
}

/// Where a process comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kin {
    pub(super) parent: i32,
    pub(super) session: i32,
    /// When it was made, in ticks since the boot.
    pub(super) started: u64,
}

/// Where a process comes from.
pub(super) fn kin(pid: i32) -> Option<Kin> {
    let fields = stat_fields(pid)?;
    let field = |n: usize| fields.split(' ').nth(n - 3); // as proc_pid_stat(5) counts them
    Some(Kin {
        parent: field(4)?.parse().ok()?,
        session: field(6)?.parse().ok()?,
        started: field(22)?.parse().ok()?,
    })
}

/// Whether it is one of the kernel's own (`PF_KTHREAD` of linux/sched.h).
pub(super) fn is_kernel_thread(pid: i32) -> bool {
    const PF_KTHREAD: u64 = 0x20_0000;
    let fields = stat_fields(pid).unwrap_or_default();
    let flags = fields.split(' ').nth(6).and_then(|flags| flags.parse::<u64>().ok());
    flags.is_some_and(|flags| flags & PF_KTHREAD != 0)
}

/// The fields of `stat` from the third on: the name before them may be anything.
fn stat_fields(tid: i32) -> Option<String> {
    let stat = fs::read(format!("/proc/{tid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

/// As whom a task acts, by the tracer's own numbers.
pub(super) fn effective_user(tid: i32) -> Option<u32> {
    // Real, effective, saved and file system user.
    status_field(tid, "Uid:")?.split_whitespace().nth(1)?.parse().ok()
}

fn status_field(tid: i32, name: &str) -> Option<String> {
    let status = fs::read(format!("/proc/{tid}/status")).ok()?;
    let status = String::from_utf8_lossy(&status);
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
}
