#include "policy/usage.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* What a double can lack of a whole number after some millions of charges. */
static const double RATE_TOLERANCE = 1e-6;

/* Beyond 2^53 microseconds (285 years) a double, and so Lua, counts no longer one by one.
 */
static const double LONGEST_US = 9007199254740992.0;

/* ---- rate ---- */

/* UNITS regrow at amount / window. */
static int64_t time_to_drain(double units, const struct capacity *capacity)
{
	double us = units * (double)capacity->window_us / (double)capacity->amount;

	if (!(us < LONGEST_US))
		return (int64_t)LONGEST_US;
	return (int64_t)ceil(us);
}

void rate_look(struct rate_usage *usage, const struct capacity *capacity, int64_t pending,
	int64_t wanted, int64_t now_us, struct limit_fact *fact)
{
	int64_t idle_us = now_us > usage->at_us ? now_us - usage->at_us : 0;
	double after;

	assert(capacity->window_us > 0);
	usage->level -=
		(double)idle_us * (double)capacity->amount / (double)capacity->window_us;
	if (usage->level < 0)
		usage->level = 0;
	usage->at_us += idle_us;

	after = usage->level + (double)pending + (double)wanted;
	fact->wanted = wanted;
	fact->used = (int64_t)ceil(usage->level - RATE_TOLERANCE) + pending;
	fact->full = wanted > 0 && after > (double)capacity->burst + RATE_TOLERANCE;
	fact->frees_us =
		fact->full ? time_to_drain(after - (double)capacity->burst, capacity) : 0;
}

void rate_charge(struct rate_usage *usage, int64_t wanted, int64_t now_us)
{
	usage->level += (double)wanted;
	if (usage->at_us < now_us)
		usage->at_us = now_us;
}

/* ---- quota ---- */

static double bucket_width(const struct capacity *capacity)
{
	assert(capacity->window_us > 0);
	return (double)capacity->window_us / QUOTA_BUCKETS;
}

static int64_t bucket_at(const struct capacity *capacity, int64_t now_us)
{
	return (int64_t)floor((double)now_us / bucket_width(capacity));
}

/* When BUCKET counts no longer. */
static int64_t bucket_end(const struct capacity *capacity, int64_t bucket)
{
	return (int64_t)ceil(
		(double)(bucket + QUOTA_BUCKETS + 1) * bucket_width(capacity));
}

static void drop_buckets_before(struct quota_usage *usage, int64_t oldest)
{
	size_t kept = 0;

	for (size_t i = 0; i < usage->count; i++) {
		if (usage->index[i] < oldest)
			continue;
		usage->index[kept] = usage->index[i];
		usage->amount[kept++] = usage->amount[i];
	}
	usage->count = kept;
}

/* The time until EXCESS have left; the buckets are in order, the oldest leaves first. */
static int64_t quota_frees(const struct quota_usage *usage,
	const struct capacity *capacity, int64_t excess, int64_t now_us)
{
	for (size_t i = 0; i < usage->count; i++) {
		excess -= usage->amount[i];
		if (excess <= 0) {
			int64_t frees_us = bucket_end(capacity, usage->index[i]) - now_us;

			return frees_us > 1 ? frees_us : 1;
		}
	}
	return 0;
}

void quota_look(struct quota_usage *usage, const struct capacity *capacity,
	int64_t pending, int64_t wanted, int64_t now_us, struct limit_fact *fact)
{
	int64_t total = 0, excess;

	drop_buckets_before(usage, bucket_at(capacity, now_us) - QUOTA_BUCKETS);
	for (size_t i = 0; i < usage->count; i++)
		total += usage->amount[i];

	excess = total + pending + wanted - capacity->amount;
	fact->wanted = wanted;
	fact->used = total + pending;
	fact->full = wanted > 0 && excess > 0;
	fact->frees_us = fact->full ? quota_frees(usage, capacity, excess, now_us) : 0;
}

/* The place of bucket INDEX, which is made where there is none. */
static size_t place_bucket(struct quota_usage *usage, int64_t index)
{
	size_t at = usage->count, after;

	while (at > 0 && usage->index[at - 1] >= index)
		at--;
	if (at < usage->count && usage->index[at] == index)
		return at;
	/*
	 * There are so many only where the clock went back by more than the
	 * window.  Then the newest serves, which stays longest: never too little.
	 */
	if (usage->count == QUOTA_BUCKETS + 2)
		return usage->count - 1;
	after = usage->count++ - at;
	memmove(usage->index + at + 1, usage->index + at, after * sizeof(*usage->index));
	memmove(usage->amount + at + 1, usage->amount + at,
		after * sizeof(*usage->amount));
	usage->index[at] = index;
	usage->amount[at] = 0;
	return at;
}

