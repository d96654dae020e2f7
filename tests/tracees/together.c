// Two processes that compute: each ends once it has seen that the other runs at the very
// same time. On one processor neither ever does.
//     together FILE 0|1 NANOSECONDS: with a call every so often, or none (0)
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Looks in a row at which the other one has got on. Who takes turns with it sees that
// once in thousands of looks.
#define ROW 20

struct both {
    _Atomic unsigned long count[2];
    _Atomic int seen[2];
};

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

int main(int argc, char **argv) {
    int file = open(argv[1], O_RDWR);
    int self = atoi(argv[2]), row = 0;
    long pause = atol(argv[3]), next = now() + pause;
    struct both *both = mmap(NULL, sizeof *both, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (argc != 4 || both == MAP_FAILED)
        return 1;
    // It goes on until the other one has seen it too.
    while (!both->seen[0] || !both->seen[1]) {
        unsigned long before = both->count[!self];
        for (int i = 0; i < 50; i++)
            both->count[self]++;
        row = both->count[!self] != before ? row + 1 : 0;
        if (row == ROW)
            both->seen[self] = 1;
        if (pause && now() > next) {
            syscall(SYS_getppid);
            next = now() + pause;
        }
    }
    return 0;
}
