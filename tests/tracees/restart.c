/* A read interrupted by a handler: with SA_RESTART it is restarted, without it
 * returns EINTR; sigsuspend and pause always do. */
#include "account.h"

static int data[2], ack[2];

static void on_signal(int number)
{
	char byte = (char)number;
	raw3(SYS_write, ack[1], &byte, 1);
}

static void handle(int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
	sigaction(SIGUSR1, &action, NULL);
}

static int child_main(void)
{
	char byte;
	handle(SA_RESTART);
	TELL(read, data[0], &byte, 1); /* restarted, then 1 */
	handle(0);
	TELL(read, data[0], &byte, 1); /* -EINTR */
	sigset_t none;
	sigemptyset(&none);
	TELL(rt_sigsuspend, &none, 8); /* -EINTR */
	TELL(pause);                   /* -EINTR */
	return 11;
}

static void poke(pid_t child, long nr)
{
	char byte;
	until_waits_in(child, nr);
	kill(child, SIGUSR1);
	MUST(read(ack[0], &byte, 1));
}

int main(void)
{
	MUST(pipe(data));
	MUST(pipe(ack));
	pid_t child = fork();
	if (child == 0)
		_exit(child_main());
	told_task(child, "fork");
	poke(child, SYS_read);
	until_waits_in(child, SYS_read);
	MUST(write(data[1], "x", 1));
	/* The child's account line tells that the first read is over; we cannot
	 * read it, but the pipe is empty again. */
	struct pollfd empty = {data[0], POLLIN, 0};
	while (poll(&empty, 1, 0) > 0)
		sched_yield();
	poke(child, SYS_read);
	poke(child, SYS_rt_sigsuspend);
	poke(child, SYS_pause);
	account("signal tid=%d number=%d count=4", child, SIGUSR1);
	reap(child);
	return 0;
}
