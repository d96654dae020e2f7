/* 64-bit code that enters the kernel by int 0x80: i386 numbers, 32-bit
 * pointers. And by x32 numbers, which most kernels refuse. */
#include "account.h"

static long int80(long nr, long a, long b, long c)
{
	long result;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)result;
}

static void tell(const char *name, long nr, long a, long b, long c, const char *extra)
{
	long result = int80(nr, a, b, c);
	account("call tid=%d abi=i386 name=%s nr=%ld result=%ld args=%lx,%lx,%lx %s", tid(), name,
		nr, result, a & 0xffffffff, b & 0xffffffff, c & 0xffffffff, extra);
}

int main(void)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	MUST((long)low);
	strcpy(low, "/nonexistent/int80");
	for (int i = 0; i < 3; i++) {
		tell("getpid", 20, 0, 0, 0, "");
		tell("open", 5, (long)low, O_RDONLY, 0, "path0=/nonexistent/int80");
		TELL_OPENAT("/nonexistent/syscall", O_RDONLY, 0);
		tell("access", 33, (long)low, 0, 0, "path0=/nonexistent/int80");
		tell("getpgid", 132, 0x54321, 0, 0, "");
		TELL(getpgid, 0x54321);
	}
	/* The whole upper half of a pointer is ignored by int 0x80. */
	tell("access", 33, (long)low | 0x7f0000000000, 0, 0, "path0=/nonexistent/int80");
	long x32 = raw1(0x40000000 | SYS_getpgid, 0x54321);
	account("call tid=%d abi=x32 name=getpgid nr=%u result=%ld args=54321", tid(),
		0x40000000 | SYS_getpgid, x32);
	pid_t child = int80(2, 0, 0, 0); /* fork by its i386 number */
	if (child == 0)
		int80(1, 17, 0, 0);
	told_task(child, "fork");
	reap(child);
	return 0;
}
