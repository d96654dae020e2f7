/* W5: four threads that read from one file. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int file;
static long times;

static void *reads(void *unused) {
    char bytes[512];
    for (long left = times; left > 0; left--)
        if (pread(file, bytes, sizeof bytes, left % 7) < 0)
            exit(1);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t threads[4];
    times = argc > 1 ? atol(argv[1]) : 1;
    file = open("/etc/passwd", O_RDONLY);
    if (file < 0)
        return 1;
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], 0, reads, 0) != 0)
            return 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], 0);
    return 0;
}
