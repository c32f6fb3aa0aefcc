#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/redis.h"

/* The state of an account's limits. */

/*
 * The keys of an account's limits.  That they begin right is asked again: a *
 * in an account's name is a wildcard to SCAN.
 */
struct limit_walk {
	struct redis_store *redis;
	const char *begin;
	limit_key_visitor *visit; /* or they are deleted, and COUNT says how many */
	void *context;
	int64_t count;
};

static bool begins_right(const struct limit_walk *walk, const char *key)
{
	return strncmp(key, walk->begin, strlen(walk->begin)) == 0;
}

static bool delete_keys(
	char *const *keys, size_t count, void *context, struct error *error, bool *ok)
{
	struct limit_walk *walk = context;
	struct question question = QUESTION_NONE;

	for (size_t i = 0; i < count; i++) {
		char *key;

		if (!begins_right(walk, keys[i]))
			continue;
		key = redis_key(walk->redis, "%s", keys[i]);
		question_words(&question, "DEL", key, NULL);
		free(key);
	}
	*ok = question.count == 0 || redis_ask(walk->redis, &question, NULL, error);
	for (size_t i = 0; *ok && i < question.count; i++)
		walk->count += reply_number(question.replies[i]);
	question_clear(&question);
	return true;
}

static bool visit_keys(
	char *const *keys, size_t count, void *context, struct error *error, bool *ok)
{
	const struct limit_walk *walk = context;
	bool more = true;

	(void)error;
	*ok = true;
	for (size_t i = 0; more && i < count; i++)
		if (begins_right(walk, keys[i]))
			more = walk->visit(keys[i], walk->context);
	return more;
}

static bool walk_limits(struct limit_walk *walk, key_page_visitor *visit,
	const char *account, const char *limit_name, struct error *error)
{
	char *begin = limit_key_prefix(account, limit_name),
	     *pattern = xasprintf("%s*", begin);
	bool ok;

	walk->begin = begin;
	ok = redis_scan(walk->redis, WALK_SEARCH, pattern, visit, walk, error);
	free(begin);
	free(pattern);
	return ok;
}

bool redis_reset_limits(struct store *store, const char *account, const char *limit_name,
	int64_t *count, struct error *error)
{
	struct limit_walk walk = { .redis = (struct redis_store *)store };
	bool ok = walk_limits(&walk, delete_keys, account, limit_name, error);

	*count = walk.count;
	return ok;
}

bool redis_each_limit_key(struct store *store, const char *account,
	const char *limit_name, limit_key_visitor *visit, void *context,
	struct error *error)
{
	struct limit_walk walk = {
		.redis = (struct redis_store *)store,
		.visit = visit,
		.context = context,
	};

	return walk_limits(&walk, visit_keys, account, limit_name, error);
}
