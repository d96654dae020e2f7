/* A tracee that wants to trace: the kernel allows one tracer a task. */
#include "account.h"
#include <sys/ptrace.h>

int main(void)
{
	int ends[2];
	char byte;
	MUST(pipe(ends));
	pid_t child = fork();
	if (child == 0) {
		TELL(ptrace, PTRACE_TRACEME, 0, 0, 0);
		raw3(SYS_read, ends[0], &byte, 1);
		_exit(8);
	}
	told_task(child, "fork");
	until_waits_in(child, SYS_read);
	TELL(ptrace, PTRACE_ATTACH, child, 0, 0);
	TELL(ptrace, PTRACE_SEIZE, child, 0, 0);
	TELL(ptrace, PTRACE_PEEKDATA, child, &byte, 0);
	/* Refused by the kernel with rtrace or without: its own process. */
	TELL(ptrace, PTRACE_ATTACH, tid(), 0, 0);
	MUST(write(ends[1], "x", 1));
	reap(child);
	return 0;
}
