/* Somebody to attach to. Says "ready", does what its first argument says until
 * SIGUSR1, then says how it went: "end KEY=N …". */
#include "account.h"
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t over;
static volatile sig_atomic_t ticks;

static void finish(int signal)
{
	over = 1;
}

static void tick(int signal)
{
	__atomic_add_fetch(&ticks, 1, __ATOMIC_RELAXED); /* by two threads at once */
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	if (sigaction(signal, &action, NULL))
		die("sigaction");
}

static long milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What a way needs is there. */
static void ready(void)
{
	account("ready");
}

static void spin(void)
{
	unsigned long rounds = 0, failed = 0;
	ready();
	while (!over)
		failed += raw1(SYS_getpgid, 0x700000 + rounds++) != -ESRCH;
	account("end rounds=%lu failed=%lu", rounds, failed);
}

/* Naps must last as long as they should, whoever comes and goes. */
static void nap(void)
{
	long naps = 0, wrong = 0;
	ready();
	while (!over) {
		struct timespec time = {.tv_nsec = 150000000};
		long before = milliseconds();
		long result = raw2(SYS_nanosleep, &time, NULL);
		long slept = milliseconds() - before;
		wrong += !over && (result != 0 || slept < 149);
		naps++;
	}
	account("end naps=%ld wrong=%ld", naps, wrong);
}

/* Calls without an end of their own: only the signal that ends all may end them. */
static void block(void)
{
	int ends[2];
	if (pipe(ends))
		die("pipe");
	char byte;
	ready();
	long result = raw3(SYS_read, ends[0], &byte, 1);
	account("end early=%d", !(over && result == -EINTR));
}

static void epoll(void)
{
	int set = epoll_create1(0);
	long interrupted = 0, other = 0;
	ready();
	while (!over) {
		struct epoll_event event;
		long result = raw4(SYS_epoll_wait, set, &event, 1, 100);
		if (result == -EINTR)
			interrupted++;
		else
			other += result != 0;
	}
	account("end interrupted=%ld other=%ld", interrupted, other);
}

static void *short_life(void *arg)
{
	raw1(SYS_getpgid, 0x700000);
	return arg;
}

static void *long_life(void *arg)
{
	long *lives = arg;
	while (!over) {
		pthread_t thread;
		void *result = NULL;
		if (pthread_create(&thread, NULL, short_life, &over) || pthread_join(thread, &result))
			die("thread");
		__atomic_add_fetch(&lives[result != &over], 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Fifty threads, each of which makes one after the other. */
static void threads(void)
{
	pthread_t all[50];
	long lives[2] = {0, 0};
	for (int i = 0; i < 50; i++)
		if (pthread_create(&all[i], NULL, long_life, lives))
			die("pthread_create");
	ready();
	for (int i = 0; i < 50; i++)
		pthread_join(all[i], NULL);
	account("end lives=%ld wrong=%ld", lives[0], lives[1]);
}

static void child(int how)
{
	static char *words[] = {"attached", "exit", NULL};
	if (how % 3 == 2)
		execv("/proc/self/exe", words);
	_exit(7);
}

/* Children by fork, vfork and exec, without a pause. */
static void forks(void)
{
	long children = 0, wrong = 0;
	ready();
	while (!over) {
		pid_t pid = children % 2 ? vfork() : fork();
		if (pid == 0)
			child(children);
		int status = 0;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		wrong += pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 7;
		children++;
	}
	account("end children=%ld wrong=%ld", children, wrong);
}

/* The child holds its maker until it reads a line. */
static void hold(void)
{
	ready();
	if (vfork() == 0) {
		char byte;
		account("held");
		while (raw3(SYS_read, 0, &byte, 1) == 1 && byte != '\n')
			;
		_exit(0);
	}
	account("released");
	while (!over)
		pause();
	account("end");
}

static void *survivor(void *arg)
{
	spin();
	raw1(SYS_exit_group, 0);
	return NULL;
}

static void dead_leader(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, survivor, NULL))
		die("pthread_create");
	raw1(SYS_exit, 0);
}

/* A timer that goes on, and queued signals that all arrive. */
static void timer(void)
{
	struct itimerval every = {{0, 5000}, {0, 5000}};
	handle(SIGALRM, tick, SA_RESTART);
	if (setitimer(ITIMER_REAL, &every, NULL))
		die("setitimer");
	ready();
	while (!over)
		pause();
	account("end ticks=%d", (int)ticks);
}

static void *queue(void *arg)
{
	union sigval value = {.sival_int = 1};
	for (int i = 0; i < 20000; i++)
		while (sigqueue(getpid(), SIGRTMIN + 3, value))
			sched_yield();
	return NULL;
}

static void queued(void)
{
	pthread_t thread;
	handle(SIGRTMIN + 3, tick, SA_RESTART);
	ready();
	if (pthread_create(&thread, NULL, queue, NULL))
		die("pthread_create");
	while (!over)
		usleep(1000);
	pthread_join(thread, NULL);
	account("end got=%d", (int)ticks);
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{"spin", spin},   {"nap", nap},   {"block", block}, {"epoll", epoll},
	{"threads", threads}, {"forks", forks}, {"hold", hold}, {"dead_leader", dead_leader},
	{"timer", timer}, {"queued", queued},
};

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	if (!strcmp(way, "exit"))
		return 7;
	handle(SIGUSR1, finish, 0);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (!strcmp(way, ways[i].name))
			ways[i].run();
	return 0;
}
