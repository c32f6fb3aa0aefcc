#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Running another program: no shell, nothing on its standard input, an end to
 * what it may say and to how long it may take.
 */
struct program_result {
	int status;	  /* as it exited; 128 + N where signal N ended it */
	char *output;	  /* what it wrote; NUL bytes end it */
	char *complaints; /* what it wrote to standard error, cut to some KB */
};

/*
 * WORDS ends in NULL; the first is a name, looked for in PATH and where
 * Postfix's programs usually are.  False, with ERROR set, when it cannot be
 * run, says more than MOST bytes, or takes longer than a minute.
 */
bool program_run(const char *const *words, size_t most, struct program_result *result,
	struct error *error);

/* The same, but anything but exit status 0 is a failure as well. */
bool program_succeed(const char *const *words, size_t most, struct program_result *result,
	struct error *error);

void program_result_clear(struct program_result *result);
