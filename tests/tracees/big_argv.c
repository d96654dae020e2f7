/* An argv of 2 MB, in few long strings and in many short ones. */
#include "account.h"
#include <sys/resource.h>

static unsigned long digest(char **strings)
{
	unsigned long sum = 5381;
	for (; *strings; strings++)
		for (const char *at = *strings;; at++) {
			sum = sum * 33 + (unsigned char)*at;
			if (!*at)
				break;
		}
	return sum & 0xffffffff;
}

int main(int argc, char **argv)
{
	if (argc > 100) {
		account("argv count=%d digest=%lu", argc, digest(argv));
		return 0;
	}
	struct rlimit stack = {64 << 20, 64 << 20};
	MUST(setrlimit(RLIMIT_STACK, &stack));
	enum { LONG = 8, SHORT = 20000 };
	char **args = calloc(LONG + SHORT + 2, sizeof *args);
	args[0] = argv[0];
	for (int i = 0; i < LONG; i++) {
		args[1 + i] = malloc(131072);
		memset(args[1 + i], 'a' + i, 131071);
		args[1 + i][131071] = 0;
	}
	for (int i = 0; i < SHORT; i++) {
		args[1 + LONG + i] = malloc(64);
		sprintf(args[1 + LONG + i], "%050d", i);
	}
	char *environment[] = {"ONLY=one", NULL};
	account("argv count=%d digest=%lu", 1 + LONG + SHORT, digest(args));
	execve("/proc/self/exe", args, environment);
	die("execve");
}
