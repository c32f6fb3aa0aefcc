#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * Where Redis is: redis://[user[:password]@]host[:port][/db], the same with
 * rediss:// for TLS, or unix:///path.sock[?db=N].  A user and a password in the
 * configuration's own options come before those in the URL.
 */
struct redis_url {
	bool tls;
	char path[108]; /* unix socket; "" for TCP */
	char host[256];
	char port[6];
	char user[128];
	char password[256];
	int database;
};

/* False, with ERROR set, when it cannot be read. */
bool redis_url_parse(struct redis_url *url, const char *text, struct error *error);

/* Does it ask for TLS?  For who does not need the rest. */
bool redis_url_is_tls(const char *text);
