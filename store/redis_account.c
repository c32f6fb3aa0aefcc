#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/redis.h"

/* Accounts: their records, their counters, the state of their limits. */

static int64_t field_number(const redisReply *pairs, const char *field)
{
	int64_t number = 0;

	(void)text_to_number(reply_field(pairs, field), 0, INT64_MAX, &number);
	return number;
}

static enum standing read_standing(const char *name)
{
	for (size_t i = 0; i < STANDING_COUNT; i++)
		if (strcmp(name, standing_names[i]) == 0)
			return (enum standing)i;
	return STANDING_HEALTHY;
}

/* A field "limit:NAME" with the value "VALUE UNTIL". */
static void read_override(struct account *record, const char *name, const char *value)
{
	struct override *override = &record->overrides[record->override_count];
	size_t length = strcspn(value, " ");

	if (record->override_count == OVERRIDES_MAX || value[length] != ' ' ||
		length >= sizeof(override->value) ||
		!text_to_number(value + length + 1, 0, INT64_MAX, &override->until_us) ||
		!text_copy(override->limit, sizeof(override->limit), name))
		return;
	text_copy(override->value, length + 1, value);
	record->override_count++;
}

void redis_read_account(const redisReply *pairs, const char *name, struct account *record)
{
	*record = (struct account){ .version = field_number(pairs, "version") };
	text_copy(record->name, sizeof(record->name), name);
	text_copy(record->plan, sizeof(record->plan), reply_field(pairs, "plan"));
	text_copy(record->note, sizeof(record->note), reply_field(pairs, "note"));
	record->plan_until_us = field_number(pairs, "plan_until");
	record->standing = read_standing(reply_field(pairs, "standing"));
	record->since_us = field_number(pairs, "since");
	record->pause_rejects = field_number(pairs, "pause_rejects") != 0;
	for (size_t i = 0; reply_element(pairs, i + 1) != NULL; i += 2) {
		const char *field = reply_text(reply_element(pairs, i));

		if (strncmp(field, "limit:", 6) == 0)
			read_override(record, field + 6,
				reply_text(reply_element(pairs, i + 1)));
	}
}

bool redis_account(struct store *store, const char *name, struct account *record,
	bool *found, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *key = redis_account_key(redis, name, "account");
	bool ok;

	question_words(&question, "HGETALL", key, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (ok) {
		redis_read_account(question.replies[0], name, record);
		*found = record->version != 0;
	}
	question_clear(&question);
	free(key);
	return ok;
}

static void add_field(struct words *words, const char *field, const char *value)
{
	words_add(words, field);
	words_add(words, value);
}

static void add_number(struct words *words, const char *field, int64_t value)
{
	words_add(words, field);
	words_number(words, value);
}

static void add_record(const struct account *record, struct words *arguments)
{
	add_field(arguments, "plan", record->plan);
	add_number(arguments, "plan_until", record->plan_until_us);
	add_field(arguments, "standing", standing_names[record->standing]);
	add_number(arguments, "since", record->since_us);
	add_number(arguments, "pause_rejects", record->pause_rejects);
	add_field(arguments, "note", record->note);
	for (size_t i = 0; i < record->override_count; i++) {
		const struct override *override = &record->overrides[i];

		words_take(arguments, xasprintf("limit:%s", override->limit));
		words_take(arguments,
			xasprintf("%s %" PRId64, override->value, override->until_us));
	}
}

bool redis_replace_account(struct store *store, struct account *record,
	const struct event *event, bool *replaced, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	struct words keys = { 0 }, fields = { 0 }, arguments = { 0 };
	bool ok;

	words_take(&keys, redis_account_key(redis, record->name, "account"));
	add_record(record, &fields);
	words_number(&arguments, record->version);
	words_number(&arguments, (int64_t)fields.count);
	words_append(&arguments, &fields);
	redis_add_event(redis, event, &keys, &arguments);
	redis_call(redis, &question, SCRIPT_ACCOUNT, &keys, &arguments);
	ok = redis_ask(redis, &question, NULL, error);
	if (ok) {
		*replaced = question.replies[0]->type == REDIS_REPLY_STRING;
		if (*replaced)
			record->version = reply_number(question.replies[0]);
	}
	question_clear(&question);
	words_clear(&keys);
	words_clear(&fields);
	words_clear(&arguments);
	return ok;
}

/* A field "HOUR:NAME" of the counters. */
static void add_counter(
	struct counters *counters, const char *field, int64_t from_hour, int64_t value)
{
	const struct {
		const char *name;
		int64_t *counter;
	} names[] = {
		{ "accepted", &counters->accepted },
		{ "hard", &counters->hard },
		{ "soft", &counters->soft },
		{ "policy", &counters->policy },
		{ "complaint", &counters->complaint },
	};
	const char *colon = strchr(field, ':');

	if (colon == NULL || strtoll(field, NULL, 10) < from_hour)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(colon + 1, names[i].name) == 0)
			*names[i].counter += value;
}

bool redis_counters(struct store *store, const char *account, int64_t from_us,
	struct counters *counters, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *key = redis_account_key(redis, account, "sent");
	bool ok;

	*counters = (struct counters){ 0 };
	question_words(&question, "HGETALL", key, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	for (size_t i = 0; ok && reply_element(question.replies[0], i + 1) != NULL;
		i += 2)
		add_counter(counters, reply_text(reply_element(question.replies[0], i)),
			from_us / HOUR_US,
			reply_number(reply_element(question.replies[0], i + 1)));
	question_clear(&question);
	free(key);
	return ok;
}

/* "{a:ACCOUNT}:account" back to the account.  False for another key. */
static bool read_owner(const char *key, const char *what, char name[ACCOUNT_SIZE])
{
	const char *rest = account_key_read(key, name, ACCOUNT_SIZE);

	return rest != NULL && rest[0] == ':' && strcmp(rest + 1, what) == 0;
}

struct account_walk {
	struct redis_store *redis;
	const char *what;
	account_visitor *visit;
	void *context;
};

/* An account that has both a record and counters comes with its record only. */
static bool drop_known(struct account_walk *walk, char *const *keys, size_t count,
	struct question *question, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		size_t owner = strcspn(keys[i], "}") + 1;
		char *key = redis_key(walk->redis, "%.*s:account", (int)owner, keys[i]);

		question_words(question, "EXISTS", key, NULL);
		free(key);
	}
	return redis_ask(walk->redis, question, NULL, error);
}

static bool visit_accounts(
	char *const *keys, size_t count, void *context, struct error *error, bool *ok)
{
	struct account_walk *walk = context;
	struct question question = QUESTION_NONE;
	bool by_counters = strcmp(walk->what, "sent") == 0, more = true;
	char name[ACCOUNT_SIZE];

	*ok = !by_counters || drop_known(walk, keys, count, &question, error);
	for (size_t i = 0; *ok && more && i < count; i++) {
		if (by_counters && reply_number(question.replies[i]) != 0)
			continue;
		if (read_owner(keys[i], walk->what, name))
			more = walk->visit(name, walk->context);
	}
	question_clear(&question);
	return more;
}

bool redis_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct account_walk records = { redis, "account", visit, context };
	struct account_walk counters = { redis, "sent", visit, context };

	return redis_scan(redis, WALK_LIST, "{a:*}:account", visit_accounts, &records,
		       error) &&
	       redis_scan(
		       redis, WALK_LIST, "{a:*}:sent", visit_accounts, &counters, error);
}

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
