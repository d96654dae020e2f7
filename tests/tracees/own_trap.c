/* SIGTRAPs that are the tracee's own: int3, int1, single step, kill, raise; and
 * one that kills. */
#include "account.h"
#include <sys/ucontext.h>

static volatile int traps;

static void on_trap(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
#ifdef __x86_64__
	ucontext_t *machine = context;
	machine->uc_mcontext.gregs[REG_EFL] &= ~0x100L; /* end of single stepping */
#endif
	traps++;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("int3");
	__asm__ volatile(".byte 0xf1"); /* int1 */
	raise(SIGTRAP);
	kill(getpid(), SIGTRAP);
	sigqueue(getpid(), SIGTRAP, (union sigval){.sival_int = 5});
#ifdef __x86_64__
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop" ::: "memory", "cc");
#endif
	account("signal tid=%d number=%d count=%d", tid(), SIGTRAP, traps);
	account("traps %d", traps);
	pid_t child = fork();
	if (child == 0) {
		signal(SIGTRAP, SIG_DFL);
		__asm__ volatile("int3");
		_exit(1);
	}
	reap(child);
	return 0;
}
