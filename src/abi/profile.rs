//! Sets of calls that have a name of their own.

/// A set of calls for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// What a batchflow is made of: files by their names, processes, the lives of
    /// descriptors, network, IPC. Not the calls that read, write, list, map or wait, which
    /// are most of all; nor what only looks at a descriptor.
    Batch,
}

/// [`Profile::Batch`]: what `%file`, `%process`, `%network` and `%ipc` lack.
const BATCH: &str = "%file,%process,%network,%ipc,\
    mq_open,mq_unlink,mq_timedsend,mq_timedreceive,mq_timedsend_time64,mq_timedreceive_time64,\
    close,close_range,dup,dup2,dup3,fcntl,fcntl64,pipe,pipe2,pidfd_getfd,\
    open_by_handle_at,memfd_create,memfd_secret,eventfd,eventfd2,signalfd,signalfd4,\
    timerfd_create,epoll_create,epoll_create1,inotify_init,inotify_init1,fanotify_init,\
    fsopen,fsmount,userfaultfd,io_uring_setup,pidfd_open,landlock_create_ruleset,\
    perf_event_open,copy_file_range,splice,tee,vmsplice,\
    ftruncate,ftruncate64,fallocate,fchmod,fchown,fchown32,fsetxattr,fremovexattr,\
    fchdir,flock,unshare,setns,\
    setuid,setuid32,setgid,setgid32,setreuid,setreuid32,setregid,setregid32,\
    setresuid,setresuid32,setresgid,setresgid32,setfsuid,setfsuid32,setfsgid,setfsgid32,\
    setgroups,setgroups32,capset";

impl Profile {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Batch];

    /// Its name on the command line and in a log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
        }
    }

    /// The set, as [`Filter::parse`](super::Filter::parse) reads it.
    pub const fn set(self) -> &'static str {
        match self {
            Self::Batch => BATCH,
        }
    }

    /// The profile whose set that is.
    pub fn of_set(set: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.set() == set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{self, Abi, Filter, Verb};

    #[test]
    fn a_batch_has_what_makes_and_ends_and_not_what_moves_bytes_or_waits() {
        use Verb::{Controls, Lists, Looks, Maps, None, Reads, Sleeps, Writes};
        let filter = Filter::parse(Profile::Batch.set()).expect("a set");
        for abi in [Abi::X86_64, Abi::I386, Abi::Aarch64] {
            for (nr, prototype) in abi::calls(abi) {
                let name = prototype.name;
                let is_queue = name.starts_with("mq_timed") || name == "vmsplice";
                let expected = match prototype.effect.verb {
                    Reads | Writes => is_queue,
                    Maps | Lists => false,
                    // By their classes, or the commands that they take.
                    None | Looks | Controls | Sleeps => continue,
                    _ => true,
                };
                assert_eq!(filter.allows(abi, nr), expected, "{name} of {abi:?}");
            }
        }
        for name in ["lseek", "fstat", "brk", "mprotect", "futex", "poll", "getpid"] {
            let nr = abi::number(Abi::X86_64, name).expect("a call");
            assert!(!filter.allows(Abi::X86_64, nr), "{name}");
        }
    }

    #[test]
    fn a_profile_is_known_by_its_set() {
        assert_eq!(Profile::of_set(BATCH), Some(Profile::Batch));
        assert_eq!(Profile::of_set("%file"), None);
    }
}
