#pragma once

#include "feedback/span.h"

/*
 * A table of formats or phrases as a text file has it: a postmaster's own, which
 * is read behind the built-in one.  NAME is for errors.
 */
struct table_file {
	const char *name;
	struct span text;
};
