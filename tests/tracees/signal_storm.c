/* Threads that are hit by signals while they make calls, while others of them
 * begin and end; and children that are stopped and continued all the time. */
#include "account.h"

static volatile int hits, over;

static void on_signal(int number)
{
	(void)number;
	__atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
	raw0(SYS_getppid);
}

static void *worker(void *arg)
{
	while (!over)
		raw0(SYS_getppid);
	return arg;
}

static void *brief(void *arg)
{
	raw0(SYS_getppid);
	return arg;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 200;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &action, NULL);
	pthread_t threads[4], other;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, worker, NULL);
	pid_t child = fork();
	if (child == 0)
		for (;;)
			raw0(SYS_getppid);
	told_task(child, "fork");
	for (int i = 0; i < rounds; i++) {
		pthread_kill(threads[i % 4], SIGUSR1);
		if (i % 8 == 0) {
			pthread_create(&other, NULL, brief, NULL);
			pthread_join(other, NULL);
			kill(child, SIGSTOP);
			if (i % 16)
				MUST(waitpid(child, NULL, WUNTRACED));
			kill(child, SIGCONT);
		}
	}
	over = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	kill(child, SIGKILL);
	reap(child);
	account("storm over");
	return hits > 0 ? 0 : 1;
}
