/*
 * Submits operations to an io_uring, and tells how many: `uring CALLS EACH`. With a
 * third word, to one that the kernel polls.
 */
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int calls = atoi(argv[1]), each = atoi(argv[2]);
	struct io_uring_params params = {.flags = argc > 3 ? IORING_SETUP_SQPOLL : 0};
	long ring = syscall(SYS_io_uring_setup, 64, &params);
	if (ring < 0) {
		printf("no ring\n");
		return 0;
	}
	if (argc > 3) {
		printf("polled\n");
		return 0;
	}
	char *queue = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
	char *entries = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe),
	                     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || entries == MAP_FAILED)
		return 1;
	/* Entries of zeroes are IORING_OP_NOP. */
	memset(entries, 0, params.sq_entries * sizeof(struct io_uring_sqe));
	uint32_t *tail = (uint32_t *)(queue + params.sq_off.tail);
	uint32_t *array = (uint32_t *)(queue + params.sq_off.array);
	long submitted = 0;
	for (int call = 0; call < calls; call++) {
		for (int i = 0; i < each; i++) {
			array[*tail % params.sq_entries] = i;
			__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
		}
		long done = syscall(SYS_io_uring_enter, ring, each, 0, 0, NULL, 0);
		if (done > 0)
			submitted += done;
	}
	printf("submitted %ld pid %d\n", submitted, getpid());
	return 0;
}
