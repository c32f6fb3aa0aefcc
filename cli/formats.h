#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/digest.h"
#include "lists/layouts.h"
#include "policy/suppression.h"

/*
 * How one record becomes one entry.  Pure: everything that a record may leave
 * open is in the defaults.
 */
struct entry_defaults {
	const struct secret *secret;
	const struct conf *conf;
	enum reason reason; /* REASON_NONE: was not given */
	char scope[ACCOUNT_SIZE];
	int64_t now_us;
};

/*
 * FIELDS, which LAYOUT fits, into ENTRY.  NULL, or what is wrong with them.
 * UNDATED: they have a time that cannot be read, so the entry counts from now.
 */
const char *entry_from_fields(const struct entry_defaults *defaults,
	const struct layout *layout, const struct fields *fields,
	struct suppression *entry, bool *undated);

/* The same for an object that okite exported. */
const char *entry_from_okite(const struct entry_defaults *defaults, const json_t *object,
	struct suppression *entry);
