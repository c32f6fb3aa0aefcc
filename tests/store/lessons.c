#include "tests/store/lessons.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tests/store/contract.h"

static const struct {
	enum reason reason;
	enum event_kind event;
} kinds[LESSON_KIND_COUNT] = {
	[LESSON_HARD] = { REASON_HARD, EVENT_BOUNCE },
	[LESSON_SOFT] = { REASON_SOFT, EVENT_BOUNCE },
	[LESSON_POLICY] = { REASON_NONE, EVENT_BOUNCE },
	[LESSON_COMPLAINT] = { REASON_COMPLAINT, EVENT_COMPLAINT },
	[LESSON_UNSUBSCRIBE] = { REASON_UNSUBSCRIBE, EVENT_UNSUBSCRIBE },
	[LESSON_DELIVERED] = { REASON_NONE, EVENT_DELIVERED },
};

static int identities;

struct lesson lesson_about(enum lesson_kind kind, const char *recipient)
{
	struct lesson lesson = { .kind = kind,
		.account = "shop",
		.accepted_us = clock_now_us() - 60 * SECOND_US,
		.happened_us = clock_now_us() - 30 * SECOND_US,
		.row = 3,
		.event = { .kind = kinds[kind].event, .account = "shop" } };
	struct recipient known;

	name_recipient(&known, recipient);
	snprintf(lesson.identity, sizeof(lesson.identity), "%032x", ++identities);
	lesson.entry.reason = kinds[kind].reason;
	text_copy(lesson.entry.digest, sizeof(lesson.entry.digest), known.digest);
	text_copy(lesson.entry.scope, sizeof(lesson.entry.scope), SCOPE_EVERYONE);
	text_copy(lesson.entry.source, sizeof(lesson.entry.source), "feedback");
	text_copy(lesson.entry.address, sizeof(lesson.entry.address), recipient);
	text_copy(lesson.event.recipient, sizeof(lesson.event.recipient), recipient);
	return lesson;
}

struct learned learn(struct store *store, const struct lesson *lesson)
{
	struct learned learned = { .row = -1 };
	struct error error = ERROR_NONE;

	if (!store_learn(store, lesson, 1, &learned, &error))
		fail_msg("%s", error.text);
	return learned;
}

struct search {
	const struct lesson *lesson;
	struct suppression *entry;
	bool found;
};

static bool match(const struct suppression *entry, void *context)
{
	struct search *search = context;

	if (strcmp(entry->scope, search->lesson->entry.scope) != 0)
		return true;
	*search->entry = *entry;
	search->found = true;
	return true;
}

bool find_entry(
	struct store *store, const struct lesson *lesson, struct suppression *entry)
{
	struct search search = { .lesson = lesson, .entry = entry };

	assert_true(store_find_suppressions(
		store, lesson->entry.digest, "", match, &search, NULL));
	return search.found;
}

void forget_list(struct store *store, const struct lesson *lesson)
{
	struct lesson delivered = *lesson;
	bool found;

	delivered.kind = LESSON_DELIVERED;
	delivered.identity[0] = '\0';
	delivered.happened_us = 0;
	delivered.quiet = true;
	learn(store, &delivered);
	assert_true(store_unsuppress(
		store, lesson->entry.digest, lesson->entry.scope, NULL, &found, NULL));
}

static bool see(const struct event *event, void *context)
{
	struct seen_lessons *seen = context;

	if (seen->count == 0)
		seen->first = *event;
	else if (seen->count == 1)
		seen->second = *event;
	seen->count++;
	text_copy(seen->last, sizeof(seen->last), event->id);
	return true;
}

void see_lessons(struct store *store, struct seen_lessons *seen)
{
	char after[EVENT_ID_SIZE];

	text_copy(after, sizeof(after), seen->last);
	seen->count = 0;
	assert_true(store_each_event(
		store, after[0] != '\0' ? after : NULL, see, seen, NULL));
}

/* ---- many at once ---- */

struct race {
	struct store *store;
	const struct lesson *lessons;
};

static void *learn_it(void *context)
{
	const struct race *race = context;
	struct learned learned;
	intptr_t first = 0;

	for (int i = 0; i < LESSONS_IN_RACE; i++) {
		struct error error = ERROR_NONE;

		if (!store_learn(race->store, &race->lessons[i], 1, &learned, &error))
			return (void *)(intptr_t)-1000;
		first += learned.counted;
	}
	return (void *)first;
}

void race_to_learn(struct store *const *stores, size_t count)
{
	static struct lesson lessons[LESSONS_IN_RACE];
	struct race races[8];
	pthread_t threads[8];
	struct counters counters;
	intptr_t total = 0;
	void *first;

	assert_true(count <= 8);
	for (int i = 0; i < LESSONS_IN_RACE; i++)
		lessons[i] = lesson_about(LESSON_COMPLAINT, "a@x.example");
	for (size_t i = 0; i < count; i++) {
		races[i] = (struct race){ stores[i], lessons };
		assert_int_equal(
			pthread_create(&threads[i], NULL, learn_it, &races[i]), 0);
	}
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(pthread_join(threads[i], &first), 0);
		total += (intptr_t)first;
	}
	assert_int_equal(total, LESSONS_IN_RACE);
	assert_true(store_counters(stores[0], "shop", 0, &counters, NULL));
	assert_int_equal(counters.complaint, LESSONS_IN_RACE);
}
