#pragma once

#include <stdbool.h>

#include "base/digest.h"
#include "base/error.h"
#include "store/redis_question.h"
#include "store/redis_wire.h"
#include "store/store.h"

/*
 * The one connection that all threads share.  Whoever comes when nobody is
 * asking writes what all have queued meanwhile, reads the answers for all,
 * and hands the lead on: many questions in one write, no thread of its own,
 * and no cost when there is only one asker.
 *
 * Each question has one deadline, connecting included.  A connection that was
 * lost is replaced within it.  While Redis is away, questions fail at once
 * but for one that tries, at growing intervals up to a second.
 */
struct link;

enum link_outcome {
	LINK_ANSWERED,
	LINK_NOT_ASKED, /* Redis has heard nothing of it */
	LINK_UNKNOWN,	/* it may have been heard */
};

/* As store_open_redis(): NULL, with ERROR set, for settings that can never work. */
struct link *link_open(const struct redis_settings *settings, const struct secret *secret,
	bool claims, struct error *error);
void link_close(struct link *link);

/* Ask; replies are in QUESTION.  An error reply is an answer as well. */
enum link_outcome link_ask(
	struct link *link, struct question *question, struct error *error);

/* Redis's clock, by what it said last: when we connected, or when somebody noted it since. */
int64_t link_clock_us(const struct link *link);
void link_note_clock(struct link *link, int64_t now_us);

/* How the connection is made, for `okite check`.  Not while others ask. */
struct link_facts {
	bool has_login; /* with a password */
	struct wire_facts wire;
};
void link_describe(const struct link *link, struct link_facts *facts);

/* Is what we reach the Redis of a fleet with another secret? */
bool link_is_foreign(const struct link *link);
