#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "policy/demand.h"
#include "policy/limit.h"

/*
 * The arithmetic of limits on plain state: the model of store/charge.lua,
 * which must give the same numbers (tests/store/random_test.c holds them
 * against each other), and what the memory store runs on.
 *
 * RATE (GCRA, kept as its level so that a changed rate or burst counts at
 * once): `level` recipients are in the bucket since `at_us`; it drains by
 * amount / window.  WANTED more fit when level + pending + wanted <= burst.
 * All in doubles, in this order:
 *     level = level - (double)max(0, now - at) * (double)amount / (double)window
 *     if level < 0: level = 0
 *     full  = wanted > 0 and level + pending + wanted > burst + 1e-6
 *     frees = full ? ceil((level + pending + wanted - burst) * window / amount) us : 0
 *     used  = ceil(level - 1e-6) + pending
 *     charged: level += wanted, at = max(at, now)
 *
 * QUOTA: the window has 96 buckets of width = (double)window / 96;
 * index = floor(now / width).  What counts are the buckets index - 96 to index
 * (and any after it, should the clock have gone back).
 *     full  = wanted > 0 and total + pending + wanted > amount
 *     frees = full ? time until so many buckets have left that it fits : 0,
 *             a bucket b leaves at ceil((b + 97) * width); 0 when pending + wanted >
 *             amount (then it never fits)
 *     used  = total + pending
 *
 * DISTINCT: members with the time of their last mention; a member counts
 * while now - mention < window.
 *     wanted = members of the demand that do not count yet
 *     full  = wanted > 0 and total + pending + wanted > amount
 *     frees = full ? the time until the mention leaves whose leaving makes it fit
 *             (not one of a member of the demand: it would be wanted again) : 0
 *     charged: every member of the demand gets the mention now
 */
enum { QUOTA_BUCKETS = 96 };

struct rate_usage {
	double level;
	int64_t at_us;
};

/* In the order of index.  A bucket that counts nothing has amount 0. */
struct quota_usage {
	int64_t index[QUOTA_BUCKETS + 2];
	int64_t amount[QUOTA_BUCKETS + 2];
	size_t count;
};

struct mention {
	char member[DIGEST_TEXT_SIZE];
	int64_t at_us;
};
struct distinct_usage {
	struct mention *mentions; /* owned */
	size_t count;
};

/* Would WANTED fit?  Sets full, used, wanted, frees_us of FACT; the state drains, but is not charged. */
void rate_look(struct rate_usage *usage, const struct capacity *capacity, int64_t pending,
	int64_t wanted, int64_t now_us, struct limit_fact *fact);
void rate_charge(struct rate_usage *usage, int64_t wanted, int64_t now_us);

void quota_look(struct quota_usage *usage, const struct capacity *capacity,
	int64_t pending, int64_t wanted, int64_t now_us, struct limit_fact *fact);
/* Sets bucket of FACT. */
void quota_charge(struct quota_usage *usage, const struct capacity *capacity,
	int64_t wanted, int64_t now_us, struct limit_fact *fact);
/* Take AMOUNT out of BUCKET again; nothing when the bucket has gone, never below zero. */
void quota_refund(struct quota_usage *usage, int64_t bucket, int64_t amount);

/* MEMBERS are COUNT digests. */
void distinct_look(struct distinct_usage *usage, const struct capacity *capacity,
	int64_t pending, const char *const *members, size_t count, int64_t now_us,
	struct limit_fact *fact);
/* Sets previous_us of FACT: the last mention before of the first member, or 0. */
void distinct_charge(struct distinct_usage *usage, const struct capacity *capacity,
	const char *const *members, size_t count, int64_t now_us,
	struct limit_fact *fact);
/* The mention of MEMBER goes back from SET_US to PREVIOUS_US (0: it goes); nothing when it was mentioned since. */
void distinct_refund(struct distinct_usage *usage, const char *member, int64_t set_us,
	int64_t previous_us);
void distinct_clear(struct distinct_usage *usage);
