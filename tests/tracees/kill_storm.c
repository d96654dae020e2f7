/* Children killed at every point of their life: before their first stop, in a
 * fork, in an exec, in a busy loop of calls. */
#include "account.h"

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "leaf") == 0)
		for (;;)
			getppid();
	int count = argc > 1 ? atoi(argv[1]) : 120;
	char *args[] = {argv[0], "leaf", NULL};
	for (int i = 0; i < count; i++) {
		pid_t child = fork();
		if (child == 0) {
			if (i % 4 == 1)
				execv("/proc/self/exe", args);
			if (i % 4 == 2)
				for (int k = 0; k < 3; k++)
					if (fork() == 0)
						_exit(0);
			for (;;)
				getppid();
		}
		told_task(child, "fork");
		for (int k = 0; k < i % 7; k++)
			sched_yield();
		kill(child, SIGKILL);
		reap(child);
	}
	return 0;
}
