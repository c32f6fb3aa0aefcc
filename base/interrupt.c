#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

static void note(int number)
{
	caught = number;
}

void interrupt_catch(void)
{
	/* Without SA_RESTART: who waits for a pipe is to wake up.  A second one kills. */
	struct sigaction action = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < SIGNALS; i++) {
		struct sigaction before;

		/* nohup(1) means it. */
		if (sigaction(signals[i], NULL, &before) == 0 &&
			before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

bool interrupt_came(void)
{
	return caught != 0;
}

void interrupt_end(void)
{
	if (caught == 0)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}
