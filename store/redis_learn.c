#include <stdlib.h>

#include "base/memory.h"
#include "store/lesson.h"
#include "store/redis.h"

/* What comes back: one call of learn.lua a lesson. */

static const char *const effect_names[EFFECT_COUNT] = {
	[EFFECT_NONE] = "",
	[EFFECT_ROW] = "row",
	[EFFECT_ENTRY] = "entry",
	[EFFECT_CLEAR] = "clear",
};

static void add_keys(
	const struct redis_store *redis, const struct lesson *lesson, struct words *keys)
{
	const struct suppression *entry = &lesson->entry;

	words_take(keys, redis_key(redis, "{f:%s}", lesson->identity));
	words_take(keys, redis_account_key(redis, lesson->account, "account"));
	words_take(keys, redis_account_key(redis, lesson->account, "sent"));
	words_take(keys, redis_key(redis, "accounts"));
	words_take(keys, redis_key(redis, "{r:%s}:b:%s", entry->digest, entry->scope));
	words_take(keys, redis_suppression_key(redis, entry->digest, entry->scope));
	words_take(keys, redis_key(redis, "totals"));
	words_take(keys, redis_key(redis, "events"));
}

/* "" where it counts for nobody. */
static const char *counter_name(const struct lesson *lesson)
{
	struct counters any = { 0 };

	if (lesson->account[0] == '\0' || lesson_counter(lesson->kind, &any) == NULL)
		return "";
	return lesson_names[lesson->kind];
}

static void add_events(const struct lesson *lesson, struct words *arguments)
{
	struct words words = { 0 };
	struct event suppressed;

	redis_event_words(&lesson->event, &words);
	words_number(arguments, (int64_t)words.count);
	words_append(arguments, &words);
	words_clear(&words);
	lesson_suppressed(lesson, &suppressed);
	redis_event_words(&suppressed, arguments);
}

static void add_lesson(const struct redis_store *redis, const struct lesson *lesson,
	struct question *question)
{
	const struct suppression *entry = &lesson->entry;
	struct words keys = { 0 }, arguments = { 0 };

	add_keys(redis, lesson, &keys);
	words_add(&arguments, lesson->identity);
	words_add(&arguments, counter_name(lesson));
	words_add(&arguments, lesson->account);
	words_number(&arguments, lesson->accepted_us);
	words_number(&arguments, lesson->happened_us);
	words_add(&arguments, effect_names[lesson_effect(lesson)]);
	words_number(&arguments, lesson->expire_us);
	words_number(&arguments, lesson->row);
	words_add(&arguments, reason_names[entry->reason]);
	words_add(&arguments, entry->source);
	words_add(&arguments, entry->address);
	words_add(&arguments, entry->note);
	words_number(&arguments, lesson->quiet);
	words_number(&arguments, lesson_strength(lesson->kind));
	add_events(lesson, &arguments);
	redis_call(redis, question, SCRIPT_LEARN, &keys, &arguments);
	words_clear(&keys);
	words_clear(&arguments);
}

static void read_learned(const redisReply *reply, struct learned *learned)
{
	learned->repeated = reply_number(reply_element(reply, 0)) != 0;
	learned->counted = reply_number(reply_element(reply, 1)) != 0;
	learned->change = (enum change)reply_number(reply_element(reply, 2));
	learned->row = reply_number(reply_element(reply, 3));
}

/* Is it another one each time that it is asked? */
static bool adds_up(const struct lesson *lesson)
{
	if (lesson->identity[0] != '\0')
		return false;
	return lesson->kind != LESSON_DELIVERED || !lesson->quiet;
}

bool redis_learn(struct store *store, const struct lesson *lessons, size_t count,
	struct learned *learned, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		add_lesson(redis, &lessons[i], &question);
		question.once = question.once || adds_up(&lessons[i]);
	}
	if (count > 0)
		ok = redis_ask(redis, &question, NULL, error);
	for (size_t i = 0; ok && i < count; i++)
		read_learned(question.replies[i], &learned[i]);
	question_clear(&question);
	return ok;
}
