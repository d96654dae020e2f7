/* A thread that is not the leader executes a program: it gets the leader's id.
 * alive: the leader waits; gone: the leader has ended; crowd: others run too;
 * leader: the leader does it while threads run. */
#include "account.h"

static const char *mode;
static char **self;
static pid_t leader;
static volatile int ready;

static void execute(void)
{
	char from[16];
	snprintf(from, sizeof from, "%d", tid());
	char *args[] = {self[0], "after", from, NULL};
	execv("/proc/thread-self/exe", args);
	die("execv");
}

static void *worker(void *last)
{
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	if (!last) {
		if (tid() % 2)
			for (;;)
				pause();
		for (;;)
			getppid();
	}
	if (strcmp(mode, "gone") == 0)
		until_state(leader, "Z");
	if (strcmp(mode, "alive") == 0)
		until_waits_in(leader, SYS_pause);
	execute();
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "after") == 0) {
		account("exec tid=%d from=%s", tid(), argv[2]);
		TELL(getppid);
		return 21;
	}
	mode = argc > 1 ? argv[1] : "alive";
	self = argv;
	leader = tid();
	int crowd = strcmp(mode, "crowd") == 0 || strcmp(mode, "leader") == 0 ? 12 : 0;
	pthread_t thread;
	for (int i = 0; i < crowd; i++)
		pthread_create(&thread, NULL, worker, NULL);
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < crowd)
		sched_yield();
	account("count tasks=%d", 1 + crowd + (strcmp(mode, "leader") != 0));
	if (strcmp(mode, "leader") == 0)
		execute();
	pthread_create(&thread, NULL, worker, argv);
	if (strcmp(mode, "gone") == 0)
		raw1(SYS_exit, 0);
	for (;;)
		pause();
}
