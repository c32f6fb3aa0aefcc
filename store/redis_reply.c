#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/redis.h"

/* Reading replies, which may be anything, and walking over keys. */

const char *reply_text(const redisReply *reply)
{
	if (reply == NULL ||
		(reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS))
		return "";
	return reply->str;
}

int64_t reply_number(const redisReply *reply)
{
	int64_t number = 0;

	if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
		return reply->integer;
	(void)text_to_number(reply_text(reply), INT64_MIN, INT64_MAX, &number);
	return number;
}

const redisReply *reply_element(const redisReply *reply, size_t index)
{
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || index >= reply->elements)
		return NULL;
	return reply->element[index];
}

const char *reply_field(const redisReply *pairs, const char *field)
{
	for (size_t i = 0; reply_element(pairs, i + 1) != NULL; i += 2)
		if (strcmp(reply_text(reply_element(pairs, i)), field) == 0)
			return reply_text(reply_element(pairs, i + 1));
	return "";
}

/* One SCAN: the keys of a page, their prefix cut off; CURSOR moves on. */
static bool scan_page(struct redis_store *redis, enum walk walk, const char *match,
	char cursor[24], char ***keys, size_t *count, struct error *error)
{
	struct question question = QUESTION_NONE;
	char looked_at[24];
	const redisReply *page;
	size_t prefix = strlen(redis->prefix);
	bool ok;

	*keys = NULL;
	*count = 0;
	snprintf(looked_at, sizeof(looked_at), "%d", (int)walk);
	question_words(
		&question, "SCAN", cursor, "MATCH", match, "COUNT", looked_at, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (!ok)
		goto out;
	page = reply_element(question.replies[0], 1);
	text_copy(cursor, 24, reply_text(reply_element(question.replies[0], 0)));
	/* Anything else would never come to an end. */
	ok = *cursor != '\0' || error_set(error, "Redis answers SCAN without a cursor");
	if (page == NULL)
		goto out;
	*keys = xcalloc(page->elements + 1, sizeof(**keys));
	for (size_t i = 0; i < page->elements; i++) {
		const char *key = reply_text(page->element[i]);

		if (strlen(key) > prefix)
			(*keys)[(*count)++] = xstrdup(key + prefix);
	}
out:
	question_clear(&question);
	return ok;
}

bool redis_scan(struct redis_store *redis, enum walk walk, const char *pattern,
	key_page_visitor *visit, void *context, struct error *error)
{
	char *match = redis_key(redis, "%s", pattern), cursor[24] = "0";
	bool ok, more = true;

	do {
		char **keys;
		size_t count;

		ok = scan_page(redis, walk, match, cursor, &keys, &count, error);
		if (ok && count > 0)
			more = visit(keys, count, context, error, &ok);
		for (size_t i = 0; i < count; i++)
			free(keys[i]);
		free(keys);
	} while (ok && more && strcmp(cursor, "0") != 0);
	free(match);
	return ok;
}
