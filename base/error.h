#pragma once

#include <stdbool.h>

/*
 * Why something failed, as one whole sentence for a person: it begins with
 * the place ("/etc/okite/okite.conf:12: ...") and says what to do.
 * The caller owns it; a fresh one is ERROR_NONE.
 */
struct error {
	char text[512];
};

#define ERROR_NONE                                                                       \
	{                                                                                \
		""                                                                       \
	}

/* Set ERROR (which may be NULL) and return false, so that `return error_set(...)` reads well. */
bool error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