void quota_charge(struct quota_usage *usage, const struct capacity *capacity,
	int64_t wanted, int64_t now_us, struct limit_fact *fact)
{
	size_t at = place_bucket(usage, bucket_at(capacity, now_us));

	usage->amount[at] += wanted;
	fact->bucket = usage->index[at];
}

void quota_refund(struct quota_usage *usage, int64_t bucket, int64_t amount)
{
	for (size_t i = 0; i < usage->count; i++) {
		if (usage->index[i] != bucket)
			continue;
		usage->amount[i] -= amount;
		if (usage->amount[i] < 0)
			usage->amount[i] = 0;
	}
}

/* ---- distinct ---- */

static struct mention *find_mention(
	const struct distinct_usage *usage, const char *member)
{
	for (size_t i = 0; i < usage->count; i++) {
		if (strcmp(usage->mentions[i].member, member) == 0)
			return &usage->mentions[i];
	}
	return NULL;
}

static bool is_listed(const char *const *members, size_t count, const char *member)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(members[i], member) == 0)
			return true;
	}
	return false;
}

static bool counts(
	const struct mention *mention, const struct capacity *capacity, int64_t now_us)
{
	return now_us - mention->at_us < capacity->window_us;
}

static void drop_mentions(
	struct distinct_usage *usage, const struct capacity *capacity, int64_t now_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < usage->count; i++) {
		if (counts(&usage->mentions[i], capacity, now_us))
			usage->mentions[kept++] = usage->mentions[i];
	}
	usage->count = kept;
}

static int compare_moments(const void *one, const void *other)
{
	const int64_t *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

/*
 * The time until EXCESS have left.  A member of the demand is no help: when
 * its mention leaves it is one more that is wanted.
 */
static int64_t distinct_frees(const struct distinct_usage *usage,
	const struct capacity *capacity, const char *const *members, size_t count,
	int64_t excess, int64_t now_us)
{
	int64_t *moments = xcalloc(usage->count + 1, sizeof(*moments));
	int64_t frees_us = 0;
	size_t others = 0;

	for (size_t i = 0; i < usage->count; i++) {
		if (!is_listed(members, count, usage->mentions[i].member))
			moments[others++] = usage->mentions[i].at_us;
	}
	qsort(moments, others, sizeof(*moments), compare_moments);
	if (excess <= (int64_t)others)
		frees_us = moments[excess - 1] + capacity->window_us - now_us;
	free(moments);
	return frees_us;
}

void distinct_look(struct distinct_usage *usage, const struct capacity *capacity,
	int64_t pending, const char *const *members, size_t count, int64_t now_us,
	struct limit_fact *fact)
{
	int64_t excess;

	drop_mentions(usage, capacity, now_us);
	fact->wanted = 0;
	for (size_t i = 0; i < count; i++) {
		if (find_mention(usage, members[i]) == NULL &&
			!is_listed(members, i, members[i]))
			fact->wanted++;
	}
	excess = (int64_t)usage->count + pending + fact->wanted - capacity->amount;
	fact->used = (int64_t)usage->count + pending;
	fact->full = fact->wanted > 0 && excess > 0;
	fact->frees_us = fact->full ? distinct_frees(usage, capacity, members, count,
					      excess, now_us)
				    : 0;
}

void distinct_charge(struct distinct_usage *usage, const struct capacity *capacity,
	const char *const *members, size_t count, int64_t now_us, struct limit_fact *fact)
{
	const struct mention *first = count > 0 ? find_mention(usage, members[0]) : NULL;

	fact->previous_us =
		first != NULL && counts(first, capacity, now_us) ? first->at_us : 0;
	for (size_t i = 0; i < count; i++) {
		struct mention *mention = find_mention(usage, members[i]);

		if (mention == NULL) {
			usage->mentions = xreallocarray(usage->mentions, usage->count + 1,
				sizeof(*usage->mentions));
			mention = &usage->mentions[usage->count++];
			text_copy(mention->member, sizeof(mention->member), members[i]);
		}
		mention->at_us = now_us;
	}
}

void distinct_refund(struct distinct_usage *usage, const char *member, int64_t set_us,
	int64_t previous_us)
{
	struct mention *mention = find_mention(usage, member);

	if (mention == NULL || mention->at_us != set_us)
		return;
	if (previous_us != 0)
		mention->at_us = previous_us;
	else
		*mention = usage->mentions[--usage->count];
}

void distinct_clear(struct distinct_usage *usage)
{
	free(usage->mentions);
	memset(usage, 0, sizeof(*usage));
}
