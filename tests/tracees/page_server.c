/* Memory that a thread of the same process provides when it is touched
 * (userfaultfd(2)): whoever reads it waits for that thread. */
#include "account.h"
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

static int faults;

static void *serve(void *arg)
{
	static char page[4096];
	(void)arg;
	for (;;) {
		struct uffd_msg message;
		if (read(faults, &message, sizeof message) != sizeof message)
			die("read");
		if (message.event != UFFD_EVENT_PAGEFAULT)
			continue;
		raw1(SYS_getpgid, 0x7700); /* a stop that the tracer must see to */
		strcpy(page, "/nonexistent/served");
		struct uffdio_copy copy = {.dst = message.arg.pagefault.address & ~4095ul,
					   .src = (uintptr_t)page,
					   .len = sizeof page};
		MUST(ioctl(faults, UFFDIO_COPY, &copy));
	}
	return NULL;
}

int main(void)
{
	enum { PAGES = 4 };
	faults = MUST(syscall(SYS_userfaultfd, O_CLOEXEC));
	struct uffdio_api api = {.api = UFFD_API};
	MUST(ioctl(faults, UFFDIO_API, &api));
	char *memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST((long)memory);
	struct uffdio_register range = {.range = {(uintptr_t)memory, PAGES * 4096},
					.mode = UFFDIO_REGISTER_MODE_MISSING};
	MUST(ioctl(faults, UFFDIO_REGISTER, &range));
	pthread_t thread;
	pthread_create(&thread, NULL, serve, NULL);
	/* The kernel touches the first page and the third, to read and to write. */
	TELL(openat, AT_FDCWD, memory, O_RDONLY, 0);
	TELL(write, 2, memory + 4096, 0);
	TELL(newfstatat, AT_FDCWD, "/", memory + 2 * 4096, 0);
	TELL(write, -1, memory + 3 * 4096, 100);
	account("done");
	return 56;
}
