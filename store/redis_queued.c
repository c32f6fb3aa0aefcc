#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/redis.h"

/* Whose message a queue id is, and who of it waits: what a log does not tell. */

static char *queue_key(
	const struct redis_store *redis, const char *node, const char *queue_id)
{
	return redis_key(redis, "{q:%s:%s}", node, queue_id);
}

static char *deferral_key(
	const struct redis_store *redis, const char *node, const char *queue_id)
{
	return redis_key(redis, "{q:%s:%s}:d", node, queue_id);
}

/* "MICROSECONDS ACCOUNT"; an account may have spaces. */
/* "MICROSECONDS RECIPIENTS ACCOUNT". */
static void read_queued(const char *value, struct queued *queued)
{
	char number[24];
	size_t digits = strcspn(value, " "), length;
	const char *recipients = value + digits + (value[digits] == ' ');

	*queued = (struct queued){ .accepted_us = 0 };
	length = strcspn(recipients, " ");
	if (digits >= sizeof(number) || length >= sizeof(queued->recipients) ||
		recipients[length] == '\0')
		return;
	text_copy(number, digits + 1, value);
	text_copy(queued->recipients, length + 1, recipients);
	if (!text_to_number(number, 0, INT64_MAX, &queued->accepted_us) ||
		!text_copy(queued->account, sizeof(queued->account),
			recipients + length + 1))
		*queued = (struct queued){ .accepted_us = 0 };
}

bool redis_find_queued(struct store *store, const char *node,
	const char *const *queue_ids, size_t count, struct queued *found,
	struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		char *key = queue_key(redis, node, queue_ids[i]);

		question_words(&question, "GET", key, NULL);
		free(key);
	}
	if (count > 0)
		ok = redis_ask(redis, &question, NULL, error);
	for (size_t i = 0; ok && i < count; i++)
		read_queued(reply_text(question.replies[i]), &found[i]);
	question_clear(&question);
	return ok;
}

bool redis_note_queued(struct store *store, const char *node, const char *queue_id,
	const struct queued *queued, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *key = queue_key(redis, node, queue_id), seconds[24];
	char *value = xasprintf("%" PRId64 " %s %s", queued->accepted_us,
		queued->recipients[0] != '\0' ? queued->recipients : RECIPIENTS_ANY,
		queued->account);
	bool ok;

	snprintf(seconds, sizeof(seconds), "%" PRId64, QUEUED_US / SECOND_US);
	question_words(&question, "SET", key, value, "NX", "EX", seconds, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	question_clear(&question);
	free(value);
	free(key);
	return ok;
}

/* What the value of a recipient has, one line each; the text is the rest. */
static char *write_deferral(const struct deferral *deferral)
{
	return xasprintf("%.*s\n%.*s\n%s", (int)strcspn(deferral->status, "\n"),
		deferral->status, (int)strcspn(deferral->refuser, "\n"),
		deferral->refuser, deferral->text);
}

/* Take the first line of VALUE; returns what is behind it. */
static const char *take_line(char *to, size_t size, const char *value)
{
	size_t length = strcspn(value, "\n");

	text_copy(to, length + 1 < size ? length + 1 : size, value);
	return value[length] == '\n' ? value + length + 1 : value + length;
}

static void read_deferral(
	const char *recipient, const char *value, struct deferral *deferral)
{
	text_copy(deferral->recipient, sizeof(deferral->recipient), recipient);
	value = take_line(deferral->status, sizeof(deferral->status), value);
	value = take_line(deferral->refuser, sizeof(deferral->refuser), value);
	text_copy(deferral->text, sizeof(deferral->text), value);
}

bool redis_defer(struct store *store, const char *node, const char *queue_id,
	const struct deferral *deferral, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	struct words keys = { 0 }, arguments = { 0 };
	bool ok;

	words_take(&keys, queue_key(redis, node, queue_id));
	words_take(&keys, deferral_key(redis, node, queue_id));
	words_add(&arguments, deferral->recipient);
	words_take(&arguments, write_deferral(deferral));
	words_number(&arguments, DEFERRALS_MAX);
	words_number(&arguments, QUEUED_US / SECOND_US);
	redis_call(redis, &question, SCRIPT_DEFER, &keys, &arguments);
	ok = redis_ask(redis, &question, NULL, error);
	question_clear(&question);
	words_clear(&keys);
	words_clear(&arguments);
	return ok;
}

bool redis_undefer(struct store *store, const char *node, const char *queue_id,
	const char *recipient, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *key = deferral_key(redis, node, queue_id);
	bool ok;

	question_words(&question, "HDEL", key, recipient, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	question_clear(&question);
	free(key);
	return ok;
}

/* The field "" has what the queue id had: of another message with the same it is old. */
static void visit_deferrals(const redisReply *queued, const redisReply *pairs,
	deferral_visitor *visit, void *context)
{
	if (*reply_text(queued) == '\0' ||
		strcmp(reply_text(queued), reply_field(pairs, "")) != 0)
		return;
	for (size_t i = 0; reply_element(pairs, i + 1) != NULL; i += 2) {
		const char *recipient = reply_text(reply_element(pairs, i));
		struct deferral deferral;

		if (*recipient == '\0')
			continue;
		read_deferral(
			recipient, reply_text(reply_element(pairs, i + 1)), &deferral);
		if (!visit(&deferral, context))
			break;
	}
}

bool redis_each_deferral(struct store *store, const char *node, const char *queue_id,
	deferral_visitor *visit, void *context, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	char *queued = queue_key(redis, node, queue_id);
	char *deferrals = deferral_key(redis, node, queue_id);
	bool ok;

	question_words(&question, "GET", queued, NULL);
	question_words(&question, "HGETALL", deferrals, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (ok)
		visit_deferrals(question.replies[0], question.replies[1], visit, context);
	question_clear(&question);
	free(queued);
	free(deferrals);
	return ok;
}
