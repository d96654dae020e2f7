/* Ends as told: `exit N`, `signal N`, `abort`, `thread N` (exit_group from a
 * thread), `last N` (the last thread leaves by exit, long after the leader). */
#include "account.h"

static long number;
static const char *how;
static pid_t leader;

static void *worker(void *arg)
{
	if (strcmp(how, "last") == 0) {
		until_state(leader, "Z");
		raw1(SYS_exit, number);
	}
	raw1(SYS_exit_group, number);
	return arg;
}

int main(int argc, char **argv)
{
	how = argc > 1 ? argv[1] : "exit";
	number = argc > 2 ? atol(argv[2]) : 0;
	leader = tid();
	if (strcmp(how, "exit") == 0)
		return (int)number;
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "signal") == 0) {
		signal((int)number, SIG_DFL);
		kill(getpid(), (int)number);
		return 96;
	}
	pthread_t thread;
	pthread_create(&thread, NULL, worker, NULL);
	if (strcmp(how, "last") == 0)
		raw1(SYS_exit, 55);
	for (;;)
		pause();
}
