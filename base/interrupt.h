#pragma once

#include <stdbool.h>

/*
 * Ctrl-C, SIGTERM and a closed terminal in the middle of long work: it stops
 * where nothing is left half done.
 */
void interrupt_catch(void);
bool interrupt_came(void);
/* Where one came: end as it would have ended us.  Else: nothing. */
void interrupt_end(void);
