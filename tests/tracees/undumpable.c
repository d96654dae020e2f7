/* Memory that others without privilege must not read. */
#include "account.h"

int main(void)
{
	TELL_OPENAT("/nonexistent/dumpable", O_RDONLY, 0);
	MUST(prctl(PR_SET_DUMPABLE, 0));
	account("undumpable");
	for (int i = 0; i < 3; i++) {
		/* Root reads it all the same; others record "unreadable". */
		TELL(openat, AT_FDCWD, "/nonexistent/undumpable", O_RDONLY, 0);
		TELL(getpgid, 0x111);
	}
	pid_t child = fork();
	if (child == 0) {
		TELL(getpgid, 0x222);
		_exit(4);
	}
	told_task(child, "fork");
	reap(child);
	MUST(prctl(PR_SET_DUMPABLE, 1));
	TELL_OPENAT("/nonexistent/again", O_RDONLY, 0);
	return 0;
}
