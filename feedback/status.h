#pragma once

#include "feedback/outcome.h"

/*
 * What an enhanced status code (RFC 3463 and the registry of RFC 5248) says
 * when the text says no better: rank, class and reason as a row of the table
 * of phrases has them.
 */
struct status_row {
	const char *code; /* "5.1.1", or how it begins: "5.1." */
	int rank;
	enum outcome_class class;
	const char *reason;
};

/* The row of the whole code, or of the longest beginning; NULL where there is none. */
const struct status_row *status_find(const char *status);
