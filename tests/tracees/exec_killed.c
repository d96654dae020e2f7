/* Processes that are killed while a thread of theirs executes a program. */
#include "account.h"

static void *spin(void *arg)
{
	for (;;)
		raw1(SYS_getpgid, 0);
	return arg;
}

static void *execute(void *arg)
{
	char *args[] = {"true", NULL};
	execv("/bin/true", args);
	die("execv");
	return arg;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 60;
	for (int i = 0; i < rounds; i++) {
		int ends[2];
		char byte;
		MUST(pipe(ends));
		pid_t child = MUST(fork());
		if (child == 0) {
			pthread_t thread;
			for (int k = 0; k < 4; k++)
				pthread_create(&thread, NULL, spin, NULL);
			MUST(write(ends[1], "x", 1));
			pthread_create(&thread, NULL, execute, NULL);
			for (;;)
				pause();
		}
		told_task(child, "fork");
		MUST(close(ends[1]));
		MUST(read(ends[0], &byte, 1));
		MUST(close(ends[0]));
		/* Each round strikes at another moment of the exec. */
		for (int k = 0; k < i; k++)
			raw0(SYS_getppid);
		MUST(kill(child, SIGKILL));
		reap(child);
	}
	account("done");
	return 0;
}
