#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/redis.h"

/* The walk over all accounts: a sorted set has their names, by when they are forgotten. */

/* How many names Redis looks at for one page. */
#define PAGE "500"

struct page {
	char cursor[24];
	char **names;
	size_t count;
};

static void clear_names(struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		free(page->names[i]);
	free(page->names);
	page->names = NULL;
	page->count = 0;
}

/* The next names; the cursor moves on. */
static bool read_page(struct redis_store *redis, struct page *page, struct error *error)
{
	struct question question = QUESTION_NONE;
	char *key = redis_key(redis, "accounts");
	const redisReply *names;
	bool ok;

	question_words(&question, "ZSCAN", key, page->cursor, "COUNT", PAGE, NULL);
	ok = redis_ask(redis, &question, NULL, error);
	if (!ok)
		goto out;
	text_copy(page->cursor, sizeof(page->cursor),
		reply_text(reply_element(question.replies[0], 0)));
	/* Anything else would never come to an end. */
	ok = *page->cursor != '\0' ||
	     error_set(error, "Redis answers ZSCAN without a cursor");
	names = reply_element(question.replies[0], 1);
	if (names == NULL || names->type != REDIS_REPLY_ARRAY)
		goto out;
	page->names = xcalloc(names->elements + 1, sizeof(*page->names));
	/* Each with its score. */
	for (size_t i = 0; i < names->elements; i += 2)
		page->names[page->count++] = xstrdup(reply_text(names->element[i]));
out:
	question_clear(&question);
	free(key);
	return ok;
}

/* Names of which neither record nor counters are left go out of the set: "" in PAGE then. */
static bool drop_forgotten(
	struct redis_store *redis, struct page *page, struct error *error)
{
	struct question question = QUESTION_NONE;
	bool ok = true;

	for (size_t i = 0; i < page->count; i++) {
		struct words keys = { 0 }, arguments = { 0 };

		words_take(&keys, redis_account_key(redis, page->names[i], "account"));
		words_take(&keys, redis_account_key(redis, page->names[i], "sent"));
		words_take(&keys, redis_key(redis, "accounts"));
		words_add(&arguments, page->names[i]);
		redis_call(redis, &question, SCRIPT_FORGET, &keys, &arguments);
		words_clear(&keys);
		words_clear(&arguments);
	}
	if (page->count > 0)
		ok = redis_ask(redis, &question, NULL, error);
	for (size_t i = 0; ok && i < page->count; i++)
		if (reply_number(question.replies[i]) != 0)
			page->names[i][0] = '\0';
	question_clear(&question);
	return ok;
}

bool redis_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct page page = { .cursor = "0" };
	bool ok, more = true;

	do {
		ok = read_page(redis, &page, error) &&
		     drop_forgotten(redis, &page, error);
		for (size_t i = 0; ok && more && i < page.count; i++)
			if (page.names[i][0] != '\0')
				more = visit(page.names[i], context);
		clear_names(&page);
	} while (ok && more && strcmp(page.cursor, "0") != 0);
	return ok;
}
