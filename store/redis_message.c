#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/redis.h"

/* The path of a message: one question a recipient, and one at its end. */

/* What stands in the answer of charge.lua for each limit, and for each recipient. */
enum { LIMIT_VALUES = 7, RECIPIENT_VALUES = 3 };

static void add_recipient_keys(const struct redis_store *redis,
	const struct demand *demand, const struct recipient *recipient,
	struct words *keys)
{
	const char *digests[2] = { recipient->digest, recipient->domain_digest };

	for (size_t i = 0; i < 2; i++) {
		words_take(
			keys, redis_suppression_key(redis, digests[i], SCOPE_EVERYONE));
		words_take(
			keys, redis_suppression_key(redis, digests[i], demand->account));
	}
	for (size_t i = 0; i < 2 && demand->verified_wanted; i++)
		words_take(keys, redis_verified_key(redis, digests[i]));
}

static void add_limit(const struct demand_limit *asked, struct words *arguments)
{
	const struct limit *limit = asked->limit;
	const char *kind = limit->kind == LIMIT_RATE	    ? "r"
			   : limit->count == COUNT_DISTINCT ? "d"
							    : "q";

	words_add(arguments, kind);
	words_number(arguments, limit->count == COUNT_MESSAGES);
	words_number(arguments, asked->beyond);
	words_number(arguments, asked->capacity.amount);
	words_number(arguments, asked->capacity.window_us);
	words_number(arguments, asked->capacity.burst);
	words_number(arguments, asked->pending);
}

/* Room for a number of 32 bits and a comma. */
enum { NUMBER_SIZE = 11 };

/* The numbers of the recipient's limits as Lua counts them: "1,2,". */
static char *list_limits(const struct demand_recipient *asked)
{
	char *list = xmalloc(asked->limit_count * NUMBER_SIZE + 1), *end = list;

	*end = '\0';
	for (size_t i = 0; i < asked->limit_count; i++)
		end += sprintf(end, "%u,", asked->limits[i] + 1U);
	return list;
}

static void add_demand(const struct redis_store *redis, const struct demand *demand,
	struct words *keys, struct words *arguments)
{
	char flags[8], *end = flags;

	if (demand->look_only)
		*end++ = 'l';
	if (demand->verified_wanted)
		*end++ = 'v';
	if (demand->suppressed_count)
		*end++ = 's';
	if (demand->unverified_count)
		*end++ = 'u';
	*end = '\0';
	words_take(keys, redis_account_key(redis, demand->account, "account"));
	if (demand->now_us == 0)
		words_add(arguments, "");
	else
		words_number(arguments, demand->now_us);
	words_number(arguments, demand->version);
	words_add(arguments, flags);
	words_number(arguments, (int64_t)demand->limit_count);
	words_number(arguments, (int64_t)demand->recipient_count);
	for (size_t i = 0; i < demand->limit_count; i++) {
		words_take(keys, redis_key(redis, "%s", demand->limits[i].key));
		add_limit(&demand->limits[i], arguments);
	}
	for (size_t i = 0; i < demand->recipient_count; i++) {
		const struct demand_recipient *asked = &demand->recipients[i];

		add_recipient_keys(redis, demand, asked->recipient, keys);
		words_add(arguments, asked->recipient->digest);
		words_take(arguments, list_limits(asked));
	}
}

static void read_limit(const redisReply *values, size_t at, struct limit_fact *fact)
{
	fact->full = reply_number(reply_element(values, at)) != 0;
	fact->charged = reply_number(reply_element(values, at + 1)) != 0;
	fact->used = reply_number(reply_element(values, at + 2));
	fact->wanted = reply_number(reply_element(values, at + 3));
	fact->frees_us = reply_number(reply_element(values, at + 4));
	fact->bucket = reply_number(reply_element(values, at + 5));
	fact->previous_us = reply_number(reply_element(values, at + 6));
}

/* False when the answer is not what charge.lua gives. */
static bool read_facts(
	const redisReply *reply, const struct demand *demand, struct facts *facts)
{
	const redisReply *recipients = reply_element(reply, 3);
	const redisReply *limits = reply_element(reply, 4);

	facts->now_us = reply_number(reply_element(reply, 1));
	if (reply_number(reply_element(reply, 0)) != 0) {
		facts->status = FACTS_STALE;
		redis_read_account(
			reply_element(reply, 2), demand->account, &facts->account);
		return true;
	}
	if (recipients == NULL || limits == NULL ||
		recipients->elements != demand->recipient_count * RECIPIENT_VALUES ||
		limits->elements != demand->limit_count * LIMIT_VALUES)
		return false;
	facts->status = FACTS_KNOWN;
	facts->charged = reply_number(reply_element(reply, 2)) != 0;
	for (size_t i = 0; i < demand->recipient_count; i++) {
		size_t at = i * RECIPIENT_VALUES;

		facts->recipients[i].suppressed =
			reason_from_text(reply_text(reply_element(recipients, at)));
		facts->recipients[i].by_domain =
			reply_number(reply_element(recipients, at + 1)) != 0;
		facts->recipients[i].verified =
			reply_number(reply_element(recipients, at + 2)) != 0;
	}
	for (size_t i = 0; i < demand->limit_count; i++)
		read_limit(limits, i * LIMIT_VALUES, &facts->limits[i]);
	return true;
}

