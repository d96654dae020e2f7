/* i386: sockets by way of socketcall(2), System V IPC by way of ipc(2), and each
 * of the IPC calls also as libc makes it. What it prints does not matter. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET(number, ...) syscall(102, number, (long[6]){__VA_ARGS__})
#define IPC(number, ...) syscall(117, number, __VA_ARGS__)

struct text {
	long type;
	char text[8];
};

static void sockets(void)
{
	struct sockaddr_un nowhere = {AF_UNIX, "/nonexistent/socket"};
	int ends[2], one = 1;
	socklen_t size = sizeof one;
	char buffer[8] = "";
	int s = SOCKET(1, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	SOCKET(2, s, (long)&nowhere, sizeof nowhere);
	SOCKET(3, s, (long)&nowhere, sizeof nowhere);
	SOCKET(8, AF_UNIX, SOCK_DGRAM, 0, (long)ends);
	SOCKET(9, ends[0], (long)"hello", 5, 0);
	SOCKET(10, ends[1], (long)buffer, 8, 0);
	SOCKET(11, ends[0], (long)"world", 5, 0);
	struct iovec vector = {buffer, 8};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	SOCKET(17, ends[1], (long)&message, 0);
	vector.iov_len = 3;
	SOCKET(16, ends[0], (long)&message, 0);
	/* The second one cannot be sent. */
	struct mmsghdr many[2] = {{message, 77}, {{.msg_iov = (void *)8, .msg_iovlen = 1}, 78}};
	SOCKET(20, ends[0], (long)many, 2, 0);
	SOCKET(20, -1, (long)many, 2, 0);
	SOCKET(19, ends[1], (long)many, 2, 0, 0);
	SOCKET(14, s, SOL_SOCKET, SO_REUSEADDR, (long)&one, sizeof one);
	SOCKET(15, s, SOL_SOCKET, SO_TYPE, (long)&one, (long)&size);
	SOCKET(13, ends[0], SHUT_WR);
	syscall(102, 3, 8); /* words at a bad address */
}

static void queues(void)
{
	struct text message = {1, "abc"};
	struct {
		void *at;
		long type;
	} old = {&message, 1};
	int q = IPC(13, IPC_PRIVATE, 0600 | IPC_CREAT);
	IPC(11, q, 4, 0, &message);
	IPC(12, q, 4, 0, &old);
	IPC(11, q, 4, IPC_NOWAIT, &message);
	IPC(1 << 16 | 12, q, 4, MSG_NOERROR, &message, 1);
	IPC(14, q, IPC_RMID, 0, 0);
	q = msgget(IPC_PRIVATE, 0644);
	msgsnd(q, &message, 3, 0);
	msgrcv(q, &message, 8, 0, IPC_NOWAIT);
	msgctl(q, IPC_RMID, NULL);
}

static void segments(void)
{
	unsigned long address = 0;
	int segment = IPC(23, IPC_PRIVATE, 4096, 0600);
	IPC(21, segment, SHM_RDONLY, &address);
	IPC(22, 0, 0, 0, address);
	IPC(24, segment, IPC_RMID, 0, 0);
	segment = shmget(IPC_PRIVATE, 4096, 0600 | IPC_CREAT | IPC_EXCL);
	shmdt(shmat(segment, NULL, 0));
	shmctl(segment, IPC_RMID, NULL);
}

static void semaphores(void)
{
	long value = 5;
	struct sembuf up = {0, 1, 0};
	int set = IPC(2, IPC_PRIVATE, 2, 0600);
	IPC(3, set, 0, SETVAL, &value);
	IPC(1, set, 1, 0, &up);
	IPC(4, set, 1, 0, &up, 0);
	IPC(3, set, 0, IPC_RMID, &value);
	set = semget(IPC_PRIVATE, 1, 0600);
	semop(set, &up, 1);
	semctl(set, 0, IPC_RMID);
}

int main(void)
{
	/* Ids that do not depend on what the machine has. */
	if (unshare(CLONE_NEWIPC) && unshare(CLONE_NEWUSER | CLONE_NEWIPC))
		return 1;
	sockets();
	queues();
	segments();
	semaphores();
	syscall(5, "/dev/null", O_RDONLY); /* without a mode */
	return 0;
}
