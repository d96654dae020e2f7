// Where its tasks may run, as the kernel tells them: prints a line for each look, after
// calls enough to be taken for one that makes many. Prints the same whoever looks on.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void calls(void) {
    for (int i = 0; i < 3000; i++)
        syscall(SYS_getppid);
}

static void look(const char *who, pid_t pid) {
    unsigned char mask[1024];
    calls();
    long bytes = syscall(SYS_sched_getaffinity, pid, sizeof mask, mask);
    printf("%s: %ld bytes:", who, bytes);
    for (long i = 0; i < bytes; i++)
        for (int bit = 0; bit < 8; bit++)
            if (mask[i] & 1 << bit)
                printf(" %ld", i * 8 + bit);
    printf("\n");
    fflush(stdout);
}

static void set(pid_t pid, int cpu) { // −1: all that there are
    unsigned char mask[1024];
    memset(mask, cpu < 0 ? 0xff : 0, sizeof mask);
    if (cpu >= 0)
        mask[cpu / 8] = 1 << cpu % 8;
    calls();
    long result = syscall(SYS_sched_setaffinity, pid, sizeof mask, mask);
    printf("set %d: %s\n", cpu, result == 0 ? "done" : strerror(errno));
    fflush(stdout);
}

static void *thread(void *cpu) {
    look("thread", 0);
    set(0, *(int *)cpu);
    look("thread", 0);
    look("leader, by its thread", getpid());
    return NULL;
}

int main(int argc, char **argv) {
    int first = 0, last = 0;
    cpu_set_t all;
    pthread_t other;
    sched_getaffinity(0, sizeof all, &all);
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
        if (CPU_ISSET(cpu, &all)) {
            first = cpu;
            last = last ? last : cpu;
        }
    if (argc > 1) { // executed
        look("executed", 0);
        return 0;
    }
    look("at first", 0);
    set(0, last);
    look("at the last", 0);
    set(0, first);
    look("at the first", 0);
    set(0, -1);
    look("everywhere", 0);
    set(0, CPU_SETSIZE); // there is none such
    look("still everywhere", 0);

    pthread_create(&other, NULL, thread, &last);
    pthread_join(other, NULL);
    look("leader", 0);

    int to_child[2];
    if (pipe(to_child) == -1)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        char byte;
        if (read(to_child[0], &byte, 1) != 1)
            return 1;
        look("child, by itself", 0);
        fflush(stdout);
        execl(argv[0], argv[0], "again", NULL);
        return 1;
    }
    look("child", child);
    set(child, last);
    look("child", child);
    if (write(to_child[1], "x", 1) != 1)
        return 1;
    int status;
    waitpid(child, &status, 0);
    look("nobody", child);

    // One that nobody traces, even where somebody follows all others.
    child = syscall(SYS_clone, 0x800000 /* CLONE_UNTRACED */ | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        look("untraced", 0);
        _exit(0);
    }
    waitpid(child, &status, __WALL);
    printf("end %d\n", status);
    return 0;
}
