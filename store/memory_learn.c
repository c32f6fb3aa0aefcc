#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/lesson.h"
#include "store/memory.h"

/* What comes back: store_learn(), with the rows of policy/row.h. */

/* ---- what was learned already ---- */

static struct memory_learned *find_learned(
	const struct memory *memory, const char *identity)
{
	for (size_t i = 0; *identity != '\0' && i < memory->learned_count; i++)
		if (strcmp(memory->learned[i].identity, identity) == 0)
			return &memory->learned[i];
	return NULL;
}

static bool is_repeated(
	const struct memory *memory, const struct lesson *lesson, int64_t now_us)
{
	const struct memory_learned *learned = find_learned(memory, lesson->identity);

	return learned != NULL && learned->until_us > now_us &&
	       learned->strength >= lesson_strength(lesson->kind);
}

static void keep_identity(
	struct memory *memory, const struct lesson *lesson, int64_t now_us)
{
	struct memory_learned *learned = find_learned(memory, lesson->identity);
	const struct memory_learned new = { .until_us = now_us + FEEDBACK_MAX_US,
		.strength = lesson_strength(lesson->kind) };

	if (lesson->identity[0] == '\0')
		return;
	if (learned != NULL) {
		learned->until_us = new.until_us;
		learned->strength = new.strength;
		return;
	}
	memory->learned = xreallocarray(
		memory->learned, memory->learned_count + 1, sizeof(*memory->learned));
	learned = &memory->learned[memory->learned_count++];
	*learned = new;
	text_copy(learned->identity, sizeof(learned->identity), lesson->identity);
}

/* ---- counters ---- */

static bool count(struct memory *memory, const struct lesson *lesson, int64_t now_us)
{
	const struct memory_account *account =
		memory_account_find(memory, lesson->account);
	int64_t restarted_us = account != NULL ? account->record.restarted_us : 0;
	struct counters any = { 0 };

	if (lesson->account[0] == '\0' || lesson_counter(lesson->kind, &any) == NULL)
		return false;
	if (lesson->accepted_us <= 0 || lesson->accepted_us < now_us - FEEDBACK_MAX_US ||
		lesson->accepted_us < restarted_us)
		return false;
	++*lesson_counter(lesson->kind,
		memory_hour(memory, lesson->account, lesson->accepted_us, now_us));
	memory_account_make(memory, lesson->account)->returned = true;
	return true;
}

/* ---- the row and the list ---- */

static struct memory_row *find_row(
	const struct memory *memory, const struct suppression *entry)
{
	for (size_t i = 0; i < memory->row_count; i++) {
		struct memory_row *row = &memory->rows[i];

		if (strcmp(row->digest, entry->digest) == 0 &&
			strcmp(row->scope, entry->scope) == 0)
			return row;
	}
	return NULL;
}

static void keep_row(
	struct memory *memory, const struct suppression *entry, const struct row *row)
{
	struct memory_row *kept = find_row(memory, entry);

	if (kept == NULL) {
		memory->rows = xreallocarray(
			memory->rows, memory->row_count + 1, sizeof(*memory->rows));
		kept = &memory->rows[memory->row_count++];
		text_copy(kept->digest, sizeof(kept->digest), entry->digest);
		text_copy(kept->scope, sizeof(kept->scope), entry->scope);
	}
	kept->row = *row;
}

/* One lesson while it is learned. */
struct learning {
	struct memory *memory;
	const struct lesson *lesson;
	int64_t now_us, happened_us;
	struct row row;
	bool changed; /* the row */
	struct learned *learned;
};

static void list(struct learning *learning, int64_t end_us)
{
	struct suppression entry = learning->lesson->entry;

	/* Over already: it would be written in order to be removed. */
	if (end_us != 0 && end_us <= learning->now_us)
		return;
	entry.since_us = learning->happened_us;
	entry.until_us = end_us;
	learning->learned->change =
		memory_merge(learning->memory, &entry, learning->now_us);
}

static void put_on_list(struct learning *learning)
{
	learning->changed = true;
	list(learning, row_put(&learning->row, learning->lesson->expire_us,
			       learning->happened_us));
}

static void lengthen_row(struct learning *learning)
{
	if (row_add(&learning->row, learning->happened_us)) {
		learning->changed = true;
		if (learning->row.row >= learning->lesson->row) {
			learning->row.row = 0;
			put_on_list(learning);
		}
	}
	learning->learned->row = learning->row.row;
}

static void clear_row(struct learning *learning)
{
	if (learning->row.until_us == 0 ||
		!row_ends(&learning->row, learning->happened_us))
		return;
	learning->row = (struct row){ 0 };
	learning->changed = true;
}

static void change_list(struct learning *learning)
{
	const struct suppression *entry = &learning->lesson->entry;
	enum lesson_effect effect = lesson_effect(learning->lesson);
	const struct memory_row *known = find_row(learning->memory, entry);

	if (effect == EFFECT_NONE)
		return;
	if (known != NULL && row_is_kept(&known->row, learning->now_us))
		learning->row = known->row;
	if (effect == EFFECT_CLEAR)
		clear_row(learning);
	else if (effect == EFFECT_ROW)
		lengthen_row(learning);
	else if (learning->lesson->expire_us == 0)
		list(learning, 0); /* for good: there is nothing to double */
	else
		put_on_list(learning);
	if (learning->changed)
		keep_row(learning->memory, entry, &learning->row);
}

/* ---- events ---- */

static void add_suppressed(const struct learning *learning)
{
	const struct suppression *given = &learning->lesson->entry;
	const struct suppression *entry =
		memory_find_entry(learning->memory, given->digest, given->scope);
	struct event event;
	char end[CLOCK_TEXT_SIZE];

	if (learning->learned->change == CHANGE_UNCHANGED || entry == NULL)
		return;
	lesson_suppressed(learning->lesson, &event);
	clock_to_text(end, sizeof(end), entry->until_us);
	snprintf(event.detail, sizeof(event.detail), "%s%s%s",
		reason_names[entry->reason], *end != '\0' ? " until " : "", end);
	memory_add_event(learning->memory, &event, learning->now_us);
}

static void learn(
	struct memory *memory, const struct lesson *lesson, struct learned *learned)
{
	struct learning learning = { .memory = memory,
		.lesson = lesson,
		.now_us = clock_now_us(),
		.happened_us = lesson->happened_us,
		.learned = learned };

	*learned = (struct learned){ .repeated = is_repeated(
					     memory, lesson, learning.now_us) };
	if (learned->repeated)
		return;
	if (learning.happened_us == 0 || learning.happened_us > learning.now_us)
		learning.happened_us = learning.now_us;
	keep_identity(memory, lesson, learning.now_us);
	learned->counted = count(memory, lesson, learning.now_us);
	change_list(&learning);
	if (learning.changed || learned->change != CHANGE_UNCHANGED || !lesson->quiet)
		memory_add_event(memory, &lesson->event, learning.now_us);
	add_suppressed(&learning);
}

bool memory_learn(struct store *store, const struct lesson *lessons, size_t count,
	struct learned *learned, struct error *error)
{
	struct memory *memory = memory_lock(store);

	(void)error;
	for (size_t i = 0; i < count; i++)
		learn(memory, &lessons[i], &learned[i]);
	memory_unlock(memory);
	return true;
}
