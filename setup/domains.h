#pragma once

#include <stdbool.h>

#include "setup/setup.h"

/*
 * The keys of a table ("hash:/etc/postfix/domains") or the words of a file
 * ("/etc/postfix/domains").  False when it cannot be listed.
 */
typedef bool domains_lister(const char *table, struct names *keys, void *context);

/*
 * What VALUE, of a parameter such as mydestination, says are Postfix's own
 * domains, into postfix->domains; what cannot be listed into
 * postfix->unlisted, with NAME.  Where PARENTS, the domains below count as well.
 * Pure but for LIST.
 */
void domains_collect(struct postfix *postfix, const char *name, const char *value,
	bool parents, domains_lister *list, void *context);

/* A domains_lister that reads files itself and has postmap(1) read tables. */
domains_lister domains_list;
