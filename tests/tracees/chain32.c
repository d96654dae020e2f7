/* argv[1], argv[2], …: programs to execute one after the other (this one, built
 * for other ABIs). Each makes calls by its own ABI. */
#include "account.h"

int main(int argc, char **argv)
{
	TELL_OPENAT("/nonexistent/" ABI, O_RDONLY | O_CLOEXEC, 0);
	TELL(getpgid, 0x12345);
	struct stat at;
	TELL(fstatfs, -1, &at);
	pid_t child = fork();
	if (child == 0) {
		TELL(getppid);
		_exit(sizeof(long));
	}
	told_task(child, "fork");
	reap(child);
	if (argc > 1) {
		execv(argv[1], argv + 1);
		die(argv[1]);
	}
	return 0;
}
