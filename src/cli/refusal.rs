//! What to do when a process must not be traced.

use rtrace::record;
use rtrace::tracer::{self, Refusal};
use std::fs;
use std::io;

/// Where Yama says who may trace whom (ptrace(2), "/proc/sys/kernel/yama/ptrace_scope").
const SCOPE: &str = "/proc/sys/kernel/yama/ptrace_scope";
/// The name of a variable with another path in its place, for tests: not every
/// kernel has Yama.
const SCOPE_VARIABLE: &str = "RTRACE_PTRACE_SCOPE";

const ONE_ONLY: &str = "a process has one tracer only: end that one first";

/// The error with what to do about it, where it is a refusal to trace.
pub(super) fn explained(error: record::Error) -> anyhow::Error {
    let advice = match &error {
        record::Error::Tracer(tracer::Error::Seize { pid, source }) if is_refusal(source) => {
            match tracer_of(&pid.to_string()).or_else(|| tracer_of("self")) {
                // What rtrace starts is traced by whoever traces rtrace.
                Some(tracer) => format!("process {tracer} traces it already, and {ONE_ONLY}"),
                None => permission("run"),
            }
        }
        record::Error::Tracer(tracer::Error::Attach { refusal, .. }) => match refusal {
            Refusal::Forbidden(source) if is_refusal(source) => permission("attach"),
            Refusal::Traced { .. } => ONE_ONLY.to_owned(),
            Refusal::Thread(process) => format!("name that one: rtrace attach {process}"),
            Refusal::Gone => "pgrep -a NAME lists processes by their names".to_owned(),
            Refusal::Zombie => "there is nothing left of it to record".to_owned(),
            Refusal::Oneself | Refusal::Kernel | Refusal::Forbidden(_) => {
                return anyhow::Error::new(error);
            }
        },
        _ => return anyhow::Error::new(error),
    };
    let error = anyhow::Error::new(error);
    anyhow::anyhow!("{error:#}; {advice}")
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// Who traces a process, if somebody does.
fn tracer_of(process: &str) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"))?;
    tracer.trim().parse().ok().filter(|pid| *pid != 0)
}

/// What to change where the kernel says no.
fn permission(command: &str) -> String {
    let path = std::env::var_os(SCOPE_VARIABLE).unwrap_or_else(|| SCOPE.into());
    let scope = fs::read_to_string(path).unwrap_or_default();
    match (scope.trim(), command) {
        ("1", "attach") => {
            "kernel.yama.ptrace_scope is 1, by which one may trace only what one has started: \
             run rtrace as root, or `sysctl kernel.yama.ptrace_scope=0`, or start the program \
             by rtrace run"
        }
        ("2", _) => {
            "kernel.yama.ptrace_scope is 2, by which only root may trace: run rtrace as root, \
             or `sysctl kernel.yama.ptrace_scope=1`"
        }
        ("3", _) => "kernel.yama.ptrace_scope is 3: tracing is switched off until the next boot",
        (_, "attach") => {
            "one may trace one's own programs, unless they are setuid or undumpable, and root \
             all: run rtrace as root; in a container, allow CAP_SYS_PTRACE, and a seccomp \
             profile with ptrace"
        }
        _ => {
            "in a container, allow CAP_SYS_PTRACE and a seccomp profile with ptrace; \
             a setuid program needs root"
        }
    }
    .to_owned()
}
