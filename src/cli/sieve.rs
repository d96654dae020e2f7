//! Which calls are recorded, and who leaves the others out: rtrace, or the kernel.

use super::recording::tell;
use super::selection::Calls;
use rtrace::abi::{Filter, Profile};
use rtrace::sys::seccomp;

/// Which calls to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Sieve {
    #[command(flatten)]
    calls: Calls,

    /// Only the calls that a batchflow is made of: files by name, processes, the lives of
    /// descriptors, network, IPC; bytes that are read and written are then not known.
    #[arg(long, value_name = "NAME", value_enum, conflicts_with = "selection")]
    profile: Option<Named>,

    /// Who leaves the other calls out: rtrace, at whose calls everything stops; or the
    /// kernel, by a seccomp filter, so that they run at full speed. What such a filter is in
    /// cannot be let go of: it is killed when rtrace ends.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = How::Ptrace)]
    filter: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Named {
    Batch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum How {
    Ptrace,
    Seccomp,
}

impl Sieve {
    fn profile(&self) -> Option<Profile> {
        self.profile.map(|Named::Batch| Profile::Batch)
    }

    /// The calls.
    pub(super) fn filter(&self) -> Filter {
        let selected = self.calls.selection.as_ref().map(|selection| selection.filter.clone());
        let profiled = || Filter::parse(self.profile()?.set()).ok();
        selected.or_else(profiled).unwrap_or_else(Filter::all)
    }

    /// Their text, where they are not all.
    pub(super) fn set(&self) -> Option<String> {
        let selected = self.calls.selection.as_ref().map(|selection| selection.text.clone());
        selected.or_else(|| Some(self.profile()?.set().to_owned()))
    }

    /// Whether the kernel is to leave the others out.
    pub(super) fn is_by_seccomp(&self) -> bool {
        self.filter == How::Seccomp
    }

    /// What is wrong with that for a command, which is followed to its end or not, and whose
    /// rest is killed or not.
    pub(super) fn refusal(&self, ends_with_root: bool, kills: bool) -> Option<&'static str> {
        if !self.is_by_seccomp() {
            None
        } else if self.set().is_none() {
            Some(
                "--filter seccomp needs the calls that are to be recorded: give -e trace=SET or \
                 --profile batch",
            )
        } else if ends_with_root && !kills {
            Some(
                "--filter seccomp and --until root: what is left cannot be let go of, since a \
                 filter stays; give --until last, or --kill-on-exit",
            )
        } else {
            None
        }
    }

    /// Whether the command gets a filter, and says what that changes.
    pub(super) fn install(&self, is_quiet: bool) -> bool {
        if !self.is_by_seccomp() {
            return false;
        }
        if seccomp::is_filtered() {
            tell!(
                "rtrace: --filter seccomp: rtrace is filtered itself, and calls that its filter \
                 refuses would be lost; tracing as without it"
            );
            return false;
        }
        if !is_quiet {
            tell!(
                "rtrace: --filter seccomp: what is traced is killed when rtrace ends, or is asked \
                 to let go: without it the filtered calls would fail with ENOSYS"
            );
            if !seccomp::is_privileged().unwrap_or(false) {
                tell!(
                    "rtrace: --filter seccomp: without CAP_SYS_ADMIN it needs no_new_privs: \
                     programs that are setuid, setgid or have capabilities run without them, and \
                     sudo(8) refuses to run"
                );
            }
        }
        true
    }
}
