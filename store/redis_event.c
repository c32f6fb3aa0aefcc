#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/redis.h"

/* Events: a capped stream. */

/* About so many: Redis cuts whole nodes. */
#define EVENTS_KEPT "100000"

/* The members that are texts, and where they are in struct event. */
static const struct {
	const char *name;
	size_t offset, size;
} texts[] = {
#define TEXT(member)                                                                     \
	{                                                                                \
#member, offsetof(struct event, member),                                 \
			sizeof(((struct event *)0)->member)                              \
	}
	TEXT(account),
	TEXT(recipient),
	TEXT(sender),
	TEXT(rule),
	TEXT(verdict),
	TEXT(reply),
	TEXT(queue_id),
	TEXT(detail),
#undef TEXT
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

void redis_event_words(const struct event *event, struct words *words)
{
	words_add(words, "MAXLEN");
	words_add(words, "~");
	words_add(words, EVENTS_KEPT);
	words_add(words, "*");
	words_add(words, "event");
	words_add(words, event_names[event->kind]);
	if (event->time_us != 0) {
		words_add(words, "time");
		words_number(words, event->time_us);
	}
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = (const char *)event + texts[i].offset;

		if (*text == '\0')
			continue;
		words_add(words, texts[i].name);
		words_add(words, text);
	}
}

void redis_add_event(const struct redis_store *redis, const struct event *event,
	struct words *keys, struct words *arguments)
{
	if (event == NULL)
		return;
	words_take(keys, redis_key(redis, "events"));
	redis_event_words(event, arguments);
}

bool redis_record(struct store *store, const struct event *events, size_t count,
	struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		struct words words = { 0 };

		words_add(&words, "XADD");
		words_take(&words, redis_key(redis, "events"));
		redis_event_words(&events[i], &words);
		redis_command(&question, &words);
		words_clear(&words);
	}
	question.once = true;
	if (count > 0)
		ok = redis_ask(redis, &question, NULL, error);
	question_clear(&question);
	return ok;
}

/* False for an event of a kind that this version does not know. */
static bool read_event(const redisReply *entry, struct event *event)
{
	const redisReply *pairs = reply_element(entry, 1);
	const char *kind = reply_field(pairs, "event");
	bool known = false;

	*event = (struct event){ .time_us = 0 };
	text_copy(event->id, sizeof(event->id), reply_text(reply_element(entry, 0)));
	for (size_t i = 0; i < EVENT_KIND_COUNT && !known; i++) {
		known = strcmp(kind, event_names[i]) == 0;
		event->kind = (enum event_kind)i;
	}
	/* The id begins with the milliseconds at which the event was recorded. */
	if (!text_to_number(reply_field(pairs, "time"), 1, INT64_MAX, &event->time_us))
		event->time_us = strtoll(event->id, NULL, 10) * 1000;
	for (size_t i = 0; i < TEXTS; i++)
		text_copy((char *)event + texts[i].offset, texts[i].size,
			reply_field(pairs, texts[i].name));
	return known;
}

/* A page of events after the id NEXT, which moves on.  END: there are no more. */
static bool visit_page(struct redis_store *redis, const char *key,
	char next[EVENT_ID_SIZE], event_visitor *visit, void *context, bool *end,
	struct error *error)
{
	struct question question = QUESTION_NONE;
	char start[EVENT_ID_SIZE + 1];
	const redisReply *entry;
	bool ok, more = true;

	snprintf(start, sizeof(start), "%s%s", *next == '\0' ? "-" : "(", next);
	question_words(&question, "XRANGE", key, start, "+", "COUNT", "500", NULL);
	ok = redis_ask(redis, &question, NULL, error);
	*end = true;
	for (size_t i = 0;
		ok && more && (entry = reply_element(question.replies[0], i)) != NULL;
		i++) {
		struct event event;

		*end = false;
		if (read_event(entry, &event))
			more = visit(&event, context);
		text_copy(next, EVENT_ID_SIZE, event.id);
	}
	*end = *end || !more;
	question_clear(&question);
	return ok;
}

bool redis_each_event(struct store *store, const char *after, event_visitor *visit,
	void *context, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	char *key = redis_key(redis, "events"), next[EVENT_ID_SIZE] = "";
	bool ok, end;

	if (after != NULL)
		text_copy(next, sizeof(next), after);
	do
		ok = visit_page(redis, key, next, visit, context, &end, error);
	while (ok && !end);
	free(key);
	return ok;
}
