/* Gives account of itself in the file argv[1]; whoever starts it closes
 * descriptors 0, 1 and 2. Says which descriptors it has. */
#include "account.h"

int main(int argc, char **argv)
{
	char open_ones[256] = "";
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			sprintf(open_ones + strlen(open_ones), " %d", fd);
	if (argc < 2)
		return 97;
	int first = open("/dev/null", O_RDONLY);
	int second = open("/dev/null", O_RDONLY);
	int third = open("/dev/null", O_RDONLY);
	int out = open(argv[1], O_CREAT | O_WRONLY | O_TRUNC, 0600);
	dprintf(out, "open:%s\nnext: %d %d %d %d\n", open_ones, first, second, third, out);
	return 33;
}
