/* Signals that are taken in uncommon ways. argv[1] says which. */
#include "account.h"
#include <sys/signalfd.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile int hits;

static void count(int number)
{
	(void)number;
	__atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
}

static void handle(int number, int flags)
{
	struct sigaction action = {.sa_handler = count, .sa_flags = flags};
	MUST(sigaction(number, &action, NULL));
}

static sigset_t block(int number)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return set;
}

/* A timer at 10 kHz, through calls that restart and calls that do not. */
static int timer(void)
{
	handle(SIGALRM, SA_RESTART);
	struct itimerval often = {{0, 100}, {0, 100}};
	MUST(setitimer(ITIMER_REAL, &often, NULL));
	int files[2], status;
	MUST(pipe(files));
	for (int i = 0; i < 50; i++) {
		pid_t child;
		while ((child = raw0(SYS_fork)) < 0)
			;
		if (child == 0) {
			struct timespec moment = {0, 300000};
			while (raw2(SYS_nanosleep, &moment, &moment) == -EINTR)
				;
			raw3(SYS_write, files[1], "x", 1);
			raw1(SYS_exit_group, 3);
		}
		char byte;
		if (read(files[0], &byte, 1) != 1)
			return 1;
		if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3)
			return 2;
	}
	struct itimerval never = {{0, 0}, {0, 0}};
	MUST(setitimer(ITIMER_REAL, &never, NULL));
	account("signal tid=%d number=%d count=%d", tid(), SIGALRM, hits);
	account("returns tid=%d count=%d", tid(), hits);
	return hits > 0 ? 50 : 3;
}

/* A blocked signal is read from a descriptor, and waited for. */
static int waited(void)
{
	sigset_t set = block(SIGUSR1);
	int fd = MUST(signalfd(-1, &set, SFD_CLOEXEC));
	pid_t self = getpid();
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();
		if (child == 0) {
			kill(self, SIGUSR1);
			_exit(0);
		}
		if (i % 2) {
			struct signalfd_siginfo info;
			if (read(fd, &info, sizeof info) != sizeof info ||
			    (pid_t)info.ssi_pid != child)
				return 1;
		} else {
			siginfo_t info;
			struct timespec long_time = {1000, 0};
			if (sigtimedwait(&set, &info, &long_time) != SIGUSR1 ||
			    info.si_pid != child)
				return 2;
		}
		reap(child);
	}
	/* It was never delivered. */
	account("signal tid=%d number=%d count=0", tid(), SIGUSR1);
	return 51;
}

static void *runs(void *arg)
{
	*(volatile pid_t *)arg = tid();
	for (;;)
		raw0(SYS_getppid);
	return NULL;
}

/* A signal for one thread of many; SIGSTOP by tgkill stops all of them. */
static int one_thread(void)
{
	enum { THREADS = 6 };
	int ready[2], status;
	MUST(pipe(ready));
	pid_t child = fork();
	if (child == 0) {
		static volatile pid_t ids[THREADS];
		handle(SIGUSR2, SA_RESTART);
		for (int i = 0; i < THREADS; i++) {
			pthread_t thread;
			pthread_create(&thread, NULL, runs, (void *)&ids[i]);
			while (!ids[i])
				sched_yield();
		}
		pid_t target = ids[3];
		for (int i = 0; i < 10; i++) {
			int before = hits;
			raw3(SYS_tgkill, getpid(), target, SIGUSR2);
			while (hits == before)
				sched_yield();
		}
		account("signal tid=%d number=%d count=10", target, SIGUSR2);
		account("signal tid=%d number=%d count=0", tid(), SIGUSR2);
		MUST(write(ready[1], &target, sizeof target));
		for (;;)
			pause();
	}
	pid_t target;
	MUST(read(ready[0], &target, sizeof target));
	for (int i = 0; i < 10; i++) {
		MUST(raw3(SYS_tgkill, child, target, SIGSTOP));
		if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
			return 1;
		until_state(target, "Tt");
		kill(child, SIGCONT);
		if (waitpid(child, &status, WCONTINUED) != child || !WIFCONTINUED(status))
			return 2;
	}
	account("stop tid=%d signal=%d count=10", target, SIGSTOP);
	kill(child, SIGKILL);
	reap(child);
	return 52;
}

/* SIGSTOP and SIGCONT as fast as they can be sent, without waiting. */
static int stop_race(void)
{
	int status;
	pid_t child = fork();
	if (child == 0)
		for (;;)
			raw0(SYS_getppid);
	for (int i = 0; i < 500; i++) {
		kill(child, SIGSTOP);
		kill(child, SIGCONT);
	}
	kill(child, SIGTERM);
	kill(child, SIGCONT);
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		return 1;
	told_end(child, status);
	return 53;
}

static sig_atomic_t from;

static void sender(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	from = info->si_pid;
}

/* The sender, the code and the value of a signal come through. */
static int informed(void)
{
	struct sigaction action = {.sa_sigaction = sender, .sa_flags = SA_SIGINFO};
	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(sigaction(SIGCHLD, &action, NULL));
	kill(getpid(), SIGUSR1);
	if (from != getpid())
		return 1;
	from = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (from != child)
		return 2;
	return 54;
}

/* Ends by a fault in the handler of a fault. */
static int faults(void)
{
	pid_t child = fork();
	if (child == 0) {
		stack_t none = {.ss_sp = (void *)16, .ss_size = 1 << 16};
		sigaltstack(&none, NULL);
		handle(SIGSEGV, SA_ONSTACK); /* a stack that is not there */
		*(volatile int *)8 = 1;
		_exit(1);
	}
	told_task(child, "fork");
	reap(child);
	child = fork();
	if (child == 0) {
		block(SIGSEGV);
		*(volatile int *)8 = 1; /* blocked: kills all the same */
		_exit(1);
	}
	reap(child);
	child = fork();
	if (child == 0) {
		ucontext_t *nothing = NULL;
		raw6(SYS_rt_sigreturn, (long)nothing, 0, 0, 0, 0, 0); /* no frame */
		_exit(1);
	}
	reap(child);
	return 55;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} ways[] = {
		{"timer", timer},	  {"waited", waited}, {"one_thread", one_thread},
		{"stop_race", stop_race}, {"informed", informed},     {"faults", faults},
	};
	for (unsigned i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
		if (strcmp(argv[1], ways[i].name) == 0)
			return ways[i].run();
	return 97;
}
