#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* A command of the administrator, run by sh(1) with facts in its environment. */

/* One line that the command printed, without its end; foreign text. */
typedef void command_visitor(const char *line, void *context);

/*
 * Run COMMAND and wait for it.  VARIABLES ("NAME=value", ends in NULL) are
 * added to our own environment; nothing but COMMAND itself is on a command
 * line.  It gets /dev/null to read from, no descriptor of ours, signals as
 * they are by default, the folder / and a process group of its own, which is
 * killed when END_US comes, a moment of the monotonic clock that may be moved
 * meanwhile.  What it prints goes to VISIT, up to a bound.  False, with ERROR
 * set, when it could not be run, failed, or was killed.
 */
bool command_run(const char *command, char *const *variables,
	const _Atomic int64_t *end_us, command_visitor *visit, void *context,
	struct error *error);
