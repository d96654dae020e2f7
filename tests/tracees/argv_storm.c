/* argv_storm WORKERS EXECS: workers at the same time, each of which executes this
 * program again and again with 2 MB of arguments, new ones every time. */
#include "account.h"
#include <sys/resource.h>

enum { LONG = 8, SHORT = 20000, SIZE = 131072, FEW = 8 };

/* A worker's next program: `-` and the number of those after it, then 2 MB. */
static void go_on(char *self, int left)
{
	static char count[16], text[LONG][SIZE], shorts[SHORT][52];
	static char *args[LONG + SHORT + 4];
	char *environment[] = {"ONLY=one", NULL};
	if (left == 0)
		_exit(0);
	snprintf(count, sizeof count, "%d", left - 1);
	args[0] = self;
	args[1] = "-";
	args[2] = count;
	unsigned state = getpid() * 2654435761u + left;
	for (int i = 0; i < LONG; i++) {
		for (int k = 0; k < SIZE - 1; k++)
			text[i][k] = 'a' + ((state = state * 1664525 + 1013904223) >> 24) % 26;
		args[3 + i] = text[i];
	}
	for (int i = 0; i < SHORT; i++) {
		snprintf(shorts[i], sizeof shorts[i], "%025u%025d", state + i, i);
		args[3 + LONG + i] = shorts[i];
	}
	execve("/proc/self/exe", args, environment);
	die("execve");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		die("argv_storm WORKERS EXECS");
	if (argc > FEW)
		go_on(argv[0], atoi(argv[2]));
	struct rlimit stack = {64 << 20, 64 << 20};
	MUST(setrlimit(RLIMIT_STACK, &stack));
	for (int i = atoi(argv[1]); i > 0; i--)
		if (MUST(fork()) == 0)
			go_on(argv[0], atoi(argv[2]));
	while (wait(NULL) > 0)
		;
	return 0;
}
