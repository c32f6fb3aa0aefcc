#pragma once

#include <stddef.h>

#include "feedback/outcome.h"

/* The codes of one reply: 0 and "" where it has none. */
struct codes {
	int reply;		  /* RFC 5321: 550 */
	char status[STATUS_SIZE]; /* RFC 3463: "5.1.1" */
};

/* The first ones in folded TEXT, which is ended by NUL.  Numbers that are neither are passed by. */
void codes_find(const char *text, struct codes *codes);

/* Does STATUS name no detail ("5.0.0", "")? */
int codes_say_nothing(const char *status);
