/* Programs that are executed in uncommon ways. argv[1] is how. */
#include "account.h"
#include <sys/resource.h>

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

extern char **environ;
static char *self;

static void *by_thread(void *arg)
{
	char **args = arg;
	execv("/proc/thread-self/exe", args);
	die("execv");
	return NULL;
}

/* A thread executes, and the program it executes does so again. */
static int threads(int left)
{
	if (left == 0)
		return 30;
	char number[16], from[16];
	snprintf(number, sizeof number, "%d", left - 1);
	snprintf(from, sizeof from, "%d", tid());
	char *args[] = {self, "threads", number, NULL};
	pthread_t thread;
	pthread_create(&thread, NULL, by_thread, args);
	if (left % 2)
		raw1(SYS_exit, 0);
	for (;;)
		pause();
}

static int in_memory(const char *how)
{
	int fd = MUST(memfd_create("program", strcmp(how, "fexecve") ? MFD_CLOEXEC : 0));
	int file = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	char page[65536];
	ssize_t got;
	while ((got = MUST(read(file, page, sizeof page))) > 0)
		MUST(write(fd, page, got));
	char *args[] = {self, "end", "31", NULL};
	if (strcmp(how, "fexecve") == 0)
		fexecve(fd, args, environ);
	else
		raw6(SYS_execveat, fd, (long)"", (long)args, (long)environ, AT_EMPTY_PATH, 0);
	die(how);
	return 1;
}

static void script(const char *name, const char *first_line)
{
	int fd = MUST(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755));
	MUST(write(fd, first_line, strlen(first_line)));
	MUST(close(fd));
}

/* A script whose interpreter is a script, four deep, and one too deep. */
static int scripts(void)
{
	char line[4096 + 32];
	snprintf(line, sizeof line, "#!%s end 32\n", self);
	script("s1", line);
	script("s2", "#!./s1 of s2\n");
	script("s3", "#! ./s2\n");
	script("s4", "#!./s3\n");
	script("s5", "#!./s4\n");
	script("s6", "#!./s5\n");
	char *args[] = {"./s6", "word", NULL};
	TELL(execve, "./s6", args, environ); /* ELOOP */
	args[0] = "./s2";
	execv("./s2", args);
	die("./s2");
	return 1;
}

/* Every way for an exec to fail. */
static int failing(void)
{
	char *args[] = {"x", NULL};
	script("plain", "");
	chmod("plain", 0644);
	script("empty", ""); /* a shell would run it */
	script("lost", "#!/nonexistent/interpreter\n");
	script("elf", "\x7f" "ELF this is none");
	MUST(mkdir("directory", 0755));
	MUST(symlink("loop", "loop"));
	static const char *paths[] = {"plain", "empty", "lost", "elf", "directory", "loop",
				      "nothing", "plain/x", "", "/"};
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
		told_path(0, paths[i], "execve", SYS_execve, (long)paths[i], (long)args,
			  (long)environ, 0);
	TELL(execveat, -1, "plain", args, environ, 0);
	TELL(execveat, AT_FDCWD, "", args, environ, AT_EMPTY_PATH);
	TELL(execveat, 99, "", args, environ, AT_EMPTY_PATH);
	TELL(execve, "/proc/self/exe", 1, environ);
	/* No arguments at all: Linux makes an empty one of it. */
	char *none[] = {NULL};
	pid_t child = fork();
	if (child == 0) {
		raw3(SYS_execve, "/proc/self/exe", none, none);
		_exit(1);
	}
	told_task(child, "fork");
	reap(child);
	return 33;
}

/* An environment of a megabyte. */
static int huge(void)
{
	enum { COUNT = 9 };
	static char *env[COUNT + 2000 + 1];
	for (int i = 0; i < COUNT; i++) {
		env[i] = malloc(131072);
		memset(env[i], 'a' + i, 131071);
		memcpy(env[i], (char[]){'L', 'A' + i, '='}, 3);
		env[i][131071] = 0;
	}
	for (int i = 0; i < 2000; i++) {
		env[COUNT + i] = malloc(32);
		sprintf(env[COUNT + i], "SHORT%d=%d", i, i * i);
	}
	char *args[] = {self, "environment", NULL};
	execve("/proc/self/exe", args, env);
	die("execve");
	return 1;
}

/* Execs itself thrice, by turns with execveat and execve, with an environment of which
 * the first half stays. */
static int hops(int hop)
{
	if (hop == 3)
		return 37;
	char same[200], next[200], number[16];
	memset(same, 'x', sizeof same);
	memcpy(same, "SAME=", 5);
	same[sizeof same - 1] = 0;
	sprintf(next, "HOP=%d", hop + 1);
	sprintf(number, "%d", hop + 1);
	char *args[] = {self, "hops", number, NULL};
	char *env[] = {same, next, NULL};
	if (hop % 2 == 0)
		raw6(SYS_execve, (long)self, (long)args, (long)env, 0, 0, 0);
	else
		raw6(SYS_execveat, AT_FDCWD, (long)self, (long)args, (long)env, 0, 0);
	die("hops");
	return 1;
}

/* A program that is executed with no descriptors and no right to open one. */
static int closed(void)
{
	struct rlimit none = {0, 0};
	MUST(setrlimit(RLIMIT_NOFILE, &none));
	MUST(setrlimit(RLIMIT_CORE, &none));
	raw3(SYS_close_range, 0, ~0u, 0);
	pid_t child = fork();
	if (child == 0) {
		raw1(SYS_getpgid, 0x66);
		_exit(8);
	}
	int status = 0;
	waitpid(child, &status, 0);
	return WEXITSTATUS(status) == 8 ? 35 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 0 || argv[0][0] == 0)
		return 34;
	self = realpath("/proc/self/exe", NULL);
	const char *how = argc > 1 ? argv[1] : "";
	if (strncmp(how, "end ", 4) == 0) /* by a `#!` line: one word */
		return atoi(how + 4);
	if (strcmp(how, "end") == 0)
		return atoi(argv[2]);
	if (strcmp(how, "threads") == 0)
		return threads(atoi(argv[2]));
	if (strcmp(how, "fexecve") == 0 || strcmp(how, "execveat") == 0)
		return in_memory(how);
	if (strcmp(how, "scripts") == 0)
		return scripts();
	if (strcmp(how, "failing") == 0)
		return failing();
	if (strcmp(how, "huge") == 0)
		return huge();
	if (strcmp(how, "hops") == 0)
		return hops(argc > 2 ? atoi(argv[2]) : 0);
	if (strcmp(how, "closed") == 0)
		return closed();
	if (strcmp(how, "environment") == 0) {
		int count = 0;
		for (char **at = environ; *at; at++)
			count++;
		account("environment %d", count);
		return 36;
	}
	return 97;
}
