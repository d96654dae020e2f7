// What every small program does with files, memory, signals, pipes and children,
// in a way that any C library and any ABI can build. It works in the current
// directory, in which there is nothing of its names.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[4096];

static void handler(int number) { (void)number; }

static void files(void) {
  struct stat status;
  int file = open("everyday.txt", O_RDWR | O_CREAT | O_EXCL, 0644);
  if (file < 0 || write(file, "some text\n", 10) != 10) exit(1);
  fstat(file, &status);
  lseek(file, -4, SEEK_END);
  printf("%zd bytes left\n", read(file, buffer, sizeof buffer));
  ftruncate(file, 3);
  dup2(file, 9);
  fcntl(9, F_SETFD, FD_CLOEXEC);
  close(9);
  close(9);
  close(file);
  symlink("everyday.txt", "everyday.link");
  printf("a link of %zd bytes\n", readlink("everyday.link", buffer, sizeof buffer));
  lstat("everyday.link", &status);
  rename("everyday.link", "everyday \"quoted\"\n");
  unlink("everyday \"quoted\"\n");
  unlink("everyday.txt");
  unlink("everyday.txt");
  mkdir("everyday.d", 0755);
  chdir("everyday.d");
  getcwd(buffer, sizeof buffer);
  chdir("..");
  rmdir("everyday.d");
  truncate("/nonexistent", 5);
  umask(umask(077));
  DIR *list = opendir("/proc/self/task");
  while (readdir(list)) continue;
  closedir(list);
}

static void memory(void) {
  char *pages = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, 1, 1 << 16);
  mprotect(pages, 4096, PROT_READ);
  munmap(pages, 1 << 20);
  free(malloc(4 << 20));
}

static void children(void) {
  int pipes[2], status;
  if (pipe(pipes)) exit(1);
  fflush(stdout);
  if (fork() == 0) {
    dup2(pipes[1], 1);
    execlp("echo", "echo", "from the child", (char *)0);
    _exit(127);
  }
  close(pipes[1]);
  while (read(pipes[0], buffer, sizeof buffer) > 0) continue;
  wait(&status);
  printf("%s and status %d\n", strtok(buffer, "\n"), status);
  fflush(stdout);
  if (fork() == 0) raise(SIGKILL);
  wait(&status);
  printf("status %d, then %s\n", status, wait(&status) < 0 && errno == ECHILD ? "none" : "one");
}

int main(void) {
  setvbuf(stdout, buffer + 2048, _IOFBF, 2048);
  signal(SIGUSR1, handler);
  raise(SIGUSR1);
  files();
  memory();
  children();
  return 7;
}
