/* Handlers on an alternate stack, nested, reset, left by a jump. */
#include "account.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile int first, second, jumped, once;

static void on_first(int number)
{
	(void)number;
	first++;
	raise(SIGUSR2); /* nested */
	raw1(SYS_getpgid, 0);
}

static void on_second(int number)
{
	(void)number;
	second++;
}

static void on_once(int number)
{
	(void)number;
	once++;
}

static void on_fault(int number)
{
	(void)number;
	jumped++;
	siglongjmp(back, 1);
}

int main(void)
{
	stack_t alternate = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
	MUST(sigaltstack(&alternate, NULL));
	struct sigaction action = {.sa_handler = on_first, .sa_flags = SA_ONSTACK | SA_NODEFER};
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = on_second;
	sigaction(SIGUSR2, &action, NULL);
	action.sa_handler = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	for (int i = 0; i < 10; i++)
		raise(SIGUSR1);
	for (int i = 0; i < 10; i++)
		if (sigsetjmp(back, 1) == 0)
			*(volatile int *)(long)(16 + i) = 1;
	action = (struct sigaction){.sa_handler = on_once, .sa_flags = SA_RESETHAND};
	sigaction(SIGURG, &action, NULL);
	raise(SIGURG);
	raise(SIGURG); /* ignored by default: delivered to nobody */
	account("signal tid=%d number=%d count=10", tid(), SIGUSR1);
	account("signal tid=%d number=%d count=10", tid(), SIGUSR2);
	account("signal tid=%d number=%d count=10", tid(), SIGSEGV);
	/* The kernel drops an ignored signal before the tracer, unless it is
	 * traced: then it is delivered and does nothing. */
	account("returns tid=%d count=%d", tid(), first + second + once);
	return first == 10 && second == 10 && jumped == 10 && once == 1 ? 0 : 1;
}
