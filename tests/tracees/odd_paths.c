/* Paths of every kind; the working directory is the test's own. */
#include "account.h"

static void use(const char *path)
{
	long fd = TELL_OPENAT(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	struct stat at;
	told_path(1, path, "newfstatat", SYS_newfstatat, AT_FDCWD, (long)path, (long)&at, 0);
	told_path(1, path, "faccessat", SYS_faccessat, AT_FDCWD, (long)path, 0, 0);
	told_path(1, path, "unlinkat", SYS_unlinkat, AT_FDCWD, (long)path, 0, 0);
}

int main(void)
{
	use("plain");
	use("");
	use("new\nline");
	use("quote\"'`back\\slash");
	use("\xff\xfe not utf-8 \x80");
	use("half \xe2\x82");
	use("tab\tbell\acontrol\x01\x7f\x1b[31m");
	use("%41 percent");
	use(" leading and trailing ");
	use("-rf");
	use("*?[]{}$;&|<>");
	use("\xe2\x80\xae right to left, \xf0\x9f\x8e\x9e");
	char name[256];
	memset(name, 'n', 255);
	name[255] = 0;
	use(name);
	/* PATH_MAX counts the NUL: 4095 is the longest. */
	for (int length = 4094; length <= 4097; length++) {
		char *path = malloc(length + 1);
		for (int i = 0; i < length; i++)
			path[i] = i % 2 ? '/' : '.';
		path[length - 1] = 'z';
		path[length] = 0;
		if (length <= 4095)
			use(path);
		else
			TELL(openat, AT_FDCWD, path, O_RDONLY, 0);
	}
	for (int byte = 1; byte < 256; byte++) {
		char each[] = {'b', (char)byte, 0};
		if (byte != '/')
			use(each);
	}
	return 0;
}
