/* The same thread id several times, each time another task (clone3's set_tid
 * needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE). */
#include "account.h"
#include <linux/sched.h>

int main(void)
{
	pid_t wanted = fork();
	if (wanted == 0)
		_exit(0);
	told_task(wanted, "fork");
	reap(wanted);
	for (int i = 1; i <= 5; i++) {
		struct clone_args args = {.exit_signal = SIGCHLD,
					  .set_tid = (uintptr_t)&wanted,
					  .set_tid_size = 1};
		long child = raw2(SYS_clone3, &args, sizeof args);
		if (child == 0) {
			raw1(SYS_getpgid, 0x1000 + i);
			raw1(SYS_exit_group, i);
		}
		if (child == -EEXIST) { /* somebody else has it now: try again */
			i--;
			continue;
		}
		if (child != wanted)
			die("clone3 with set_tid");
		reap(wanted);
	}
	account("reused tid=%d count=6", wanted);
	return 0;
}
