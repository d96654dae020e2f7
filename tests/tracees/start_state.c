/* What a program finds when it starts: all that must be the same with and
 * without a tracer. Ids that differ between any two runs are left out. */
#include "account.h"
#include <sys/resource.h>
#include <sys/time.h>

static void status_lines(void)
{
	static const char *keys[] = {"Umask:", "State:", "Uid:", "Gid:", "FDSize:", "Groups:",
		"Threads:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:",
		"Cap", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:", "Speculation",
		"Mems_allowed:", "CoreDumping:", "THP_enabled:"};
	char line[1024];
	FILE *file = fopen("/proc/self/status", "re");
	while (fgets(line, sizeof line, file))
		for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
			if (strncmp(line, keys[i], strlen(keys[i])) == 0)
				fputs(line, stdout);
	fclose(file);
}

/* Not from the status: that is a known deviation. */
static void processors(void)
{
	unsigned char mask[1024];
	long length = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
	printf("processors:");
	for (long i = 0; i < length; i++)
		printf(" %02x", mask[i]);
	printf("\n");
}

static void whole_file(const char *path)
{
	char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
	printf("%s: %.*s\n", path, length > 0 ? (int)length : 0, text);
	if (fd >= 0)
		close(fd);
}

static void descriptors(void)
{
	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);
		if (flags < 0)
			continue;
		char link[64], target[512];
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t length = readlink(link, target, sizeof target - 1);
		target[length > 0 ? length : 0] = 0;
		/* Pipes of one run are not those of another. */
		char *bracket = strchr(target, '[');
		if (bracket && fd < 3)
			*bracket = 0;
		printf("fd %d: %s cloexec=%d status=%#x\n", fd, target, flags,
		       fcntl(fd, F_GETFL));
	}
}

int main(int argc, char **argv, char **envp)
{
	for (int i = 1; i < argc; i++)
		printf("argv: %s\n", argv[i]);
	for (; *envp; envp++)
		printf("env: %s\n", *envp);
	status_lines();
	processors();
	whole_file("/proc/self/limits");
	whole_file("/proc/self/oom_score_adj");
	whole_file("/proc/self/cgroup");
	whole_file("/proc/self/timerslack_ns");
	whole_file("/proc/self/coredump_filter");
	whole_file("/proc/self/comm");
	whole_file("/proc/self/personality");
	descriptors();
	char cwd[4096];
	printf("cwd: %s\n", getcwd(cwd, sizeof cwd));
	printf("leads its group: %d, its session: %d, group of its parent: %d\n",
	       getpgrp() == getpid(), getsid(0) == getpid(), getpgrp() == getpgid(getppid()));
	printf("nice: %d, scheduler: %d, dumpable: %d, subreaper:", getpriority(PRIO_PROCESS, 0),
	       sched_getscheduler(0), prctl(PR_GET_DUMPABLE));
	int value = -1;
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	printf(" %d", value);
	prctl(PR_GET_PDEATHSIG, &value);
	printf(", parent's death signal: %d, keepcaps: %d\n", value, prctl(PR_GET_KEEPCAPS));
	for (int which = 0; which < 3; which++) {
		struct itimerval timer;
		getitimer(which, &timer);
		printf("timer %d: %ld\n", which, (long)timer.it_value.tv_sec);
	}
	for (int number = 1; number < 65; number++) {
		struct sigaction action;
		if (number != 32 && number != 33 && sigaction(number, NULL, &action) == 0 &&
		    action.sa_handler != SIG_DFL)
			printf("signal %d: %s\n", number,
			       action.sa_handler == SIG_IGN ? "ignored" : "caught");
	}
	return 0;
}
