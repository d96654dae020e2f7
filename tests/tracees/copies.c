/* Copies a file. argv: how, from, to. */
#define _GNU_SOURCE
#include "account.h"
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

enum { PIECE = 1000 };

static void by_splice(int in, int out)
{
	int ends[2];
	ssize_t got;
	MUST(pipe(ends));
	while ((got = MUST(splice(in, NULL, ends[1], NULL, 65536, 0))) > 0)
		while (got > 0)
			got -= MUST(splice(ends[0], NULL, out, NULL, got, 0));
}

static void by_vectors(int in, int out)
{
	char bytes[PIECE];
	struct iovec halves[2] = { { bytes, 400 }, { bytes + 400, PIECE - 400 } };
	ssize_t got;
	while ((got = MUST(readv(in, halves, 2))) > 0) {
		struct iovec whole = { bytes, got };
		MUST(writev(out, &whole, 1));
	}
}

/* By offsets, the last piece first. */
static void by_places(int in, int out, off_t size)
{
	char bytes[PIECE];
	for (off_t at = (size - 1) / PIECE * PIECE; at >= 0; at -= PIECE) {
		ssize_t got = MUST(pread(in, bytes, PIECE, at));
		MUST(pwrite(out, bytes, got, at));
	}
}

static void by_memory(int in, int out, off_t size)
{
	MUST(ftruncate(out, size));
	char *from = mmap(NULL, size, PROT_READ, MAP_PRIVATE, in, 0);
	char *to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
	if (from == MAP_FAILED || to == MAP_FAILED)
		die("mmap");
	memcpy(to, from, size);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		die("usage");
	int in = MUST(open(argv[2], O_RDONLY));
	int out = MUST(open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0644));
	off_t size = MUST(lseek(in, 0, SEEK_END));
	MUST(lseek(in, 0, SEEK_SET));
	if (!strcmp(argv[1], "sendfile"))
		while (MUST(sendfile(out, in, NULL, size)) > 0)
			;
	else if (!strcmp(argv[1], "copy_file_range"))
		while (MUST(copy_file_range(in, NULL, out, NULL, size, 0)) > 0)
			;
	else if (!strcmp(argv[1], "splice"))
		by_splice(in, out);
	else if (!strcmp(argv[1], "vectors"))
		by_vectors(in, out);
	else if (!strcmp(argv[1], "places"))
		by_places(in, out, size);
	else
		by_memory(in, out, size);
	return 0;
}
