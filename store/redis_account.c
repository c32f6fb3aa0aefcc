#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/redis.h"

/* Accounts: their records and their counters. */

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
	record->restarted_us = field_number(pairs, "restarted");
	record->paused_by_hand = field_number(pairs, "paused_by_hand") != 0;
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
	add_number(arguments, "restarted", record->restarted_us);
	add_number(arguments, "paused_by_hand", record->paused_by_hand);
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
	words_take(&keys, redis_account_key(redis, record->name, "sent"));
	words_take(&keys, redis_key(redis, "accounts"));
	words_take(&keys, redis_key(redis, "standings"));
	add_record(record, &fields);
	words_number(&arguments, record->version);
	words_add(&arguments, record->name);
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
		int64_t *counter, times;
	} names[] = {
		{ "accepted", &counters->accepted, 1 },
		{ "accepted", &counters->reporting, 1 },
		{ "silent", &counters->reporting, -1 },
		{ "hard", &counters->hard, 1 },
		{ "soft", &counters->soft, 1 },
		{ "policy", &counters->policy, 1 },
		{ "complaint", &counters->complaint, 1 },
	};
	const char *colon = strchr(field, ':');

	if (colon == NULL || strtoll(field, NULL, 10) < from_hour)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(colon + 1, names[i].name) == 0)
			*names[i].counter += names[i].times * value;
}

bool redis_counters(struct store *store, const char *account, int64_t from_us,
	struct counters *counters, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *sent = redis_account_key(redis, account, "sent");
	char *record = redis_account_key(redis, account, "account");
	const redisReply *pairs;
	int64_t restarted_us;
	bool ok;

	*counters = (struct counters){ 0 };
	question_words(&question, "HGETALL", sent, NULL);
	question_words(&question, "HGET", record, "restarted", NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (!ok)
		goto out;
	pairs = question.replies[0];
	/* Mail that was under way at the restart is of an hour before it, at times. */
	restarted_us = reply_number(question.replies[1]);
	if (from_us < restarted_us)
		from_us = restarted_us;
	for (size_t i = 0; reply_element(pairs, i + 1) != NULL; i += 2)
		add_counter(counters, reply_text(reply_element(pairs, i)),
			from_us / HOUR_US, reply_number(reply_element(pairs, i + 1)));
out:
	question_clear(&question);
	free(sent);
	free(record);
	return ok;
}
