/* Descriptors of every kind, used, copied, covered and closed; files with odd
 * names, unlinked while open; times of files. It says nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/netlink.h>

static char bytes[16];

/* What fails is to be seen in the trace, not here. */
#define SEE(call) do { if ((call) < 0) bytes[0] = 0; } while (0)

static void pipes(void)
{
	int first[2], second[2];
	SEE(pipe(first));
	SEE(pipe2(second, O_CLOEXEC));
	SEE(write(first[1], "x", 1));
	struct pollfd ready = { first[0], POLLIN, 0 };
	SEE(poll(&ready, 1, 0));
	SEE(read(first[0], bytes, 4));
	close(second[0]);
	SEE(dup2(first[0], second[1]));
	SEE(dup2(first[0], 77));
	SEE(fcntl(first[0], F_DUPFD, 50));
	SEE(read(second[1], bytes, 0));
}

static void inet(int family, const struct sockaddr *any, socklen_t len)
{
	struct sockaddr_storage own = { 0 };
	memcpy(&own, any, len);
	int listener = socket(family, SOCK_STREAM, 0);
	SEE(bind(listener, (struct sockaddr *)&own, len));
	SEE(listen(listener, 5));
	SEE(getsockname(listener, (struct sockaddr *)&own, &len));
	int client = socket(family, SOCK_STREAM, 0);
	SEE(connect(client, (struct sockaddr *)&own, len));
	int server = accept(listener, NULL, NULL);
	SEE(write(client, "yo", 2));
	SEE(read(server, bytes, 8));
	close(server);
	close(client);
	int datagrams = socket(family, SOCK_DGRAM, 0);
	SEE(connect(datagrams, (struct sockaddr *)&own, len));
	SEE(write(datagrams, "to nobody", 9));
	close(datagrams);
	close(listener);
}

static void sockets(void)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	inet(AF_INET, (struct sockaddr *)&four, sizeof four);
	inet(AF_INET6, (struct sockaddr *)&six, sizeof six);
	int pair[2];
	SEE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	SEE(write(pair[0], "hi", 2));
	SEE(read(pair[1], bytes, 8));
	struct sockaddr_un name = { AF_UNIX, "socket" };
	unlink("socket");
	int named = socket(AF_UNIX, SOCK_STREAM, 0);
	SEE(bind(named, (struct sockaddr *)&name, sizeof name));
	SEE(listen(named, 1));
	close(named);
	struct sockaddr_un abstract = { AF_UNIX, "\0rtrace<\"" };
	named = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	SEE(bind(named, (struct sockaddr *)&abstract, 2 + 9));
	close(named);
	struct sockaddr_nl port = { .nl_family = AF_NETLINK };
	int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	SEE(bind(netlink, (struct sockaddr *)&port, sizeof port));
	close(netlink);
}

static void anonymous(void)
{
	int event = eventfd(3, 0), poll = epoll_create1(EPOLL_CLOEXEC);
	int memory = memfd_create("memory", 0), other = memfd_create("memory", MFD_CLOEXEC);
	SEE(ftruncate(memory, 10));
	SEE(write(other, "", 1));
	struct epoll_event wanted = { EPOLLIN, { .fd = event } };
	SEE(epoll_ctl(poll, EPOLL_CTL_ADD, event, &wanted));
	SEE(epoll_wait(poll, &wanted, 1, 0));
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	close(timerfd_create(CLOCK_MONOTONIC, 0));
	close(signalfd(-1, &signals, 0));
	close(inotify_init1(0));
	close(syscall(SYS_pidfd_open, getpid(), 0));
}

static void files(void)
{
	static const char *const odd[] = { "a<b>9", "q\"u\\o", "n\nl", "\303\244\377" };
	for (int i = 0; i < 4; i++) {
		int file = open(odd[i], O_CREAT | O_RDWR, 0600);
		SEE(write(file, "x", 1));
		unlink(odd[i]);
		SEE(write(file, "y", 1));
		close(file);
	}
	int file = open("times", O_CREAT | O_RDWR, 0600);
	struct timespec at[2] = { { 1700000000, 123456789 }, { 1700000001, 0 } };
	SEE(futimens(file, at));
	struct stat status;
	SEE(fstat(file, &status));
	at[0].tv_nsec = UTIME_NOW;
	at[1].tv_sec = at[1].tv_nsec = 0;
	SEE(futimens(file, at));
	struct timeval old[2] = { { 1700000000, 5 }, { 1, 0 } };
	SEE(utimes("times", old));
	symlink("times", "link");
	close(open("link", O_RDONLY));
	close(open("link", O_RDONLY));
	int null = open("/dev/null", O_WRONLY);
	SEE(lstat("/dev/null", &status));
	SEE(dup3(null, file, O_CLOEXEC));
	SEE(write(file, "z", 1));
	int dir = open("/", O_PATH | O_DIRECTORY);
	close(openat(dir, "etc/passwd", O_RDONLY));
	SEE(chdir("/etc"));
	close(openat(AT_FDCWD, "passwd", O_RDONLY));
}

int main(void)
{
	pipes();
	sockets();
	anonymous();
	files();
	return 0;
}
