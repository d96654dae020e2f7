// Kinds of system calls, as they are coloured and filtered.

const NAMES = {
  read: `read readv pread64 preadv preadv2 getdents getdents64 readdir mq_timedreceive
    mq_timedreceive_time64 msgrcv process_vm_readv`,
  write: `write writev pwrite64 pwritev pwritev2 truncate truncate64 ftruncate ftruncate64 fallocate
    copy_file_range splice tee vmsplice sendfile sendfile64 fsync fdatasync sync syncfs
    sync_file_range mq_timedsend mq_timedsend_time64 msgsnd process_vm_writev`,
  file: `open openat openat2 creat name_to_handle_at open_by_handle_at close close_range dup dup2 dup3 fcntl
    fcntl64 ioctl lseek _llseek flock fadvise64 readahead pipe pipe2 memfd_create stat stat64 lstat lstat64 fstat
    fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 access faccessat faccessat2
    readlink readlinkat chdir fchdir chroot getcwd umask link linkat symlink symlinkat unlink unlinkat
    mkdir mkdirat rmdir mknod mknodat rename renameat renameat2 chmod fchmod fchmodat fchmodat2 chown
    chown32 fchown fchown32 fchownat lchown lchown32 utime utimes utimensat utimensat_time64 futimesat
    getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr
    flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat inotify_init
    inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark mount umount umount2 mount_setattr
    move_mount open_tree fsopen fsmount fsconfig fspick pivot_root mq_open mq_unlink`,
  process: `clone clone3 fork vfork execve execveat exit exit_group kill tkill tgkill pidfd_open
    pidfd_getfd pidfd_send_signal prctl arch_prctl setpgid getpgid getpgrp setsid getsid getpid getppid
    gettid set_tid_address setuid setuid32 setgid setgid32 setreuid setregid setresuid setresgid
    setresuid32 setresgid32 setfsuid setfsgid setgroups getuid getuid32 getgid getgid32 geteuid
    geteuid32 getegid getegid32 getresuid getresgid getgroups capget capset prlimit64 setrlimit
    getrlimit ugetrlimit getrusage unshare setns seccomp ptrace personality sched_setaffinity
    sched_getaffinity sched_yield setpriority getpriority`,
  wait: `wait4 waitid waitpid poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 nanosleep clock_nanosleep
    clock_nanosleep_time64 futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue pause
    rt_sigsuspend sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 restart_syscall semop semtimedop
    semtimedop_time64 io_getevents io_pgetevents timerfd_create timerfd_settime timerfd_gettime eventfd
    eventfd2 alarm setitimer`,
  network: `socket socketpair bind connect listen accept accept4 getsockname getpeername getsockopt
    setsockopt shutdown send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
    socketcall`,
  memory: `brk mmap mmap2 mremap munmap mprotect pkey_mprotect madvise msync mlock mlock2 munlock
    mlockall munlockall mincore mbind set_mempolicy get_mempolicy shmget shmat shmdt shmctl memfd_secret
    membarrier mseal`,
};

/** The kinds, in the order in which they are listed. */
export const KINDS = [
  "read",
  "write",
  "file",
  "network",
  "process",
  "wait",
  "memory",
  "other",
  "signal",
  "life",
];

const KIND_OF = new Map(
  Object.entries(NAMES).flatMap(([kind, names]) => names.split(/\s+/).map((name) => [name, kind])),
);

/** The number in `KINDS` of an event of the document. */
export function kindOf(event) {
  if (event.event === "call") return KINDS.indexOf(KIND_OF.get(event.call) ?? "other");
  return KINDS.indexOf(
    event.event === "signal" || event.event === "stop" || event.event === "continue" ? "signal" : "life",
  );
}

// Calls in which a thread does nothing but wait for others.
const SLEEPS = new Set(
  `wait4 waitid waitpid poll ppoll ppoll_time64 select _newselect pselect6 epoll_wait
  epoll_pwait epoll_pwait2 nanosleep clock_nanosleep futex futex_wait futex_waitv pause rt_sigsuspend
  rt_sigtimedwait restart_syscall accept accept4`.split(/\s+/),
);

/** Whether the time of a call of that name is time of sleep. */
export const sleeps = (call) => SLEEPS.has(call);
