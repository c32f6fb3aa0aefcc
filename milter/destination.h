#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libmilter/mfapi.h>

/*
 * Where Sendmail sends the recipients of one message.  It keeps a single
 * recipient for each destination, under however many names it is given, and
 * when a milter refuses or takes out one of them, that single one is gone:
 * whoever was told that it is accepted would get nothing.  So a name that leads
 * where an accepted one leads is accepted as well, and nothing more is asked.
 * Nobody gets a second copy by that.
 *
 * Not for Postfix, which with other DSN parameters does send a second copy.
 */
struct destinations {
	char **names;
	size_t count;
};

/* Is the MTA on the other side one that does so? */
bool destinations_merge(SMFICTX *context);

/* Of the recipient that is being named; NULL where it is not told.  The caller frees it. */
char *destination_read(SMFICTX *context);

bool destinations_have(const struct destinations *destinations, const char *name);
/* NAME is taken over. */
void destinations_add(struct destinations *destinations, char *name);
void destinations_clear(struct destinations *destinations);
