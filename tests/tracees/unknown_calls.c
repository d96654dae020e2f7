/* Numbers that no table has. */
#include "account.h"

int main(void)
{
	static const unsigned long numbers[] = {
		999,	    0x1ffff,	0x3fffffff, 0x7fffffff, 0x80000000, 0xdeadbeef,
		0xffffffff, 0x40000fff,
#ifdef __x86_64__
		400, ~0ul, /* between the old numbers and the new ones */
#else
		222,
#endif
	};
	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		long result = raw6(numbers[i], 1, 2, 3, 4, 5, 6);
		account("call tid=%d name=? nr=%lu result=%ld args=1,2,3,4,5,6", tid(), numbers[i],
			result);
	}
#ifdef __x86_64__
	/* The kernel looks at 32 bits of the number only: this is getpgid. */
	long result = raw1(0x100000000 | SYS_getpgid, 0x4321);
	account("call tid=%d name=getpgid nr=%d result=%ld args=4321", tid(), SYS_getpgid, result);
#endif
	account("done");
	return 0;
}
