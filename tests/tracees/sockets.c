// Socket options by level and name, addresses of every family, and messages with
// all that can be in them, so that two tracers' texts of them can be compared.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static char buffer[4096];

static void ask(int from, int level, int option, socklen_t room) {
  memset(buffer, 0, sizeof buffer);
  getsockopt(from, level, option, buffer, &room);
}

static void set(int at, int level, int option, int value) {
  setsockopt(at, level, option, &value, sizeof value);
}

static void options(int tcp, int udp) {
  struct linger linger = {1, 5};
  setsockopt(tcp, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  setsockopt(tcp, SOL_SOCKET, SO_LINGER, &linger, 4);
  ask(tcp, SOL_SOCKET, SO_LINGER, 8);
  ask(tcp, SOL_SOCKET, SO_LINGER, 4);
  struct timeval time = {1, 500};
  setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  const int plain[] = {SO_TYPE,     SO_ERROR,    SO_BROADCAST, SO_PEERCRED, SO_TIMESTAMPING,
                       SO_PEERNAME, SO_PROTOCOL, SO_DOMAIN,    SO_PRIORITY, SO_BINDTODEVICE,
                       SO_GET_FILTER, 999};
  for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++) ask(tcp, SOL_SOCKET, plain[i], 64);
  ask(tcp, SOL_SOCKET, SO_TYPE, 0);
  setsockopt(tcp, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, (void *)8, 4);
  set(tcp, SOL_TCP, TCP_NODELAY, 1);
  ask(tcp, SOL_TCP, TCP_ULP, 16);
  ask(tcp, SOL_TCP, 250, 4);
  set(udp, SOL_IP, IP_RECVERR, 1);
  ask(udp, SOL_IP, 250, 4);
  struct ip_mreq group = {{htonl(0xe0000001)}, {0}};
  setsockopt(udp, SOL_IP, IP_ADD_MEMBERSHIP, &group, sizeof group);
  struct ip_mreqn named = {{htonl(0xe0000001)}, {0}, 1};
  setsockopt(udp, SOL_IP, IP_DROP_MEMBERSHIP, &named, sizeof named);
  struct ipv6_mreq group6 = {.ipv6mr_interface = 1};
  inet_pton(AF_INET6, "ff02::1", &group6.ipv6mr_multiaddr);
  setsockopt(socket(AF_INET6, SOCK_DGRAM, 0), SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group6,
             sizeof group6);
  struct sock_filter instruction = {6, 0, 0, 0xffff};
  struct sock_fprog filter = {1, &instruction};
  setsockopt(udp, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
  set(udp, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

static void link_layer(void) {
  int raw = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  socket(AF_PACKET, SOCK_DGRAM, htons(0x1234));
  socket(AF_BLUETOOTH, SOCK_RAW, 1);
  struct packet_mreq member = {1, PACKET_MR_PROMISC, 0, ""};
  setsockopt(raw, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &member, sizeof member);
  struct sockaddr_ll link = {AF_PACKET, htons(ETH_P_IP), 1, 1, PACKET_OUTGOING, 0, ""};
  bind(raw, (void *)&link, sizeof link);
  link.sll_halen = 6;
  bind(raw, (void *)&link, sizeof link);
}

static void addresses(int udp, int local) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct sockaddr_nl groups = {AF_NETLINK, 0, 0, 5};
  bind(netlink, (void *)&groups, sizeof groups);
  groups.nl_groups = 0x6;
  bind(netlink, (void *)&groups, sizeof groups);
  struct sockaddr_un path = {AF_UNIX, "/nosuch/socket"};
  connect(local, (void *)&path, offsetof(struct sockaddr_un, sun_path) + 5);
  memcpy(path.sun_path, "\0abs\0tract", 10);
  connect(local, (void *)&path, 12);
  bind(local, (void *)&path, 1);
  bind(local, 0, 0);
  struct sockaddr_in v4 = {AF_INET, htons(9), {htonl(0x7f000001)}, {0}};
  connect(udp, (void *)&v4, 8);
  struct sockaddr_in6 v6 = {AF_INET6, htons(80), htonl(7), IN6ADDR_ANY_INIT, 1};
  int udp6 = socket(AF_INET6, SOCK_DGRAM, 0);
  connect(udp6, (void *)&v6, sizeof v6);
  inet_pton(AF_INET6, "fe80::1", &v6.sin6_addr);
  connect(udp6, (void *)&v6, sizeof v6);
  connect(udp6, (void *)&v6, 24);
}

static void messages(int udp) {
  struct sockaddr_in self = {AF_INET, 0, {htonl(0x7f000001)}, {0}};
  socklen_t length = sizeof self;
  bind(udp, (void *)&self, length);
  getsockname(udp, (void *)&self, &length);
  struct iovec parts[3] = {{"abc", 3}, {0, 0}, {"", 0}};
  struct msghdr message = {&self, length, parts, 3, 0, 0, 0};
  sendmsg(udp, &message, 0);
  parts[0] = (struct iovec){buffer, 100};
  message.msg_iovlen = 1;
  recvmsg(udp, &message, 0);
  recvmsg(udp, &message, MSG_DONTWAIT);
  sendmsg(udp, &(struct msghdr){&self, length, 0, 0, 0, 0, 0}, 0);
  recvmsg(udp, 0, 0);
  struct mmsghdr many[2] = {{message, 0}, {message, 0}};
  sendmmsg(udp, many, 2, 0);
  recvmmsg(udp, many, 2, MSG_DONTWAIT, 0);
  recvmmsg(udp, many, 2, MSG_DONTWAIT, 0);
}

static void control(void) {
  int pair[2], on = 1;
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  char space[CMSG_SPACE(8) + CMSG_SPACE(12)] = {0};
  struct iovec part = {"x", 1};
  struct msghdr message = {0, 0, &part, 1, space, sizeof space, 0};
  struct cmsghdr *one = CMSG_FIRSTHDR(&message);
  *one = (struct cmsghdr){CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS};
  memcpy(CMSG_DATA(one), pair, 8);
  one = CMSG_NXTHDR(&message, one);
  *one = (struct cmsghdr){CMSG_LEN(12), SOL_SOCKET, SCM_CREDENTIALS};
  struct ucred me = {getpid(), getuid(), getgid()};
  memcpy(CMSG_DATA(one), &me, 12);
  sendmsg(pair[0], &message, 0);
  part.iov_base = buffer;
  recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC);
  message.msg_controllen = 10;
  message.msg_flags = 0;
  sendmsg(pair[0], &message, 0);
}

int main(void) {
  int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  options(tcp, udp);
  link_layer();
  addresses(udp, socket(AF_UNIX, SOCK_STREAM, 0));
  messages(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  control();
  return 0;
}
