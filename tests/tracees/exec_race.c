/* Threads begin and end while one of them, or the leader, executes a program. */
#include "account.h"

static char **self;

static void *brief(void *arg)
{
	return arg;
}

static void *churn(void *arg)
{
	pthread_t thread;
	for (;;)
		if (pthread_create(&thread, NULL, brief, NULL) == 0)
			pthread_join(thread, NULL);
	return arg;
}

static void *execute(void *arg)
{
	char *args[] = {self[0], "leaf", NULL};
	execv("/proc/thread-self/exe", args);
	die("execv");
	return arg;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "leaf") == 0)
		return 9;
	int rounds = argc > 1 ? atoi(argv[1]) : 25;
	self = argv;
	for (int i = 0; i < rounds; i++) {
		pid_t child = fork();
		if (child == 0) {
			pthread_t thread;
			for (int k = 0; k < 3; k++)
				pthread_create(&thread, NULL, churn, NULL);
			if (i % 3 == 0)
				execute(NULL);
			pthread_create(&thread, NULL, execute, NULL);
			if (i % 3 == 1)
				raw1(SYS_exit, 0);
			for (;;)
				pause();
		}
		told_task(child, "fork");
		int status = reap(child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 9)
			die("the child should have executed the leaf");
	}
	return 0;
}
