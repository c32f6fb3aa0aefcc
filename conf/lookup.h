#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/options.h"

/* Finding rows of the table of options, and saying what they want. */

/* The option's name without its groups'. */
const char *option_last_name(const struct conf_option *option);

/* Does it stand directly in GROUP ("" is the file, "limits" an entry of that list)? */
bool option_is_in(const struct conf_option *option, const char *group);

/* NULL when there is no such option in GROUP. */
const struct conf_option *option_find(const char *group, const char *name);

/*
 * What the writer of an unknown NAME in GROUP may have meant: a name of that
 * group with at most two slips, or the same name elsewhere.  NULL: who knows.
 */
const struct conf_option *option_nearest(const char *group, const char *name);

/* A bound as one writes it in the file: "30s", "1024G", "0.5". */
char *option_bound(
	const struct conf_option *option, double bound, char *text, size_t size);

/* What to write, for a complaint: `a whole number from 1 to 1000`. */
char *option_wanted(const struct conf_option *option, char *text, size_t size);
