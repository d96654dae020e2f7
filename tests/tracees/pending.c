/* A process ends while its threads wait in calls.
 * exit: by exit_group; kill: by SIGKILL from outside; fault: by SIGSEGV. */
#include "account.h"

enum { WAITERS = 5 };
static int never[2];
static volatile pid_t ids[WAITERS];
static const long calls[WAITERS] = {
#ifdef __x86_64__
	SYS_read, SYS_poll, SYS_nanosleep, SYS_futex, SYS_pause,
#endif
};

static void *waiter(void *arg)
{
	long i = (long)arg;
	char byte;
	struct pollfd polled = {never[0], POLLIN, 0};
	struct timespec hour = {3600, 0};
	int word = 0;
	ids[i] = tid();
	if (i == 0)
		raw3(SYS_read, never[0], &byte, 1);
	if (i == 1)
		raw3(calls[1], &polled, 1, -1);
	if (i == 2)
		raw2(SYS_nanosleep, &hour, 0);
	if (i == 3)
		raw4(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, 0);
	raw0(SYS_pause);
	return NULL;
}

static void wait_all(void)
{
	MUST(pipe(never));
	for (long i = 0; i < WAITERS; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, waiter, (void *)i);
	}
	for (int i = 0; i < WAITERS; i++) {
		while (ids[i] == 0)
			sched_yield();
		until_waits_in(ids[i], calls[i]);
		account("unfinished tid=%d nr=%ld", ids[i], calls[i]);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "exit";
	int ready[2];
	MUST(pipe(ready));
	pid_t child = fork();
	if (child == 0) {
		wait_all();
		if (strcmp(mode, "exit") == 0)
			raw1(SYS_exit_group, 41);
		if (strcmp(mode, "fault") == 0)
			*(volatile int *)8 = 1;
		MUST(write(ready[1], "", 1));
		for (;;)
			pause();
	}
	char byte;
	if (strcmp(mode, "kill") == 0) {
		MUST(read(ready[0], &byte, 1));
		until_waits_in(child, SYS_pause);
		account("unfinished tid=%d nr=%d", child, SYS_pause);
		kill(child, SIGKILL);
	}
	reap(child);
	account("count tasks=%d", 2 + WAITERS);
	return 0;
}
