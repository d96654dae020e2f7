/* Children that are gone before the fork returns, and their children. */
#include "account.h"

static pid_t spawn(int i)
{
	switch (i % 3) {
	case 0:
		return fork();
	case 1: /* no libc, no handlers: the shortest life there is */
		return raw6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
	default:
		return raw6(SYS_clone, SIGCHLD | CLONE_CHILD_CLEARTID, 0, 0, 0, 0, 0);
	}
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 200;
	for (int i = 0; i < count; i++) {
		pid_t child = spawn(i);
		if (child == 0) {
			if (i % 5 == 0 && fork() == 0) /* an orphan at once */
				raw1(SYS_exit_group, 77);
			raw1(SYS_exit_group, i % 64);
		}
		if (child < 0)
			die("fork");
		told_task(child, "fork");
		if (i % 4 == 3) /* let some pile up before they are waited for */
			continue;
		reap(child);
	}
	int status;
	pid_t child;
	while ((child = wait(&status)) > 0)
		told_end(child, status);
	account("count tasks=%d", 1 + count + (count + 4) / 5);
	return 0;
}