void redis_charge(struct store *store, const struct demand *demand, struct facts *facts)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	struct words keys = { 0 }, arguments = { 0 };
	struct error error = ERROR_NONE;

	add_demand(redis, demand, &keys, &arguments);
	redis_call(redis, &question, SCRIPT_CHARGE, &keys, &arguments);
	/* Asked twice, it might be charged twice, and only one would be given back. */
	question.once = !demand->look_only;
	if (redis_ask(redis, &question, NULL, &error) &&
		!read_facts(question.replies[0], demand, facts))
		error_set(&error, "Redis gives an answer that charge.lua does not give");
	if (error.text[0] == '\0' && demand->now_us == 0)
		link_note_clock(redis->link, facts->now_us);
	if (error.text[0] != '\0') {
		facts->status = FACTS_UNKNOWN;
		text_copy(facts->why, sizeof(facts->why), error.text);
	} else if (facts->status == FACTS_STALE) {
		remembered_put(redis->remembered, &facts->account);
	}
	question_clear(&question);
	words_clear(&keys);
	words_clear(&arguments);
}

static void add_refund(const struct redis_store *redis, const struct charge *charge,
	struct words *keys, struct words *arguments)
{
	words_take(keys, redis_key(redis, "%s", charge->key));
	if (charge->count == COUNT_DISTINCT) {
		words_add(arguments, "d");
		words_add(arguments, charge->member);
		words_number(arguments, charge->set_us);
		words_number(arguments, charge->previous_us);
	} else {
		words_add(arguments, "q");
		words_number(arguments, charge->bucket);
		words_number(arguments, charge->amount);
		words_number(arguments, 0);
	}
}

/* Rates are not given back, they regrow. */
static int64_t add_refunds(const struct redis_store *redis, const struct closing *closing,
	struct words *keys, struct words *arguments)
{
	int64_t count = 0;

	for (size_t i = 0; i < closing->refund_count; i++) {
		if (closing->refunds[i].kind != LIMIT_QUOTA)
			continue;
		add_refund(redis, &closing->refunds[i], keys, arguments);
		count++;
	}
	return count;
}

static void add_event(const struct event *event, struct words *arguments)
{
	struct words words = { 0 };

	redis_event_words(event, &words);
	words_number(arguments, (int64_t)words.count);
	words_append(arguments, &words);
	words_clear(&words);
}

bool redis_finish(struct store *store, const struct closing *closing, bool *returned,
	struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	struct words keys = { 0 }, arguments = { 0 }, refunds = { 0 };
	bool noted = closing->queue_id != NULL && *closing->queue_id != '\0';
	int64_t count;
	bool ok;

	words_take(&keys, redis_account_key(redis, closing->account, "sent"));
	words_take(&keys, redis_key(redis, "{q:%s:%s}", closing->node,
				  noted ? closing->queue_id : ""));
	words_take(&keys, redis_key(redis, "events"));
	words_take(&keys, redis_key(redis, "accounts"));
	count = add_refunds(redis, closing, &keys, &refunds);
	words_number(&arguments, closing->accepted_us);
	words_number(&arguments, closing->accepted);
	/* Mostly none: it saves a command. */
	words_number(&arguments, closing->accepted - closing->reporting);
	words_add(&arguments, closing->account);
	words_number(&arguments, noted ? QUEUED_US / SECOND_US : 0);
	words_add(&arguments,
		closing->recipients != NULL ? closing->recipients : RECIPIENTS_ANY);
	words_number(&arguments, count);
	words_append(&arguments, &refunds);
	for (size_t i = 0; i < closing->event_count; i++)
		add_event(&closing->events[i], &arguments);
	redis_call(redis, &question, SCRIPT_FINISH, &keys, &arguments);
	/* Counted or given back twice would be wrong for good. */
	question.once = true;
	ok = redis_ask(redis, &question, NULL, error);
	if (ok && returned != NULL)
		*returned = reply_number(question.replies[0]) != 0;
	question_clear(&question);
	words_clear(&keys);
	words_clear(&arguments);
	words_clear(&refunds);
	return ok;
}
