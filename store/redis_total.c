#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis.h"

/* Totals for metrics, and how many accounts stand how. */

bool redis_tally(
	struct store *store, const char *const *names, size_t count, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *key = redis_key(redis, "totals");
	bool ok = true;

	for (size_t i = 0; i < count; i++)
		question_words(&question, "HINCRBY", key, names[i], "1", NULL);
	question.once = true;
	if (count > 0)
		ok = redis_ask(redis, &question, NULL, error);
	question_clear(&question);
	free(key);
	return ok;
}

static bool visit_totals(const redisReply *pairs, total_visitor *visit, void *context)
{
	bool more = true;

	for (size_t i = 0; more && reply_element(pairs, i + 1) != NULL; i += 2)
		more = visit(reply_text(reply_element(pairs, i)),
			reply_number(reply_element(pairs, i + 1)), context);
	return more;
}

/* Healthy are those who stand no other way. */
static void visit_standings(
	const redisReply *pairs, int64_t accounts, total_visitor *visit, void *context)
{
	int64_t standing[STANDING_COUNT] = { 0 };
	bool more = true;

	for (size_t i = STANDING_HEALTHY + 1; i < STANDING_COUNT; i++) {
		int64_t many = strtoll(reply_field(pairs, standing_names[i]), NULL, 10);

		standing[i] = many > 0 ? many : 0;
		accounts -= standing[i];
	}
	standing[STANDING_HEALTHY] = accounts > 0 ? accounts : 0;
	for (size_t i = 0; more && i < STANDING_COUNT; i++) {
		char name[40];

		snprintf(name, sizeof(name), "accounts:%s", standing_names[i]);
		more = visit(name, standing[i], context);
	}
}

bool redis_each_total(
	struct store *store, total_visitor *visit, void *context, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *totals = redis_key(redis, "totals");
	char *standings = redis_key(redis, "standings");
	char *accounts = redis_key(redis, "accounts");
	bool ok;

	question_words(&question, "HGETALL", totals, NULL);
	question_words(&question, "HGETALL", standings, NULL);
	question_words(&question, "ZCARD", accounts, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (ok && visit_totals(question.replies[0], visit, context))
		visit_standings(question.replies[1], reply_number(question.replies[2]),
			visit, context);
	question_clear(&question);
	free(totals);
	free(standings);
	free(accounts);
	return ok;
}
