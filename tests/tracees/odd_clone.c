/* clone and clone3 with flags that no libc uses together. */
#include "account.h"
#include <linux/sched.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

static char stack[8][65536] __attribute__((aligned(16)));

static int leave(void *code)
{
	raw1(SYS_getpgid, 0x3000 + (long)code);
	raw1(SYS_exit, (long)code);
	return 0;
}

static void by_clone(long i, unsigned long flags, const char *origin)
{
	pid_t child;
	if (flags & CLONE_VM)
		child = clone(leave, stack[i] + sizeof stack[i], flags, (void *)i);
	else if ((child = raw6(SYS_clone, flags, 0, 0, 0, 0, 0)) == 0)
		leave((void *)i);
	if (child < 0)
		die("clone");
	told_task(child, origin);
	reap(child);
}

static void by_clone3(long i, unsigned long flags, int signal, const char *origin)
{
	int pidfd = -1;
	struct clone_args args = {.flags = flags, .exit_signal = signal, .pidfd = (uintptr_t)&pidfd};
	long child = raw2(SYS_clone3, &args, sizeof args);
	if (child == 0)
		leave((void *)i);
	if (child < 0)
		die("clone3");
	told_task(child, origin);
	reap(child);
}

int main(void)
{
	signal(SIGUSR1, SIG_IGN);
	by_clone(0, SIGCHLD, "fork");
	by_clone(1, CLONE_FILES | CLONE_FS | SIGCHLD, "fork");
	by_clone(2, CLONE_VM | SIGCHLD, "fork");
	by_clone(3, CLONE_VM | CLONE_VFORK | SIGCHLD, "vfork");
	by_clone(4, CLONE_VFORK | SIGCHLD, "vfork");
	by_clone(5, CLONE_VM | CLONE_SIGHAND | CLONE_FILES | SIGCHLD, "fork");
	by_clone(6, 0, "clone");        /* no exit signal */
	by_clone(7, SIGUSR1, "clone");  /* another one */
	by_clone3(10, 0, SIGCHLD, "fork");
	by_clone3(11, CLONE_PIDFD, SIGCHLD, "fork");
	by_clone3(12, 0, 0, "clone");
	by_clone3(13, CLONE_NEWUTS | CLONE_CLEAR_SIGHAND, SIGCHLD, "fork");
	/* Its parent is ours: we cannot wait for it, our parent must. */
	int ends[2];
	MUST(pipe(ends));
	pid_t sibling;
	pid_t outer = fork();
	if (outer == 0) {
		sibling = raw6(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0, 0);
		if (sibling == 0) {
			raw1(SYS_getpgid, 0x4000);
			raw1(SYS_exit, 24);
		}
		told_task(sibling, "clone");
		MUST(write(ends[1], &sibling, sizeof sibling));
		_exit(25);
	}
	told_task(outer, "fork");
	MUST(read(ends[0], &sibling, sizeof sibling));
	reap(sibling);
	reap(outer);
	/* The tracer's events are off for this child; it is traced by nobody. */
	pid_t unseen = raw6(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0, 0);
	if (unseen == 0) {
		raw1(SYS_getpgid, 0x5000);
		raw1(SYS_exit, 26);
	}
	account("untraced tid=%d", unseen);
	int status;
	MUST(waitpid(unseen, &status, __WALL));
	return WIFEXITED(status) && WEXITSTATUS(status) == 26 ? 0 : 1;
}
