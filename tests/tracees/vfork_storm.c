/* vfork and exec, over and over; some execs fail, some children only exit. */
#include "account.h"

static char leaf[] = "leaf";

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "leaf") == 0)
		return 5;
	int count = argc > 1 ? atoi(argv[1]) : 60;
	char *args[] = {argv[0], leaf, NULL};
	char *none[] = {NULL};
	for (volatile int i = 0; i < count; i++) {
		pid_t child = vfork();
		if (child == 0) {
			if (i % 3 == 0)
				_exit(6);
			if (i % 3 == 1)
				raw3(SYS_execve, "/nonexistent/program", args, none);
			raw3(SYS_execve, "/proc/self/exe", args, none);
			_exit(7);
		}
		if (child < 0)
			die("vfork");
		told_task(child, "vfork");
		reap(child);
	}
	account("count tasks=%d", 1 + count);
	return 0;
}
