/* A stopped child stays stopped, its parent sees it, and a call that was
 * interrupted by the stop is restarted (restart_syscall for a poll with a
 * timeout). threads: the same with a process of several threads. */
#include "account.h"

static int data[2];

static void *second(void *arg)
{
	*(volatile pid_t *)arg = tid();
	for (;;)
		pause();
	return NULL;
}

static int child_main(int threads)
{
	static volatile pid_t id;
	pthread_t thread;
	if (threads) {
		pthread_create(&thread, NULL, second, (void *)&id);
		while (!id)
			sched_yield();
	}
	struct pollfd polled = {data[0], POLLIN, 0};
	long result = raw3(SYS_poll, &polled, 1, 100000000);
	return result == 1 ? 31 : 32;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 && strcmp(argv[1], "threads") == 0;
	int rounds = 3, status;
	MUST(pipe(data));
	pid_t child = fork();
	if (child == 0)
		_exit(child_main(threads));
	told_task(child, "fork");
	for (int i = 0; i < rounds; i++) {
		if (i == 0)
			until_waits_in(child, SYS_poll);
		else
			until_waits_in(child, SYS_restart_syscall);
		kill(child, SIGSTOP);
		MUST(waitpid(child, &status, WUNTRACED));
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
			die("the child should be stopped");
		/* A stopped task makes no calls: the data must not wake it. */
		until_state(child, "Tt");
		kill(child, SIGCONT);
		MUST(waitpid(child, &status, WCONTINUED));
		if (!WIFCONTINUED(status))
			die("the child should go on");
	}
	account("stop tid=%d signal=%d count=%d", child, SIGSTOP, rounds);
	/* Stopped, then killed. */
	kill(child, SIGTSTP);
	MUST(waitpid(child, &status, WUNTRACED));
	MUST(write(data[1], "x", 1));
	kill(child, SIGCONT);
	reap(child);
	child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		_exit(1);
	}
	told_task(child, "fork");
	MUST(waitpid(child, &status, WUNTRACED));
	kill(child, SIGKILL);
	reap(child);
	return 0;
}
