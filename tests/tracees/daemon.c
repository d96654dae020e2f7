/* A daemon that outlives its root. argv[1]: the file it writes when it is done;
 * argv[2]: what it waits for ("root": only for the root's end; else a FIFO). */
#include "account.h"

int main(int argc, char **argv)
{
	if (argc < 3)
		die("usage");
	int life[2];
	MUST(pipe(life));
	pid_t child = MUST(fork());
	if (child == 0) {
		MUST(setsid());
		pid_t grandchild = MUST(fork());
		if (grandchild != 0) {
			told_task(grandchild, "fork");
			_exit(2);
		}
		char byte;
		close(life[1]);
		MUST(read(life[0], &byte, 1)); /* 0 when the root is gone */
		if (strcmp(argv[2], "root") != 0) {
			int gate = MUST(open(argv[2], O_RDONLY));
			MUST(read(gate, &byte, 1));
		}
		raw1(SYS_getpgid, 0x0dae0);
		char name[4096];
		snprintf(name, sizeof name, "%s.part", argv[1]);
		int out = MUST(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600));
		dprintf(out, "daemon %d done\n", tid());
		MUST(rename(name, argv[1]));
		_exit(19);
	}
	told_task(child, "fork");
	reap(child);
	account("root %d", tid());
	return 14;
}
