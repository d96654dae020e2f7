/* W2: openat, fstat, read, close of a small file, again and again. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char bytes[4096];
    struct stat info;
    for (long left = argc > 1 ? atol(argv[1]) : 1; left > 0; left--) {
        int file = open("/etc/passwd", O_RDONLY);
        if (file < 0 || fstat(file, &info) != 0 || read(file, bytes, sizeof bytes) < 0)
            return 1;
        close(file);
    }
    return 0;
}
