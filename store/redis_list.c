#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/redis.h"

/* The suppression list and the verified recipients. */

static void add_entry(const struct redis_store *redis, const struct suppression *entry,
	const struct event *event, struct question *question)
{
	struct words keys = { 0 }, arguments = { 0 };

	words_take(&keys, redis_suppression_key(redis, entry->digest, entry->scope));
	words_take(&keys, redis_key(redis, "totals"));
	words_add(&arguments, reason_names[entry->reason]);
	words_number(&arguments, entry->since_us);
	words_number(&arguments, entry->until_us);
	words_add(&arguments, entry->source);
	words_add(&arguments, entry->address);
	words_add(&arguments, entry->note);
	redis_add_event(redis, event, &keys, &arguments);
	redis_call(redis, question, SCRIPT_SUPPRESS, &keys, &arguments);
	words_clear(&keys);
	words_clear(&arguments);
}

bool redis_suppress(struct store *store, const struct suppression *entries, size_t count,
	const struct event *event, enum change *changes, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	bool ok = true;

	for (size_t i = 0; i < count; i++)
		add_entry(redis, &entries[i], event, &question);
	if (count > 0)
		ok = redis_ask(redis, &question, NULL, error);
	for (size_t i = 0; ok && i < count; i++)
		changes[i] = (enum change)reply_number(question.replies[i]);
	question_clear(&question);
	return ok;
}

bool redis_unsuppress(struct store *store, const char *digest, const char *scope,
	const struct event *event, bool *found, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	struct words keys = { 0 }, arguments = { 0 };
	bool ok;

	words_take(&keys, redis_suppression_key(redis, digest, scope));
	redis_add_event(redis, event, &keys, &arguments);
	redis_call(redis, &question, SCRIPT_UNSUPPRESS, &keys, &arguments);
	ok = redis_ask(redis, &question, NULL, error);
	if (ok)
		*found = reply_number(question.replies[0]) > 0;
	question_clear(&question);
	words_clear(&keys);
	words_clear(&arguments);
	return ok;
}

/* "{r:DIGEST}:s:SCOPE" without the prefix.  False for another key. */
static bool read_entry_key(const char *key, struct suppression *entry)
{
	size_t digest = sizeof(entry->digest) - 1, head = sizeof("{r:") - 1;

	if (strncmp(key, "{r:", head) != 0 || strlen(key) < head + digest + 4 ||
		strncmp(key + head + digest, "}:s:", 4) != 0)
		return false;
	text_copy(entry->digest, sizeof(entry->digest), key + head);
	return text_copy(entry->scope, sizeof(entry->scope), key + head + digest + 4);
}

static bool read_entry(
	const char *key, const redisReply *pairs, struct suppression *entry)
{
	*entry = (struct suppression){ .reason = reason_from_text(
					       reply_field(pairs, "reason")) };
	/* One that has ended since the page was read. */
	if (entry->reason == REASON_NONE || !read_entry_key(key, entry))
		return false;
	(void)text_to_number(reply_field(pairs, "since"), 0, INT64_MAX, &entry->since_us);
	(void)text_to_number(reply_field(pairs, "until"), 0, INT64_MAX, &entry->until_us);
	text_copy(entry->source, sizeof(entry->source), reply_field(pairs, "source"));
	text_copy(entry->address, sizeof(entry->address), reply_field(pairs, "address"));
	text_copy(entry->note, sizeof(entry->note), reply_field(pairs, "note"));
	return true;
}

/* HGETALL for a page of keys, in one question. */
static bool ask_page(struct redis_store *redis, char *const *keys, size_t count,
	struct question *question, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		char *key = redis_key(redis, "%s", keys[i]);

		question_words(question, "HGETALL", key, NULL);
		free(key);
	}
	return redis_ask(redis, question, NULL, error);
}

struct suppression_walk {
	struct redis_store *redis;
	const char *digest, *domain_digest; /* NULL: all of them */
	suppression_visitor *visit;
	void *context;
};

static bool is_sought(
	const struct suppression_walk *walk, const struct suppression *entry)
{
	return walk->digest == NULL || strcmp(entry->digest, walk->digest) == 0 ||
	       strcmp(entry->digest, walk->domain_digest) == 0;
}

