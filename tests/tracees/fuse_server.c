/* A file system that a process of the same tree serves (FUSE, fuse(4)): whoever
 * looks at a file of it waits for that process. */
#include "account.h"
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

enum { FILE_ID = 2, SIZE = 8192 };

static char content[SIZE]; /* two pages: each begins with a path */

static void attributes(struct fuse_attr *attr, uint64_t id)
{
	attr->ino = id;
	attr->nlink = 1;
	attr->mode = id == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0755;
	attr->size = id == FUSE_ROOT_ID ? 0 : SIZE;
	attr->blksize = 4096;
}

/* Nothing is valid for any time: the kernel asks again for each look. */
static size_t answer(const struct fuse_in_header *in, const void *arg, void *to)
{
	memset(to, 0, 256);
	switch (in->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out *out = to;
		out->major = FUSE_KERNEL_VERSION;
		out->minor = FUSE_KERNEL_MINOR_VERSION;
		out->max_write = 4096;
		return sizeof *out;
	}
	case FUSE_LOOKUP: {
		struct fuse_entry_out *out = to;
		out->nodeid = FILE_ID;
		attributes(&out->attr, FILE_ID);
		return sizeof *out;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out *out = to;
		attributes(&out->attr, in->nodeid);
		return sizeof *out;
	}
	case FUSE_OPEN:
		return sizeof(struct fuse_open_out);
	case FUSE_READ: {
		const struct fuse_read_in *read = arg;
		size_t left = read->offset < SIZE ? SIZE - read->offset : 0;
		size_t size = read->size < left ? read->size : left;
		memcpy(to, content + read->offset, size);
		return size;
	}
	default:
		return 0;
	}
}

static int serve(int device)
{
	static char request[1 << 17], reply[sizeof(struct fuse_out_header) + SIZE];
	for (;;) {
		long size = read(device, request, sizeof request);
		if (size < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (size < 0)
			return errno == ENODEV ? 0 : 1;
		const struct fuse_in_header *in = (void *)request;
		if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET)
			continue;
		struct fuse_out_header *out = (void *)reply;
		*out = (struct fuse_out_header){.unique = in->unique};
		out->len = sizeof *out + answer(in, in + 1, out + 1);
		if (write(device, reply, out->len) != out->len && errno != ENOENT)
			return 1;
	}
}

int main(void)
{
	strcpy(content, "/nonexistent/first");
	strcpy(content + 4096, "/nonexistent/second");
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0 || unshare(CLONE_NEWNS) != 0) {
		printf("no fuse: %s\n", strerror(errno));
		return 77;
	}
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mkdir("served", 0755));
	char options[100];
	sprintf(options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
	MUST(mount("served", "served", "fuse.served", MS_NODEV | MS_NOSUID, options));
	pid_t server = MUST(fork());
	if (server == 0)
		_exit(serve(device));
	MUST(close(device));

	int fd = TELL(open, "served/file", O_RDONLY);
	TELL(open, "served/file", O_RDONLY);
	char *pages = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	MUST((long)pages);
	MUST(madvise(pages, SIZE, MADV_RANDOM));
	/* The kernel touches the first page, and none the second. */
	TELL(openat, AT_FDCWD, pages, O_RDONLY, 0);
	TELL(openat, AT_FDCWD, pages, O_RDONLY, 0);
	TELL(write, -1, pages + 4096, 100);
	/* Whose program it is, too. */
	pid_t child = MUST(fork());
	if (child == 0) {
		execl("served/file", "file", NULL);
		_exit(errno == ENOEXEC ? 0 : 1);
	}
	int status;
	MUST(waitpid(child, &status, 0));
	MUST(chdir("served"));
	MUST(chdir(".."));
	MUST(munmap(pages, SIZE));
	MUST(umount2("served", MNT_DETACH));
	MUST(close_range(3, 100, 0));
	int served;
	MUST(waitpid(server, &served, 0));
	account("done");
	return status == 0 && served == 0 ? 57 : 1;
}
