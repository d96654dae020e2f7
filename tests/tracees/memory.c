/* Makes the calls that standard input describes, each in a child of its own,
 * and tells what lies in memory afterwards. A line:
 *
 *   NAME NR ARG*6 BUFFER…
 *
 * ARG is v<hex> (a value), b<k> (the address of buffer k) or p (the own pid).
 * BUFFER is =<hex bytes>, with @<offset>:<k> for each address of a buffer in it.
 * A buffer ends at the end of its page, and the next page is not mapped: to
 * read a byte too many is to fail. */
#include "account.h"
#include <arpa/inet.h>
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/xattr.h>

enum { BUFFERS = 16, ROOM = 8 * 4096 };

static struct {
	unsigned char *at;
	size_t length;
} buffers[BUFFERS];

/* Descriptors that the table of invocations counts on. */
enum { FILE_ = 10, PIPE_READ, PIPE_WRITE, SOCKET, PEER, DIRECTORY, EPOLL, TIMER, LISTENER, CLIENT, QUEUE };

static void put_at(int fd, int where)
{
	MUST(dup2(fd, where));
	close(fd);
}

static void open_files(void)
{
	static char text[] = "0123456789abcdef";
	put_at(MUST(open("data", O_RDWR | O_CREAT, 0666)), FILE_);
	for (int i = 0; i < 256; i++)
		MUST(pwrite(FILE_, text, 16, 16L * i));
	fsetxattr(FILE_, "user.k", "value of k", 10, 0); /* not every file system has them */
	int ends[2];
	MUST(pipe(ends));
	put_at(ends[0], PIPE_READ);
	put_at(ends[1], PIPE_WRITE);
	MUST(write(PIPE_WRITE, "what is in the pipe", 19));
	put_at(MUST(open(".", O_RDONLY | O_DIRECTORY)), DIRECTORY);
}

static void open_sockets(void)
{
	int ends[2];
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	put_at(ends[0], SOCKET);
	put_at(ends[1], PEER);
	for (int i = 0; i < 3; i++)
		MUST(write(PEER, "what a peer has sent", 20));
	put_at(MUST(epoll_create1(0)), EPOLL);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
	MUST(epoll_ctl(EPOLL, EPOLL_CTL_ADD, PIPE_READ, &event));
	put_at(MUST(timerfd_create(CLOCK_MONOTONIC, 0)), TIMER);
	put_at(MUST(socket(AF_INET, SOCK_STREAM, 0)), LISTENER);
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof local;
	MUST(bind(LISTENER, (struct sockaddr *)&local, length));
	MUST(listen(LISTENER, 4));
	MUST(getsockname(LISTENER, (struct sockaddr *)&local, &length));
	/* One connection for each call that accepts one. */
	for (int i = 0; i < 3; i++) {
		int client = MUST(socket(AF_INET, SOCK_STREAM, 0));
		MUST(connect(client, (struct sockaddr *)&local, length));
		MUST(dup2(client, CLIENT)); /* the last one; the others stay open, too */
	}
}

static void open_queue(void)
{
	char name[64];
	snprintf(name, sizeof name, "/tracee-%d", getpid());
	struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 64};
	mqd_t queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
	if (queue < 0)
		return; /* a kernel without them */
	mq_unlink(name);
	for (int i = 0; i < 2; i++)
		MUST(mq_send(queue, "a message in a queue", 20, 7));
	put_at(queue, QUEUE);
}

static void map_buffers(void)
{
	for (int k = 0; k < BUFFERS; k++) {
		buffers[k].at = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST((long)buffers[k].at);
		MUST(mprotect(buffers[k].at + ROOM, 4096, PROT_NONE));
	}
}

static unsigned char *start_of(int k)
{
	return buffers[k].at + ROOM - buffers[k].length;
}

/* Sizes first, then contents: they may point to each other. */
static int measure(char **words)
{
	int count = 0;
	for (; words[count]; count++)
		buffers[count].length = strcspn(words[count] + 1, "@") / 2;
	return count;
}

static void fill(int k, const char *word)
{
	unsigned char *start = start_of(k);
	for (size_t i = 0; i < buffers[k].length; i++) {
		unsigned byte;
		sscanf(word + 1 + 2 * i, "%2x", &byte);
		start[i] = byte;
	}
	for (const char *at = strchr(word, '@'); at; at = strchr(at + 1, '@')) {
		unsigned offset;
		int to;
		sscanf(at, "@%u:%d", &offset, &to);
		uintptr_t address = (uintptr_t)start_of(to);
		memcpy(start + offset, &address, sizeof address);
	}
}

static long argument(const char *word)
{
	switch (word[0]) {
	case 'b':
		return (long)start_of(atoi(word + 1));
	case 'p':
		return getpid();
	default:
		return (long)strtoull(word + 1, NULL, 16);
	}
}

static void tell(const char *name, long result, int count)
{
	printf("after %s tid=%d result=%ld", name, tid(), result);
	for (int k = 0; k < count; k++) {
		printf(" b%d=", k);
		for (size_t i = 0; i < buffers[k].length; i++)
			printf("%02x", start_of(k)[i]);
	}
	printf("\n");
	fflush(stdout);
}

static void invoke(char **words)
{
	int count = measure(words + 8);
	for (int k = 0; k < count; k++)
		fill(k, words[8 + k]);
	if (strncmp(words[0], "wait", 4) == 0) {
		pid_t zombie = MUST(fork());
		if (zombie == 0)
			_exit(5);
		until_state(zombie, "Z");
	}
	long args[6];
	for (int i = 0; i < 6; i++)
		args[i] = argument(words[2 + i]);
	/* Nothing that a call does to the machine may succeed. */
	if (getuid() == 0)
		MUST(setresuid(65534, 65534, 65534));
	pid_t self = getpid();
	account("before %s tid=%d", words[0], self);
	long result = raw6(strtol(words[1], NULL, 10), args[0], args[1], args[2], args[3], args[4],
			   args[5]);
	if (getpid() == self)
		tell(words[0], result, count);
	_exit(0);
}

/* A call that waits for ever has shown what it was asked for. */
static void end_of(pid_t child, long nr)
{
	for (int seen = 0; waitpid(child, NULL, WNOHANG) == 0; sched_yield())
		if (waits_in(child, nr) && ++seen == 100)
			kill(child, SIGKILL);
}

int main(void)
{
	static char line[1 << 20];
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	umask(0);
	if (symlink("data", "link") && errno != EEXIST)
		die("symlink");
	open_files();
	open_sockets();
	open_queue();
	map_buffers();
	while (fgets(line, sizeof line, stdin)) {
		char *words[64] = {NULL};
		int count = 0;
		for (char *word = strtok(line, " \n"); word && count < 63; word = strtok(NULL, " \n"))
			words[count++] = word;
		if (count < 8)
			die("a line is too short");
		pid_t child = MUST(fork());
		if (child == 0)
			invoke(words);
		end_of(child, strtol(words[1], NULL, 10));
	}
	return 0;
}
