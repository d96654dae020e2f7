// System V IPC, NUMA policies, directories, offsets that the kernel moves, timers:
// so that two tracers' texts of them can be compared.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/memfd.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char buffer[65536];

// A key of its own would have a number that differs from run to run: what is told
// of id 0 and of none is enough but for the structs.
static void ipc(void) {
  int queue = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
  struct msqid_ds queued;
  msgctl(queue, IPC_STAT, &queued);
  queued.msg_qbytes = 1000;
  msgctl(queue, IPC_SET, &queued);
  msgctl(queue, IPC_RMID, 0);
  int segment = shmget(IPC_PRIVATE, 4096, 0640 | IPC_CREAT | IPC_EXCL);
  struct shmid_ds shared;
  shmctl(segment, IPC_STAT, &shared);
  shmctl(segment, IPC_SET, &shared);
  shmctl(segment, IPC_RMID, 0);
  shmctl(0, IPC_INFO, (void *)buffer);
  int set = semget(IPC_PRIVATE, 3, 0600 | IPC_CREAT);
  struct semid_ds counted;
  semctl(set, 0, SETALL, (unsigned short[]){1, 2, 3});
  semctl(set, 0, IPC_STAT, &counted);
  semctl(set, 0, IPC_SET, &counted);
  semctl(0, 0, IPC_INFO, buffer);
  semctl(set, 0, IPC_RMID);
}

static void policies(void) {
  unsigned long nodes = 1;
  int mode;
  syscall(SYS_set_mempolicy, 2, &nodes, 64);
  syscall(SYS_get_mempolicy, &mode, &nodes, 64, 0, 0);
  syscall(SYS_set_mempolicy, 0, 0, 0);
  syscall(SYS_mbind, 0, 4096, 1, &nodes, 64, 0);
  syscall(SYS_ioprio_get, 1, 0);
  syscall(SYS_ioprio_set, 1, 0, 0x4002);
  klogctl(10, 0, 0);
  klogctl(99, buffer, 5);
}

static void directories(void) {
  mkdir("made", 0755);
  int made = open("made", O_RDONLY | O_DIRECTORY);
  close(open("made/a file", O_CREAT | O_WRONLY, 0600));
  syscall(SYS_getdents64, made, buffer, sizeof buffer);
  syscall(SYS_getdents64, made, buffer, sizeof buffer);
  lseek(made, 0, SEEK_SET);
  syscall(SYS_getdents, made, buffer, sizeof buffer);
  syscall(SYS_getdents64, made, buffer, 3);
  syscall(SYS_getdents64, 99, buffer, 3);
  unlink("made/a file");
  rmdir("made");
}

static void descriptors(void) {
  int file = open("/etc/passwd", O_RDONLY);
  fcntl(file, F_GETLEASE);
  fcntl(file, F_NOTIFY, DN_CREATE);
  struct f_owner_ex owner = {F_OWNER_PID, 0};
  fcntl(file, F_SETOWN_EX, &owner);
  fcntl(file, F_GETOWN_EX, &owner);
  unsigned long context = 0;
  syscall(SYS_io_setup, 5, &context);
  syscall(SYS_memfd_create, "huge", MFD_HUGETLB | 30u << MFD_HUGE_SHIFT);
  close(file);
}

static void offsets(void) {
  memset(buffer, 0, sizeof buffer);
  int file = open("file", O_CREAT | O_RDWR | O_TRUNC, 0600), ends[2];
  write(file, buffer, 4096);
  fallocate(file, 0, 0, 8192);
  fallocate(file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4096);
  copy_file_range(file, 0, file, (off64_t[]){8192}, 4096, 0);
  pipe(ends);
  off_t from = 5;
  sendfile(ends[1], file, &from, 10);
  splice(file, (off64_t[]){0}, ends[1], 0, 10, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  unlink("file");
}

static void waiting(void) {
  int queue = epoll_create1(0), counter = eventfd(1, 0);
  struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 0x123456789abcdef0}}, ready[4];
  epoll_ctl(queue, EPOLL_CTL_ADD, counter, &event);
  epoll_wait(queue, ready, 4, 0);
  struct timespec soon = {0, 1000};
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  pselect(0, 0, 0, 0, &soon, &mask);
  pselect(0, 0, 0, 0, &soon, 0);
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(counter, &readable);
  select(counter + 1, &readable, 0, 0, 0);
  struct pollfd asked[2] = {{counter, POLLIN, 0}, {-1, 0, 0}};
  poll(asked, 2, 0);
  struct sigevent none = {.sigev_notify = SIGEV_NONE, .sigev_signo = SIGUSR2};
  syscall(SYS_timer_create, CLOCK_REALTIME, &none, buffer);
  none.sigev_notify = SIGEV_SIGNAL;
  syscall(SYS_timer_create, CLOCK_MONOTONIC, &none, buffer);
}

int main(void) {
  ipc();
  policies();
  directories();
  descriptors();
  offsets();
  waiting();
  struct statfs system;
  statfs("/proc", &system);
  return 0;
}
