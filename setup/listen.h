#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * LISTEN of okite.conf (inet:PORT@HOST) as Postfix writes it (inet:HOST:PORT),
 * which the caller frees; a socket in QUEUE_DIRECTORY from there, since
 * chrooted services see it so.  NULL, with ERROR set, where Postfix cannot.
 */
char *listen_for_postfix(
	const char *listen, const char *queue_directory, struct error *error);

/* Does somebody take connections there?  True also where only others than we may know. */
bool listen_answers(const char *listen);
