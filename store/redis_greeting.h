#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "store/redis_url.h"
#include "store/redis_wire.h"

/*
 * What is said first on a new connection: who we are and which database we
 * want.  What is asked: what time it is there, and whose Redis it is.
 */
struct greeting {
	struct redis_url url; /* its login and database */
	char *password_file;  /* "": the URL's password; read anew for each connection */
	char *fingerprint_key;
	char fingerprint[DIGEST_TEXT_SIZE];
	bool claims; /* see store_open_redis() */
};

struct greeted {
	int64_t clock_us; /* Redis's; 0: it does not tell */
	bool foreign;	  /* it belongs to nodes with another secret */
};

/* False, with ERROR set, when nothing more is to be asked there. */
bool greet(struct wire *wire, struct greeting *greeting, int64_t deadline_us,
	struct greeted *greeted, struct error *error);
