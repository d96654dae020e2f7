/* Goes on when told to: for each byte on standard input makes a call that
 * nobody else makes, and says so. Ends at end of file. On a signal that it
 * catches it says its number. argv: signals to catch. */
#include "account.h"

static void on_signal(int number)
{
	account("caught %d", number);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	for (int i = 1; i < argc; i++)
		sigaction(atoi(argv[i]), &action, NULL);
	account("ready %d", tid());
	char byte;
	long step = 0;
	while (raw3(SYS_read, 0, &byte, 1) == 1) {
		raw1(SYS_getpgid, 0x600000 + step);
		account("step %ld", step++);
	}
	account("end %ld", step);
	return 23;
}
