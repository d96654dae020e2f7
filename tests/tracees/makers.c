/* Makes children by posix_spawn and vfork, files by threads, and then runs another
 * program from a thread that is not the first. */
#include "account.h"
#include <spawn.h>

extern char **environ;

static void reap_well(pid_t child)
{
	int status;
	MUST(waitpid(child, &status, 0));
	if (status != 0)
		die("a child");
}

static void *writes(void *number)
{
	char name[20];
	snprintf(name, sizeof name, "by-thread.%ld", (long)number);
	int out = MUST(open(name, O_WRONLY | O_CREAT, 0644));
	MUST(write(out, "thread", 6));
	MUST(close(out));
	return NULL;
}

static void *executes(void *unused)
{
	(void)unused;
	execl("/bin/sh", "sh", "-c", "cat by-thread.0 by-thread.1 >joined; :", NULL);
	die("execl");
	return NULL;
}

int main(void)
{
	posix_spawn_file_actions_t actions;
	char *words[] = { "cat", "input", NULL };
	pid_t child;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "spawned", O_WRONLY | O_CREAT, 0644);
	if (posix_spawnp(&child, "cat", &actions, NULL, words, environ) != 0)
		die("posix_spawnp");
	reap_well(child);
	child = vfork();
	if (child == 0) {
		execlp("cp", "cp", "input", "vforked", NULL);
		_exit(1);
	}
	reap_well(child);
	pthread_t threads[3];
	for (long i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, writes, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_create(&threads[2], NULL, executes, NULL);
	pthread_join(threads[2], NULL);
	return 1;
}
