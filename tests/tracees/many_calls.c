// Many system calls with arguments that are the same every time, so that two
// tracers' texts of them can be compared. It works in the current directory.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[4096];

static void waiting(void) {
  int pipes[2], queue = epoll_create1(EPOLL_CLOEXEC);
  pipe2(pipes, O_CLOEXEC | O_NONBLOCK);
  struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 7}}, ready[4];
  epoll_ctl(queue, EPOLL_CTL_ADD, pipes[0], &event);
  struct pollfd asked = {pipes[0], POLLIN, 0};
  poll(&asked, 1, 0);
  write(pipes[1], "x\0017", 3);
  poll(&asked, 1, 10);
  epoll_wait(queue, ready, 4, -1);
  epoll_wait(99, ready, 4, -1);
  fcntl(pipes[0], F_GETFL);
  fcntl(pipes[0], F_SETFL, O_NONBLOCK);
  fcntl(pipes[0], F_GETFD);
  fcntl(pipes[0], F_DUPFD_CLOEXEC, 20);
  struct flock lock = {F_WRLCK, SEEK_SET, 0, 0};
  fcntl(pipes[0], F_SETLK, &lock);
  int pending;
  ioctl(pipes[0], FIONREAD, &pending);
  ioctl(pipes[0], FIOCLEX);
  ioctl(pipes[0], TIOCGWINSZ, buffer);
  ioctl(pipes[0], 0x1234, 5);
  read(pipes[0], buffer, 3);
  read(pipes[0], buffer, 0);
  write(pipes[1], buffer, 0);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipes[0], &set);
  struct timeval time = {0, 0};
  select(pipes[0] + 1, &set, 0, 0, &time);
}

static void files(void) {
  int file = open("made", O_CREAT | O_WRONLY | O_TRUNC, 0640);
  struct iovec vectors[2] = {{"hello", 5}, {"world\n", 6}};
  writev(file, vectors, 2);
  pwrite(file, "quote \" back \\ tab \t byte \377", 27, 11);
  lseek(file, 0, SEEK_SET);
  ftruncate(file, 3);
  fchmod(file, 04755);
  struct stat status;
  fstat(file, &status);
  stat("/dev/null", &status);
  rename("made", "moved");
  symlink("moved", "link");
  readlink("link", buffer, 3);
  unlink("link");
  unlink("moved");
  mknod("fifo", S_IFIFO | 0600, 0);
  unlink("fifo");
  umask(0);
  struct statfs system;
  statfs("/proc", &system);
  int watch = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(watch, ".", IN_CREATE | IN_DELETE);
  faccessat(AT_FDCWD, "/", R_OK | X_OK, 0);
  syscall(SYS_openat2, AT_FDCWD, "/tmp", (long[]){O_DIRECTORY, 0, 8}, 24);
  open((char *)1, O_RDWR);
  access((char *)0, R_OK);
  write(file, (char *)8, 4);
}

static void signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGRTMIN + 3);
  signalfd(-1, &set, SFD_CLOEXEC);
  sigprocmask(SIG_BLOCK, &set, 0);
  sigfillset(&set);
  sigprocmask(SIG_SETMASK, &set, 0);
  stack_t stack;
  sigaltstack(0, &stack);
  siginfo_t info;
  waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
  int status;
  pid_t child = fork();
  if (!child) _exit(3);
  waitpid(child, &status, 0);
}

static void network(void) {
  int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP), one = 1;
  struct sockaddr_in v4 = {AF_INET, htons(1), {htonl(0x7f000001)}, {0}};
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  connect(tcp, (void *)&v4, sizeof v4);
  socklen_t length = sizeof one;
  getsockopt(tcp, SOL_SOCKET, SO_TYPE, &one, &length);
  struct sockaddr_in6 v6 = {AF_INET6, htons(2), 0, IN6ADDR_LOOPBACK_INIT, 0};
  connect(socket(AF_INET6, SOCK_DGRAM, 0), (void *)&v6, sizeof v6);
  struct sockaddr_un local = {AF_UNIX, "/nope"};
  connect(socket(AF_UNIX, SOCK_DGRAM, 0), (void *)&local, sizeof local);
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  char control[CMSG_SPACE(4)] = {0};
  struct iovec vector = {"abc", 3};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = sizeof control};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(4);
  memcpy(CMSG_DATA(rights), &pair[0], 4);
  sendmsg(pair[0], &message, 0);
  vector.iov_base = buffer;
  recvmsg(pair[1], &message, 0);
  sendto(pair[0], "hello", 5, MSG_NOSIGNAL, 0, 0);
  recvfrom(pair[1], buffer, 10, MSG_DONTWAIT, 0, 0);
}

int main(void) {
  waiting();
  files();
  network();
  eventfd(3, EFD_CLOEXEC);
  struct itimerspec timer = {{0, 0}, {1, 5}};
  timerfd_settime(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), 0, &timer, 0);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  struct utsname name;
  uname(&name);
  prctl(PR_SET_NAME, "hello");
  madvise(0, 4096, MADV_DONTNEED);
  mremap(0, 0, 0, 0);
  syscall(999, 1, 2);
  dup3(1, 50, O_CLOEXEC);
  close_range(50, 60, 0);
  signals();
  signal(SIGSEGV, SIG_DFL);
  raise(SIGUSR1);
  return 5;
}
