// Requests of ioctl(2) with structs behind them: terminals, files, network
// interfaces, so that two tracers' texts of them can be compared.
#define _GNU_SOURCE
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void terminal(void) {
  int main_end = open("/dev/ptmx", O_RDWR | O_NOCTTY), number = 0;
  char name[40];
  ioctl(main_end, TIOCSPTLCK, &number);
  ioctl(main_end, TIOCGPTN, &number);
  snprintf(name, sizeof name, "/dev/pts/%d", number);
  int terminal = open(name, O_RDWR | O_NOCTTY);
  struct termios settings;
  ioctl(terminal, TCGETS, &settings);
  ioctl(terminal, TCSETS, &settings);
  settings.c_lflag &= ~(ICANON | ECHO | ISIG);
  settings.c_oflag &= ~OPOST;
  settings.c_cflag = CS7 | B115200 | PARENB;
  settings.c_iflag = 0;
  ioctl(terminal, TCSETSW, &settings);
  ioctl(terminal, TCSETSF, &settings);
  ioctl(terminal, TCGETS, &settings);
  settings.c_lflag = 0;
  settings.c_oflag = XTABS | NL1 | CR2;
  settings.c_cflag = 0;
  ioctl(terminal, TCSETS, &settings);
  struct termios2 newer;
  ioctl(terminal, TCGETS2, &newer);
  ioctl(terminal, TCSETS2, &newer);
  ioctl(0, TCGETS, &settings);
  ioctl(main_end, TCFLSH, TCIOFLUSH);
  ioctl(main_end, TCXONC, TCOOFF);
  ioctl(main_end, TIOCGPTPEER, 0);
  ioctl(terminal, TIOCOUTQ, &number);
  ioctl(terminal, TIOCEXCL);
  ioctl(terminal, TIOCNOTTY);
}

static void files(void) {
  int file = open("/etc/passwd", O_RDONLY), value;
  ioctl(file, FICLONE, 3);
  ioctl(file, BLKGETSIZE64, &value);
  ioctl(file, 0x5678, 0x1234);
  ioctl(file, 0x80081234, &value);
}

static void interfaces(void) {
  int any = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {.ifr_name = "lo"};
  const int asked[] = {SIOCGIFFLAGS, SIOCGIFADDR,    SIOCGIFMTU,   SIOCGIFHWADDR, SIOCGIFINDEX,
                       SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFTXQLEN, SIOCGIFMAP};
  for (unsigned i = 0; i < sizeof asked / sizeof *asked; i++) ioctl(any, asked[i], &request);
  request.ifr_ifindex = 1;
  ioctl(any, SIOCGIFNAME, &request);
  struct ifconf all = {0};
  ioctl(any, SIOCGIFCONF, &all);
  strcpy(request.ifr_name, "nosuch");
  ioctl(any, SIOCGIFFLAGS, &request);
}

int main(void) {
  terminal();
  files();
  interfaces();
  return 0;
}
