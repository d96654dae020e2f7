/* N threads at one time, each with calls of its own. */
#include "account.h"

static pthread_barrier_t all;

static void *worker(void *arg)
{
	long i = (long)arg;
	pthread_barrier_wait(&all);
	char path[64];
	snprintf(path, sizeof path, "/nonexistent/thread-%ld", i);
	TELL_OPENAT(path, O_RDONLY, 0);
	TELL(getpgid, i + 0x100000);
	if (i % 2)
		raw1(SYS_exit, i % 100); /* leaves without libc's clean-up */
	return NULL;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 200;
	pthread_t *threads = calloc(count, sizeof *threads);
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	pthread_barrier_init(&all, NULL, count);
	for (long i = 0; i < count; i++)
		if ((errno = pthread_create(&threads[i], &small, worker, (void *)i)))
			die("pthread_create");
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	account("count tasks=%ld", 1 + count);
	return 0;
}
