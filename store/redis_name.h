#pragma once

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Looking up a host with a deadline, which getaddrinfo(3) does not have.  A
 * lookup that takes longer goes on, and its answer serves the next call.
 * Not for several threads at once.
 */
struct name_lookup;

struct name_lookup *name_lookup_new(const char *host, const char *port);
void name_lookup_free(struct name_lookup *lookup);

/* The addresses, valid until the next call; NULL with ERROR set. */
const struct addrinfo *name_lookup_get(
	struct name_lookup *lookup, int64_t deadline_us, struct error *error);
