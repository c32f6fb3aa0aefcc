#pragma once

#include <stdbool.h>

#include "store/redis.h"

/*
 * One run of `okite check` over a Redis: what its parts share.
 *
 *   redis_check         what the server says of itself
 *   redis_check_link    how we reach it
 *   redis_check_rights  what we may do there
 */
enum { FINE, WARNING, FAULT };

/* Why a server refuses what it is asked, whoever asks. */
enum trouble {
	TROUBLE_DISK,
	TROUBLE_MEMORY,
	TROUBLE_REPLICA,
	TROUBLE_CLUSTER,
	TROUBLE_COUNT,
};

struct checkup {
	struct redis_store *redis;
	health_visitor *visit;
	void *context;
	bool told[TROUBLE_COUNT]; /* once is enough */
};

void checkup_tell(const struct checkup *checkup, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What CONFIG GET has said; NULL where we may not ask. */
struct checkup_config {
	const char *save, *bind, *protected_mode, *port, *tls_port;
};
void checkup_link(const struct checkup *checkup, const struct checkup_config *config);
void checkup_rights(const struct checkup *checkup);
