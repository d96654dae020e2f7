/* getppid in a loop, beside as many threads as wanted that sleep. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK 4096

static int sleeps(void *unused) {
    (void)unused;
    for (;;)
        syscall(SYS_pause);
}

int main(int argc, char **argv) {
    long threads = argc > 1 ? atol(argv[1]) : 1, calls = argc > 2 ? atol(argv[2]) : 1;
    int access = PROT_READ | PROT_WRITE, kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    char *stacks = mmap(0, threads * STACK, access, kind, -1, 0);
    if (stacks == MAP_FAILED)
        return 1;
    for (long i = 1; i <= threads; i++) {
        int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
        if (clone(sleeps, stacks + i * STACK, flags, 0) == -1)
            return 1;
    }
    while (calls-- > 0)
        syscall(SYS_getppid);
    syscall(SYS_exit_group, 0);
}
