// System calls whose text does not follow from their types alone, so that two
// tracers' texts of them can be compared: what an argument means depends on
// another one, or the result has a name.
#define _GNU_SOURCE
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <unistd.h>

static char buffer[4096];

static void futexes(void) {
  int word = 1;
  struct timespec soon = {0, 1000};
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 1, &soon, 0, -1);
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 2, 0, 0, 5);
  syscall(SYS_futex, &word, FUTEX_WAKE_BITSET, 1, 0, 0, -1);
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, &soon);
  syscall(SYS_futex, &word, FUTEX_WAKE, 1);
  syscall(SYS_futex, &word, FUTEX_REQUEUE_PRIVATE, 1, 2, &word);
  syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 2, &word, 7);
  syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, 2, &word, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_GT, 4));
  syscall(SYS_futex, &word, FUTEX_UNLOCK_PI);
  syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE_PI, 1, 2, &word, 7);
  syscall(SYS_futex, &word, FUTEX_WAIT_REQUEUE_PI, 1, &soon, &word);
}

static void process(void) {
  personality(0xffffffff);
  personality(ADDR_NO_RANDOMIZE);
  personality(0xffffffff);
  personality(PER_LINUX32 | ADDR_NO_RANDOMIZE);
  personality(0);
  syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
  prctl(PR_GET_DUMPABLE);
  prctl(PR_SET_DUMPABLE, 1);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_GET_DUMPABLE);
  prctl(PR_SET_DUMPABLE, 1);
  prctl(PR_GET_KEEPCAPS);
  prctl(PR_SET_KEEPCAPS, 0);
  prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_GET_SECCOMP);
  prctl(PR_GET_SECUREBITS);
  prctl(PR_GET_TIMERSLACK);
  prctl(PR_SET_TIMERSLACK, 50000);
  prctl(PR_GET_TIMING);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_GET_CHILD_SUBREAPER, buffer);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_GET_PDEATHSIG, buffer);
  prctl(PR_CAPBSET_READ, CAP_KILL);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  prctl(PR_GET_TSC, buffer);
  prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
  prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0);
  prctl(PR_MCE_KILL_GET, 0, 0, 0, 0);
  prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0, 4096, "name");
  prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);
  prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0);
  prctl(PR_SET_NAME, "a name of more than fifteen bytes");
  prctl(9999, 1, 2, 3, 4);
  struct __user_cap_header_struct header = {0, 0};
  struct __user_cap_data_struct data[2];
  syscall(SYS_capget, &header, 0);
  header.version = _LINUX_CAPABILITY_VERSION_3;
  syscall(SYS_capget, &header, data);
  data[0].effective &= ~1, data[0].inheritable = 2;
  syscall(SYS_capset, &header, data);
  header.version = _LINUX_CAPABILITY_VERSION_1;
  syscall(SYS_capget, &header, data);
  struct tms spent;
  times(&spent);
  syscall(SYS_rseq, (void *)8, 5, 3, 7);
}

static void keys(void) {
  syscall(SYS_add_key, "user", "name", "secret", 6, KEY_SPEC_PROCESS_KEYRING);
  syscall(SYS_request_key, "user", "other", 0, KEY_SPEC_PROCESS_KEYRING);
  syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
  syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, buffer, 100);
  syscall(SYS_keyctl, KEYCTL_REVOKE, 1);
  syscall(SYS_keyctl, KEYCTL_READ, 2, buffer, 10);
  syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
  syscall(SYS_keyctl, KEYCTL_SETPERM, 3, 0x3f3f0000);
  syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, 3, 10);
  syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "name", 0);
  syscall(SYS_keyctl, KEYCTL_CHOWN, 3, 0, -1);
}

int main(void) {
  futexes();
  process();
  keys();
  return 0;
}
