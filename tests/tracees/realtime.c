/* Real-time signals. setuid: libc makes every thread call it by signal 33;
 * queue: queued signals with values, in order. */
#include "account.h"

static volatile int got, values[64];

static void *sleeper(void *arg)
{
	*(volatile pid_t *)arg = tid();
	for (;;)
		pause();
	return NULL;
}

static int change_ids(void)
{
	enum { THREADS = 8 };
	static volatile pid_t ids[THREADS];
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, sleeper, (void *)&ids[i]);
		while (!ids[i])
			sched_yield();
	}
	if (setuid(getuid()) != 0)
		die("setuid");
	if (setgid(getgid()) != 0)
		die("setgid");
	for (int i = 0; i < THREADS; i++)
		account("signal tid=%d number=33 count=2", ids[i]);
	return 0;
}

static void take(int number, siginfo_t *info, void *context)
{
	(void)context;
	(void)number;
	values[got++] = info->si_value.sival_int;
}

static int queue(void)
{
	struct sigaction action = {.sa_sigaction = take, .sa_flags = SA_SIGINFO};
	sigset_t set, old;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	int first = SIGRTMIN, kinds = 5, each = 4;
	for (int s = first; s < first + kinds; s++)
		sigaction(s, &action, NULL);
	sigaction(SIGRTMAX, &action, NULL);
	for (int n = 0; n < each; n++)
		for (int s = first; s < first + kinds; s++)
			MUST(sigqueue(getpid(), s, (union sigval){.sival_int = s * 1000 + n}));
	MUST(sigqueue(getpid(), SIGRTMAX, (union sigval){.sival_int = 64000}));
	sigprocmask(SIG_SETMASK, &old, NULL);
	for (int s = first; s < first + kinds; s++)
		account("signal tid=%d number=%d count=%d", tid(), s, each);
	account("signal tid=%d number=%d count=1", tid(), SIGRTMAX);
	for (int i = 0; i < got; i++)
		account("value %d", values[i]);
	return got == kinds * each + 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], "queue") == 0 ? queue() : change_ids();
}
