/* Pointers to nothing, strings that run into nothing, strings that end at the
 * last byte before it. */
#include "account.h"
#include <sys/uio.h>
#include <sys/socket.h>

static const unsigned long bad[] = {
	0, 1, 8, 0x1000, ~0ul, ~0ul - 4095,
#ifdef __x86_64__
	0x800000000000, 0x8000000000000000, 0xffff888000000000, 0xffffffffff600000,
#endif
};

static void everywhere(long p)
{
	TELL(openat, AT_FDCWD, p, O_RDONLY, 0);
	TELL(read, 0, p, 100);
	TELL(write, 2, p, 100);
	TELL(execve, p, p, p);
	TELL(execve, "/nonexistent", p, p);
	TELL(readv, 0, p, 3);
	TELL(writev, 2, p, 1000000);
	TELL(nanosleep, p, p);
	TELL(newfstatat, AT_FDCWD, p, p, 0);
	TELL(newfstatat, AT_FDCWD, "/", p, 0);
	TELL(rt_sigaction, SIGUSR1, p, p, 8);
	TELL(rt_sigprocmask, 0, p, 0, 8);
	TELL(poll, p, 10, 0);
	TELL(poll, p, 0xffffffff, 0);
	TELL(sendmsg, 0, p, 0);
	TELL(recvmsg, 0, p, 0);
	TELL(sendmmsg, 0, p, 1000, 0);
	TELL(connect, 0, p, 16);
	TELL(bind, 0, p, 0x7fffffff);
	TELL(getsockname, 0, p, p);
	TELL(getcwd, p, 4096);
	TELL(readlinkat, AT_FDCWD, "/proc/self/exe", p, 100);
	TELL(mount, p, p, p, 0, p);
	TELL(clone3, p, 88);
	TELL(openat2, AT_FDCWD, "/", p, 24);
	TELL(statx, AT_FDCWD, "/", 0, 0x7ff, p);
	TELL(process_vm_readv, getpid(), p, 1, p, 1, 0);
	TELL(getdents64, -1, p, 1000);
	TELL(prctl, PR_SET_NAME, p, 0, 0, 0);
	TELL(ioctl, 0, 0x5401 /* TCGETS */, p);
	TELL(fcntl, 0, F_SETLK, p);
	TELL(sysinfo, p);
	TELL(uname, p);
	TELL(pipe2, p, 0);
	TELL(wait4, -1, p, WNOHANG, p);
	TELL(futex, p, 0, 1, p);
	TELL(io_submit, 0, 3, p);
	TELL(bpf, 5, p, 128);
	TELL(keyctl, 0, p, p, p);
}

int main(void)
{
	/* fd 0 is not for reading here. */
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		everywhere(bad[i]);

	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST((long)page);
	MUST(munmap(page + 4096, 4096));
	memset(page, 'q', 4096);
	char *edge = page + 4096 - 20;
	long result = TELL(openat, AT_FDCWD, edge, O_RDONLY, 0);
	account("faulted name=openat arg=1 result=%ld bytes=%.20s", result, edge);
	memcpy(page + 4096 - 20, "/nonexistent/at-edge", 20);
	page[4095] = 0;
	char copy[32];
	strcpy(copy, edge);
	told_path(1, copy, "openat", SYS_openat, AT_FDCWD, (long)edge, 0, 0);
	/* Half a buffer: the kernel writes what there is. */
	int ends[2];
	MUST(pipe(ends));
	MUST(write(ends[1], copy, 19));
	TELL(read, ends[0], page + 4096 - 10, 19);
	TELL(write, ends[1], page + 4096 - 10, 19);
	/* An argv whose vector runs out, and one whose strings do. */
	char **vector = (char **)(page + 4096 - 2 * sizeof(char *));
	vector[0] = copy;
	vector[1] = copy;
	TELL(execve, "/bin/true", vector, 0);
	char *strings[] = {copy, (char *)1, NULL};
	TELL(execve, "/bin/true", strings, 0);
	struct iovec parts[3] = {{copy, 5}, {(void *)1, 5}, {copy, 5}};
	TELL(writev, ends[1], parts, 3);
	parts[1] = (struct iovec){copy, ~0ul};
	TELL(writev, ends[1], parts, 3);
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 1ul << 40, .msg_control = (void *)1,
				 .msg_controllen = ~0ul};
	TELL(sendmsg, ends[1], &message, 0);
	account("done");
	return 0;
}
