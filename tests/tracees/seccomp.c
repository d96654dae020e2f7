/* Seccomp filters of the tracee's own. Each mode in a child: strict, errno,
 * trace, trap, kill_thread, kill_process, log, stacked, tsync. */
#include "account.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

static void filter(unsigned nr, unsigned action, unsigned flags)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog all = {4, program};
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &all));
}

static volatile int trapped;

static void on_sys(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	trapped = info->si_syscall;
}

static void *waiter(void *ends)
{
	char byte;
	raw3(SYS_read, *(int *)ends, &byte, 1);
	TELL(getpgid, 0x777); /* filtered by the leader's TSYNC */
	return NULL;
}

static void tsync(void)
{
	int ends[2];
	pthread_t thread;
	MUST(pipe(ends));
	pthread_create(&thread, NULL, waiter, ends);
	filter(SYS_getpgid, SECCOMP_RET_ERRNO | 71, SECCOMP_FILTER_FLAG_TSYNC);
	MUST(write(ends[1], "", 1));
	pthread_join(thread, NULL);
}

static void in_child(const char *mode)
{
	struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
	if (strcmp(mode, "strict") == 0) {
		MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
		raw3(SYS_write, 1, "strict is alive\n", 16);
		raw1(SYS_exit, 61); /* exit_group would kill */
	} else if (strcmp(mode, "strict_dies") == 0) {
		MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
		raw0(SYS_getpid);
	} else if (strcmp(mode, "errno") == 0) {
		filter(SYS_getpgid, SECCOMP_RET_ERRNO | 70, 0);
		TELL(getpgid, 0x777);
		TELL_OPENAT("/nonexistent/after-filter", O_RDONLY, 0);
		pid_t child = fork(); /* inherits it */
		if (child == 0) {
			TELL(getpgid, 0x778);
			_exit(3);
		}
		reap(child);
	} else if (strcmp(mode, "trace") == 0) {
		/* There is no tracer that asked for it: ENOSYS. */
		filter(SYS_getpgid, SECCOMP_RET_TRACE | 5, 0);
		TELL(getpgid, 0x777);
	} else if (strcmp(mode, "trap") == 0) {
		sigaction(SIGSYS, &action, NULL);
		filter(SYS_getpgid, SECCOMP_RET_TRAP | 9, 0);
		raw1(SYS_getpgid, 0x777);
		account("signal tid=%d number=%d count=1", tid(), SIGSYS);
		_exit(trapped == SYS_getpgid ? 60 : 1);
	} else if (strcmp(mode, "kill_thread") == 0) {
		filter(SYS_getpgid, SECCOMP_RET_KILL_THREAD, 0);
		raw1(SYS_getpgid, 0x777);
	} else if (strcmp(mode, "kill_process") == 0) {
		filter(SYS_getpgid, SECCOMP_RET_KILL_PROCESS, 0);
		raw1(SYS_getpgid, 0x777);
	} else if (strcmp(mode, "log") == 0) {
		filter(SYS_getpgid, SECCOMP_RET_LOG, 0);
		TELL(getpgid, 0x777);
	} else if (strcmp(mode, "stacked") == 0) {
		filter(SYS_getpgid, SECCOMP_RET_TRACE | 5, 0);
		filter(SYS_getpgid, SECCOMP_RET_ERRNO | 72, 0);
		TELL(getpgid, 0x777);
	} else if (strcmp(mode, "tsync") == 0) {
		tsync();
	} else {
		_exit(97);
	}
	_exit(60);
}

int main(void)
{
	static const char *modes[] = {"strict", "strict_dies", "errno",	  "trace",   "trap",
				      "kill_thread", "kill_process", "log", "stacked", "tsync"};
	for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
		pid_t child = fork();
		if (child == 0)
			in_child(modes[i]);
		told_task(child, "fork");
		account("mode %s %d", modes[i], reap(child));
	}
	return 0;
}
