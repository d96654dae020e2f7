/* Gives bytes to another process by calls that few programs make. argv: how. */
#define _GNU_SOURCE
#include "account.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { SIZE = 1500 };
static char bytes[2 * SIZE];

/* The parent copies the child's memory, and puts some into it. */
static void by_memory(void)
{
	int go[2];
	char byte = 0;
	MUST(pipe(go));
	memset(bytes, 'a', SIZE);
	pid_t child = MUST(fork());
	if (child == 0) {
		MUST(close(go[1]));
		MUST(read(go[0], &byte, 1));
		_exit(bytes[SIZE] != 'b');
	}
	struct iovec remote = { bytes, SIZE }, local = { bytes, SIZE };
	memset(bytes, 0, SIZE);
	MUST(process_vm_readv(child, &local, 1, &remote, 1, 0));
	if (bytes[SIZE - 1] != 'a')
		die("process_vm_readv");
	memset(bytes, 'b', SIZE);
	remote.iov_base = bytes + SIZE;
	remote.iov_len = local.iov_len = 500;
	MUST(process_vm_writev(child, &local, 1, &remote, 1, 0));
	MUST(write(go[1], &byte, 1));
	int status;
	MUST(waitpid(child, &status, 0));
	if (status != 0)
		die("process_vm_writev");
}

/* vmsplice takes bytes out of a pipe's reading end. */
static void by_vmsplice(void)
{
	int ends[2];
	MUST(pipe(ends));
	if (MUST(fork()) == 0) {
		struct iovec whole = { bytes, SIZE };
		MUST(vmsplice(ends[1], &whole, 1, 0));
		_exit(0);
	}
	MUST(wait(NULL));
	struct iovec whole = { bytes, SIZE };
	if (MUST(vmsplice(ends[0], &whole, 1, 0)) != SIZE)
		die("vmsplice");
}

/* Datagrams that find no room are lost: the receiver's socket takes few. */
static void by_datagrams(void)
{
	int in = MUST(socket(AF_INET, SOCK_DGRAM, 0)), room = 1;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	MUST(setsockopt(in, SOL_SOCKET, SO_RCVBUF, &room, sizeof room));
	MUST(bind(in, (struct sockaddr *)&address, length));
	MUST(getsockname(in, (struct sockaddr *)&address, &length));
	MUST(fcntl(in, F_SETFL, O_NONBLOCK));
	for (int round = 0; round < 2; round++) {
		if (MUST(fork()) == 0) {
			int out = MUST(socket(AF_INET, SOCK_DGRAM, 0));
			for (int i = 0; i < 50; i++) {
				int size = snprintf(bytes, 64, "%d of round %d", i, round);
				MUST(sendto(out, bytes, size, 0, (struct sockaddr *)&address, length));
			}
			_exit(0);
		}
		MUST(wait(NULL));
		ssize_t got;
		while ((got = recv(in, bytes, 64, 0)) > 0)
			account("got %.*s", (int)got, bytes);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2)
		die("usage");
	if (!strcmp(argv[1], "memory"))
		by_memory();
	else if (!strcmp(argv[1], "vmsplice"))
		by_vmsplice();
	else
		by_datagrams();
	return 0;
}
