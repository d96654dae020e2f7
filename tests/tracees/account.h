/* What every tracee needs: system calls without libc in between, and a way to
 * give account of them. An account line on standard output is a kind and
 * key=value pairs; the test holds the log against each of them:
 *
 *   call tid=7 abi=x86_64 name=openat nr=257 result=-2 args=ffffff9c,7ffd0,0 path1=/x%0A
 *   task tid=8 parent=7 origin=fork
 *   exit tid=8 code=3            exit tid=8 signal=9
 *   signal tid=8 number=10 count=3
 *   exec tid=7 from=9
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define ABI "x86_64"
#else
#define ABI "i386"
#endif

/* A system call as the kernel sees it: the result is -errno for an error. */
static inline long raw6(long nr, long a, long b, long c, long d, long e, long f)
{
#ifdef __x86_64__
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#else
	long result = syscall(nr, a, b, c, d, e, f);
	return result == -1 ? -errno : result;
#endif
}

#define raw0(nr) raw6(nr, 0, 0, 0, 0, 0, 0)
#define raw1(nr, a) raw6(nr, (long)(a), 0, 0, 0, 0, 0)
#define raw2(nr, a, b) raw6(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define raw3(nr, a, b, c) raw6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define raw4(nr, a, b, c, d) raw6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

static inline pid_t tid(void)
{
	return (pid_t)raw0(SYS_gettid);
}

/* One line, one write: lines of several tasks never mix. */
static inline void account(const char *format, ...)
{
	char line[16384];
	va_list list;
	va_start(list, format);
	int length = vsnprintf(line, sizeof line, format, list);
	va_end(list);
	if (length >= (int)sizeof line)
		length = sizeof line - 1;
	line[length++] = '\n';
	for (int done = 0; done < length;) {
		long wrote = raw3(SYS_write, 1, line + done, length - done);
		if (wrote <= 0)
			raw1(SYS_exit_group, 99);
		done += wrote;
	}
}

/* Bytes as a word of an account line. */
static inline char *escaped(const char *bytes, size_t length, char *into)
{
	char *at = into;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = bytes[i];
		if (byte > ' ' && byte < 0x7f && byte != '%')
			*at++ = byte;
		else
			at += sprintf(at, "%%%02X", byte);
	}
	*at = 0;
	return into;
}

/* Makes a call and gives account of it, with `extra` words. */
static inline long told(const char *extra, const char *name, long nr, long a, long b, long c,
			long d, long e, long f)
{
	long result = raw6(nr, a, b, c, d, e, f);
	account("call tid=%d abi=" ABI " name=%s nr=%lu result=%ld args=%lx,%lx,%lx,%lx,%lx,%lx %s",
		tid(), name, nr, result, a, b, c, d, e, f, extra);
	return result;
}

#define TELL(name, ...) TELL_(name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define TELL_(name, a, b, c, d, e, f, ...)                                                \
	told("", #name, SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
	     (long)(f))

/* The same for a call whose argument number `at` is the path `path`. */
static inline long told_path(int at, const char *path, const char *name, long nr, long a, long b,
			     long c, long d)
{
	static __thread char word[3 * 4200], extra[3 * 4200 + 16];
	snprintf(extra, sizeof extra, "path%d=%s", at, escaped(path, strlen(path), word));
	return told(extra, name, nr, a, b, c, d, 0, 0);
}

#define TELL_OPENAT(path, flags, mode) \
	told_path(1, path, "openat", SYS_openat, AT_FDCWD, (long)(path), flags, mode)

static inline void told_task(pid_t child, const char *origin)
{
	account("task tid=%d parent=%d origin=%s", child, tid(), origin);
}

/* Gives account of how a child ended, from its wait status. */
static inline void told_end(pid_t child, int status)
{
	if (WIFSIGNALED(status))
		account("exit tid=%d signal=%d", child, WTERMSIG(status));
	else
		account("exit tid=%d code=%d", child, WEXITSTATUS(status));
}

/* Waits for a child, through signals, and gives account of its end. */
static inline int reap(pid_t child)
{
	int status = 0;
	pid_t got;
	while ((got = waitpid(child, &status, __WALL)) < 0 && errno == EINTR)
		;
	if (got == child)
		told_end(child, status);
	return status;
}

static inline void die(const char *what)
{
	fprintf(stderr, "tracee: %s: %s\n", what, strerror(errno));
	_exit(98);
}

#define MUST(call)                          \
	({                                  \
		__typeof__(call) got_ = (call); \
		if ((long)got_ == -1)       \
			die(#call);         \
		got_;                       \
	})

/* The state letter of a task (proc(5)), '?' if it is gone. */
static inline char state_of(pid_t task)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", task);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '?';
	ssize_t length = read(fd, text, sizeof text - 1);
	close(fd);
	if (length <= 0)
		return '?';
	text[length] = 0;
	char *paren = strrchr(text, ')');
	return paren ? paren[2] : '?';
}

/* Whether a task waits in call number `nr`. A tracing stop does not count: the
 * tracer must have seen the entry before we go on. */
static inline int waits_in(pid_t task, long nr)
{
	char path[64], text[256];
	snprintf(path, sizeof path, "/proc/%d/syscall", task);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t length = read(fd, text, sizeof text - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	char *end;
	long now = strtol(text, &end, 10);
	return end != text && now == nr && state_of(task) == 'S';
}

static inline void until_waits_in(pid_t task, long nr)
{
	while (!waits_in(task, nr)) {
		if (strchr("?ZX", state_of(task)))
			die("the task that should wait is gone");
		sched_yield();
	}
}

static inline void until_state(pid_t task, const char *states)
{
	while (!strchr(states, state_of(task)))
		sched_yield();
}
