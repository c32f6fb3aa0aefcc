#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "policy/suppression.h"

/*
 * The formats in which suppression lists come: how one line becomes one
 * entry.  Pure: everything that a line may leave open is in the defaults.
 */
struct entry_defaults {
	const struct secret *secret;
	const struct conf *conf;
	enum reason reason;
	char scope[ACCOUNT_SIZE];
	int64_t now_us;
};

struct format {
	const char *name;
	/* ENTRY is filled in with the defaults.  NULL, or what is wrong with LINE. */
	const char *(*read)(const struct entry_defaults *defaults, const char *line,
		struct suppression *entry);
};

/* NULL for "auto" and where NAME is NULL; false when this version does not know it. */
bool format_find(const char *name, const struct format **format);
/* By the first line that is neither empty nor a comment. */
const struct format *format_guess(const char *line);

/* LINE, without blanks around it, into ENTRY.  NULL, or what is wrong with it. */
const char *format_read(const struct format *format,
	const struct entry_defaults *defaults, const char *line,
	struct suppression *entry);
