#pragma once

#include <stdbool.h>

/*
 * What libmilter calls: each takes what the event brings, puts it into the
 * session and returns what was decided elsewhere.
 */

/* Tell libmilter about them.  False when it does not take that. */
bool callbacks_register(void);