static bool visit_suppressions(
	char *const *keys, size_t count, void *context, struct error *error, bool *ok)
{
	struct suppression_walk *walk = context;
	struct question question = QUESTION_NONE;
	bool more = true;

	*ok = ask_page(walk->redis, keys, count, &question, error);
	for (size_t i = 0; *ok && more && i < count; i++) {
		struct suppression entry;

		if (read_entry(keys[i], question.replies[i], &entry) &&
			is_sought(walk, &entry))
			more = walk->visit(&entry, walk->context);
	}
	question_clear(&question);
	return more;
}

bool redis_each_suppression(struct store *store, suppression_visitor *visit,
	void *context, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct suppression_walk walk = {
		.redis = redis, .visit = visit, .context = context
	};

	return redis_scan(
		redis, WALK_LIST, "{r:*}:s:*", visit_suppressions, &walk, error);
}

/*
 * One pattern for both digests: at each place either the one's digit or the
 * other's.  That a third digest matches by chance is not to be expected, and
 * is_sought() looks; a walk for each would take twice as long.
 */
static char *pattern_for(const char *digest, const char *domain_digest)
{
	char digits[4 * DIGEST_TEXT_SIZE], *end = digits;

	for (size_t i = 0; digest[i] != '\0' && i < DIGEST_TEXT_SIZE - 1; i++) {
		if (domain_digest[0] == '\0')
			*end++ = digest[i];
		else
			end += sprintf(end, "[%c%c]", digest[i], domain_digest[i]);
	}
	*end = '\0';
	return xasprintf("{r:%s}:s:*", digits);
}

bool redis_find_suppressions(struct store *store, const char *digest,
	const char *domain_digest, suppression_visitor *visit, void *context,
	struct error *error)
{
	/* Scopes are in the keys' names: nothing lists them but a walk. */
	struct suppression_walk walk = {
		.redis = (struct redis_store *)store,
		.digest = digest,
		.domain_digest = domain_digest,
		.visit = visit,
		.context = context,
	};
	char *pattern = pattern_for(digest, domain_digest);
	bool ok = redis_scan(
		walk.redis, WALK_SEARCH, pattern, visit_suppressions, &walk, error);

	free(pattern);
	return ok;
}

bool redis_verify(struct store *store, const struct verified *entry, bool *changed,
	struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *key = redis_verified_key(redis, entry->digest), since[24];
	bool ok;

	snprintf(since, sizeof(since), "%" PRId64, entry->since_us);
	question_words(&question, "HSETNX", key, "since", since, NULL);
	question_words(&question, "HSET", key, "address", entry->address, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (ok)
		*changed = reply_number(question.replies[0]) == 1;
	question_clear(&question);
	free(key);
	return ok;
}

bool redis_unverify(
	struct store *store, const char *digest, bool *changed, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *key = redis_verified_key(redis, digest);
	bool ok;

	question_words(&question, "DEL", key, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (ok)
		*changed = reply_number(question.replies[0]) > 0;
	question_clear(&question);
	free(key);
	return ok;
}

struct verified_walk {
	struct redis_store *redis;
	verified_visitor *visit;
	void *context;
};

static bool visit_verified(
	char *const *keys, size_t count, void *context, struct error *error, bool *ok)
{
	struct verified_walk *walk = context;
	struct question question = QUESTION_NONE;
	bool more = true;

	*ok = ask_page(walk->redis, keys, count, &question, error);
	for (size_t i = 0; *ok && more && i < count; i++) {
		struct verified entry = { .since_us = 0 };

		text_copy(
			entry.digest, sizeof(entry.digest), keys[i] + sizeof("{r:") - 1);
		text_copy(entry.address, sizeof(entry.address),
			reply_field(question.replies[i], "address"));
		if (text_to_number(reply_field(question.replies[i], "since"), 0,
			    INT64_MAX, &entry.since_us))
			more = walk->visit(&entry, walk->context);
	}
	question_clear(&question);
	return more;
}

bool redis_each_verified(
	struct store *store, verified_visitor *visit, void *context, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct verified_walk walk = { redis, visit, context };

	return redis_scan(redis, WALK_LIST, "{r:*}:v", visit_verified, &walk, error);
}
