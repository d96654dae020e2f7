/* Uncommon lives of processes and threads. argv[1] says which. */
#include "account.h"

static char stack[2][65536] __attribute__((aligned(16)));
static int ends[2];

static void wait_byte(void)
{
	char byte;
	while (raw3(SYS_read, ends[0], &byte, 1) == -EINTR)
		;
}

/* A vfork within the child of a vfork. */
static int double_vfork(void)
{
	char *args[] = {"true", NULL};
	for (volatile int i = 0; i < 10; i++) {
		pid_t outer = vfork();
		if (outer == 0) {
			pid_t inner = vfork();
			if (inner == 0) {
				execv("/bin/true", args);
				_exit(1);
			}
			told_task(inner, "vfork");
			reap(inner);
			_exit(3);
		}
		told_task(outer, "vfork");
		reap(outer);
	}
	account("count tasks=21");
	return 40;
}

/* A vfork child is killed before it executes anything. */
static int killed_vfork(void)
{
	for (int i = 0; i < 10; i++) {
		volatile pid_t killer = fork();
		if (killer == 0) {
			pid_t parent = getppid(), child = 0;
			char path[64], text[64];
			snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
			while (child == 0 || child == getpid()) {
				int fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
				ssize_t got = MUST(read(fd, text, sizeof text - 1));
				close(fd);
				text[got] = 0;
				char *more;
				child = strtol(text, &more, 10);
				if (child == getpid())
					child = strtol(more, NULL, 10);
			}
			until_waits_in(child, SYS_pause);
			kill(child, SIGKILL);
			_exit(0);
		}
		pid_t child = vfork();
		if (child == 0)
			for (;;)
				raw0(SYS_pause);
		told_task(child, "vfork");
		account("unfinished tid=%d nr=%d", child, SYS_pause);
		if (!WIFSIGNALED(reap(child)))
			return 1;
		reap(killer);
	}
	return 41;
}

static int shares_all(void *arg)
{
	raw1(SYS_getpgid, 0x4242);
	*(int *)arg = dup(0);
	raw1(SYS_exit, 7);
	return 0;
}

/* A process that shares memory, files and handlers, and outlives its maker's thread. */
static int sharing(void)
{
	static int fd;
	pid_t child = MUST(clone(shares_all, stack[0] + sizeof stack[0],
				 CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, &fd));
	told_task(child, "fork");
	reap(child);
	return fd > 0 && fcntl(fd, F_GETFD) >= 0 ? 42 : 1;
}

static void *outlives(void *arg)
{
	until_state(*(pid_t *)arg, "Z");
	pid_t child = fork();
	if (child == 0)
		_exit(9);
	told_task(child, "fork");
	reap(child);
	char *args[] = {"sh", "-c", "exit 43", NULL};
	execv("/bin/sh", args);
	return NULL;
}

/* The leader ends; a thread goes on, forks, and executes. */
static int leader_first(void)
{
	static pid_t leader;
	pthread_t thread;
	leader = tid();
	pthread_create(&thread, NULL, outlives, &leader);
	raw1(SYS_exit, 1);
	return 1;
}

/* A child that is killed because its parent ends. */
static int death_signal(void)
{
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid_t middle = fork();
	if (middle == 0) {
		pid_t child = fork();
		if (child == 0) {
			MUST(prctl(PR_SET_PDEATHSIG, SIGKILL));
			MUST(write(ends[1], "x", 1));
			for (;;)
				pause();
		}
		told_task(child, "fork");
		account("unfinished tid=%d nr=%d", child, SYS_pause);
		account("exit tid=%d signal=9", child);
		wait_byte();
		until_waits_in(child, SYS_pause);
		_exit(6);
	}
	reap(middle);
	int status;
	MUST(wait(&status));
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 44 : 1;
}

/* A session leader with a group of its own is killed as a group. */
static int whole_group(void)
{
	pid_t child = fork();
	if (child == 0) {
		setsid();
		for (int i = 0; i < 5; i++)
			if (fork() == 0)
				for (;;)
					pause();
		MUST(write(ends[1], "x", 1));
		for (;;)
			pause();
	}
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	wait_byte();
	kill(-child, SIGKILL);
	told_task(child, "fork");
	int status, count = 0;
	while ((child = wait(&status)) > 0) {
		told_end(child, status);
		count++;
	}
	account("count tasks=7");
	return count == 6 ? 45 : 1;
}

static void *holder(void *arg)
{
	pthread_mutex_lock(arg);
	*(volatile int *)ends = 1;
	raw1(SYS_exit, 0); /* with the mutex held */
	return NULL;
}

/* A robust mutex whose owner is gone. */
static int robust(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;
	pthread_t thread;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex, &attr);
	ends[0] = 0;
	pthread_create(&thread, NULL, holder, &mutex);
	while (!*(volatile int *)ends)
		sched_yield();
	if (pthread_mutex_lock(&mutex) != EOWNERDEAD)
		return 1;
	pthread_mutex_consistent(&mutex);
	return 46;
}

/* Changed root and ids, then children. */
static int confined(void)
{
	MUST(mkdir("root", 0755));
	MUST(chroot("root"));
	MUST(chdir("/"));
	TELL_OPENAT("/etc/passwd", O_RDONLY, 0);
	if (setgid(65534) || setuid(65534))
		die("ids");
	TELL(setuid, 0); /* EPERM */
	for (int i = 0; i < 3; i++) {
		pid_t child = fork();
		if (child == 0) {
			TELL_OPENAT("/nonexistent/in-there", O_RDONLY, 0);
			_exit(5);
		}
		told_task(child, "fork");
		reap(child);
	}
	return 47;
}

static void *endless(void *arg)
{
	for (;;)
		raw0(SYS_getppid);
	return arg;
}

/* exit_group while threads are made and run. */
static int busy_end(void)
{
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();
		if (child == 0) {
			pthread_t thread;
			for (int k = 0; k < 6; k++)
				pthread_create(&thread, NULL, endless, NULL);
			raw1(SYS_exit_group, 11);
		}
		told_task(child, "fork");
		reap(child);
	}
	return 48;
}

/* All of a PID namespace is killed by its init, by kill(-1), and by init's end. */
static int all_in_namespace(void)
{
	pid_t init = raw6(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0, 0);
	if (init < 0)
		die("clone");
	if (init == 0) {
		for (int i = 0; i < 4; i++)
			if (fork() == 0)
				for (;;)
					pause();
		kill(-1, SIGKILL);
		int count = 0;
		while (wait(NULL) > 0)
			count++;
		for (int i = 0; i < 3; i++)
			if (fork() == 0)
				for (;;)
					pause();
		_exit(count == 4 ? 12 : 1);
	}
	told_task(init, "fork");
	reap(init);
	account("count tasks=9");
	return 49;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} lives[] = {
		{"double_vfork", double_vfork}, {"killed_vfork", killed_vfork},
		{"sharing", sharing},		{"leader_first", leader_first},
		{"death_signal", death_signal}, {"whole_group", whole_group},
		{"robust", robust},		{"confined", confined},
		{"busy_end", busy_end},		{"all_in_namespace", all_in_namespace},
	};
	MUST(pipe(ends));
	for (unsigned i = 0; argc > 1 && i < sizeof lives / sizeof *lives; i++)
		if (strcmp(argv[1], lives[i].name) == 0)
			return lives[i].run();
	return 97;
}
